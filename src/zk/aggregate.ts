/**
 * The statement of the aggregation circuit: what a coordinator that sees all updates says of their sum,
 * in the numbers that `circuits/aggregate.circom` computes with. Clients compute commitments with it,
 * the prover its inputs, and a verifier the one public input that a proof must have.
 *
 * Everything is in bigint, for it is done once a round; the secrets among it (updates and salts) are in
 * plain sight of whoever calls, and so of whoever measures the time.
 */
import { UsageError } from '../errors.ts';
import { assertBytes, assertInteger, assertNumbers } from '../internal/assert.ts';
import { poseidonHash } from './poseidon.ts';
import { hashToScalar, randomScalar } from './scalar.ts';

/** Bits of an entry: a signed integer. */
const ENTRY_BITS = 16;
const OFFSET: number = 2 ** (ENTRY_BITS - 1);

/** So many bits side by side are always below r. */
const PACKED_BITS = 253;

const MAX_CLIENTS = 4_096;
const MAX_LENGTH = 65_536;

/** 'veilsum' in ASCII, above three numbers: purpose and sizes. */
const LABEL = 0x7665696c73756dn;
const [UPDATE, ROOT, STATEMENT] = [1n, 2n, 3n];

/** What a proof of the aggregation circuit is about. All of it is public. */
export type AggregateClaim = {
  /** What the proof is for, from {@link contextScalar}: the circuit only repeats it. */
  readonly context: bigint;
  /** One for each client, in the circuit's order: from {@link updateCommitment}. */
  readonly commitments: readonly bigint[];
  /** The greatest squared Euclidean norm of an update. */
  readonly bound: number;
  /** Entry by entry, the sum of all updates. */
  readonly sum: ArrayLike<number>;
};

/** What the prover feeds to the circuit: signal names and decimal numbers, as snarkjs takes them. */
export type AggregateInputs = {
  readonly statement: string;
  readonly context: string;
  readonly bound: string;
  readonly salt: readonly string[];
  readonly x: readonly (readonly string[])[];
};

/**
 * A number of the field for a context of any length: SHA-512's worth of SHA-256, reduced.
 *
 * @param context - public; say everything that must not be mixed up: protocol, plan hash, round id
 * @throws UsageError `wrong-type`
 */
export function contextScalar(context: Uint8Array): bigint {
  assertBytes('context', context);
  return hashToScalar('context', context);
}

/** A fresh salt: uniform from 0 to r − 1 but for 2^−250. **Security**: as secret as the update. */
export const randomSalt = (): bigint => randomScalar();

/**
 * A client's commitment to its update: Poseidon of the salt and the entries, 15 to an element.
 *
 * @param update - integers from −2^15 to 2^15 − 1
 * @param salt - from {@link randomSalt}, used once
 * @throws UsageError `out-of-range`, `wrong-length`, `wrong-type`
 *
 * **Security**: hides the update from those who do not know the salt, and opens in one way only. It is
 * not bound to a round or a client: sign it together with both.
 * **Cost**: one permutation for up to 225 entries.
 */
export function updateCommitment(update: ArrayLike<number>, salt: bigint): bigint {
  const length = assertVector('update', update, OFFSET, OFFSET - 1);
  return poseidonHash(tagOf(UPDATE, 0, length), [salt, ...packed(update, ENTRY_BITS, OFFSET)]);
}

/**
 * The root over the commitments of all clients: one hash of the whole list.
 *
 * @param commitments - one for each client of the circuit
 * @throws UsageError `out-of-range`, `wrong-length`
 */
export function commitmentsRoot(commitments: readonly bigint[]): bigint {
  const clients = assertClients(commitments);
  return poseidonHash(tagOf(ROOT, clients, 0), commitments);
}

/**
 * The circuit's one public input for a claim. A verifier computes it from what it knows itself.
 *
 * @param claim - see {@link AggregateClaim}
 * @throws UsageError `out-of-range`, `wrong-length`, `wrong-type`: no proof can be of such a claim
 *
 * **Cost**: a permutation for each 16 clients, and for each 16 packed numbers.
 */
