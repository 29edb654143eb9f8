/**
 * What of a plan is proven, where clients prove that their updates are in bounds: for each field how wide,
 * how long in each chunk, and which chunks. All of it follows from the field's clip and the key.
 */
import { CapacityError, UsageError } from '../errors.ts';
import type { ClientId } from '../identity/client-id.ts';
import type { ProvenUpdates } from '../zk/update/scheme.ts';
import type { UpdateTerms } from '../zk/update/statement.ts';
import type { UpdateFault } from '../zk/update/verify.ts';
import { type CommittedField, type Laid, layoutOf } from './commitment-layout.ts';
import { codeOf } from './field-shape.ts';
import type { Field } from './fields.ts';

/** One field as it is proven. */
export type ProvenField = {
  readonly name: string;
  readonly length: number;
  readonly bits: number;
  /** The greatest squared norm of each chunk, in squared ring units around zero. */
  readonly normMax: number;
  /** The chunks of all fields have one row of numbers. */
  readonly firstChunk: number;
  readonly chunks: number;
};

/** A plan's scheme if it is one with proofs. */
export const provenSchemeOf = ({
  commitments,
}: Pick<Laid, 'commitments'>): ProvenUpdates | undefined =>
  commitments?.name === 'proven-updates' ? commitments : undefined;

/**
 * What is proven of each field of a plan.
 *
 * @throws CapacityError `too-many-bits` naming what would fit
 * @throws UsageError `wrong-type` if the plan asks for no proofs
 */
export function provenFields(plan: Laid): readonly ProvenField[] {
  const scheme = provenSchemeOf(plan);
  if (scheme === undefined) {
    throw new UsageError('wrong-type', 'commitments: the plan asks for no proofs of bounds');
  }
  let firstChunk = 0;
  return layoutOf(plan).fields.map((committed): ProvenField => {
    const field = plan.fields[committed.name] as Field;
    const { name, length, bits, chunks } = committed;
    assertFits(field, committed, scheme.bits);
    const normMax = normOf(field, committed, scheme);
    const proven = { name, length, bits, normMax, firstChunk, chunks };
    firstChunk += chunks;
    return proven;
  });
}

function assertFits(field: Field, { name, bits }: CommittedField, most: number): void {
  if (bits <= most) return;
  const fits =
    field.kind === 'integer'
      ? `a range of ${2 ** most} values would fit`
      : field.kind === 'real'
        ? `bits: ${most} would fit`
        : `bits: ${weightedBits(field.maxWeight, most)} with the same maxWeight would fit`;
  throw new CapacityError(
    'too-many-bits',
    `field "${name}": it takes values of ${bits} bits, expected at most ${most}, which is what the key proves; ${fits}`,
    { field: name, bits, most },
  );
}

/** The most bits of a weighted mean's values with which their weighted ones have `most`; 0 if none do. */
function weightedBits(maxWeight: number, most: number): number {
  let bits = most;
  while (bits >= 2 && maxWeight * (2 ** (bits - 1) - 1) > 2 ** (most - 1) - 1) bits--;
  return bits < 2 ? 0 : bits;
}

/** The longest honest chunk: nothing is asked that an honest client could not keep to. */
function normOf(
  field: Field,
  { name, length, bits }: CommittedField,
  scheme: ProvenUpdates,
): number {
  const count = Math.min(length, scheme.key.values);
  const norm = squaredNormOf(field, count, bits);
  if (norm <= scheme.normLimit) return norm;
  throw new CapacityError(
    'too-many-bits',
    `field "${name}": the squared norm of ${count} of its values may be ${norm}, expected at most ` +
      `${scheme.normLimit}, which is what the key proves; a range of ${2 ** (scheme.bits - 1)} values would fit`,
    { field: name, norm, most: scheme.normLimit },
  );
}

