/**
 * The coordinator's unmask work as independent pieces: each opens one secret from its shares, checks it
 * against what its owner published, and takes the masks away that grow from it. A piece is plain data
 * and may be sent to another thread or machine; running it is a function of the piece and the
 * accumulator it goes into.
 */
import type { ClientId } from '../identity/roster.ts';
import { type AgreementKeyPair, type SuiteName, suite } from '../identity/suite.ts';
import { assertInteger } from '../internal/assert.ts';
import { equalBytes, wipe } from '../internal/bytes.ts';
import {
  type Accumulator,
  assertFields,
  holdOnce,
  markUnopened,
  refuseHeld,
  spoil,
} from './accumulator.ts';
import { encapsulationCoins, maskingKeyPair, SEED_LENGTH, selfSeedCommitment } from './keys.ts';
import { addsMask, applyMasks, edgeMask, type Mask, selfMask, wipeMasks } from './masking.ts';
import { combineWithWeights, fieldFor } from './shamir.ts';
import { type KeyTerms, maskedFields, type WireField } from './terms.ts';

/** What all pieces of a round share; public. */
export type PieceRound = {
  readonly suite: SuiteName;
  readonly roundId: Uint8Array;
  /** Hash of the model that the clients received. */
  readonly context: Uint8Array;
  /** The vectors that masks go on. */
  readonly fields: readonly WireField[];
};

/** One client of a piece, by roster position. */
type Member = { readonly index: number; readonly id: ClientId };

/** A surviving neighbour of a dropped client. */
export type PieceEdge = Member & {
  readonly maskingKey: Uint8Array;
  /** The pair's KEM ciphertext, as one of them signed it; empty in the X25519 suite. */
  readonly kemCiphertext: Uint8Array;
  /** Whether it is the dropped client's own, so that it can be made again and compared. */
  readonly isOwn: boolean;
};

/**
 * One secret to open and its masks to take away. Structured-cloneable.
 *
 * **Security**: the shares open the secret; a piece is a secret of the coordinator's until the round is
 * over, and whoever runs it must be as trusted.
 */
export type Piece = {
  /** Unique in its round; the accumulator's name for it. */
  readonly name: string;
  readonly round: PieceRound;
  readonly dealer: Member;
  /** As many shares as the threshold, one after the other, 32 bytes each; and their Lagrange weights. */
  readonly shares: Uint8Array;
  readonly weights: Uint16Array;
  /** All shares that can exist: decides the field. */
  readonly shareCount: number;
  readonly opens:
    | { readonly secret: 'self'; readonly commitment: Uint8Array }
    | {
        readonly secret: 'masking';
        readonly maskingKey: Uint8Array;
        readonly edges: readonly PieceEdge[];
      };
};

/** Words of keystream in one piece unless the caller says otherwise: 64 MB, some 30 ms of work. */
export const PIECE_WORDS = 16_777_216;

/** Checks how a caller wants the work cut. @throws UsageError `out-of-range` */
export const assertPieceWords = (pieceWords: number): void =>
  assertInteger('piece words', pieceWords, 1, 2 ** 40);

/** How many edges go into one piece: at least one. */
export function edgesInPiece(fields: readonly WireField[], pieceWords: number): number {
  const words = maskedFields(fields).reduce((sum, { length }) => sum + length, 0);
  return Math.max(1, Math.floor(pieceWords / words));
}

/**
 * Runs a piece: takes its masks away, in place.
 *
 * Shares that do not give the secret which their dealer published are no error here: the accumulator
 * remembers, nothing is taken away, and whoever closes the round learns the dealer's name.
 *
 * @throws UsageError `duplicate-id` if the accumulator holds this piece already, `wrong-length` if it is
 * for other fields or the piece is damaged. @throws ProtocolError `bad-key`. The accumulator is then as it
 * was, and the piece may be run again.
 *
 * **Cost**: Shamir, O(threshold); for a dropped client two key agreements and, for every edge, one more
 * and a keystream over all fields; for a survivor one keystream. No allocation beyond keys and what the
 * platform's cipher forces.
 */
