/**
 * The proof bundle: one file in which a round's sum can be held against what its clients signed. This
 * file knows its layout; what the parts mean is checked in `verify.ts`.
 *
 *     { format, version, plan, beacon, u2, u3, adverts, absent, contributors,
 *       signers, signatures, aggregate, blindings,
 *       context, key, proofs }                                              canonical CBOR
 *
 * Lists are in roster order, and other keys are refused. The last line is there in version 2 only, which
 * is that of rounds whose clients prove that their updates are in bounds.
 */
import { CodecError } from '../../errors.ts';
import { type CborValue, decode, encode } from '../../wire/cbor.ts';
import type { SignedHeader } from '../../wire/envelope.ts';
import { bytes, integer, list, record, text, tuple } from '../../wire/fields.ts';

/** What the file says it is. */
const FORMAT = 'veilsum proof bundle';

/** The layout without proofs of bounds. A verifier refuses versions that it does not know by name. */
export const BUNDLE_VERSION = 1;

/** The layout with proofs of bounds. */
export const PROVEN_BUNDLE_VERSION = 2;

/** The most bytes that a verifier reads: sums of 2^27 elements, or commitments of 10,000 clients. */
export const MAX_BUNDLE_BYTES: number = 2 ** 29;

/** What one contributor said at `share` and at `mask`. The sender stands in the bitmap of U3. */
export type ContributorSaid = {
  readonly share: Omit<SignedHeader, 'sender'>;
  readonly mask: Omit<SignedHeader, 'sender'>;
};

/** What a bundle of version 2 holds besides. */
export type ProvenPart = {
  /** Hash of the model that was sent out, 32 bytes: proofs are bound to it. */
  readonly context: Uint8Array;
  /** The update key's bytes. */
  readonly key: Uint8Array;
  /** Of each member of U3: the proofs of all chunks of all fields. */
  readonly proofs: readonly Uint8Array[];
};

/** A bundle, as it is written. */
export type Bundle = {
  /** The plan's canonical bytes; the signed roster is in them. */
  readonly plan: Uint8Array;
  /** The beacon's value; no bytes where the plan names no beacon. */
  readonly beacon: Uint8Array;
  /** Bitmaps over the roster. */
  readonly u2: Uint8Array;
  readonly u3: Uint8Array;
  /** H(signed advert) of each member of U2, 32 bytes each. */
  readonly adverts: Uint8Array;
  /** H(signed share header) of each member of U2 that is not in U3, 32 bytes each. */
  readonly absent: Uint8Array;
  /** Of each member of U3. */
  readonly contributors: readonly ContributorSaid[];
  /** Bitmap of those whose confirmations follow, 64 bytes each. */
  readonly signers: Uint8Array;
  readonly signatures: Uint8Array;
  /** The sum in the ring: one packed vector for each field of the plan. */
  readonly aggregate: readonly Uint8Array[];
  /** Sums of blindings modulo the group's order, 32 bytes for each chunk of each field. */
  readonly blindings: Uint8Array;
  readonly proven?: ProvenPart;
};

const KEYS = [
  'format',
  'version',
  'plan',
  'beacon',
  'u2',
  'u3',
  'adverts',
  'absent',
  'contributors',
  'signers',
  'signatures',
  'aggregate',
  'blindings',
] as const;

const PROVEN_KEYS = ['context', 'key', 'proofs'] as const;

/** The one encoding of a bundle. */
export const encodeBundle = ({ proven, ...bundle }: Bundle): Uint8Array =>
  encode({
    ...bundle,
    ...(proven === undefined ? {} : { ...proven, proofs: [...proven.proofs] }),
    format: FORMAT,
    version: proven === undefined ? BUNDLE_VERSION : PROVEN_BUNDLE_VERSION,
    contributors: bundle.contributors.map(({ share, mask }) => [...said(share), ...said(mask)]),
  });

const said = (of: Omit<SignedHeader, 'sender'>): readonly CborValue[] => [
  of.header,
  of.payloadDigest,
  of.signature,
];

/**
 * Reads a bundle's form.
 *
 * @throws CodecError
 */
export function decodeBundle(encoded: Uint8Array): Bundle {
  const what = 'bundle';
  const value = decode(encoded, { what, maxBytes: MAX_BUNDLE_BYTES });
  // Version first: another one may have other keys.
  const head = value as { readonly format?: CborValue; readonly version?: CborValue } | null;
  if (text(head?.format, 64, `${what}: format`) !== FORMAT) {
    throw new CodecError('malformed', `${what}: its format is another`);
  }
  const version = integer(head?.version, 0, 0xffff_ffff, `${what}: version`);
  const isProven = version === PROVEN_BUNDLE_VERSION;
  if (version !== BUNDLE_VERSION && !isProven) {
    throw new CodecError(
      'unknown-version',
      `${what}: got version ${version}, expected ${BUNDLE_VERSION} or ${PROVEN_BUNDLE_VERSION}`,
      { version },
    );
  }
  const of = record(value, isProven ? [...KEYS, ...PROVEN_KEYS] : KEYS, what);
  const any = (of: CborValue | undefined, name: string): Uint8Array =>
    bytes(of, { min: 0, max: MAX_BUNDLE_BYTES }, `${what}: ${name}`);
  const readSaid = (fields: readonly CborValue[]): Omit<SignedHeader, 'sender'> => ({
    header: any(fields[0], 'header'),
    payloadDigest: bytes(fields[1], 32, `${what}: payload digest`),
    signature: bytes(fields[2], 64, `${what}: signature`),
  });
  return {
    plan: any(of.plan, 'plan'),
    beacon: any(of.beacon, 'beacon'),
    u2: any(of.u2, 'U2'),
    u3: any(of.u3, 'U3'),
    adverts: any(of.adverts, 'adverts'),
    absent: any(of.absent, 'absent'),
    contributors: list(of.contributors, 10_000, `${what}: contributors`).map((entry) => {
      const fields = tuple(entry, 6, `${what}: contributor`);
      return { share: readSaid(fields.slice(0, 3)), mask: readSaid(fields.slice(3)) };
    }),
    signers: any(of.signers, 'signers'),
    signatures: any(of.signatures, 'signatures'),
    aggregate: list(of.aggregate, 256, `${what}: aggregate`).map((field) => any(field, 'field')),
    blindings: any(of.blindings, 'blindings'),
    ...(isProven ? { proven: readProven(of, any) } : {}),
  };
}

const readProven = (
  of: Readonly<Record<string, CborValue>>,
  any: (of: CborValue | undefined, name: string) => Uint8Array,
): ProvenPart => ({
  context: bytes(of.context, 32, 'bundle: context'),
  key: any(of.key, 'key'),
  proofs: list(of.proofs, 10_000, 'bundle: proofs').map((proof) => any(proof, 'proofs')),
});
