/** Plays a round of veilsum's own clients with seeded randomness, step by step, and writes it all down. */
import type { Fields, Noise, Plan, Result } from 'veilsum';
import { planBytes } from 'veilsum';
import * as client from 'veilsum/client';
import * as coordinator from 'veilsum/coordinator';
import { inMemoryStorage, openLedger, type Receipt } from 'veilsum/dp';
import { decodeSums } from '../../../src/round/encode.ts';
import { type AnyPlan, termsOf } from '../../../src/round/plan.ts';
import type { PlannedPrivacy } from '../../../src/round/price.ts';
import { durableClaim, emptyDisk } from '../../support/durable-claim.ts';
import { encodingOf, unsent } from './encoding.ts';
import { base64, hex } from './hex.ts';
import { latticeDraws } from './lattice.ts';
import { type Seeded, seeded } from './seeded.ts';
import type { Actor, Stage } from './stage.ts';
import type { ClientVector, RoundVector } from './types.ts';

/** The steps of a client without their types: which of them take inputs depends on the plan. */
export type Steps = {
  readonly share: (state: unknown, downlink: Uint8Array, ...given: unknown[]) => Promise<Stepped>;
  readonly mask: (state: unknown, downlink: Uint8Array, ...given: unknown[]) => Promise<Stepped>;
  readonly confirm: (state: unknown, downlink: Uint8Array) => Promise<Stepped>;
  readonly unmask: (state: unknown, downlink: Uint8Array) => Promise<Stepped>;
};
export type Stepped = { readonly next: unknown; readonly message: Uint8Array };
export const steps = client as unknown as Steps;

/** The steps that answer a downlink. */
export const ANSWERS = ['share', 'mask', 'confirm', 'unmask'] as const;

/** A ledger's receipt for the plan, or nothing where it has no noise. */
export async function receiptFor(plan: AnyPlan): Promise<Receipt | undefined> {
  const privacy = plan.privacy as PlannedPrivacy | undefined;
  if (privacy === undefined) return undefined;
  const { event, neighbours, epsilon, delta } = privacy;
  const ledger = await openLedger(inMemoryStorage(), {
    budget: { epsilon: 2 * epsilon, delta },
    neighbours,
    expecting: { event, count: 1 },
  });
  const answer = await ledger.admit({ round: plan.id, plan: plan.hash, event });
  if (!answer.admitted) throw new Error(answer.message);
  return answer;
}

/** The plan as a client reads it. */
export function reviewed(stage: Stage): client.ReviewedPlan {
  const { plan, voucher } = stage;
  const noise = plan.noise as Noise;
  return client.readPlan(planBytes(plan), {
    voucher: voucher.publicKey,
    coordinator: plan.trust.coordinator,
    fields: plan.fields,
    ...(noise.kind === 'none' ? {} : { privacy: noise }),
    ...(plan.commitments === undefined ? {} : { commitments: plan.commitments }),
  } as client.Policy) as client.ReviewedPlan;
}

/** Enters the round; drawn from the client's own stream unless `draws` are given. */
export async function entered(stage: Stage, actor: Actor): Promise<Seeded<Stepped>> {
  const { beacon, plan, context } = stage;
  const port = { timeMs: () => 10 ** 9, verify: () => true };
  const of = reviewed(stage);
  const options = {
    context,
    claim: durableClaim(emptyDisk()),
    ...(plan.trust.beacon === undefined
      ? {}
      : { beacon: { receipt: client.witness(of, { port, nowMs: 0 }), value: beacon, port } }),
  };
  return seeded(streamName(stage, actor, 'advertise'), () =>
    client.advertise(of, actor.signer, options),
  );
}

/** Takes a further step, drawn from the client's own stream of that step. */
export async function stepped(
  stage: Stage,
  actor: Actor,
  phase: (typeof ANSWERS)[number],
  state: unknown,
  downlink: Uint8Array,
): Promise<Seeded<Stepped>> {
  const takesInputs = phase === (stage.plan.commitments === undefined ? 'mask' : 'share');
  const given = takesInputs
    ? [stage.inputs(actor.index), { receipt: await receiptFor(stage.plan) }]
    : [];
  return seeded(streamName(stage, actor, phase), () => steps[phase](state, downlink, ...given));
}

const streamName = ({ name }: Stage, { index }: Actor, phase: string): string =>
  `veilsum protocol vectors: ${name}: client ${index}: ${phase}`;

