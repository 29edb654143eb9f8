/** A round with commitments, seen from its clients and its coordinator. */
import { integer, type NoNoise, noNoise, planBytes, type Signer } from 'veilsum';
import * as client from 'veilsum/client';
import * as coordinator from 'veilsum/coordinator';
import { trustIn, verifyBundle } from 'veilsum/verify';
import { type CommitmentScheme, pedersen } from 'veilsum/zk';
import { describe, expect, test } from 'vitest';
import { termsOf } from '../../src/round/plan.ts';
import { decodeQuorumDownlink, encodeQuorumDownlink } from '../../src/secagg/downlinks.ts';
import {
  decodeMaskHeader,
  decodeShareHeader,
  encodeMaskHeader,
  encodeShareHeader,
} from '../../src/secagg/messages.ts';
import { signMessage } from '../../src/secagg/signed.ts';
import { decodeEnvelope } from '../../src/wire/envelope.ts';
import { durableClaim, emptyDisk } from '../support/durable-claim.ts';
import { CONTEXT, committedPlanFor, type Party, party, planFor, play } from '../support/round.ts';

const FIELDS = { votes: integer({ length: 3, min: 0, max: 9 }) };
const facts = { fields: FIELDS, trust: { corrupt: 0.2, absent: 0.2 } };
const people = await party(5);
const planned = () =>
  committedPlanFor(people, { ...facts, noise: noNoise(), commitments: pedersen() });
type State<N extends 'share' | 'mask' | 'confirm' | 'unmask'> = client.ClientState<
  N,
  typeof FIELDS,
  NoNoise,
  CommitmentScheme
>;
const inputs = () => ({ votes: [1, 2, 3] });
const indexOf = (id: string): number => people.ids.indexOf(id);
const signerOf = (id: string): Signer => people.signers.get(id) as Signer;

/** What `play` gives, and whether its bundle is valid. */
async function played(
  plan: ReturnType<typeof planned>,
  script: Omit<Parameters<typeof play<typeof FIELDS>>[2], 'inputs'>,
) {
  const { result, faults, left } = await play(people, plan, { inputs, ...script });
  const verdict = await verifyBundle(result.bundle as Uint8Array, trustIn(plan));
  return { result, faults, left, verdict };
}

describe('the plan', () => {
  test('asks for commitments by one word, which is in its bytes and so in its hash', () => {
    const made = planned();
    const bare = planFor(people, facts);
    expect(made.commitments?.name).toBe('pedersen');
    expect(bare.commitments).toBeUndefined();
    expect(made.shapes.map(({ name }) => name)).toEqual(['votes', 'Blindings']);
    expect(bare.shapes.map(({ name }) => name)).toEqual(['votes']);
    expect(new TextDecoder().decode(planBytes(made))).toContain('pedersen');
  });

  test('leaves limbs room to add up in: 254 bits in limbs of 32 less the clients’ own', () => {
    // ⌈log2 5⌉ = 3, ⌈254 / 29⌉ = 9
    expect(planned().shapes[1]).toEqual({ name: 'Blindings', length: 9, modulusBits: 32 });
  });

  test.each([
    ['another object', {}],
    ['a word', 'pedersen'],
    ['null', null],
  ])('refuses %s for a scheme', (_, commitments) => {
    expect(() =>
      committedPlanFor(people, {
        ...facts,
        noise: noNoise(),
        commitments: commitments as unknown as CommitmentScheme,
      }),
    ).toThrow(/pedersen\(\) of 'veilsum\/zk'/);
  });

  test('is read by who says so in its policy, and by nobody else', () => {
    const bytes = planBytes(planned());
    const policy = { voucher: people.voucher.publicKey, fields: FIELDS };
    expect(client.readPlan(bytes, { ...policy, commitments: pedersen() }).commitments.name).toBe(
      'pedersen',
    );
    expect(() => client.readPlan(bytes, policy)).toThrow(
      expect.objectContaining({
        code: 'plan-refused',
        message: expect.stringContaining("'veilsum/zk'") as unknown,
      }),
    );
    const bare = planBytes(planFor(people, facts));
    expect(() => client.readPlan(bare, { ...policy, commitments: pedersen() })).toThrow(
      /commitments: got none/,
    );
    expect(() =>
      client.readPlan(bytes, { ...policy, commitments: 'pedersen' as unknown as CommitmentScheme }),
    ).toThrow(expect.objectContaining({ code: 'wrong-type' }));
  });
});

