/**
 * What each phase checks of a validly signed message before it takes it in. Whatever is thrown here
 * is the signer's fault.
 */
import { CodecError, type ProtocolCode, ProtocolError } from '../../errors.ts';
import type { ClientId } from '../../identity/roster.ts';
import { equalBytes, toHex } from '../../internal/bytes.ts';
import { sha256 } from '../../internal/sha256.ts';
import type { Envelope } from '../../wire/envelope.ts';
import { merkleRoot } from '../../wire/merkle.ts';
import { addUpload, checkUpload } from '../accumulator.ts';
import { areNeighbours, neighbours } from '../graph.ts';
import { type Advert, encapsulates, shareHash } from '../keys.ts';
import {
  decodeAdvert,
  decodeMaskHeader,
  decodeParts,
  decodeShareHeader,
  decodeSharePart,
  decodeUnmaskHeader,
  type MaskHeader,
  type RevealedShare,
} from '../messages.ts';
import type { Phase } from '../phases.ts';
import { keepsPromise } from '../survivors.ts';
import { idAt, type Terms, uploadLength, vectorBytes } from '../terms.ts';
import { type Dealt, isAmong, type Ledger, partFor } from './state.ts';

const wrong = (code: ProtocolCode, text: string): ProtocolError => new ProtocolError(code, text);

/** The header (and payload) without the rest of the message's buffer. */
const saidOf = ({ sender, header, payloadDigest, signature }: Envelope) => ({
  sender,
  header: header.slice(),
  payloadDigest: payloadDigest.slice(),
  signature: signature.slice(),
});

/** What each phase checks of a validly signed message before it is taken in. */
export const takeIn: Readonly<Record<Phase, (ledger: Ledger, message: Envelope) => void>> = {
  advertise: (ledger, message) => {
    const { terms } = ledger;
    const said = saidOf(message);
    const advert = decodeAdvert(terms, said.header);
    if (!equalBytes(advert.context, ledger.context)) {
      throw wrong(
        'model-mismatch',
        'received another model (context hash) than the coordinator sent out',
      );
    }
    const keys = [advert.sealingKey, advert.maskingKey];
    for (const key of keys) {
      if (!terms.suite.checkPublicKey(key)) throw wrong('bad-key', 'a key is not valid');
    }
    const [sealing, masking] = halvesOf(advert);
    if (sealing === masking) throw wrong('bad-key', 'both keys are the same');
    indexKeys(ledger, message.sender, advert);
    ledger.adverts.set(message.sender, { said, advert });
  },

  share: (ledger, message) => {
    const { terms, u1 } = ledger;
    const said = saidOf(message);
    const header = decodeShareHeader(terms, said.header);
    const encodedParts = decodeParts(terms, message.payload.slice());
    if (
      encodedParts.length !== header.partCount ||
      !equalBytes(merkleRoot(encodedParts), header.partsRoot)
    ) {
      throw wrong('bad-share', 'its parts do not match their signed root');
    }
    const expected = neighbours(terms.graph, message.sender)
      .map(({ index }) => index)
      .filter((index) => isAmong(u1, index))
      .sort((a, b) => a - b);
    const parts = encodedParts.map((encoded) => ({
      encoded,
      part: decodeSharePart(terms, encoded),
    }));
    if (
      parts.length !== expected.length ||
      parts.some(({ part }, i) => part.holder !== expected[i])
    ) {
      throw wrong(
        'bad-share',
        `got ${parts.length} parts, expected one for each of ${expected.length} neighbours, in order`,
      );
    }
    for (const { part } of parts) {
      const needs =
        terms.suite.ciphertextLength > 0 && encapsulates(terms, message.sender, part.holder);
      if (part.maskingCiphertext.length > 0 !== needs) {
        throw wrong(
          'bad-share',
          `its part for "${idAt(terms, part.holder)}" has a ciphertext too many or too few`,
        );
      }
    }
    ledger.shares.set(message.sender, { said, header, parts });
  },

  mask: (ledger, message) => {
    const { terms } = ledger;
    const said = saidOf(message);
    const header = decodeMaskHeader(terms, said.header);
    const { vectors, proofs } = partsOfUpload(terms, message.payload);
    checkUpload(terms.wire, vectors);
    if (!equalBytes(header.u2Hash, ledger.u2Hash)) {
      throw wrong('inconsistent-survivors', 'masked under another U2 than the announced one');
    }
    const promised = ledger.shares.get(message.sender)?.header.commitments;
    if (!keepsPromise(terms, message.sender, header.commitments, promised)) {
      throw wrong('bad-commitment', 'its commitments are not those whose hash it shared');
    }
    if (terms.commitments?.isValid(header.commitments) === false) {
      throw wrong('bad-commitment', 'its commitments are no commitments');
    }
    checkProofs(ledger, message.sender, header, proofs);
    addUpload(ledger.accumulator, uploadName(message.sender), vectors);
    ledger.masks.set(message.sender, { said, proofs });
  },

  confirm: (ledger, message) => {
    if (!equalBytes(message.header, ledger.confirmHeader)) {
      throw wrong('inconsistent-survivors', 'confirmed other survivors than the announced ones');
    }
    ledger.confirms.set(message.sender, { said: saidOf(message) });
  },

  unmask: (ledger, message) => {
    const { terms, u2 } = ledger;
    const said = saidOf(message);
    const answer = decodeUnmaskHeader(terms, said.header);
    const dealers = answer.shares.map(({ dealer }) => dealer);
    const expected = u2.filter((index) => areNeighbours(terms.graph, message.sender, index));
    if (dealers.length !== expected.length || dealers.some((dealer, i) => dealer !== expected[i])) {
      throw wrong(
        'bad-share',
        `answered for ${dealers.length} dealers, expected one share for each of ${expected.length} neighbours, in order`,
      );
    }
    const { sender } = message;
    const own = ledger.shares.get(sender)?.header.ownHash;
    if (
      own === undefined ||
      !equalBytes(shareHash(terms, 'self', sender, sender, answer.own), own)
    ) {
      throw wrong('bad-share', 'its own share fails its own hash');
    }
    const bad = answer.shares.filter((revealed) => !isPinned(ledger, sender, revealed));
    const shares = answer.shares.filter((revealed) => !bad.includes(revealed));
    ledger.answers.set(sender, { said, answer: { ...answer, shares } });
    if (bad.length > 0) {
      const names = bad.slice(0, 8).map(({ dealer }) => `"${idAt(terms, dealer)}"`);
      if (bad.length > 8) names.push(`${bad.length - 8} more`);
      throw wrong(
        'bad-share',
        `its shares of ${names.join(', ')} fail the dealers' hashes; they are skipped`,
      );
    }
  },
};

