/**
 * A round whose clients prove that their updates are in bounds, seen from clients and coordinator. Each
 * attack is first seen to work where nothing is proven, or where nobody looks at the proofs.
 */
import { clientId, integer, noNoise, planBytes, real, type Signer, weightedMean } from 'veilsum';
import * as client from 'veilsum/client';
import * as coordinator from 'veilsum/coordinator';
import { trustIn, verifyBundle } from 'veilsum/verify';
import {
  contributeToUpdateKey,
  insecureUpdateKeyForTestingOnly,
  PROOF_BYTES,
  type ProvenUpdates,
  pedersen,
  provenUpdates,
  type UpdateProver,
  wasmPairing,
} from 'veilsum/zk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commitInputs } from '../../src/round/commitments.ts';
import { type AnyPlan, termsOf } from '../../src/round/plan.ts';
import { provenFields } from '../../src/round/proven-fields.ts';
import type { Committed } from '../../src/secagg/client/committed.ts';
import { mask as secaggMask } from '../../src/secagg/client/mask.ts';
import { share as secaggShare } from '../../src/secagg/client/share.ts';
import type { ClientState } from '../../src/secagg/client/state.ts';
import { signMessage } from '../../src/secagg/signed.ts';
import { vectorBytes } from '../../src/secagg/terms.ts';
import { decode, encode } from '../../src/wire/cbor.ts';
import { decodeEnvelope } from '../../src/wire/envelope.ts';
import { durableClaim, emptyDisk } from '../support/durable-claim.ts';
import { carelessProver, commitAnything, type Who } from '../support/hostile-proofs.ts';
import {
  CONTEXT,
  committedPlanFor,
  type Party,
  party,
  play,
  type Script,
} from '../support/round.ts';
import { endSnarkjs } from '../zk/snarkjs.ts';
import { openCurve } from '../zk/support.ts';
import { type Made, makeKeys } from '../zk/update/support.ts';

/** Two chunks of the tiny circuit. */
const LENGTH = 20;
const FIELDS = { votes: integer({ length: LENGTH, min: 0, max: 1 }) };
const trust = { corrupt: 0.2, absent: 0.25 };
const VOTES = Array.from({ length: LENGTH }, (_, i) => i % 2);
const CHEAT = 'client-2';

let made: Made;
let other: Made;
let people: Party;
let careless: UpdateProver;
beforeAll(async () => {
  const curve = await openCurve();
  const backend = await wasmPairing(curve);
  const fast = async (keys: Made): Promise<Made> => ({
    ...keys,
    key: await insecureUpdateKeyForTestingOnly(keys.bytes, { backend, curve }),
  });
  made = await fast(await makeKeys(16, curve));
  // The same circuit and points, and a party more: another key.
  other = await fast({ ...made, bytes: contributeToUpdateKey(made.bytes) });
  people = await party(5);
  careless = carelessProver(made, 'update-16');
}, 60_000);
afterAll(endSnarkjs);

const proven = (): ProvenUpdates => provenUpdates({ key: made.key });
/** Whoever has this one looks at no proof. */
const blind = (): ProvenUpdates => Object.freeze({ ...proven(), verify: () => [] });
const planned = (commitments = proven()) =>
  committedPlanFor(people, { fields: FIELDS, trust, noise: noNoise(), commitments });
type MadePlan = ReturnType<typeof planned>;

const trusting = (plan: object) => ({
  ...trustIn(plan as AnyPlan),
  insecureKeyForTestingOnly: true,
});
const whoIs = (plan: object, id = CHEAT): Who => ({
  client: clientId(id),
  roundId: termsOf(plan as AnyPlan).roundId,
  context: CONTEXT,
});

/** Plays a round in which everybody else is honest. */
async function played(plan: object, script: Partial<Script<typeof FIELDS>>) {
  const round = plan as MadePlan;
  const inputs = () => ({ votes: VOTES });
  const proving = round.commitments.name === 'proven-updates' ? { prover: made.prove } : {};
  return play(people, round, { inputs, ...proving, ...script });
}

