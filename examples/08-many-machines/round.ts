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
  /** The sum in the clear of those who stayed. */
  readonly expected: readonly number[];
};

/** Brings masked uploads to the coordinator. */
export type Bringing = (
  state: coordinator.CoordinatorState<'mask', Counted>,
  round: string,
  uploads: readonly Uint8Array[],
) => Promise<void>;

/** As a coordinator that holds all sockets itself. */
const directly: Bringing = async (state, _, uploads) => {
  for (const upload of uploads) coordinator.accept(state, upload as coordinator.Uplink<'mask'>);
};

/**
 * Plays a round up to its last close; every eighth client vanishes before it sends anything masked.
 *
 * @param clients how many, at least 8.
 * @param length numbers of each.
 * @param bring how masked uploads get to the coordinator.
 */
export async function answeredRound(
  clients: number,
  length: number,
  bring: Bringing = directly,
): Promise<Answered> {
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
  /** What the clients that are there say to their downlinks. */
  async function said(downlinks: ReadonlyMap<ClientId, Uint8Array>): Promise<Uint8Array[]> {
    const messages: Uint8Array[] = [];
    for (const [id, device] of devices) {
      const { value } = await device.next(downlinks.get(id) ?? new Uint8Array());
      if (value) messages.push(value);
    }
    return messages;
  }
  async function phase<P extends coordinator.Phase>(opened: coordinator.Opened<P, Counted>) {
    for (const message of await said(opened.downlinks)) {
      coordinator.accept(opened.next, message as coordinator.Uplink<P>);
    }
    return opened.next;
  }

  const begun = coordinator.begin(published, { context: published.hash });
  const shared = coordinator.close(await phase({ next: begun, downlinks: new Map() }));
  const masking = coordinator.close(await phase(shared));
  for (const id of vanish) devices.delete(id);
  const round = Buffer.from(published.hash).toString('hex');
  await bring(masking.next, round, await said(masking.downlinks));
  const confirmed = coordinator.close(masking.next);
  const unmasked = coordinator.close(await phase(confirmed));
  const state = await phase(unmasked);

  const expected = new Array<number>(length).fill(0);
  ids.forEach((id, i) => {
    if (vanish.has(id)) return;
    countsOf(i).forEach((count, j) => {
      expected[j] = (expected[j] as number) + count;
    });
  });
  return { plan: published, state, expected };
}
