/** Draws accuracy against rounds as one self-contained SVG, readable on light and dark pages. */

/** One line of the plot. */
export type Curve = {
  /** What the legend says. */
  readonly name: string;
  /** Accuracy in [0, 1] before the first round, after it, after the second, and so on. */
  readonly points: readonly number[];
};

const WIDTH = 720;
const HEIGHT = 430;
/** Where the axes lie. */
export const PAGE = { left: 64, right: 696, top: 56, bottom: 370 } as const;
const COLOURS: readonly string[] = ['#e69f00', '#0072b2', '#009e73', '#cc79a7'];

/** A page with a heading and an axis of accuracies. */
export type Frame = {
  /** Where an accuracy in [0, 1] lies. */
  readonly y: (accuracy: number) => number;
  /** The whole picture, with these elements on it. */
  readonly svg: (elements: readonly string[]) => string;
};

/**
 * Draws the curves. Each is thinner than the one before it, so that two curves that lie on each
 * other can both be seen.
 * @param curves up to four, drawn in this order.
 * @param title the heading, as plain text.
 */
export function accuracyPlot(curves: readonly Curve[], title: string): string {
  const rounds = Math.max(1, ...curves.map((curve) => curve.points.length - 1));
  const x = (round: number): number => scale(round / rounds, PAGE.left, PAGE.right);
  const { y, svg } = frameFor(title);
  return svg([
    ...roundAxis(rounds, x),
    ...curves.flatMap((curve, i) => line(curve, i, curves.length, x, y)),
    ...curves.flatMap((curve, i) => legend(curve, i, curves.length)),
  ]);
}

/** Starts a picture. */
export function frameFor(title: string): Frame {
  const y = (accuracy: number): number => scale(accuracy, PAGE.bottom, PAGE.top);
  const svg = (elements: readonly string[]): string =>
    [
      `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="${escapeXml(title)}">`,
      STYLE,
      `<rect class="page" width="${WIDTH}" height="${HEIGHT}" rx="8"/>`,
      `<text class="title" x="${PAGE.left}" y="32">${escapeXml(title)}</text>`,
      ...accuracyAxis(y),
      ...elements,
      '</svg>',
      '',
    ].join('\n');
  return { y, svg };
}

const STYLE = `<style>
  text { font: 13px system-ui, sans-serif; fill: #3b4048 }
  .title { font-size: 17px; font-weight: 600 }
  .page { fill: #ffffff }
  .grid { stroke: #d5d8dd }
  .axis { stroke: #6b7280 }
  @media (prefers-color-scheme: dark) {
    text { fill: #d5d8dd }
    .page { fill: #16191f }
    .grid { stroke: #343a44 }
    .axis { stroke: #8b93a1 }
  }
</style>`;

function accuracyAxis(y: (accuracy: number) => number): string[] {
  const lines = [0, 0.2, 0.4, 0.6, 0.8, 1].flatMap((accuracy) => {
    const at = y(accuracy);
    return [
      `<line class="${accuracy === 0 ? 'axis' : 'grid'}" x1="${PAGE.left}" y1="${at}" x2="${PAGE.right}" y2="${at}"/>`,
      `<text text-anchor="end" x="${PAGE.left - 10}" y="${at + 4}">${accuracy * 100} %</text>`,
    ];
  });
  const middle = (PAGE.top + PAGE.bottom) / 2;
  const label = `<text text-anchor="middle" transform="translate(16 ${middle}) rotate(-90)">test accuracy</text>`;
  return [...lines, label];
}

function roundAxis(rounds: number, x: (round: number) => number): string[] {
  const step = Math.ceil(rounds / 12);
  const ticks = Array.from({ length: Math.floor(rounds / step) + 1 }, (_, i) => i * step);
  const middle = (PAGE.left + PAGE.right) / 2;
  return [
    ...ticks.flatMap((round) => [
      `<line class="axis" x1="${x(round)}" y1="${PAGE.bottom}" x2="${x(round)}" y2="${PAGE.bottom + 5}"/>`,
      `<text text-anchor="middle" x="${x(round)}" y="${PAGE.bottom + 21}">${round}</text>`,
    ]),
    `<text text-anchor="middle" x="${middle}" y="${PAGE.bottom + 44}">round</text>`,
  ];
}

function line(
  curve: Curve,
  index: number,
  count: number,
  x: (round: number) => number,
  y: (accuracy: number) => number,
): string[] {
  const corners = curve.points.map((accuracy, round) => `${x(round)},${y(accuracy)}`).join(' ');
  return [
    `<polyline fill="none" stroke="${colour(index)}" stroke-width="${thickness(index, count)}" stroke-linejoin="round" stroke-linecap="round" points="${corners}"/>`,
    ...curve.points.map(
      (accuracy, round) =>
        `<circle fill="${colour(index)}" r="${thickness(index, count) + 1}" cx="${x(round)}" cy="${y(accuracy)}"/>`,
    ),
  ];
}

function legend(curve: Curve, index: number, count: number): string[] {
  const last = curve.points.at(-1);
  const ending = last === undefined ? '' : `: ${(last * 100).toFixed(1)} %`;
  const at = PAGE.bottom - 20 - 24 * (count - 1 - index);
  return [
    `<line stroke="${colour(index)}" stroke-width="${thickness(index, count)}" stroke-linecap="round" x1="390" y1="${at}" x2="420" y2="${at}"/>`,
    `<text x="432" y="${at + 4}">${escapeXml(curve.name + ending)}</text>`,
  ];
}

function colour(index: number): string {
  return COLOURS[index % COLOURS.length] as string;
}

function thickness(index: number, count: number): number {
  return 2 + 4 * (count - 1 - index);
}

/** The point a share of the way from one end to the other, to a tenth of a pixel. */
export function scale(share: number, from: number, to: number): number {
  return Math.round((from + share * (to - from)) * 10) / 10;
}

function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
