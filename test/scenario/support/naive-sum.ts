/**
 * A naive masked sum, small and real: X25519 pair masks along a ring graph, a self mask, Shamir
 * shares of both seeds, ChaCha20 streams on vectors mod 2^32. It has the arithmetic of the papers
 * and none of veilsum's rules: its clients believe whatever a coordinator tells them. Each story in
 * `attacks/` says which rule is missing, and opens a victim's vector or splits the sum.
 *
 * Transport and signatures are left out, since no story here rests on them unless it says so: what a
 * client "is told" is an argument, and what the coordinator hears goes into a {@link Book}.
 */
import { type AgreementKeyPair, suite } from '../../../src/identity/suite.ts';
import { utf8 } from '../../../src/internal/bytes.ts';
import { randomBytes } from '../../../src/internal/random.ts';
import { addStreamInto, deriveKey, subtractStreamInto } from '../../../src/prg/index.ts';
import { addInto } from '../../../src/ring/vector.ts';
import { type Graph, neighbours, ownX, shareX } from '../../../src/secagg/graph.ts';
import { combineShares, splitSecret } from '../../../src/secagg/shamir.ts';

const x25519 = suite('x25519');
const none = new Uint8Array(0);

/** Which of a client's two secrets. */
export type Kind = 'self' | 'masking';

/** What a holder has of one dealer. */
export type Pair = Readonly<Record<Kind, Uint8Array>>;

/** A naive client after it has dealt its shares. */
export type NaiveClient = {
  readonly index: number;
  readonly vector: Uint32Array;
  readonly selfSeed: Uint8Array;
  readonly maskingSeed: Uint8Array;
  readonly keys: AgreementKeyPair;
  /** Its share of its own self-mask seed. */
  readonly own: Uint8Array;
  /** What it holds, by dealer. */
  readonly held: Map<number, Pair>;
};

/** All naive clients of a round, and the graph between them. */
export type NaiveRound = {
  readonly graph: Graph;
  readonly threshold: number;
  readonly clients: readonly NaiveClient[];
};

/** A ring in roster order, so that a story can speak of left and right. */
export function ringOf(clients: number, degree: number): Graph {
  const at = Uint32Array.from({ length: clients }, (_, i) => i);
  return { clients, degree, complete: degree === clients - 1, positionOf: at, at };
}

/** A client's input; no two clients have the same. */
export const inputOf = (index: number): number[] =>
  Array.from({ length: 4 }, (_, i) => index * 4 + i + 1);

/** The plaintext sum of some clients' inputs. */
export function sumOf(indices: Iterable<number>): number[] {
  const sum = [0, 0, 0, 0];
  for (const index of indices) {
    inputOf(index).forEach((value, i) => {
      sum[i] = (sum[i] as number) + value;
    });
  }
  return sum;
}

/** 0 … n−1. */
export const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** Fresh clients that have advertised and dealt; `threshold` shares open a seed. */
export function naiveRound(graph: Graph, threshold: number): NaiveRound {
  const shares = graph.degree + 1;
  const clients = range(graph.clients).map((index) => {
    const [selfSeed, maskingSeed] = [randomBytes(32), randomBytes(32)];
    const xs = range(shares).map((i) => i + 1);
    const self = splitSecret(selfSeed, { threshold, shares, xs });
    const masking = splitSecret(maskingSeed, { threshold, shares, xs });
    const client: NaiveClient = {
      index,
      vector: Uint32Array.from(inputOf(index)),
      selfSeed,
      maskingSeed,
      keys: x25519.keyPair(maskingSeed),
      own: self[ownX(graph) - 1] as Uint8Array,
      held: new Map(),
    };
    return { client, self, masking };
  });
  for (const { client, self, masking } of clients) {
    for (const { index, x } of neighbours(graph, client.index)) {
      clients[index]?.client.held.set(client.index, {
        self: self[x - 1] as Uint8Array,
        masking: masking[x - 1] as Uint8Array,
      });
    }
  }
  return { graph, threshold, clients: clients.map(({ client }) => client) };
}

/** The roster indices of a client's neighbours. */
export const near = (graph: Graph, index: number): number[] =>
  neighbours(graph, index).map((neighbour) => neighbour.index);

/** Adds or takes away the self mask of a seed. */
export function selfMaskInto(vector: Uint32Array, seed: Uint8Array, sign: 1 | -1): void {
  const key = deriveKey(seed, [utf8('self')]);
  (sign === 1 ? addStreamInto : subtractStreamInto)(vector, key);
}

