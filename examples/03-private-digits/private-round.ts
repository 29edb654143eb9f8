/**
 * A round of the private demo as its coordinator sees it: the plan with its noise, a receipt of the
 * coordinator's own ledger, and five phases with a crowd of clients that live on other threads.
 */
import type { Tinypool } from 'tinypool';
import type { Result } from 'veilsum';
import * as coordinator from 'veilsum/coordinator';
import type { Receipt } from 'veilsum/dp';
import { unmaskOnThreads } from '../parallel-unmask/host.ts';
import type { Crowd } from './crowd.ts';
import { hashOf, type Model, type UpdateFields } from './learning.ts';
import type { PrivatePlan } from './private-plan.ts';

/**
 * Plays a round.
 *
 * @param receipt what the coordinator's ledger gave for this plan; without it the round does not begin
 * @param pool threads that take the masks away
 * @param onPhase called when a phase begins
 */
export async function privateRound(
  published: PrivatePlan,
  model: Model,
  receipt: Receipt,
  crowd: Crowd,
  pool?: Tinypool,
  onPhase: (phase: coordinator.Phase) => void = () => {},
): Promise<Result<UpdateFields>> {
  await crowd.enter(published, model);

  /** One phase: hands out the downlinks, and takes in what comes back. */
  async function phase<P extends coordinator.Phase>(
    state: coordinator.CoordinatorState<P, UpdateFields>,
    downlinks: ReadonlyMap<string, Uint8Array> = new Map(),
  ): Promise<typeof state> {
    onPhase(state.phase);
    await crowd.step(state.phase, downlinks, (message) => coordinator.accept(state, message));
    return state;
  }
  const begun = coordinator.begin(published, { context: hashOf(model), receipt });
  const sharing = coordinator.close(await phase(begun));
  const masking = coordinator.close(await phase(sharing.next, sharing.downlinks));
  const confirming = coordinator.close(await phase(masking.next, masking.downlinks));
  const unmasking = coordinator.close(await phase(confirming.next, confirming.downlinks));
  const answered = await phase(unmasking.next, unmasking.downlinks);
  const accumulators = pool && (await unmaskOnThreads(answered, { pool }));
  return coordinator.close(answered, accumulators).next;
}
