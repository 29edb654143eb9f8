/** The ring of a round: its order, its edges, the window rule and the t-core. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { utf8 } from '../../src/internal/bytes.ts';
import { sha256 } from '../../src/internal/sha256.ts';
import { expandInto } from '../../src/prg/chacha20.ts';
import { deriveKey } from '../../src/prg/hkdf.ts';
import {
  areNeighbours,
  buildGraph,
  core,
  type Graph,
  neighbours,
  ownX,
  shareX,
  windowHolds,
} from '../../src/secagg/graph.ts';
import {
  checkFloor,
  type GraphParameters,
  graphParameters,
} from '../../src/secagg/graph-parameters.ts';

const roundId = (name: string): Uint8Array => sha256(utf8(name));
const range = (length: number): number[] => Array.from({ length }, (_, i) => i);

/** Parameters with chosen numbers; only size and degree shape a graph. */
const shaped = (clients: number, degree: number): GraphParameters => ({
  clients,
  degree,
  complete: degree === clients - 1,
  coordinator: 'active',
  corruptCount: 0,
  absentCount: 0,
  threshold: 2,
  window: 0,
  quorumBase: 0,
  defaultFloor: clients,
});

/** Rings of all shapes, the complete ones included. */
const graphs: fc.Arbitrary<Graph> = fc
  .integer({ min: 3, max: 40 })
  .chain((n) =>
    fc.record({
      n: fc.constant(n),
      degree: fc.oneof(
        fc.constant(n - 1),
        fc.integer({ min: 1, max: Math.max(1, Math.ceil(n / 2) - 1) }).map((half) => 2 * half),
      ),
      name: fc.string(),
    }),
  )
  .map(({ n, degree, name }) => buildGraph(shaped(n, Math.min(degree, n - 1)), roundId(name)));

const graphAndMembers = graphs.chain((graph) =>
  fc.tuple(fc.constant(graph), fc.subarray(range(graph.clients))),
);

describe('the order', () => {
  test('is Fisher–Yates over the ChaCha20 stream of the round id', () => {
    const n = 3000;
    const id = roundId('order');
    const words = new Uint32Array(4096);
    expandInto(words, deriveKey(id, [utf8('graph')]));
    const order = range(n);
    let used = 0;
    for (let i = n - 1; i > 0; i--) {
      let word = words[used++] as number;
      while (word >= Math.floor(2 ** 32 / (i + 1)) * (i + 1)) word = words[used++] as number;
      const j = word % (i + 1);
      [order[i], order[j]] = [order[j] as number, order[i] as number];
    }
    const graph = buildGraph(shaped(n, 20), id);
    expect([...graph.at]).toEqual(order);
    for (const index of range(n)) expect(graph.at[graph.positionOf[index] as number]).toBe(index);
  });

  test('is the same for the same round id and another for another', () => {
    const parameters = shaped(100, 10);
    const first = buildGraph(parameters, roundId('a'));
    expect(buildGraph(parameters, roundId('a'))).toEqual(first);
    expect(buildGraph(parameters, roundId('b')).at).not.toEqual(first.at);
  });

  test('takes every permutation of four equally often', () => {
    const seen = new Map<string, number>();
    for (let i = 0; i < 4800; i++) {
      const order = buildGraph(shaped(4, 2), roundId(`permutation ${i}`)).at.join();
      seen.set(order, (seen.get(order) ?? 0) + 1);
    }
    expect(seen.size).toBe(24);
    let chiSquare = 0;
    for (const times of seen.values()) chiSquare += (times - 200) ** 2 / 200;
    // 23 degrees of freedom: above 58 once in 10^4. The round ids are fixed, so this never flickers.
    expect(chiSquare).toBeLessThan(58);
  });

  test('needs a round id of 32 bytes', () => {
    expect(() => buildGraph(shaped(4, 2), new Uint8Array(31))).toThrow(
      expect.objectContaining({ code: 'wrong-length' }),
    );
  });
});

describe('edges and x-coordinates', () => {
  test('are symmetric, distinct from 1 to k, and agree with each other', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        for (const dealer of range(graph.clients)) {
          const own = neighbours(graph, dealer);
          expect(own.map(({ x }) => x)).toEqual(range(graph.degree).map((i) => i + 1));
          expect(new Set(own.map(({ index }) => index)).size).toBe(graph.degree);
          const set = new Set(own.map(({ index }) => index));
          for (const other of range(graph.clients)) {
            expect(areNeighbours(graph, dealer, other)).toBe(set.has(other));
            expect(areNeighbours(graph, other, dealer)).toBe(set.has(other));
          }
          for (const { index, x } of own) {
            expect(shareX(graph, dealer, index)).toBe(x);
            // An offset one way is the negative one back.
            expect(shareX(graph, index, dealer)).toBe(graph.degree + 1 - x);
          }
          expect(shareX(graph, dealer, dealer)).toBe(ownX(graph));
        }
      }),
      { numRuns: 60 },
    );
  });

  test('follow the offsets on the ring', () => {
    const graph = buildGraph(shaped(11, 4), roundId('offsets'));
    const at = (position: number): number => graph.at[(position + 11) % 11] as number;
    for (const position of range(11)) {
      expect(neighbours(graph, at(position))).toEqual([
        { index: at(position + 1), x: 1 },
        { index: at(position + 2), x: 2 },
        { index: at(position - 2), x: 3 },
        { index: at(position - 1), x: 4 },
      ]);
    }
    expect(ownX(graph)).toBe(5);
  });

  test('no x for strangers, no index outside the roster', () => {
    const graph = buildGraph(shaped(11, 4), roundId('strangers'));
    const outOfRange = expect.objectContaining({ code: 'out-of-range' });
    const [dealer, stranger] = [graph.at[0] as number, graph.at[3] as number];
    expect(() => shareX(graph, dealer, stranger)).toThrow(outOfRange);
    for (const index of [-1, 11, 0.5, Number.NaN]) {
      expect(() => neighbours(graph, index)).toThrow(outOfRange);
      expect(() => areNeighbours(graph, 0, index)).toThrow(outOfRange);
      expect(() => windowHolds(graph, [index], 0)).toThrow(outOfRange);
      expect(() => core(graph, [index], 2)).toThrow(outOfRange);
    }
  });

  test('a complete graph of 10^4 takes no room', () => {
    const graph = buildGraph(shaped(10_000, 9_999), roundId('large'));
    expect(neighbours(graph, 5)).toHaveLength(9_999);
    expect(core(graph, range(9_000), 9_000).size).toBe(9_000);
  });
});

