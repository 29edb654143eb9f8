/** Inputs that are none, and messages that do not belong: named errors, and the round goes on. */
import { beforeAll, expect, test } from 'vitest';
import { CapacityError, CodecError, ProtocolError, UsageError } from '../../../src/errors.ts';
import { encodeLattice } from '../../../src/he/codec.ts';
import {
  acceptEncrypted,
  beginEncryptedRound,
  checkCommitted,
  chunkOf,
  closeCommits,
  closeKey,
  closeRoot,
  closeUploads,
  type EncryptedClient,
  encryptedRound,
  encryptForRound,
  liveHandles,
  openSeal,
  readEncryptedRound,
  type Seal,
  signRoot,
  startKeyHolder,
} from '../../../src/he/index.ts';
import { hashOfHalf, say } from '../../../src/he/round/messages.ts';
import { type Roster, signRoster } from '../../../src/identity/roster.ts';
import type { Signer } from '../../../src/identity/signer.ts';
import { concat, u32 } from '../../../src/internal/bytes.ts';
import { decode, encode } from '../../../src/wire/cbor.ts';
import { malformedUploads } from './malformed.ts';
import { type Cast, castOf, clientName, planFor, taken, toTheEnd, untilUpload } from './support.ts';

let seal: Seal;
let cast: Cast;
beforeAll(async () => {
  seal = await openSeal();
  cast = await castOf(4);
});

const policy = () => ({
  clientVoucher: cast.voucher.publicKey,
  holderVoucher: cast.voucher.publicKey,
  floor: 2,
  threshold: 1,
});

test('5,000 malformed uploads', async () => {
  await malformedUploads(5_000);
});

test.each([
  ['NaN', Number.NaN, 'not-finite'],
  ['infinity', Number.POSITIVE_INFINITY, 'not-finite'],
  ['beyond the clip', 1000.0001, 'out-of-range'],
  ['below it', -1001, 'out-of-range'],
  ['no whole number', 12.25, 'out-of-range'],
  ['text', '5', 'wrong-type'],
  ['nothing', undefined, 'wrong-type'],
])(
  'a vector with %s is refused before it is encoded, without its value',
  async (_, value, code) => {
    const plan = planFor(cast, { length: 50 });
    const vector = new Array<unknown>(50).fill(3);
    vector[17] = value;
    const signer = cast.clients[0] as Signer;
    const refused = await encryptForRound(
      plan,
      seal,
      signer,
      new Uint8Array(0),
      vector as number[],
    ).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(UsageError);
    expect(refused).toMatchObject({ code, details: { index: 17 } });
    expect((refused as Error).message).toContain('[17]');
    expect((refused as Error).message).not.toMatch(/1000\.0001|1001|12\.25/);
  },
);

test('vectors of another length, signers of no roster, plans of no kind', async () => {
  const plan = planFor(cast, { length: 50 });
  const [signer] = cast.clients as [Signer];
  const empty = new Uint8Array(0);
  const encrypting = (who: Signer, length: number) =>
    encryptForRound(plan, seal, who, empty, new Float64Array(length));
  await expect(encrypting(signer, 49)).rejects.toMatchObject({ code: 'wrong-length' });
  await expect(encrypting(cast.voucher, 50)).rejects.toMatchObject({ code: 'unknown-id' });
  await expect(encrypting(signer, 50)).rejects.toThrow(CodecError);
  await expect(startKeyHolder(plan, seal, { signer })).rejects.toMatchObject({
    code: 'unknown-id',
  });
  const committee = await castOf(3, 3);
  const three = planFor(committee, { threshold: 2 });
  const [member] = committee.holders as [Signer];
  await expect(startKeyHolder(three, seal, { signer: member })).rejects.toMatchObject({
    code: 'wrong-type',
  });
});

