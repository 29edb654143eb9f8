/**
 * A round whose clients prove that their updates are in bounds, seen from clients and coordinator. Each
 * attack is first seen to work where nothing is proven, or where nobody looks at the proofs.
 */
import { clientId, integer, noNoise, planBytes, real, type Signer, weightedMean } from 'veilsum';
import * as client from 'veilsum/client';
import * as coordinator from 'veilsum/coordinator';
import { trustIn, verifyBundle } from 'veilsum/verify';
import { type ProvenUpdates, pedersen, provenUpdates, type UpdateProver } from 'veilsum/zk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commitInputs } from '../../src/round/commitments.ts';
import { type AnyPlan, termsOf } from '../../src/round/plan.ts';
import { provenFields } from '../../src/round/proven-fields.ts';
import type { Committed } from '../../src/secagg/client/committed.ts';
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
  made = await makeKeys(16);
  other = await makeKeys(16);
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
async function played(
  plan: object,
  script: Partial<Script<typeof FIELDS>>,
  prover: UpdateProver | undefined = made.prove,
) {
  const round = plan as MadePlan;
  const inputs = () => ({ votes: VOTES });
  const proving = prover === undefined ? {} : { prover };
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
      // (M + √d)², in whole numbers: the bound of the field's own code.
      { name: 'long', length: 40, bits: 8, normMax: 17_775, firstChunk: 4, chunks: 3 },
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
      const commitments = { ...(value.commitments as object), ...change };
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

  test('is the same in chunks, cut anywhere', async () => {
    const plan = planned();
    const { state, messages } = await upToMask(plan);
    const staging = coordinator.openStaging(state, { places: 1 });
    for (const message of messages.values()) {
      const upload = coordinator.beginUpload(staging) as coordinator.Upload;
      for (let at = 0; at < message.length; at += 331) {
        expect(coordinator.feedUpload(upload, message.subarray(at, at + 331))).toBeUndefined();
      }
      expect(coordinator.finishUpload(upload)).toBeUndefined();
    }
    expect(coordinator.census(state).accepted).toEqual(people.ids);
  });
});

/** Everybody's upload, and the coordinator that waits for them. */
async function upToMask(
  plan: MadePlan,
  spoilt?: { readonly id: string; readonly prover: UpdateProver },
) {
  const policy = { voucher: people.voucher.publicKey, fields: FIELDS, commitments: proven() };
  const reviewed = client.readPlan(planBytes(plan), policy);
  const first = coordinator.begin(plan, { context: CONTEXT });
  const states = new Map<string, client.Stepped<never, never, never>['next']>();
  for (const id of people.ids) {
    const signer = people.signers.get(id) as Signer;
    const claim = durableClaim(emptyDisk());
    const { next, message } = await client.advertise(reviewed, signer, { context: CONTEXT, claim });
    expect(coordinator.accept(first, message)).toBeUndefined();
    states.set(id, next as never);
  }
  const second = coordinator.close(first);
  for (const id of people.ids) {
    const downlink = second.downlinks.get(clientId(id)) as client.Downlink<'share'>;
    const prover = spoilt?.id === id ? spoilt.prover : made.prove;
    const given = [{ votes: VOTES }, { prover }] as const;
    const { next, message } = await client.share(
      states.get(id) as never,
      downlink,
      ...(given as never),
    );
    expect(coordinator.accept(second.next, message as never)).toBeUndefined();
    states.set(id, next as never);
  }
  const third = coordinator.close(second.next);
  const messages = new Map<string, Uint8Array>();
  for (const id of people.ids) {
    const downlink = third.downlinks.get(clientId(id)) as client.Downlink<'mask'>;
    // What was committed to and proven outlives a crash.
    const signer = people.signers.get(id) as Signer;
    const saved = client.save(states.get(id) as never);
    const claim = durableClaim(emptyDisk());
    const restored = client.restore(reviewed, saved, { signer, claim });
    const { message } = await client.mask(restored as never, downlink);
    messages.set(id, message);
  }
  return { state: third.next, messages };
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
    const naively = await played(
      naive,
      { commit: only(() => commitAnything(naive as never, front, whoIs(naive))) },
      undefined,
    ).catch((error: unknown) => error);
    expect(naively).toMatchObject({ result: { contributors: people.ids, refused: [] } });
    const verdict = await verifyBundle(
      (naively as Awaited<ReturnType<typeof played>>).result.bundle as Uint8Array,
      trustIn(naive as never),
    );
    expect(verdict.valid).toBe(true);
    expect(verdict.sum?.votes?.[0 as never]).toBe(3);

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
    const wide = [65_536, 32_768, 32_768];
    const inputs = () => ({ votes: [32_768, 32_768, 32_768] }) as never;
    const naive = committedPlanFor(people, { ...facts, commitments: pedersen() });
    const naively = await played(
      naive,
      { inputs, commit: only(() => commitAnything(naive as never, wide, whoIs(naive))) },
      undefined,
    );
    expect(naively.result.contributors).toEqual(people.ids);

    const plan = committedPlanFor(people, { ...facts, commitments: proven() });
    const bound = (last: number, prover: UpdateProver) =>
      played(plan, {
        inputs,
        commit: only(() => commitAnything(plan as never, wide.with(0, last), whoIs(plan), prover)),
      });
    const { result, faults } = await bound(65_536, careless);
    expect(faults).toEqual([
      expect.objectContaining({ phase: 'mask', code: 'bad-proof', culprit: CHEAT }),
    ]);
    expect(result.refused).toEqual(faults);
    expect(result.contributors).toHaveLength(4);
    const within = await bound(65_535, made.prove);
    expect(within.faults).toEqual([]);
  });
});

