/**
 * The coordinator's last step: c0 and the parts of exactly t members give the sum, and nothing else.
 *
 *     x = c0 + Σ (c1·λ_j·S_j + E_j) = message + noise   (modulo q)
 *
 * For `bfv` x is q·M/2^bits and noise, M the message of so many bits, found by rounding; for `ckks` x is
 * decoded as it is. A wrong or missing part gives a random-looking x, without a sign of it.
 */
import { UsageError } from '../../errors.ts';
import { assertInteger, assertLength } from '../../internal/assert.ts';
import { type Polynomials, polynomials } from '../blob.ts';
import { coefficientsOf } from '../codec.ts';
import { type Context, contextFor } from '../context.ts';
import type { AnyHandle, Seal } from '../handles.ts';
import { encoderOf, plaintextOf } from '../objects.ts';
import { decodeReals, loadWordsInto } from '../operations.ts';
import { type EncryptedSumPlan, messageBits } from '../plan.ts';
import { MOST_MEMBERS } from './member-key.ts';
import {
  addInto,
  highOf,
  inverseOf,
  lowOf,
  negateInto,
  type Prime,
  scaleInto,
  type Words,
} from './modular.ts';
import { disposing, primesOf, transformerOf } from './oracle.ts';

/** What combining must know of a plan. */
type Combined = Pick<EncryptedSumPlan, 'set' | 'scaleBits' | 'fields' | 'fieldBits'>;

/** Combines the parts of one plan and one active set, ciphertext after ciphertext. Dispose of it. */
export type Combiner<Sums> = {
  /**
   * @param first the sum of all c0 of this place, as ciphertexts have it
   * @param shares one of each active member, `threshold` of them
   * @throws UsageError `wrong-length`, also for a share too few or too many; `duplicate-id`; `disposed`
   */
  readonly combine: (first: Polynomials, shares: readonly Polynomials[]) => Sums;
  readonly [Symbol.dispose]: () => void;
};

/**
 * Opens a combiner for exact sums.
 *
 * @param plan of a `bfv` set for committees
 * @param threshold t, from 2
 * @returns `combine` gives fresh words: the messages of `degree` coefficients, two halves each
 * @throws UsageError `wrong-type`, `out-of-range`
 *
 * **Cost**: per ciphertext one transform back, t additions, and ten passes over a polynomial.
 */
export function exactCombiner(seal: Seal, plan: Combined, threshold: number): Combiner<Words> {
  const { set } = plan;
  const { data } = assertScheme(plan, 'bfv', threshold);
  const [p, r] = data as readonly [Prime, Prime];
  const transformer = transformerOf(seal, set);
  const count = coefficientsOf(set, 'mask');
  const rounding = roundingOf(p, r, messageBits(plan));
  return combiner(plan, threshold, [transformer], (first, shares) => {
    const pair = polynomials(2 * count);
    const sum = pair.words.subarray(0, 2 * count);
    for (const share of shares) addInto(sum, data, share.words);
    // SEAL does not transform a ciphertext whose second polynomial is zero.
    pair.words[2 * count] = 1;
    const x = transformer.transform(pair, 'from-ntt').subarray(0, 2 * count);
    addInto(x, data, first.words);
    return rounded(x, rounding);
  });
}

/**
 * Opens a combiner for approximate sums.
 *
 * @param plan of a `ckks` set
 * @param threshold t, from 2
 * @returns `combine` gives `degree/2` reals
 * @throws UsageError `wrong-type`, `out-of-range`
 *
 * **Security**: the reals may leave because every part was flooded.
 * **Cost**: per ciphertext t additions and SEAL's decoding.
 */
export function realCombiner(
  seal: Seal,
  plan: Combined,
  threshold: number,
): Combiner<Float64Array> {
  const { data } = assertScheme(plan, 'ckks', threshold);
  const handles: (AnyHandle | Context)[] = [];
  try {
    const context = contextFor(seal, plan.set);
    handles.push(context);
    const encoder = encoderOf(context);
    handles.push(encoder);
    const plaintext = plaintextOf(seal);
    handles.push(plaintext);
    const x = polynomials(coefficientsOf(plan.set, 'mask'));
    const all = { [Symbol.dispose]: disposing(handles) };
    return combiner(plan, threshold, [all], (first, shares) => {
      x.words.set(first.words);
      for (const share of shares) addInto(x.words, data, share.words);
      loadWordsInto(plaintext, context, context.data.parmsId, x, 2 ** plan.scaleBits);
      return decodeReals(encoder, plaintext);
    });
  } catch (error) {
    disposing(handles)();
    throw error;
  }
}

