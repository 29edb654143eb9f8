/** What a lying coordinator tries, and who refuses it; and holders that come back after a crash. */
import { beforeAll, expect, test } from 'vitest';
import { ProtocolError, UsageError, type VeilsumError } from '../../../src/errors.ts';
import {
  acceptEncrypted,
  beginEncryptedRound,
  checkCommitted,
  chunkOf,
  closeClosing,
  closeCommits,
  closeKey,
  closeRoot,
  closeUploads,
  type EncryptedRound,
  encryptForRound,
  fetchHalf,
  forgetHolder,
  liveHandles,
  openedSum,
  openSeal,
  openSum,
  restoreHolder,
  type Seal,
  saveHolder,
  signClose,
  signRoot,
  startKeyHolder,
} from '../../../src/he/index.ts';
import { generateHolderKey } from '../../../src/he/round/key-holder.ts';
import {
  decodeClose,
  encodeClose,
  encodeQuorum,
  halfLength,
  keyHashOf,
  say,
} from '../../../src/he/round/messages.ts';
import type { Signer } from '../../../src/identity/signer.ts';
import { concat } from '../../../src/internal/bytes.ts';
import { decode, encode } from '../../../src/wire/cbor.ts';
import { decodeEnvelope } from '../../../src/wire/envelope.ts';
import {
  type Cast,
  castOf,
  diskClaim,
  keyedCommittee,
  planFor,
  taken,
  untilUpload,
} from './support.ts';

let seal: Seal;
let cast: Cast;
beforeAll(async () => {
  seal = await openSeal();
  cast = await castOf(4);
});

const LENGTH = 3_000;
const vectors = [1, 20, 300].map((value) => new Float64Array(LENGTH).fill(value));

/** The error that a call throws or rejects with. */
async function caught(call: () => unknown): Promise<VeilsumError> {
  try {
    await call();
  } catch (error) {
    if (error instanceof ProtocolError || error instanceof UsageError) return error;
    throw error;
  }
  throw new Error('expected a refusal');
}

/** A round in which clients 0 to 2 have uploaded, up to a closing that nobody has signed. */
async function uploaded(plan: EncryptedRound, claim = diskClaim()) {
  const round = await untilUpload(seal, cast, plan, vectors, claim);
  for (const client of round.clients) {
    for (let k = 0; k < plan.sum.ciphertexts; k++) taken(round.coordinator, chunkOf(client, k));
  }
  return { ...round, claim, closing: closeUploads(round.coordinator) };
}

/** The same up to a signed closing. */
async function closed(plan: EncryptedRound) {
  const { holder, closing, claim } = await uploaded(plan);
  const signed = await signClose(holder, closing.downlink);
  taken(closing.next, signed.message);
  return { ...closeClosing(closing.next), holder: signed.next, claim };
}

test('a key in the place of the holders’ is refused by every client', async () => {
  const plan = planFor(cast, { length: LENGTH });
  const [holder] = cast.holders as [Signer];
  const keyed = await startKeyHolder(plan, seal, { signer: holder });
  const state = beginEncryptedRound(plan);
  taken(state, keyed.message);
  const { downlink } = closeKey(state);
  const own = generateHolderKey(plan, seal);
  const [, signatures] = decode(downlink, { what: 'test', maxBytes: 2 ** 20 }) as [
    Uint8Array,
    Uint8Array,
  ];
  const [client] = cast.clients as [Signer];
  const [vector] = vectors as [Float64Array];
  // Under the holder's signature of the other key, and under a signature of somebody else.
  const hash = keyHashOf(plan, own.publicKey);
  const forged = await say(plan, 'key', 0, client, hash, own.publicKey);
  for (const signature of [signatures, forged.said.signature]) {
    const lie = encode([own.publicKey, signature]);
    const error = await caught(() => encryptForRound(plan, seal, client, lie, vector));
    expect(error).toMatchObject({ code: 'bad-signature', culprits: ['coordinator'] });
  }
  await expect(encryptForRound(plan, seal, client, downlink, vector)).resolves.toBeDefined();
  forgetHolder(keyed.next);
});

