/**
 * Twenty clients add up updates in one masked round and prove that each is in bounds. One boosts its update,
 * and proves it as well as can be done; one vanishes. The stage for `proven-round.test.ts` at a small size,
 * and for `test/slow` at a real one.
 */
import { clientId, type IntegerField, integer, noNoise, type Plan, type Result } from 'veilsum';
import type { Fault } from 'veilsum/coordinator';
import { type Trust, trustIn } from 'veilsum/verify';
import {
  insecureUpdateKeyForTestingOnly,
  openProver,
  type ProvenUpdates,
  provenUpdates,
  updateProver,
  wasmPairing,
} from 'veilsum/zk';
import { termsOf } from '../../../src/round/plan.ts';
import { carelessProver, commitAnything } from '../../support/hostile-proofs.ts';
import { CONTEXT, committedPlanFor, party, play } from '../../support/round.ts';
import { artifact } from '../../zk/circuits/compile.ts';
import { openCurve } from '../../zk/support.ts';
import { makeKeys } from '../../zk/update/support.ts';

export const CLIENTS = 20;
export const BOOSTED = 'client-7';
export const VANISHED = 'client-12';

/** Quantised updates, from −1,000 to 1,000. */
const MOST = 1_000;
type Update = { readonly update: IntegerField };

/** What came of it. */
export type Story = {
  readonly plan: Plan<Update, never, ProvenUpdates>;
  readonly result: Result<Update>;
  readonly faults: readonly Fault[];
  /** What eighteen clients put in, added up. */
  readonly expected: readonly number[];
  readonly trust: Trust;
};

/** An honest client's update. */
const updateOf = (client: number, length: number): number[] =>
  Array.from({ length }, (_, j) => ((client * 977 + j * 613) % (2 * MOST + 1)) - MOST);

/**
 * Plays the round.
 *
 * @param values in a chunk: an instance of the circuit
 * @param length of an update
 */
export async function tellStory(values: number, length: number): Promise<Story> {
  await using curve = await openCurve();
  const made = await makeKeys(values, curve);
  const key = await insecureUpdateKeyForTestingOnly(made.bytes, {
    backend: await wasmPairing(curve),
    curve,
  });
  const people = await party(CLIENTS);
  const plan = committedPlanFor(people, {
    fields: { update: integer({ length, min: -MOST, max: MOST }) },
    trust: { corrupt: 0.1, absent: 0.2 },
    noise: noNoise(),
    commitments: provenUpdates({ key }),
  });
  const terms = termsOf(plan as never);
  // Ten times its update: in the ring, within sixteen bits, and within what twenty clients can add up to.
  const boosted = updateOf(7, length).map((value) => 10 * value + MOST);
  const who = { client: clientId(BOOSTED), roundId: terms.roundId, context: CONTEXT };
  const careless = carelessProver(made, `update-${values}`);
  await using prover = await openProver();
  const { result, faults } = await play(people, plan, {
    prover: updateProver(prover, {
      wasm: artifact(`update-${values}`, 'wasm'),
      zkey: made.provingKey,
    }),
    inputs: (id) => ({ update: updateOf(people.ids.indexOf(id), length) }),
    vanish: (id) => (id === VANISHED ? 'mask' : undefined),
    commit: (id) =>
      id === BOOSTED ? commitAnything(plan as never, boosted, who, careless) : undefined,
  });
  const honest = people.ids.filter((id) => id !== BOOSTED && id !== VANISHED);
  const expected = Array.from({ length }, (_, j) =>
    honest.reduce((sum, id) => sum + (updateOf(people.ids.indexOf(id), length)[j] as number), 0),
  );
  const trust = { ...trustIn(plan as never), insecureKeyForTestingOnly: true };
  return { plan: plan as never, result, faults, expected, trust };
}
