/**
 * The key of a party that opens sums alone. It is neither a client nor the coordinator: it could open
 * every single vector that it gets the ciphertext of, and keeps to sums by its own word.
 */
import { wipe } from '../../internal/bytes.ts';
import { polynomials } from '../blob.ts';
import { encodeLattice } from '../codec.ts';
import { contextFor } from '../context.ts';
import type { Seal } from '../handles.ts';
import { ciphertextOf, decryptorOf, generateKeys, plaintextOf, secretKeyOf } from '../objects.ts';
import {
  decryptInto,
  loadPolynomialsInto,
  loadWordsInto,
  polynomialBytes,
  wordBytes,
} from '../operations.ts';
import { type LatticeSum, sumOf } from '../sum/lattice-sum.ts';
import { answerLength, narrowPlaintextInto } from './answers.ts';
import type { EncryptedRound } from './plan.ts';

/** The halves of a ciphertext. */
export type Half = 'body' | 'mask';

/**
 * What a holder opens with. Its secret is plain bytes, so it can be saved and wiped; handles of SEAL
 * live within a call only.
 */
export type HolderKey = {
  /** Wiped when the holder has answered. */
  readonly secret: Uint8Array;
  /** The halves of which this holder needs the sums. */
  readonly halves: readonly Half[];
  /**
   * Answers for every ciphertext.
   *
   * @param sums of each of `halves`, in their order
   * @param active who opens, by position
   * @param out so many answers, one after the other
   */
  readonly open: (sums: readonly LatticeSum[], active: readonly number[], out: Uint8Array) => void;
};

/** A fresh key pair from the platform's CSPRNG: the secret's words, and the public key on the wire. */
export function generateHolderKey(
  { sum, roundId }: EncryptedRound,
  seal: Seal,
): { readonly secret: Uint8Array; readonly publicKey: Uint8Array } {
  const { set } = sum;
  using context = contextFor(seal, set);
  const pair = generateKeys(context);
  using secretKey = pair.secretKey;
  using publicKey = pair.publicKey;
  const head = { kind: 'public-key', set, roundId, index: 0 } as const;
  const encoded = encodeLattice(head, polynomialBytes(publicKey, context.key));
  // Last, so that nothing can fail while the secret is about.
  const words = wordBytes(secretKey);
  const secret = words.slice();
  wipe(words);
  return { secret, publicKey: encoded };
}

/**
 * The key holder's way to open. It sums both halves by itself: a coordinator that could choose the sum
 * of bodies would choose what is signed as the result, and could shift it by half a step of rounding to
 * learn about noise and key.
 */
export const keyHolderKey = (plan: EncryptedRound, seal: Seal, secret: Uint8Array): HolderKey =>
  Object.freeze({
    secret,
    halves: Object.freeze(['body', 'mask'] as const),
    open: (sums: readonly LatticeSum[], _: readonly number[], out: Uint8Array): void => {
      const [bodies, masks] = sums as readonly [LatticeSum, LatticeSum];
      const length = answerLength(plan);
      using context = contextFor(seal, plan.sum.set);
      using loaded = secretKeyOf(seal);
      const words = polynomials(secret.length / 8);
      words.area.set(secret, words.area.length - secret.length);
      try {
        loadWordsInto(loaded, context, context.key.parmsId, words);
      } finally {
        wipe(words.area);
      }
      using decryptor = decryptorOf(context, loaded);
      using ciphertext = ciphertextOf(seal);
      using plaintext = plaintextOf(seal);
      for (let index = 0; index < plan.sum.ciphertexts; index++) {
        const body = sumOf(bodies, index).words;
        const mask = sumOf(masks, index).words;
        const both = polynomials(body.length);
        both.words.set(body);
        both.words.set(mask, body.length);
        loadPolynomialsInto(ciphertext, context, context.data, both);
        decryptInto(plaintext, decryptor, ciphertext);
        const answer = out.subarray(index * length, (index + 1) * length);
        narrowPlaintextInto(answer, plan, wordBytes(plaintext));
      }
    },
  });
