// The day's rates, as the registry's `config` gives them: `base`, `as_of`, and one key for each currency.

import { scaleOf } from './currency.js';
import { isPlainDecimal, isZero, multiplyByFraction, quotient } from './decimal.js';

/** The longest rate, in characters; QUOTIENT_DECIMALS of `decimal.js` is enough for rates of this length. */
const RATE_CHARACTERS_MAX = 20;
/** How precisely a rate that is not in the table is quoted. Conversions do not use quotes, but the table. */
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
        throw new Error(`config key \`${code}\` is neither \`base\`, \`as_of\`, nor the ISO 4217 code of a currency`);
      }
      if (code === base) {
        throw new Error(`config key \`${code}\` is the base, whose rate is always 1: leave it out`);
      }
      if (!isPlainDecimal(rate) || isZero(rate) || rate.length > RATE_CHARACTERS_MAX) {
        throw new Error(`config key \`${code}\` must be a plain decimal above zero, in quotes, such as "1.0842"`);
      }
      rates.set(code, rate);
    }
    return new RateTable(base, asOf, rates);
  }

  has(code) {
    return this.#rates.has(code);
  }

  /** What one unit of `from` is worth in `to`: as the table has it, or else rounded to ten digits. */
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

  /** An amount of `from` in `to`, exact but for one rounding, half to even, to the scale of `to`. */
  convert(amount, from, to) {
    return multiplyByFraction(amount, this.#rates.get(to), this.#rates.get(from), scaleOf(to));
  }
}

function isDate(text) {
  const date = new Date(`${text}T00:00:00Z`);
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(date.valueOf()) && date.toISOString().startsWith(text);
}
