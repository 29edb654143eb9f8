/** Section 4.2: degree, threshold, window, quorum. Everything in doubles, in the order of the page. */
import { must } from './refused.ts';

export type Parameters = {
  readonly n: number;
  readonly A: number;
  readonly D: number;
  readonly Q0: number;
  readonly k: number;
  readonly t: number;
  readonly w: number;
  readonly complete: boolean;
  readonly active: boolean;
};

type Law = { readonly first: number; readonly weights: readonly number[]; readonly total: number };

/** A rate in billionths, exactly. */
export function billionths(rate: string): number {
  const [, whole, fraction = ''] = /^(\d+)(?:\.(\d+))?$/.exec(rate) ?? [];
  must(whole !== undefined && /^0*$/.test(whole), 'plan-refused', 'a rate of 1 or more');
  const digits = fraction.replace(/0+$/, '');
  must(digits.length <= 9, 'plan-refused', 'more than nine digits');
  return Number(digits.padEnd(9, '0'));
}

const count = (rate: string, n: number): number =>
  Number((BigInt(billionths(rate)) * BigInt(n)) / 1_000_000_000n);

function hyper(N: number, marked: number, drawn: number): Law {
  const unmarked = N - marked;
  const lowest = Math.max(0, drawn - unmarked);
  const highest = Math.min(marked, drawn);
  const middle = Math.floor(((drawn + 1) * (marked + 1)) / (N + 2));
  const mode = Math.min(highest, Math.max(lowest, middle));
  const weights = [1];
  for (let v = 1, i = mode; i < highest; i++) {
    v = v * (((marked - i) * (drawn - i)) / ((i + 1) * (unmarked - drawn + i + 1)));
    if (v < 2 ** -200) break;
    weights.push(v);
  }
  let first = mode;
  for (let v = 1, i = mode; i > lowest; i--) {
    v = v * ((i * (unmarked - drawn + i)) / ((marked - i + 1) * (drawn - i + 1)));
    if (v < 2 ** -200) break;
    weights.unshift(v);
    first--;
  }
  return { first, weights, total: weights.reduce((sum, v) => sum + v, 0) };
}

function upper({ first, weights, total }: Law, bound: number): number {
  const limit = bound * total;
  for (let tail = 0, i = weights.length - 1; i >= 1; i--) {
    tail = tail + (weights[i] as number);
    if (tail > limit) return first + i;
  }
  return first;
}

function lower({ first, weights, total }: Law, bound: number): number {
  const limit = bound * total;
  for (let tail = 0, i = 0; i <= weights.length - 2; i++) {
    tail = tail + (weights[i] as number);
    if (tail > limit) return first + i;
  }
  return first + weights.length - 1;
}

function connected(n: number, bad: number, k: number): boolean {
  if (k > bad) return true;
  let e = (n * (n - k - 1)) / 2;
  for (let i = 0; i <= k - 1; i++) {
    e = e * ((bad - i) / (n - i));
    if (e < 2 ** -41) return true;
  }
  return false;
}

type Trust = { readonly corrupt: string; readonly absent: string; readonly coordinator: string };

export function parametersOf(n: number, { corrupt, absent, coordinator }: Trust): Parameters {
  const active = coordinator === 'active';
  const A = count(corrupt, n);
  const D = count(absent, n);
  const Q0 = active ? Math.floor((n + A) / 2) + 1 : 0;
  const common = { n, A, D, Q0, active };
  const rates = billionths(corrupt) + (active ? 2 : 1) * billionths(absent);
  for (let k = 2; k < n - 1 && rates <= 900_000_000; k += 2) {
    if (!connected(n, A + D, k)) continue;
    const c = upper(hyper(n, A, k), 2 ** -41 / n);
    const t1 = active ? Math.ceil((c + k - 1.25) / 2) : c;
    const t2 = lower(hyper(n, n - D, k), 2 ** -20 / n);
    const t = Math.max(t1 + 1, 2);
    if (t2 <= t1 || t2 < t) continue;
    let w = 0;
    if (active) {
      w = upper(hyper(n, A, k / 2), 2 ** -41 / n);
      const S = hyper(n, n - D, k / 2);
      const m = S.weights.reduce((sum, v, i) => (S.first + i <= w ? sum + v : sum), 0);
      if (n * m > 2 ** -20 * S.total) continue;
    }
    return { ...common, k, t, w, complete: false };
  }
  const t = Math.max(n - D, active ? Q0 : A + 1, 2);
  must(t <= n - D, 'plan-refused', 'too many absent');
  return { ...common, k: n - 1, t, w: 0, complete: true };
}

/** The least floor. */
export function leastFloor({ n, A, D, Q0, k, t, complete, active }: Parameters): number {
  let least = Math.max(A + 2, Q0, complete ? t : 0);
  if (!complete && !active) while (least < n - D && !connected(n, A + n - least, k)) least++;
  return least;
}
