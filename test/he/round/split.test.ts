/**
 * Two closings for one round, shown to different members: with the quorum that a plan has no two of them
 * are signed by enough, and with a bare majority a client's vector is read. And a dealer whose box does
 * not open.
 */
import { beforeAll, expect, test } from 'vitest';
import { ProtocolError } from '../../../src/errors.ts';
import { decodeLattice } from '../../../src/he/codec.ts';
import { exactCombiner } from '../../../src/he/committee/index.ts';
import {
  beginCommitteeRound,
  checkCommitted,
  chunkOf,
  closeCommits,
  closeJoins,
  closeKey,
  closeReveals,
  closeRoot,
  closeUploads,
  type EncryptedHolder,
  type EncryptedRound,
  encryptForRound,
  type HolderClaim,
  joinCommittee,
  liveHandles,
  openSeal,
  openSum,
  receiveShares,
  restoreHolder,
  revealShare,
  type Seal,
  saveHolder,
  signClose,
  signRoot,
} from '../../../src/he/index.ts';
import { answerLength } from '../../../src/he/round/answers.ts';
import { unpackInto } from '../../../src/he/round/layout.ts';
import {
  decodeClose,
  encodeClose,
  encodeQuorum,
  halfLength,
  say,
} from '../../../src/he/round/messages.ts';
import {
  decodeRevealHeader,
  encodeRevealHeader,
  setupLimits,
} from '../../../src/he/round/setup-messages.ts';
import { addInto, openLatticeSum, sumOf } from '../../../src/he/sum/lattice-sum.ts';
import type { Signer } from '../../../src/identity/signer.ts';
import { concat } from '../../../src/internal/bytes.ts';
import { decode, encode } from '../../../src/wire/cbor.ts';
import { decodeEnvelope } from '../../../src/wire/envelope.ts';
import {
  type Cast,
  castOf,
  clientName,
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
  cast = await castOf(3, 5);
});

const LENGTH = 40;
const vectors = [5, 70, 900].map((value) =>
  Float64Array.from({ length: LENGTH }, (_, i) => value - i),
);
const CORRUPT = [3, 4];

/** The store of a member that signs and answers whatever it likes. */
const forgetful: HolderClaim = () => 'first';

/** A closing as far as one group of members has come with it. */
type Split = { readonly shown: readonly number[]; readonly contributors: readonly number[] };

/**
 * Plays a round whose coordinator shows each group of members a closing of its own; members 3 and 4 take
 * part in both. Gives what each closing opens to, or the error of its first honest member.
 */
async function splitClosings(
  plan: EncryptedRound,
  splits: readonly Split[],
): Promise<readonly (Float64Array | ProtocolError)[]> {
  const claims = cast.holders.map((_, i) => (CORRUPT.includes(i) ? forgetful : diskClaim()));
  const { holders, coordinator } = await keyedCommittee(seal, cast, plan, claims);
  const key = closeKey(coordinator);
  const waiting: Awaited<ReturnType<typeof encryptForRound>>[] = [];
  for (const [i, vector] of vectors.entries()) {
    const signer = cast.clients[i] as Signer;
    waiting.push(await encryptForRound(plan, seal, signer, key.downlink, vector));
    taken(key.next, (waiting[i] as (typeof waiting)[0]).message);
  }
  const committed = closeCommits(key.next);
  const saved: Uint8Array[] = [];
  for (const state of holders) {
    const { next, message } = await signRoot(state, committed.downlink);
    taken(committed.next, message);
    saved.push(saveHolder(next));
  }
  const { next: uploading, downlinks } = closeRoot(committed.next);
  const chunks = waiting.map(({ next }, i) =>
    chunkOf(checkCommitted(next, downlinks.get(clientName(i)) as Uint8Array), 0),
  );
  for (const chunk of chunks) taken(uploading, chunk);
  const honest = decodeClose(plan, closeUploads(uploading).downlink);

  const half = halfLength(plan);
  const play = async ({ shown, contributors }: Split): Promise<Float64Array> => {
    const active = [shown[0] as number, ...CORRUPT];
    const header = encodeClose(plan, { ...honest, contributors, active });
    const states = new Map<number, EncryptedHolder<'open'>>();
    const signatures: Uint8Array[] = [];
    const signers = [...shown, ...CORRUPT];
    for (const i of signers) {
      const options = { signer: cast.holders[i] as Signer, claim: claims[i] as HolderClaim };
      const state = restoreHolder(plan, seal, saved[i] as Uint8Array, options);
      const { next, message } = await signClose(state as never, header as never);
      states.set(i, next);
      signatures.push(decodeEnvelope(message, { header: 300, payload: 0 }).signature);
    }
    const downlink = encodeQuorum(plan, { header, signers, signatures: concat(...signatures) });
    const { set } = plan.sum;
    const { roundId } = plan;
    const shares = [];
    for (const i of active) {
      const { message } = await openSum(
        states.get(i) as EncryptedHolder<'open'>,
        downlink as never,
        (_, sender) => (chunks[sender] as Uint8Array).subarray(4 + half),
      );
      const limits = { header: 300, payload: answerLength(plan) };
      const share = { kind: 'decryption-share', set, roundId, index: 0 } as const;
      shares.push(decodeLattice(share, decodeEnvelope(message, limits).payload));
    }
    using bodies = openLatticeSum(set, 'body', roundId, 1);
    for (const sender of contributors) {
      addInto(bodies, 0, (chunks[sender] as Uint8Array).subarray(4, 4 + half));
    }
    using combiner = exactCombiner(seal, plan.sum, plan.threshold);
    const sums = new Float64Array(LENGTH);
    unpackInto(sums, plan.sum, combiner.combine(sumOf(bodies, 0), shares), 0, contributors.length);
    return sums;
  };
  const results: (Float64Array | ProtocolError)[] = [];
  for (const split of splits) {
    results.push(
      await play(split).catch((error: unknown) => {
        if (error instanceof ProtocolError) return error;
        throw error;
      }),
    );
  }
  expect(liveHandles(seal)).toBe(0);
  return results;
}

