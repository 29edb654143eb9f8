/**
 * What the coordinator sends to one client before each phase. Nothing here is signed by the
 * coordinator: a client believes only what it can check against the roster's keys, its own memory
 * and the hashes that a quorum signs.
 *
 *     [ version, phase, round id, recipient, content ]      canonical CBOR
 */
import { CodecError } from '../errors.ts';
import { concat, equalBytes } from '../internal/bytes.ts';
import { type CborValue, decode, encode } from '../wire/cbor.ts';
import { type SignedHeader, WIRE_VERSION } from '../wire/envelope.ts';
import { bytes, integer, list, tuple } from '../wire/fields.ts';
import { messageLimits } from './messages.ts';
import { type Downlink, type Phase, phaseNumber } from './phases.ts';
import { commitmentsLength, sizeOf, type Terms } from './terms.ts';

/** Before share: the adverts of the graph neighbours. */
export type AdvertsDownlink = { readonly adverts: readonly SignedHeader[] };

/** What a client learns of one neighbour's share message. */
export type NeighbourShare = {
  readonly header: SignedHeader;
  readonly partIndex: number;
  readonly part: Uint8Array;
  readonly partPath: readonly Uint8Array[];
  readonly u2Path: readonly Uint8Array[];
};

/** Before mask: who is in U2, and the neighbours' share parts for this client. */
export type SharesDownlink = {
  readonly u2: Uint8Array;
  readonly u2Root: Uint8Array;
  readonly ownPath: readonly Uint8Array[];
  readonly neighbours: readonly NeighbourShare[];
};

/** Before confirm: who is in U3. */
export type SurvivorsDownlink = {
  readonly u3: Uint8Array;
  readonly headersRoot: Uint8Array;
  readonly ownPath: readonly Uint8Array[];
};

/** Before unmask: a quorum's signatures, and the mask headers of the neighbours in U3. */
export type QuorumDownlink = {
  readonly signers: Uint8Array;
  /** 64 bytes for each signer, in roster order. */
  readonly signatures: Uint8Array;
  readonly maskHeaders: readonly SignedHeader[];
};

const packHeader = (said: SignedHeader): CborValue => [
  said.sender,
  said.header,
  said.payloadDigest,
  said.signature,
];

function readHeader(terms: Terms, phase: Phase, value: CborValue, what: string): SignedHeader {
  const [sender, header, digest, signature] = tuple(value, 4, what);
  const hasPayload = messageLimits(terms, phase).payload > 0;
  const limit = messageLimits(terms, phase).header;
  return {
    sender: integer(sender, 0, sizeOf(terms) - 1, `${what}: sender`),
    header: bytes(header, { min: 0, max: limit }, `${what}: header`),
    payloadDigest: bytes(digest, hasPayload ? 32 : 0, `${what}: payload digest`),
    signature: bytes(signature, 64, `${what}: signature`),
  };
}

function readPath(value: CborValue | undefined, what: string): readonly Uint8Array[] {
  const flat = bytes(value as CborValue, { min: 0, max: 32 * 32 }, what);
  if (flat.length % 32 !== 0) {
    throw new CodecError(
      'malformed',
      `${what}: got ${flat.length} bytes, expected a multiple of 32`,
    );
  }
  return Array.from({ length: flat.length / 32 }, (_, i) => flat.subarray(32 * i, 32 * i + 32));
}

function pack<P extends Phase>(
  terms: Terms,
  phase: P,
  to: number,
  content: CborValue,
): Downlink<P> {
  return encode([WIRE_VERSION, phaseNumber(phase), terms.roundId, to, content]) as Downlink<P>;
}

/** Generous cap on one downlink: every neighbour's largest entry, and a signature from everybody. */
function downlinkLimit(terms: Terms): number {
  const keys = 2 * terms.suite.publicKeyLength + 2 * terms.suite.ciphertextLength;
  const perNeighbour = keys + commitmentsLength(terms) + 2_048;
  return 4_096 + terms.parameters.degree * perNeighbour + sizeOf(terms) * 66;
}

function unpack(terms: Terms, phase: Phase, to: number, downlink: Uint8Array, length: number) {
  const what = `downlink to ${phase}`;
  const value = decode(downlink, { what, maxBytes: downlinkLimit(terms) });
  const [version, number, roundId, recipient, content] = tuple(value, 5, what);
  const got = integer(version, 0, 0xffff_ffff, `${what}: version`);
  if (got !== WIRE_VERSION) {
    throw new CodecError(
      'unknown-version',
      `${what}: got version ${got}, expected ${WIRE_VERSION}`,
    );
  }
  if (!equalBytes(bytes(roundId, 32, `${what}: round id`), terms.roundId)) {
    throw new CodecError('wrong-round', `${what}: it belongs to another round`);
  }
  const gotPhase = integer(number, 0, 255, `${what}: phase`);
  if (gotPhase !== phaseNumber(phase)) {
    throw new CodecError(
      'wrong-phase',
      `${what}: got phase number ${gotPhase}, expected ${phaseNumber(phase)}`,
    );
  }
  const gotRecipient = integer(recipient, 0, 0xffff_ffff, `${what}: recipient`);
  if (gotRecipient !== to) {
    throw new CodecError(
      'wrong-recipient',
      `${what}: got one for roster position ${gotRecipient}, expected ${to}`,
    );
  }
  return { what, fields: tuple(content, length, what) };
}

