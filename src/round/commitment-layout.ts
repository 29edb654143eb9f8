/**
 * What of a plan is committed to: which integers, how wide, in how many chunks, and how the blindings
 * ride along in the ring.
 */
import { UsageError } from '../errors.ts';
import type { FieldShape } from '../secagg/terms.ts';
import type { CommitmentScheme, SchemeShape } from '../zk/commitment/scheme.ts';
import type { ProvenUpdates } from '../zk/update/scheme.ts';
import { codeOf } from './field-shape.ts';
import type { Field, Fields } from './fields.ts';

/** What a plan says of commitments: how they are made, with proofs of bounds or without; or nothing. */
export type Commitments = CommitmentScheme | ProvenUpdates | undefined;

/** One field as it is committed to. */
export type CommittedField = {
  readonly name: string;
  /** Coordinates in the ring. */
  readonly length: number;
  /** What is committed to is a word less this: it brings words that are never negative around zero. */
  readonly offset: number;
  /** Width of what is committed to, sign included, 1 to 32. */
  readonly bits: number;
  /** Width of the noise, which is committed to apart; nothing where the field gets none. */
  readonly noiseBits: number | undefined;
  readonly chunks: number;
};

/** All commitments of one client, in the order of the fields: of each the values, then the noise. */
export type CommitmentLayout = {
  readonly fields: readonly CommittedField[];
  /** Bytes of all of them. */
  readonly bytes: number;
  /** Width of a limb of a blinding: sums of all clients' limbs do not wrap in 32 bits. */
  readonly limbBits: number;
};

/** Name of the vector of limbs. No field can have it: names of fields begin with a lower-case letter. */
const LIMBS = 'Blindings';

/** Bits of the ring that limbs are added in: the widest there is, for the fewest limbs. */
const LIMB_RING_BITS = 32;

const limbBitsFor = (clients: number): number => LIMB_RING_BITS - Math.ceil(Math.log2(clients));

/** What the ring must hold of all blindings of a plan: one for each chunk of each field, in limbs. */
export function limbShape(
  { chunks, limbs }: SchemeShape,
  shapes: readonly FieldShape[],
  clients: number,
): FieldShape {
  const count = shapes.reduce((sum, { length }) => sum + chunks(length), 0);
  const length = count * limbs(limbBitsFor(clients));
  return Object.freeze({ name: LIMBS, length, modulusBits: LIMB_RING_BITS });
}

/** What the layout follows from: a plan. */
export type Laid = {
  readonly fields: Fields;
  readonly shapes: readonly FieldShape[];
  readonly privacy: object | undefined;
  readonly parameters: { readonly clients: number };
  readonly commitments: Commitments;
};

/** The layout of a plan's commitments. @throws UsageError `wrong-type` if the plan asks for none */
export function layoutOf(plan: Laid): CommitmentLayout {
  const scheme = schemeOf(plan);
  const fields = Object.entries(plan.fields).map(([name, field], i): CommittedField => {
    const { length, modulusBits } = plan.shapes[i] as FieldShape;
    const isNoisy = plan.privacy !== undefined && !field.public;
    const bits = widthOf(field);
    return {
      name,
      length,
      bits,
      offset: field.kind === 'integer' ? 2 ** (bits - 1) : 0,
      noiseBits: isNoisy ? modulusBits : undefined,
      chunks: scheme.chunks(length),
    };
  });
  const bytes = fields.reduce(
    (sum, { length, noiseBits }) => sum + scheme.bytes(length) * (noiseBits === undefined ? 1 : 2),
    0,
  );
  return { fields, bytes, limbBits: limbBitsFor(plan.parameters.clients) };
}

/** Bits that hold every honest value of a field around zero. */
function widthOf(field: Field): number {
  if (field.kind === 'integer') return bitsBelow(field.max - field.min + 1);
  const { maxMagnitude } = codeOf(field);
  const weight = field.kind === 'weighted-mean' ? field.maxWeight : 1;
  return 1 + bitsBelow(weight * maxMagnitude + 1);
}

/** The least k, at least 1, with 2^k ≥ n. */
function bitsBelow(n: number): number {
  let bits = 1;
  while (2 ** bits < n) bits++;
  return bits;
}

/** A plan's scheme. @throws UsageError `wrong-type` if the plan asks for no commitments */
export function schemeOf(plan: Pick<Laid, 'commitments'>): CommitmentScheme | ProvenUpdates {
  if (plan.commitments !== undefined) return plan.commitments;
  throw new UsageError('wrong-type', 'commitments: the plan asks for none');
}

/** @throws UsageError `wrong-type` for anything that is no scheme */
export function assertScheme(what: string, scheme: unknown): void {
  const name = (scheme as CommitmentScheme | ProvenUpdates | null | undefined)?.name;
  if (scheme === undefined || name === 'pedersen' || name === 'proven-updates') return;
  throw new UsageError(
    'wrong-type',
    `${what}: got something else, expected pedersen() of 'veilsum/zk', provenUpdates({ key }), or to be left out`,
  );
}