/** The checks that both kinds of combiners have in common. */
function combiner<Sums>(
  { set }: Combined,
  threshold: number,
  owned: readonly { readonly [Symbol.dispose]: () => void }[],
  combine: (first: Polynomials, shares: readonly Polynomials[]) => Sums,
): Combiner<Sums> {
  let live = true;
  const length = 2 * coefficientsOf(set, 'mask');
  return Object.freeze({
    combine: (first, shares): Sums => {
      if (!live) {
        throw new UsageError('disposed', 'combine: got a combiner after its disposal');
      }
      assertLength('combine: first', first.words, length);
      assertLength('combine: shares', shares, threshold);
      for (const share of shares) assertLength('combine: share', share.words, length);
      if (new Set(shares).size !== threshold) {
        throw new UsageError(
          'duplicate-id',
          'combine: got one share twice, expected distinct ones',
        );
      }
      return combine(first, shares);
    },
    [Symbol.dispose]: (): void => {
      if (!live) return;
      live = false;
      for (const one of owned) one[Symbol.dispose]();
    },
  });
}

function assertScheme(
  { set }: Combined,
  scheme: 'bfv' | 'ckks',
  threshold: number,
): ReturnType<typeof primesOf> {
  const primes = primesOf(set);
  if (set.scheme !== scheme || primes.data.length !== 2) {
    throw new UsageError('wrong-type', `combiner: got a ${set.scheme} set, expected ${scheme}`);
  }
  assertInteger('combiner: threshold', threshold, 2, MOST_MEMBERS);
  return primes;
}

/** The constants of {@link rounded}. */
type Rounding = {
  readonly p: Prime;
  readonly r: Prime;
  /** 2^bits/p modulo r. */
  readonly factor: bigint;
  /** −1/r modulo 2^bits. */
  readonly inverse: bigint;
  readonly bits: number;
};

function roundingOf(p: Prime, r: Prime, bits: number): Rounding {
  const factor = (inverseOf(p.value, r.value) << BigInt(bits)) % r.value;
  // Newton: each step doubles the bits that are right, from 3 of an odd number itself.
  let inverse = r.value;
  for (let right = 3; right < bits; right *= 2) {
    inverse = BigInt.asUintN(bits, inverse * (2n - r.value * inverse));
  }
  return { p, r, factor, inverse: BigInt.asUintN(bits, -inverse), bits };
}

/**
 * round(2^bits·x/pr) modulo 2^bits for x modulo p·r, 0 < bits < 64.
 *
 * With x = x_p + p·h it is round((2^bits·h + 2^bits·x_p/p)/r). Let `rest` be 2^bits·h modulo r: that is
 * (x_r − x_p)·factor. The quotient is exact, (2^bits·h − rest)/r, so modulo 2^bits it is rest·(−1/r).
 * The rest decides how to round; that is done in doubles, which matters only where x is within a share
 * 2^−50 of the middle between two multiples: more noise than any plan allows.
 */
function rounded(x: Words, { p, r, factor, inverse, bits }: Rounding): Words {
  const width = x.length / 2;
  const inP = x.subarray(0, width);
  const inR = x.subarray(width);
  const out: Words = new Uint32Array(width);
  const rest: Words = new Uint32Array(width);
  negateInto(out, [r], inP);
  addInto(out, [r], inR);
  scaleInto(rest, [r], out, [factor]);
  const size = Number(r.value);
  const low = lowOf(inverse);
  const high = highOf(inverse);
  const span = 2 ** Math.min(bits, 32);
  const mask = 2 ** Math.max(0, bits - 32) - 1;
  for (let at = 0; at < width; at += 2) {
    const restLow = rest[at] as number;
    const restHigh = rest[at + 1] as number;
    const part = ((inP[at + 1] as number) * 2 ** 32 + (inP[at] as number)) * p.inverse * 2 ** bits;
    const up = Math.floor((restHigh * 2 ** 32 + restLow + part) / size + 0.5);
    // rest · inverse modulo 2^64, the lower halves in pieces of 16 bits.
    const upper = restLow * (low >>> 16);
    const lower = restLow * (low & 0xffff) + (upper % 2 ** 16) * 2 ** 16 + up;
    const carry = Math.floor(upper * 2 ** -16) + Math.floor(lower * 2 ** -32);
    out[at] = lower % span;
    out[at + 1] = (carry + Math.imul(restLow, high) + Math.imul(restHigh, low)) & mask;
  }
  return out;
}
