// Goal: rates and conversions are exact to the last digit, and invalid requests are refused.
// Method: the routes on a table of fixed rates, under node.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RateTable } from './rate-table.js';
import { answer } from './routes.js';

const CONFIG = [
  ['base', 'EUR'], ['as_of', '2026-11-20'],
  ['USD', '1.0842'], ['JPY', '163.25'], ['KWD', '0.3329'], ['BRL', '8'],
];
const table = RateTable.read(CONFIG);

function get(path, method = 'GET') {
  const header = (name) => (name === 'x-request-id' ? 'r-1' : undefined);
  const request = { method, path: `/api/rates${path}`, header };
  const { status, headers, body } = answer(table, request);
  return { status, headers, body: JSON.parse(body) };
}

function converted(amount, from, to) {
  const { status, body } = get(`/convert?from=${from}&to=${to}&amount=${amount}`);
  assert.equal(status, 200, JSON.stringify(body));
  return body.result;
}

test('the rates of the table are exact, and those of other bases have ten digits', () => {
  assert.deepEqual(get('').body, {
    base: 'EUR',
    as_of: '2026-11-20',
    rates: { BRL: '8', JPY: '163.25', KWD: '0.3329', USD: '1.0842' },
  });
  assert.deepEqual(get('/?base=JPY').body.rates, {
    BRL: '0.04900459418',
    EUR: '0.006125574273',
    KWD: '0.002039203675',
    USD: '0.006641347626',
  });
});

test('an amount has the scale of its currency, on both sides', () => {
  assert.equal(converted('100', 'EUR', 'JPY'), '16325');
  assert.equal(converted('1.00', 'EUR', 'KWD'), '0.333');
  assert.equal(converted('16325', 'JPY', 'EUR'), '100.00');
  assert.equal(converted('12.3', 'EUR', 'EUR'), '12.30');
  assert.equal(get('/convert?from=EUR&to=JPY&amount=12.3').body.amount, '12.30');
});

test('a half is rounded to even, and only a half', () => {
  // 1 BRL is 0.125 EUR.
  assert.equal(converted('1.00', 'BRL', 'EUR'), '0.12');
  assert.equal(converted('3.00', 'BRL', 'EUR'), '0.38');
  assert.equal(converted('1.01', 'BRL', 'EUR'), '0.13');
});

test('nothing is lost to binary floating point or to a quoted rate', () => {
  assert.equal(converted('99999999999999.99', 'EUR', 'USD'), '108419999999999.99');
  // By the quote, 3.256833884, this would be 3256833884.00.
  assert.equal(converted('999999999.999', 'KWD', 'USD'), '3256833884.05');
  assert.equal(converted('0.01', 'EUR', 'JPY'), '2');
});

test('an amount that is not valid for its currency is amount_invalid', () => {
  const zeros = ['', '0', '0.00'];
  const malformed = ['-1', '%2B1', '1e3', '01', '1.', '.5', '1,5', ' 1', 'NaN'];
  for (const amount of [...zeros, ...malformed, '1.234', '9'.repeat(18)]) {
    const { status, headers, body } = get(`/convert?from=EUR&to=USD&amount=${amount}`);
    const found = [status, body.code, body.errors[0].pointer];
    assert.deepEqual(found, [422, 'amount_invalid', '/amount'], amount);
    assert.equal(headers['content-type'], 'application/problem+json');
  }
  assert.equal(get('/convert?from=JPY&to=USD&amount=1.5').body.code, 'amount_invalid');
});

test('every other wrong parameter is named', () => {
  for (const [path, pointer] of [
    ['?base=XAU', '/base'],
    ['?base=eur', '/base'],
    ['?base=GBP', '/base'],
    ['?bsae=EUR', '/bsae'],
    ['?base=EUR&base=USD', '/base'],
    ['/convert?from=EUR&to=USD', '/amount'],
    ['/convert?from=EUR&to=toString&amount=1', '/to'],
    ['/convert?from=&to=USD&amount=1', '/from'],
  ]) {
    const { status, body } = get(path);
    const found = [status, body.code, body.errors[0].pointer];
    assert.deepEqual(found, [422, 'validation_failed', pointer], path);
    assert.deepEqual([body.instance, body.request_id], [`/api/rates${path.split('?')[0]}`, 'r-1']);
  }
});

test('other paths and methods are answered as by the rest of the bank', () => {
  assert.equal(get('/toString').status, 404);
  assert.equal(get('//').status, 404);
  const { status, headers, body } = get('', 'POST');
  assert.deepEqual([status, headers.allow, body.code], [405, 'GET,HEAD', 'method_not_allowed']);
});

test('a wrong table is refused, and its key named', () => {
  const replaced = (key, value) => [...new Map([...CONFIG, [key, value]])];
  for (const [key, value] of [
    ['base', 'XAU'],
    ['as_of', '2026-02-30'],
    ['as_of', 'today'],
    ['USD', '1.0842.1'],
    ['USD', '0'],
    ['USD', '-1'],
    ['USD', '1'.repeat(21)],
    ['usd', '1'],
    ['EUR', '1'],
  ]) {
    const read = () => RateTable.read(replaced(key, value));
    assert.throws(read, new RegExp(`\`${key}\``), `${key} = ${value}`);
  }
  assert.throws(() => RateTable.read([]), /`base`/);
});