test('facts that make no plan', async () => {
  const facts = {
    name: 'test',
    clients: cast.clientRoster,
    holders: cast.holderRoster,
    threshold: 1,
    floor: 2,
    length: 10,
    clip: 1,
    precision: 0.1,
  };
  const refused = (changed: Partial<typeof facts> & { nonce?: Uint8Array; corrupt?: number }) => {
    try {
      encryptedRound({ ...facts, ...changed });
    } catch (error) {
      return (error as UsageError).code;
    }
    return 'taken';
  };
  expect(refused({})).toBe('taken');
  expect(refused({ name: '' })).toBe('out-of-range');
  expect(refused({ floor: 1 })).toBe('out-of-range');
  expect(refused({ floor: 5 })).toBe('out-of-range');
  expect(refused({ threshold: 2 })).toBe('out-of-range');
  expect(refused({ corrupt: 1 })).toBe('out-of-range');
  expect(refused({ nonce: new Uint8Array(15) })).toBe('out-of-range');
  expect(refused({ clip: Number.NaN })).toBe('not-finite');
  expect(refused({ clients: { ...cast.clientRoster } as Roster })).toBe('wrong-type');
  expect(() => encryptedRound({ ...facts, clip: 1e9, precision: 1e-9 })).toThrow(CapacityError);
  // A client that holds the key, under another name.
  const [client] = cast.clients as [Signer];
  const { publicKey } = client;
  const holders = await signRoster([{ id: 'somebody', publicKey }], cast.voucher);
  expect(refused({ holders })).toBe('duplicate-id');
  const sameId = { id: clientName(1), publicKey: cast.voucher.publicKey };
  expect(refused({ holders: await signRoster([sameId], cast.voucher) })).toBe('duplicate-id');
});

test('a plan is read byte for byte, under the reader’s policy, or not at all', async () => {
  const plan = planFor(cast, { length: 40, clip: 0.1, precision: 1e-3, nonce: new Uint8Array(16) });
  const read = readEncryptedRound(plan.bytes, policy());
  expect([read.roundId, read.sum, read.quorum]).toEqual([plan.roundId, plan.sum, plan.quorum]);
  const changed = (policyChange: object, bytes: Uint8Array = plan.bytes) => {
    try {
      readEncryptedRound(bytes, { ...policy(), ...policyChange });
    } catch (error) {
      if (error instanceof CodecError || error instanceof ProtocolError) return error.code;
      throw error;
    }
    return 'taken';
  };
  const [client] = cast.clients as [Signer];
  expect(changed({ clientVoucher: client.publicKey })).toBe('bad-roster');
  expect(changed({ holderVoucher: client.publicKey })).toBe('bad-roster');
  expect(changed({ floor: 3 })).toBe('plan-refused');
  expect(changed({ threshold: 2 })).toBe('plan-refused');
  const of = decode(plan.bytes, { what: 'test', maxBytes: 2 ** 20 }) as never[];
  const withField = (at: number, value: unknown) => {
    const other = [...of];
    other[at] = value as never;
    return encode(other);
  };
  expect(changed({}, withField(0, 2))).toBe('unknown-version');
  expect(changed({}, withField(5, 2))).toBe('plan-refused');
  expect(changed({}, withField(7, 9))).toBe('plan-refused');
  expect(changed({}, withField(9, new Uint8Array(8).fill(0xff)))).toBe('plan-refused');
  expect(changed({}, withField(11, 3))).toBe('malformed');
  expect(changed({}, plan.bytes.subarray(1))).not.toBe('taken');
  expect(changed({}, concat(plan.bytes, Uint8Array.of(0)))).toBe('trailing-bytes');
});

test('messages of another phase, round or sender are refused; twice the same is not', async () => {
  const plan = planFor(cast, { length: 50 });
  const [holder] = cast.holders as [Signer];
  const keyed = await startKeyHolder(plan, seal, { signer: holder });
  const state = beginEncryptedRound(plan);
  expect(() => closeKey(state)).toThrow(ProtocolError);
  const fault = (message: Uint8Array) => acceptEncrypted(state, message)?.code;
  expect(fault(new Uint8Array(0))).toBe('truncated');
  expect(fault(keyed.message.subarray(1))).toBeDefined();
  const nothing = new Uint8Array(32);
  expect(fault((await say(planFor(cast), 'key', 0, holder, nothing)).message)).toBe('wrong-round');
  expect(fault((await say(plan, 'root', 0, holder, nothing)).message)).toBe('wrong-phase');
  expect(fault((await say(plan, 'key', 1, holder, nothing)).message)).toBe('not-on-roster');
  expect(fault((await say(plan, 'key', 0, cast.voucher, nothing)).message)).toBe('bad-signature');
  expect(fault((await say(plan, 'key', 0, holder, nothing)).message)).toBe('truncated');
  taken(state, keyed.message);
  expect(acceptEncrypted(state, keyed.message)).toBeUndefined();
  const other = await say(plan, 'key', 0, holder, nothing);
  expect(acceptEncrypted(state, other.message)).toMatchObject({
    code: 'equivocation',
    culprit: 'holder-0',
  });
  const key = closeKey(state);
  expect(() => closeCommits(key.next)).toThrow(ProtocolError);
  // A spent state says so.
  expect(() => acceptEncrypted(state, keyed.message)).toThrow(UsageError);
  expect(() => closeKey(state)).toThrow(UsageError);
});

