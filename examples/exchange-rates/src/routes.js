// The calls below /api/<service>, as one table.

import { scaleOf } from './currency.js';
import { multiplyByFraction } from './decimal.js';
import { amount, currency, parameters } from './parameters.js';
import { Problem } from './problem.js';

const ROUTES = { '/': rates, '/convert': convert };

/** `GET /?base=`: what one unit of the base is worth. */
function rates(table, query) {
  const base = currency(table, 'base', parameters(query, [], ['base']).get('base') ?? table.base);
  return { base, as_of: table.asOf, rates: table.quotes(base) };
}

/** `GET /convert?from=&to=&amount=`. */
function convert(table, query) {
  const values = parameters(query, ['from', 'to', 'amount']);
  const from = currency(table, 'from', values.get('from'));
  const to = currency(table, 'to', values.get('to'));
  const text = amount(values.get('amount'), from);
  return {
    from,
    to,
    amount: multiplyByFraction(text, '1', '1', scaleOf(from)),
    result: table.convert(text, from, to),
    rate: table.quote(from, to),
    as_of: table.asOf,
    rounding: 'half_even',
  };
}

/** The response to a request: status, headers, and body. */
export function answer(table, request) {
  const [path, query = ''] = request.path.split(/\?(.*)/s);
  try {
    const route = ROUTES[withoutService(path)];
    if (!route) throw new Problem(404, 'not_found', 'There is nothing here.');
    if (!['GET', 'HEAD'].includes(request.method)) {
      const detail = 'This path does not have that method; the allow header lists its methods.';
      throw new Problem(405, 'method_not_allowed', detail, { headers: { allow: 'GET,HEAD' } });
    }
    const body = JSON.stringify(route(table, new URLSearchParams(query)));
    return { status: 200, headers: { 'content-type': 'application/json' }, body };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return error.response(path, request.header('x-request-id'));
  }
}

/** The path without its first two segments: the registry may give the service any name. */
function withoutService(path) {
  return path.replace(/^\/[^/]*\/[^/]*/, '') || '/';
}
