/** Drives whole rounds in one process: the stage on which most tests play. */

import type { Fields, InputsOf, Noise, NoNoise, Plan, PlanFacts, Result } from 'veilsum';
import {
  clientId,
  inMemorySigner,
  plan as makePlan,
  noNoise,
  planBytes,
  type Signer,
  signRoster,
} from 'veilsum';
import * as client from 'veilsum/client';
import type { Fault, Phase } from 'veilsum/coordinator';
import * as coordinator from 'veilsum/coordinator';
import type { Receipt } from '../../src/dp/ledger/receipt.ts';
import type { Committed } from '../../src/secagg/client/committed.ts';
import { share as secaggShare } from '../../src/secagg/client/share.ts';
import type { CommitmentScheme } from '../../src/zk/commitment/scheme.ts';
import type { UpdateProver } from '../../src/zk/update/prove.ts';
import type { ProvenUpdates } from '../../src/zk/update/scheme.ts';
import { durableClaim, emptyDisk } from './durable-claim.ts';

/** Invited clients and whoever vouches for them. */
export type Party = {
  readonly ids: readonly string[];
  readonly signers: ReadonlyMap<string, Signer>;
  readonly voucher: Signer;
  readonly roster: Awaited<ReturnType<typeof signRoster>>;
};

export async function party(n: number): Promise<Party> {
  const ids = Array.from({ length: n }, (_, i) => `client-${i}`);
  const signers = new Map(ids.map((id) => [id, inMemorySigner()]));
  const voucher = inMemorySigner();
  const roster = await signRoster(
    ids.map((id) => ({ id: clientId(id), publicKey: (signers.get(id) as Signer).publicKey })),
    voucher,
  );
  return { ids, signers, voucher, roster };
}

let rounds = 0;

/** A plan for a party; the id is fresh. */
export const planFor = <const F extends Fields>(
  { roster }: Party,
  facts: Omit<PlanFacts<F>, 'roster' | 'id' | 'noise'>,
): Plan<F> => makePlan({ id: `round-${rounds++}`, roster, noise: noNoise(), ...facts });

/** The same with noise. */
export const noisyPlanFor = <const F extends Fields, D extends Noise>(
  { roster }: Party,
  facts: Omit<PlanFacts<F, D>, 'roster' | 'id'>,
): Plan<F, D> => makePlan({ id: `round-${rounds++}`, roster, ...facts });

/** The same with commitments. */
export const committedPlanFor = <
  const F extends Fields,
  D extends Noise,
  C extends CommitmentScheme | ProvenUpdates,
>(
  { roster }: Party,
  facts: Omit<PlanFacts<F, D, C>, 'roster' | 'id'>,
): Plan<F, D, C> => makePlan({ id: `round-${rounds++}`, roster, ...facts });

/** What may go wrong in a driven round. */
export type Script<F extends Fields> = {
  /** Phases before whose answer a client vanishes for good. */
  readonly vanish?: (id: string) => Phase | undefined;
  /** Called with every uplink before it is delivered; what it returns is delivered instead. */
  readonly uplink?: (phase: Phase, id: string, message: Uint8Array) => readonly Uint8Array[];
  readonly downlink?: (phase: Phase, id: string, message: Uint8Array) => Uint8Array;
  /** Called once all answers of unmask are in, before the round is closed. */
  readonly answered?: (state: coordinator.CoordinatorState<'unmask', F>) => Promise<void>;
  readonly inputs: (id: string) => InputsOf<F>;
  /** Where the plan has noise: each ledger's receipt, the coordinator's under its own name. */
  readonly receipt?: (who: string) => Promise<Receipt>;
  /** Where the plan asks for proofs of bounds. */
  readonly prover?: UpdateProver;
  /** What a client that keeps to no rule commits to at `share`; nothing for those that keep to them. */
  readonly commit?: (id: string) => Promise<Committed> | undefined;
};

/** What came of it. */
export type Played<F extends Fields> = {
  readonly result: Result<F>;
  readonly faults: readonly Fault[];
  /** Clients whose step threw, and what. */
  readonly left: ReadonlyMap<string, unknown>;
};

/** The context that every driven client receives. */
export const CONTEXT: Uint8Array = new Uint8Array(32).fill(7);

/** A step that may take inputs, whatever the plan. */
type TakingInputs<P extends 'share' | 'mask', N extends 'mask' | 'confirm', F extends Fields> = (
  state: client.ClientState<P, F>,
  downlink: client.Downlink<P>,
  ...given: readonly unknown[]
) => Promise<client.Stepped<P, N, F>>;

