/**
 * Rates as exact decimals. A rate such as 0.29 is not a binary fraction, and ⌊0.29·100⌋ in floating
 * point is 28; client and coordinator must agree on every count, so counts come from the decimal
 * expansion and never from a product of floats.
 */
import { UsageError } from '../errors.ts';
import { assertInteger } from '../internal/assert.ts';

/** Digits after the point that a rate may have. */
const DIGITS = 9;

/** 10^9: a rate is held as an integer number of billionths. */
export const BILLION = 1_000_000_000;

/** What a rate looks like: digits, a point, digits; and the exponent that `String(1e-7)` prints. */
const DECIMAL = /^(\d+)(?:\.(\d+))?(?:e-(\d+))?$/;

/**
 * A rate in billionths, exactly: `billionthsOf(0.1)` and `billionthsOf('0.1')` are both 100,000,000.
 *
 * @param rate from 0 (included) to 1 (excluded), with at most nine digits after the point; of a
 *   number its shortest decimal counts (the one that `String` prints).
 * @throws UsageError `wrong-type`, `not-finite`, `out-of-range` (not from 0 to 1, or too many digits)
 */
export function billionthsOf(rate: number | string): number {
  if (typeof rate !== 'number' && typeof rate !== 'string') {
    throw new UsageError(
      'wrong-type',
      `rate: got ${rate === null ? 'null' : typeof rate}, expected a number or a decimal string`,
    );
  }
  if (typeof rate === 'number' && !Number.isFinite(rate)) {
    throw new UsageError('not-finite', `rate: got ${rate}, expected a number from 0 to below 1`);
  }
  const text = String(rate);
  const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  // A string is a plain decimal: exponents are only for numbers, which cannot choose their spelling.
  const match = text.length > 64 ? null : DECIMAL.exec(text);
  if (match === null || (typeof rate === 'string' && match[3] !== undefined)) {
    throw new UsageError(
      'out-of-range',
      `rate: got ${shown}, expected a decimal from 0 to below 1 such as 0.05`,
    );
  }
  const [, whole = '', fraction = '', exponent = '0'] = match;
  const scaled = (whole + fraction).replace(/^0+/, '');
  // rate = scaled · 10^−places, once zeros at the end are taken off.
  const significant = scaled.replace(/0+$/, '');
  const places = fraction.length + Number(exponent) - (scaled.length - significant.length);
  if (significant === '') return 0;
  if (significant.length > places) {
    throw new UsageError('out-of-range', `rate: got ${shown}, expected a rate below 1`);
  }
  if (places > DIGITS) {
    throw new UsageError(
      'out-of-range',
      `rate: got ${shown}, expected at most ${DIGITS} digits after the point; ` +
        `round it and say which side, for example '0.${`${'0'.repeat(places - significant.length)}${significant}`.slice(0, DIGITS)}'`,
    );
  }
  return Number(significant) * 10 ** (DIGITS - places);
}

/**
 * ⌊rate · n⌋, computed exactly from the decimal expansion of the rate.
 *
 * @param rate from 0 to below 1, at most nine digits after the point; number or decimal string.
 * @param n how many there are, an integer from 0 to 2^53 − 1.
 * @throws UsageError as {@link billionthsOf}, and `out-of-range` for `n`
 */
export function countOf(rate: number | string, n: number): number {
  assertInteger('n', n, 0, Number.MAX_SAFE_INTEGER);
  return Number((BigInt(billionthsOf(rate)) * BigInt(n)) / BigInt(BILLION));
}

/**
 * The shortest decimal rate whose {@link countOf} among `n` is exactly `count`: what an error
 * message offers to a caller whose own rate does not fit.
 *
 * @param count from 0 to n − 1.
 * @param n from 1 to 10^6, so that all products are exact and nine digits are enough.
 * @throws UsageError `out-of-range`
 */
export function rateOf(count: number, n: number): string {
  assertInteger('n', n, 1, 1_000_000);
  assertInteger('count', count, 0, n - 1);
  if (count === 0) return '0';
  let digits = 0;
  let numerator: number;
  do {
    // The least multiple of 10^−digits that is ≥ count/n; it fits as soon as it is < (count+1)/n.
    digits++;
    numerator = Math.ceil((count * 10 ** digits) / n);
  } while (numerator >= 10 ** digits || numerator * n >= (count + 1) * 10 ** digits);
  return `0.${String(numerator).padStart(digits, '0')}`;
}
