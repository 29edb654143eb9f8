/**
 * The two pictures of a report, as SVG that needs nothing from outside: ε over charges against the budget, and
 * who was in each sum. Each has a title and a description, and the table of rounds says the same in words.
 */
import type { PrivacyReport } from './document.ts';
import { counted, extremes, figure, html, type Markup, price } from './markup.ts';
import type { Moment } from './timeline.ts';

const WIDTH = 720;
const HEIGHT = 300;
const AREA = { left: 58, right: 700, top: 18, bottom: 250 } as const;

/** Round steps of an axis from 0 to at least `most`: about four of them. */
function stepsTo(most: number): readonly number[] {
  const rough = (most > 0 ? most : 1) / 4;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = unit * ([1, 2, 2.5, 5].find((factor) => factor * unit >= rough) ?? 10);
  return Array.from({ length: Math.max(1, Math.ceil(most / step - 1e-9)) + 1 }, (_, i) =>
    Number((i * step).toPrecision(6)),
  );
}

const at = (value: number): number => Math.round(value * 100) / 100;

/** The frame of a plot: title, description, vertical axis. */
function framed(
  facts: {
    readonly id: string;
    readonly title: string;
    readonly description: string;
    readonly vertical: string;
    readonly horizontal: string;
    readonly steps: readonly number[];
    readonly write: (value: number) => string;
  },
  y: (value: number) => number,
  content: readonly Markup[],
): Markup {
  const { id, title, description, vertical, horizontal, steps, write } = facts;
  const { left, right, top, bottom } = AREA;
  const middle = (top + bottom) / 2;
  return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="${id}-title ${id}-text">
<title id="${id}-title">${title}</title>
<desc id="${id}-text">${description}</desc>
${steps.map(
  (step) => html`<line class="grid" x1="${left}" y1="${y(step)}" x2="${right}" y2="${y(step)}"/>
<text class="end" x="${left - 8}" y="${at(y(step) + 4)}">${write(step)}</text>`,
)}
<text class="middle label" transform="rotate(-90 14 ${middle})" x="14" y="${middle}">${vertical}</text>
<text class="middle label" x="${(left + right) / 2}" y="${HEIGHT - 6}">${horizontal}</text>
${content}
</svg>`;
}

/** At most a dozen numbers below an axis. */
function ticks(count: number, x: (index: number) => number): readonly Markup[] {
  const every = Math.ceil(count / 12);
  return Array.from({ length: count }, (_, i) => i + 1).flatMap((number) =>
    number === 1 || number % every === 0
      ? [html`<text class="middle" x="${at(x(number))}" y="${AREA.bottom + 18}">${number}</text>`]
      : [],
  );
}

/**
 * ε over charges.
 *
 * @returns nothing where no finite price was charged
 */
export function spendingPlot(report: PrivacyReport, moments: readonly Moment[]): Markup | null {
  const { spending, ledger } = report;
  const points = (spending?.points ?? []).flatMap(({ charges, epsilon }) =>
    epsilon === null ? [] : [{ charges, epsilon }],
  );
  const last = points.at(-1);
  if (spending === null || last === undefined) return null;
  const budget = ledger?.budget.epsilon;
  const steps = stepsTo(Math.max(last.epsilon, budget ?? 0) * 1.04);
  const top = steps.at(-1) as number;
  const { left, right, bottom } = AREA;
  const count = last.charges;
  const x = (charges: number): number => left + ((right - left) * charges) / count;
  const y = (value: number): number => at(bottom - ((bottom - AREA.top) * value) / top);
  // Before a round is charged nothing of it has left: ε jumps when it is.
  let path = `M${left} ${y(0)}`;
  let before = 0;
  for (const { charges, epsilon } of points) {
    path += `H${at(x(before))}V${y(epsilon)}H${at(x(charges))}`;
    before = charges;
  }
  const open = new Set(
    moments.flatMap(({ record, charge }) => (record?.outcome === 'opened' ? [] : [charge])),
  );
  const spentText = `ε ${price(last.epsilon)} after ${counted(count, 'charge')}`;
  return framed(
    {
      id: 'spent',
      title: 'Privacy spent, ε, over the rounds that were charged',
      description: `${spentText}${budget === undefined ? '' : `, of a budget of ${figure(budget)}`}, at δ = ${price(spending.delta)}. The table of rounds has every value.`,
      vertical: 'ε so far',
      horizontal: 'rounds charged',
      steps,
      write: figure,
    },
    y,
    [
      html`<path class="area" d="${path}V${y(0)}Z"/><path class="line" d="${path}"/>`,
      ...points.map(({ charges, epsilon }, i) => {
        const middle = at(x(((points[i - 1]?.charges ?? 0) + charges) / 2));
        return html`<circle class="${open.has(charges) ? 'dot hollow' : 'dot'}" cx="${middle}" cy="${y(epsilon)}" r="${count > 60 ? 1.5 : 4}"><title>charge ${charges}: ε ${price(epsilon)}</title></circle>`;
      }),
      budget === undefined
        ? html``
        : html`<line class="budget" x1="${left}" y1="${y(budget)}" x2="${right}" y2="${y(budget)}"/>
<text class="budget-text" x="${left + 8}" y="${at(y(budget) - 7)}">budget: ε = ${figure(budget)}</text>`,
      ...ticks(count, (number) => x(number - 0.5)),
    ],
  );
}

/** Clients of a moment by what became of them. */
export function attendanceOf({ record }: Moment): {
  readonly stayed: number;
  readonly left: number;
  readonly out: number;
  readonly refused: number;
} {
  if (record === null || record.contributors === null) {
    return { stayed: 0, left: 0, out: 0, refused: 0 };
  }
  const after = record.lost.flatMap(({ phase, clients }) =>
    phase === 'confirm' || phase === 'unmask' ? [clients] : [],
  );
  const left = Math.min(
    record.contributors,
    after.reduce((sum, clients) => sum + clients, 0),
  );
  return {
    stayed: record.contributors - left,
    left,
    out: Math.max(0, record.invited - record.contributors),
    refused: record.refused.reduce((sum, { messages }) => sum + messages, 0),
  };
}

/**
 * Who was in each sum.
 *
 * @returns nothing where no round on record has a result
 */
export function attendancePlot(moments: readonly Moment[]): Markup | null {
  const shown = moments.map(attendanceOf);
  const [, most] = extremes([0, ...shown.map(({ stayed, left, out }) => stayed + left + out)]);
  if (most === 0) return null;
  const steps = stepsTo(most * 1.04).filter(Number.isInteger);
  const { left, right, bottom, top } = AREA;
  const slot = (right - left) / shown.length;
  const wide = Math.min(56, slot * 0.72);
  const highest = Math.max(most * 1.04, steps.at(-1) ?? 0);
  const y = (value: number): number => at(bottom - ((bottom - top) * value) / highest);
  const x = (number: number): number => left + slot * (number - 0.5);
  const [fewest, greatest] = extremes(moments.flatMap(({ record }) => record?.contributors ?? []));
  return framed(
    {
      id: 'clients',
      title: 'Clients in the sum of each round',
      description: `Between ${fewest} and ${greatest} clients are in a sum. The table of rounds has every value.`,
      vertical: 'clients',
      horizontal: 'round, in the order of the table',
      steps,
      write: figure,
    },
    y,
    [
      ...shown.map((of, i) => {
        const from = at(x(i + 1) - wide / 2);
        const bar = (kind: string, low: number, high: number): Markup | null =>
          high > low
            ? html`<rect class="${kind}" x="${from}" y="${y(high)}" width="${at(wide)}" height="${at(y(low) - y(high))}"/>`
            : null;
        const inside = of.stayed + of.left;
        const mark =
          of.refused > 0
            ? html`<text class="middle refused" x="${at(x(i + 1))}" y="${at(y(inside + of.out) - 5)}">✕${of.refused}</text>`
            : null;
        return html`<g><title>${moments[i]?.round ?? ''}: ${inside} in the sum, ${of.out} not, ${counted(of.refused, 'message')} refused</title>
${bar('stayed', 0, of.stayed)}${bar('left', of.stayed, inside)}${bar('out', inside, inside + of.out)}${mark}</g>`;
      }),
      ...ticks(shown.length, x),
    ],
  );
}
