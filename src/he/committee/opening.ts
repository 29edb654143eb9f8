/**
 * A member's part of a decryption: c1·λ_j·S_j + E, with fresh flooding E. Flooding hides the noise of
 * the ciphertexts, which depends on the key; without it, the parts of one CKKS sum give the key away.
 *
 * An opening is for one active set and answers as often as the plan has ciphertexts: two answers for
 * one ciphertext, or for two active sets, are what the flooding is not counted for. That each answer is
 * for another ciphertext, and survives a crash, is the caller's to see to.
 */
import { CodecError, UsageError } from '../../errors.ts';
import { assertFinite, assertLength } from '../../internal/assert.ts';
import { wipe } from '../../internal/bytes.ts';
import { type Polynomials, polynomials } from '../blob.ts';
import { coefficientsOf } from '../codec.ts';
import type { Seal } from '../handles.ts';
import { floodingDeviation } from '../noise-bounds.ts';
import type { EncryptedSumPlan } from '../plan.ts';
import { floodInto } from './gaussian.ts';
import { hasZeroRow, scaleInto, type Words } from './modular.ts';
import { type Oracle, oracleOf, primesOf, type Transformer, transformerOf } from './oracle.ts';
import { type MemberShare, memberShares, weightsOf } from './sharing.ts';

/** What an opening must know of a plan. */
type Opened = Pick<EncryptedSumPlan, 'set' | 'flooding' | 'ciphertexts'>;

/** A member that opens with an active set. Holds the key in SEAL's memory: dispose of it. */
export type Opening = {
  readonly member: number;
  readonly [Symbol.dispose]: () => void;
};

type Inside = {
  readonly plan: Opened;
  readonly oracle: Oracle;
  readonly transformer: Transformer;
  left: number;
};

const insides = new WeakMap<Opening, Inside>();

/**
 * Begins a member's work with an active set; its share is spent.
 *
 * @param plan of the sum: its set must be the share's
 * @param share from `receiveDealt`
 * @param active exactly t distinct members, ascending, this one among them: the same list for all
 * @throws UsageError `state-spent`, `wrong-length`, `out-of-range`, `wrong-type`, `not-finite`
 *
 * **Security**: the active set must be signed before; a share of another set's opening does not fit.
 * The least flooding that any plan has is asked for: there is no opening without.
 * **Cost**: mostly that of two helper contexts of SEAL.
 */
export function beginOpening(
  seal: Seal,
  plan: Opened,
  share: MemberShare,
  active: readonly number[],
): Opening {
  const { set } = share;
  if (plan.set !== set) {
    throw new UsageError('wrong-type', "beginOpening: plan: got another set, expected the share's");
  }
  const least = floodingDeviation(set, 1, share.members, 1);
  assertFinite('beginOpening: plan.flooding', plan.flooding, least);
  const weights = weightsOf(share, active);
  const words = memberShares.take(share);
  const weighted: Words = new Uint32Array(words.length);
  try {
    scaleInto(weighted, primesOf(set).data, words, weights);
    const oracle = oracleOf(seal, set, weighted);
    try {
      const inside = {
        plan,
        oracle,
        transformer: transformerOf(seal, set),
        left: plan.ciphertexts,
      };
      const opening: Opening = Object.freeze({
        member: share.member,
        [Symbol.dispose]: (): void => {
          if (!insides.delete(opening)) return;
          inside.transformer[Symbol.dispose]();
          oracle[Symbol.dispose]();
        },
      });
      insides.set(opening, inside);
      return opening;
    } catch (error) {
      oracle[Symbol.dispose]();
      throw error;
    }
  } finally {
    wipe(words, weighted);
  }
}

/**
 * The member's part of the decryption of one summed ciphertext.
 *
 * @param mask the sum of all c1 of this place, which the member computed itself; as ciphertexts have
 *   it: coefficients for `bfv`, NTT form for `ckks`
 * @returns words for the wire, kind `decryption-share`, in NTT form
 * @throws UsageError `state-spent` after as many answers as the plan has ciphertexts, or after disposal;
 *   `wrong-length`
 * @throws CodecError `malformed` if the sum is zero modulo a prime
 *
 * **Security**: never for c1 that somebody else chose: one answer to a chosen c1 reads the key.
 * **Cost**: the noise, two transforms, and a product in SEAL.
 */
export const partialOpen = (opening: Opening, mask: Polynomials): Polynomials =>
  opened(opening, mask, (noise, plan) => floodInto(noise, primesOf(plan.set).data, plan.flooding));

/** {@link partialOpen} with the test's own noise, or none. Never exported from the room. */
export const forTestingOnlyPartialOpen = (
  opening: Opening,
  mask: Polynomials,
  flood: (noise: Words) => void,
): Polynomials => opened(opening, mask, flood);

function opened(
  opening: Opening,
  mask: Polynomials,
  flood: (noise: Words, plan: Opened) => void,
): Polynomials {
  const inside = insides.get(opening);
  if (inside === undefined || inside.left === 0) {
    throw new UsageError(
      'state-spent',
      'partialOpen: got an opening that answered for each ciphertext of its plan, or was disposed of; expected a fresh one',
    );
  }
  const { plan, oracle, transformer } = inside;
  const { set } = plan;
  const count = coefficientsOf(set, 'mask');
  assertLength('partialOpen: mask', mask.words, 2 * count);
  const { data } = primesOf(set);
  if (hasZeroRow(mask.words, data)) {
    throw new CodecError(
      'malformed',
      'partialOpen: mask: got zeros only modulo a prime, expected a random-looking sum',
    );
  }
  inside.left--;
  const pair = polynomials(2 * count);
  const out = polynomials(count);
  let there: Words | undefined;
  try {
    flood(pair.words.subarray(0, 2 * count), plan);
    // Both go into NTT form at once; for `ckks` the mask is there, and just must not be zero.
    pair.words.set(mask.words, 2 * count);
    there = transformer.transform(pair, 'to-ntt');
    pair.words.set(there);
    if (set.scheme === 'ckks') pair.words.set(mask.words, 2 * count);
    out.words.set(oracle.evaluate(pair));
    return out;
  } finally {
    wipe(pair.area, there);
  }
}
