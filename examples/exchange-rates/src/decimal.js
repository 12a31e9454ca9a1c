// Exact decimals. Rates and amounts are never numbers of JavaScript: big.js refuses those when
// `strict` is set.

import Big from 'big.js';

/** Half to even (IEEE 754, "banker's rounding"): over many conversions it favours no side. */
const HALF_EVEN = 2;

/** Enough decimals to tell any two quotients of rates apart: a second rounding is then exact. */
const QUOTIENT_DECIMALS = 80;

/** Returns a type whose divisions round, half to even, to `scale` decimals. */
function decimals(scale) {
  const Decimal = Big();
  Decimal.strict = true;
  Decimal.DP = scale;
  Decimal.RM = HALF_EVEN;
  return Decimal;
}

/** `amount` * `numerator` / `denominator`, rounded once, as a text with `scale` decimals. */
export function multiplyByFraction(amount, numerator, denominator, scale) {
  const Decimal = decimals(scale);
  const product = new Decimal(amount).times(new Decimal(numerator));
  return product.div(new Decimal(denominator)).toFixed(scale);
}

/** `numerator` / `denominator`, rounded to this many significant digits. */
export function quotient(numerator, denominator, significantDigits) {
  const Decimal = decimals(QUOTIENT_DECIMALS);
  const exact = new Decimal(numerator).div(new Decimal(denominator));
  return exact.prec(significantDigits, HALF_EVEN).toFixed();
}

/** Whether a text is a plain decimal: no sign, no exponent, no leading zero. */
export function isPlainDecimal(text) {
  return /^(0|[1-9][0-9]*)(\.[0-9]+)?$/.test(text);
}

/** Whether a plain decimal is zero. */
export function isZero(text) {
  return /^[0.]+$/.test(text);
}

/** How many decimals a plain decimal has. */
export function decimalsOf(text) {
  return text.split('.')[1]?.length ?? 0;
}
