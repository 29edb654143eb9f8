/**
 * What is signed in an encrypted round, as bytes. Parties speak in envelopes (see `wire/envelope.ts`);
 * chunks of ciphertext need no signature, since the hash of each was signed before.
 *
 *     join    header [commitment to a key share, key for boxes]
 *     reveal  header [hash of all joins, hash of the key share, hashes of all boxes]; share and boxes beside it
 *     key     header SHA-256(label, public key)          payload the public key
 *     commit  header that hash                           payload K × (hash of body ‖ hash of mask)
 *     root    header [key hash, root, size]
 *     close   header [hash of the root header, contributors, active holders]
 *     open    header hash of the close header            payload K answers
 *     chunk   sender 4 ‖ body ‖ mask                     two objects of the lattice codec
 */
import { ProtocolError } from '../../errors.ts';
import type { Roster } from '../../identity/roster.ts';
import { isEnvelopeSigned, signEnvelope } from '../../identity/signed-envelope.ts';
import type { Signer } from '../../identity/signer.ts';
import { lengthPrefixed, u32, utf8 } from '../../internal/bytes.ts';
import { sha256 } from '../../internal/sha256.ts';
import { fromBitmap, toBitmap } from '../../wire/bitmap.ts';
import { decode, encode } from '../../wire/cbor.ts';
import { hashOfSigned, type SignedHeader } from '../../wire/envelope.ts';
import { bytes, integer, tuple } from '../../wire/fields.ts';
import { encodedLatticeLength } from '../codec.ts';
import { type EncryptedPhase, type EncryptedUplink, phaseNumber } from './phases.ts';
import type { EncryptedRound } from './plan.ts';

/** Bytes of a hash. */
export const HASH = 32;

/** Bytes of a signature. */
const SIGNATURE = 64;

/** The roster whose members speak in a phase. */
export const speakersOf = (plan: EncryptedRound, phase: EncryptedPhase): Roster =>
  phase === 'commit' || phase === 'upload' ? plan.clients : plan.holders;

/** Signs a header and its payload. One signature. */
export async function say<P extends EncryptedPhase>(
  plan: EncryptedRound,
  phase: P,
  sender: number,
  signer: Signer,
  header: Uint8Array,
  payload: Uint8Array = new Uint8Array(0),
): Promise<{ readonly message: EncryptedUplink<P>; readonly said: SignedHeader }> {
  const said = { phase: phaseNumber(phase), roundId: plan.roundId, sender, header };
  const signed = await signEnvelope(signer, said, payload.length, (room) => room.set(payload));
  return { ...signed, message: signed.message as EncryptedUplink<P> };
}

/** Whether whoever stands at `said.sender` on the phase's roster signed this header in this round. */
export function isSaid(plan: EncryptedRound, phase: EncryptedPhase, said: SignedHeader): boolean {
  const speaker = speakersOf(plan, phase).clients[said.sender];
  return (
    speaker !== undefined &&
    isEnvelopeSigned(speaker.publicKey, plan.roundId, phaseNumber(phase), said)
  );
}

/** What of a commit is a leaf under the root: the hash of all that was signed, and the signature. */
export const commitLeaf = (plan: EncryptedRound, said: SignedHeader): Uint8Array =>
  hashOfSigned(plan.roundId, phaseNumber('commit'), said);

/** By what a public key is known in all that follows. */
export const keyHashOf = (plan: EncryptedRound, publicKey: Uint8Array): Uint8Array =>
  sha256(lengthPrefixed(utf8('veilsum/v1 encrypted key'), plan.roundId, publicKey));

/**
 * What a client commits to of a half of a ciphertext. The sender is hashed too, or a client that saw
 * another's commit could repeat it and have that vector added twice; but after the half's own hash, so
 * that those many bytes go to the platform in one call, as they lie.
 */
export const hashOfHalf = (sender: number, half: Uint8Array): Uint8Array =>
  sha256(u32(sender), sha256(half));

/** The hash that a commit's payload holds for a half of ciphertext `index`. */
export const committedHash = (
  commit: Uint8Array,
  index: number,
  half: 'body' | 'mask',
): Uint8Array => {
  const at = 2 * HASH * index + (half === 'body' ? 0 : HASH);
  return commit.subarray(at, at + HASH);
};

/** Bytes of a commit's payload. */
export const commitLength = ({ sum }: EncryptedRound): number => 2 * HASH * sum.ciphertexts;

/** Bytes of one half of a ciphertext, and of a chunk. */
export const halfLength = ({ sum }: EncryptedRound): number =>
  encodedLatticeLength(sum.set, 'mask');
export const chunkLength = (plan: EncryptedRound): number => 4 + 2 * halfLength(plan);