/** Plays a round from begin to result; a failing `close` throws. */
export async function play<
  F extends Fields,
  D extends Noise = NoNoise,
  C extends CommitmentScheme | ProvenUpdates | undefined = undefined,
>(people: Party, of: Plan<F, D, C>, script: Script<F>): Promise<Played<F>> {
  // Which receipts a plan needs is for the type tests; here it is looked up.
  const plan = of as unknown as Plan<F>;
  const faults: Fault[] = [];
  const left = new Map<string, unknown>();
  const reviewed = client.readPlan<F>(planBytes(plan), {
    voucher: people.voucher.publicKey,
    coordinator: plan.trust.coordinator,
    corrupt: 0,
    fields: plan.fields,
    ...(of.noise.kind === 'none' ? {} : { privacy: of.noise }),
    ...(of.commitments === undefined ? {} : { commitments: of.commitments }),
  } as client.Policy<F>);
  const receiptOf = async (who: string) => ({ receipt: (await script.receipt?.(who)) as never });
  const gone = new Set<string>();

  const answer = async <P extends Phase, S>(
    phase: P,
    state: coordinator.CoordinatorState<P, F>,
    ids: Iterable<string>,
    step: (id: string) => Promise<{ next: S; message: Uint8Array }>,
  ): Promise<Map<string, S>> => {
    const next = new Map<string, S>();
    for (const id of ids) {
      if (gone.has(id)) continue;
      if (script.vanish?.(id) === phase) {
        gone.add(id);
        continue;
      }
      try {
        const stepped = await step(id);
        next.set(id, stepped.next);
        const delivered = script.uplink?.(phase, id, stepped.message) ?? [stepped.message];
        for (const message of delivered) {
          const fault = coordinator.accept(state, message as never);
          if (fault !== undefined) faults.push(fault);
        }
      } catch (error) {
        left.set(id, error);
        gone.add(id);
      }
    }
    return next;
  };
  const down = <P extends Phase>(
    phase: P,
    downlinks: ReadonlyMap<string, client.Downlink<P>>,
    id: string,
  ): client.Downlink<P> => {
    const message = downlinks.get(id) as client.Downlink<P>;
    return (script.downlink?.(phase, id, message) ?? message) as client.Downlink<P>;
  };

  const c1 = coordinator.begin(plan, {
    context: CONTEXT,
    ...(await receiptOf('coordinator')),
  });
  const s1 = await answer('advertise', c1, people.ids, (id) =>
    client.advertise(reviewed, people.signers.get(id) as Signer, {
      context: CONTEXT,
      ...(of.noise.kind === 'none' ? {} : { claim: durableClaim(emptyDisk()) }),
    }),
  );
  const c2 = coordinator.close(c1);
  // Which of the two steps takes the inputs depends on the plan, too.
  const hasCommitments = of.commitments !== undefined;
  const proverOf = script.prover === undefined ? {} : { prover: script.prover };
  const given = async (id: string, isHere: boolean): Promise<readonly unknown[]> =>
    isHere ? [script.inputs(id), { ...(await receiptOf(id)), ...proverOf }] : [];
  const share = client.share as TakingInputs<'share', 'mask', F>;
  const mask = client.mask as unknown as TakingInputs<'mask', 'confirm', F>;
  const s2 = await answer('share', c2.next, c2.downlinks.keys(), async (id) => {
    const state = s1.get(id) as client.ClientState<'share', F>;
    const downlink = down('share', c2.downlinks, id);
    const own = await script.commit?.(id);
    return own === undefined
      ? share(state, downlink, ...(await given(id, hasCommitments)))
      : secaggShare(state, downlink, own);
  });
  const c3 = coordinator.close(c2.next);
  const s3 = await answer('mask', c3.next, c3.downlinks.keys(), async (id) =>
    mask(
      s2.get(id) as client.ClientState<'mask', F>,
      down('mask', c3.downlinks, id),
      ...(await given(id, !hasCommitments)),
    ),
  );
  const c4 = coordinator.close(c3.next);
  const s4 = await answer('confirm', c4.next, c4.downlinks.keys(), (id) =>
    client.confirm(
      s3.get(id) as client.ClientState<'confirm', F>,
      down('confirm', c4.downlinks, id),
    ),
  );
  const c5 = coordinator.close(c4.next);
  await answer('unmask', c5.next, c5.downlinks.keys(), (id) =>
    client.unmask(s4.get(id) as client.ClientState<'unmask', F>, down('unmask', c5.downlinks, id)),
  );
  await script.answered?.(c5.next);
  return { result: coordinator.close(c5.next).next, faults, left };
}
