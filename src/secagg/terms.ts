/**
 * The terms of a round: what every party agrees on before the first message, and all that this room
 * knows of a plan. The room above makes them from a plan; they are plain, frozen data.
 */

import type { ClientId, Roster } from '../identity/roster.ts';
import type { Suite } from '../identity/suite.ts';
import { lengthPrefixed, utf8 } from '../internal/bytes.ts';
import { sha256 } from '../internal/sha256.ts';
import { packedLength } from '../ring/packing.ts';
import { buildGraph, type Graph } from './graph.ts';
import { type GraphParameters, quorum } from './graph-parameters.ts';

/** One vector of the round as the ring sees it. */
export type FieldShape = {
  readonly name: string;
  /** Number of elements, at least 1. */
  readonly length: number;
  /** b: elements live in Z/2^b, 1..32. */
  readonly modulusBits: number;
};

/** How the vector commitments of one client look from here: bytes, whose meaning belongs to the room above. */
export type CommitmentForm = {
  /** Bytes of one client's commitments, the same for all. */
  readonly length: number;
  /** Whether bytes of that length are commitments at all, whatever they commit to. Never throws. */
  readonly isValid: (commitments: Uint8Array) => boolean;
  /** Where clients also prove something of what they commit to. */
  readonly proofs?: ProofForm | undefined;
};

/** How the proofs of one client look from here: bytes, whose meaning belongs to the room above. */
export type ProofForm = {
  /** Bytes of one client's proofs, the same for all. */
  readonly length: number;
  /** What is wrong with a client's proofs of that length; nothing if they hold. Never throws. */
  readonly faultIn: (said: SaidProofs) => string | undefined;
};

/** Proofs, and all that they are about. */
export type SaidProofs = {
  readonly roundId: Uint8Array;
  /** Hash of the model that the client received. */
  readonly context: Uint8Array;
  readonly client: ClientId;
  readonly commitments: Uint8Array;
  readonly proofs: Uint8Array;
};

/** What all parties of a round agree on. */
export type Terms = {
  /** Hash of plan and beacon, 32 bytes; enters every key, signature and associated data. */
  readonly roundId: Uint8Array;
  /** The beacon's value; no bytes where the plan names no beacon. */
  readonly beacon: Uint8Array;
  readonly roster: Roster;
  readonly suite: Suite;
  readonly coordinator: 'active' | 'semi-honest';
  readonly parameters: GraphParameters;
  readonly graph: Graph;
  /** Least number of contributors in an opened sum. */
  readonly floor: number;
  /** Least number of signatures on one confirmed set of survivors. */
  readonly quorum: number;
  readonly fields: readonly FieldShape[];
  /** Where every client commits to its vectors before it masks them. */
  readonly commitments?: CommitmentForm | undefined;
};

/** Facts from which {@link termsOfRound} derives the rest. */
export type RoundFacts = Omit<Terms, 'roundId' | 'graph' | 'quorum'> & {
  /** SHA-256 of the plan's canonical bytes. */
  readonly planHash: Uint8Array;
};

/**
 * Derives the terms of a round.
 *
 * **Cost**: O(n) for the graph's permutation.
 */
export function termsOfRound(facts: RoundFacts): Terms {
  const { planHash, ...rest } = facts;
  const roundId = sha256(lengthPrefixed(utf8('veilsum/v1 round'), planHash, facts.beacon));
  return Object.freeze({
    ...rest,
    roundId,
    graph: buildGraph(facts.parameters, roundId),
    quorum: quorum(facts.parameters, facts.floor),
  });
}

/** What of the terms the keys and masks of a round grow from; ids by roster position. */
export type KeyTerms = Pick<Terms, 'roundId' | 'suite' | 'fields'> & {
  readonly roster: {
    readonly clients: { readonly [index: number]: { readonly id: ClientId } };
  };
};

/** The id at a roster position. */
export const idAt = (terms: Pick<KeyTerms, 'roster'>, index: number): ClientId =>
  (terms.roster.clients[index] as { readonly id: ClientId }).id;

/** The Ed25519 identity key at a roster position. */
export const identityKeyAt = (terms: Terms, index: number): Uint8Array =>
  (terms.roster.clients[index] as { readonly publicKey: Uint8Array }).publicKey;

/** Number of roster places. */
export const sizeOf = (terms: Terms): number => terms.roster.clients.length;

/** Bytes of the masked vectors of one upload: every field packed by itself, one after the other. */
export const vectorBytes = (terms: Terms): number =>
  terms.fields.reduce((sum, field) => sum + packedLength(field.length, field.modulusBits), 0);

/** Bytes of one upload: the masked vectors, and behind them proofs where the terms ask for some. */
export const uploadLength = (terms: Terms): number => vectorBytes(terms) + proofsLength(terms);

/** Bytes of one client's commitments; 0 where the terms ask for none. */
export const commitmentsLength = (terms: Terms): number => terms.commitments?.length ?? 0;

/** Bytes of one client's proofs; 0 where the terms ask for none. */
export const proofsLength = (terms: Terms): number => terms.commitments?.proofs?.length ?? 0;

/**
 * How many of `count` neighbours are needed counts a client itself on a complete graph, where it
 * holds a share of its own self mask and every other client is its neighbour.
 */
export const reachesThreshold = (terms: Terms, neighbours: number): boolean =>
  neighbours + (terms.parameters.complete ? 1 : 0) >= terms.parameters.threshold;