describe('the result', () => {
  test('carries a bundle', async () => {
    const { result, verdict } = await played(planned(), {});
    expect(result.sum).toEqual({ votes: [5, 10, 15] });
    expect(verdict.reasons).toEqual([]);
    expect(verdict.sum).toEqual(result.sum);
    expect(verdict.statement?.contributors).toEqual(result.contributors);
    expect(result.assumptions.map(({ code }) => code)).toContain('commitments');
  });

  test('carries none without commitments', async () => {
    const { result } = await play(people, planFor(people, facts), { inputs });
    expect(result.bundle).toBeUndefined();
    expect(result.assumptions.map(({ code }) => code)).not.toContain('commitments');
  });

  test.each(['share', 'mask', 'confirm', 'unmask'] as const)(
    'holds when a client vanishes before %s',
    async (phase) => {
      const vanish = (id: string) => (id === 'client-1' ? phase : undefined);
      const { result, verdict } = await played(planned(), { vanish });
      expect(verdict.reasons).toEqual([]);
      expect(verdict.statement?.contributors).toEqual(result.contributors);
    },
  );
});

/** Re-signs what a client says, with other contents: the client itself lies. */
async function lying(
  plan: ReturnType<typeof planned>,
  phase: 'share' | 'mask',
  id: string,
  message: Uint8Array,
  change: (header: Uint8Array) => Uint8Array,
): Promise<Uint8Array> {
  const terms = termsOf(plan as never);
  const { header, payload } = decodeEnvelope(message, { header: 4_096, payload: 65_536 });
  const signed = signMessage(terms, phase, indexOf(id), signerOf(id), change(header), payload);
  return (await signed).message;
}

describe('the coordinator', () => {
  const turned = (bytes: Uint8Array): Uint8Array => {
    const out = bytes.slice();
    out[7] = (out[7] as number) ^ 1;
    return out;
  };

  test.each([
    ['other commitments than a client promised, and names it', 'mask'],
    [
      'nothing where a client’s promise was changed on its way: that client leaves by itself',
      'share',
    ],
  ] as const)('refuses %s; the round goes on', async (_, at) => {
    const plan = planned();
    const terms = termsOf(plan as never);
    const forged = new Map<string, Uint8Array>();
    const change = (header: Uint8Array): Uint8Array => {
      if (at === 'mask') {
        const { u2Hash, commitments } = decodeMaskHeader(terms, header);
        return encodeMaskHeader({ u2Hash, commitments: turned(commitments) });
      }
      const said = decodeShareHeader(terms, header);
      return encodeShareHeader({ ...said, commitments: turned(said.commitments) });
    };
    const { result, faults } = await playedBy(plan, at, async (id, message) => {
      if (id !== 'client-3') return message;
      const lie = await lying(plan, at, id, message, change);
      forged.set(id, lie);
      return lie;
    });
    expect(forged.size).toBe(1);
    if (at === 'mask') {
      expect(faults).toEqual([
        expect.objectContaining({
          code: 'bad-commitment',
          culprit: 'client-3',
          message: expect.stringMatching(/not those whose hash it shared/) as unknown,
        }),
      ]);
    }
    expect(result.contributors).not.toContain('client-3');
    const verdict = await verifyBundle(result.bundle as Uint8Array, trustIn(plan));
    expect(verdict.reasons).toEqual([]);
  });

  test('refuses commitments that are no points, and of another length', async () => {
    const plan = planned();
    const terms = termsOf(plan as never);
    expect(terms.commitments?.length).toBe(64);
    expect(terms.commitments?.isValid(new Uint8Array(64))).toBe(false);
    expect(terms.commitments?.isValid(new Uint8Array(63))).toBe(false);
    const u2Hash = new Uint8Array(32);
    const short = encodeMaskHeader({ u2Hash, commitments: new Uint8Array(63) });
    expect(() => decodeMaskHeader(terms, short)).toThrow(/commitments: got 63 bytes, expected 64/);
    const bare = termsOf(planFor(people, facts) as never);
    const extra = encodeMaskHeader({ u2Hash, commitments: new Uint8Array(64) });
    expect(() => decodeMaskHeader(bare, extra)).toThrow(/commitments: got 64 bytes, expected 0/);
  });
});

