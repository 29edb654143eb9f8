/** Sections 5.2 and 5.3: the ring, neighbours, x-coordinates, windows. */
import type { Parameters } from './parameters.ts';
import { KDF, STREAM } from './primitives.ts';

export type Graph = Parameters & { readonly at: readonly number[] };

export function graphOf(parameters: Parameters, roundId: Uint8Array): Graph {
  const { n } = parameters;
  const words = STREAM(KDF(roundId, ['graph']), 64 + 8 * n);
  const at = Array.from({ length: n }, (_, i) => i);
  let used = 0;
  for (let i = n - 1; i >= 1; i--) {
    let r = words[used++] as number;
    while (r >= 2 ** 32 - (2 ** 32 % (i + 1))) r = words[used++] as number;
    const j = r % (i + 1);
    [at[i], at[j]] = [at[j] as number, at[i] as number];
  }
  return { ...parameters, at };
}

const ahead = ({ at, n }: Graph, i: number, j: number): number =>
  (at.indexOf(j) - at.indexOf(i) + n) % n;

export const areNeighbours = (g: Graph, i: number, j: number): boolean =>
  i !== j && (g.complete || Math.min(ahead(g, i, j), ahead(g, j, i)) <= g.k / 2);

/** In order. */
export const neighboursOf = (g: Graph, i: number): readonly number[] =>
  Array.from({ length: g.n }, (_, j) => j).filter((j) => areNeighbours(g, i, j));

export const xOf = (g: Graph, i: number, j: number): number =>
  g.complete || ahead(g, i, j) <= g.k / 2 ? ahead(g, i, j) : g.k + 1 - ahead(g, j, i);

export const encapsulates = (g: Graph, i: number, j: number): boolean =>
  2 * ahead(g, i, j) < g.n || (2 * ahead(g, i, j) === g.n && i < j);

export const reaches = (g: Graph, count: number): boolean => count >= g.t - (g.complete ? 1 : 0);

export const keepsWindows = (g: Graph, set: readonly number[]): boolean =>
  !g.active ||
  g.complete ||
  g.at.every((_, from) => {
    const window = Array.from({ length: g.k / 2 }, (_, i) => g.at[(from + i) % g.n] as number);
    return window.filter((index) => set.includes(index)).length >= g.w + 1;
  });
