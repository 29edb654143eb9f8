/** The round of the story: many clients of which some vanish, up to the work at its end. */
import { type ClientId, integer, noNoise, type Plan, plan, planBytes } from 'veilsum';
import * as client from 'veilsum/client';
import * as coordinator from 'veilsum/coordinator';
import { enrol } from '../digits/enrolment.ts';
import { participate } from '../digits/secure-round.ts';

/** What each client sends. */
export type Counted = { readonly counts: ReturnType<typeof integer> };

/** A round of which all answers are in. */
export type Answered = {
  readonly plan: Plan<Counted>;
  readonly state: coordinator.CoordinatorState<'unmask', Counted>;
  readonly vanished: number;
  /** The sum in the clear of those who stayed. */
  readonly expected: readonly number[];
};

/**
 * Plays a round up to its last close; every eighth client vanishes before it sends anything masked.
 *
 * @param clients how many, at least 8.
 * @param length numbers of each.
 */
export async function answeredRound(clients: number, length: number): Promise<Answered> {
  const { signers, roster, voucher } = await enrol(clients);
  const fields: Counted = { counts: integer({ length, min: 0, max: 999 }) };
  const trust = { corrupt: 0.1, absent: 0.15, coordinator: 'semi-honest' } as const;
  const published = plan({ id: 'machines/1', fields, roster, trust, noise: noNoise() });
  const policy = { voucher, fields, corrupt: 0.1, coordinator: 'semi-honest' } as const;
  const read = client.readPlan(planBytes(published), policy);
  const countsOf = (i: number): Uint16Array =>
    new Uint16Array(length).map((_, j) => (17 * i + j) % 1_000);

  const devices = new Map(
    [...signers].map(([id, signer], i) => {
      const inputs = { counts: countsOf(i) };
      return [id, participate({ signer, plan: read, context: published.hash, inputs })] as const;
    }),
  );
  const ids = [...signers.keys()];
  const vanish = new Set(ids.filter((_, i) => i % 8 === 7));
  async function phase<P extends coordinator.Phase>(
    state: coordinator.CoordinatorState<P, Counted>,
    downlinks: ReadonlyMap<ClientId, Uint8Array>,
  ) {
    for (const [id, device] of devices) {
      if (state.phase === 'mask' && vanish.has(id)) {
        devices.delete(id);
        continue;
      }
      const { value } = await device.next(downlinks.get(id) ?? new Uint8Array());
      const fault = value && coordinator.accept(state, value as never);
      if (fault) throw new Error(fault.message);
    }
    return state;
  }

  const begun = coordinator.begin(published, { context: published.hash });
  const shared = coordinator.close(await phase(begun, new Map()));
  const masked = coordinator.close(await phase(shared.next, shared.downlinks));
  const confirmed = coordinator.close(await phase(masked.next, masked.downlinks));
  const unmasked = coordinator.close(await phase(confirmed.next, confirmed.downlinks));
  const state = await phase(unmasked.next, unmasked.downlinks);

  const expected = new Array<number>(length).fill(0);
  ids.forEach((id, i) => {
    if (vanish.has(id)) return;
    countsOf(i).forEach((count, j) => {
      expected[j] = (expected[j] as number) + count;
    });
  });
  return { plan: published, state, vanished: vanish.size, expected };
}
