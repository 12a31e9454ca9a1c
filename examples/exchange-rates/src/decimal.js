// Exact decimals. No number of JavaScript ever holds a rate or an amount: `strict` makes big.js refuse them.

import Big from 'big.js';

/** Half to even (IEEE 754, "banker's rounding"): over many conversions it favours nobody. */
const HALF_EVEN = 2;

/** More decimals than the difference between any two quotients of rates of a table needs, so that rounding once more is exact. */
const QUOTIENT_DECIMALS = 80;

/** Decimals whose divisions are rounded, half to even, to `scale` decimals. */
function decimals(scale) {
  const Decimal = Big();
  Decimal.strict = true;
  Decimal.DP = scale;
  Decimal.RM = HALF_EVEN;
  return Decimal;
}

/** `amount` * `numerator` / `denominator`, rounded once, as a text of exactly `scale` decimals. */
export function multiplyByFraction(amount, numerator, denominator, scale) {
  const Decimal = decimals(scale);
  return new Decimal(amount).times(new Decimal(numerator)).div(new Decimal(denominator)).toFixed(scale);
}

/** `numerator` / `denominator`, rounded to so many significant digits. */
export function quotient(numerator, denominator, significantDigits) {
  const Decimal = decimals(QUOTIENT_DECIMALS);
  return new Decimal(numerator).div(new Decimal(denominator)).prec(significantDigits, HALF_EVEN).toFixed();
}

/** Whether a text is a plain decimal: digits, perhaps a point with digits on both sides; no sign, exponent, or leading zero. */
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
