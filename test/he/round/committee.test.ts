/** An encrypted round under a committee: 3 of 5 open, exactly and approximately; and who cheats. */
import { beforeAll, expect, test } from 'vitest';
import { CodecError, ProtocolError, UsageError, type VeilsumError } from '../../../src/errors.ts';
import { encodeLattice } from '../../../src/he/codec.ts';
import { bytesOf, commonPolynomial } from '../../../src/he/committee/index.ts';
import {
  acceptEncrypted,
  beginCommitteeRound,
  beginEncryptedRound,
  closeJoins,
  closeKey,
  closeReveals,
  type EncryptedCoordinator,
  type EncryptedHolder,
  fetchHalf,
  joinCommittee,
  liveHandles,
  openedSum,
  openSeal,
  openSum,
  receiveShares,
  restoreHolder,
  revealShare,
  type Seal,
  saveHolder,
  signClose,
} from '../../../src/he/index.ts';
import { keyHashOf, say } from '../../../src/he/round/messages.ts';
import { encodeRevealHeader } from '../../../src/he/round/setup-messages.ts';
import type { Signer } from '../../../src/identity/signer.ts';
import { concat } from '../../../src/internal/bytes.ts';
import { decode, encode } from '../../../src/wire/cbor.ts';
import { dice } from '../support.ts';
import {
  type Cast,
  castOf,
  committeeClosed,
  diskClaim,
  holderName,
  keyedCommittee,
  planFor,
  taken,
} from './support.ts';

let seal: Seal;
let cast: Cast;
beforeAll(async () => {
  seal = await openSeal();
  cast = await castOf(4, 5);
});

/** The error that a call throws or rejects with. */
async function caught(call: () => unknown): Promise<VeilsumError> {
  try {
    await call();
  } catch (error) {
    const isOurs = [ProtocolError, UsageError, CodecError].some((kind) => error instanceof kind);
    if (isOurs) return error as VeilsumError;
    throw error;
  }
  throw new Error('expected a refusal');
}

const fetching =
  (state: EncryptedCoordinator<'open'>) =>
  (half: 'body' | 'mask', sender: number, index: number): Promise<Uint8Array> =>
    fetchHalf(state, half, sender, index);

test('3 of 5 open an exact sum, though one member has gone after the key', async () => {
  const plan = planFor(cast, { threshold: 3, length: 20_000 });
  expect([plan.sum.set.name, plan.quorum, plan.corrupt]).toEqual(['exact-committee-8192', 4, 2]);
  const roll = dice(5);
  const vectors = Array.from({ length: 4 }, () =>
    Float64Array.from({ length: 20_000 }, () => (roll() % 2001) - 1000),
  );
  const who = { there: [0, 1, 2, 4], active: [0, 2, 4] };
  const { holders, coordinator, downlink } = await committeeClosed(seal, cast, plan, vectors, who);
  const fetch = fetching(coordinator);
  const open = async (i: number): Promise<void> => {
    const state = holders.get(i) as EncryptedHolder<'open'>;
    taken(coordinator, (await openSum(state, downlink, fetch)).message);
  };
  await open(0);
  await open(4);
  expect(await caught(() => openedSum(coordinator, seal))).toMatchObject({
    code: 'below-threshold',
    details: { got: 2, expected: 3 },
  });
  // Member 1 signed the closing, but is not among those who open.
  expect(await caught(() => open(1))).toMatchObject({ code: 'inconsistent-survivors' });
  await open(2);
  expect((await caught(() => openedSum(coordinator))).code).toBe('wrong-type');
  const { sums, errorBound, assumptions } = await openedSum(coordinator, seal);
  expect(errorBound).toBe(0);
  expect(assumptions.map(({ code }) => code)).toContain('committee');
  for (const [i, sum] of sums.entries()) {
    const exact = vectors.reduce((all, vector) => all + (vector[i] as number), 0);
    if (sum !== exact) throw new Error(`coordinate ${i}: got ${sum}, expected ${exact}`);
  }
  expect(liveHandles(seal)).toBe(0);
});

test('2 of 3 open an approximate sum within its bound', async () => {
  const three = await castOf(3, 3);
  const plan = planFor(three, {
    threshold: 2,
    length: 5_000,
    clip: 1,
    precision: 1e-3,
    scheme: 'ckks',
  });
  const roll = dice(6);
  const vectors = Array.from({ length: 3 }, () =>
    Float64Array.from({ length: 5_000 }, () => roll() / 2 ** 31 - 1),
  );
  const who = { there: [0, 1, 2], active: [1, 2] };
  const { holders, coordinator, downlink } = await committeeClosed(seal, three, plan, vectors, who);
  for (const i of who.active) {
    const state = holders.get(i) as EncryptedHolder<'open'>;
    const { message } = await openSum(state, downlink, fetching(coordinator));
    taken(coordinator, message);
  }
  const { sums, errorBound } = await openedSum(coordinator, seal);
  let worst = 0;
  for (const [i, sum] of sums.entries()) {
    const exact = vectors.reduce((all, vector) => all + (vector[i] as number), 0);
    worst = Math.max(worst, Math.abs(sum - exact));
  }
  expect(worst).toBeLessThanOrEqual(errorBound);
  expect(errorBound).toBeLessThanOrEqual(3e-3);
  expect(worst).toBeGreaterThan(0);
  expect(liveHandles(seal)).toBe(0);
});