describe('the window rule', () => {
  test('agrees with counting every window', () => {
    fc.assert(
      fc.property(graphAndMembers, fc.nat(6), ([graph, members], window) => {
        const set = new Set(members);
        const half = graph.degree / 2;
        const holds =
          graph.complete ||
          range(graph.clients).every((start) => {
            const inside = range(half).map((i) => graph.at[(start + i) % graph.clients] as number);
            return inside.filter((index) => set.has(index)).length >= window + 1;
          });
        expect(windowHolds(graph, members, Math.min(window, graph.clients))).toBe(holds);
        expect(windowHolds(graph, [...members, ...members], Math.min(window, graph.clients))).toBe(
          holds,
        );
      }),
    );
  });

  test('keeps honest survivors connected whomever the coordinator calls dropped', () => {
    const parameters = graphParameters({
      clients: 100,
      corrupt: 0.1,
      absent: 0.1,
      coordinator: 'active',
    });
    const corrupt = new Set(range(parameters.corruptCount));
    for (let trial = 0; trial < 20; trial++) {
      const graph = buildGraph(parameters, roundId(`window ${trial}`));
      const members = new Set(range(100));
      // The coordinator drops honest clients one after the other along the ring, as far as it may.
      for (let step = 0; step < 100; step++) {
        const index = graph.at[(step + 7 * trial) % 100] as number;
        if (corrupt.has(index)) continue;
        members.delete(index);
        if (!windowHolds(graph, members, parameters.window)) members.add(index);
      }
      expect(members.size).toBeLessThan(80);
      const honest = [...members].filter((index) => !corrupt.has(index));
      expect(parts(graph, honest)).toBe(1);
    }
  });
});

describe('the t-core', () => {
  test('agrees with removing one client after the other', () => {
    fc.assert(
      fc.property(graphAndMembers, fc.integer({ min: 1, max: 12 }), ([graph, members], wanted) => {
        const threshold = Math.min(wanted, graph.clients);
        const left = new Set(members);
        for (let changed = true; changed; ) {
          changed = false;
          for (const index of left) {
            const near = neighbours(graph, index).filter((other) => left.has(other.index)).length;
            if (near + (graph.complete ? 1 : 0) < threshold) {
              left.delete(index);
              changed = true;
            }
          }
        }
        expect(core(graph, new Set(members), threshold)).toEqual(left);
      }),
      { numRuns: 300 },
    );
  });

  test('leaves the given set as it was', () => {
    const graph = buildGraph(shaped(11, 4), roundId('core'));
    const members = new Set([0, 1]);
    expect(core(graph, members, 3).size).toBe(0);
    expect(members.size).toBe(2);
  });
});

test('a semi-honest round below the least floor falls apart, and such a floor is refused', () => {
  const parameters = graphParameters({
    clients: 20,
    corrupt: 0.1,
    absent: 0.2,
    coordinator: 'semi-honest',
  });
  expect(parameters).toMatchObject({ degree: 8, threshold: 3, corruptCount: 2, defaultFloor: 16 });
  // Ten clients vanish; a floor of A + 2 = 4 would let the other ten go on.
  const fallenApart = range(2000).filter((trial) => {
    const graph = buildGraph(parameters, roundId(`floor ${trial}`));
    const survivors = core(graph, range(10), parameters.threshold);
    const honest = [...survivors].filter((index) => index >= parameters.corruptCount);
    return survivors.size >= 4 && parts(graph, honest) > 1;
  });
  // About one round out of twenty.
  expect(fallenApart.length).toBeGreaterThan(50);
  expect(() => checkFloor(parameters, 4)).toThrow(
    expect.objectContaining({ code: 'floor-unreachable' }),
  );
});

/** How many connected parts the graph has among these clients. */
function parts(graph: Graph, members: readonly number[]): number {
  const left = new Set(members);
  let found = 0;
  for (const start of members) {
    if (!left.delete(start)) continue;
    found++;
    const open = [start];
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      for (const next of neighbours(graph, index)) {
        if (left.delete(next.index)) open.push(next.index);
      }
    }
  }
  return found;
}
