/**
 * Randomised response among k answers: each is replaced, with a fixed probability, by one that is drawn
 * uniformly. It needs nobody's trust: who answers adds the noise before anything leaves.
 */
import { UsageError } from '../../errors.ts';
import { assertFinite, assertInteger, assertNumbers } from '../../internal/assert.ts';
import { fillRandom } from '../../internal/random.ts';
import { drawAliasInto } from '../../kernel/index.ts';
import { type DpEvent, randomisedResponse, repeated } from '../events.ts';
import { type Assembled, assemble } from '../sampler/assembly.ts';
import type { DrawOptions } from '../sampler/draw.ts';
import { intervalOf } from '../sampler/interval.ts';
import { keeper } from '../sampler/kept.ts';
import { type Rational, rationalOf, times } from '../sampler/rational.ts';

/** Bits of the probabilities; see `sampler/layouts.ts`. */
const PRECISION = 256;

/** Answers are told apart by fifteen bits. */
const MOST_BUCKETS = 2 ** 15;

const kept = keeper<Assembled>(4);

/**
 * One person's answers, each kept with probability 1 − noise and else drawn uniformly from all buckets.
 *
 * @param answers integers from 0 to buckets − 1; not changed
 * @param options.noise from 2^−40 to 1, at its exact value; 1 keeps nothing of the answer
 * @param options.buckets k, from 2 to 2^15
 * @param options.scan see `drawInto`
 * @returns `answers`, fresh; the `event` of all of them together; `distance`, how near the answers as drawn
 *   are to that event's, in total variation
 * @throws UsageError `wrong-type`, `wrong-length` (none), `not-finite`, `out-of-range` (the message names the
 *   index, not the answer)
 *
 * **Guarantee**: one answer is ln(1 + k(1 − noise)/noise)-DP when it is replaced by any other (and undefined under
 * add-or-remove: that somebody answered shows). Precondition: all answers are one person's; for another
 * person's, call again. Postcondition: each is (answer + shift) mod k with its own fresh shift.
 * **Proof**: Kairouz, Oh and Viswanath 2016 (JMLR 17), §4; a shift by 0 has probability 1 − noise + noise/k, any
 * other noise/k, whatever the answer.
 * **Security**: no branch depends on an answer or on what is drawn; which column of the table is read does on
 * what is drawn, unless `scan`.
 */
export function respondAtRandom(
  answers: ArrayLike<number>,
  options: { readonly noise: number; readonly buckets: number } & DrawOptions,
): { readonly answers: Uint32Array; readonly event: DpEvent; readonly distance: number } {
  const { noise, buckets } = options;
  assertFinite('respondAtRandom: options.noise', noise, 2 ** -40, 1);
  assertInteger('respondAtRandom: options.buckets', buckets, 2, MOST_BUCKETS);
  assertNumbers('respondAtRandom: answers', answers, answers?.length);
  if (answers.length === 0) {
    throw new UsageError('wrong-length', 'respondAtRandom: answers: got none, expected some');
  }
  for (let i = 0; i < answers.length; i++) {
    const answer = answers[i] as number;
    if (!Number.isInteger(answer) || answer < 0 || answer >= buckets) {
      throw new UsageError(
        'out-of-range',
        `respondAtRandom: answers[${i}]: expected an integer from 0 to ${buckets - 1}`,
        { index: i },
      );
    }
  }
  const { tables, distanceBits } = kept(`${noise} ${buckets}`, () => shifts(noise, buckets));
  const out = Uint32Array.from(answers);
  const scan = options.scan === true;
  drawAliasInto(out, tables, fillRandom, { add: true, scan });
  for (let i = 0; i < out.length; i++) {
    // Below 2k: once k is taken away where the difference is not negative.
    const reduced = (out[i] as number) - buckets;
    out[i] = reduced + (buckets & (reduced >> 31));
  }
  const event = randomisedResponse({ noise, buckets });
  return Object.freeze({
    answers: out,
    event: out.length === 1 ? event : repeated({ event, count: out.length }),
    distance: out.length * 2 ** -distanceBits,
  });
}

/** A table of shifts: 0, which also takes what rounding leaves over, or any other bucket. */
function shifts(noise: number, buckets: number): Assembled {
  const each: Rational = times(rationalOf(noise), { num: 1n, den: BigInt(buckets) });
  const other = intervalOf(each, PRECISION);
  const stay = intervalOf(
    { num: each.den - each.num * BigInt(buckets - 1), den: each.den },
    PRECISION,
  );
  const terms = Array.from({ length: buckets }, (_, i) => (i === 0 ? stay : other));
  const valueAt = (i: number): number => i;
  const part = { terms, tail: 0n, valueAt, uses: [{ factor: 1, sign: 'none' as const }] };
  return assemble({ parts: [part], distance: 0n, precision: PRECISION });
}