/** The masked vectors, a view, and the proofs behind them, a copy. @throws CodecError for another length */
function partsOfUpload(terms: Terms, payload: Uint8Array) {
  const expected = uploadLength(terms);
  if (payload.length !== expected) {
    throw new CodecError(
      payload.length < expected ? 'truncated' : 'trailing-bytes',
      `upload: got ${payload.length} bytes, expected ${expected}`,
      { got: payload.length, expected },
    );
  }
  const end = vectorBytes(terms);
  return { vectors: payload.subarray(0, end), proofs: payload.slice(end) };
}

/** Before anything is added: an upload that is not proven to be in bounds leaves the sum as it was. */
function checkProofs(
  { terms, context }: Ledger,
  sender: number,
  { commitments, proofsHash }: MaskHeader,
  proofs: Uint8Array,
): void {
  const form = terms.commitments?.proofs;
  if (form === undefined) return;
  if (proofsHash === undefined || !equalBytes(sha256(proofs), proofsHash)) {
    throw wrong('bad-proof', 'its proofs are not those whose hash it signed');
  }
  const { roundId } = terms;
  const client = idAt(terms, sender);
  const fault = form.faultIn({ roundId, context, client, commitments, proofs });
  if (fault !== undefined) throw wrong('bad-proof', fault);
}

/** The X25519 halves of an advert's keys: equal halves are as bad as equal keys. */
const halvesOf = (advert: Advert): readonly [string, string] => [
  toHex(advert.sealingKey.subarray(0, 32)),
  toHex(advert.maskingKey.subarray(0, 32)),
];

/** Who advertised one of these keys before, if anybody. */
export function ownerOfKey({ terms, keyOwners }: Ledger, message: Envelope): ClientId | undefined {
  let advert: Advert;
  try {
    advert = decodeAdvert(terms, message.header);
  } catch {
    return undefined; // Refused for its form below.
  }
  const owner = halvesOf(advert)
    .map((half) => keyOwners.get(half))
    .find((index) => index !== undefined);
  return owner === undefined ? undefined : idAt(terms, owner);
}

/** Remembers whose an advert's keys are. */
export function indexKeys(ledger: Ledger, owner: number, advert: Advert): void {
  for (const half of halvesOf(advert)) ledger.keyOwners.set(half, owner);
}

/** The accumulator's name for a client's upload. */
export const uploadName = (index: number): string => `upload/${index}`;

/**
 * Whether a revealed share is the one that its dealer dealt. An honest holder checked that when it
 * opened the box, and reveals none that fails: so it is the holder who lies here.
 */
function isPinned(ledger: Ledger, holder: number, { dealer, share }: RevealedShare): boolean {
  if (share === undefined) return true;
  const kind = isAmong(ledger.u3, dealer) ? 'self' : 'masking';
  const part = partFor(ledger.shares.get(dealer) as Dealt, holder);
  const hash = kind === 'self' ? part?.selfHash : part?.maskingHash;
  return (
    hash !== undefined && equalBytes(shareHash(ledger.terms, kind, dealer, holder, share), hash)
  );
}