describe('proofs of something else', () => {
  const inputs = { votes: VOTES };
  const proving = (plan: object, change: Partial<Who> = {}) => ({
    ...whoIs(plan),
    prover: made.prove,
    ...change,
  });
  const commitHonestly = async (plan: object, change: Partial<Who> = {}) =>
    commitInputs<typeof FIELDS>(plan as AnyPlan, inputs, proving(plan, change));

  test.each([
    ['another client', (): Partial<Who> => ({ client: clientId('client-3') })],
    ['another round', (): Partial<Who> => ({ roundId: new Uint8Array(32).fill(9) })],
    ['another model', (): Partial<Who> => ({ context: new Uint8Array(32).fill(9) })],
  ])('%s', async (_, change) => {
    const plan = planned();
    const commit = (of: object) => only(() => commitHonestly(of, change()));
    const unseen = planned(blind());
    expect((await played(unseen, { commit: commit(unseen) })).faults).toEqual([]);
    expectLeftOut(await played(plan, { commit: commit(plan) }), /chunk 0: .*\(equation\)/);
  });

  test('another plan, with the same values', async () => {
    const plan = planned();
    const elsewhere = await commitHonestly(planned());
    const commit = only(async () => elsewhere);
    expectLeftOut(await played(plan, { commit }), /chunk 0: .*\(equation\)/);
  });

  test('another key', async () => {
    const theirs = planned(provenUpdates({ key: other.key }));
    const plan = planned();
    const commit = only(() =>
      commitInputs<typeof FIELDS>(theirs as never, inputs, {
        ...whoIs(plan),
        prover: other.prove,
      }),
    );
    // Points of the other key: nobody showed to know what is in them over this one's.
    expectLeftOut(await played(plan, { commit }), /\(knowledge\)/);
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
    const commit = only(async () => {
      const { commitments, proofs, ...rest } = await commitHonestly(plan);
      return {
        ...rest,
        commitments: all ? swapped(commitments) : commitments,
        proofs: swapped(proofs),
      };
    });
    const why = all ? /chunk 0: .*\(equation\)/ : /chunk 0: .*\(knowledge\)/;
    expectLeftOut(await played(plan, { commit }), why);
  });

  test('another commitment than is proven', async () => {
    const plan = planned();
    const commit = only(async () => {
      const { proofs } = await commitHonestly(plan);
      return { ...(await commitHonestly(plan)), proofs };
    });
    expectLeftOut(await played(plan, { commit }), /chunk 0: .*\(knowledge\)/);
  });

  test('nothing at all, in bytes of the right length', async () => {
    const plan = planned();
    const commit = only(async () => {
      const committed = await commitHonestly(plan);
      return { ...committed, proofs: new Uint8Array(committed.proofs.length) };
    });
    expectLeftOut(await played(plan, { commit }), /chunk 0: .*\(proof-malformed\)/);
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
    const { state, messages } = await upToMask(plan);
    const honest = messages.get(CHEAT) as Uint8Array;
    const spoilt = await resigned(plan, honest, (payload) => change(payload, cut(plan)));
    const fault = { phase: 'mask', code, culprit: CHEAT };
    const feed = (): coordinator.Fault | undefined => {
      const staging = coordinator.openStaging(state, { places: 1 });
      const upload = coordinator.beginUpload(staging) as coordinator.Upload;
      return coordinator.feedUpload(upload, spoilt) ?? coordinator.finishUpload(upload);
    };
    if (code === 'trailing-bytes') {
      // Too long to be signed by anybody: refused before the signature is looked at.
      expect(coordinator.accept(state, spoilt)).toMatchObject({ code: 'too-large' });
      expect(feed()).toMatchObject({ code: 'too-large' });
      return;
    }
    const saved = coordinator.save(state);
    expect(feed()).toMatchObject(fault);
    const again = coordinator.restore(plan, saved) as coordinator.CoordinatorState<'mask'>;
    expect(coordinator.accept(again, spoilt)).toMatchObject(fault);
    expect(coordinator.accept(again, honest)).toMatchObject({ code: 'excluded' });
    for (const [id, message] of messages) {
      if (id !== CHEAT) expect(coordinator.accept(again, message)).toBeUndefined();
    }
    const saves = coordinator.save(again);
    const later = coordinator.restore(plan, saves) as coordinator.CoordinatorState<'mask'>;
    expect(coordinator.close(later).downlinks.size).toBe(4);
  });
});
