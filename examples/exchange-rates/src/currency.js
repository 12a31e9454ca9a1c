// The currencies of ISO 4217, and the decimals of their amounts.

import currencies from 'currency-codes/data.js';

const scales = new Map(currencies.map(({ code, digits }) => [code, digits]));

/** The codes of ISO 4217 without a minor unit: metals, funds, and codes for tests. */
const WITHOUT_MINOR_UNIT = /^(XAG|XAU|XBA|XBB|XBC|XBD|XDR|XPD|XPT|XSU|XTS|XUA|XXX)$/;

/** The decimals of a currency's amounts (EUR 2, JPY 0, KWD 3); undefined for any other code. */
export function scaleOf(code) {
  return WITHOUT_MINOR_UNIT.test(code) ? undefined : scales.get(code);
}
