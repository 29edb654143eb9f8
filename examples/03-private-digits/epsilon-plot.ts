/** Draws accuracy against ε, and says the same as a table. */
import { type Frame, frameFor, PAGE, scale } from '../digits/plot.ts';

/** What `sweep.ts` found: how many digits were guessed right of those that nobody trained on. */
export type SweepResults = {
  readonly clients: number;
  readonly rounds: number;
  readonly parameters: number;
  /** δ of each whole run. */
  readonly delta: number;
  /** The shares of clients that may collude, and that may vanish. */
  readonly corrupt: number;
  readonly absent: number;
  readonly neighbours: 'zero-out';
  readonly noise: 'skellam';
  /** Digits in the test. */
  readonly tested: number;
  /** How many are right after the same training with the exact sums of clipped updates. */
  readonly noiseless: number;
  readonly points: readonly SweepPoint[];
};

/** Some runs of one price. */
export type SweepPoint = {
  /** ε of the whole run. */
  readonly epsilon: number;
  readonly multiplier: string;
  /** How many are right after each of the runs. */
  readonly right: readonly number[];
};

const COLOUR = '#0072b2';
const NOISELESS = '#e69f00';

/** Accuracies in [0, 1]: of the worst run, on average, of the best run. */
export function accuraciesOf(
  { right }: SweepPoint,
  { tested }: SweepResults,
): { readonly worst: number; readonly mean: number; readonly best: number } {
  const mean = right.reduce((sum, count) => sum + count, 0) / (right.length * tested);
  return { worst: Math.min(...right) / tested, mean, best: Math.max(...right) / tested };
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

/** One self-contained SVG: a dot for each mean, a bar from the worst run to the best, ε in doublings. */
export function epsilonPlot(results: SweepResults): string {
  const { points, noiseless, tested } = results;
  const frame = frameFor('Digits under differential privacy: accuracy against ε');
  const logs = points.map(({ epsilon }) => Math.log2(epsilon));
  const [low, high] = [Math.min(...logs) - 0.5, Math.max(...logs) + 0.5];
  const x = (log: number): number => scale((log - low) / (high - low), PAGE.left, PAGE.right);
  const line = points
    .map((point, i) => `${x(logs[i] as number)},${frame.y(accuraciesOf(point, results).mean)}`)
    .join(' ');
  return frame.svg([
    ...ticks(points, x),
    ...level(frame, 0.1, 'guessing: 10 %', '#6b7280'),
    ...level(frame, noiseless / tested, `without noise: ${percent(noiseless / tested)}`, NOISELESS),
    `<polyline fill="none" stroke="${COLOUR}" stroke-width="2" points="${line}"/>`,
    ...points.flatMap((point, i) => dot(frame, accuraciesOf(point, results), x(logs[i] as number))),
    ...captionOf(results).map(
      (text, i) =>
        `<text text-anchor="end" x="${PAGE.right - 6}" y="${PAGE.bottom - 100 + 20 * i}">${text}</text>`,
    ),
  ]);
}

function ticks(points: readonly SweepPoint[], x: (log: number) => number): string[] {
  const middle = (PAGE.left + PAGE.right) / 2;
  return [
    ...points.flatMap(({ epsilon }) => {
      const at = x(Math.log2(epsilon));
      return [
        `<line class="axis" x1="${at}" y1="${PAGE.bottom}" x2="${at}" y2="${PAGE.bottom + 5}"/>`,
        `<text text-anchor="middle" x="${at}" y="${PAGE.bottom + 21}">${epsilon}</text>`,
      ];
    }),
    `<text text-anchor="middle" x="${middle}" y="${PAGE.bottom + 44}">ε of the whole run, client-level</text>`,
  ];
}

function level({ y }: Frame, accuracy: number, text: string, colour: string): string[] {
  const at = y(accuracy);
  return [
    `<line stroke="${colour}" stroke-width="2" stroke-dasharray="6 5" x1="${PAGE.left}" y1="${at}" x2="${PAGE.right}" y2="${at}"/>`,
    `<text text-anchor="end" x="${PAGE.right - 6}" y="${at - 8}">${text}</text>`,
  ];
}

function dot(
  { y }: Frame,
  { worst, mean, best }: ReturnType<typeof accuraciesOf>,
  at: number,
): string[] {
  return [
    `<line stroke="${COLOUR}" x1="${at}" y1="${y(worst)}" x2="${at}" y2="${y(best)}"/>`,
    `<circle fill="${COLOUR}" r="4" cx="${at}" cy="${y(mean)}"/>`,
    `<text text-anchor="middle" x="${at}" y="${y(worst) + 20}">${percent(mean)}</text>`,
  ];
}

/** What the picture shows, in two lines. */
const captionOf = ({ clients, rounds, parameters, delta, points }: SweepResults): string[] => [
  `${clients} simulated clients, ${rounds} rounds, ${parameters.toLocaleString('en')} parameters; δ = ${delta.toExponential()} for the whole run.`,
  `Dots: mean of ${points[0]?.right.length} runs; bars: from the worst run to the best.`,
];

/** The table of the README. */
export function epsilonTable(results: SweepResults): string {
  const { points, noiseless, tested } = results;
  const rows = points.map((point) => {
    const { worst, mean, best } = accuraciesOf(point, results);
    return [String(point.epsilon), percent(mean), `${percent(worst)} to ${percent(best)}`];
  });
  const table = [
    ['ε of the run', 'accuracy, mean', 'worst to best run'],
    ['---:', '---:', '---:'],
    ...rows,
    ['no noise', percent(noiseless / tested), ''],
  ];
  return table.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
