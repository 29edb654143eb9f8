/** The coordinator's side of a story: the real one and the model take every message together. */
import assert from 'node:assert/strict';
import * as coordinator from '../../src/coordinator.ts';
import { ProtocolError, UsageError, VeilsumError } from '../../src/index.ts';
import type { Delivery } from './actor.ts';
import type { Dice } from './dice.ts';
import * as model from './model.ts';
import { must, sameBytes } from './stage.ts';
import type { Story } from './story.ts';
import { count, type Tally } from './tally.ts';

type State = coordinator.CoordinatorState;

/** A running round: the real coordinator, perhaps one that never crashes, and the model. */
export type Round = {
  readonly story: Story;
  readonly dice: Dice;
  readonly tally: Tally;
  readonly model: model.Model;
  readonly ids: readonly string[];
  readonly faults: coordinator.Fault[];
  /** Messages of earlier phases, which somebody may have kept. */
  readonly past: Delivery[];
  /** The downlinks of this phase as they were first sent. */
  announced: readonly (readonly [string, Uint8Array])[];
  state: State;
  twin: State | undefined;
};

/** Brings messages to the coordinator, which may crash, be asked, or lose patience in between. */
export function hearAll(round: Round, deliveries: readonly Delivery[]): readonly Delivery[] {
  const { story, dice: d, tally } = round;
  for (const [at, delivery] of deliveries.entries()) {
    if (d.chance(story.coordinatorCrashes)) crash(round);
    if (d.chance(0.05)) {
      takeCensus(round);
      if (model.obstacle(round.model) !== undefined) refusesToClose(round);
    }
    if (story.impatient && d.chance(0.3) && model.obstacle(round.model) === undefined) {
      count(tally, 'closed early', round.model.phase);
      return deliveries.slice(at);
    }
    hear(round, delivery);
  }
  return [];
}

function hear(round: Round, { bytes, said }: Delivery): void {
  const { tally, ids } = round;
  const expected = model.hear(round.model, said);
  const fault = coordinator.accept(round.state, bytes as never);
  if (round.twin !== undefined) {
    assert.deepEqual(coordinator.accept(round.twin, bytes as never), fault);
  }
  const told = `"${said.name}" in ${round.model.phase}`;
  if (fault === undefined) {
    must(expected === undefined, `${told} was taken, expected the fault ${expected?.code}`);
    return;
  }
  // What a signature proves is kept once for each client and kind.
  const isKnown = round.faults.some(
    ({ phase, code, culprit }) =>
      culprit !== undefined &&
      culprit === fault.culprit &&
      phase === fault.phase &&
      code === fault.code,
  );
  if (!isKnown) round.faults.push(fault);
  count(tally, 'refused', fault.code);
  must(expected !== undefined, `${told}: got the fault ${fault.code}: ${fault.message}`);
  must(
    expected.code === '*' || expected.code === fault.code,
    `${told}: got the fault ${fault.code}, expected ${expected.code}: ${fault.message}`,
  );
  const culprit = expected.culprit === undefined ? undefined : ids[expected.culprit];
  must(fault.culprit === culprit, `${told}: got the culprit ${fault.culprit}, expected ${culprit}`);
}

/** The coordinator's process ends, and another goes on with what was stored. */
export function crash(round: Round): void {
  const saved = coordinator.save(round.state);
  round.state = coordinator.restore(round.story.plan, saved);
  must(sameBytes(coordinator.save(round.state), saved), 'a restored coordinator saves differently');
  count(round.tally, 'coordinator crashes', round.model.phase);
  if (round.state.phase === 'advertise' || !round.dice.chance(0.2)) return;
  // What was sent may be lost with the old process: the new one can say it again.
  const again = coordinator.downlinks(round.state as coordinator.CoordinatorState<'share'>);
  assert.deepEqual([...again], round.announced);
}

