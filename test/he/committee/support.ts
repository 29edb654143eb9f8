/** Committees made in one place, ciphertexts under their keys, and words as numbers. */
import { randomBytes } from 'node:crypto';
import { type Polynomials, polynomials } from '../../../src/he/blob.ts';
import { coefficientsOf } from '../../../src/he/codec.ts';
import {
  beginMemberKey,
  beginOpening,
  type Committee,
  collectivePublicKey,
  dealSecret,
  type MemberShare,
  partialOpen,
  receiveDealt,
} from '../../../src/he/committee/index.ts';
import { forTestingOnlySecretOf } from '../../../src/he/committee/member-key.ts';
import { addInto, type Words } from '../../../src/he/committee/modular.ts';
import { primesOf } from '../../../src/he/committee/oracle.ts';
import { type Context, contextFor } from '../../../src/he/context.ts';
import type { AnyHandle, Handle, Seal } from '../../../src/he/handles.ts';
import {
  ciphertextOf,
  encoderOf,
  encryptorOf,
  plaintextOf,
  publicKeyOf,
} from '../../../src/he/objects.ts';
import {
  encodeInto,
  encryptInto,
  loadPolynomialsInto,
  loadWordsInto,
  polynomialBytes,
} from '../../../src/he/operations.ts';
import type { ParameterSet } from '../../../src/he/parameters.ts';
import type { EncryptedSumPlan } from '../../../src/he/plan.ts';

/** A committee whose key was dealt, and what only an attacker of the tests is measured against. */
export type Made = Committee & {
  readonly set: ParameterSet;
  readonly publicKey: Polynomials;
  /** A member's share, each time a fresh one: what a restored copy of its state would be. */
  readonly shareOf: (member: number) => MemberShare;
  /** Σ s_i modulo the data primes in NTT form. */
  readonly secret: Words;
};

/** All members' work, until each has its share. */
export function makeCommittee(seal: Seal, set: ParameterSet, committee: Committee): Made {
  const seed = Uint8Array.from(randomBytes(32));
  const { data } = primesOf(set);
  const keys = Array.from({ length: committee.members }, () => beginMemberKey(seal, set, seed));
  const secret: Words = new Uint32Array(2 * coefficientsOf(set, 'mask'));
  for (const key of keys) addInto(secret, data, forTestingOnlySecretOf(key));
  const publicKey = collectivePublicKey(
    set,
    keys.map(({ share }) => share),
    seed,
  );
  const dealt = keys.map((key) => dealSecret(key, committee));
  const shareOf = (member: number): MemberShare =>
    receiveDealt(
      set,
      committee,
      member,
      dealt.map((one) => copyOf(one[member] as Polynomials)),
    );
  return { ...committee, set, publicKey, shareOf, secret };
}

/** The two polynomials of a ciphertext. */
export type Pair = { readonly first: Polynomials; readonly mask: Polynomials };

/** A client: encrypts under a public key. */
export type Client = {
  readonly context: Context;
  readonly coefficients: (values: readonly bigint[]) => Pair;
  readonly reals: (values: Float64Array, scale: number) => Pair;
  readonly [Symbol.dispose]: () => void;
};

/** Opens a client. */
export function clientOf(seal: Seal, set: ParameterSet, publicKey: Polynomials): Client {
  const context = contextFor(seal, set);
  const key = publicKeyOf(seal);
  loadPolynomialsInto(key, context, context.key, publicKey);
  const encryptor = encryptorOf(context, key);
  const handles: AnyHandle[] = [encryptor, key, context];
  const encrypted = (plaintext: Handle<'plaintext'>): Pair => {
    using ciphertext = ciphertextOf(seal);
    encryptInto(ciphertext, encryptor, plaintext);
    return pairOf(set, polynomialBytes(ciphertext, context.data));
  };
  return {
    context,
    coefficients: (values) => {
      using plaintext = plaintextOf(seal);
      const words = polynomials(set.degree);
      bigsOf(words.words).set(values);
      loadWordsInto(plaintext, context, new Uint8Array(32), words);
      return encrypted(plaintext);
    },
    reals: (values, scale) => {
      using encoder = encoderOf(context);
      using plaintext = plaintextOf(seal);
      encodeInto(plaintext, encoder, values, scale);
      return encrypted(plaintext);
    },
    [Symbol.dispose]: () => {
      for (const handle of handles) handle[Symbol.dispose]();
    },
  };
}

function pairOf(set: ParameterSet, bytes: Uint8Array): Pair {
  const half = bytes.length / 2;
  const [first, mask] = [0, half].map((from) => {
    const out = polynomials(coefficientsOf(set, 'mask'));
    out.area.set(bytes.subarray(from, from + half), out.area.length - half);
    return out;
  });
  return { first: first as Polynomials, mask: mask as Polynomials };
}

/** What these members answer. */
export function partsOf(
  seal: Seal,
  plan: Pick<EncryptedSumPlan, 'set' | 'flooding' | 'ciphertexts'>,
  { shareOf }: Made,
  active: readonly number[],
  masks: readonly Polynomials[],
): readonly (readonly Polynomials[])[] {
  const byMember = active.map((member) => {
    using opening = beginOpening(seal, plan, shareOf(member), active);
    return masks.map((mask) => partialOpen(opening, mask));
  });
  return masks.map((_, i) => byMember.map((parts) => parts[i] as Polynomials));
}

/** Words as whole numbers. */
export const bigsOf = (words: Words): BigUint64Array<ArrayBuffer> =>
  new BigUint64Array(words.buffer, words.byteOffset, words.length / 2);

/** A copy. */
export function copyOf(from: Polynomials): Polynomials {
  const out = polynomials(from.words.length / 2);
  out.words.set(from.words);
  return out;
}

/** The correlation of two vectors. */
export function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const n = a.length;
  const mean = (of: ArrayLike<number>): number => Array.from(of).reduce((x, y) => x + y, 0) / n;
  const [meanA, meanB] = [mean(a), mean(b)];
  let both = 0;
  let squareA = 0;
  let squareB = 0;
  for (let i = 0; i < n; i++) {
    const x = (a[i] as number) - meanA;
    const y = (b[i] as number) - meanB;
    both += x * y;
    squareA += x * x;
    squareB += y * y;
  }
  return both / Math.sqrt(squareA * squareB);
}
