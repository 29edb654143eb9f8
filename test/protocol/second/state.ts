/** Section 7: who takes part, what is remembered between phases, and what several phases derive. */
import type { Client, Round } from './plan.ts';
import { cat, EMPTY, HLP, KDF, KEYPAIR, type Pair, same, u32 } from './primitives.ts';

/** Who takes part. */
export type Me = {
  readonly round: Round;
  readonly index: number;
  readonly privateKey: Uint8Array;
  readonly context: Uint8Array;
};

export type Peer = {
  readonly index: number;
  readonly sealing: Uint8Array;
  readonly masking: Uint8Array;
  readonly advertHash: Uint8Array;
  /** Own encapsulation for masks; empty where the other one encapsulates. */
  readonly ciphertext: Uint8Array;
  readonly kemSecret: Uint8Array;
};
/** What a step says, and what is remembered for the next one. */
export type Said<Next> = { readonly message: Uint8Array; readonly next: Next };
export type Advertised = {
  readonly sealing: Pair;
  readonly masking: Pair;
  readonly maskingSeed: Uint8Array;
  readonly advertHash: Uint8Array;
};
export type Shared = Advertised & {
  readonly peers: readonly Peer[];
  readonly selfSeed: Uint8Array;
  readonly own: Uint8Array;
  readonly shareHash: Uint8Array;
  readonly commitments: Uint8Array;
};
export type Masked = {
  readonly own: Uint8Array;
  readonly u2: readonly number[];
  readonly u2Hash: Uint8Array;
  readonly maskHash: Uint8Array;
  readonly held: readonly Held[];
  readonly promises: ReadonlyMap<number, Uint8Array>;
};
export type Confirmed = Masked & {
  readonly u3: readonly number[];
  readonly confirmHeader: Uint8Array;
};

export type Held = {
  readonly index: number;
  readonly self: Uint8Array;
  readonly masking: Uint8Array;
};

export const idOf = ({ round }: Me, index: number): string => (round.clients[index] as Client).id;
export const pairOf = ({ round }: Me, set: string, seed: Uint8Array): Pair =>
  KEYPAIR(round.suite, KDF(seed, [set, round.roundId]));

export const hashOfShare = (
  { round }: Me,
  kind: 'self' | 'masking',
  dealer: number,
  holder: number,
  share: Uint8Array,
): Uint8Array =>
  HLP(`veilsum/v1 share of ${kind}`, round.roundId, u32(dealer), u32(holder), share).slice(0, 16);

/** What the key of a box from one client to another is derived with. */
export function boxKey(
  me: Me,
  secret: Uint8Array,
  [from, to]: readonly [number, number],
  keys: readonly [Uint8Array, Uint8Array],
  ciphertext: Uint8Array,
): Uint8Array {
  const { suite, roundId } = me.round;
  const bound = HLP(ciphertext, ...keys);
  return KDF(secret, [
    'seal',
    suite.name,
    roundId,
    idOf(me, from),
    idOf(me, to),
    me.context,
    bound,
  ]);
}
export const boxData = ({ round }: Me, from: number, to: number): Uint8Array =>
  cat(round.roundId, u32(from), u32(to));

export const promiseOf = (
  { roundId }: Round,
  index: number,
  commitments: Uint8Array,
): Uint8Array =>
  commitments.length === 0
    ? EMPTY
    : HLP('veilsum/v1 commitments', roundId, u32(index), commitments);

/** Whether a path led to a root. */
export const leadsTo = (root: Uint8Array, found: Uint8Array | undefined): boolean =>
  found !== undefined && same(found, root);
