/**
 * One private sum, from the first message to the result, among clients that live in this process.
 *
 * {@link participate} is all that a client does, and {@link coordinate} all that a coordinator does.
 * Only bytes pass between the two, so in a deployment each `yield` of the client becomes a request
 * over the network, and `gather` becomes whatever receives those requests until a deadline.
 */
import type { Tinypool } from 'tinypool';
import type { ClientId, Fields, InputsOf, Plan, Result, Signer } from 'veilsum';
import * as client from 'veilsum/client';
import * as coordinator from 'veilsum/coordinator';
import { unmaskOnThreads } from '../parallel-unmask/host.ts';
import { createMeter, type Meter } from './meter.ts';

/** What one client brings to a round. */
export type Participant<F extends Fields> = {
  readonly signer: Signer;
  /** The plan as this client has read and checked it, under its own policy. */
  readonly plan: client.ReviewedPlan<F>;
  /** SHA-256 of the model that this client received. Different models never end up in one sum. */
  readonly context: Uint8Array;
  /** What this client puts into the sum; it leaves the client masked only. */
  readonly inputs: InputsOf<F>;
};

/**
 * The client: five steps, each of which consumes the state that the one before it left.
 * A `yield` sends a message and waits for the coordinator's answer.
 */
export async function* participate<F extends Fields>(
  me: Participant<F>,
): AsyncGenerator<Uint8Array, void, Uint8Array> {
  const advertised = await client.advertise(me.plan, me.signer, { context: me.context });
  const shared = await client.share(advertised.next, yield advertised.message);
  const masked = await client.mask(shared.next, yield shared.message, me.inputs);
  const confirmed = await client.confirm(masked.next, yield masked.message);
  const unmasked = await client.unmask(confirmed.next, yield confirmed.message);
  yield unmasked.message;
}

/**
 * The network of the demo: what arrives at the coordinator, in this order, when a client sends a
 * message. Nothing arrives if the client has vanished; the message alone is the ordinary case.
 */
export type Network = (
  phase: coordinator.Phase,
  sender: ClientId,
  message: Uint8Array,
) => Promise<readonly Uint8Array[]>;

/** A round that has ended, and what it cost. */
export type FinishedRound<F extends Fields> = {
  readonly result: Result<F>;
  readonly meter: Meter;
};

/**
 * The coordinator: in each phase it takes in what the clients say, then closes the phase and tells
 * every client that is still in what it needs for its next step.
 *
 * @param plan what `plan()` made.
 * @param context SHA-256 of the model that was sent out.
 * @param participants the clients of the roster.
 * @param network see {@link Network}.
 * @param pool threads that take the masks away; without them this thread does it.
 * @param onProgress called before a client's step.
 */
export async function coordinate<F extends Fields>(
  plan: Plan<F>,
  context: Uint8Array,
  participants: ReadonlyMap<ClientId, Participant<F>>,
  network: Network,
  pool: Tinypool | undefined,
  onProgress: (phase: coordinator.Phase, sender: ClientId) => void = () => {},
): Promise<FinishedRound<F>> {
  const meter = createMeter();
  const clients = new Map([...participants].map(([id, me]) => [id, participate(me)]));

  /** One phase: hands out the downlinks, and takes in what comes back. */
  async function gather<P extends coordinator.Phase>(
    state: coordinator.CoordinatorState<P, F>,
    downlinks?: coordinator.Downlinks<P>,
  ): Promise<void> {
    const { phase } = state;
    for (const id of downlinks?.keys() ?? clients.keys()) {
      onProgress(phase, id);
      const downlink = downlinks?.get(id) ?? NOTHING;
      const step = await meter.atClient(phase, async () => clients.get(id)?.next(downlink));
      const message = step?.value ?? NOTHING;
      const arrived = await network(phase, id, message);
      const up = arrived.includes(message) ? message.length : undefined;
      meter.countBytes(phase, { up, down: downlink.length });
      for (const bytes of arrived) {
        // A fault comes back if the message is refused. The result lists them all.
        meter.atCoordinator(phase, () => coordinator.accept(state, bytes));
      }
    }
  }
  const close = <P extends coordinator.Phase>(state: coordinator.CoordinatorState<P, F>) =>
    meter.atCoordinator(state.phase, () => coordinator.close(state));

  const advertising = coordinator.begin(plan, { context });
  await gather(advertising);
  const sharing = close(advertising);
  await gather(sharing.next, sharing.downlinks);
  const masking = close(sharing.next);
  await gather(masking.next, masking.downlinks);
  const confirming = close(masking.next);
  await gather(confirming.next, confirming.downlinks);
  const unmasking = close(confirming.next);
  await gather(unmasking.next, unmasking.downlinks);
  const accumulators =
    pool && (await meter.forCoordinator('unmask', () => unmaskOnThreads(unmasking.next, { pool })));
  const { next: result } = meter.atCoordinator('unmask', () =>
    coordinator.close(unmasking.next, accumulators),
  );
  return { result, meter };
}

/** What a client gets before its first step: the coordinator has not said anything yet. */
const NOTHING: Uint8Array = new Uint8Array();