const only =
  (commit: () => Promise<Committed>) =>
  (id: string): Promise<Committed> | undefined =>
    id === CHEAT ? commit() : undefined;

/** That the cheat, and nobody else, was left out, and why. */
function expectLeftOut({ result, faults }: Awaited<ReturnType<typeof played>>, why: RegExp): void {
  const fault = { phase: 'mask', code: 'bad-proof', culprit: CHEAT };
  expect(faults).toEqual([expect.objectContaining(fault)]);
  expect(faults[0]?.message).toMatch(why);
  expect(result.refused).toEqual(faults);
  expect(result.contributors).toEqual(people.ids.filter((id) => id !== CHEAT));
  expect(result.dropped).toEqual([{ id: CHEAT, phase: 'mask' }]);
  expect(result.sum.votes).toEqual(VOTES.map((vote) => 4 * vote));
}

describe('the plan', () => {
  test('names the key and what is proven, in its bytes and so in its hash', () => {
    const plan = planned();
    const value = decode(planBytes(plan), { what: 'plan', maxBytes: 2 ** 20 });
    expect((value as Record<string, unknown>).commitments).toEqual({
      scheme: 'proven-updates',
      key: made.key.hash,
      chunk: 16,
      bits: 16,
      // Votes are committed to as −1 and 0.
      norms: [16],
    });
    expect(plan.commitments.key).toBe(made.key);
  });

  test('derives each field’s bounds from its clip', () => {
    const fields = {
      short: integer({ length: 3, min: -4, max: 3 }),
      flat: real({ length: 40, clip: { norm: 'linf', bound: 2 }, bits: 8 }),
      long: real({ length: 40, clip: { norm: 'l2', bound: 2 }, bits: 8 }),
      mean: weightedMean({ length: 16, clip: { norm: 'linf', bound: 1 }, bits: 4, maxWeight: 10 }),
    };
    const plan = committedPlanFor(people, {
      fields,
      trust,
      noise: noNoise(),
      commitments: proven(),
    });
    expect(provenFields(plan as AnyPlan)).toEqual([
      { name: 'short', length: 3, bits: 3, normMax: 3 * 4 ** 2, firstChunk: 0, chunks: 1 },
      { name: 'flat', length: 40, bits: 8, normMax: 16 * 127 ** 2, firstChunk: 1, chunks: 3 },
      // 127² + 40/4 + 127 + √40/2, in whole numbers: the bound of the field's own code.
      { name: 'long', length: 40, bits: 8, normMax: 16_269, firstChunk: 4, chunks: 3 },
      // Ten times up to 7 each, and the weight among them.
      { name: 'mean', length: 17, bits: 8, normMax: 16 * 70 ** 2, firstChunk: 7, chunks: 2 },
    ]);
  });

  test.each([
    ['reals', real({ length: 3, clip: { norm: 'l2', bound: 1 }, bits: 17 }), /bits: 16 would fit/],
    ['integers', integer({ length: 3, min: 0, max: 65_536 }), /a range of 65536 values would fit/],
    [
      'weighted means',
      weightedMean({ length: 3, clip: { norm: 'l2', bound: 1 }, maxWeight: 100 }),
      /bits: 9 with the same maxWeight would fit/,
    ],
    ['whole chunks of integers', integer({ length: 16, min: 0, max: 65_535 }), /32768 values/],
  ])('refuses %s that are wider than what the key proves', (_, field, fits) => {
    const wide = () =>
      committedPlanFor(people, {
        fields: { field },
        trust,
        noise: noNoise(),
        commitments: proven(),
      });
    expect(wide).toThrow(expect.objectContaining({ code: 'too-many-bits' }));
    expect(wide).toThrow(fits);
    expect(wide).toThrow(/field "field"/);
  });

  test('is read by who names the key in its policy, and by nobody else', () => {
    const bytes = planBytes(planned());
    const policy = { voucher: people.voucher.publicKey, fields: FIELDS };
    const hex = (of: Made): string => Buffer.from(of.key.hash).toString('hex');
    const refused = (commitments: object, message: RegExp, from = bytes): void => {
      const read = () => client.readPlan(from, { ...policy, ...commitments });
      expect(read).toThrow(expect.objectContaining({ code: 'plan-refused' }));
      expect(read).toThrow(message);
    };
    const read = client.readPlan(bytes, { ...policy, commitments: proven() });
    expect(read.commitments.name).toBe('proven-updates');
    refused({}, new RegExp(`provenUpdates.*${hex(made)}`));
    refused({ commitments: pedersen() }, /provenUpdates/);
    refused(
      { commitments: provenUpdates({ key: other.key }) },
      new RegExp(`${hex(made)}, this client's policy expects ${hex(other)}`),
    );
    const bare = { fields: FIELDS, trust, noise: noNoise(), commitments: pedersen() };
    refused({ commitments: proven() }, /without proofs/, planBytes(committedPlanFor(people, bare)));
  });

  test('is not believed where it says what is proven', () => {
    const policy = { voucher: people.voucher.publicKey, commitments: proven() };
    const bytes = planBytes(planned());
    const value = decode(bytes, { what: 'plan', maxBytes: 2 ** 20 }) as Record<string, never>;
    for (const change of [{ norms: [17] }, { norms: [] }, { chunk: 17 }, { bits: 15 }]) {
      const commitments = { ...(value.commitments as unknown as object), ...change };
      const changed = encode({ ...value, commitments });
      expect(() => client.readPlan(changed, policy)).toThrow(/derived numbers/);
    }
  });
});

