/** A vector to the bytes of its ciphertexts, one after the other, each in two halves. */
import { wipe } from '../../internal/bytes.ts';
import { polynomials } from '../blob.ts';
import { decodeLattice, encodeLattice } from '../codec.ts';
import { contextFor } from '../context.ts';
import type { Seal } from '../handles.ts';
import { ciphertextOf, encoderOf, encryptorOf, plaintextOf, publicKeyOf } from '../objects.ts';
import {
  encodeInto,
  encryptInto,
  loadPolynomialsInto,
  loadWordsInto,
  polynomialBytes,
} from '../operations.ts';
import { packInto } from './layout.ts';
import type { EncryptedRound } from './plan.ts';

/** The halves of a ciphertext on the wire: c0, which hides the message, and c1. */
export type Halves = { readonly body: Uint8Array; readonly mask: Uint8Array };

/** The hash that SEAL gives to plaintexts of `bfv`: they have no level. */
const NO_LEVEL = new Uint8Array(32);

/**
 * Encrypts a checked vector.
 *
 * @param publicKey its bytes on the wire, already known to be the holders'
 * @param values checked by `checkVector`
 * @param take gets the halves of each ciphertext, in order
 * @throws CodecError if the public key is none
 *
 * **Security**: the packed plaintext is wiped; SEAL's own copies are given back, not overwritten.
 * **Cost**: K encryptions; one ciphertext in memory at a time.
 */
export function encryptVector(
  { sum, roundId }: EncryptedRound,
  seal: Seal,
  publicKey: Uint8Array,
  values: ArrayLike<number>,
  take: (index: number, halves: Halves) => void,
): void {
  const { set } = sum;
  const key = decodeLattice({ kind: 'public-key', set, roundId, index: 0 }, publicKey);
  using context = contextFor(seal, set);
  using loaded = publicKeyOf(seal);
  loadPolynomialsInto(loaded, context, context.key, key);
  using encryptor = encryptorOf(context, loaded);
  using plaintext = plaintextOf(seal);
  using ciphertext = ciphertextOf(seal);
  const halves = (index: number): Halves => {
    encryptInto(ciphertext, encryptor, plaintext);
    const words = polynomialBytes(ciphertext, context.data);
    const middle = words.length / 2;
    const head = { set, roundId, index };
    return {
      body: encodeLattice({ ...head, kind: 'body' }, words.subarray(0, middle)),
      mask: encodeLattice({ ...head, kind: 'mask' }, words.subarray(middle)),
    };
  };
  if (set.scheme === 'bfv') {
    const packed = polynomials(set.degree);
    try {
      for (let index = 0; index < sum.ciphertexts; index++) {
        packInto(packed.words, sum, values, index);
        loadWordsInto(plaintext, context, NO_LEVEL, packed);
        take(index, halves(index));
      }
    } finally {
      wipe(packed.area);
    }
    return;
  }
  using encoder = encoderOf(context);
  const slots = new Float64Array(encoder.slots);
  try {
    for (let index = 0; index < sum.ciphertexts; index++) {
      const start = index * slots.length;
      slots.fill(0);
      for (let i = 0; i < Math.min(slots.length, sum.length - start); i++) {
        slots[i] = values[start + i] as number;
      }
      encodeInto(plaintext, encoder, slots, 2 ** sum.scaleBits);
      take(index, halves(index));
    }
  } finally {
    slots.fill(0);
  }
}
