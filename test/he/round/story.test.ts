/** An encrypted round under a key holder, from beginning to end, with those who drop out of it. */
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import {
  acceptEncrypted,
  chunkOf,
  liveHandles,
  openSeal,
  readEncryptedRound,
  type Seal,
} from '../../../src/he/index.ts';
import { dice } from '../support.ts';
import { castOf, clientName, planFor, taken, toTheEnd, untilUpload } from './support.ts';

let seal: Seal;
beforeAll(async () => {
  seal = await openSeal();
});

const vectorOf = (length: number, clip: number, roll: () => number): Float64Array =>
  Float64Array.from({ length }, () => (roll() % (2 * clip + 1)) - clip);

test('the sum is that of who uploaded all: others stay out, wrong chunks are named and sent again', async () => {
  const cast = await castOf(7);
  const plan = readEncryptedRound(planFor(cast).bytes, {
    clientVoucher: cast.voucher.publicKey,
    holderVoucher: cast.voucher.publicKey,
    floor: 2,
    threshold: 1,
  });
  const roll = dice(1);
  const vectors = Array.from({ length: 7 }, () => vectorOf(5_000, 1_000, roll));
  // Client 6 does not even commit.
  const round = await untilUpload(seal, cast, plan, vectors.slice(0, 6));
  const { coordinator, clients } = round;
  const count = plan.sum.ciphertexts;
  expect(count).toBeGreaterThan(1);
  const send = (client: number, index: number) =>
    acceptEncrypted(coordinator, chunkOf(clients[client] as never, index));

  // Client 0 sends backwards, 1 forwards, 2 never, 3 stops half-way.
  for (let index = count - 1; index >= 0; index--) expect(send(0, index)).toBeUndefined();
  for (let index = 0; index < count; index++) expect(send(1, index)).toBeUndefined();
  expect(send(3, 0)).toBeUndefined();

  // Client 4's first chunk is altered on the way, then comes as it is; it repeats itself.
  const altered = chunkOf(clients[4] as never, 0).slice();
  altered[100] = (altered[100] as number) ^ 1;
  expect(acceptEncrypted(coordinator, altered)).toMatchObject({
    code: 'not-committed',
    claimed: clientName(4),
  });
  for (let index = 0; index < count; index++) expect(send(4, index)).toBeUndefined();
  expect(send(4, 0)).toMatchObject({ code: 'not-expected', claimed: clientName(4) });

  // Client 5 passes client 0's chunk off as its own.
  const copied = chunkOf(clients[0] as never, 0).slice();
  copied[3] = 5;
  const fault = acceptEncrypted(coordinator, copied);
  expect(fault).toMatchObject({ code: 'not-committed', claimed: clientName(5) });
  expect(fault?.culprit).toBeUndefined();

  const { sums, contributors, missing, refused, assumptions, errorBound } = await toTheEnd(round);
  expect(contributors).toEqual([0, 1, 4].map(clientName));
  expect(missing).toEqual([2, 3, 5, 6].map(clientName));
  expect(refused.map(({ code }) => code)).toEqual([
    'not-committed',
    'not-expected',
    'not-committed',
  ]);
  expect(assumptions.map(({ code }) => code)).toContain('no-colluding-uploader');
  expect(errorBound).toBe(0);
  const expected = vectors[0]?.map(
    (value, i) => value + (vectors[1]?.[i] as number) + (vectors[4]?.[i] as number),
  );
  expect(sums).toEqual(expected);
  expect(liveHandles(seal)).toBe(0);
});

test('reals come back within the bound', async () => {
  const cast = await castOf(3);
  const plan = planFor(cast, { length: 2_500, clip: 1, precision: 1e-5 });
  const roll = dice(2);
  const vectors = Array.from({ length: 3 }, () =>
    Float64Array.from({ length: 2_500 }, () => roll() / 2 ** 31 - 1),
  );
  const round = await untilUpload(seal, cast, plan, vectors);
  for (const client of round.clients) {
    for (let k = 0; k < plan.sum.ciphertexts; k++) taken(round.coordinator, chunkOf(client, k));
  }
  const { sums, errorBound } = await toTheEnd(round);
  expect(errorBound).toBeCloseTo(3e-5);
  let worst = 0;
  for (const [i, sum] of sums.entries()) {
    const exact = vectors.reduce((all, vector) => all + (vector[i] as number), 0);
    worst = Math.max(worst, Math.abs(sum - exact));
  }
  expect(worst).toBeLessThanOrEqual(errorBound * (1 + 1e-9));
  expect(worst).toBeGreaterThan(0);
});

test('property: any lengths, clips and numbers of clients give the exact sum', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 2, max: 5 }),
      fc.integer({ min: 1, max: 9_000 }),
      fc.integer({ min: 0, max: 40 }),
      fc.integer({ min: 1, max: 2 ** 31 }),
      async (clients, length, clipBits, seed) => {
        const clip = 2 ** clipBits;
        const cast = await castOf(clients);
        const plan = planFor(cast, { length, clip });
        const roll = dice(seed);
        // The ends of the range are as likely as all between.
        const ends = [-clip, clip, 0];
        const vectors = Array.from({ length: clients }, () =>
          Float64Array.from({ length }, () =>
            roll() % 2 === 0
              ? (ends[roll() % 3] as number)
              : Math.floor((roll() / 2 ** 32) * 2 * clip) - clip,
          ),
        );
        const round = await untilUpload(seal, cast, plan, vectors);
        for (const client of round.clients) {
          for (let k = 0; k < plan.sum.ciphertexts; k++) {
            taken(round.coordinator, chunkOf(client, k));
          }
        }
        const { sums } = await toTheEnd(round);
        for (let i = 0; i < length; i++) {
          const exact = vectors.reduce((all, vector) => all + BigInt(vector[i] as number), 0n);
          if (BigInt(sums[i] as number) !== exact) throw new Error(`coordinate ${i} is wrong`);
        }
      },
    ),
    { numRuns: 12 },
  );
  expect(liveHandles(seal)).toBe(0);
});
