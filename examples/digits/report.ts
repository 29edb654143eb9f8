/** What the demo prints. */
import type { Fields, Plan, Result } from 'veilsum';
import type { LearntRound } from './digits-round.ts';
import type { PhaseCost } from './meter.ts';
import { MISHAPS } from './mishaps.ts';
import { PARAMETERS } from './model.ts';
import type { FinishedRound } from './secure-round.ts';
import type { SparseRound } from './sparse-round.ts';
import { textTable } from './table.ts';
import { grouped, percent } from './terminal.ts';

/** What a plan comes to. */
export function planReport({ parameters, floor, quorum }: Plan, rounds: number): string {
  const { clients, corruptCount, absentCount, threshold } = parameters;
  const kinds = [...new Set(MISHAPS)].map(
    (kind) => `${MISHAPS.filter((each) => each === kind).length} × ${kind}`,
  );
  return `
${clients} clients learn ${grouped(PARAMETERS)} parameters in ${rounds} rounds. The coordinator may lie, and at most ${corruptCount} clients
are in league with it; at most ${absentCount} vanish. It follows that a sum needs ${floor} contributors, ${quorum}
signatures under the list of them, and ${threshold} shares of every secret.
In every round: ${kinds.join(', ')}.
In the tables, bytes and ms of clients are those of one client, on average.`;
}

/** What a round of learning came to; accuracies in [0, 1]. */
export function accuracyReport(
  round: number,
  { result }: LearntRound,
  secure: number,
  plain: number,
): string {
  const [examples, right] = result.sum.tally as readonly [number, number];
  return `
Round ${round}: accuracy ${percent(secure)} (plain FedAvg ${percent(plain)}). ${result.contributors.length} clients are in the sum; all its ${grouped(PARAMETERS)}
integers equal the plaintext sum. Before the round they had ${percent(right / examples)} of their own ${grouped(examples)} digits right.`;
}

/** What the round among many came to. */
export function sparseReport({ plan, result }: SparseRound, ms: number): string {
  const { clients, degree, threshold } = plan.parameters;
  return `
Sparse round: ${clients} clients, suite ${plan.suite}, k = ${degree} neighbours each, t = ${threshold} shares open a secret.
${result.contributors.length} clients are in the sum, which is exact. All clients and the coordinator took ${(ms / 1000).toFixed(1)} s together.`;
}

/** What the privacy of a sum rests on. */
export function assumptionsReport({ assumptions }: Result): string {
  const lines = assumptions.map(({ text }) => `  - ${text}`);
  return ['', 'What the privacy of that sum rests on:', ...lines].join('\n');
}

const TITLES = [
  'phase',
  'answered',
  'bytes up',
  'bytes down',
  'ms client',
  'ms coordinator',
  'dropped out',
];

/**
 * The table of one round, a row for each phase, and below it every refused message. Bytes and
 * milliseconds of clients are those of one client, on average.
 */
export function roundReport<F extends Fields>({ result, meter }: FinishedRound<F>): string {
  const means = [...meter.costs.values()].map(meanCost);
  const rows = [...meter.costs].map(([phase, cost], i) => {
    const dropped = result.dropped.filter((one) => one.phase === phase);
    return [
      phase,
      `${cost.answered} of ${cost.asked}`,
      ...costCells([means[i] as MeanCost]),
      dropped.map(({ id }) => id.replace('client-', '')).join(' '),
    ];
  });
  const refused = result.refused.map(
    ({ phase, code, message, culprit }) =>
      `refused in ${phase}, ${culprit ?? 'nobody'} to blame, ${code}: ${message}`,
  );
  return [textTable(TITLES, [...rows, ['all', '', ...costCells(means)]]), ...refused].join('\n');
}

/** Up, down, client, coordinator: of the whole phase for the coordinator, else of one client. */
type MeanCost = readonly [number, number, number, number];

const meanCost = ({ asked, answered, ...cost }: PhaseCost): MeanCost => [
  cost.bytesUp / Math.max(1, answered),
  cost.bytesDown / Math.max(1, asked),
  cost.clientMs / Math.max(1, asked),
  cost.coordinatorMs,
];

/** The four cells of the costs' sum, with the digits below each other. */
function costCells(costs: readonly MeanCost[]): string[] {
  const total = (column: number): number =>
    costs.reduce((sum, cost) => sum + (cost[column] as number), 0);
  const cells = [grouped(total(0)), grouped(total(1)), total(2).toFixed(1), total(3).toFixed(1)];
  return cells.map((cell, i) => cell.padStart((TITLES[2 + i] as string).length));
}