test('one client’s ciphertexts do not pass for the sum; the honest ones then do', async () => {
  const plan = planFor(cast, { length: LENGTH });
  const { next, downlink, holder } = await closed(plan);
  const error = await caught(() =>
    openSum(holder, downlink, (half, _, index) => fetchHalf(next, half, 0, index)),
  );
  expect(error).toMatchObject({ code: 'bad-downlink', culprits: ['coordinator'] });
  // Zeros in the place of the others' would do the same.
  const zeros = new Uint8Array(halfLength(plan));
  const other = await caught(() =>
    openSum(holder, downlink, (half, sender, index) =>
      sender === 0 ? fetchHalf(next, half, 0, index) : zeros,
    ),
  );
  expect(other.code).toBe('bad-downlink');
  const { message } = await openSum(holder, downlink, (...which) => fetchHalf(next, ...which));
  taken(next, message);
  expect((await openedSum(next)).sums).toEqual(new Float64Array(LENGTH).fill(321));
  expect(liveHandles(seal)).toBe(0);
});

test('contributors outside of the root, too few of them, or another opener: no signature', async () => {
  const plan = planFor(cast, { length: LENGTH });
  const { holder, closing } = await uploaded(plan);
  const honest = decodeClose(plan, closing.downlink);
  const closeWith = (changed: Partial<typeof honest>) =>
    caught(() => signClose(holder, encodeClose(plan, { ...honest, ...changed })));
  expect(await closeWith({ contributors: [0, 1, 3] })).toMatchObject({
    code: 'inconsistent-survivors',
    culprits: ['coordinator'],
  });
  expect((await closeWith({ contributors: [0] })).code).toBe('below-floor');
  expect((await closeWith({ active: [] })).code).toBe('bad-downlink');
  expect((await closeWith({ rootHash: new Uint8Array(32) })).code).toBe('inconsistent-survivors');
  await expect(signClose(holder, closing.downlink)).resolves.toBeDefined();
});

test('a second closing is refused, by the holder and by its restored copy', async () => {
  const plan = planFor(cast, { length: LENGTH });
  const { holder, closing, claim } = await uploaded(plan);
  const saved = saveHolder(holder);
  const honest = decodeClose(plan, closing.downlink);
  await signClose(holder, closing.downlink);
  const other = encodeClose(plan, { ...honest, contributors: [0, 1] });
  // The spent state, whatever its type says.
  expect((await caught(() => signClose(holder, other))).code).toBe('state-spent');
  const [signer] = cast.holders as [Signer];
  const copy = restoreHolder(plan, seal, saved, { signer, claim });
  expect((await caught(() => signClose(copy as never, other))).code).toBe('state-spent');
  // The same closing once more is no second one.
  const again = restoreHolder(plan, seal, saved, { signer, claim });
  await expect(signClose(again as never, closing.downlink)).resolves.toBeDefined();
});

test('after a crash and a restore nothing is opened twice, the same sum included', async () => {
  const plan = planFor(cast, { length: LENGTH });
  const { next, downlink, holder, claim } = await closed(plan);
  const saved = saveHolder(holder);
  const fetch = (
    ...which: Parameters<typeof fetchHalf> extends [unknown, ...infer R] ? R : never
  ) => fetchHalf(next, ...which);
  const { message } = await openSum(holder, downlink, fetch);
  const [signer] = cast.holders as [Signer];
  const copy = restoreHolder(plan, seal, saved, { signer, claim });
  expect(copy.next).toBe('open');
  expect((await caught(() => openSum(copy as never, downlink, fetch))).code).toBe('state-spent');
  // A crash before the answer harms nothing: the first copy that asks gets it.
  taken(next, message);
  expect((await openedSum(next)).sums[0]).toBe(321);
  // Without a claim store there is nothing to save.
  const memory = await startKeyHolder(planFor(cast), seal, { signer });
  expect((await caught(() => saveHolder(memory.next))).code).toBe('claim-required');
});

