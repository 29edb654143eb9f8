/**
 * Cutting the unmask work: which secrets there are to open (the self-mask seed of every survivor, the
 * masking seed of every dropped client), with which shares, and what they are to be checked against.
 */
import { concat, toHex } from '../../internal/bytes.ts';
import { neighbours, ownX, shareX } from '../graph.ts';
import { encapsulates } from '../keys.ts';
import { edgesInPiece, type Piece, type PieceEdge, type PieceRound } from '../pieces.ts';
import { fieldFor, lagrangeWeights, type Share } from '../shamir.ts';
import { idAt, maskedFields } from '../terms.ts';
import { type Dealt, isAmong, type Ledger, partFor } from './state.ts';

/** A piece that is still to get its shares: its name, whose secret it is, and its edges if dropped. */
type Cut = {
  readonly name: string;
  readonly dealer: number;
  /** Surviving neighbours of a dropped client; nothing for a survivor. */
  readonly edges: readonly number[] | undefined;
};

/** How the work is cut; a function of who is in and of `pieceWords` alone. */
export function cutsOf({ terms, u2, u3 }: Ledger, pieceWords: number): readonly Cut[] {
  const size = edgesInPiece(terms.wire, pieceWords);
  // A name says of which round and how it was cut, so that work of another round, or of two cuts, never
  // passes for complete.
  const round = toHex(terms.roundId);
  return u2.flatMap((dealer): Cut[] => {
    if (isAmong(u3, dealer)) return [{ name: `self/${dealer}/${round}`, dealer, edges: undefined }];
    const survivors = neighbours(terms.graph, dealer)
      .map(({ index }) => index)
      .filter((index) => isAmong(u3, index));
    return Array.from({ length: Math.ceil(survivors.length / size) }, (_, i) => {
      const [from, to] = [i * size, Math.min((i + 1) * size, survivors.length)];
      const name = `edges/${dealer}/${from}-${to}/${round}`;
      return { name, dealer, edges: survivors.slice(from, to) };
    });
  });
}

/**
 * The secrets to open and masks to take away, as independent pieces.
 *
 * **Cost**: O(t²) for the weights of every set of holders that answered, which dealers with the same
 * neighbours alive have in common; nothing is opened here.
 */
export function unmaskPieces(ledger: Ledger, pieceWords: number): readonly Piece[] {
  const { terms, context } = ledger;
  const revealed = sharesByDealer(ledger);
  const weigh = weigher(ledger);
  const shareCount = terms.parameters.degree + 1;
  const { roundId } = terms;
  const round: PieceRound = {
    suite: terms.suite.name,
    roundId,
    context,
    fields: maskedFields(terms.wire),
  };
  return cutsOf(ledger, pieceWords).map(({ name, dealer, edges }): Piece => {
    const used = (revealed.get(dealer) ?? []).slice(0, terms.parameters.threshold);
    return {
      name,
      round,
      dealer: { index: dealer, id: idAt(terms, dealer) },
      shares: concat(...used.map(({ value }) => value)),
      weights: weigh(used),
      shareCount,
      opens:
        edges === undefined
          ? { secret: 'self', commitment: (ledger.shares.get(dealer) as Dealt).header.commitment }
          : {
              secret: 'masking',
              maskingKey: maskingKeyOf(ledger, dealer),
              edges: edges.map((survivor) => edgeOf(ledger, dealer, survivor)),
            },
    };
  });
}

const maskingKeyOf = (ledger: Ledger, index: number): Uint8Array =>
  ledger.adverts.get(index)?.advert.maskingKey as Uint8Array;

function edgeOf(ledger: Ledger, dropped: number, survivor: number): PieceEdge {
  const { terms, shares } = ledger;
  const isOwn = encapsulates(terms, dropped, survivor);
  const [from, to] = isOwn ? [dropped, survivor] : [survivor, dropped];
  return {
    index: survivor,
    id: idAt(terms, survivor),
    maskingKey: maskingKeyOf(ledger, survivor),
    kemCiphertext: partFor(shares.get(from) as Dealt, to)?.maskingCiphertext as Uint8Array,
    isOwn,
  };
}

/** Every dealer's revealed shares, the own ones included, ordered by x. */
function sharesByDealer(ledger: Ledger): ReadonlyMap<number, readonly Share[]> {
  const { graph } = ledger.terms;
  const found = new Map<number, Share[]>(ledger.u2.map((client) => [client, []]));
  for (const [holder, { answer }] of ledger.answers) {
    if (isAmong(ledger.u3, holder)) {
      found.get(holder)?.push({ x: ownX(graph), value: answer.own });
    }
    for (const { dealer, share } of answer.shares) {
      if (share === undefined) continue;
      found.get(dealer)?.push({ x: shareX(graph, dealer, holder), value: share });
    }
  }
  for (const shares of found.values()) shares.sort((a, b) => a.x - b.x);
  return found;
}

/** Lagrange weights, computed once for equal x-sets. */
function weigher({ terms }: Ledger): (shares: readonly Share[]) => Uint16Array {
  const field = fieldFor(terms.parameters.degree + 1);
  const known = new Map<string, Uint16Array>();
  return (shares) => {
    const xs = shares.map(({ x }) => x);
    const key = xs.join();
    const weights = known.get(key) ?? lagrangeWeights(xs, field);
    known.set(key, weights);
    return weights;
  };
}
