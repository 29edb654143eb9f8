/**
 * The shape of what is kept of one round for a report: facts, and nothing else. No sum, no vector, no key and
 * no client's name is in it, so it may be kept and shown to people who may not see those. It is plain JSON.
 */
import type { DpEvent } from '../../dp/events.ts';
import type { Assumption } from '../assumptions.ts';

/** What was summed under one name, and within which bounds. */
export type FieldRecord = {
  readonly name: string;
  readonly kind: 'real' | 'integer' | 'weighted-mean';
  /** Elements. */
  readonly length: number;
  /** What each client cuts its vector to, in the caller's units; null for integers. */
  readonly clip: { readonly norm: 'l2' | 'linf'; readonly bound: number } | null;
  /** The bounds of integers; null for others. */
  readonly range: { readonly min: number; readonly max: number } | null;
  /** The greatest weight of a weighted mean; null for others. */
  readonly maxWeight: number | null;
  /** Declared public: its exact sum is released, whatever noise other fields get. */
  readonly public: boolean;
  /** Standard deviation of the noise in each coordinate of the sum, in the caller's units; null if unknown. */
  readonly deviation: number | null;
};

/** A plan's noise, and what the plan claims for it. */
export type NoiseRecord = {
  readonly mechanism: 'skellam' | 'discrete-gaussian';
  readonly unit: 'client';
  readonly neighbours: 'zero-out';
  /** The plan's claim for its whole run. A report works its ε out from events instead. */
  readonly epsilon: number;
  /** δ of the whole run. */
  readonly delta: number;
  /** Rounds in that run. */
  readonly rounds: number;
  /** ε of the run between any two contributions of a client; null where none is proven. */
  readonly replaceOneEpsilon: number | null;
  /** Standard deviation over sensitivity, as the plan's bytes hold it. */
  readonly multiplier: string;
  /** Honest clients whose noise alone keeps to the price. */
  readonly honestSurvivorsMin: number;
  /** Contributors less those that may be corrupt; null without a result. */
  readonly honestSurvivors: number | null;
  /** Bound on the probability that any coordinate of a sum wraps. */
  readonly wrapProbability: number;
  /** What one round is charged as. */
  readonly event: DpEvent;
};

/** Whom a masked round trusts, and what follows from it. */
export type MaskedSetting = {
  readonly protection: 'masks';
  readonly coordinator: 'active' | 'semi-honest';
  /** γ and δ of the trust, as decimals. */
  readonly corrupt: string;
  readonly absent: string;
  /** What they come to, in clients. */
  readonly corruptCount: number;
  readonly absentCount: number;
  /** Neighbours of each client. */
  readonly degree: number;
  /** Shares that open a seed. */
  readonly threshold: number;
  /** Signatures on one set of survivors. */
  readonly quorum: number;
  /** Key agreement. */
  readonly suite: string;
  readonly beacon: {
    readonly chain: string;
    readonly round: number;
    readonly marginMs: number;
  } | null;
  /** The commitment scheme; null for none. */
  readonly commitments: string | null;
};

/** Who opens an encrypted round. */
export type EncryptedSetting = {
  readonly protection: 'encryption';
  readonly holders: number;
  /** How many holders open together. */
  readonly threshold: number;
  /** How many holders may sign two different things. */
  readonly corrupt: number;
  /** Signatures on one closing. */
  readonly quorum: number;
  /** The parameter set. */
  readonly set: string;
};

/** The record of a round. Frozen, and plain JSON. */
export type RoundRecord = {
  /** The plan's id. */
  readonly round: string;
  /** The plan's hash (of an encrypted round its round id): 64 hexadecimal digits. */
  readonly plan: string;
  /** Version of the library that made the record. */
  readonly library: string;
  /** A sum came out; none did, for `reason`; or nobody said. */
  readonly outcome: 'opened' | 'failed' | 'unknown';
  /** Code of the error that ended the round; null for any other. */
  readonly reason: string | null;
  readonly setting: MaskedSetting | EncryptedSetting;
  /** Clients on the roster. */
  readonly invited: number;
  /** The least number of contributors. */
  readonly floor: number;
  /** How many are in the sum; null without a result. */
  readonly contributors: number | null;
  /** How many clients were lost in which phase. In `confirm` and `unmask` they are in the sum all the same. */
  readonly lost: readonly { readonly phase: string; readonly clients: number }[];
  /** How many messages were refused, and why. */
  readonly refused: readonly {
    readonly phase: string;
    readonly code: string;
    readonly messages: number;
  }[];
  readonly fields: readonly FieldRecord[];
  /** Null where exact sums are released. */
  readonly noise: NoiseRecord | null;
  readonly assumptions: readonly Assumption[];
  /** Head of the Merkle log of all accepted messages; null where there is none. */
  readonly transcript: { readonly size: number; readonly root: string } | null;
  /** SHA-256 of the proof bundle; null where there is none. */
  readonly bundle: string | null;
};