/** A round that was played: what went over the wire, and the states that clients had. */
export async function playRound(stage: Stage): Promise<RoundVector> {
  const { plan, actors } = stage;
  const said: Record<string, Record<string, unknown>>[] = actors.map(() => ({}));
  const drawn = actors.map(() => new Map<string, readonly Uint8Array[]>());
  const states = new Map<number, unknown>();
  const isThere = (index: number, phase: string): boolean => {
    const at = ['advertise', ...ANSWERS].indexOf(stage.vanish[index] ?? 'never');
    return at < 0 || ['advertise', ...ANSWERS].indexOf(phase) < at;
  };
  const take = (state: unknown, index: number, phase: string, of: Seeded<Stepped>): void => {
    states.set(index, of.value.next);
    drawn[index]?.set(phase, of.draws);
    const fault = coordinator.accept(state as never, of.value.message as never);
    if (fault !== undefined) throw new Error(fault.message);
  };

  let state: unknown = coordinator.begin(plan as unknown as Plan<Fields, Noise>, {
    context: stage.context,
    beacon: stage.beacon,
    receipt: (await receiptFor(plan)) as Receipt,
  });
  for (const actor of actors.filter(({ index }) => isThere(index, 'advertise'))) {
    const of = await entered(stage, actor);
    take(state, actor.index, 'advertise', of);
    const [sealing, masking] = of.draws.map(hex);
    const uplink = base64(of.value.message);
    Object.assign(said[actor.index] as object, {
      advertise: { sealingSeed: sealing, maskingSeed: masking, uplink },
    });
  }
  const sets: number[][] = [];
  for (const phase of ANSWERS) {
    const closed = coordinator.close(state as coordinator.CoordinatorState<'share'>);
    state = closed.next;
    const members = actors.filter(({ id }) => closed.downlinks.has(id));
    sets.push(members.map(({ index }) => index));
    for (const actor of members.filter(({ index }) => isThere(index, phase))) {
      const downlink = closed.downlinks.get(actor.id) as Uint8Array;
      const of = await stepped(stage, actor, phase, states.get(actor.index), downlink);
      take(state, actor.index, phase, of);
      const step = { downlink: base64(downlink), uplink: base64(of.value.message) };
      const secrets =
        phase === 'share'
          ? dealtOf(stage, of.draws)
          : phase === 'mask' && plan.lattice !== undefined
            ? { lattice: latticeDraws(plan.lattice, of.draws) }
            : {};
      Object.assign(said[actor.index] as object, { [phase]: { ...step, ...secrets } });
    }
  }
  const result = coordinator.close(state as coordinator.CoordinatorState<'unmask'>)
    .next as unknown as Result;
  const [u1, u2, u3] = sets as [number[], number[], number[]];
  return written(stage, { said, drawn, sets: { u1, u2, u3 }, result });
}

/** What the share step drew for its secrets, after all that it drew for its inputs. */
function dealtOf({ plan }: Stage, draws: readonly Uint8Array[]) {
  const isHybrid = plan.suite !== 'x25519';
  const size = 32 * (plan.parameters.threshold - 1);
  const isCoefficients = (draw: Uint8Array | undefined): boolean => draw?.length === size;
  // Coins come last, 32 bytes each; before them the two sets of coefficients, and before these the seed.
  let at = draws.length - 1;
  if (isHybrid) while (!isCoefficients(draws[at])) at--;
  const [seed, self, masking] = draws.slice(at - 2, at + 1);
  if (!isCoefficients(self) || seed?.length !== 32)
    throw new Error(`share: other draws: ${draws.map(({ length }) => length)}`);
  return {
    selfSeed: hex(seed),
    selfCoefficients: hex(self as Uint8Array),
    maskingCoefficients: hex(masking as Uint8Array),
    sealingCoins: draws.slice(at + 1).map(hex),
  };
}

async function written(
  stage: Stage,
  of: {
    readonly said: readonly Readonly<Record<string, unknown>>[];
    readonly drawn: readonly ReadonlyMap<string, readonly Uint8Array[]>[];
    readonly sets: { readonly u1: number[]; readonly u2: number[]; readonly u3: number[] };
    readonly result: Result;
  },
): Promise<RoundVector> {
  const { plan, actors } = stage;
  const terms = termsOf(plan, stage.beacon);
  const { u3 } = of.sets;
  const phase = plan.commitments === undefined ? 'mask' : 'share';
  const clients: ClientVector[] = [];
  for (const actor of actors) {
    const { index, id, privateKey, signer } = actor;
    // A client that vanished before encodes what it would have sent.
    const draws = of.drawn[index]?.get(phase) ?? (await unsent(stage, actor));
    const encoding = await encodingOf(stage, actor, draws);
    const keys = { privateKey: hex(privateKey), publicKey: hex(signer.publicKey) };
    clients.push({ index, id, ...keys, encoding, ...of.said[index] });
  }
  const ringSums = plan.shapes.map(({ length, modulusBits }, i) =>
    Array.from({ length }, (_, j) =>
      u3.reduce(
        (sum, index) =>
          (sum + (clients[index]?.encoding.vectors[i]?.[j] as number)) % 2 ** modulusBits,
        0,
      ),
    ),
  );
  const vectors = ringSums.map((sum) => Uint32Array.from(sum));
  const { sum } = decodeSums(plan, vectors, u3.length);
  const sums = plainly(sum);
  if (JSON.stringify(sums) !== JSON.stringify(plainly(of.result.sum))) {
    throw new Error('round: the result is not the sum of the vectors');
  }
  return {
    source: 'veilsum’s own clients and coordinator',
    made: 'node --conditions=@veilsum/source test/protocol/make-vectors.ts',
    about: stage.about,
    voucher: hex(stage.voucher.publicKey),
    plan: base64(planBytes(plan)),
    planHash: hex(plan.hash),
    beacon: hex(stage.beacon),
    context: hex(stage.context),
    roundId: hex(terms.roundId),
    ring: [...terms.graph.at],
    ...of.sets,
    clients,
    ringSums,
    sums,
    transcript: {
      size: of.result.transcript.size,
      root: hex(of.result.transcript.root),
    },
  };
}

/** Typed arrays as arrays. */
const plainly = (value: unknown): Readonly<Record<string, unknown>> =>
  JSON.parse(
    JSON.stringify(value, (_, inner) =>
      ArrayBuffer.isView(inner) ? [...(inner as never)] : inner,
    ),
  );
