/**
 * Sets-only simulations: for rounds too large to mask in a test, what a coordinator can open follows
 * from who holds a share of whom and what each client was told. No keys and no vectors here; the
 * stories say so where they use it.
 */
import { utf8 } from '../../../src/internal/bytes.ts';
import { expandInto, hkdfSha256 } from '../../../src/prg/index.ts';
import { type Graph, neighbours } from '../../../src/secagg/graph.ts';

/** Numbers below `bound`, the same on every run for one label. */
export function dice(label: string): (bound: number) => number {
  const words = new Uint32Array(4_096);
  const key = hkdfSha256(utf8(label), utf8('test'), utf8('dice'), 32);
  let from = -words.length;
  let used = words.length;
  return (bound) => {
    if (used === words.length) {
      from += words.length;
      used = 0;
      expandInto(words, key, from);
    }
    return Math.floor(((words[used++] as number) / 2 ** 32) * bound);
  };
}

/** 0 … n−1 in an order that is the same on every run for one label. */
export function shuffled(n: number, label: string): number[] {
  const roll = dice(label);
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = roll(i + 1);
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  return order;
}

/** A secret of a client. */
type Kind = 'self' | 'masking';

/**
 * How many shares of each secret the coordinator gets, when clients answer as `told` (the corrupt
 * ones give both). Sets only.
 */
export function sharesOfKind(
  graph: Graph,
  corrupt: ReadonlySet<number>,
  answers: (holder: number) => boolean,
  told: (holder: number, dealer: number) => Kind | undefined,
): (kind: Kind, dealer: number) => number {
  return (kind, dealer) => {
    let count = kind === 'self' && !corrupt.has(dealer) && answers(dealer) ? 1 : 0;
    for (const { index: holder } of neighbours(graph, dealer)) {
      if (corrupt.has(holder)) count++;
      else if (answers(holder) && told(holder, dealer) === kind) count++;
    }
    return count;
  };
}

/** The connected components, along edges of the graph, of those whom `within` holds of. */
export function arcsOf(graph: Graph, within: (index: number) => boolean): number[][] {
  const seen = new Set<number>();
  const found: number[][] = [];
  for (let start = 0; start < graph.clients; start++) {
    if (!within(start) || seen.has(start)) continue;
    seen.add(start);
    const arc = [start];
    for (const index of arc) {
      for (const { index: peer } of neighbours(graph, index)) {
        if (!within(peer) || seen.has(peer)) continue;
        seen.add(peer);
        arc.push(peer);
      }
    }
    found.push(arc);
  }
  return found;
}

/**
 * About `wanted` places, evenly spaced, where a ring can change from one view to another without
 * anybody noticing who looks at its neighbours only: corrupt clients sign both views, and nearby
 * everybody who says nothing for want of t signatures leaves every secret enough holders all the same.
 *
 * @returns positions p, ascending: p is the last of one view, p + 1 the first of the next.
 */
export function flipsOf(
  graph: Graph,
  threshold: number,
  corrupt: ReadonlySet<number>,
  wanted: number,
): number[] {
  const { clients: n, degree } = graph;
  const near = (position: number): number[] =>
    neighbours(graph, position).map(({ index }) => index);
  const works = (flip: number): boolean => {
    const left = (position: number): boolean => (flip - position + n) % n < n / 2;
    const speaks = new Map<number, boolean>();
    const isHeard = (position: number): boolean => {
      if (corrupt.has(position)) return true;
      let known = speaks.get(position);
      if (known === undefined) {
        const same = near(position).filter(
          (peer) => corrupt.has(peer) || left(peer) === left(position),
        );
        known = same.length >= threshold;
        speaks.set(position, known);
      }
      return known;
    };
    for (let offset = -degree; offset <= degree; offset++) {
      const position = (flip + offset + n) % n;
      if (corrupt.has(position)) continue;
      const holders = near(position).filter(isHeard).length + (isHeard(position) ? 1 : 0);
      if (holders < threshold) return false;
    }
    return true;
  };
  const candidates = Array.from({ length: n }, (_, i) => i).filter(works);
  const chosen = new Set<number>();
  for (let i = 0; i < wanted; i++) {
    const target = Math.floor((i * n) / wanted);
    const apart = (p: number): number => Math.min((p - target + n) % n, (target - p + n) % n);
    const [best] = [...candidates].sort((a, b) => apart(a) - apart(b));
    if (best !== undefined) chosen.add(best);
  }
  return [...chosen].sort((a, b) => a - b);
}
