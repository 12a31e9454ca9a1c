// The day's rates, as the registry's `config` has them: `base`, `as_of`, and one key for each
// currency.

import { scaleOf } from './currency.js';
import { isPlainDecimal, isZero, multiplyByFraction, quotient } from './decimal.js';

/** The longest rate, in characters: QUOTIENT_DECIMALS of `decimal.js` is enough for these. */
const RATE_CHARACTERS_MAX = 20;
/** The significant digits of a rate that is not in the table. Conversions use the table's alone. */
const QUOTE_DIGITS = 10;

export class RateTable {
  #rates;

  constructor(base, asOf, rates) {
    this.base = base;
    this.asOf = asOf;
    this.#rates = rates;
  }

  /** Reads the pairs of a configuration; throws an Error that names the first wrong key. */
  static read(pairs) {
    const config = new Map(pairs);
    const base = config.get('base');
    if (base === undefined || scaleOf(base) === undefined) {
      throw new Error('config key `base` must be the ISO 4217 code of a currency');
    }
    const asOf = config.get('as_of');
    if (asOf === undefined || !isDate(asOf)) {
      throw new Error('config key `as_of` must be a date such as "2026-11-20"');
    }
    const rates = new Map([[base, '1']]);
    for (const [code, rate] of config) {
      if (code === 'base' || code === 'as_of') continue;
      if (scaleOf(code) === undefined) {
        const known = '`base`, `as_of`, nor the ISO 4217 code of a currency';
        throw new Error(`config key \`${code}\` is neither ${known}`);
      }
      if (code === base) {
        throw new Error(`config key \`${code}\` is the base, whose rate is always 1: leave it out`);
      }
      if (!isPlainDecimal(rate) || isZero(rate) || rate.length > RATE_CHARACTERS_MAX) {
        const wanted = 'a plain decimal above zero, in quotes, such as "1.0842"';
        throw new Error(`config key \`${code}\` must be ${wanted}`);
      }
      rates.set(code, rate);
    }
    return new RateTable(base, asOf, rates);
  }

  has(code) {
    return this.#rates.has(code);
  }

  /** The worth of one unit of `from` in `to`: the table's rate, otherwise with ten digits. */
  quote(from, to) {
    if (from === to) return '1';
    if (from === this.base) return this.#rates.get(to);
    return quotient(this.#rates.get(to), this.#rates.get(from), QUOTE_DIGITS);
  }

  /** What one unit of `base` is worth in every other currency, by code. */
  quotes(base) {
    const others = [...this.#rates.keys()].filter((code) => code !== base).sort();
    return Object.fromEntries(others.map((code) => [code, this.quote(base, code)]));
  }

  /** An amount of `from` in `to`, rounded once, half to even, to the scale of `to`. */
  convert(amount, from, to) {
    return multiplyByFraction(amount, this.#rates.get(to), this.#rates.get(from), scaleOf(to));
  }
}

function isDate(text) {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.valueOf()) && date.toISOString().startsWith(text);
}