/** A round in which one phase's messages are changed asynchronously. */
async function playedBy(
  plan: ReturnType<typeof planned>,
  at: 'share' | 'mask',
  change: (id: string, message: Uint8Array) => Promise<Uint8Array>,
  {
    accept = coordinator.accept,
  }: {
    readonly accept?: (
      state: coordinator.CoordinatorState<'mask', typeof FIELDS>,
      message: Uint8Array,
    ) => coordinator.Fault | undefined;
  } = {},
) {
  const round = await begun(plan);
  const faults: coordinator.Fault[] = [];
  const c2 = coordinator.close(round.state);
  const masked = new Map<string, State<'mask'>>();
  for (const [id, downlink] of c2.downlinks) {
    const { next, message } = await client.share(
      round.states.get(id) as State<'share'>,
      downlink,
      inputs(),
    );
    masked.set(id, next);
    const said = at === 'share' ? await change(id, message) : message;
    const fault = coordinator.accept(c2.next, said as never);
    if (fault !== undefined) faults.push(fault);
  }
  const c3 = coordinator.close(c2.next);
  const confirming = new Map<string, State<'confirm'>>();
  for (const [id, downlink] of c3.downlinks) {
    try {
      const { next, message } = await client.mask(masked.get(id) as State<'mask'>, downlink);
      confirming.set(id, next);
      const said = at === 'mask' ? await change(id, message) : message;
      const fault = accept(c3.next, said);
      if (fault !== undefined) faults.push(fault);
    } catch {
      // It left the round.
    }
  }
  const c4 = coordinator.close(c3.next);
  const unmasking = new Map<string, State<'unmask'>>();
  for (const [id, downlink] of c4.downlinks) {
    const { next, message } = await client.confirm(
      confirming.get(id) as State<'confirm'>,
      downlink,
    );
    unmasking.set(id, next);
    coordinator.accept(c4.next, message);
  }
  const c5 = coordinator.close(c4.next);
  for (const [id, downlink] of c5.downlinks) {
    const { message } = await client.unmask(unmasking.get(id) as State<'unmask'>, downlink);
    coordinator.accept(c5.next, message);
  }
  return { result: coordinator.close(c5.next).next, faults };
}

async function begun(plan: ReturnType<typeof planned>, of: Party = people) {
  const reviewed = client.readPlan(planBytes(plan), {
    voucher: of.voucher.publicKey,
    fields: FIELDS,
    commitments: pedersen(),
  });
  const state = coordinator.begin(plan, { context: CONTEXT });
  const states = new Map<string, State<'share'>>();
  const disks = new Map(of.ids.map((id) => [id, durableClaim(emptyDisk())]));
  for (const id of of.ids) {
    const claim = disks.get(id) as client.Claim;
    const signer = of.signers.get(id) as Signer;
    const { next, message } = await client.advertise(reviewed, signer, { context: CONTEXT, claim });
    states.set(id, next);
    coordinator.accept(state, message);
  }
  return { reviewed, state, states, disks };
}

test('an upload that comes in chunks brings its commitments, cut anywhere', async () => {
  const plan = planned();
  let staging: coordinator.Staging | undefined;
  const { result } = await playedBy(plan, 'mask', async (_, message) => message, {
    accept: (state, message) => {
      staging ??= coordinator.openStaging(state, { places: 1 });
      const upload = coordinator.beginUpload(staging) as coordinator.Upload;
      for (let at = 0; at < message.length; at += 37) {
        expect(coordinator.feedUpload(upload, message.subarray(at, at + 37))).toBeUndefined();
      }
      return coordinator.finishUpload(upload);
    },
  });
  expect(result.sum).toEqual({ votes: [5, 10, 15] });
  const verdict = await verifyBundle(result.bundle as Uint8Array, trustIn(plan));
  expect(verdict.reasons).toEqual([]);
});