test('a member answers once, also when it was restored after a crash', async () => {
  const plan = planFor(cast, { threshold: 2, length: 100 });
  const claims = cast.holders.map(() => diskClaim());
  const vectors = [1, 2].map((value) => new Float64Array(100).fill(value));
  const who = { there: [0, 1, 2, 3], active: [0, 3] };
  const round = await committeeClosed(seal, cast, plan, vectors, who, claims);
  const { holders, coordinator, downlink } = round;
  const fetch = fetching(coordinator);
  const [first, last] = [holders.get(0), holders.get(3)] as [
    EncryptedHolder<'open'>,
    EncryptedHolder<'open'>,
  ];
  const restored = (i: number, saved: Uint8Array) =>
    restoreHolder(plan, seal, saved, {
      signer: cast.holders[i] as Signer,
      claim: claims[i] as never,
    }) as EncryptedHolder<'open'>;
  // Member 0 crashes before its answer, member 3 after it.
  const savedFirst = saveHolder(first);
  const savedLast = saveHolder(last);
  const answer = await openSum(last, downlink, fetch);
  expect((await caught(() => openSum(restored(3, savedLast), downlink, fetch))).code).toBe(
    'state-spent',
  );
  taken(coordinator, (await openSum(restored(0, savedFirst), downlink, fetch)).message);
  taken(coordinator, answer.message);
  // Two answers of one member do not both count.
  expect(acceptEncrypted(coordinator, answer.message)).toBeUndefined();
  expect((await openedSum(coordinator, seal)).sums).toEqual(new Float64Array(100).fill(3));
});

test('in the setup: no part of the key that was not committed to, no other members, no open box', async () => {
  const three = await castOf(2, 3);
  const plan = planFor(three, { threshold: 2, length: 10 });
  const signers = three.holders as readonly [Signer, Signer, Signer];
  expect((await caught(() => beginEncryptedRound(plan))).code).toBe('wrong-type');
  const single = planFor(await castOf(2));
  expect((await caught(() => beginCommitteeRound(single))).code).toBe('wrong-type');
  expect((await caught(() => joinCommittee(single, seal, { signer: signers[0] }))).code).toBe(
    'wrong-type',
  );

  const play = async () => {
    const state = beginCommitteeRound(plan);
    const joined = [];
    for (const signer of signers) {
      const step = await joinCommittee(plan, seal, { signer, claim: diskClaim() });
      taken(state, step.message);
      joined.push(step);
    }
    return { joined, joins: closeJoins(state) };
  };
  type Played = Awaited<ReturnType<typeof play>>['joined'][number];

  // Member 2 waits for the others' parts and then wants another one: rogue keys.
  const { joined, joins } = await play();
  const other = await play();
  const [one, two, last] = joined as [Played, Played, Played];
  for (const step of [one, two]) {
    taken(joins.next, (await revealShare(step.next, joins.downlink)).message);
  }
  const foreign = await revealShare((other.joined[2] as Played).next, other.joins.downlink);
  expect(acceptEncrypted(joins.next, foreign.message)).toMatchObject({
    code: 'inconsistent-survivors',
    culprit: holderName(2),
  });
  const [envelope, share, boxes] = decode(foreign.message, {
    what: 'test',
    maxBytes: 2 ** 24,
  }) as [Uint8Array, Uint8Array, Uint8Array[]];
  const honest = await revealShare(last.next, joins.downlink);
  const parts = decode(honest.message, { what: 'test', maxBytes: 2 ** 24 }) as typeof mixed;
  const mixed: [Uint8Array, Uint8Array, Uint8Array[]] = [parts[0], share, parts[2]];
  // Whoever carries a signed reveal can put other parts beside it: that proves nothing against member 2.
  for (const forged of [mixed, [parts[0], parts[1], boxes]]) {
    const fault = acceptEncrypted(joins.next, encode(forged as typeof mixed));
    expect(fault).toMatchObject({ code: 'not-committed', claimed: holderName(2) });
    expect(fault).not.toHaveProperty('culprit');
  }
  // A part that it did sign, but not commit to, does.
  const header = decode(parts[0], { what: 'test', maxBytes: 2 ** 20 }) as never[];
  const [joinsHash] = decode(header[4] as unknown as Uint8Array, {
    what: 'test',
    maxBytes: 2 ** 20,
  }) as [Uint8Array];
  const signed = encodeRevealHeader({ joinsHash, share, boxes });
  const rogue = await say(plan, 'reveal', 2, signers[2], signed);
  expect(acceptEncrypted(joins.next, encode([rogue.message, share, boxes]))).toMatchObject({
    code: 'bad-key',
    culprit: holderName(2),
  });
  expect(acceptEncrypted(joins.next, encode([envelope, share]))?.code).toBe('malformed');
  expect((await caught(() => closeReveals(joins.next))).code).toBe('no-quorum');
  taken(joins.next, honest.message);

  // The coordinator swaps boxes, or leaves a member out.
  const { downlinks } = closeReveals(joins.next);
  const forTwo = downlinks.get(holderName(1)) as Uint8Array;
  expect(
    await caught(async () => {
      const step = await joinAgain();
      return receiveShares(step, forTwo);
    }),
  ).toMatchObject({ code: 'inconsistent-survivors' });

  async function joinAgain() {
    const again = await play();
    return (await revealShare((again.joined[0] as Played).next, again.joins.downlink)).next;
  }
  const third = await play();
  const without = decode(third.joins.downlink, { what: 'test', maxBytes: 2 ** 20 }) as Uint8Array[];
  const [a, b] = without as [Uint8Array, Uint8Array];
  const [x, y, z] = third.joined as [Played, Played, Played];
  expect(await caught(() => revealShare(x.next, encode([a, b])))).toMatchObject({
    code: 'bad-downlink',
    culprits: ['coordinator'],
  });
  const forged = await say(plan, 'join', 2, signers[0], new Uint8Array(8));
  expect((await caught(() => revealShare(y.next, encode([a, b, forged.message])))).code).toBe(
    'bad-signature',
  );
  // Its own word in another's place: a copy of this member would be the third.
  const others = decode(joins.downlink, { what: 'test', maxBytes: 2 ** 20 }) as Uint8Array[];
  expect((await caught(() => revealShare(z.next, encode(others)))).code).toBe(
    'inconsistent-survivors',
  );
  expect((await caught(() => revealShare(z.next, encode(others)))).code).toBe('state-spent');
  expect(liveHandles(seal)).toBe(0);
});

