/** What a holder answers for each ciphertext of the sum, as bytes. */
import { ProtocolError } from '../../errors.ts';
import { checkLattice, encodedLatticeLength } from '../codec.ts';
import type { EncryptedSumPlan } from '../plan.ts';
import { type EncryptedRound, isKeyHolder } from './plan.ts';

/** Bytes of a plaintext coefficient of the sum. */
const coefficientLength = ({ set }: EncryptedSumPlan): number => Math.ceil(set.plainBits / 8);

/** Bytes of an answer: the plaintext's coefficients from a key holder, a share from a member. */
export const answerLength = (plan: EncryptedRound): number =>
  isKeyHolder(plan)
    ? plan.sum.set.degree * coefficientLength(plan.sum)
    : encodedLatticeLength(plan.sum.set, 'decryption-share');

/**
 * Writes a plaintext's words as an answer.
 *
 * @param words eight bytes a coefficient, as many as SEAL kept: zeros at the end are left out
 */
export function narrowPlaintextInto(
  out: Uint8Array,
  { sum }: EncryptedRound,
  words: Uint8Array,
): void {
  const width = coefficientLength(sum);
  out.fill(0);
  for (let from = 0, to = 0; from < words.length; from += 8, to += width) {
    for (let byte = 0; byte < width; byte++) out[to + byte] = words[from + byte] as number;
  }
}

/** The coefficients of a checked answer of a key holder, two words of 32 bits each. */
export function widenPlaintextInto(
  out: Uint32Array,
  { sum }: EncryptedRound,
  answer: Uint8Array,
): void {
  const width = coefficientLength(sum);
  const bytes = new Uint8Array(out.buffer, out.byteOffset, out.byteLength);
  bytes.fill(0);
  for (let from = 0, to = 0; from < answer.length; from += width, to += 8) {
    for (let byte = 0; byte < width; byte++) bytes[to + byte] = answer[from + byte] as number;
  }
}

/**
 * Checks the answer for ciphertext `index` as far as its form goes.
 *
 * @throws CodecError if a share is none of this round and place
 * @throws ProtocolError `bad-share` if a coefficient is beyond the plaintext modulus
 */
export function checkAnswer(plan: EncryptedRound, index: number, answer: Uint8Array): void {
  const { roundId, sum } = plan;
  const { set } = sum;
  if (!isKeyHolder(plan)) {
    checkLattice({ kind: 'decryption-share', set, roundId, index }, answer);
    return;
  }
  const width = coefficientLength(sum);
  const limit = 2 ** (set.plainBits - 8 * (width - 1));
  for (let at = width - 1; at < answer.length; at += width) {
    if ((answer[at] as number) < limit) continue;
    throw new ProtocolError(
      'bad-share',
      `answer ${index}: got a coefficient that is not below 2^${set.plainBits}, expected sums`,
    );
  }
}