/** Adds the mask between `index` and `peer` as `index` does (or, with sign −1, takes it away). */
export function pairMaskInto(
  vector: Uint32Array,
  [index, peer]: readonly [number, number],
  keys: AgreementKeyPair,
  theirs: Uint8Array,
  sign: 1 | -1,
): void {
  const key = deriveKey(x25519.sharedSecret(keys, theirs, none), [utf8('pair')]);
  (index < peer === (sign === 1) ? addStreamInto : subtractStreamInto)(vector, key);
}

/** An upload, and the edges that its client masked with. */
export type NaiveUpload = { readonly vector: Uint32Array; readonly edges: ReadonlySet<number> };

/** Masks a client's vector with its self mask and one mask a neighbour that `inRound` holds of. */
export function naiveUpload(
  { graph, clients }: NaiveRound,
  index: number,
  inRound: (peer: number) => boolean = () => true,
  input?: readonly number[],
): NaiveUpload {
  const client = clients[index] as NaiveClient;
  const vector = input === undefined ? client.vector.slice() : Uint32Array.from(input);
  selfMaskInto(vector, client.selfSeed, 1);
  const edges = new Set(near(graph, index).filter(inRound));
  for (const peer of edges) {
    const theirs = (clients[peer] as NaiveClient).keys.publicKey;
    pairMaskInto(vector, [index, peer], client.keys, theirs, 1);
  }
  return { vector, edges };
}

/** What a coordinator has heard: shares by kind and dealer, then by x. */
export type Book = Readonly<Record<Kind, Map<number, Map<number, Uint8Array>>>>;

/** An empty book. */
export const emptyBook = (): Book => ({ self: new Map(), masking: new Map() });

/** Writes one share into the book. */
export function note(book: Book, kind: Kind, dealer: number, x: number, value: Uint8Array): void {
  const shares = book[kind].get(dealer) ?? new Map<number, Uint8Array>();
  shares.set(x, value);
  book[kind].set(dealer, shares);
}

/**
 * A naive unmask answer: for each neighbour the share of the secret that `told` asks for, nothing
 * where it says nothing, and the own share.
 */
export function naiveAnswer(
  { graph, clients }: NaiveRound,
  book: Book,
  holder: number,
  told: (dealer: number) => Kind | undefined,
): void {
  const client = clients[holder] as NaiveClient;
  note(book, 'self', holder, ownX(graph), client.own);
  for (const [dealer, pair] of client.held) {
    const kind = told(dealer);
    if (kind !== undefined) note(book, kind, dealer, shareX(graph, dealer, holder), pair[kind]);
  }
}

/** A corrupt client hands over everything that it holds. */
export function collude(round: NaiveRound, book: Book, corrupt: Iterable<number>): void {
  for (const holder of corrupt) {
    naiveAnswer(round, book, holder, () => 'self');
    naiveAnswer(round, book, holder, () => 'masking');
  }
}

/** A seed, if the book holds enough shares of it. */
export function openSeed(
  { graph, threshold }: NaiveRound,
  book: Book,
  kind: Kind,
  dealer: number,
): Uint8Array | undefined {
  const shares = [...(book[kind].get(dealer) ?? [])].map(([x, value]) => ({ x, value }));
  if (shares.length < threshold) return undefined;
  return combineShares(shares, { threshold, shares: graph.degree + 1 });
}

/** How many shares the book holds. */
export const countOf = (book: Book, kind: Kind, dealer: number): number =>
  book[kind].get(dealer)?.size ?? 0;

/**
 * The sum of the members' vectors, if the book holds enough to take every mask away: self masks of
 * members, and pair masks that have no counterpart among the members. Of a single member, its vector.
 */
export function openSum(
  round: NaiveRound,
  book: Book,
  uploads: ReadonlyMap<number, NaiveUpload>,
  members: Iterable<number>,
): number[] | undefined {
  const { clients } = round;
  const all = new Set(members);
  const [first] = uploads.values();
  const sum = new Uint32Array(first?.vector.length ?? 0);
  for (const index of all) {
    const { vector, edges } = uploads.get(index) as NaiveUpload;
    addInto(sum, sum, vector);
    const seed = openSeed(round, book, 'self', index);
    if (seed === undefined) return undefined;
    selfMaskInto(sum, seed, -1);
    for (const peer of edges) {
      if (all.has(peer) && uploads.get(peer)?.edges.has(index)) continue;
      const ends = [index, peer] as const;
      const [mine, theirs] = ends.map((end) => openSeed(round, book, 'masking', end));
      const opened = mine ?? theirs;
      if (opened === undefined) return undefined;
      const other = clients[mine === undefined ? index : peer] as NaiveClient;
      pairMaskInto(sum, ends, x25519.keyPair(opened), other.keys.publicKey, -1);
    }
  }
  return [...sum];
}