/** The census says what the model says, and closing does what the census says. */
export function takeCensus(round: Round): void {
  const { ids, story } = round;
  const { phase, expected, taken } = round.model;
  const { accepted, missing, floor, canClose } = coordinator.census(round.state);
  assert.deepEqual(
    accepted,
    ids.filter((_, i) => taken[phase].has(i)),
  );
  assert.deepEqual(
    missing,
    ids.filter((_, i) => expected[phase].has(i) && !taken[phase].has(i)),
  );
  must(floor === model.least(round.model), `census of ${phase}: got the floor ${floor}`);
  const isOpen = model.obstacle(round.model) === undefined;
  must(canClose === isOpen, `census of ${phase}: canClose is ${canClose}, expected ${isOpen}`);
  if (!isOpen || phase === 'unmask') return;
  coordinator.close(coordinator.restore(story.plan, coordinator.save(round.state)) as never);
}

/** Closing fails under the right name and changes nothing. */
export function refusesToClose(round: Round): void {
  const obstacle = model.obstacle(round.model) as string;
  const before = coordinator.save(round.state);
  const { phase } = round.model;
  const error = failure(() => coordinator.close(round.state));
  must(
    error instanceof ProtocolError && error.code === obstacle,
    `closing ${phase}: got ${error}, expected ${obstacle}`,
  );
  assert.deepEqual(
    error.culprits,
    model.accused(round.model).map((index) => ({ client: round.ids[index] })),
  );
  if (error.culprits.length > 0) count(round.tally, 'accused', obstacle);
  must(sameBytes(coordinator.save(round.state), before), 'a refused close left a trace');
  count(round.tally, 'closed in vain', phase);
}

export function failure(work: () => unknown): VeilsumError | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof VeilsumError) return error;
    throw error;
  }
}

/** Closes a phase that can be closed; the twin that never crashed sends the very same. */
export function closePhase(round: Round): ReadonlyMap<number, Uint8Array> {
  const spent = round.state;
  const { next: state, downlinks } = coordinator.close(
    spent as coordinator.CoordinatorState<'share'>,
  );
  round.state = state;
  round.announced = [...downlinks];
  if (round.twin !== undefined) {
    const twin = coordinator.close(round.twin as coordinator.CoordinatorState<'share'>);
    round.twin = twin.next;
    assert.deepEqual([...twin.downlinks], [...downlinks]);
  }
  const again = failure(() => coordinator.close(spent));
  must(again instanceof UsageError && again.code === 'state-spent', 'a phase was closed twice');
  model.close(round.model);
  const expected = [...round.model.expected[round.model.phase]].sort((a, b) => a - b);
  assert.deepEqual(
    [...downlinks.keys()],
    expected.map((index) => round.ids[index]),
  );
  return new Map(
    expected.map((index) => [index, downlinks.get(round.ids[index] as never) as never]),
  );
}

/** Who was awaited in vain, and who answered but has too few neighbours left. */
export function countDropped({ model: of, tally }: Round): void {
  const { phase, expected, taken } = of;
  const silent = [...expected[phase]].filter((index) => !taken[phase].has(index));
  count(tally, 'dropped', phase, silent.length);
  const stay = model.members(of);
  const pruned = [...taken[phase].keys()].filter((index) => !stay.has(index));
  if (pruned.length > 0) count(tally, 'pruned', phase, pruned.length);
}

export function ends(round: Round, outcome: string): void {
  const { plan } = round.story;
  const { tally } = round;
  count(tally, 'rounds', plan.parameters.complete ? 'complete graph' : 'sparse graph');
  count(tally, 'outcomes', outcome);
  count(tally, 'suites', plan.suite);
  count(tally, 'models', plan.trust.coordinator);
  const n = round.ids.length;
  count(
    tally,
    'clients',
    n === 3 || n === 60 ? `${n}` : n < 12 ? '4-11' : n < 30 ? '12-29' : '30-59',
  );
}
