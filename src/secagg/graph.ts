/**
 * The graph of a round: a ring of all roster positions in an order drawn from the round id, each
 * client adjacent to the k/2 nearest on either side (a Harary graph), or everybody to everybody.
 *
 * Neighbourhoods are never stored: two positions and the degree say all, so a round of 10^4 clients
 * takes two arrays of 10^4 numbers even on a complete graph.
 */
import { UsageError } from '../errors.ts';
import { assertBytes, assertInteger } from '../internal/assert.ts';
import { utf8 } from '../internal/bytes.ts';
import { expandInto } from '../prg/chacha20.ts';
import { deriveKey } from '../prg/hkdf.ts';
import type { GraphParameters } from './graph-parameters.ts';

/** A ring order with a degree. The record is frozen; its arrays are to be read only. */
export type Graph = {
  /** n: clients on the roster. */
  readonly clients: number;
  /** k: neighbours of each client. */
  readonly degree: number;
  /** Whether everybody is everybody's neighbour (and counts itself). */
  readonly complete: boolean;
  /** Roster index → ring position. */
  readonly positionOf: Uint32Array;
  /** Ring position → roster index. */
  readonly at: Uint32Array;
};

/** A neighbour as a dealer sees it. */
export type Neighbour = {
  /** The neighbour's roster index. */
  readonly index: number;
  /** The Shamir x-coordinate of the share that this neighbour holds of the dealer's secrets. */
  readonly x: number;
};

/** Words drawn at a time; a multiple of the 16 words of a ChaCha20 block. */
const DRAW_WORDS = 1024;

/**
 * Draws the graph of a round.
 *
 * The order is Fisher–Yates from roster order: for i = n−1 down to 1 the entries i and j change
 * places, j uniform from 0 to i. Each j takes the next word r of the ChaCha20 stream (key: HKDF of
 * the round id, label `graph`; words little-endian) and is r mod (i+1), where words from the largest
 * multiple of i+1 in 2^32 upwards are skipped.
 *
 * @param roundId 32 bytes, the hash of plan and beacon.
 * @throws UsageError `wrong-type`, `wrong-length`
 *
 * **Security**: the order is as unpredictable as the round id is before the beacon; everyone knows
 * it afterwards.
 * **Source**: ePrint 2020/704, section 3.1 (random Harary graph); Knuth, TAOCP 2, 3.4.2, algorithm P.
 * **Cost**: O(n); two arrays of n words.
 */
export function buildGraph(parameters: GraphParameters, roundId: Uint8Array): Graph {
  assertBytes('round id', roundId, 32);
  const { clients, degree, complete } = parameters;
  const at = new Uint32Array(clients);
  for (let i = 0; i < clients; i++) at[i] = i;

  const next = wordsOf(deriveKey(roundId, [utf8('graph')]));
  for (let i = clients - 1; i > 0; i--) {
    const range = i + 1;
    const limit = 2 ** 32 - (2 ** 32 % range);
    let word = next();
    while (word >= limit) word = next();
    const j = word % range;
    const kept = at[i] as number;
    at[i] = at[j] as number;
    at[j] = kept;
  }

  const positionOf = new Uint32Array(clients);
  for (let position = 0; position < clients; position++) {
    positionOf[at[position] as number] = position;
  }
  return Object.freeze({ clients, degree, complete, positionOf, at });
}

/**
 * The neighbours of a client, sorted by the x-coordinate that they hold of its secrets: offsets
 * 1 … k/2 and then −k/2 … −1 on the ring (1 … n−1 on a complete graph).
 *
 * @param index roster index of the dealer, from 0 to n − 1.
 * @throws UsageError `out-of-range`
 *
 * **Cost**: O(k), fresh records.
 */
export function neighbours(graph: Graph, index: number): readonly Neighbour[] {
  const position = positionAt(graph, index);
  const found: Neighbour[] = [];
  for (let x = 1; x <= graph.degree; x++) {
    found.push({ index: graph.at[holderPosition(graph, position, x)] as number, x });
  }
  return found;
}

/** The x-coordinate of a client's own share: k + 1. */
export const ownX = (graph: Graph): number => graph.degree + 1;

/**
 * Whether two clients share an edge; a client is not its own neighbour.
 *
 * @param a roster index, from 0 to n − 1.
 * @param b roster index, from 0 to n − 1.
 * @throws UsageError `out-of-range`
 *
 * **Cost**: O(1).
 */
export const areNeighbours = (graph: Graph, a: number, b: number): boolean =>
  a !== b && xAtDistance(graph, distance(graph, a, b)) !== undefined;

/**
 * The x-coordinate of the share of `dealer`'s secrets that `holder` holds; the dealer itself holds
 * {@link ownX}.
 *
 * @param dealer roster index, from 0 to n − 1.
 * @param holder roster index, from 0 to n − 1: a neighbour of the dealer, or the dealer.
 * @throws UsageError `out-of-range` if an index is outside the roster or the two share no edge
 *
 * **Cost**: O(1).
 */