export function aggregateStatement(claim: AggregateClaim): bigint {
  const { context, commitments, bound, sum } = claim;
  const clients = assertClients(commitments);
  const offset = clients * OFFSET;
  const length = assertVector('sum', sum, offset, offset - clients);
  assertInteger('bound', bound, 0, greatestBound(length));
  const bits = ENTRY_BITS + Math.ceil(Math.log2(clients));
  return poseidonHash(tagOf(STATEMENT, clients, length), [
    context,
    commitmentsRoot(commitments),
    BigInt(bound),
    ...packed(sum, bits, offset),
  ]);
}

/**
 * The prover's inputs, and the claim that they prove.
 *
 * @param context - from {@link contextScalar}
 * @param bound - the greatest squared norm
 * @param updates - one for each client of the circuit, in its order; fewer clients are filled up with
 *   zeros and salt 0, which everybody can recognise by their commitment
 * @param salts - those of the commitments
 * @throws UsageError `out-of-range` (an entry; a norm above the bound), `wrong-length`, `wrong-type`
 *
 * **Security**: the inputs hold every update. Keep them in memory.
 */
export function aggregateInputs(
  context: bigint,
  bound: number,
  updates: readonly ArrayLike<number>[],
  salts: readonly bigint[],
): { readonly claim: AggregateClaim; readonly inputs: AggregateInputs } {
  if (updates.length !== salts.length) {
    throw new UsageError(
      'wrong-length',
      `aggregate: got ${salts.length} salts, expected ${updates.length}, one for each update`,
    );
  }
  const length = updates[0]?.length ?? 0;
  const commitments = updates.map((update, i) => {
    assertNumbers(`update ${i}`, update, length);
    const commitment = updateCommitment(update, salts[i] as bigint);
    const norm = Array.from(update).reduce((total, value) => total + value * value, 0);
    if (norm > bound) {
      throw new UsageError('out-of-range', `update ${i}: its squared norm is above ${bound}`);
    }
    return commitment;
  });
  const sum = Array.from({ length }, (_, j) =>
    updates.reduce((total, update) => total + (update[j] as number), 0),
  );
  const claim = { context, commitments, bound, sum };
  const inputs = {
    statement: String(aggregateStatement(claim)),
    context: String(context),
    bound: String(bound),
    salt: salts.map(String),
    x: updates.map((update) => Array.from(update, String)),
  };
  return { claim, inputs };
}

/** The greatest bound that the circuit's slack has bits for. */
const greatestBound = (length: number): number =>
  2 ** (2 * ENTRY_BITS - 2 + Math.ceil(Math.log2(length))) - 1;

const tagOf = (purpose: bigint, first: number, second: number): bigint =>
  (LABEL << 96n) | (purpose << 64n) | (BigInt(first) << 32n) | BigInt(second);

/** Entries plus `offset`, `bits` bits each, side by side from the lowest bit. */
function packed(values: ArrayLike<number>, bits: number, offset: number): readonly bigint[] {
  const lanes = Math.floor(PACKED_BITS / bits);
  const out: bigint[] = [];
  for (let at = 0; at < values.length; at += lanes) {
    let element = 0n;
    for (let i = Math.min(at + lanes, values.length) - 1; i >= at; i--) {
      element = (element << BigInt(bits)) | BigInt((values[i] as number) + offset);
    }
    out.push(element);
  }
  return out;
}

function assertClients(commitments: readonly bigint[]): number {
  assertInteger('commitments: their number', commitments.length, 2, MAX_CLIENTS);
  return commitments.length;
}

/** Integers from −`below` to `above`; the values are not told. Gives the length. */
function assertVector(
  what: string,
  values: ArrayLike<number>,
  below: number,
  above: number,
): number {
  assertNumbers(what, values, values?.length);
  assertInteger(`${what}: its length`, values.length, 1, MAX_LENGTH);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (!Number.isInteger(value) || value < -below || value > above) {
      throw new UsageError(
        'out-of-range',
        `${what}: entry ${i}: expected an integer from ${-below} to ${above}`,
      );
    }
  }
  return values.length;
}