describe('an honest round', () => {
  test('has a sum, and a bundle that shows the bounds', async () => {
    const plan = planned();
    const { result, faults, left } = await played(plan, {
      vanish: (id) => (id === 'client-4' ? 'mask' : undefined),
    });
    expect([...faults, ...left]).toEqual([]);
    expect(result.sum.votes).toEqual(VOTES.map((vote) => 4 * vote));
    const codes = result.assumptions.map(({ code }) => code);
    for (const code of ['proofs', 'proof-setup', 'proof-composition', 'insecure-key']) {
      expect(codes).toContain(code);
    }
    expect(codes).not.toContain('proof-noise');
    const verdict = await verifyBundle(result.bundle as Uint8Array, trusting(plan));
    expect(verdict.reasons).toEqual([]);
    expect(verdict.sum).toEqual(result.sum);
  });
});

/**
 * The cheat's upload, and the coordinator that waits for it. What others prove is empty, since nobody is to
 * look at it here.
 */
async function upToMask(plan: object, commit: () => Promise<Committed>, words = VOTES) {
  const round = plan as MadePlan;
  const { commitments } = round;
  const policy = { voucher: people.voucher.publicKey, fields: round.fields, commitments };
  const reviewed = client.readPlan(planBytes(round), policy);
  const empty = async () => new Uint8Array(PROOF_BYTES);
  const steps = new Map<string, { readonly next: ClientState; readonly message: Uint8Array }>();
  const accepted = (state: coordinator.CoordinatorState): void => {
    for (const { message } of steps.values()) {
      expect(coordinator.accept(state, message)).toBeUndefined();
    }
  };
  const first = coordinator.begin(round, { context: CONTEXT });
  for (const id of people.ids) {
    const claim = durableClaim(emptyDisk());
    const signer = people.signers.get(id) as Signer;
    steps.set(id, await client.advertise(reviewed, signer, { context: CONTEXT, claim }));
  }
  accepted(first);
  const second = coordinator.close(first);
  for (const [id, { next }] of steps) {
    const downlink = second.downlinks.get(clientId(id)) as client.Downlink<'share'>;
    const own =
      id === CHEAT
        ? await commit()
        : await commitAnything(round as never, words, whoIs(plan, id), empty);
    steps.set(id, await secaggShare(next as ClientState<'share'>, downlink, own));
  }
  accepted(second.next);
  const { next: state, downlinks } = coordinator.close(second.next);
  const downlink = downlinks.get(clientId(CHEAT)) as client.Downlink<'mask'>;
  // What was committed to and proven outlives a crash.
  const signer = people.signers.get(CHEAT) as Signer;
  const saved = client.save(steps.get(CHEAT)?.next as ClientState);
  const claim = durableClaim(emptyDisk());
  const restored = client.restore(reviewed, saved, { signer, claim });
  const { message } = await secaggMask(restored as ClientState<'mask'>, downlink);
  return { state, message };
}