/** The commits that stand: a root says nothing without the size and the key. */
export type RootStatement = {
  readonly keyHash: Uint8Array;
  readonly root: Uint8Array;
  readonly size: number;
};

export const encodeRoot = ({ keyHash, root, size }: RootStatement): Uint8Array =>
  encode([keyHash, root, size]);

/** @throws CodecError */
export function decodeRoot(plan: EncryptedRound, header: Uint8Array): RootStatement {
  const of = tuple(decode(header, { what: 'root', maxBytes: 128 }), 3, 'root');
  return {
    keyHash: bytes(of[0], HASH, 'root: key hash'),
    root: bytes(of[1], HASH, 'root: root'),
    size: integer(of[2], 0, plan.clients.clients.length, 'root: size'),
  };
}

/** Whose vectors are added, and who opens the sum. Positions on the rosters, ascending. */
export type CloseStatement = {
  readonly rootHash: Uint8Array;
  readonly contributors: readonly number[];
  readonly active: readonly number[];
};

export const encodeClose = (plan: EncryptedRound, close: CloseStatement): Uint8Array =>
  encode([
    close.rootHash,
    toBitmap(close.contributors, plan.clients.clients.length),
    toBitmap(close.active, plan.holders.clients.length),
  ]);

/** @throws CodecError */
export function decodeClose(plan: EncryptedRound, header: Uint8Array): CloseStatement {
  const n = plan.clients.clients.length;
  const m = plan.holders.clients.length;
  const of = tuple(decode(header, { what: 'close', maxBytes: 128 + n }), 3, 'close');
  const anyLength = { min: 0, max: n };
  return {
    rootHash: bytes(of[0], HASH, 'close: root hash'),
    contributors: fromBitmap(
      bytes(of[1], anyLength, 'close: contributors'),
      n,
      'close: contributors',
    ),
    active: fromBitmap(bytes(of[2], { min: 0, max: m }, 'close: active'), m, 'close: active'),
  };
}

/** A header that holders signed, each by itself. */
export type Quorum = {
  readonly header: Uint8Array;
  readonly signers: readonly number[];
  /** 64 bytes a signer, in their order. */
  readonly signatures: Uint8Array;
};

export const encodeQuorum = (plan: EncryptedRound, quorum: Quorum): Uint8Array =>
  encode([quorum.header, toBitmap(quorum.signers, plan.holders.clients.length), quorum.signatures]);

/** Bytes that an encoded quorum has at most. */
export const quorumLength = ({ clients, holders }: EncryptedRound): number =>
  256 + clients.clients.length + (SIGNATURE + 1) * holders.clients.length;

/**
 * Reads a header with its signatures and checks that enough holders signed it.
 *
 * @param least how many must have signed
 * @throws CodecError if the bytes are none
 * @throws ProtocolError `no-quorum`, `bad-signature`, blaming the coordinator
 */
export function readQuorum(
  plan: EncryptedRound,
  phase: 'root' | 'close',
  encoded: Uint8Array,
): Quorum {
  const what = `${phase} quorum`;
  const of = tuple(decode(encoded, { what, maxBytes: quorumLength(plan) }), 3, what);
  const header = bytes(of[0], { min: 1, max: quorumLength(plan) }, `${what}: header`);
  const m = plan.holders.clients.length;
  const bitmap = bytes(of[1], Math.ceil(m / 8), `${what}: signers`);
  const signers = fromBitmap(bitmap, m, `${what}: signers`);
  const signatures = bytes(of[2], SIGNATURE * signers.length, `${what}: signatures`);
  if (signers.length < plan.quorum) {
    throw new ProtocolError(
      'no-quorum',
      `${what}: got ${signers.length} holders' signatures, expected at least ${plan.quorum}`,
      ['coordinator'],
    );
  }
  requireSignatures(plan, phase, { header, signers, signatures }, new Uint8Array(0));
  return { header, signers, signatures };
}

/** @throws ProtocolError `bad-signature` unless every one of these holders signed the header. */
export function requireSignatures(
  plan: EncryptedRound,
  phase: EncryptedPhase,
  { header, signers, signatures }: Quorum,
  payloadDigest: Uint8Array,
): void {
  for (const [i, sender] of signers.entries()) {
    const signature = signatures.subarray(SIGNATURE * i, SIGNATURE * (i + 1));
    if (isSaid(plan, phase, { sender, header, payloadDigest, signature })) continue;
    const id = plan.holders.clients[sender]?.id;
    throw new ProtocolError(
      'bad-signature',
      `${phase}, passed on by the coordinator: the signature of holder "${id}" does not verify`,
      ['coordinator'],
      { phase, sender },
    );
  }
}
