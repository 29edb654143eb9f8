/** The end of a round: take all masks away, here or elsewhere, and say who is in the sum. */
import { ProtocolError, UsageError } from '../../errors.ts';
import type { ClientId } from '../../identity/roster.ts';
import { wipe } from '../../internal/bytes.ts';
import { type TranscriptHead, transcriptHead } from '../../wire/transcript.ts';
import { type Accumulator, copyAccumulator, finalise, mergeInto } from '../accumulator.ts';
import type { Fault } from '../fault.ts';
import { fieldSums } from '../field-sums.ts';
import type { Phase } from '../phases.ts';
import { assertPieceWords, PIECE_WORDS, type Piece, runPieceInto } from '../pieces.ts';
import { idAt, maskedFields, type WireField } from '../terms.ts';
import { checkClosable, takeClosable } from './closable.ts';
import { cutsOf, unmaskPieces } from './reconstruct.ts';
import { recordOf, type SignedRecord } from './record.ts';
import { type CoordinatorState, type Ledger, ledgerOf } from './state.ts';
import { uploadName } from './take-in.ts';

/** What a round gives. Frozen. */
export type Outcome = {
  /** One vector for each field, reduced mod 2^b: the exact sum of the contributors' vectors. */
  readonly sums: readonly Uint32Array[];
  /** Whose vectors are in the sum (U3), in roster order. */
  readonly contributors: readonly ClientId[];
  /** Who did not complete which phase; from `confirm` on the vector is in the sum all the same. */
  readonly dropped: readonly { readonly id: ClientId; readonly phase: Phase }[];
  /** Every refused message, and every box that a holder could not open. */
  readonly refused: readonly Fault[];
  /** Head of the Merkle log of all accepted messages. */
  readonly transcript: TranscriptHead;
  /** What was signed on the way, where the terms ask for commitments. */
  readonly record: SignedRecord | undefined;
};

/** Work that may be done elsewhere; see {@link unmaskWork}. */
export type UnmaskWork = {
  /** The vectors that masks go on; what lattice masks hide is not among them and stays with the coordinator. */
  readonly fields: readonly WireField[];
  readonly pieces: readonly Piece[];
};

/**
 * The unmask work as plain data, for callers who spread it over threads or machines: run every piece
 * into some accumulator made with `createAccumulator(fields)`, then hand the accumulators to `close`.
 *
 * @param options.pieceWords - words of keystream in a piece at most, 1 to 2^40 (default 2^24); a piece
 * has one mask at least.
 * @throws ProtocolError `below-threshold`; the state stays usable. @throws UsageError `out-of-range`
 *
 * **Cost**: next to nothing: all that takes time is in the pieces.
 */
export function unmaskWork(
  state: CoordinatorState<'unmask'>,
  options: { readonly pieceWords?: number } = {},
): UnmaskWork {
  const pieceWords = options.pieceWords ?? PIECE_WORDS;
  assertPieceWords(pieceWords);
  checkClosable(state);
  const ledger = ledgerOf(state);
  const pieces = unmaskPieces(ledger, pieceWords);
  ledger.pieceWords = pieceWords;
  return { fields: maskedFields(ledger.terms.wire), pieces };
}

/**
 * Opens the sum.
 *
 * @param accumulators - where {@link unmaskWork} was done elsewhere: what came of it, each piece once.
 * @throws ProtocolError `below-threshold`; `bad-share`, naming every dealer whose shares, though each is
 * the one it pinned, do not give the secret that it published. Such a dealer can kill a round; it is
 * named; `lattice-key` or `lattice-residual`, naming nobody: some contributor's key is not that of its words, and
 * no answer mends that (damaged work from elsewhere is mended by doing it again). @throws UsageError `duplicate-id` or `unknown-id` if the accumulators hold a piece twice or lack
 * one. The state stays usable.
 *
 * **Cost**: a Shamir reconstruction for every member of U2, a key agreement for every edge between a
 * survivor and a dropped client, and one keystream over the vector for every survivor and such edge.
 */
export function closeUnmask(
  state: CoordinatorState<'unmask'>,
  accumulators?: readonly Accumulator[],
): Outcome {
  checkClosable(state);
  const ledger = ledgerOf(state);
  const total = copyAccumulator(ledger.accumulator);
  if (accumulators === undefined) {
    for (const piece of unmaskWork(state).pieces) {
      runPieceInto(total, piece);
      wipe(piece.shares);
    }
  } else {
    if (ledger.pieceWords === 0) {
      throw new UsageError(
        'wrong-type',
        'accumulators: expected what came of unmaskWork(state) first',
      );
    }
    for (const accumulator of accumulators) mergeInto(total, accumulator);
  }
  const cuts = cutsOf(ledger, ledger.pieceWords);
  const expected = [...ledger.u3.map(uploadName), ...cuts.map(({ name }) => name)];
  const opened = finalise(total, new Set(expected));
  const closed = cuts.filter(({ name }) => total.unopened.has(name));
  refuseUnopened(ledger, new Set(closed.map(({ dealer }) => dealer)));
  const sums = fieldSums(ledger.terms, opened, ledger.u3.length);
  takeClosable(state);
  return outcomeOf(ledger, sums);
}

/** @throws ProtocolError `bad-share` if a secret did not open. */
function refuseUnopened({ terms }: Ledger, of: ReadonlySet<number>): void {
  if (of.size === 0) return;
  const dealers = [...of].sort((a, b) => a - b);
  const names = dealers.map((dealer) => `"${idAt(terms, dealer)}"`).join(', ');
  throw new ProtocolError(
    'bad-share',
    `unmask: the shares dealt by ${names} do not give the secrets that they published`,
    dealers.map((dealer) => ({ client: idAt(terms, dealer) })),
  );
}

function outcomeOf(ledger: Ledger, sums: readonly Uint32Array[]): Outcome {
  const { terms, u0, u1, u2, u3, u4 } = ledger;
  const name = (index: number): ClientId => idAt(terms, index);
  const gone = (before: readonly number[], after: Iterable<number>, phase: Phase) => {
    const still = new Set(after);
    return before.filter((index) => !still.has(index)).map((index) => ({ id: name(index), phase }));
  };
  return Object.freeze({
    sums,
    contributors: u3.map(name),
    dropped: [
      ...gone(u0, u1, 'advertise'),
      ...gone(u1, u2, 'share'),
      ...gone(u2, u3, 'mask'),
      ...gone(u3, u4, 'confirm'),
      ...gone(u4, ledger.answers.keys(), 'unmask'),
    ],
    refused: [...ledger.faults, ...unopenedBoxes(ledger)],
    transcript: transcriptHead(ledger.transcript),
    record: terms.commitments === undefined ? undefined : recordOf(ledger),
  });
}

/** Boxes that holders report as closed: one of the two lies, and it cannot be proven which. */
const unopenedBoxes = (ledger: Ledger): readonly Fault[] =>
  [...ledger.answers].flatMap(([holder, { answer }]) =>
    answer.shares
      .filter(({ share }) => share === undefined)
      .map(({ dealer }): Fault => {
        const [from, to] = [idAt(ledger.terms, dealer), idAt(ledger.terms, holder)];
        const message = `client "${to}" reports that the box dealt by "${from}" did not open`;
        return Object.freeze({ phase: 'unmask', code: 'bad-share', message, claimed: from });
      }),
  );
