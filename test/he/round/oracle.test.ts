/**
 * The decryption oracle: a client that sees the others' ciphertexts before it fixes its own chooses what
 * the sum is, and has the holder decrypt its own key. Against a holder that adds up whatever is signed
 * it reads a victim's vector; against ours it has nothing to say.
 */
import { expect, test } from 'vitest';
import { ProtocolError } from '../../../src/errors.ts';
import { decodeLattice, encodeLattice } from '../../../src/he/codec.ts';
import {
  acceptEncrypted,
  chunkOf,
  closeClosing,
  closeUploads,
  type EncryptedRound,
  fetchHalf,
  liveHandles,
  openSeal,
  openSum,
  type Seal,
  signClose,
} from '../../../src/he/index.ts';
import { messageBits } from '../../../src/he/plan.ts';
import { answerLength, widenPlaintextInto } from '../../../src/he/round/answers.ts';
import { encryptVector } from '../../../src/he/round/encrypt.ts';
import { generateHolderKey, type Half, keyHolderKey } from '../../../src/he/round/key-holder.ts';
import { halfLength } from '../../../src/he/round/messages.ts';
import { addInto, openLatticeSum } from '../../../src/he/sum/lattice-sum.ts';
import { concat, u32 } from '../../../src/internal/bytes.ts';
import { castOf, planFor, taken, untilUpload } from './support.ts';

const LENGTH = 2_000;
const victim = Float64Array.from({ length: LENGTH }, (_, i) => (i % 2001) - 1000);
const bystander = new Float64Array(LENGTH).fill(7);

type Upload = Readonly<Record<Half, Uint8Array>>;

/** One upload is one ciphertext here. */
const polynomialOf = ({ roundId, sum }: EncryptedRound, kind: Half, bytes: Uint8Array) => {
  const { words } = decodeLattice({ kind, set: sum.set, roundId, index: 0 }, bytes);
  return new BigUint64Array(words.slice().buffer);
};

const wireOf = ({ roundId, sum }: EncryptedRound, kind: Half, words: BigUint64Array) =>
  encodeLattice({ kind, set: sum.set, roundId, index: 0 }, new Uint8Array(words.buffer));

/** What the attacker uploads after the others: their sum then has c0 = 0 and c1 = q / t, t = 2^bits. */
function craftedAfter(plan: EncryptedRound, others: readonly Upload[]): Upload {
  const [q] = plan.sum.set.primes as [bigint];
  const lattice = (half: Half, wanted: bigint): Uint8Array => {
    const out = new BigUint64Array(plan.sum.set.degree);
    out[0] = wanted;
    for (const other of others) {
      polynomialOf(plan, half, other[half]).forEach((word, i) => {
        out[i] = ((out[i] as bigint) + q - word) % q;
      });
    }
    return wireOf(plan, half, out);
  };
  const step = q >> BigInt(messageBits(plan.sum));
  return { body: lattice('body', 0n), mask: lattice('mask', step) };
}

/** Decrypts a lone ciphertext by the definition, with ternary key coefficients. */
function readWith(plan: EncryptedRound, key: readonly number[], upload: Upload): number[] {
  const { set, fieldBits } = plan.sum;
  const [q] = set.primes as [bigint];
  const n = set.degree;
  const sum = polynomialOf(plan, 'body', upload.body);
  const total = Array.from(sum);
  const mask = Array.from(polynomialOf(plan, 'mask', upload.mask));
  key.forEach((sign, shift) => {
    if (sign === 0) return;
    for (let i = 0; i < n; i++) {
      const to = (i + shift) % n;
      const negative = i + shift >= n !== sign < 0;
      const term = mask[i] as bigint;
      total[to] = (total[to] as bigint) + (negative ? -term : term);
    }
  });
  const t = 1n << BigInt(messageBits(plan.sum));
  return total.slice(0, LENGTH).map((word) => {
    const positive = ((word % q) + q) % q;
    const message = ((2n * t * positive + q) / (2n * q)) % t;
    return Number(message % (1n << BigInt(fieldBits))) - 1000;
  });
}

/** A holder that opens the sum of whatever it is shown: one step, no commitments. */
function naiveHolder(plan: EncryptedRound, seal: Seal, secret: Uint8Array) {
  return (uploads: readonly Upload[]): Uint32Array => {
    const key = keyHolderKey(plan, seal, secret);
    const sums = key.halves.map((half) => {
      const sum = openLatticeSum(plan.sum.set, half, plan.roundId, 1);
      for (const upload of uploads) addInto(sum, 0, upload[half]);
      return sum;
    });
    const answer = new Uint8Array(answerLength(plan));
    key.open(sums, [0], answer);
    const words = new Uint32Array(2 * plan.sum.set.degree);
    widenPlaintextInto(words, plan, answer);
    return words;
  };
}

test('it reads a victim’s vector from a holder that does not ask for commitments', async () => {
  const seal = await openSeal();
  const plan = planFor(await castOf(3), { length: LENGTH });
  expect([plan.sum.ciphertexts, plan.sum.set.primes.length]).toEqual([1, 1]);
  const { secret, publicKey } = generateHolderKey(plan, seal);
  const open = naiveHolder(plan, seal, secret);
  const uploads: Upload[] = [];
  for (const vector of [victim, bystander]) {
    encryptVector(plan, seal, publicKey, vector, (_, halves) => void uploads.push(halves));
  }
  const words = open([...uploads, craftedAfter(plan, uploads)]);
  // round(t / q · (q / t) · s) is the secret key itself, −1 as t − 1.
  const up = 32 - messageBits(plan.sum);
  const key = Array.from(
    { length: plan.sum.set.degree },
    (_, i) => ((words[2 * i] as number) << up) >> up,
  );
  expect(new Set(key)).toEqual(new Set([-1, 0, 1]));
  expect(readWith(plan, key, uploads[0] as Upload)).toEqual([...victim]);
  expect(liveHandles(seal)).toBe(0);
});

test('ours refuses what was not committed to before the others were shown', async () => {
  const seal = await openSeal();
  const cast = await castOf(3);
  const plan = planFor(cast, { length: LENGTH });
  const colluder = new Float64Array(LENGTH);
  const round = await untilUpload(seal, cast, plan, [victim, bystander, colluder]);
  const chunks = round.clients.map((client) => chunkOf(client, 0));
  const length = halfLength(plan);
  const uploads = chunks.map((chunk) => ({
    body: chunk.slice(4, 4 + length),
    mask: chunk.slice(4 + length),
  }));
  const crafted = craftedAfter(plan, uploads.slice(0, 2));
  const fault = acceptEncrypted(round.coordinator, concat(u32(2), crafted.body, crafted.mask));
  expect(fault?.code).toBe('not-committed');
  // The coordinator is in league with it, and passes the crafted one on all the same.
  for (const chunk of chunks) taken(round.coordinator, chunk);
  const closing = closeUploads(round.coordinator);
  const signed = await signClose(round.holder, closing.downlink);
  taken(closing.next, signed.message);
  const { next, downlink } = closeClosing(closing.next);
  const answer = openSum(signed.next, downlink, (half, sender, index) =>
    sender === 2 ? crafted[half] : fetchHalf(next, half, sender, index),
  );
  await expect(answer).rejects.toThrow(ProtocolError);
  await expect(answer).rejects.toMatchObject({ code: 'bad-downlink', culprits: ['coordinator'] });
  expect(liveHandles(seal)).toBe(0);
});
