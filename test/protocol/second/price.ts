/** Section 4.4: what noise costs. */
import { refusal } from './refused.ts';

/** A stretch: its coordinates, Δ² and L. */
export type Stretch = { readonly length: number; readonly square: number; readonly L: number };

/** What a plan says of its price. */
export type Priced = {
  readonly kind: string;
  readonly epsilon: number;
  readonly delta: number;
  readonly rounds: number;
};

const ORDERS: readonly number[] = [
  ...Array.from({ length: 99 }, (_, i) => (11 + i) / 10),
  ...Array.from({ length: 53 }, (_, i) => 11 + i),
  128,
  256,
  512,
  1024,
];

/** r(α) of one stretch under Skellam noise. */
function skellam({ square, L }: Stretch, variance: number, order: number): number {
  const at = (a: number): number =>
    (a * square) / (2 * variance) +
    Math.min(((2 * a - 1) * square + 6 * L) / (4 * variance ** 2), (3 * L) / (2 * variance));
  const moment = (a: number): number => (a === 1 ? 0 : (a - 1) * at(a));
  const below = Math.floor(order);
  if (below === order) return at(order);
  const part = order - below;
  return ((1 - part) * moment(below) + part * moment(below + 1)) / (order - 1);
}

/** r(α) of one stretch under discrete Gaussian noise of H parties. */
function gaussian({ length: d, square, L }: Stretch, v: number, H: number, order: number): number {
  if (v < 1 / 4) return (order * square) / (2 * v);
  let tau = 0;
  for (let j = 1; j <= H - 1; j++) tau += 10 * Math.exp((-2 * Math.PI ** 2 * v * j) / (j + 1));
  const sigma = Math.sqrt(H * v);
  const R = Math.min(
    square / v,
    (square + 2 * L * sigma * tau) / sigma ** 2 + tau ** 2 * d,
    (Math.sqrt(square) / sigma + Math.sqrt(d) * tau) ** 2,
  );
  return Math.min((order * square) / (2 * sigma ** 2) + tau * d, (order * R) / 2);
}

/** ε of all rounds. */
export function priceOf(
  { kind, epsilon, delta, rounds }: Priced,
  stretches: readonly Stretch[],
  variances: readonly number[],
  { n, H }: { readonly n: number; readonly H: number },
): number {
  const C = stretches.reduce((sum, { length }) => sum + length, 0);
  const left = delta - (1 + Math.exp(epsilon)) * rounds * n * C * 2 ** -120;
  if (left < delta / 2) throw refusal('plan-refused', 'δ is used up by the draws');
  const costs = ORDERS.map((order) => {
    const r = stretches.reduce((sum, stretch, i) => {
      const v = variances[i] as number;
      return (
        sum + (kind === 'skellam' ? skellam(stretch, H * v, order) : gaussian(stretch, v, H, order))
      );
    }, 0);
    return rounds * r + Math.log1p(-1 / order) - Math.log(left * order) / (order - 1);
  });
  return Math.max(0, Math.min(...costs));
}