export const encodeAdvertsDownlink = (
  terms: Terms,
  to: number,
  content: AdvertsDownlink,
): Downlink<'share'> => pack(terms, 'share', to, [content.adverts.map(packHeader)]);

/** @throws CodecError */
export function decodeAdvertsDownlink(
  terms: Terms,
  to: number,
  downlink: Uint8Array,
): AdvertsDownlink {
  const { what, fields } = unpack(terms, 'share', to, downlink, 1);
  const adverts = list(fields[0], terms.parameters.degree, `${what}: adverts`);
  return {
    adverts: adverts.map((value) => readHeader(terms, 'advertise', value, `${what}: advert`)),
  };
}

export const encodeSharesDownlink = (
  terms: Terms,
  to: number,
  content: SharesDownlink,
): Downlink<'mask'> =>
  pack(terms, 'mask', to, [
    content.u2,
    content.u2Root,
    concat(...content.ownPath),
    content.neighbours.map((n) => [
      packHeader(n.header),
      n.partIndex,
      n.part,
      concat(...n.partPath),
      concat(...n.u2Path),
    ]),
  ]);

/** @throws CodecError */
export function decodeSharesDownlink(
  terms: Terms,
  to: number,
  downlink: Uint8Array,
): SharesDownlink {
  const { what, fields } = unpack(terms, 'mask', to, downlink, 4);
  const { degree } = terms.parameters;
  const neighbours = list(fields[3], degree, `${what}: neighbours`).map((entry) => {
    const [header, partIndex, part, partPath, u2Path] = tuple(entry, 5, `${what}: neighbour`);
    return {
      header: readHeader(terms, 'share', header as CborValue, `${what}: share header`),
      partIndex: integer(partIndex, 0, degree, `${what}: part index`),
      part: bytes(part, { min: 1, max: downlinkLimit(terms) }, `${what}: part`),
      partPath: readPath(partPath, `${what}: part path`),
      u2Path: readPath(u2Path, `${what}: U2 path`),
    };
  });
  return {
    u2: bytes(fields[0], Math.ceil(sizeOf(terms) / 8), `${what}: U2`),
    u2Root: bytes(fields[1], 32, `${what}: U2 root`),
    ownPath: readPath(fields[2], `${what}: own path`),
    neighbours,
  };
}

export const encodeSurvivorsDownlink = (
  terms: Terms,
  to: number,
  content: SurvivorsDownlink,
): Downlink<'confirm'> =>
  pack(terms, 'confirm', to, [content.u3, content.headersRoot, concat(...content.ownPath)]);

/** @throws CodecError */
export function decodeSurvivorsDownlink(
  terms: Terms,
  to: number,
  downlink: Uint8Array,
): SurvivorsDownlink {
  const { what, fields } = unpack(terms, 'confirm', to, downlink, 3);
  return {
    u3: bytes(fields[0], Math.ceil(sizeOf(terms) / 8), `${what}: U3`),
    headersRoot: bytes(fields[1], 32, `${what}: root of headers`),
    ownPath: readPath(fields[2], `${what}: own path`),
  };
}

export const encodeQuorumDownlink = (
  terms: Terms,
  to: number,
  content: QuorumDownlink,
): Downlink<'unmask'> =>
  pack(terms, 'unmask', to, [
    content.signers,
    content.signatures,
    content.maskHeaders.map(packHeader),
  ]);

/** @throws CodecError */
export function decodeQuorumDownlink(
  terms: Terms,
  to: number,
  downlink: Uint8Array,
): QuorumDownlink {
  const { what, fields } = unpack(terms, 'unmask', to, downlink, 3);
  const { degree } = terms.parameters;
  return {
    signers: bytes(fields[0], Math.ceil(sizeOf(terms) / 8), `${what}: signers`),
    signatures: bytes(fields[1], { min: 0, max: 64 * sizeOf(terms) }, `${what}: signatures`),
    maskHeaders: list(fields[2], degree, `${what}: mask headers`).map((value) =>
      readHeader(terms, 'mask', value, `${what}: mask header`),
    ),
  };
}
