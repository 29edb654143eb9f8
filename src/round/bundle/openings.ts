/** The sums of a bundle, and whether the contributors' commitments open to them. */
import { CodecError } from '../../errors.ts';
import { assertCanonicalPacking, unpackInto } from '../../ring/packing.ts';
import type { FieldShape } from '../../secagg/terms.ts';
import { type CommitmentBases, commitmentBases } from '../../zk/commitment/bases.ts';
import { BLINDING_BYTES } from '../../zk/commitment/blinding.ts';
import { openSum } from '../../zk/commitment/open.ts';
import type { FastCurve } from '../../zk/snark.ts';
import { updateBases } from '../../zk/update/key.ts';
import { type CommitmentLayout, layoutOf, schemeOf } from '../commitment-layout.ts';
import { sumAsIntegers } from '../encode.ts';
import type { AnyPlan } from '../plan.ts';
import { provenSchemeOf } from '../proven-fields.ts';
import type { Complain } from './evidence.ts';
import type { Bundle } from './format.ts';

/** The sums in the ring. @throws CodecError if they are not the one packing of as many words as the plan says */
export function readSums(plan: AnyPlan, { aggregate, blindings }: Bundle): readonly Uint32Array[] {
  const names = Object.keys(plan.fields);
  if (aggregate.length !== names.length) {
    throw new CodecError(
      'malformed',
      `bundle: got ${aggregate.length} sums, expected ${names.length}`,
    );
  }
  const chunks = layoutOf(plan).fields.reduce((sum, field) => sum + field.chunks, 0);
  if (blindings.length !== BLINDING_BYTES * chunks) {
    throw new CodecError(
      'malformed',
      `bundle: got ${blindings.length} bytes of blindings, expected ${BLINDING_BYTES * chunks}`,
    );
  }
  return aggregate.map((packed, i) => {
    const { length, modulusBits } = plan.shapes[i] as FieldShape;
    assertCanonicalPacking(packed, length, modulusBits);
    const sum = new Uint32Array(length);
    unpackInto(sum, packed, modulusBits);
    return sum;
  });
}

/** What the openings are checked with. */
export type Opening = {
  readonly plan: AnyPlan;
  readonly bundle: Bundle;
  readonly sums: readonly Uint32Array[];
  /** One contributor's after the other's. */
  readonly commitments: readonly Uint8Array[];
  readonly curve: FastCurve | undefined;
  readonly signal: AbortSignal | undefined;
  readonly complain: Complain;
};

/** Holds each field's sum against the commitments: as integers first, then on the curve. */
export async function checkOpenings({
  plan,
  bundle,
  sums,
  commitments,
  curve,
  signal,
  complain,
}: Opening): Promise<void> {
  const layout = layoutOf(plan);
  const bases = await basesFor(plan, layout, curve, signal);
  let at = 0;
  let blindingsAt = 0;
  for (const [i, field] of layout.fields.entries()) {
    signal?.throwIfAborted();
    const { name, chunks, offset } = field;
    const { groups, bytes } = groupsAt(plan, field, commitments, at);
    at += bytes;
    const shift = offset * commitments.length;
    const integers = sumAsIntegers(plan, i, sums[i] as Uint32Array, commitments.length);
    const verdict = await openSum(bases, {
      length: field.length,
      groups,
      aggregate: Float64Array.from(integers, (value) => value - shift),
      blindings: Array.from({ length: chunks }, (_, chunk) => {
        const from = BLINDING_BYTES * (blindingsAt + chunk);
        return bundle.blindings.subarray(from, from + BLINDING_BYTES);
      }),
    });
    blindingsAt += chunks;
    if (verdict.valid) continue;
    const where = verdict.chunk === undefined ? '' : ` (chunk ${verdict.chunk})`;
    if (verdict.reason === 'out-of-range') {
      const text = `field "${name}"${where}: the sum lies outside of what ${commitments.length} contributors can put in`;
      complain('bounds', { code: 'out-of-bounds', text, field: name });
    } else {
      const text = `field "${name}"${where}: the commitments do not open to this sum (${verdict.reason})`;
      complain('opening', { code: 'does-not-open', text, field: name });
    }
  }
}

/** Points from a hash; with proofs those of the key, which was opened on a curve already. */
function basesFor(
  plan: AnyPlan,
  { fields }: CommitmentLayout,
  curve: FastCurve | undefined,
  signal: AbortSignal | undefined,
): Promise<CommitmentBases> {
  const proven = provenSchemeOf(plan);
  if (proven !== undefined) return updateBases(proven.key);
  const longest = Math.max(...fields.map(({ length }) => length));
  return commitmentBases(longest, { curve, ...(signal === undefined ? {} : { signal }) });
}

/** One field's commitments of all contributors: its values, and its noise where it has any. */
function groupsAt(
  plan: AnyPlan,
  { length, bits, noiseBits }: CommitmentLayout['fields'][number],
  commitments: readonly Uint8Array[],
  at: number,
) {
  const size = schemeOf(plan).bytes(length);
  const widths = noiseBits === undefined ? [bits] : [bits, noiseBits];
  const groups = widths.map((width, group) => ({
    bits: width,
    commitments: commitments.map((all) => all.subarray(at + group * size, at + (group + 1) * size)),
  }));
  return { groups, bytes: size * widths.length };
}
