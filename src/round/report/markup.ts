/**
 * HTML that cannot be forgotten to escape: whatever goes into the template is text unless another template
 * made it. And how numbers are written, the same on every machine.
 */

/** Markup that {@link html} made. */
export type Markup = { readonly markup: string };

/** What may stand in a template. */
export type Part = Markup | string | number | null | readonly Part[];

/** Markup from a template; strings and numbers in it become text, null nothing. */
export const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Markup => ({
  markup: strings.reduce((out, string, i) => out + written(parts[i - 1] ?? null) + string),
});

function written(part: Part): string {
  if (part === null) return '';
  if (typeof part === 'string' || typeof part === 'number') return escaped(String(part));
  return 'markup' in part ? part.markup : part.map(written).join('');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text that stays text, between tags and in quoted attributes. */
const escaped = (text: string): string => text.replace(/[&<>"']/g, (one) => ENTITIES[one] ?? '');

/** A text of somebody else's, kept from turning the direction of what stands around it. */
export const foreign = (text: string): Markup => html`<bdi>${text}</bdi>`;

/** A number to four digits; whole ones in groups of three. */
export function figure(value: number): string {
  if (Number.isSafeInteger(value)) return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
  if (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e7) {
    return String(Number(value.toPrecision(4)).toExponential()).replace('e+', 'e');
  }
  return String(Number(value.toPrecision(4)));
}

/** A price: to four digits, never rounded down. */
export function price(value: number | null): string {
  if (value === null) return '∞';
  if (value === 0) return '0';
  if (value === Number.POSITIVE_INFINITY) return '∞';
  if (value < 1e-300) return figure(value); // Steps of four digits would be 0.
  const unit = 10 ** (Math.floor(Math.log10(value)) - 3);
  return figure(Math.max(Math.ceil(value / unit - 1e-9) * unit, Number(value.toPrecision(4))));
}

/** Smallest and greatest, of however many: a call has too few places for all of them. */
export const extremes = (values: readonly number[]): readonly [low: number, high: number] =>
  values.reduce<readonly [number, number]>(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );

/** Smallest and greatest: `3` or `3 to 5`. */
export function span(values: readonly number[], write: (value: number) => string = figure): string {
  const [low, high] = extremes(values).map(write) as [string, string];
  return low === high ? low : `${low} to ${high}`;
}

/** A count and its noun: `1 round`, `2 rounds`, `3 entries`. */
export const counted = (count: number, noun: string): string =>
  `${figure(count)} ${count === 1 ? noun : noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : `${noun}s`}`;