describe('a client', () => {
  test('refuses to go on where a neighbour’s commitments are not those that it promised', async () => {
    const plan = planned();
    const terms = termsOf(plan as never);
    let lie: Awaited<ReturnType<typeof signMessage>> | undefined;
    const liar = indexOf('client-3');
    const { left } = await play(people, plan, {
      inputs,
      uplink: (phase, id, message) => {
        if (phase === 'mask' && id === 'client-3') {
          const { header, payloadDigest } = decodeEnvelope(message, {
            header: 999,
            payload: 9_999,
          });
          const { u2Hash, commitments } = decodeMaskHeader(terms, header);
          const other = commitments.slice().reverse();
          // Signed before it is needed: the coordinator shows this one to client-0.
          void signMessage(
            terms,
            'mask',
            liar,
            signerOf(id),
            encodeMaskHeader({ u2Hash, commitments: other }),
            new Uint8Array(1),
          ).then((signed) => {
            lie = signed;
          });
          expect(payloadDigest).toHaveLength(32);
        }
        return [message];
      },
      downlink: (phase, id, message) => {
        if (phase !== 'unmask' || id !== 'client-0') return message;
        const content = decodeQuorumDownlink(terms, 0, message);
        const maskHeaders = content.maskHeaders.map((said) =>
          said.sender === liar ? (lie?.said as typeof said) : said,
        );
        return encodeQuorumDownlink(terms, 0, { ...content, maskHeaders });
      },
    });
    expect([...left.keys()]).toEqual(['client-0']);
    expect(left.get('client-0')).toMatchObject({
      code: 'bad-commitment',
      culprits: ['coordinator'],
    });
  });

  test('may be saved after share, and masks what it committed to', async () => {
    const plan = planned();
    const round = await begun(plan);
    const c2 = coordinator.close(round.state);
    const saved = new Map<string, Uint8Array>();
    for (const [id, downlink] of c2.downlinks) {
      const { next, message } = await client.share(
        round.states.get(id) as State<'share'>,
        downlink,
        inputs(),
      );
      saved.set(id, client.save(next));
      coordinator.accept(c2.next, message);
    }
    const c3 = coordinator.close(c2.next);
    for (const [id, downlink] of c3.downlinks) {
      const restored = client.restore(round.reviewed, saved.get(id) as Uint8Array, {
        signer: signerOf(id),
        claim: round.disks.get(id) as client.Claim,
      });
      if (restored.next !== 'mask') throw new Error('another step');
      const { next, message } = await client.mask(restored, downlink);
      expect(coordinator.accept(c3.next, message)).toBeUndefined();
      saved.set(id, client.save(next));
    }
    // The coordinator may crash as well.
    const back = coordinator.restore(plan, coordinator.save(c3.next));
    if (back.phase !== 'mask') throw new Error('another phase');
    const c4 = coordinator.close(back);
    const unmasking = new Map<string, Uint8Array>();
    for (const [id, downlink] of c4.downlinks) {
      const restored = client.restore(round.reviewed, saved.get(id) as Uint8Array, {
        signer: signerOf(id),
        claim: round.disks.get(id) as client.Claim,
      });
      if (restored.next !== 'confirm') throw new Error('another step');
      const { next, message } = await client.confirm(restored, downlink);
      coordinator.accept(c4.next, message);
      unmasking.set(id, client.save(next));
    }
    const c5 = coordinator.close(c4.next);
    for (const [id, downlink] of c5.downlinks) {
      const restored = client.restore(round.reviewed, unmasking.get(id) as Uint8Array, {
        signer: signerOf(id),
        claim: round.disks.get(id) as client.Claim,
      });
      if (restored.next !== 'unmask') throw new Error('another step');
      coordinator.accept(c5.next, (await client.unmask(restored, downlink)).message);
    }
    const { bundle, sum } = coordinator.close(c5.next).next;
    expect(sum).toEqual({ votes: [5, 10, 15] });
    expect((await verifyBundle(bundle as Uint8Array, trustIn(plan))).reasons).toEqual([]);
  });

  test('gives its inputs at share, once; a mistake leaves the state as it was', async () => {
    const round = await begun(planned());
    const c2 = coordinator.close(round.state);
    const [id, downlink] = [...c2.downlinks][0] as [string, client.Downlink<'share'>];
    const state = round.states.get(id);
    const share = client.share as unknown as (...given: unknown[]) => Promise<{ next: never }>;
    for (const wrong of [[], [{}], [{ votes: [1, 2] }], [{ votes: [1, 2, 10] }]]) {
      await expect(share(state, downlink, ...wrong)).rejects.toMatchObject({ name: 'UsageError' });
    }
    const { next } = await share(state, downlink, inputs());
    const mask = client.mask as unknown as (...given: unknown[]) => Promise<unknown>;
    await expect(mask(next, new Uint8Array(1), inputs())).rejects.toThrow(/share took them/);
    await expect(share(state, downlink, inputs())).rejects.toMatchObject({ code: 'state-spent' });
  });

  test('gives none at share where the plan asks for no commitments', async () => {
    const plan = planFor(people, facts);
    const reviewed = client.readPlan(planBytes(plan), { voucher: people.voucher.publicKey });
    const { next } = await client.advertise(reviewed, signerOf('client-0'), { context: CONTEXT });
    const share = client.share as unknown as (...given: unknown[]) => Promise<unknown>;
    await expect(share(next, new Uint8Array(1), inputs())).rejects.toThrow(/mask takes them/);
  });
});
