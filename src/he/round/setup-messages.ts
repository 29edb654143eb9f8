/** What members of a committee say to each other, through the coordinator, until they have a key. */
import { CodecError, ProtocolError } from '../../errors.ts';
import { type Suite, suite } from '../../identity/suite.ts';
import { equalBytes, lengthPrefixed, utf8 } from '../../internal/bytes.ts';
import { sha256 } from '../../internal/sha256.ts';
import { decode, encode } from '../../wire/cbor.ts';
import { decodeEnvelope, type Envelope, type EnvelopeLimits } from '../../wire/envelope.ts';
import { bytes, list, tuple } from '../../wire/fields.ts';
import { checkLattice, decodeLattice, encodedLatticeLength, encodeLattice } from '../codec.ts';
import { bytesOf, checkReveal, collectivePublicKey } from '../committee/index.ts';
import { HASH, isSaid } from './messages.ts';
import { phaseNumber } from './phases.ts';
import type { EncryptedRound } from './plan.ts';

/**
 * How dealt shares are sealed: both X25519 and ML-KEM-768, since a recorded share that a quantum
 * computer opens later would undo a key that is itself safe from one.
 */
export const boxSuite: Suite = suite('x25519-mlkem768');

/** A member's first word: what its key share will be, and where to seal shares for it. */
export type Join = { readonly commitment: Uint8Array; readonly boxKey: Uint8Array };

export const encodeJoin = ({ commitment, boxKey }: Join): Uint8Array =>
  encode([commitment, boxKey]);

/** @throws CodecError */
export function decodeJoin(header: Uint8Array): Join {
  const of = tuple(decode(header, { what: 'join', maxBytes: JOIN_HEADER }), 2, 'join');
  const boxKey = bytes(of[1], boxSuite.publicKeyLength, 'join: key for boxes');
  if (!boxSuite.checkPublicKey(boxKey)) {
    throw new CodecError('malformed', 'join: key for boxes: got none, expected a valid one');
  }
  return { commitment: bytes(of[0], HASH, 'join: commitment'), boxKey };
}

const JOIN_HEADER = 64 + boxSuite.publicKeyLength;
const ENVELOPE = 256;

/** By what the joins of all members are known to each. */
export const hashOfJoins = (plan: EncryptedRound, headers: readonly Uint8Array[]): Uint8Array =>
  sha256(lengthPrefixed(utf8('veilsum/v1 encrypted joins'), plan.roundId, ...headers));

/** A member's second word. The signed header has the hashes of what stands beside it. */
export type Reveal = {
  readonly joinsHash: Uint8Array;
  readonly share: Uint8Array;
  /** One for each member, its own too. */
  readonly boxes: readonly Uint8Array[];
};

export const encodeRevealHeader = ({ joinsHash, share, boxes }: Reveal): Uint8Array =>
  encode([joinsHash, sha256(share), boxes.map((box) => sha256(box))]);

/** Bytes of a sealed dealt share: KEM ciphertext, share, tag. */
const boxLength = ({ sum }: EncryptedRound): number =>
  boxSuite.ciphertextLength + encodedLatticeLength(sum.set, 'dealt-share') + 16;

/** A reveal as the coordinator gets it, with all boxes; as a member gets it, with its own. */
export type SignedReveal = {
  readonly envelope: Uint8Array;
  readonly said: Envelope;
  readonly share: Uint8Array;
  readonly boxes: readonly Uint8Array[];
};

/** Limits of a join's or reveal's envelope. */
export const setupLimits = ({ holders }: EncryptedRound): EnvelopeLimits => ({
  header: JOIN_HEADER + 34 * holders.clients.length,
  payload: 0,
});

/** Bytes of a whole reveal at most. */
export const revealLength = (plan: EncryptedRound, boxes: number): number =>
  ENVELOPE +
  setupLimits(plan).header +
  encodedLatticeLength(plan.sum.set, 'key-share') +
  boxes * (boxLength(plan) + 8);

/** Reads a reveal's parts, unchecked but for their form. @throws CodecError */
export function decodeReveal(
  plan: EncryptedRound,
  message: Uint8Array,
  boxCount: number,
): SignedReveal {
  const what = 'reveal';
  const maxBytes = revealLength(plan, boxCount);
  const of = tuple(decode(message, { what, maxBytes }), 3, what);
  const envelope = bytes(of[0], { min: 1, max: maxBytes }, `${what}: envelope`);
  const { set } = plan.sum;
  return {
    envelope,
    said: decodeEnvelope(envelope, setupLimits(plan)),
    share: bytes(of[1], encodedLatticeLength(set, 'key-share'), `${what}: key share`),
    boxes: list(of[2], boxCount, `${what}: boxes`).map((box) =>
      bytes(box, boxLength(plan), `${what}: box`),
    ),
  };
}