/** What the coordinator says of the cheat's upload, whole and in chunks. */
async function faultOf(plan: object, commit: () => Promise<Committed>, words = VOTES) {
  const { state, message } = await upToMask(plan, commit, words);
  const again = coordinator.restore(plan as MadePlan, coordinator.save(state));
  const whole = coordinator.accept(state, message);
  expect(inChunks(again as coordinator.CoordinatorState<'mask'>, message)).toEqual(whole);
  return whole;
}

function inChunks(state: coordinator.CoordinatorState<'mask'>, message: Uint8Array) {
  const staging = coordinator.openStaging(state, { places: 1 });
  const upload = coordinator.beginUpload(staging) as coordinator.Upload;
  for (let at = 0; at < message.length; at += 331) {
    const fault = coordinator.feedUpload(upload, message.subarray(at, at + 331));
    if (fault !== undefined) return fault;
  }
  return coordinator.finishUpload(upload);
}

function refusedFor(fault: coordinator.Fault | undefined, why: RegExp): void {
  expect(fault).toMatchObject({ phase: 'mask', code: 'bad-proof', culprit: CHEAT });
  expect(fault?.message).toMatch(why);
}

describe('a client that is out of bounds', () => {
  /** Votes are words from 0 to 1: three chunks' worth of ones, and something else in front. */
  const words = (...front: readonly number[]): number[] => [...front, ...VOTES.slice(front.length)];
  const honest = VOTES.slice(0, 16).reduce((sum, vote) => sum + (vote - 1) ** 2, 0);

  test('by one in the norm: three votes for one', async () => {
    // (3 − 1)² + 8·… : the first chunk's squared norm is 17, where 16 is the most.
    const front = words(3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1);
    expect(honest).toBe(8);
    expect(front.slice(0, 16).reduce((sum, word) => sum + (word - 1) ** 2, 0)).toBe(17);
    const naive = planned(pedersen() as never);
    const naively = await played(naive, {
      commit: only(() => commitAnything(naive as never, front, whoIs(naive))),
    });
    expect(naively.result.contributors).toEqual(people.ids);
    const verdict = await verifyBundle(
      naively.result.bundle as Uint8Array,
      trustIn(naive as never),
    );
    expect(verdict.valid).toBe(true);
    expect(verdict.sum).toEqual(naively.result.sum);
    expect(naively.result.sum.votes[0]).toBe(3);

    const plan = planned();
    const commit = only(() => commitAnything(plan as never, front, whoIs(plan), careless));
    expectLeftOut(await played(plan, { commit }), /field "votes", chunk 0: .* \(equation\)/);
  });

  test('but not beyond what is proven, is not noticed: a norm is no range', async () => {
    const plan = planned();
    const front = words(2, 1, 1, 1);
    const commit = only(() => commitAnything(plan as never, front, whoIs(plan), made.prove));
    const { result } = await played(plan, { commit });
    expect(result.refused).toEqual([]);
    expect(result.sum.votes[0]).toBe(2);
  });

  test('is told so by its own program, before anything is proved', async () => {
    const plan = planned();
    const inputs = (id: string) => ({ votes: id === CHEAT ? VOTES.with(0, 2) : VOTES });
    const { left, result } = await played(plan, { inputs });
    expect(left.get(CHEAT)).toMatchObject({ code: 'out-of-range' });
    expect(result.contributors).toHaveLength(4);
  });

  test('by one in a value', async () => {
    const fields = { votes: integer({ length: 3, min: 0, max: 65_535 }) };
    const facts = { fields, trust, noise: noNoise() };
    const wide = [32_768, 32_768, 32_768];
    const naive = committedPlanFor(people, { ...facts, commitments: pedersen() });
    const over = wide.with(0, 65_536);
    expect(
      await faultOf(naive, () => commitAnything(naive as never, over, whoIs(naive)), wide),
    ).toBeUndefined();
    const plan = committedPlanFor(people, { ...facts, commitments: proven() });
    const fault = (first: number, prover: UpdateProver) => {
      const words = wide.with(0, first);
      return faultOf(plan, () => commitAnything(plan as never, words, whoIs(plan), prover), wide);
    };
    const why = expect.stringMatching(/chunk 0: .*\(equation\)/) as unknown;
    const refused = { phase: 'mask', code: 'bad-proof', culprit: CHEAT, message: why };
    expect(await fault(65_536, careless)).toMatchObject(refused);
    expect(await fault(-1, careless)).toMatchObject(refused);
    expect(await fault(65_535, made.prove)).toBeUndefined();
    expect(await fault(0, made.prove)).toBeUndefined();
  });
});