/** The greatest squared norm of `count` encoded values of a field, around zero. */
function squaredNormOf(field: Field, count: number, bits: number): number {
  // Words less an offset of 2^(bits − 1): the least of them lies furthest from zero.
  if (field.kind === 'integer') return count * 2 ** (2 * bits - 2);
  const { maxMagnitude, squaredNormBound } = codeOf(field);
  const most = count * maxMagnitude ** 2;
  if (field.kind === 'real') return Math.min(Number(squaredNormBound), most);
  // The weight stands among the values as one more, and is no larger than the largest of them.
  return field.maxWeight ** 2 * Math.min(Number(squaredNormBound) + 1, most);
}

/** What proofs of a round are bound to, beside the plan. */
export type ProofContext = {
  readonly roundId: Uint8Array;
  /** Hash of the model that was sent out. */
  readonly context: Uint8Array;
};

/** The terms that a field's proofs are made and verified under. */
export const updateTermsOf = (
  planHash: Uint8Array,
  { roundId, context }: ProofContext,
  { length, bits, normMax, firstChunk }: ProvenField,
): UpdateTerms => ({ planHash, roundId, contextHash: context, length, bits, normMax, firstChunk });

/** Bytes of all proofs of one client. */
export const proofBytesOf = (plan: Laid): number => {
  const scheme = provenSchemeOf(plan);
  if (scheme === undefined) return 0;
  return provenFields(plan).reduce((sum, { length }) => sum + scheme.proofBytes(length), 0);
};

/** What one client sent: all of its commitments, as `layoutOf` lays them out, and all of its proofs. */
export type SentProofs = {
  readonly client: ClientId;
  readonly commitments: Uint8Array;
  readonly proofs: Uint8Array;
};

/** A client whose values are not proven to be in bounds. */
export type ProofFault = {
  /** Its place in the list. */
  readonly index: number;
  readonly client: ClientId;
  readonly field: string;
  readonly reason: UpdateFault;
  readonly chunk: number | undefined;
};

/**
 * The clients whose values are not proven to be in bounds, each once and with the first field at fault. All
 * proofs of all clients are one batch.
 *
 * @param sent - commitments and proofs of the lengths that the plan says
 *
 * **Cost**: see `verifyUpdates`.
 */
export function unproven(
  plan: Laid & { readonly hash: Uint8Array },
  bound: ProofContext,
  sent: readonly SentProofs[],
): readonly ProofFault[] {
  const scheme = provenSchemeOf(plan) as ProvenUpdates;
  const fields = provenFields(plan);
  const places = placesOf(plan, scheme);
  const claims = sent.flatMap(({ client, commitments, proofs }) =>
    fields.map((field, i) => {
      const { commitmentAt, proofAt } = places[i] as Place;
      const { length } = field;
      const commitment = commitments.subarray(commitmentAt, commitmentAt + scheme.bytes(length));
      const proof = proofs.subarray(proofAt, proofAt + scheme.proofBytes(length));
      return {
        terms: updateTermsOf(plan.hash, bound, field),
        item: { client, commitment, proof },
      };
    }),
  );
  const faults = new Map<number, ProofFault>();
  for (const { index: at, reason, chunk } of scheme.verify(claims)) {
    const index = Math.floor(at / fields.length);
    if (faults.has(index)) continue;
    const { client } = sent[index] as SentProofs;
    const field = (fields[at % fields.length] as ProvenField).name;
    faults.set(index, { index, client, field, reason, chunk });
  }
  return [...faults.values()];
}

/** A fault in words. */
export const textOfFault = ({ field, reason, chunk }: ProofFault): string =>
  `field "${field}"${chunk === undefined ? '' : `, chunk ${chunk}`}: its values are not proven to be in bounds (${reason})`;

type Place = { readonly commitmentAt: number; readonly proofAt: number };

/** Where each field's commitments to values, and their proofs, are among all of a client's. */
function placesOf(plan: Laid, scheme: ProvenUpdates): readonly Place[] {
  let commitmentAt = 0;
  let proofAt = 0;
  return layoutOf(plan).fields.map(({ length, noiseBits }) => {
    const place = { commitmentAt, proofAt };
    // Noise is committed to behind the values, and has no proof.
    commitmentAt += scheme.bytes(length) * (noiseBits === undefined ? 1 : 2);
    proofAt += scheme.proofBytes(length);
    return place;
  });
}
