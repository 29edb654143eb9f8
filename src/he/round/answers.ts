/** What a holder answers for each ciphertext of the sum, as bytes. */
import { ProtocolError } from '../../errors.ts';
import { checkLattice, encodedLatticeLength } from '../codec.ts';
import { messageBits } from '../plan.ts';
import { spareBits } from './layout.ts';
import { type EncryptedRound, isKeyHolder } from './plan.ts';

/** Bytes of a coefficient of the sum: of its message, the spare bits being rounded away. */
const coefficientLength = ({ sum }: EncryptedRound): number => Math.ceil(messageBits(sum) / 8);

/** Bytes of an answer: the plaintext's coefficients from a key holder, a share from a member. */
export const answerLength = (plan: EncryptedRound): number =>
  isKeyHolder(plan)
    ? plan.sum.set.degree * coefficientLength(plan)
    : encodedLatticeLength(plan.sum.set, 'decryption-share');

/**
 * Rounds a plaintext's words to messages and writes those as an answer.
 *
 * @param words eight bytes a coefficient, as many as SEAL kept: zeros at the end are left out
 *
 * **Security**: spare bits hold noise, which tells about the key; they stay here.
 */
export function narrowPlaintextInto(
  out: Uint8Array,
  plan: EncryptedRound,
  words: Uint8Array,
): void {
  const width = coefficientLength(plan);
  const view = new DataView(words.buffer, words.byteOffset, words.byteLength);
  const unit = 2 ** spareBits(plan.sum);
  const span = 2 ** messageBits(plan.sum);
  out.fill(0);
  // Doubles hold the plaintexts of every set for a key holder. Noise below zero has wrapped to the top;
  // half a unit takes it over the end, and the remainder back to zero.
  for (let from = 0, to = 0; from < words.length; from += 8, to += width) {
    const whole = view.getUint32(from + 4, true) * 2 ** 32 + view.getUint32(from, true);
    let rest = Math.floor((whole + unit / 2) / unit) % span;
    for (let byte = 0; byte < width; byte++) {
      out[to + byte] = rest % 256;
      rest = Math.floor(rest / 256);
    }
  }
}

/** The coefficients of a checked answer of a key holder, two words of 32 bits each. */
export function widenPlaintextInto(
  out: Uint32Array,
  plan: EncryptedRound,
  answer: Uint8Array,
): void {
  const width = coefficientLength(plan);
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
 * @throws ProtocolError `bad-share` if a coefficient has more bits than a message
 */
export function checkAnswer(plan: EncryptedRound, index: number, answer: Uint8Array): void {
  const { roundId, sum } = plan;
  const { set } = sum;
  if (!isKeyHolder(plan)) {
    checkLattice({ kind: 'decryption-share', set, roundId, index }, answer);
    return;
  }
  const width = coefficientLength(plan);
  const most = messageBits(sum);
  const limit = 2 ** (most - 8 * (width - 1));
  for (let at = width - 1; at < answer.length; at += width) {
    if ((answer[at] as number) < limit) continue;
    throw new ProtocolError(
      'bad-share',
      `answer ${index}: got a coefficient that is not below 2^${most}, expected sums`,
    );
  }
}
