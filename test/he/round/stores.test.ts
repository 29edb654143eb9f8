/** What a coordinator's store does to a committee's sum, what members may fetch, and parts that are none. */
import { beforeAll, expect, test } from 'vitest';
import { encodeLattice } from '../../../src/he/codec.ts';
import { bytesOf, commonPolynomial } from '../../../src/he/committee/index.ts';
import {
  type ChunkStore,
  type EncryptedHolder,
  type EncryptedRoundFacts,
  fetchHalf,
  openedSum,
  openSeal,
  openSum,
  type Seal,
} from '../../../src/he/index.ts';
import { say } from '../../../src/he/round/messages.ts';
import type { Signer } from '../../../src/identity/signer.ts';
import { sha256 } from '../../../src/internal/sha256.ts';
import { decodeEnvelope } from '../../../src/wire/envelope.ts';
import { type Cast, castOf, committeeClosed, planFor, taken } from './support.ts';

let seal: Seal;
let cast: Cast;
beforeAll(async () => {
  seal = await openSeal();
  cast = await castOf(2, 2);
});

const LENGTH = 100;
const vectors = [1, 2].map((value) => new Float64Array(LENGTH).fill(value));
const all = { there: [0, 1], active: [0, 1] };

/** A round in which both members have answered; `lie` changes what the last one says. */
async function answered(
  facts: Partial<EncryptedRoundFacts>,
  store?: ChunkStore,
  lie: (message: Uint8Array) => Promise<Uint8Array> = async (message) => message,
) {
  const plan = planFor(cast, { threshold: 2, length: LENGTH, ...facts });
  const round = await committeeClosed(seal, cast, plan, vectors, all, undefined, store);
  const { holders, coordinator, downlink } = round;
  for (const i of all.active) {
    const state = holders.get(i) as EncryptedHolder<'open'>;
    const step = await openSum(state, downlink, (...which) => fetchHalf(coordinator, ...which));
    taken(coordinator, i === 1 ? await lie(step.message) : step.message);
  }
  return { plan, coordinator };
}

test('a store that fails or gives other chunks back says so, and can be asked again', async () => {
  const kept = new Map<number, Uint8Array>();
  let mood: 'fair' | 'broken' | 'swapped' | 'gone' = 'fair';
  const store: ChunkStore = {
    put: (sender, _, chunk) => void kept.set(sender, new Uint8Array(chunk)),
    get: async (sender) => {
      if (mood === 'broken') throw new Error('the disk is busy');
      if (mood === 'gone') return undefined as never;
      return kept.get(mood === 'swapped' ? 0 : sender) as Uint8Array;
    },
  };
  const { coordinator } = await answered({}, store);
  mood = 'broken';
  await expect(openedSum(coordinator, seal)).rejects.toThrow('the disk is busy');
  mood = 'gone';
  await expect(openedSum(coordinator, seal)).rejects.toMatchObject({ code: 'wrong-type' });
  // Client 0's chunk twice: well formed, and of this place, so the sum alone shows it.
  mood = 'swapped';
  await expect(openedSum(coordinator, seal)).rejects.toMatchObject({
    code: 'wrong-type',
    details: { sender: 1, index: 0 },
  });
  mood = 'fair';
  const { sums } = await openedSum(coordinator, seal);
  expect(sums).toEqual(new Float64Array(LENGTH).fill(3));
  await expect(openedSum(coordinator, seal)).rejects.toMatchObject({ code: 'state-spent' });
});

test('members of a committee fetch masks, and no bodies', async () => {
  const { coordinator } = await answered({});
  await expect(fetchHalf(coordinator, 'mask', 0, 0)).resolves.toBeInstanceOf(Uint8Array);
  for (const half of ['body', 'ciphertext', undefined]) {
    await expect(fetchHalf(coordinator, half as never, 0, 0)).rejects.toMatchObject({
      code: 'out-of-range',
    });
  }
});

test.each(['bfv', 'ckks'] as const)(
  'a part of a decryption that is none shows in the sum: %s',
  async (scheme) => {
    const facts = { scheme, clip: 4, precision: 1e-3 } as const;
    const plan = planFor(cast, { threshold: 2, length: LENGTH, ...facts });
    const { coordinator } = await answered(
      { ...facts, nonce: new Uint8Array(16) },
      undefined,
      async (message) => {
        const { set } = plan.sum;
        const limits = { header: 200, payload: 2 ** 24 };
        const { header, roundId } = decodeEnvelope(message, limits);
        const count = 16 * set.degree;
        const words = bytesOf(commonPolynomial(set, sha256(roundId))).subarray(0, count);
        const head = { kind: 'decryption-share', set, roundId, index: 0 } as const;
        const here = planFor(cast, {
          threshold: 2,
          length: LENGTH,
          ...facts,
          nonce: new Uint8Array(16),
        });
        const liar = cast.holders[1] as Signer;
        return (await say(here, 'open', 1, liar, header, encodeLattice(head, words))).message;
      },
    );
    await expect(openedSum(coordinator, seal)).rejects.toMatchObject({
      code: 'poisoned-sum',
      culprits: [],
    });
  },
);