test('a client that commits to no ciphertext is out, with proof; the others’ sum opens', async () => {
  const plan = planFor(cast, { length: 50 });
  const [holder] = cast.holders as [Signer];
  const keyed = await startKeyHolder(plan, seal, { signer: holder });
  const state = beginEncryptedRound(plan);
  taken(state, keyed.message);
  const key = closeKey(state);
  const waiting: EncryptedClient<'root'>[] = [];
  for (const i of [0, 1]) {
    const client = cast.clients[i] as Signer;
    const vector = new Float64Array(50).fill(i + 1);
    const step = await encryptForRound(plan, seal, client, key.downlink, vector);
    taken(key.next, step.message);
    waiting.push(step.next);
  }
  const { set } = plan.sum;
  const head = { set, roundId: plan.roundId, index: 0 };
  const zeros = new Uint8Array(8 * set.degree);
  const body = encodeLattice({ ...head, kind: 'body' }, zeros);
  const mask = encodeLattice({ ...head, kind: 'mask' }, zeros);
  const hashes = concat(hashOfHalf(2, body), hashOfHalf(2, mask));
  const keyHash = decodeKeyHash(keyed.message);
  const poisoner = cast.clients[2] as Signer;
  taken(key.next, (await say(plan, 'commit', 2, poisoner, keyHash, hashes)).message);
  const committed = closeCommits(key.next);
  const rooted = await signRoot(keyed.next, committed.downlink);
  taken(committed.next, rooted.message);
  const { next, downlinks } = closeRoot(committed.next);
  const clients = waiting.map((client, i) =>
    checkCommitted(client, downlinks.get(clientName(i)) as Uint8Array),
  );
  for (const client of clients) taken(next, chunkOf(client, 0));
  const chunk = concat(u32(2), body, mask);
  expect(acceptEncrypted(next, chunk)).toMatchObject({
    code: 'malformed',
    culprit: clientName(2),
  });
  expect(acceptEncrypted(next, chunk)?.code).toBe('excluded');
  const round = { plan, holder: rooted.next, clients, coordinator: next };
  const { sums, missing, refused } = await toTheEnd(round);
  expect(sums).toEqual(new Float64Array(50).fill(3));
  expect(missing).toEqual([2, 3].map(clientName));
  expect(refused[0]?.culprit).toBe(clientName(2));
  expect(liveHandles(seal)).toBe(0);
});

/** The header of a key message: what commits must bear. */
const decodeKeyHash = (message: Uint8Array): Uint8Array =>
  (decode(message, { what: 'test', maxBytes: 2 ** 20 }) as never[])[4] as unknown as Uint8Array;

test('below the floor nothing is closed; late uploads still count', async () => {
  const plan = planFor(cast, { length: 50, floor: 3 });
  const vectors = [1, 2, 3].map((value) => new Float64Array(50).fill(value));
  const round = await untilUpload(seal, cast, plan, vectors);
  const [a, b, c] = round.clients.map((client) => chunkOf(client, 0)) as Uint8Array[];
  taken(round.coordinator, a as Uint8Array);
  taken(round.coordinator, b as Uint8Array);
  expect(() => closeUploads(round.coordinator)).toThrow(
    expect.objectContaining({ code: 'below-floor' }),
  );
  taken(round.coordinator, c as Uint8Array);
  const ids = cast.clientRoster.clients.map(({ id }) => id);
  expect(() => closeUploads(round.coordinator, [ids[0] as never])).toThrow(
    expect.objectContaining({ code: 'unknown-id' }),
  );
  expect((await toTheEnd(round)).sums).toEqual(new Float64Array(50).fill(6));
});

test('a vector beyond the clip, from a client that skips the check, shows in the sum', async () => {
  const plan = planFor(cast, { length: 50, clip: 100 });
  // Its fields are offset by 350 and hold 600, where 200 is the most; three honest ones make 600.
  const greedy = { ...plan, sum: { ...plan.sum, clip: 350 } };
  const fair = new Float64Array(50);
  const plans = [plan, plan, greedy];
  const mixed = await untilUpload(
    seal,
    cast,
    plan,
    [fair, fair, new Float64Array(50).fill(250)],
    undefined,
    plans,
  );
  for (const client of mixed.clients) taken(mixed.coordinator, chunkOf(client, 0));
  await expect(toTheEnd(mixed)).rejects.toMatchObject({ code: 'poisoned-sum', culprits: [] });
});