export function runPieceInto(accumulator: Accumulator, piece: Piece): void {
  assertFields(accumulator, piece.round.fields);
  refuseHeld(accumulator, piece.name);
  const shares = Array.from(piece.weights, (_, i) =>
    piece.shares.subarray(i * SEED_LENGTH, (i + 1) * SEED_LENGTH),
  );
  const seed = combineWithWeights(shares, piece.weights, fieldFor(piece.shareCount));
  const masks: Mask[] = [];
  try {
    const isOpen = collectMasks(piece, seed, masks);
    holdOnce(accumulator, piece.name);
    if (!isOpen) markUnopened(accumulator, piece.name);
    else takeAway(accumulator, masks);
  } finally {
    wipe(seed);
    wipeMasks(masks);
  }
}

/** Undoes masks. Should that fail halfway, the accumulator can never be finalised. */
function takeAway(accumulator: Accumulator, masks: readonly Mask[]): void {
  try {
    applyMasks(accumulator.sums, masks.map(undone));
  } catch (error) {
    spoil(accumulator);
    throw error;
  }
}

/** What the clients added is taken away, and the reverse. */
const undone = (mask: Mask): Mask =>
  mask.map(({ key, subtract }) => ({ key, subtract: !subtract }));

/** Adds a piece's masks to the list, as clients applied them; `false` if the seed is not its owner's. */
function collectMasks({ round, dealer, opens }: Piece, seed: Uint8Array, masks: Mask[]): boolean {
  const members: Member[] = opens.secret === 'self' ? [dealer] : [dealer, ...opens.edges];
  const terms: KeyTerms = {
    roundId: round.roundId,
    suite: suite(round.suite),
    wire: round.fields,
    roster: { clients: Object.fromEntries(members.map(({ index, id }) => [index, { id }])) },
  };
  if (opens.secret === 'self') {
    if (!equalBytes(selfSeedCommitment(terms, dealer.index, seed), opens.commitment)) return false;
    masks.push(selfMask(terms, seed, dealer.index, round.context));
    return true;
  }
  const keys = maskingKeyPair(terms, seed);
  try {
    if (!equalBytes(keys.publicKey, opens.maskingKey)) return false;
    return opens.edges.every((edge) => {
      const kemSecret = kemSecretOf(terms, dealer.index, seed, keys, edge);
      if (kemSecret === undefined) return false;
      const { index: peer, maskingKey: peerKey, kemCiphertext } = edge;
      const { context } = round;
      const ends = { self: dealer.index, peer, keys, peerKey, kemCiphertext, kemSecret, context };
      masks.push(asSurvivorApplied(edgeMask(terms, ends), peer, dealer.index));
      wipe(kemSecret);
      return true;
    });
  } finally {
    terms.suite.wipe(keys);
  }
}

/** An edge's mask with the sign that the survivor gave it: the dropped end never applied its own. */
const asSurvivorApplied = (mask: Mask, survivor: number, dropped: number): Mask =>
  mask.map(({ key }) => ({ key, subtract: !addsMask(survivor, dropped) }));

/** The edge's KEM secret; nothing if the ciphertext is not what the seed gives. */
function kemSecretOf(
  terms: KeyTerms,
  dropped: number,
  seed: Uint8Array,
  keys: AgreementKeyPair,
  { index, maskingKey, kemCiphertext, isOwn }: PieceEdge,
): Uint8Array | undefined {
  if (!isOwn) return terms.suite.decapsulate(keys, kemCiphertext);
  const coins = encapsulationCoins(terms, seed, dropped, index);
  const { ciphertext, kemSecret } = terms.suite.encapsulate(maskingKey, coins);
  wipe(coins);
  if (equalBytes(ciphertext, kemCiphertext)) return kemSecret;
  wipe(kemSecret);
  return undefined;
}