const proving = (plan: object, change: Partial<Who> = {}) => ({
  ...whoIs(plan),
  prover: made.prove,
  ...change,
});

describe('proofs of something else', () => {
  const inputs = { votes: VOTES };
  const commitHonestly = async (plan: object, change: Partial<Who> = {}) =>
    commitInputs<typeof FIELDS>(plan as AnyPlan, inputs, proving(plan, change));

  test.each([
    ['another client', (): Partial<Who> => ({ client: clientId('client-3') })],
    ['another round', (): Partial<Who> => ({ roundId: new Uint8Array(32).fill(9) })],
    ['another model', (): Partial<Who> => ({ context: new Uint8Array(32).fill(9) })],
  ])('%s', async (_, change) => {
    const plan = planned();
    const unseen = planned(blind());
    expect(await faultOf(unseen, () => commitHonestly(unseen, change()))).toBeUndefined();
    refusedFor(
      await faultOf(plan, () => commitHonestly(plan, change())),
      /chunk 0: .*\(equation\)/,
    );
  });

  test('none: a plan with proofs needs a prover, and its errors come through', async () => {
    const plan = planned();
    const { prover, ...without } = proving(plan);
    const commit = (of: object, by: UpdateProver | undefined) =>
      commitInputs<typeof FIELDS>(of as AnyPlan, inputs, { ...without, prover: by });
    const wrong = (got: RegExp) => ({
      code: 'wrong-type',
      message: expect.stringMatching(got) as unknown,
    });
    await expect(commit(plan, undefined)).rejects.toMatchObject(wrong(/got no prover/));
    const bare = committedPlanFor(people, {
      fields: FIELDS,
      trust,
      noise: noNoise(),
      commitments: pedersen(),
    });
    await expect(commit(bare, prover)).rejects.toMatchObject(wrong(/got a prover/));
    const failing = () => Promise.reject(new Error('out of memory'));
    await expect(commit(plan, failing)).rejects.toThrow('out of memory');
    await expect(commit(plan, async () => new Uint8Array(3))).rejects.toMatchObject({
      code: 'wrong-length',
    });
  });

  test('another plan, with the same values', async () => {
    const plan = planned();
    const elsewhere = await commitHonestly(planned());
    refusedFor(await faultOf(plan, async () => elsewhere), /chunk 0: .*\(equation\)/);
  });

  test('another key', async () => {
    const theirs = planned(provenUpdates({ key: other.key }));
    const plan = planned();
    const commit = () =>
      commitInputs<typeof FIELDS>(theirs as never, inputs, {
        ...whoIs(plan),
        prover: other.prove,
      });
    // The images of the other key: nobody showed to know what is in the commitment over this one's.
    refusedFor(await faultOf(plan, commit), /\(knowledge\)/);
  });

  test.each([
    ['with their commitments', true],
    ['without', false],
  ])('another chunk: both are swapped, %s', async (_, all) => {
    const swapped = (bytes: Uint8Array): Uint8Array => {
      const half = bytes.length / 2;
      return Buffer.concat([bytes.subarray(half), bytes.subarray(0, half)]);
    };
    const plan = planned();
    const commit = async () => {
      const { commitments, proofs, ...rest } = await commitHonestly(plan);
      return {
        ...rest,
        commitments: all ? swapped(commitments) : commitments,
        proofs: swapped(proofs),
      };
    };
    const why = all ? /chunk 0: .*\(equation\)/ : /chunk 0: .*\(knowledge\)/;
    refusedFor(await faultOf(plan, commit), why);
  });

  test('another commitment than is proven', async () => {
    const plan = planned();
    const commit = async () => {
      const { proofs } = await commitHonestly(plan);
      return { ...(await commitHonestly(plan)), proofs };
    };
    refusedFor(await faultOf(plan, commit), /chunk 0: .*\(knowledge\)/);
  });

  test('nothing at all, in bytes of the right length', async () => {
    const plan = planned();
    const commit = async () => {
      const committed = await commitHonestly(plan);
      return { ...committed, proofs: new Uint8Array(committed.proofs.length) };
    };
    refusedFor(await faultOf(plan, commit), /chunk 0: .*\(proof-malformed\)/);
  });
});

