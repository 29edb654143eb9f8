/** The end of a story: the sum is opened, here or in pieces elsewhere, or it is not, and says why. */
import assert from 'node:assert/strict';
import * as coordinator from '../../src/coordinator.ts';
import { type Fields, ProtocolError } from '../../src/index.ts';
import * as model from './model.ts';
import { expectedSum, flatSum } from './numbers.ts';
import { crash, ends, failure, type Round, takeCensus } from './round.ts';
import { type Actor, must } from './stage.ts';
import { count } from './tally.ts';

/** Opens the sum, here or in pieces elsewhere, and holds the result against the model. */
export function finish(round: Round, actors: readonly Actor[]): void {
  const { ids, tally, dice: d } = round;
  const { plan } = round.story;
  takeCensus(round);
  const crooked = model.crookedDealers(round.model);
  if (crooked.length > 0) {
    const error = failure(() => coordinator.close(round.state));
    must(error instanceof ProtocolError && error.code === 'bad-share', `bad shares: got ${error}`);
    assert.deepEqual(
      error.culprits,
      crooked.map((index) => ({ client: ids[index] })),
    );
    takeCensus(round);
    ends(round, 'bad-share');
    return;
  }
  const contributors = [...model.u3(round.model)].sort((a, b) => a - b);
  const expected = expectedSum(
    plan.fields,
    plan.shapes.map(({ modulusBits }) => modulusBits),
    contributors.map((index) => (actors[index] as Actor).contribution.words),
  );
  const accumulators = d.chance(0.5) ? workElsewhere(round) : undefined;
  let result: coordinator.Result<Fields>;
  try {
    result = coordinator.close(
      round.state as coordinator.CoordinatorState<'unmask', Fields>,
      accumulators,
    ).next;
  } catch (error) {
    must(
      error instanceof ProtocolError && error.code === 'poisoned-sum',
      `opening the sum: got ${error}`,
    );
    assert.deepEqual(error.details.fields, expected.poisoned);
    assert.deepEqual(flatSum(error.details.sum as object), expected.sum);
    ends(round, 'poisoned-sum');
    return;
  }
  assert.deepEqual(expected.poisoned, []);
  assert.deepEqual(flatSum(result.sum), expected.sum);
  assert.deepEqual(
    result.contributors,
    contributors.map((index) => ids[index]),
  );
  assert.deepEqual(
    result.dropped,
    model.dropped(round.model).map(([index, phase]) => ({ id: ids[index], phase })),
  );
  const reports = [...model.u2(round.model)].flatMap((dealer) =>
    model.reportersOf(round.model, dealer).map(() => ids[dealer]),
  );
  assert.deepEqual(result.refused.slice(0, round.faults.length), round.faults);
  assert.deepEqual(
    result.refused
      .slice(round.faults.length)
      .map(({ claimed }) => claimed)
      .sort(),
    reports.sort(),
  );
  if (round.twin !== undefined) {
    const twin = coordinator.close(round.twin as coordinator.CoordinatorState<'unmask', Fields>);
    assert.deepEqual(twin.next, result);
    count(tally, 'equal to a twin', 'result');
  }
  ends(round, 'exact sum');
}

/** The unmask work, cut up, spread, stored, merged in any order; and what is refused on the way. */
function workElsewhere(round: Round): readonly coordinator.Accumulator[] {
  const { dice: d, tally } = round;
  const state = round.state as coordinator.CoordinatorState<'unmask', Fields>;
  const early = failure(() => coordinator.close(round.state as never, [] as never));
  must(early?.code === 'wrong-type', `accumulators of no work: got ${early}`);
  const { fields, pieces } = coordinator.unmaskWork(state, { pieceWords: d.int(1, 400) });
  const parts = Array.from({ length: d.int(1, 4) }, () => coordinator.createAccumulator(fields));
  for (const piece of d.shuffle(pieces)) {
    const part = d.pick(parts);
    coordinator.runPieceInto(part, piece);
    if (!d.chance(0.01)) continue;
    const twice = failure(() => coordinator.runPieceInto(part, piece));
    must(twice?.code === 'duplicate-id', `a piece run twice: got ${twice}`);
  }
  if (d.chance(round.story.coordinatorCrashes)) crash(round);
  const stored = d.shuffle(parts).map((part) => {
    if (!d.chance(0.5)) return part;
    return coordinator.readAccumulator(fields, coordinator.accumulatorBytes(part));
  });
  const lacking = stored.filter((_, i) => i > 0);
  if (stored[0] !== undefined && stored[0].holds.size > 0) {
    const error = failure(() => coordinator.close(round.state as never, lacking as never));
    must(error?.code === 'unknown-id', `work that lacks a part: got ${error}`);
  }
  while (stored.length > 1 && d.chance(0.7)) {
    const part = stored.pop() as coordinator.Accumulator;
    coordinator.mergeInto(d.pick(stored), part);
  }
  count(tally, 'unmask work', `${parts.length} parts`);
  count(tally, 'unmask work', 'pieces', pieces.length);
  return stored;
}
