/**
 * A round of many clients: on a sparse graph, each of them shares keys with some tens of others
 * instead of with everybody, and with the hybrid key agreement, which also holds against somebody who
 * records the traffic today and has a quantum computer later.
 */
import type { Tinypool } from 'tinypool';
import {
  type ClientId,
  type IntegerField,
  integer,
  noNoise,
  type Plan,
  plan,
  planBytes,
  type Trust,
} from 'veilsum';
import * as client from 'veilsum/client';
import { enrol } from './enrolment.ts';
import { mishapsOf, unreliableNetwork } from './mishaps.ts';
import { coordinate, type FinishedRound } from './secure-round.ts';
import { insecureGenerator } from './seeded.ts';

/** A histogram that everybody adds to. */
export type HistogramFields = { readonly histogram: IntegerField };

/** What came of the round. */
export type SparseRound = FinishedRound<HistogramFields> & {
  readonly plan: Plan<HistogramFields>;
  /** Whether the sum is that of the contributors' histograms. */
  readonly exact: boolean;
};

/**
 * Plays the round, with the mishaps of the others.
 *
 * @param count how many clients.
 * @param length bins of a histogram.
 * @param trust shares of clients that may be corrupt or vanish: they decide how many neighbours a
 * client needs.
 * @param pool threads for the coordinator's unmask work, if it has some.
 * @param onProgress called with what happens next.
 */
export async function sparseRound(
  count: number,
  length: number,
  trust: Trust,
  pool?: Tinypool,
  onProgress: (what: string) => void = () => {},
): Promise<SparseRound> {
  const { signers, roster, voucher } = await enrol(count);
  const fields = { histogram: integer({ length, min: 0, max: 9 }) };
  const published = plan({
    id: 'sparse/1',
    fields,
    roster,
    suite: 'x25519-mlkem768',
    trust,
    noise: noNoise(),
  });
  // Every client reads the plan for itself; here one reading serves them all.
  const read = client.readPlan(planBytes(published), {
    voucher,
    fields,
    corrupt: Number(trust.corrupt),
    suite: 'hybrid',
  });
  const context = new Uint8Array(32); // nobody was sent a model
  const next = insecureGenerator(6);
  const histograms = new Map(
    [...signers.keys()].map((id) => [id, Array.from({ length }, () => Math.floor(10 * next()))]),
  );
  const participants = new Map(
    [...signers].map(([id, signer]) => {
      const inputs = { histogram: histograms.get(id) as number[] };
      return [id, { signer, plan: read, context, inputs }];
    }),
  );
  const network = unreliableNetwork(mishapsOf(1, [...signers.keys()]), signers, new Map());
  const finished = await coordinate(published, context, participants, network, pool, (phase, id) =>
    onProgress(`${phase}, ${id}`),
  );
  const { sum, contributors } = finished.result;
  const binOf = (id: ClientId, bin: number): number => histograms.get(id)?.[bin] as number;
  const exact = sum.histogram.every(
    (value, bin) => value === contributors.reduce((total, id) => total + binOf(id, bin), 0),
  );
  return { ...finished, plan: published, exact };
}
