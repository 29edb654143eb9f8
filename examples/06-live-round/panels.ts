/** The panels under and beside the circle: uploads, messages, the privacy budget and the verdict. */
import type { BundleVerdict } from 'veilsum/verify';
import { droppedAt } from './circle.ts';
import { LENGTH, SIDE } from './drawing.ts';
import type { View } from './messages.ts';
import { INK, paint, STATIC, scaled, smoothed } from './pictures.ts';

export const element = <E extends HTMLElement>(id: string): E => document.getElementById(id) as E;

/** Sets a text, if it is another one: screen readers read what changes. */
export function say(id: string, text: string): void {
  const where = element(id);
  if (where.textContent !== text) where.textContent = text;
}

const TITLES: Readonly<Record<string, string>> = {
  advertise: 'Keys',
  share: 'Shares',
  mask: 'Masked drawings',
  confirm: 'Agreement',
  unmask: 'Unmasking',
};

const bytes = (count: number): string =>
  count < 1_000 ? `${count} B` : `${(count / 1_000).toFixed(1)} kB`;

/** The uploads so far, one tile for each client; a tile is made once. */
export function showTiles({ clients, round }: View, own: string | undefined): void {
  const list = element('tiles');
  if (list.dataset.round !== String(round) && clients.every(({ upload }) => upload === undefined)) {
    list.dataset.round = String(round);
    list.replaceChildren();
  }
  const there = new Set([...list.children].map((tile) => (tile as HTMLElement).dataset.name));
  for (const { name, upload } of clients) {
    if (upload === undefined || there.has(name)) continue;
    const tile = tileOf(name === own ? `${name} (you)` : name, `What ${name} sent: noise`);
    tile.item.dataset.name = name;
    const shades = atob(upload);
    const values = Array.from({ length: LENGTH }, (_, i) => shades.charCodeAt(i) / 255);
    paint(tile.canvas, values, STATIC);
    list.append(tile.item);
  }
}

function tileOf(
  text: string,
  says: string,
): { readonly item: HTMLElement; readonly canvas: HTMLCanvasElement } {
  const item = document.createElement('li');
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = SIDE;
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', says);
  const label = document.createElement('span');
  label.textContent = text;
  item.append(canvas, label);
  return { item, canvas };
}

/** The table of phases, and what was refused. */
export function showLog({ log, refused, clients }: View): void {
  const body = element('log');
  const key = JSON.stringify(log);
  if (body.dataset.key !== key) {
    body.dataset.key = key;
    body.replaceChildren(
      ...log.map((one) => {
        const row = document.createElement('tr');
        const cells = [
          TITLES[one.phase] ?? one.phase,
          `${one.messages} of ${one.expected}`,
          bytes(one.bytesIn),
          bytes(one.bytesOut),
          `${(one.milliseconds / 1_000).toFixed(1)} s`,
        ];
        row.append(
          ...cells.map((text, i) => {
            const cell = document.createElement(i === 0 ? 'th' : 'td');
            cell.textContent = text;
            return cell;
          }),
        );
        return row;
      }),
    );
  }
  say(
    'refused',
    refused.length === 0
      ? ''
      : `Refused, and without harm to anybody: ${refused.map(({ code, culprit }) => (culprit === undefined ? code : `${code} by ${culprit}`)).join(', ')}.`,
  );
  const gone = clients.filter(({ dropped }) => dropped !== undefined);
  say('dropped', gone.map((one) => `${one.name} vanished ${droppedAt(one)}.`).join(' '));
}

/** What the coordinator's ledger has paid. */
export function showBudget({ ledger }: View): void {
  element('budget').hidden = ledger === undefined;
  if (ledger === undefined) return;
  const { epsilon, budget, delta, rounds, of, deviation } = ledger;
  const meter = element<HTMLMeterElement>('meter');
  meter.max = budget;
  meter.value = epsilon;
  const noise =
    deviation === undefined ? '' : ` Noise in each pixel of the sum: ±${deviation.toFixed(1)}.`;
  say(
    'budget-says',
    `ε = ${epsilon.toFixed(2)} of ${budget} at δ = ${delta}, after ${rounds} of ${of} rounds.${noise}`,
  );
}

let sum: ArrayLike<number> | undefined;
/** The last tile: what all the others come to. */
const total = tileOf('= the sum', 'All of them added up, without their masks: the sum');
total.item.className = 'total';

/** Draws the sum again, smoothed or not. */
export function showSum(): void {
  const canvas = element<HTMLCanvasElement>('sum');
  if (sum === undefined) {
    paint(canvas, [], INK);
    total.item.remove();
    return;
  }
  const isSmooth = element<HTMLInputElement>('smooth').checked;
  for (const one of [canvas, total.canvas]) paint(one, scaled(isSmooth ? smoothed(sum) : sum), INK);
  element('tiles').append(total.item);
}

/** Shows what a proof bundle gave: its sum, who is in it, and what nobody has checked. */
export function showVerdict({
  valid,
  sum: sums,
  statement,
  reasons,
  notChecked,
}: BundleVerdict): void {
  sum = valid ? (sums?.ink as ArrayLike<number>) : undefined;
  const count = statement?.contributors.length ?? 0;
  const panel = element('verdict');
  panel.hidden = false;
  panel.dataset.valid = String(valid);
  say('verdict-word', valid ? 'VALID' : 'NOT VALID');
  say(
    'verdict-says',
    valid
      ? `This tab checked the proof itself: it is the sum of what exactly ${count} clients committed to.`
      : reasons.map(({ text }) => text).join(' '),
  );
  element('unchecked').replaceChildren(
    ...notChecked.map(({ text }) => {
      const item = document.createElement('li');
      item.textContent = text;
      return item;
    }),
  );
  const canvas = element('sum');
  canvas.setAttribute('aria-label', valid ? `The sum of ${count} drawings` : 'No sum');
  canvas.dataset.values = JSON.stringify(Array.from(sum ?? []));
  say(
    'sum-says',
    valid ? `${count} drawings, added up. None of them left its device without masks.` : 'None.',
  );
  showSum();
}

/** Before the next sum is there. */
export function hideVerdict(): void {
  sum = undefined;
  element('verdict').hidden = true;
  const canvas = element('sum');
  canvas.setAttribute('aria-label', 'No sum yet');
  delete canvas.dataset.values;
  say('sum-says', 'It appears when the masks come off.');
  showSum();
}