test('a client whose commitment was left out of the root shows nothing', async () => {
  const plan = planFor(cast, { length: LENGTH });
  const [signer] = cast.holders as [Signer];
  const keyed = await startKeyHolder(plan, seal, { signer });
  const state = beginEncryptedRound(plan);
  taken(state, keyed.message);
  const key = closeKey(state);
  const steps = await Promise.all(
    vectors.map((vector, i) =>
      encryptForRound(plan, seal, cast.clients[i] as Signer, key.downlink, vector),
    ),
  );
  for (const { message } of steps.slice(0, 2)) taken(key.next, message);
  const committed = closeCommits(key.next);
  const rooted = await signRoot(keyed.next, committed.downlink);
  taken(committed.next, rooted.message);
  const [first] = [...closeRoot(committed.next).downlinks.values()];
  const left = steps[2]?.next as never;
  const error = await caught(() => checkCommitted(left, first as Uint8Array));
  expect(error).toMatchObject({ code: 'inconsistent-survivors', culprits: ['coordinator'] });
  expect((await caught(() => chunkOf(left, 0))).code).toBe('state-spent');
});

test('a list with one client twice, a forged commit or too few of them: no signature', async () => {
  const plan = planFor(cast, { length: LENGTH });
  const [signer] = cast.holders as [Signer];
  const keyed = await startKeyHolder(plan, seal, { signer });
  const state = beginEncryptedRound(plan);
  taken(state, keyed.message);
  const key = closeKey(state);
  const messages: Uint8Array[] = [];
  for (const [i, vector] of vectors.entries()) {
    const client = cast.clients[i] as Signer;
    messages.push((await encryptForRound(plan, seal, client, key.downlink, vector)).message);
  }
  const [a, b, c] = messages as [Uint8Array, Uint8Array, Uint8Array];
  const listed = (...list: Uint8Array[]) => caught(() => signRoot(keyed.next, encode(list)));
  expect((await listed(a, a)).code).toBe('bad-downlink');
  expect((await listed(b, a)).code).toBe('bad-downlink');
  expect((await listed(a)).code).toBe('below-floor');
  const forged = c.slice();
  forged[forged.length - 1] = (forged.at(-1) as number) ^ 1;
  expect((await listed(a, forged)).code).toBe('bad-signature');
  const { payload } = decodeEnvelope(c, { header: 32, payload: 2 ** 20 });
  const foreign = await say(
    plan,
    'commit',
    2,
    cast.clients[2] as Signer,
    new Uint8Array(32),
    payload,
  );
  expect((await listed(a, foreign.message)).code).toBe('bad-key');
  const elsewhere = await say(
    planFor(cast),
    'commit',
    2,
    cast.clients[2] as Signer,
    new Uint8Array(32),
    payload,
  );
  expect((await listed(a, elsewhere.message)).code).toBe('bad-downlink');
  await expect(signRoot(keyed.next, encode(messages))).resolves.toBeDefined();
});

test('a client that repeats another’s commitment can never fill it', async () => {
  const plan = planFor(cast, { length: LENGTH });
  const [signer] = cast.holders as [Signer];
  const keyed = await startKeyHolder(plan, seal, { signer });
  const state = beginEncryptedRound(plan);
  taken(state, keyed.message);
  const key = closeKey(state);
  const waiting: Awaited<ReturnType<typeof encryptForRound>>[] = [];
  for (const i of [0, 1]) {
    const client = cast.clients[i] as Signer;
    const vector = vectors[i] as Float64Array;
    waiting.push(await encryptForRound(plan, seal, client, key.downlink, vector));
    taken(key.next, waiting[i]?.message as Uint8Array);
  }
  // With client 0's vector twice in the sum, it would stand out of the others'.
  const limits = { header: 32, payload: 2 ** 20 };
  const { header, payload } = decodeEnvelope(waiting[0]?.message as Uint8Array, limits);
  const copy = await say(plan, 'commit', 2, cast.clients[2] as Signer, header, payload);
  taken(key.next, copy.message);
  const committed = closeCommits(key.next);
  const rooted = await signRoot(keyed.next, committed.downlink);
  taken(committed.next, rooted.message);
  const { next, downlinks } = closeRoot(committed.next);
  const [first] = downlinks.values();
  const victim = checkCommitted(waiting[0]?.next as never, first as Uint8Array);
  for (let k = 0; k < plan.sum.ciphertexts; k++) {
    const chunk = chunkOf(victim, k).slice();
    chunk[3] = 2;
    expect(acceptEncrypted(next, chunk)?.code).toBe('not-committed');
  }
});