/** @throws CodecError */
export function decodeRevealHeader(
  { holders }: EncryptedRound,
  header: Uint8Array,
): { readonly joinsHash: Uint8Array; readonly share: Uint8Array; readonly boxes: Uint8Array[] } {
  const what = 'reveal header';
  const of = tuple(decode(header, { what, maxBytes: header.length }), 3, what);
  const hashes = tuple(of[2], holders.clients.length, `${what}: boxes`);
  return {
    joinsHash: bytes(of[0], HASH, `${what}: joins`),
    share: bytes(of[1], HASH, `${what}: share`),
    boxes: hashes.map((hash) => bytes(hash, HASH, `${what}: box`)),
  };
}

/**
 * Whether share and boxes are those that the signed header has the hashes of. If not, anybody may have
 * put them beside it. What a header without hashes proves is {@link checkRevealed}'s to say.
 *
 * @param positions which members the boxes are for, in their order
 */
export function fitsHeader(
  plan: EncryptedRound,
  { said, share, boxes }: SignedReveal,
  positions: readonly number[],
): boolean {
  let hashes: ReturnType<typeof decodeRevealHeader>;
  try {
    hashes = decodeRevealHeader(plan, said.header);
  } catch (error) {
    if (error instanceof CodecError) return true;
    throw error;
  }
  return (
    equalBytes(sha256(share), hashes.share) &&
    boxes.length === positions.length &&
    positions.every((position, i) => {
      const [box, hash] = [boxes[i], hashes.boxes[position]];
      return box !== undefined && hash !== undefined && equalBytes(sha256(box), hash);
    })
  );
}

/**
 * Checks that a reveal is what its signed header says, and opens the commitment in the join.
 *
 * @param positions which members the boxes are for, in their order
 * @throws CodecError; ProtocolError `inconsistent-survivors`, `bad-key`, `bad-share`
 */
export function checkRevealed(
  plan: EncryptedRound,
  joins: { readonly hash: Uint8Array; readonly commitment: Uint8Array },
  reveal: SignedReveal,
  positions: readonly number[],
): void {
  const { said, share } = reveal;
  const { roundId, sum } = plan;
  const member = said.sender;
  const hashes = decodeRevealHeader(plan, said.header);
  const wrong = (code: ProtocolError['code'], got: string): ProtocolError =>
    new ProtocolError(code, `reveal: got ${got}, expected what was committed to and signed`);
  if (!equalBytes(hashes.joinsHash, joins.hash)) {
    throw wrong('inconsistent-survivors', 'one that was made for other members');
  }
  if (!fitsHeader(plan, reveal, positions)) throw wrong('bad-share', 'another key share or box');
  checkLattice({ kind: 'key-share', set: sum.set, roundId, index: member }, share);
  if (!checkReveal(joins.commitment, roundId, member, share)) {
    throw wrong('bad-key', 'a key share that was not committed to');
  }
}

/** Adds up a committee's public key from the checked parts of all. @throws ProtocolError `bad-key` */
export function encodePublicKey(
  { sum, roundId }: EncryptedRound,
  shares: readonly Uint8Array[],
): Uint8Array {
  const { set } = sum;
  const parts = shares.map((share, index) =>
    decodeLattice({ kind: 'key-share', set, roundId, index }, share),
  );
  const words = bytesOf(collectivePublicKey(set, parts, roundId));
  return encodeLattice({ kind: 'public-key', set, roundId, index: 0 }, words);
}

/**
 * Reads one signed word of every member, in their order.
 *
 * @throws ProtocolError `bad-downlink`, `bad-signature`, blaming the coordinator
 */
export function requireAll(
  plan: EncryptedRound,
  phase: 'join' | 'reveal',
  said: readonly Envelope[],
): void {
  const members = plan.holders.clients.length;
  const inOrder = said.length === members && said.every(({ sender }, i) => sender === i);
  const here = said.every(
    ({ phase: number, roundId }) =>
      number === phaseNumber(phase) && equalBytes(roundId, plan.roundId),
  );
  if (!inOrder || !here) {
    throw new ProtocolError(
      'bad-downlink',
      `${phase}: got ${said.length} messages, expected one of each of ${members} members of this round, in order`,
      ['coordinator'],
    );
  }
  const unsigned = said.find((one) => !isSaid(plan, phase, one));
  if (unsigned === undefined) return;
  throw new ProtocolError(
    'bad-signature',
    `${phase}, passed on by the coordinator: the signature of member ${unsigned.sender} does not verify`,
    ['coordinator'],
  );
}