describe('an upload whose proofs are', () => {
  /** Signed anew by the client itself, with another payload under the header that it has. */
  const resigned = async (
    plan: object,
    message: Uint8Array,
    change: (payload: Uint8Array) => Uint8Array,
  ): Promise<Uint8Array> => {
    const terms = termsOf(plan as AnyPlan);
    const { header, payload } = decodeEnvelope(message, { header: 4_096, payload: 65_536 });
    const signer = people.signers.get(CHEAT) as Signer;
    const index = people.ids.indexOf(CHEAT);
    return (await signMessage(terms, 'mask', index, signer, header, change(payload))).message;
  };
  const cut = (plan: object) => vectorBytes(termsOf(plan as AnyPlan));

  test.each([
    ['missing', 'truncated', (payload: Uint8Array, at: number) => payload.subarray(0, at)],
    ['cut short', 'truncated', (payload: Uint8Array) => payload.subarray(0, -1)],
    ['longer', 'trailing-bytes', (payload: Uint8Array) => Buffer.concat([payload, Buffer.of(0)])],
    [
      'other than those whose hash is signed',
      'bad-proof',
      (payload: Uint8Array) => {
        const out = payload.slice();
        out[out.length - 1] = (out.at(-1) as number) ^ 1;
        return out;
      },
    ],
  ])('%s is refused in the name of its client, whole and in chunks', async (_, code, change) => {
    const plan = planned();
    const { state, message: honest } = await upToMask(plan, () =>
      commitInputs<typeof FIELDS>(plan as AnyPlan, { votes: VOTES }, proving(plan)),
    );
    const spoilt = await resigned(plan, honest, (payload) => change(payload, cut(plan)));
    const saved = coordinator.save(state);
    const restored = () => coordinator.restore(plan, saved) as coordinator.CoordinatorState<'mask'>;
    if (code === 'trailing-bytes') {
      // Too long for anybody: refused before the signature is looked at.
      expect(coordinator.accept(state, spoilt)).toMatchObject({ code: 'malformed' });
      expect(inChunks(restored(), spoilt)).toMatchObject({ code: 'too-large' });
      expect(coordinator.accept(state, honest)).toBeUndefined();
      return;
    }
    const fault = { phase: 'mask', code, culprit: CHEAT };
    expect(inChunks(restored(), spoilt)).toMatchObject(fault);
    expect(coordinator.accept(state, spoilt)).toMatchObject(fault);
    expect(coordinator.accept(state, honest)).toMatchObject({ code: 'excluded' });
  });
});