test('holders that were shown two roots: neither gets a quorum, and a client that is shown one shows nothing', async () => {
  // Three holders, any two open; one may be corrupt, so all three must sign: ⌊(3 + 1) / 2⌋ + 1.
  const three = await castOf(4, 3);
  const plan = planFor(three, { length: LENGTH, threshold: 2 });
  expect(plan.quorum).toBe(3);
  const { holders, coordinator } = await keyedCommittee(seal, three, plan);
  const key = closeKey(coordinator);
  const steps: Awaited<ReturnType<typeof encryptForRound>>[] = [];
  for (const [i, vector] of vectors.entries()) {
    const client = three.clients[i] as Signer;
    const step = await encryptForRound(plan, seal, client, key.downlink, vector);
    taken(key.next, step.message);
    steps.push(step);
  }
  const [one, two, last] = holders as unknown as [never, never, never];
  const { next, downlink } = closeCommits(key.next);
  const honest = await Promise.all([signRoot(one, downlink), signRoot(two, downlink)]);
  // The third is shown a root without client 2, and signs that.
  const without = encode(steps.slice(0, 2).map(({ message }) => message));
  const split = await signRoot(last, without);
  const signed = [...honest, split].map(({ message }) =>
    decodeEnvelope(message, { header: 200, payload: 0 }),
  );
  const [header, , other] = signed.map((said) => said.header) as [Uint8Array, never, Uint8Array];
  const shown = (signers: readonly number[], said: Uint8Array) =>
    caught(() =>
      checkCommitted(
        steps[0]?.next as never,
        encode([
          encodeQuorum(plan, {
            header: said,
            signers,
            signatures: concat(...signers.map((i) => signed[i]?.signature as Uint8Array)),
          }),
          0,
          [],
        ]),
      ),
    );
  expect((await shown([0, 1], header)).code).toBe('no-quorum');
  // Gone with the first lie: a client that was lied to shows nothing any more.
  expect((await shown([0, 1, 2], other)).code).toBe('state-spent');
  for (const { message } of honest) taken(next, message);
  expect((await caught(() => closeRoot(next))).code).toBe('no-quorum');
});

test('any two quorums share more holders than may sign twice, and all holders make one', async () => {
  for (const members of [1, 2, 3, 4, 5, 7, 10]) {
    const party = await castOf(2, members);
    for (let threshold = Math.min(2, members); threshold <= members; threshold++) {
      for (let corrupt = 0; corrupt < threshold; corrupt++) {
        const { quorum } = planFor(party, { threshold, corrupt, length: 1 });
        expect(2 * quorum - members).toBeGreaterThan(corrupt);
        // One fewer would not do.
        expect(2 * (quorum - 1) - members).toBeLessThanOrEqual(corrupt);
        expect(quorum).toBeLessThanOrEqual(members);
      }
    }
  }
});

test('a signer that fails, or a fetch that says "state-spent", does not cost the holder its answer', async () => {
  const plan = planFor(cast, { length: LENGTH });
  const [signer] = cast.holders as [Signer];
  let down = false;
  const moody: Signer = {
    publicKey: signer.publicKey,
    sign: (message) => {
      if (down) throw new Error('the signer is not there');
      return signer.sign(message);
    },
  };
  const { holder, closing, claim } = await uploaded(plan);
  const options = { signer: moody, claim };
  const restored = restoreHolder(plan, seal, saveHolder(holder), options);
  const signed = await signClose(restored as never, closing.downlink);
  taken(closing.next, signed.message);
  const { next, downlink } = closeClosing(closing.next);
  const fetch = (half: 'body' | 'mask', sender: number, index: number) =>
    fetchHalf(next, half, sender, index);
  down = true;
  await expect(openSum(signed.next, downlink, fetch)).rejects.toThrow('the signer is not there');
  down = false;
  // A coordinator whose state was used, in the same program.
  const spent = await caught(() =>
    openSum(signed.next, downlink, (...which) => fetchHalf(closing.next as never, ...which)),
  );
  expect(spent).toMatchObject({ code: 'state-spent' });
  const { message } = await openSum(signed.next, downlink, fetch);
  taken(next, message);
  expect((await openedSum(next)).sums).toEqual(new Float64Array(LENGTH).fill(321));
  expect(liveHandles(seal)).toBe(0);
});
