/**
 * The terms of a round: what every party agrees on before the first message, and all that this room
 * knows of a plan. The room above makes them from a plan; they are plain, frozen data.
 */

import type { ClientId, Roster } from '../identity/roster.ts';
import type { Suite } from '../identity/suite.ts';
import { lengthPrefixed, utf8 } from '../internal/bytes.ts';
import { sha256 } from '../internal/sha256.ts';
import type { LatticeLayout } from '../lattice/layout.ts';
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

/**
 * One vector as it travels. Most are fields as they are, under masks. `hidden` ones are under no mask of this
 * room: a lattice mask hides them already, `modulusBits` is their width on the wire, and sums are mod 2^32.
 */
export type WireField = FieldShape & { readonly hidden?: true };

/** The fields that lattice masks hide. */
export type LatticeForm = {
  readonly layout: LatticeLayout;
  /** Which of the round's fields they are, ascending, in the layout's order. */
  readonly fields: readonly number[];
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
  /** What clients give, and what comes out. */
  readonly fields: readonly FieldShape[];
  /** Where some of them are hidden under lattice masks. */
  readonly lattice?: LatticeForm | undefined;
  /** What travels: the same as `fields`, but where lattice masks hide some of them; see `wireOf`. */
  readonly wire: readonly WireField[];
  /** Where every client commits to its vectors before it masks them. */
  readonly commitments?: CommitmentForm | undefined;
};

/** Facts from which {@link termsOfRound} derives the rest. */
export type RoundFacts = Omit<Terms, 'roundId' | 'graph' | 'quorum' | 'wire'> & {
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
    wire: wireOf(facts.fields, facts.lattice),
    roundId,
    graph: buildGraph(facts.parameters, roundId),
    quorum: quorum(facts.parameters, facts.floor),
  });
}

/** The name of the key vector among the vectors that travel; no field can have it. */
const KEY_NAME = 'lattice key';

/**
 * The vectors of an upload, in their order: the fields under masks, the key vector of the lattice masks, and
 * then what these hide, the upper 32 bits of its words and the others apart.
 */
export function wireOf(
  fields: readonly FieldShape[],
  lattice: LatticeForm | undefined,
): readonly WireField[] {
  if (lattice === undefined) return fields;
  const { key } = lattice.layout;
  const wire: WireField[] = fields.filter((_, i) => !lattice.fields.includes(i));
  wire.push({ name: KEY_NAME, length: key.length, modulusBits: key.modulusBits });
  lattice.layout.fields.forEach(({ shape }, i) => {
    const { name } = fields[lattice.fields[i] as number] as FieldShape;
    const length = shape.coefficients;
    wire.push({ name, length, modulusBits: Math.min(shape.wireBits, 32), hidden: true });
    if (shape.wireBits <= 32) return;
    wire.push({ name: `${name} low`, length, modulusBits: shape.wireBits - 32, hidden: true });
  });
  return Object.freeze(wire.map((field) => Object.freeze(field)));
}

/** The vectors that masks of this room go on; they come first. */
export const maskedFields = (wire: readonly WireField[]): readonly WireField[] =>
  wire.filter(({ hidden }) => hidden !== true);

/** Where among the vectors that travel each field of the layout has its words; lower bits, if any, come next. */
export function hiddenPlaces(
  wire: readonly WireField[],
  { fields }: LatticeLayout,
): readonly number[] {
  let place = maskedFields(wire).length;
  return fields.map(({ shape }) => {
    const at = place;
    place += shape.wireBits > 32 ? 2 : 1;
    return at;
  });
}

/** What of the terms the keys and masks of a round grow from; ids by roster position. */
export type KeyTerms = Pick<Terms, 'roundId' | 'suite' | 'wire'> & {
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

/** Bytes of the hidden vectors of one upload: each packed by itself, one after the other. */
export const vectorBytes = (terms: Terms): number =>
  terms.wire.reduce((sum, field) => sum + packedLength(field.length, field.modulusBits), 0);

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
