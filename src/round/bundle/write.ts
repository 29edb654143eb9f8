/** From the end of a round to its proof bundle. Nothing in it is secret from those who see the sum. */
import { concat } from '../../internal/bytes.ts';
import { packedLength, packInto } from '../../ring/packing.ts';
import type { SignedRecord } from '../../secagg/coordinator/record.ts';
import { headerHash } from '../../secagg/signed.ts';
import type { FieldShape } from '../../secagg/terms.ts';
import { toBitmap } from '../../wire/bitmap.ts';
import type { SignedHeader } from '../../wire/envelope.ts';
import { layoutOf, schemeOf } from '../commitment-layout.ts';
import { type AnyPlan, planBytes } from '../plan.ts';
import { provenSchemeOf } from '../proven-fields.ts';
import { encodeBundle } from './format.ts';

/**
 * The bundle of a round with commitments.
 *
 * @param sums - one for each field of the plan, and last the sums of limbs, as the ring gave them
 *
 * **Cost**: the commitments of all contributors, about 300 bytes for each of them, and the packed sum; with
 * proofs also the update key, and 452 bytes for each chunk of each contributor.
 */
export function bundleBytes(
  plan: AnyPlan,
  sums: readonly Uint32Array[],
  record: SignedRecord,
): Uint8Array {
  const { terms, u2, u3 } = record;
  const n = terms.roster.clients.length;
  const isIn = new Set(u3);
  const shares = new Map(record.shares.map((said) => [said.sender, said]));
  const fields = Object.keys(plan.fields);
  const proven = provenSchemeOf(plan);
  return encodeBundle({
    plan: planBytes(plan),
    beacon: terms.beacon,
    u2: toBitmap(u2, n),
    u3: toBitmap(u3, n),
    adverts: concat(...record.adverts),
    absent: concat(
      ...record.shares
        .filter(({ sender }) => !isIn.has(sender))
        .map((said) => headerHash(terms, 'share', said)),
    ),
    contributors: record.masks.map((mask) => ({
      share: shares.get(mask.sender) as SignedHeader,
      mask,
    })),
    signers: toBitmap(
      record.confirms.map(({ sender }) => sender),
      n,
    ),
    signatures: concat(...record.confirms.map(({ signature }) => signature)),
    aggregate: fields.map((_, i) => packed(sums[i] as Uint32Array, plan.shapes[i] as FieldShape)),
    blindings: concat(
      ...schemeOf(plan).blindingsOf(sums.at(-1) as Uint32Array, layoutOf(plan).limbBits),
    ),
    ...(proven === undefined
      ? {}
      : { proven: { context: record.context, key: proven.keyBytes(), proofs: record.proofs } }),
  });
}

function packed(sum: Uint32Array, { length, modulusBits }: FieldShape): Uint8Array {
  const out = new Uint8Array(packedLength(length, modulusBits));
  packInto(out, sum, modulusBits);
  return out;
}
