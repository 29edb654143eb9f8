/** A plan's commitments as others see them: as bytes of the plan, and as `secagg` handles them. */
import type { CommitmentForm, SaidProofs } from '../secagg/terms.ts';
import type { CborValue } from '../wire/cbor.ts';
import { type Laid, layoutOf, schemeOf } from './commitment-layout.ts';
import {
  proofBytesOf,
  provenFields,
  provenSchemeOf,
  textOfFault,
  unproven,
} from './proven-fields.ts';

/** The scheme's name; with proofs also what they prove, which a reader works out anew from fields and key. */
export function commitmentsValue(of: Laid): CborValue {
  const scheme = provenSchemeOf(of);
  if (scheme === undefined) return of.commitments?.name ?? null;
  return {
    scheme: scheme.name,
    key: scheme.key.hash,
    chunk: scheme.key.values,
    bits: scheme.bits,
    norms: provenFields(of).map(({ normMax }) => normMax),
  };
}

/** How long commitments and proofs are, and whether they hold. */
export function commitmentForm(of: Laid & { readonly hash: Uint8Array }): CommitmentForm {
  const { isValid } = schemeOf(of);
  const { bytes: length } = layoutOf(of);
  if (provenSchemeOf(of) === undefined) return { length, isValid };
  const faultIn = ({ roundId, context, ...sent }: SaidProofs): string | undefined => {
    const [fault] = unproven(of, { roundId, context }, [sent]);
    return fault === undefined ? undefined : textOfFault(fault);
  };
  return { length, isValid, proofs: { length: proofBytesOf(of), faultIn } };
}
