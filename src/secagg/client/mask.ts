/**
 * Step 3: check who is in U2, open the neighbours' boxes, and upload the vector under its masks.
 */

import { UsageError } from '../../errors.ts';
import { openBox } from '../../identity/sealed-box.ts';
import type { AgreementKeyPair } from '../../identity/suite.ts';
import { equalBytes, u32, wipe } from '../../internal/bytes.ts';
import { sha256 } from '../../internal/sha256.ts';
import { fromBitmap } from '../../wire/bitmap.ts';
import { verifyInclusion } from '../../wire/merkle.ts';
import { decodeSharesDownlink, type NeighbourShare, type SharesDownlink } from '../downlinks.ts';
import { neighbours } from '../graph.ts';
import { encapsulates, sealAssociatedData, sealKey, shareHash, withKeyPairs } from '../keys.ts';
import { edgeKem, edgeMask, type Mask, packMaskedInto, selfMask, wipeMasks } from '../masking.ts';
import {
  decodeShareHeader,
  decodeSharePart,
  encodeMaskHeader,
  type SharePart,
} from '../messages.ts';
import type { Downlink } from '../phases.ts';
import { headerHash, requireSigned, signLongMessage } from '../signed.ts';
import { hashOfU2, u2Leaf } from '../survivors.ts';
import { idAt, reachesThreshold, sizeOf, uploadLength, vectorBytes } from '../terms.ts';
import { blame, readSigned } from './blame.ts';
import { assertVectors, vectorsOfBytes } from './committed.ts';
import {
  type ClientState,
  type Contents,
  type HeldShares,
  type Peer,
  type Stepped,
  step,
} from './state.ts';

/**
 * Uploads the masked vectors, and reveals the commitments to them, and their proofs, where the terms ask
 * for some.
 *
 * @param given - one vector for each field of the terms, words mod 2^32; only the low b bits count, but for
 * fields under lattice masks, where all 32 are a signed integer. They are not changed. None where the terms ask for commitments: `share` took them.
 * @throws UsageError `wrong-length`, `wrong-type` (the state stays usable). @throws ProtocolError blaming the
 * coordinator. @throws CodecError if the bytes are no downlink.
 *
 * **Security**: every graph neighbour in U2 is a mask edge, without exception; a neighbour whose box
 * does not open keeps its edge and yields no share. **Cost**: (degree + 1) keystreams over the vector.
 */
export const mask = (
  state: ClientState<'mask'>,
  downlink: Downlink<'mask'>,
  given?: readonly Uint32Array[],
): Promise<Stepped<'mask', 'confirm'>> =>
  step(state, 'mask', 'confirm', async (contents) => {
    const { terms, self, memory, context } = contents;
    const vectors = vectorsFor(contents, given);
    const content = decodeSharesDownlink(terms, self, downlink);
    const entries = checkU2(contents, content);

    const masks: Mask[] = [selfMask(terms, memory.selfSeed, self, context)];
    const held: HeldShares[] = [];
    try {
      withKeyPairs(terms, memory, (sealing, masking) => {
        for (const { peer, part } of entries) {
          const kem = edgeKem(terms, self, masking, peer, part.maskingCiphertext);
          const edge = { self, peer: peer.index, keys: masking, peerKey: peer.maskingKey, context };
          masks.push(edgeMask(terms, { ...edge, ...kem }));
          if (kem.kemSecret !== peer.maskingKemSecret) wipe(kem.kemSecret);
          const opened = open(contents, sealing, peer, part);
          if (opened !== undefined) held.push(opened);
        }
      });
      const u2Hash = hashOfU2(terms, content.u2, content.u2Root);
      const { commitments, proofs } = memory;
      const pinned = proofs.length === 0 ? {} : { proofsHash: sha256(proofs) };
      const { message, said } = await signLongMessage(
        terms,
        'mask',
        self,
        contents.signer,
        encodeMaskHeader({ u2Hash, commitments, ...pinned }),
        uploadLength(terms),
        (payload) => {
          packMaskedInto(payload, terms, vectors, masks);
          payload.set(proofs, vectorBytes(terms));
          wipeMasks(masks); // now, and not when the signer has answered
        },
      );
      const { ownShare } = memory;
      const maskHash = headerHash(terms, 'mask', said);
      const promises = entries.map(({ peer: { index }, promise }) => ({ index, promise }));
      const kept = { ownShare, u2: content.u2.slice(), u2Hash, maskHash, promises, held };
      return { message, payloadDigest: said.payloadDigest, memory: kept };
    } catch (error) {
      wipe(...held.flatMap((share) => [share.self, share.masking]));
      throw error;
    } finally {
      wipeMasks(masks);
    }
  });

/** The vectors to mask: those that were committed to, or else those that are given now. */
function vectorsFor(
  { terms, memory }: Contents<'mask'>,
  given: readonly Uint32Array[] | undefined,
): readonly Uint32Array[] {
  if (terms.commitments === undefined) {
    assertVectors(terms, given as readonly Uint32Array[]);
    return given as readonly Uint32Array[];
  }
  if (given === undefined) return vectorsOfBytes(terms, memory.vectors);
  throw new UsageError(
    'wrong-type',
    'mask: got vectors, expected none: the terms ask for commitments, and share took the vectors',
  );
}

type Entry = {
  readonly peer: Peer;
  readonly part: SharePart;
  /** Hash of the neighbour's commitments. */
  readonly promise: Uint8Array;
};