export function shareX(graph: Graph, dealer: number, holder: number): number {
  const x = xAtDistance(graph, distance(graph, dealer, holder));
  if (x === undefined) {
    throw new UsageError(
      'out-of-range',
      `holder: got client ${holder}, expected a neighbour of client ${dealer}`,
      { dealer, holder },
    );
  }
  return x;
}

/**
 * The window rule: whether every k/2 consecutive positions of the ring hold at least w + 1 members.
 *
 * Then at least one of any k/2 consecutive positions is an honest member (at most w are corrupt), so
 * honest members are never further apart than an edge reaches and stay connected. A complete graph
 * needs no rule: always true.
 *
 * @param members roster indices; a repeated one counts once.
 * @param window w of the parameters.
 * @throws UsageError `out-of-range`
 *
 * **Cost**: O(n), n bytes.
 */
export function windowHolds(graph: Graph, members: Iterable<number>, window: number): boolean {
  assertInteger('window', window, 0, graph.clients);
  const present = presence(graph, members);
  if (graph.complete) return true;
  const half = graph.degree / 2;
  let held = 0;
  for (let i = 0; i < half; i++) held += present[i] as number;
  // The window that starts at `start`, and then one position further.
  for (let start = 0; start < graph.clients; start++) {
    if (held <= window) return false;
    held += (present[(start + half) % graph.clients] as number) - (present[start] as number);
  }
  return true;
}

/**
 * The t-core of a set of clients: what remains when members with fewer than `threshold` neighbours
 * in the set are taken out until none is left over. On a complete graph a client counts itself.
 *
 * @param members roster indices.
 * @param threshold t of the parameters.
 * @returns the core in the order of `members`; possibly empty. It does not depend on that order.
 * @throws UsageError `out-of-range`
 *
 * **Cost**: O(n + r·k) where r members are taken out; n words.
 */
export function core(graph: Graph, members: Iterable<number>, threshold: number): Set<number> {
  assertInteger('threshold', threshold, 1, graph.clients);
  const { clients, degree, at, positionOf } = graph;
  const all = new Set(members);
  const present = presence(graph, all);
  if (graph.complete) return all.size >= threshold ? all : new Set();

  // Members among the k + 1 positions around each one, without itself: a sliding sum.
  const half = degree / 2;
  const counts = new Int32Array(clients);
  let around = 0;
  for (let offset = -half; offset <= half; offset++) {
    around += present[(offset + clients) % clients] as number;
  }
  for (let position = 0; position < clients; position++) {
    counts[position] = around - (present[position] as number);
    around += present[(position + half + 1) % clients] as number;
    around -= present[(position - half + clients) % clients] as number;
  }

  const leaving: number[] = [];
  for (const index of all) {
    const position = positionOf[index] as number;
    if ((counts[position] as number) < threshold) leaving.push(position);
  }
  for (const position of leaving) present[position] = 0;
  for (let position = leaving.pop(); position !== undefined; position = leaving.pop()) {
    all.delete(at[position] as number);
    for (let x = 1; x <= degree; x++) {
      const neighbour = holderPosition(graph, position, x);
      const left = (counts[neighbour] as number) - 1;
      counts[neighbour] = left;
      if (present[neighbour] === 1 && left < threshold) {
        present[neighbour] = 0;
        leaving.push(neighbour);
      }
    }
  }
  return all;
}

/** The words of a ChaCha20 stream, one after the other. */
function wordsOf(key: Uint8Array): () => number {
  const drawn = new Uint32Array(DRAW_WORDS);
  let from = -DRAW_WORDS;
  let used = DRAW_WORDS;
  return () => {
    if (used === DRAW_WORDS) {
      from += DRAW_WORDS;
      used = 0;
      expandInto(drawn, key, from);
    }
    return drawn[used++] as number;
  };
}

/** The ring position of the holder of x ≤ k, seen from the dealer's. */
function holderPosition(graph: Graph, dealer: number, x: number): number {
  const { clients, degree, complete } = graph;
  // On the sparse ring, x = k+1−j stands for the offset −j.
  const offset = complete || x <= degree / 2 ? x : clients - (degree + 1 - x);
  return (dealer + offset) % clients;
}

/** (position of `to` − position of `from`) mod n. */
const distance = (graph: Graph, from: number, to: number): number =>
  (positionAt(graph, to) + graph.clients - positionAt(graph, from)) % graph.clients;

/** The x-coordinate at a distance forwards on the ring; undefined where no edge reaches. */
function xAtDistance(graph: Graph, forwards: number): number | undefined {
  const { clients, degree, complete } = graph;
  if (forwards === 0) return degree + 1;
  if (complete || forwards <= degree / 2) return forwards;
  const backwards = clients - forwards;
  return backwards <= degree / 2 ? degree + 1 - backwards : undefined;
}

function positionAt(graph: Graph, index: number): number {
  assertInteger('roster index', index, 0, graph.clients - 1);
  return graph.positionOf[index] as number;
}

/** For each ring position 1 if its client is a member, else 0. */
function presence(graph: Graph, members: Iterable<number>): Uint8Array {
  const present = new Uint8Array(graph.clients);
  for (const index of members) present[positionAt(graph, index)] = 1;
  return present;
}
