// The currencies of ISO 4217, and how many decimals their amounts have.

import currencies from 'currency-codes/data.js';

const scales = new Map(currencies.map(({ code, digits }) => [code, digits]));

/** The codes of ISO 4217 without a minor unit: metals, funds, and codes for tests. An amount in them has no scale. */
const WITHOUT_MINOR_UNIT = /^(XAG|XAU|XBA|XBB|XBC|XBD|XDR|XPD|XPT|XSU|XTS|XUA|XXX)$/;

/** The decimals of a currency's amounts (EUR 2, JPY 0, KWD 3); undefined if there is no such currency. */
export function scaleOf(code) {
  return WITHOUT_MINOR_UNIT.test(code) ? undefined : scales.get(code);
}