/**
 * ⚠ The client's entry check. Without it a client told `U2 = {itself}` would upload its vector under
 * a self mask alone, which its neighbours then give away.
 */
function checkU2(contents: Contents<'mask'>, content: SharesDownlink): readonly Entry[] {
  const { terms, self, memory } = contents;
  const members = fromBitmap(content.u2, sizeOf(terms), 'U2');
  const rank = new Map(members.map((index, i) => [index, i]));
  const isIn = (index: number, leaf: Uint8Array, path: readonly Uint8Array[]): boolean =>
    verifyInclusion({
      root: content.u2Root,
      leaf,
      index: rank.get(index) as number,
      size: members.length,
      path,
    });
  if (!rank.has(self)) throw blame('inconsistent-survivors', 'U2: this client is missing from it');
  if (!isIn(self, u2Leaf(self, memory.advertHash, memory.shareHash), content.ownPath)) {
    throw blame('inconsistent-survivors', 'U2: the own entry does not match what was sent');
  }
  if (members.length < terms.quorum) {
    throw blame(
      'no-quorum',
      `U2: got ${members.length} clients, expected at least the quorum of ${terms.quorum}`,
    );
  }
  const expected = neighbours(terms.graph, self)
    .map(({ index }) => index)
    .filter((index) => rank.has(index))
    .sort((a, b) => a - b);
  const got = content.neighbours.map(({ header }) => header.sender);
  if (got.length !== expected.length || got.some((sender, i) => sender !== expected[i])) {
    throw blame(
      'missing-neighbour',
      `U2: got share parts of ${got.length} neighbours, expected those of all ${expected.length} in U2, in order`,
    );
  }
  if (!reachesThreshold(terms, expected.length)) {
    throw blame(
      'missing-neighbour',
      `U2: it holds ${expected.length} neighbours, expected at least the threshold of ${terms.parameters.threshold}`,
    );
  }
  const peers = new Map(memory.peers.map((peer) => [peer.index, peer]));
  return content.neighbours.map((neighbour) => {
    const index = neighbour.header.sender;
    const peer = peers.get(index);
    const who = `client "${idAt(terms, index)}"`;
    if (peer === undefined)
      throw blame('missing-neighbour', `U2: the advert of ${who} was withheld`);
    const { part, promise } = checkPart(contents, neighbour);
    const leaf = u2Leaf(index, peer.advertHash, headerHash(terms, 'share', neighbour.header));
    if (!isIn(index, leaf, neighbour.u2Path)) {
      throw blame('inconsistent-survivors', `U2: the entry of ${who} does not match its messages`);
    }
    return { peer, part, promise };
  });
}

/** A neighbour's part for this client, authenticated by the dealer's signature and the Merkle path. */
function checkPart(
  { terms, self }: Contents<'mask'>,
  neighbour: NeighbourShare,
): Pick<Entry, 'part' | 'promise'> {
  const dealer = neighbour.header.sender;
  requireSigned(terms, 'share', neighbour.header);
  const header = readSigned(() => decodeShareHeader(terms, neighbour.header.header));
  const isDealt = verifyInclusion({
    root: header.partsRoot,
    leaf: neighbour.part,
    index: neighbour.partIndex,
    size: header.partCount,
    path: neighbour.partPath,
  });
  const part = readSigned(() => decodeSharePart(terms, neighbour.part));
  const hasCiphertext = part.maskingCiphertext.length > 0;
  const needsCiphertext = terms.suite.ciphertextLength > 0 && encapsulates(terms, dealer, self);
  if (!isDealt || part.holder !== self || hasCiphertext !== needsCiphertext) {
    throw blame(
      'bad-downlink',
      `share part of client "${idAt(terms, dealer)}": it is not the part that its dealer signed for this client`,
    );
  }
  return { part, promise: header.commitments.slice() };
}

/** Opens a box; one that does not open, or whose shares fail their hashes, yields nothing. */
function open(
  { terms, self, context }: Contents<'mask'>,
  sealing: AgreementKeyPair,
  peer: Peer,
  part: SharePart,
): HeldShares | undefined {
  const { suite } = terms;
  const kemSecret = suite.decapsulate(sealing, part.sealingCiphertext);
  const secret = suite.sharedSecret(sealing, peer.sealingKey, kemSecret);
  const key = sealKey(terms, secret, {
    ids: [peer.index, self],
    publicKeys: [peer.sealingKey, sealing.publicKey],
    kemCiphertext: part.sealingCiphertext,
    context,
  });
  const plaintext = openBox(key, part.box, sealAssociatedData(terms, peer.index, self));
  wipe(kemSecret, secret, key);
  if (plaintext === undefined) return undefined;
  const held = {
    dealer: peer.index,
    self: plaintext.slice(0, 32),
    masking: plaintext.slice(32, 64),
  };
  const isFor =
    equalBytes(plaintext.subarray(64, 68), u32(peer.index)) &&
    equalBytes(plaintext.subarray(68, 72), u32(self));
  wipe(plaintext);
  const isPinned =
    equalBytes(shareHash(terms, 'self', peer.index, self, held.self), part.selfHash) &&
    equalBytes(shareHash(terms, 'masking', peer.index, self, held.masking), part.maskingHash);
  if (isFor && isPinned) return held;
  wipe(held.self, held.masking);
  return undefined;
}
