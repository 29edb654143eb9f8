/** Memory that others write to while it is used: a server's Buffers, stores, vectors of another thread. */
import { beforeAll, expect, test } from 'vitest';
import {
  chunkOf,
  closeUploads,
  type HolderClaim,
  openSeal,
  type Seal,
  signClose,
} from '../../../src/he/index.ts';
import { ledgerOf } from '../../../src/he/round/coordinator-state.ts';
import { decodeClose, encodeClose } from '../../../src/he/round/messages.ts';
import { decodeEnvelope } from '../../../src/wire/envelope.ts';
import { type Cast, castOf, planFor, taken, toTheEnd, untilUpload } from './support.ts';

let seal: Seal;
let cast: Cast;
beforeAll(async () => {
  seal = await openSeal();
  cast = await castOf(3);
});

const LENGTH = 50;
const vectors = [1, 20, 300].map((value) => new Float64Array(LENGTH).fill(value));

test('a closing that changes while the claim is written is not what the holder signs', async () => {
  const plan = planFor(cast, { length: LENGTH });
  let during = (): void => undefined;
  const claim: HolderClaim = async (_, phase) => {
    if (phase === 'close') during();
    return 'first' as const;
  };
  const round = await untilUpload(seal, cast, plan, vectors, claim);
  for (const client of round.clients) taken(round.coordinator, chunkOf(client, 0));
  const { downlink } = closeUploads(round.coordinator);
  const honest = downlink.slice();
  // Sockets give Buffers, and use their memory again.
  const received = Buffer.from(downlink);
  during = () => {
    const other = encodeClose(plan, { ...decodeClose(plan, honest), contributors: [0] });
    received.set(other);
  };
  const { message } = await signClose(round.holder, received);
  const { header } = decodeEnvelope(message, { header: 200, payload: 0 });
  expect(decodeClose(plan, received).contributors).toEqual([0]);
  expect(header).toEqual(honest);
});

test('chunks in a Buffer that is used again are kept all the same', async () => {
  const plan = planFor(cast, { length: LENGTH });
  const round = await untilUpload(seal, cast, plan, vectors);
  const received = Buffer.alloc(chunkOf(round.clients[0] as never, 0).length);
  for (const client of round.clients) {
    received.set(chunkOf(client, 0));
    taken(round.coordinator, received);
    received.fill(0xff);
  }
  expect((await toTheEnd(round)).sums).toEqual(new Float64Array(LENGTH).fill(321));
});

test('of a message without a payload nothing is kept but copies', async () => {
  const plan = planFor(cast, { length: LENGTH });
  const round = await untilUpload(seal, cast, plan, vectors);
  for (const client of round.clients) taken(round.coordinator, chunkOf(client, 0));
  const closing = closeUploads(round.coordinator);
  const { message } = await signClose(round.holder, closing.downlink);
  // As it lies in a large piece of memory that a server read into.
  const pool = new Uint8Array(2 ** 20);
  pool.set(message);
  taken(closing.next, pool.subarray(0, message.length));
  const { roots, closes } = ledgerOf(closing.next);
  for (const said of [...roots.values(), ...closes.values()]) {
    for (const field of Object.values(said)) {
      const view = typeof field === 'number' ? undefined : field;
      expect(view?.buffer).not.toBe(pool.buffer);
    }
  }
  expect(closes.size).toBe(1);
});

test('a vector that changes between two looks never puts into the sum what was not checked', async () => {
  const plan = planFor(cast, { length: LENGTH });
  // Fair whenever it is checked in this order, and far beyond the clip at the third look.
  let looks = 0;
  const shifty = Object.defineProperty(
    Array.from({ length: LENGTH }, () => 5),
    7,
    {
      get: () => (++looks < 3 ? 5 : 100_000),
    },
  );
  const round = await untilUpload(seal, cast, plan, [shifty, vectors[1]]);
  for (const client of round.clients) taken(round.coordinator, chunkOf(client, 0));
  expect((await toTheEnd(round)).sums).toEqual(new Float64Array(LENGTH).fill(25));
});
