// Strict query strings: an unknown, double, or missing parameter is refused. Otherwise a misspelt
// one would go unnoticed.

import { scaleOf } from './currency.js';
import { decimalsOf, isPlainDecimal, isZero } from './decimal.js';
import { Problem } from './problem.js';

/** The longest amount, in characters, as in the bank itself. */
const AMOUNT_CHARACTERS_MAX = 17;

/** The parameters of a query by name: all of `required`, and others only of `optional`. */
export function parameters(query, required, optional = []) {
  const values = new Map();
  for (const [name, value] of query) {
    if (!required.includes(name) && !optional.includes(name)) {
      throw Problem.parameter(name, 'is not a parameter of this call', 'unknown_field');
    }
    if (values.has(name)) throw Problem.parameter(name, 'occurs twice', 'duplicate_field');
    values.set(name, value);
  }
  const missing = required.find((name) => !values.has(name));
  if (missing) throw Problem.parameter(missing, 'is missing', 'missing_field');
  return values;
}

/** The currency of the parameter `name`, which the table must have. */
export function currency(table, name, code) {
  if (!table.has(code)) {
    const detail = 'must be the code of a currency that has a rate here, such as "EUR"';
    throw Problem.parameter(name, detail, 'currency_invalid');
  }
  return code;
}

/** An amount with at most as many decimals as its currency. */
export function amount(text, code) {
  const refuse = (detail) => {
    const errors = [{ pointer: '/amount', code: 'amount_invalid', detail }];
    const text = 'The amount is not valid for its currency.';
    return new Problem(422, 'amount_invalid', text, { errors });
  };
  if (!isPlainDecimal(text)) throw refuse('must be a plain decimal number such as "12.34"');
  if (decimalsOf(text) > scaleOf(code)) {
    throw refuse(`has more decimal places than the currency's ${scaleOf(code)}`);
  }
  if (isZero(text)) throw refuse('must be greater than zero');
  if (text.length > AMOUNT_CHARACTERS_MAX) throw refuse('is larger than the largest amount');
  return text;
}
