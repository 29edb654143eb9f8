/**
 * The coordinator's unmask work as independent pieces: each takes one mask away from one range of one
 * field. A piece is plain data and may be sent to another thread or machine; running it is a pure
 * function of the piece and the accumulator it goes into.
 */
import { UsageError } from '../errors.ts';
import { assertInteger } from '../internal/assert.ts';
import { addStreamInto, BLOCK_WORDS, subtractStreamInto } from '../prg/chacha20.ts';
import { type Accumulator, holdOnce } from './accumulator.ts';
import type { FieldShape } from './terms.ts';

/** One mask over one range. Structured-cloneable. **Security**: `key` opens that mask; it is a secret
 * of the coordinator's until the round is over. */
export type Piece = {
  /** Unique in its round; the accumulator's name for it. */
  readonly name: string;
  /** Position of the field. */
  readonly field: number;
  /** ChaCha20 key of the mask, 32 bytes. */
  readonly key: Uint8Array;
  /** First element, a multiple of 16. */
  readonly from: number;
  /** One past the last element. */
  readonly to: number;
  /** What clients did with the mask: it is undone here. */
  readonly added: boolean;
};

/** Elements in one piece unless the caller says otherwise: 1 MiB of keystream, about 1 ms of work. */
export const PIECE_LENGTH = 262_144;

/**
 * Checks how a caller wants the work cut.
 *
 * @throws UsageError `out-of-range`
 */
export function assertPieceLength(pieceLength: number): void {
  assertInteger('piece length', pieceLength, BLOCK_WORDS, 2 ** 31);
  if (pieceLength % BLOCK_WORDS !== 0) {
    throw new UsageError(
      'out-of-range',
      `piece length: got ${pieceLength}, expected a multiple of ${BLOCK_WORDS}`,
    );
  }
}

/** The names and ranges of a mask's pieces over one field. */
export function rangesOf(
  mask: string,
  field: number,
  shape: FieldShape,
  pieceLength: number,
): readonly Pick<Piece, 'name' | 'field' | 'from' | 'to'>[] {
  return Array.from({ length: Math.ceil(shape.length / pieceLength) }, (_, i) => {
    const from = i * pieceLength;
    const to = Math.min(from + pieceLength, shape.length);
    return { name: `${mask}/${field}/${from}`, field, from, to };
  });
}

/**
 * Takes a piece's mask away, in place.
 *
 * @throws UsageError `duplicate-id` if the accumulator holds this piece already.
 * **Cost**: one keystream over the range; no allocation beyond what the platform's cipher forces.
 */
export function runPieceInto(accumulator: Accumulator, piece: Piece): void {
  const sum = accumulator.sums[piece.field];
  if (sum === undefined || !(0 <= piece.from && piece.from < piece.to && piece.to <= sum.length)) {
    throw new UsageError(
      'out-of-range',
      `piece "${piece.name}": its range does not lie in the accumulator's fields`,
    );
  }
  holdOnce(accumulator, piece.name);
  const undo = piece.added ? subtractStreamInto : addStreamInto;
  undo(sum.subarray(piece.from, piece.to), piece.key, piece.from);
}
