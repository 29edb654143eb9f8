/**
 * A committee's collective key: each member makes a secret s_i and shows b_i = −a·s_i − e_i, with a
 * polynomial a that all derive from the round. The public key is (Σ b_i, a), whose secret Σ s_i nobody
 * has. Members commit to b_i before anyone reveals one: who reveals last could else choose its b_i so
 * that the sum is a key of its own.
 */
import { ProtocolError } from '../../errors.ts';
import { assertBytes, assertInteger, assertLength } from '../../internal/assert.ts';
import { equalBytes, lengthPrefixed, u32, utf8, wipe } from '../../internal/bytes.ts';
import { sha256 } from '../../internal/sha256.ts';
import { expandInto } from '../../prg/index.ts';
import { type Polynomials, polynomials } from '../blob.ts';
import { coefficientsOf } from '../codec.ts';
import type { Seal } from '../handles.ts';
import type { ParameterSet } from '../parameters.ts';
import { type Keeper, keeper } from './keeper.ts';
import { addInto, bytesOf, hasZeroRow, negateInto, uniformInto, type Words } from './modular.ts';
import { primesOf, secretWithOracle } from './oracle.ts';

/** A member's secret, until it is dealt; and its part of the public key. Dispose of it in any case. */
export type MemberKey = {
  readonly set: ParameterSet;
  /** b_i for the wire, kind `key-share`; public once all have committed. */
  readonly share: Polynomials;
  /** Wipes the secret, if it was not dealt; a second time does nothing. */
  readonly [Symbol.dispose]: () => void;
};

/** The secrets of members: modulo the data primes, in NTT form. */
export const memberSecrets: Keeper = keeper('member key');

/**
 * The polynomial a: uniform, and nobody's choice if the seed is.
 *
 * @param set for a committee
 * @param seed 32 public bytes, used for one committee only: the round id
 * @returns a modulo all primes in NTT form
 * @throws UsageError `wrong-type`, `wrong-length`
 *
 * **Security**: as random as ChaCha20 under a key that is a hash of the seed; SEAL has no part in it.
 */
export function commonPolynomial(set: ParameterSet, seed: Uint8Array): Polynomials {
  assertBytes('commonPolynomial: seed', seed, 32);
  const { all } = primesOf(set);
  const out = polynomials(coefficientsOf(set, 'key-share'));
  const key = sha256(lengthPrefixed(utf8('veilsum/v1 common polynomial'), u32(set.id), seed));
  let at = 0;
  uniformInto(out.words, all, (words) => {
    expandInto(words, key, at);
    at += words.length;
  });
  return out;
}

/**
 * Makes a member's secret and its part of the public key.
 *
 * @param seed as for {@link commonPolynomial}
 * @throws UsageError `wrong-type`, `wrong-length`
 *
 * **Security**: one key for one round. Secret and error are SEAL's, from the platform's CSPRNG. What the
 * computation leaves behind is wiped here; copies in SEAL's own memory are freed, not wiped.
 * **Cost**: mostly that of a helper context of SEAL; no handle stays.
 */
export function beginMemberKey(seal: Seal, set: ParameterSet, seed: Uint8Array): MemberKey {
  const { all, data } = primesOf(set);
  const common = commonPolynomial(set, seed);
  const { secret, error, oracle } = secretWithOracle(seal, set);
  const pair = polynomials(2 * coefficientsOf(set, 'key-share'));
  const share = polynomials(coefficientsOf(set, 'key-share'));
  try {
    pair.words.set(error);
    pair.words.set(common.words, error.length);
    negateInto(share.words, all, oracle.evaluate(pair));
    const kept = secret.slice(0, (secret.length / all.length) * data.length);
    return memberSecrets.put({ set, share }, kept);
  } finally {
    wipe(secret, error, pair.area);
    oracle[Symbol.dispose]();
  }
}

/**
 * What a member publishes before anyone reveals a part of the key.
 *
 * @param roundId 32 bytes
 * @param member its place on the committee, from 0
 * @param share the bytes of its part on the wire
 * @returns 32 bytes
 * @throws UsageError `wrong-type`, `wrong-length`, `out-of-range`
 */
export function commitmentOf(roundId: Uint8Array, member: number, share: Uint8Array): Uint8Array {
  assertBytes('commitmentOf: roundId', roundId, 32);
  assertInteger('commitmentOf: member', member, 0, 2 ** 32 - 1);
  assertBytes('commitmentOf: share', share);
  return sha256(lengthPrefixed(utf8('veilsum/v1 key share'), roundId, u32(member), share));
}

/**
 * Whether a part of the key is the one that the member committed to.
 *
 * @param commitment what it published before
 * @param roundId as for {@link commitmentOf}, as are the others
 */
export const checkReveal = (
  commitment: Uint8Array,
  roundId: Uint8Array,
  member: number,
  share: Uint8Array,
): boolean => equalBytes(commitment, commitmentOf(roundId, member, share));

/**
 * The key that clients encrypt under.
 *
 * @param shares each member's b_i, in the committee's order: 2 to 20, opened commitments only
 * @param seed as for {@link commonPolynomial}
 * @returns words for the wire, kind `public-key`
 * @throws ProtocolError `bad-key` if a part is zero modulo a prime, or the same as another's; `details`
 *   has the member
 * @throws UsageError `wrong-length`, `wrong-type`, `out-of-range`
 */
export function collectivePublicKey(
  set: ParameterSet,
  shares: readonly Polynomials[],
  seed: Uint8Array,
): Polynomials {
  const { all } = primesOf(set);
  assertInteger('collectivePublicKey: shares', shares.length, 2, MOST_MEMBERS);
  const length = 2 * coefficientsOf(set, 'key-share');
  const sum: Words = new Uint32Array(length);
  shares.forEach((share, member) => {
    assertLength(`collectivePublicKey: shares[${member}]`, share.words, length);
    if (hasZeroRow(share.words, all)) throw badKey(member, 'zeros only modulo a prime');
    const twin = shares.findIndex((other) => equalBytes(bytesOf(other), bytesOf(share)));
    if (twin !== member) throw badKey(member, `the same as member ${twin}'s`);
    addInto(sum, all, share.words);
  });
  if (hasZeroRow(sum, all)) throw badKey(shares.length - 1, 'parts that cancel');
  const out = polynomials(length);
  out.words.set(sum);
  out.words.set(commonPolynomial(set, seed).words, length);
  return out;
}

/** Members that the noise bounds of plans hold for. */
export const MOST_MEMBERS = 20;

const badKey = (member: number, what: string): ProtocolError =>
  new ProtocolError(
    'bad-key',
    `key share of member ${member}: got ${what}, expected a random-looking one of its own`,
    [],
    { member },
  );

/** The secret itself, to compare in tests what an attack found. Never exported from the room. */
export const forTestingOnlySecretOf = (key: MemberKey): Words => memberSecrets.peek(key);
