/**
 * A whole honest round, kept step by step: every message, and every state as it was saved before its
 * step. A test can go back to any point of it and put something else in.
 */
import type { Fields, InputsOf, Plan, Result } from 'veilsum';
import { planBytes, type Signer } from 'veilsum';
import * as client from 'veilsum/client';
import * as coordinator from 'veilsum/coordinator';
import { PHASES, type Phase } from '../../../src/secagg/phases.ts';
import { durableClaim, emptyDisk } from '../../support/durable-claim.ts';
import { CONTEXT, type Party } from '../../support/round.ts';

/** What happened in one phase, by client id. */
export type Recorded = {
  /** The coordinator before the first message of the phase, saved. */
  readonly coordinator: Uint8Array;
  /** What each client was sent; none before advertise. */
  readonly downlinks: ReadonlyMap<string, Uint8Array>;
  /** Each client's state before its step, saved; none before advertise. */
  readonly states: ReadonlyMap<string, Uint8Array>;
  readonly uplinks: ReadonlyMap<string, Uint8Array>;
};

export type Recording<F extends Fields> = {
  readonly people: Party;
  readonly plan: Plan<F>;
  readonly reviewed: client.ReviewedPlan<F>;
  readonly inputs: (id: string) => InputsOf<F>;
  readonly phases: Readonly<Record<Phase, Recorded>>;
  readonly result: Result<F>;
};

/** A step that can be used for any phase; the types of the phases are tested elsewhere. */
export async function stepOf<F extends Fields>(
  phase: Phase,
  state: client.ClientState<client.ClientState['next'], F>,
  downlink: Uint8Array,
  inputs: InputsOf<F>,
): Promise<{ readonly next: client.ClientState; readonly message: Uint8Array }> {
  switch (phase) {
    case 'advertise':
      throw new Error('advertise has no state');
    case 'share':
      return client.share(state as client.ClientState<'share', F>, downlink);
    case 'mask':
      return client.mask(state as client.ClientState<'mask', F>, downlink, inputs as never);
    case 'confirm':
      return client.confirm(state as client.ClientState<'confirm', F>, downlink);
    case 'unmask':
      return client.unmask(state as client.ClientState<'unmask', F>, downlink);
  }
}

export const closeAny = <F extends Fields>(
  state: coordinator.CoordinatorState<Phase, F>,
): coordinator.Opened<Phase, F> =>
  (coordinator.close as (s: typeof state) => unknown)(state) as coordinator.Opened<Phase, F>;

/** Plays and keeps an honest round; `vanish` names clients that stop before a phase. */
export async function record<F extends Fields>(
  people: Party,
  plan: Plan<F>,
  inputs: (id: string) => InputsOf<F>,
  vanish: (id: string) => Phase | undefined = () => undefined,
): Promise<Recording<F>> {
  const reviewed = client.readPlan<F>(planBytes(plan), {
    voucher: people.voucher.publicKey,
    coordinator: plan.trust.coordinator,
    corrupt: 0,
    fields: plan.fields,
  });
  const phases: Partial<Record<Phase, Recorded>> = {};
  let states = new Map<string, client.ClientState>();
  let downlinks: ReadonlyMap<string, Uint8Array> = new Map();
  let at: coordinator.CoordinatorState<Phase, F> = coordinator.begin(plan, { context: CONTEXT });
  for (const phase of PHASES) {
    const saved = coordinator.save(at);
    const savedStates = new Map([...states].map(([id, state]) => [id, client.save(state)]));
    const uplinks = new Map<string, Uint8Array>();
    const next = new Map<string, client.ClientState>();
    const present = phase === 'advertise' ? people.ids : [...downlinks.keys()];
    for (const id of present) {
      if (phase !== 'advertise' && !states.has(id)) continue;
      if (vanish(id) === phase) continue;
      const stepped =
        phase === 'advertise'
          ? await client.advertise(reviewed, people.signers.get(id) as Signer, {
              context: CONTEXT,
              claim: durableClaim(emptyDisk()),
            })
          : await stepOf<F>(
              phase,
              states.get(id) as never,
              downlinks.get(id) as Uint8Array,
              inputs(id),
            );
      uplinks.set(id, stepped.message);
      next.set(id, stepped.next);
    }
    phases[phase] = { coordinator: saved, downlinks, states: savedStates, uplinks };
    for (const message of uplinks.values()) {
      const fault = coordinator.accept(at, message as never);
      if (fault !== undefined) throw new Error(`an honest message was refused: ${fault.message}`);
    }
    states = next;
    const closed = closeAny(at);
    at = closed.next;
    downlinks = closed.downlinks;
  }
  const result = at as unknown as Result<F>;
  return { people, plan, reviewed, inputs, phases: phases as Recording<F>['phases'], result };
}

/** The coordinator as it was before the first message of a phase. */
export const coordinatorAt = <F extends Fields>(
  { plan, phases }: Recording<F>,
  phase: Phase,
): coordinator.CoordinatorState<Phase, F> =>
  coordinator.restore(plan, phases[phase].coordinator) as coordinator.CoordinatorState<Phase, F>;

/** A client as it was before a step; its claim store knows of no later answer. */
export const clientAt = <F extends Fields>(
  { reviewed, people, phases }: Recording<F>,
  phase: Phase,
  id: string,
): client.ClientState<client.ClientState['next'], F> =>
  client.restore(reviewed, phases[phase].states.get(id) as Uint8Array, {
    signer: people.signers.get(id) as Signer,
    claim: durableClaim(emptyDisk()),
  });

/**
 * Plays the recorded round from a phase on to its end, with what the recorded clients say; a client's
 * message may be replaced, or left out.
 */
export async function playOn<F extends Fields>(
  recording: Recording<F>,
  from: Phase,
  at: coordinator.CoordinatorState<Phase, F>,
): Promise<Result<F>> {
  const clients = new Map<string, client.ClientState>();
  let state = at;
  let downlinks: ReadonlyMap<string, Uint8Array> = new Map();
  for (const phase of PHASES.slice(PHASES.indexOf(from))) {
    const { phases, inputs } = recording;
    for (const [id, recorded] of phases[phase].uplinks) {
      if (phase === from) {
        coordinator.accept(state, recorded as never);
        const after = PHASES[PHASES.indexOf(phase) + 1];
        const has = after !== undefined && phases[after].states.has(id);
        if (has) clients.set(id, clientAt(recording, after, id));
        continue;
      }
      const mine = clients.get(id);
      const downlink = downlinks.get(id);
      if (mine === undefined || downlink === undefined) continue;
      const stepped = await stepOf<F>(phase, mine as never, downlink, inputs(id));
      clients.set(id, stepped.next);
      coordinator.accept(state, stepped.message as never);
    }
    const closed = closeAny(state);
    state = closed.next;
    downlinks = closed.downlinks;
  }
  return state as unknown as Result<F>;
}
