/**
 * t of n: each member deals its secret to all by Shamir's scheme, coefficient by coefficient modulo
 * each prime, and adds up what it receives. The sums S_j are shares of Σ s_i, which nobody has: any t
 * members open with their weights λ_j·S_j as n would with their s_i.
 *
 * n of n is t = n, on the same path: n − 1 shares tell nothing, as n − 1 summands do.
 */
import { UsageError } from '../../errors.ts';
import { assertInteger, assertLength } from '../../internal/assert.ts';
import { wipe } from '../../internal/bytes.ts';
import { fillRandom } from '../../internal/random.ts';
import { type Polynomials, polynomials } from '../blob.ts';
import { coefficientsOf } from '../codec.ts';
import type { ParameterSet } from '../parameters.ts';
import { type Keeper, keeper } from './keeper.ts';
import { type MemberKey, MOST_MEMBERS, memberSecrets } from './member-key.ts';
import { addInto, combineInto, inverseOf, uniformInto, type Words } from './modular.ts';
import { primesOf } from './oracle.ts';

/** How many there are, and how many of them open. */
export type Committee = {
  /** n, 2 to 20. */
  readonly members: number;
  /** t, 2 to n. */
  readonly threshold: number;
};

/** A member's share S_j of the collective secret. Dispose of it in any case. */
export type MemberShare = Committee & {
  readonly set: ParameterSet;
  /** j, from 0. */
  readonly member: number;
  /** Wipes the share, if no opening has it; a second time does nothing. */
  readonly [Symbol.dispose]: () => void;
};

/** The shares: modulo the data primes, in NTT form. */
export const memberShares: Keeper = keeper('member share');

/**
 * Splits a member's secret among the committee; the key is spent and its secret wiped.
 *
 * @param key from `beginMemberKey`
 * @returns one share for each member, its own too, in the committee's order: words of one polynomial
 *   modulo the data primes, to be sealed to that member and wiped
 * @throws UsageError `state-spent`, `out-of-range`
 *
 * **Security**: t − 1 shares tell nothing of the secret. Shares that do not lie on one polynomial are not
 * noticed: who deals such ones spoils the sum, and learns nothing from that. Coefficients are wiped.
 * **Source**: Shamir, How to Share a Secret, 1979; member j is the point j + 1.
 * **Cost**: n · (t − 1) passes over a polynomial.
 */
export function dealSecret(key: MemberKey, committee: Committee): readonly Polynomials[] {
  assertCommittee(committee);
  const { set } = key;
  const { data } = primesOf(set);
  const secret = memberSecrets.take(key);
  const coefficients: Words[] = [secret];
  try {
    for (let power = 1; power < committee.threshold; power++) {
      const drawn: Words = new Uint32Array(secret.length);
      uniformInto(drawn, data, fillRandom);
      coefficients.push(drawn);
    }
    return Array.from({ length: committee.members }, (_, member) => {
      const share = polynomials(coefficientsOf(set, 'mask'));
      for (const coefficient of coefficients.toReversed()) {
        combineInto(share.words, data, share.words, member + 1, coefficient, 1);
      }
      return share;
    });
  } finally {
    wipe(...coefficients);
  }
}

/**
 * Adds up what all members dealt to one of them.
 *
 * @param set that of the keys
 * @param member who receives, from 0
 * @param dealt one share of each member's secret; wiped, whatever comes of it
 * @throws UsageError `wrong-length`, `out-of-range`, `wrong-type`
 */
export function receiveDealt(
  set: ParameterSet,
  { members, threshold }: Committee,
  member: number,
  dealt: readonly Polynomials[],
): MemberShare {
  try {
    assertCommittee({ members, threshold });
    assertInteger('receiveDealt: member', member, 0, members - 1);
    assertLength('receiveDealt: dealt', dealt, members);
    const { data } = primesOf(set);
    const sum: Words = new Uint32Array(2 * coefficientsOf(set, 'mask'));
    for (const share of dealt) {
      assertLength('receiveDealt: dealt share', share.words, sum.length);
      if (dealt.indexOf(share) !== dealt.lastIndexOf(share)) {
        wipe(sum);
        throw new UsageError(
          'duplicate-id',
          'receiveDealt: got one share twice, expected one of each member',
        );
      }
      addInto(sum, data, share.words);
    }
    return memberShares.put({ set, member, members, threshold }, sum);
  } finally {
    for (const share of dealt) wipe(share.area);
  }
}

/**
 * The weight of a member's share when these members open, for each data prime: Π x_k/(x_k − x_j).
 *
 * @param active exactly t distinct members, ascending, `member` among them
 * @throws UsageError `wrong-length`, `out-of-range`
 */
export function weightsOf(
  { set, member, members, threshold }: MemberShare,
  active: readonly number[],
): readonly bigint[] {
  assertActive({ members, threshold }, active);
  if (!active.includes(member)) {
    throw new UsageError(
      'out-of-range',
      `active: got members without ${member}, expected this one among them`,
      { member },
    );
  }
  const x = BigInt(member + 1);
  return primesOf(set).data.map(({ value: prime }) => {
    let weight = 1n;
    for (const other of active) {
      if (other === member) continue;
      const point = BigInt(other + 1);
      weight = (weight * point * inverseOf(point - x, prime)) % prime;
    }
    return weight;
  });
}

/** Exactly t distinct members, ascending. @throws UsageError `wrong-length`, `out-of-range` */
function assertActive({ members, threshold }: Committee, active: readonly number[]): void {
  assertLength('active', active, threshold);
  let before = -1;
  for (const member of active) {
    assertInteger('active: member', member, before + 1, members - 1);
    before = member;
  }
}

/** @throws UsageError `out-of-range` */
function assertCommittee({ members, threshold }: Committee): void {
  assertInteger('committee: members', members, 2, MOST_MEMBERS);
  assertInteger('committee: threshold', threshold, 2, members);
}
