/**
 * What a client says in each phase: the header's fields, their exact sizes, and their canonical
 * bytes. Readers are strict and throw `CodecError`; what the fields *mean* is checked by the steps.
 */
import { CodecError } from '../errors.ts';
import { decode, encode } from '../wire/cbor.ts';
import { bytes, integer, list, tuple } from '../wire/fields.ts';
import { type Advert, SEED_LENGTH, SHARE_HASH_LENGTH } from './keys.ts';
import type { Phase } from './phases.ts';
import { commitmentsLength, proofsLength, sizeOf, type Terms, uploadLength } from './terms.ts';

/** A sealed pair of shares: two of 32 bytes, from, to, and the tag. */
export const BOX_LENGTH: number = 32 + 32 + 4 + 4 + 16;

/** A part of a share message: what one neighbour gets. */
export type SharePart = {
  readonly holder: number;
  readonly box: Uint8Array;
  readonly selfHash: Uint8Array;
  readonly maskingHash: Uint8Array;
  /** Encapsulation to the holder's sealing key; empty in the X25519 suite. */
  readonly sealingCiphertext: Uint8Array;
  /** Encapsulation to the holder's masking key; empty unless the dealer encapsulates for this pair. */
  readonly maskingCiphertext: Uint8Array;
};

/** The header of a share message. */
export type ShareHeader = {
  readonly commitment: Uint8Array;
  /** Hash of the dealer's own share of its self-mask seed. */
  readonly ownHash: Uint8Array;
  /** Merkle root (RFC 6962) over the encoded parts. */
  readonly partsRoot: Uint8Array;
  readonly partCount: number;
  /** Hash of the vector commitments, see `survivors.ts`; empty where the terms ask for none. */
  readonly commitments: Uint8Array;
};

/** The header of a mask message; the digest of the vector is the envelope's payload digest. */
export type MaskHeader = {
  readonly u2Hash: Uint8Array;
  /** The vector commitments themselves; empty where the terms ask for none. */
  readonly commitments: Uint8Array;
  /**
   * SHA-256 of the proofs, which stand behind the vector in the payload: neighbours get headers, and need
   * no proofs. Not there where the terms ask for none.
   */
  readonly proofsHash?: Uint8Array;
};

/** What a client confirms. All members of one round sign the same bytes. */
export type ConfirmHeader = {
  readonly u2Hash: Uint8Array;
  readonly u3Hash: Uint8Array;
  /**
   * Merkle root over H(signed mask header) in roster order. The headers hold the commitments, so this
   * is the root of the commitments, too: one of their own would say nothing more.
   */
  readonly headersRoot: Uint8Array;
};

/** A revealed share, or `undefined` where the dealer's box did not open or did not hold. */
export type RevealedShare = { readonly dealer: number; readonly share: Uint8Array | undefined };

/** The header of an unmask message. */
export type UnmaskHeader = {
  /** By dealer, ascending. */
  readonly shares: readonly RevealedShare[];
  readonly own: Uint8Array;
};

const none = new Uint8Array(0);

const read = (header: Uint8Array, length: number, what: string) =>
  tuple(decode(header, { what, maxBytes: header.length }), length, what);

/** The most bytes that header and payload of a phase may have under these terms. */
export function messageLimits(terms: Terms, phase: Phase): { header: number; payload: number } {
  const keys = 2 * terms.suite.publicKeyLength;
  const degree = terms.parameters.degree;
  const part = BOX_LENGTH + 2 * SHARE_HASH_LENGTH + 2 * terms.suite.ciphertextLength + 32;
  switch (phase) {
    case 'advertise':
      return { header: keys + 64, payload: 0 };
    case 'share':
      return { header: 192, payload: 16 + degree * part };
    case 'mask':
      return { header: 132 + commitmentsLength(terms), payload: uploadLength(terms) };
    case 'confirm':
      return { header: 160, payload: 0 };
    case 'unmask':
      return { header: 64 + (degree + 1) * 48, payload: 0 };
  }
}

export const encodeAdvert = (advert: Advert): Uint8Array =>
  encode([advert.sealingKey, advert.maskingKey, advert.context]);

/** @throws CodecError */
export function decodeAdvert(terms: Terms, header: Uint8Array): Advert {
  const what = 'advert';
  const fields = read(header, 3, what);
  return {
    sealingKey: bytes(fields[0], terms.suite.publicKeyLength, `${what}: sealing key`),
    maskingKey: bytes(fields[1], terms.suite.publicKeyLength, `${what}: masking key`),
    context: bytes(fields[2], 32, `${what}: context hash`),
  };
}

export const encodeShareHeader = (header: ShareHeader): Uint8Array =>
  encode([
    header.commitment,
    header.ownHash,
    header.partsRoot,
    header.partCount,
    header.commitments,
  ]);

