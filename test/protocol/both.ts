/** Plays rounds in which every second client is of the second implementation, under the library's coordinator. */
import { randomBytes } from 'node:crypto';
import type { Fields, Noise, Plan, PlanFacts } from 'veilsum';
import { plan, planBytes, signerFromPrivateKey, signRoster } from 'veilsum';
import type { ReviewedPlan } from 'veilsum/client';
import * as client from 'veilsum/client';
import * as coordinator from 'veilsum/coordinator';
import { inMemoryStorage, openLedger, type Receipt } from 'veilsum/dp';
import type { CommitmentScheme, ProvenUpdates } from 'veilsum/zk';
import { expect } from 'vitest';
import type { PlannedPrivacy } from '../../src/round/price.ts';
import { durableClaim, emptyDisk } from '../support/durable-claim.ts';
import { readUpdateKey } from './second/bounds.ts';
import type { Me, Said, Shared } from './second/client.ts';
import { readPlan } from './second/plan.ts';
import { EMPTY } from './second/primitives.ts';
import type { Prover } from './second/proofs.ts';
import { type Participant, participant } from './second/take-part.ts';

type Scheme = CommitmentScheme | ProvenUpdates;
type Facts = Omit<PlanFacts<Fields, Noise, Scheme | undefined>, 'id' | 'roster'>;
type AnyPlan = Plan<Fields, Noise, Scheme | undefined>;
type Inputs = Readonly<Record<string, unknown>>;

const CONTEXT = new Uint8Array(32).fill(9);
const PHASES = ['share', 'mask', 'confirm', 'unmask'] as const;

/** A client of the library, with the second one's face. */
async function ours(
  made: AnyPlan,
  voucher: Uint8Array,
  key: Uint8Array,
  inputs: Inputs,
  prover: Prover | undefined,
) {
  const { noise, commitments } = made;
  const policy = {
    voucher,
    corrupt: 0,
    fields: made.fields,
    coordinator: made.trust.coordinator,
    ...(noise.kind === 'none' ? {} : { privacy: noise }),
    ...(commitments && { commitments }),
  } as client.Policy;
  const reviewed = client.readPlan(planBytes(made as never), policy) as ReviewedPlan;
  const given = [inputs, { receipt: await receiptOf(made), ...(prover && { prover }) }];
  const takesInputs = commitments === undefined ? 'mask' : 'share';
  let state: unknown;
  const said = (of: { readonly next: unknown; readonly message: Uint8Array }): Uint8Array => {
    state = of.next;
    return of.message;
  };
  const steps = client as unknown as Record<
    string,
    (...given: unknown[]) => Promise<{ readonly next: unknown; readonly message: Uint8Array }>
  >;
  const claim = durableClaim(emptyDisk());
  return {
    advertise: async () =>
      said(
        await client.advertise(reviewed, signerFromPrivateKey(key), { context: CONTEXT, claim }),
      ),
    answer: async (phase: string, downlink: Uint8Array) =>
      said(
        await (steps[phase] as (typeof steps)[string])(
          state,
          downlink,
          ...(phase === takesInputs ? given : []),
        ),
      ),
  };
}

async function receiptOf(made: AnyPlan): Promise<Receipt | undefined> {
  const privacy = made.privacy as PlannedPrivacy | undefined;
  if (privacy === undefined) return undefined;
  const { event, neighbours, epsilon, delta } = privacy;
  const ledger = await openLedger(inMemoryStorage(), {
    budget: { epsilon: 2 * epsilon, delta },
    neighbours,
    expecting: { event, count: 1 },
  });
  return (await ledger.admit({ round: made.id, plan: made.hash, event })) as Receipt;
}

/** What is not the same for all rounds. */
export type Particulars = {
  /** A second client that deals otherwise. */
  readonly spoil?: (me: Me, dealt: Said<Shared>) => Said<Shared>;
  /** Makes the Groth16 part of proofs, for clients of both kinds. */
  readonly prover?: Prover;
};

/** A finished round. */
export type Played = {
  readonly made: AnyPlan;
  readonly result: Readonly<Record<string, unknown>> & { readonly sum: Record<string, unknown> };
};

/** Plays a round; every second client is of the second implementation. */
export async function played(
  facts: Facts,
  clients: number,
  vanish: Readonly<Record<number, string>>,
  inputs: (index: number) => Inputs,
  { spoil, prover }: Particulars = {},
): Promise<Played> {
  const keys = Array.from({ length: clients }, () => new Uint8Array(randomBytes(32)));
  const voucher = signerFromPrivateKey(new Uint8Array(randomBytes(32)));
  const list = keys.map((key, i) => ({
    id: `client ${i}`,
    publicKey: signerFromPrivateKey(key).publicKey,
  }));
  const roster = await signRoster(list, voucher);
  const made = plan({ id: 'live', roster, ...facts }) as unknown as AnyPlan;
  const { commitments } = made;
  const key =
    commitments?.name === 'proven-updates' ? readUpdateKey(commitments.keyBytes()) : undefined;
  const read = readPlan(planBytes(made as never), voucher.publicKey, EMPTY, key);
  if (made.privacy !== undefined) expect(read.price).toBeCloseTo(made.privacy.epsilon, 9);
  const second: Participant[] = [];
  const first: Awaited<ReturnType<typeof ours>>[] = [];
  for (const [index, privateKey] of keys.entries()) {
    const me = { round: read, index, privateKey, context: CONTEXT };
    if (index % 2 === 1) {
      const deals = spoil && ((dealt: Said<Shared>) => spoil(me, dealt));
      second[index] = await participant(me, inputs(index), deals, prover);
    } else first[index] = await ours(made, voucher.publicKey, privateKey, inputs(index), prover);
  }
  const isThere = (index: number, phase: string): boolean => {
    const at = PHASES.indexOf((vanish[index] ?? '') as 'share');
    return at < 0 || PHASES.indexOf(phase as 'share') < at;
  };
  const taken = (state: unknown, message: Uint8Array): void =>
    expect(coordinator.accept(state as never, message as never)).toBeUndefined();
  let state: unknown = coordinator.begin(made as unknown as Plan<Fields, Noise>, {
    context: CONTEXT,
    receipt: (await receiptOf(made)) as Receipt,
  });
  for (const index of keys.keys()) {
    taken(state, second[index]?.advertise() ?? ((await first[index]?.advertise()) as Uint8Array));
  }
  for (const phase of PHASES) {
    const closed = coordinator.close(state as coordinator.CoordinatorState<'share'>);
    state = closed.next;
    for (const [index, { id }] of roster.clients.entries()) {
      const downlink = closed.downlinks.get(id);
      if (downlink === undefined || !isThere(index, phase)) continue;
      const message =
        second[index]?.[phase](downlink) ??
        ((await first[index]?.answer(phase, downlink)) as Uint8Array);
      taken(state, message);
    }
  }
  const { next } = coordinator.close(state as coordinator.CoordinatorState<'unmask'>);
  return {
    made,
    result: next as unknown as Played['result'],
  };
}
