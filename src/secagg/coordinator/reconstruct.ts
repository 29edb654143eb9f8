/**
 * Opening the round: reconstruct the self-mask seed of every survivor and the masking seed of every
 * dropped client, verify each against what its owner published, and list the masks to take away.
 */
import { ProtocolError } from '../../errors.ts';
import { equalBytes, wipe } from '../../internal/bytes.ts';
import { neighbours, ownX, shareX } from '../graph.ts';
import {
  encapsulates,
  encapsulationCoins,
  maskingKeyPair,
  selfMaskKey,
  selfSeedCommitment,
} from '../keys.ts';
import { addsMask, edgeKeys } from '../masking.ts';
import { type Piece, rangesOf } from '../pieces.ts';
import { combineWithWeights, fieldFor, lagrangeWeights, type Share } from '../shamir.ts';
import { type FieldShape, idAt } from '../terms.ts';
import { type Dealt, isAmong, type Ledger, partFor } from './state.ts';

/**
 * The masks to take away from the sum of the uploads, as independent pieces.
 *
 * @throws ProtocolError `bad-share`, naming every dealer whose shares, though each is the one it
 * pinned, do not give the secret that it published. Such a dealer can kill a round; it is named.
 *
 * **Cost**: Shamir O(t²) a secret (weights are reused between dealers with the same holders alive);
 * for each dropped client one key agreement a surviving neighbour.
 */
export function unmaskPieces(ledger: Ledger, pieceLength: number): readonly Piece[] {
  const { terms, u2, u3 } = ledger;
  const revealed = sharesByDealer(ledger);
  const combine = combiner(ledger);
  const pieces: Piece[] = [];
  const bad: number[] = [];
  for (const client of u2) {
    const secret = combine(revealed.get(client) ?? []);
    const found = isAmong(u3, client)
      ? selfPieces(ledger, client, secret, pieceLength)
      : edgePieces(ledger, client, secret, pieceLength);
    wipe(secret);
    if (found === undefined) bad.push(client);
    else for (const piece of found) pieces.push(piece);
  }
  if (bad.length > 0) {
    const names = bad.map((client) => `"${idAt(terms, client)}"`).join(', ');
    throw new ProtocolError(
      'bad-share',
      `unmask: the shares dealt by ${names} do not give the secrets that they published`,
      bad.map((client) => ({ client: idAt(terms, client) })),
    );
  }
  return pieces;
}

const selfName = (client: number): string => `self/${client}`;
const edgeName = (dropped: number, survivor: number): string => `edge/${dropped}/${survivor}`;

/** The names of all pieces, without their keys: what a complete sum must hold. */
export function pieceNames({ terms, u2, u3 }: Ledger, pieceLength: number): readonly string[] {
  const masks = u2.flatMap((client) =>
    isAmong(u3, client)
      ? [selfName(client)]
      : neighbours(terms.graph, client)
          .filter(({ index }) => isAmong(u3, index))
          .map(({ index }) => edgeName(client, index)),
  );
  return masks.flatMap((mask) =>
    terms.fields.flatMap((shape, field) =>
      rangesOf(mask, field, shape, pieceLength).map(({ name }) => name),
    ),
  );
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

/** Combines the first `threshold` shares; Lagrange weights are computed once for equal x-sets. */
function combiner({ terms }: Ledger): (shares: readonly Share[]) => Uint8Array {
  const { threshold, degree } = terms.parameters;
  const field = fieldFor(degree + 1);
  const known = new Map<string, Uint16Array>();
  return (shares) => {
    const used = shares.slice(0, threshold);
    const xs = used.map(({ x }) => x);
    const key = xs.join();
    let weights = known.get(key);
    if (weights === undefined) {
      weights = lagrangeWeights(xs, field);
      known.set(key, weights);
    }
    return combineWithWeights(
      used.map(({ value }) => value),
      weights,
      field,
    );
  };
}

/** A survivor's self mask, if the seed is the one it committed to. */
function selfPieces(
  ledger: Ledger,
  client: number,
  seed: Uint8Array,
  pieceLength: number,
): readonly Piece[] | undefined {
  const { terms, context } = ledger;
  const { commitment } = (ledger.shares.get(client) as Dealt).header;
  if (!equalBytes(selfSeedCommitment(terms, client, seed), commitment)) return undefined;
  return terms.fields.flatMap((shape, field) => {
    const key = selfMaskKey(terms, seed, client, context, shape.name);
    const ranges = rangesOf(selfName(client), field, shape, pieceLength);
    return ranges.map((range) => ({ ...range, key, added: true }));
  });
}

/** The masks that a dropped client's surviving neighbours share with it, if the seed is its own. */
function edgePieces(
  ledger: Ledger,
  dropped: number,
  seed: Uint8Array,
  pieceLength: number,
): readonly Piece[] | undefined {
  const { terms, context } = ledger;
  const keys = maskingKeyPair(terms, seed);
  const advertised = ledger.adverts.get(dropped)?.advert.maskingKey as Uint8Array;
  if (!equalBytes(keys.publicKey, advertised)) return undefined;
  const pieces: Piece[] = [];
  for (const { index: survivor } of neighbours(terms.graph, dropped)) {
    if (!isAmong(ledger.u3, survivor)) continue;
    const peerKey = ledger.adverts.get(survivor)?.advert.maskingKey as Uint8Array;
    const kem = kemOf(ledger, dropped, survivor, seed, keys, peerKey);
    if (kem === undefined) return undefined;
    const edge = { self: dropped, peer: survivor, keys, peerKey, context, ...kem };
    edgeKeys(terms, edge).forEach((key, field) => {
      const shape = terms.fields[field] as FieldShape;
      const added = addsMask(survivor, dropped);
      for (const range of rangesOf(edgeName(dropped, survivor), field, shape, pieceLength)) {
        pieces.push({ ...range, key, added });
      }
    });
  }
  terms.suite.wipe(keys);
  return pieces;
}

/** The KEM half of an edge of a dropped client; nothing if its ciphertext is not its seed's. */
function kemOf(
  ledger: Ledger,
  dropped: number,
  survivor: number,
  seed: Uint8Array,
  keys: ReturnType<typeof maskingKeyPair>,
  peerKey: Uint8Array,
) {
  const { terms } = ledger;
  const sent = (from: number, to: number): Uint8Array =>
    partFor(ledger.shares.get(from) as Dealt, to)?.maskingCiphertext as Uint8Array;
  if (encapsulates(terms, dropped, survivor)) {
    const coins = encapsulationCoins(terms, seed, dropped, survivor);
    const { ciphertext, kemSecret } = terms.suite.encapsulate(peerKey, coins);
    const isOwn = equalBytes(ciphertext, sent(dropped, survivor));
    return isOwn ? { kemCiphertext: ciphertext, kemSecret } : undefined;
  }
  const kemCiphertext = sent(survivor, dropped);
  return { kemCiphertext, kemSecret: terms.suite.decapsulate(keys, kemCiphertext) };
}