test('a member that signs another key first is known for it, and nobody else', async () => {
  const three = await castOf(2, 3);
  const plan = planFor(three, { threshold: 2, length: 10 });
  const first = beginCommitteeRound(plan);
  const joined = [];
  for (const signer of three.holders) {
    const step = await joinCommittee(plan, seal, { signer, claim: diskClaim() });
    taken(first, step.message);
    joined.push(step.next);
  }
  const joins = closeJoins(first);
  const revealed = [];
  for (const state of joined) {
    const step = await revealShare(state, joins.downlink);
    taken(joins.next, step.message);
    revealed.push(step.next);
  }
  const { next, downlinks } = closeReveals(joins.next);
  // A well-formed key of its own, before anybody else has signed one.
  const other = commonPolynomial(plan.sum.set, new Uint8Array(32));
  const { set } = plan.sum;
  const words = concat(bytesOf(other), bytesOf(other));
  const head = { kind: 'public-key', set, roundId: plan.roundId, index: 0 } as const;
  const foreign = encodeLattice(head, words);
  const liar = three.holders[2] as Signer;
  const lie = await say(plan, 'key', 2, liar, keyHashOf(plan, foreign), foreign);
  expect(acceptEncrypted(next, lie.message)).toMatchObject({
    code: 'bad-key',
    culprit: holderName(2),
  });
  for (const i of [0, 1]) {
    const downlink = downlinks.get(holderName(i)) as Uint8Array;
    taken(next, (await receiveShares(revealed[i] as never, downlink)).message);
  }
  expect((await caught(() => closeKey(next))).code).toBe('no-quorum');
  expect(liveHandles(seal)).toBe(0);
});

test('every member signs the same key, and none of them another in the round', async () => {
  const three = await castOf(2, 3);
  const plan = planFor(three, { threshold: 3, length: 10 });
  expect(plan.quorum).toBe(3);
  const claims = three.holders.map(() => diskClaim());
  const { holders } = await keyedCommittee(seal, three, plan, claims);
  expect(holders.map(({ next }) => next)).toEqual(['root', 'root', 'root']);
  expect((await caught(() => keyedCommittee(seal, three, plan, claims))).code).toBe('state-spent');
  const [holder] = holders as [EncryptedHolder<'root'>];
  expect((await caught(() => signClose(holder as never, new Uint8Array(0)))).code).toBe(
    'wrong-type',
  );
});