/** @throws CodecError */
export function decodeShareHeader(terms: Terms, header: Uint8Array): ShareHeader {
  const what = 'share header';
  const fields = read(header, 5, what);
  return {
    commitment: bytes(fields[0], 32, `${what}: commitment`),
    ownHash: bytes(fields[1], SHARE_HASH_LENGTH, `${what}: hash of own share`),
    partsRoot: bytes(fields[2], 32, `${what}: root of parts`),
    partCount: integer(fields[3], 0, terms.parameters.degree, `${what}: number of parts`),
    commitments: bytes(
      fields[4],
      commitmentsLength(terms) > 0 ? 32 : 0,
      `${what}: hash of commitments`,
    ),
  };
}

export const encodeSharePart = (part: SharePart): Uint8Array =>
  encode([
    part.holder,
    part.box,
    part.selfHash,
    part.maskingHash,
    part.sealingCiphertext,
    part.maskingCiphertext,
  ]);

/** @throws CodecError */
export function decodeSharePart(terms: Terms, part: Uint8Array): SharePart {
  const what = 'share part';
  const fields = read(part, 6, what);
  const ciphertext = terms.suite.ciphertextLength;
  const masking = bytes(fields[5], { min: 0, max: ciphertext }, `${what}: masking ciphertext`);
  if (masking.length !== 0 && masking.length !== ciphertext) {
    throw new CodecError(
      'malformed',
      `${what}: masking ciphertext: got ${masking.length} bytes, expected 0 or ${ciphertext}`,
    );
  }
  return {
    holder: integer(fields[0], 0, sizeOf(terms) - 1, `${what}: holder`),
    box: bytes(fields[1], BOX_LENGTH, `${what}: box`),
    selfHash: bytes(fields[2], SHARE_HASH_LENGTH, `${what}: hash of self-mask share`),
    maskingHash: bytes(fields[3], SHARE_HASH_LENGTH, `${what}: hash of masking share`),
    sealingCiphertext: bytes(fields[4], ciphertext, `${what}: sealing ciphertext`),
    maskingCiphertext: masking,
  };
}

/** The payload of a share message: its encoded parts. */
export const encodeParts = (parts: readonly Uint8Array[]): Uint8Array =>
  encode(parts as Uint8Array[]);

/** @throws CodecError */
export function decodeParts(terms: Terms, payload: Uint8Array): readonly Uint8Array[] {
  const what = 'share parts';
  const { payload: maxBytes } = messageLimits(terms, 'share');
  return list(decode(payload, { what, maxBytes }), terms.parameters.degree, what).map((part) =>
    bytes(part, { min: 1, max: maxBytes }, `${what}: part`),
  );
}

export const encodeMaskHeader = (header: MaskHeader): Uint8Array =>
  encode(
    header.proofsHash === undefined
      ? [header.u2Hash, header.commitments]
      : [header.u2Hash, header.commitments, header.proofsHash],
  );

/** @throws CodecError */
export function decodeMaskHeader(terms: Terms, header: Uint8Array): MaskHeader {
  const what = 'mask header';
  const hasProofs = proofsLength(terms) > 0;
  const fields = read(header, hasProofs ? 3 : 2, what);
  return {
    u2Hash: bytes(fields[0], 32, `${what}: H(U2)`),
    commitments: bytes(fields[1], commitmentsLength(terms), `${what}: commitments`),
    ...(hasProofs ? { proofsHash: bytes(fields[2], 32, `${what}: hash of proofs`) } : {}),
  };
}

export const encodeConfirmHeader = (header: ConfirmHeader): Uint8Array =>
  encode([header.u2Hash, header.u3Hash, header.headersRoot]);

export const encodeUnmaskHeader = (header: UnmaskHeader): Uint8Array =>
  encode([header.shares.map(({ dealer, share }) => [dealer, share ?? none]), header.own]);

/** @throws CodecError */
export function decodeUnmaskHeader(terms: Terms, header: Uint8Array): UnmaskHeader {
  const what = 'unmask header';
  const fields = read(header, 2, what);
  const shares = list(fields[0], terms.parameters.degree, `${what}: shares`).map((entry) => {
    const [dealer, value] = tuple(entry, 2, `${what}: share`);
    const share = bytes(value, { min: 0, max: SEED_LENGTH }, `${what}: share`);
    if (share.length !== 0 && share.length !== SEED_LENGTH) {
      throw new CodecError(
        'malformed',
        `${what}: share: got ${share.length} bytes, expected 0 or ${SEED_LENGTH}`,
      );
    }
    return {
      dealer: integer(dealer, 0, sizeOf(terms) - 1, `${what}: dealer`),
      share: share.length === 0 ? undefined : share,
    };
  });
  return { shares, own: bytes(fields[1], SEED_LENGTH, `${what}: own share`) };
}