const all = { shown: [0], contributors: [0, 1, 2] };
const withoutTwo = { shown: [1], contributors: [0, 1] };
const total = vectors.reduce((sum, vector) => sum.map((value, i) => value + (vector[i] as number)));

test('with a bare majority as its quorum, two closings open, and their difference is one vector', async () => {
  const plan = planFor(cast, { threshold: 3, corrupt: 0, length: LENGTH });
  expect(plan.quorum).toBe(3);
  const [a, b] = await splitClosings(plan, [all, withoutTwo]);
  expect(a).toEqual(total);
  expect((a as Float64Array).map((sum, i) => sum - ((b as Float64Array)[i] as number))).toEqual(
    vectors[2],
  );
}, 30_000);

test('with two corrupt of five in the plan, no two closings have a quorum, however members are split', async () => {
  const refused = { code: 'no-quorum', culprits: ['coordinator'] };
  const played = (splits: readonly Split[]) => {
    const plan = planFor(cast, { threshold: 3, length: LENGTH });
    expect([plan.corrupt, plan.quorum]).toEqual([2, 4]);
    return splitClosings(plan, splits);
  };
  // One honest member each is not enough, and the third can help but one of them.
  expect(await played([all, withoutTwo])).toMatchObject([refused, refused]);
  expect(await played([{ ...all, shown: [0, 2] }, withoutTwo])).toMatchObject([total, refused]);
  const other = vectors[0]?.map((value, i) => value + (vectors[1]?.[i] as number));
  expect(await played([all, { ...withoutTwo, shown: [1, 2] }])).toMatchObject([refused, other]);
}, 60_000);

test('a dealer whose box does not open is named by the member that it was for', async () => {
  const three = await castOf(2, 3);
  const plan = planFor(three, { threshold: 2, length: 10 });
  const state = beginCommitteeRound(plan);
  const joined: Awaited<ReturnType<typeof joinCommittee>>[] = [];
  for (const signer of three.holders) {
    const step = await joinCommittee(plan, seal, { signer });
    taken(state, step.message);
    joined.push(step);
  }
  const joins = closeJoins(state);
  const revealed: Awaited<ReturnType<typeof revealShare>>['next'][] = [];
  for (const [i, { next }] of joined.entries()) {
    const step = await revealShare(next, joins.downlink);
    revealed.push(step.next);
    if (i !== 1) {
      taken(joins.next, step.message);
      continue;
    }
    // Member 1 deals member 2 something else, and signs that as it signs the rest.
    const [envelope, share, boxes] = decode(step.message, { what: 'test', maxBytes: 2 ** 24 }) as [
      Uint8Array,
      Uint8Array,
      Uint8Array[],
    ];
    const bent = (boxes[2] as Uint8Array).slice();
    bent[bent.length - 1] = (bent.at(-1) as number) ^ 1;
    const dealt = [boxes[0], boxes[1], bent] as Uint8Array[];
    const { header } = decodeEnvelope(envelope, setupLimits(plan));
    const { joinsHash } = decodeRevealHeader(plan, header);
    const signed = encodeRevealHeader({ joinsHash, share, boxes: dealt });
    const said = await say(plan, 'reveal', 1, three.holders[1] as Signer, signed);
    // The coordinator cannot see it.
    taken(joins.next, encode([said.message, share, dealt]));
  }
  const { next, downlinks } = closeReveals(joins.next);
  const received = (i: number) =>
    receiveShares(revealed[i] as never, downlinks.get(holderName(i)) as never);
  for (const i of [0, 1]) taken(next, (await received(i)).message);
  await expect(received(2)).rejects.toMatchObject({
    code: 'bad-share',
    culprits: [{ client: holderName(1) }],
  });
  // Without the third nobody encrypts under this key.
  expect(() => closeKey(next)).toThrow(expect.objectContaining({ code: 'no-quorum' }));
  expect(liveHandles(seal)).toBe(0);
});
