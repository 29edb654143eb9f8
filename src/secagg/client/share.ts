/**
 * Step 2: check the neighbours' adverts, then give every neighbour a sealed share of both secrets.
 */

import { sealBox } from '../../identity/sealed-box.ts';
import type { AgreementKeyPair } from '../../identity/suite.ts';
import { concat, equalBytes, toHex, u32, wipe } from '../../internal/bytes.ts';
import { randomBytes } from '../../internal/random.ts';
import type { SignedHeader } from '../../wire/envelope.ts';
import { merkleRoot } from '../../wire/merkle.ts';
import { decodeAdvertsDownlink } from '../downlinks.ts';
import { areNeighbours, ownX, shareX } from '../graph.ts';
import {
  encapsulates,
  encapsulationCoins,
  SEED_LENGTH,
  sealAssociatedData,
  sealKey,
  selfSeedCommitment,
  shareHash,
  withKeyPairs,
} from '../keys.ts';
import { decodeAdvert, encodeParts, encodeShareHeader, encodeSharePart } from '../messages.ts';
import type { Downlink } from '../phases.ts';
import { splitSecret } from '../shamir.ts';
import { headerHash, requireSigned, signMessage } from '../signed.ts';
import { hashOfCommitments } from '../survivors.ts';
import { idAt, reachesThreshold, type Terms } from '../terms.ts';
import { blame, readSigned } from './blame.ts';
import { assertCommitted, bytesOfVectors, type Committed } from './committed.ts';
import {
  type ClientState,
  type Contents,
  type HeldShares,
  type Peer,
  type Stepped,
  step,
} from './state.ts';

/**
 * Answers the adverts of the neighbours with sealed shares.
 *
 * @param committed - where the terms ask for commitments: vectors, the commitments to them, and proofs if
 * the terms ask for those. All are copied, and kept until the vectors are masked.
 * @throws UsageError `wrong-type`, `wrong-length` (the state stays usable).
 * @throws ProtocolError blaming the coordinator: too few neighbours, an advert that does not verify,
 * another model, keys that are low-order or repeated. @throws CodecError if the bytes are no downlink.
 *
 * **Security**: nothing but the hash of the commitments leaves here; see `hashOfCommitments`.
 *
 * **Cost**: per neighbour one signature check, one X25519, one sealed box (hybrid: one or two
 * encapsulations); Shamir O(k·t) byte operations.
 */
export const share = (
  state: ClientState<'share'>,
  downlink: Downlink<'share'>,
  committed?: Committed,
): Promise<Stepped<'share', 'mask'>> =>
  step(state, 'share', 'mask', async (contents) => {
    const { terms, self, memory } = contents;
    assertCommitted(terms, committed);
    // Before keys are made: garbage should cost little.
    const { adverts } = decodeAdvertsDownlink(terms, self, downlink);
    const dealt = withKeyPairs(terms, memory, (sealing, masking) => {
      const own = [sealing.publicKey, masking.publicKey];
      const peers = withCiphertexts(contents, checkAdverts(contents, adverts, own));
      return dealTo(contents, sealing, peers);
    });
    const { peers, parts, selfSeed, ownShare } = dealt;
    const header = encodeShareHeader({
      commitment: selfSeedCommitment(terms, self, selfSeed),
      ownHash: shareHash(terms, 'self', self, self, ownShare),
      partsRoot: merkleRoot(parts),
      partCount: parts.length,
      commitments: hashOfCommitments(terms, self, committed?.commitments ?? none),
    });
    const { message, said } = await signMessage(
      terms,
      'share',
      self,
      contents.signer,
      header,
      encodeParts(parts),
    );
    const { sealingSeed, maskingSeed, advertHash } = memory;
    const shareHeaderHash = headerHash(terms, 'share', said);
    const seeds = { sealingSeed, maskingSeed, selfSeed, ownShare };
    const kept = {
      vectors: committed === undefined ? none : bytesOfVectors(committed.vectors),
      commitments: committed?.commitments.slice() ?? none,
      proofs: committed?.proofs?.slice() ?? none,
    };
    const hashes = { advertHash, shareHash: shareHeaderHash };
    return { message, memory: { ...seeds, ...hashes, ...kept, peers } };
  });

const none = new Uint8Array(0);

/** The neighbours with this client's encapsulation to each of those to whom it is its turn. */
function withCiphertexts(
  { terms, self, memory }: Contents<'share'>,
  adverts: readonly CheckedAdvert[],
): readonly Peer[] {
  return adverts.map((advert) => {
    if (!encapsulates(terms, self, advert.index)) return { ...advert, ...nothingEncapsulated };
    const coins = encapsulationCoins(terms, memory.maskingSeed, self, advert.index);
    const kem = terms.suite.encapsulate(advert.maskingKey, coins);
    wipe(coins);
    return { ...advert, maskingCiphertext: kem.ciphertext, maskingKemSecret: kem.kemSecret };
  });
}

/** A fresh self-mask seed, and both seeds' shares sealed for every peer. */
function dealTo(
  contents: Contents<'share'>,
  sealing: AgreementKeyPair,
  peers: readonly Peer[],
): {
  readonly peers: readonly Peer[];
  readonly parts: readonly Uint8Array[];
  readonly selfSeed: Uint8Array;
  readonly ownShare: Uint8Array;
} {
  const { terms, self, memory } = contents;
  const selfSeed = randomBytes(SEED_LENGTH);
  const { own, dealt } = deal(terms, self, peers, selfSeed, memory.maskingSeed);
  const parts = peers.map((peer, i) =>
    encodeSharePart({
      holder: peer.index,
      ...seal(contents, sealing, peer, dealt[i] as HeldShares),
      maskingCiphertext: peer.maskingCiphertext,
    }),
  );
  for (const shares of dealt) wipe(shares.self, shares.masking);
  return { peers, parts, selfSeed, ownShare: own };
}

type CheckedAdvert = Omit<Peer, 'maskingCiphertext' | 'maskingKemSecret'>;

const nothingEncapsulated = {
  maskingCiphertext: new Uint8Array(0),
  maskingKemSecret: new Uint8Array(0),
};

/** ⚠ Every advert must be one that the coordinator was right to pass on, and there must be enough. */
function checkAdverts(
  { terms, self, context }: Contents<'share'>,
  adverts: readonly SignedHeader[],
  ownKeys: readonly Uint8Array[],
): readonly CheckedAdvert[] {
  const halfOf = (key: Uint8Array): string => toHex(key.subarray(0, 32));
  const keys = new Set(ownKeys.map(halfOf));
  let previous = -1;
  const checked = adverts.map((said): CheckedAdvert => {
    if (said.sender <= previous || !areNeighbours(terms.graph, self, said.sender)) {
      throw blame(
        'bad-downlink',
        `adverts: roster position ${said.sender} is no neighbour, or is out of order`,
      );
    }
    previous = said.sender;
    requireSigned(terms, 'advertise', said);
    const advert = readSigned(() => decodeAdvert(terms, said.header));
    const who = `advert of client "${idAt(terms, said.sender)}"`;
    if (!equalBytes(advert.context, context)) {
      throw blame(
        'model-mismatch',
        `${who}: it received another model (context hash) than this client, which the coordinator had to refuse`,
      );
    }
    for (const key of [advert.sealingKey, advert.maskingKey]) {
      if (!terms.suite.checkPublicKey(key)) throw blame('bad-key', `${who}: a key is not valid`);
      if (keys.has(halfOf(key))) throw blame('bad-key', `${who}: a key appears twice`);
      keys.add(halfOf(key));
    }
    // The next step agrees with all of them, and then uploads: what can be done before is done here.
    terms.suite.readAhead(advert.maskingKey);
    return {
      index: said.sender,
      sealingKey: advert.sealingKey.slice(),
      maskingKey: advert.maskingKey.slice(),
      advertHash: headerHash(terms, 'advertise', said),
    };
  });
  if (!reachesThreshold(terms, checked.length)) {
    throw blame(
      'missing-neighbour',
      `adverts: got ${checked.length} neighbours, expected at least the threshold of ${terms.parameters.threshold}`,
    );
  }
  return checked;
}

/** Shamir shares of both seeds: one of each for every peer, and the own share of the self seed. */
function deal(
  terms: Terms,
  self: number,
  peers: readonly Peer[],
  selfSeed: Uint8Array,
  maskingSeed: Uint8Array,
): { readonly own: Uint8Array; readonly dealt: readonly HeldShares[] } {
  const { threshold, degree } = terms.parameters;
  const xs = peers.map((peer) => shareX(terms.graph, self, peer.index));
  const shares = degree + 1;
  const selfShares = splitSecret(selfSeed, { threshold, shares, xs: [...xs, ownX(terms.graph)] });
  const maskingShares = splitSecret(maskingSeed, { threshold, shares, xs });
  const dealt = peers.map((_, i) => ({
    dealer: self,
    self: selfShares[i] as Uint8Array,
    masking: maskingShares[i] as Uint8Array,
  }));
  return { own: selfShares[peers.length] as Uint8Array, dealt };
}

/** Seals one peer's two shares under a key that seals nothing else. */
function seal(
  { terms, self, context }: Contents<'share'>,
  sealing: AgreementKeyPair,
  peer: Peer,
  shares: HeldShares,
) {
  const { suite } = terms;
  const kem = suite.encapsulate(peer.sealingKey);
  const secret = suite.sharedSecret(sealing, peer.sealingKey, kem.kemSecret);
  const key = sealKey(terms, secret, {
    ids: [self, peer.index],
    publicKeys: [sealing.publicKey, peer.sealingKey],
    kemCiphertext: kem.ciphertext,
    context,
  });
  const plaintext = concat(shares.self, shares.masking, u32(self), u32(peer.index));
  const box = sealBox(key, plaintext, sealAssociatedData(terms, self, peer.index));
  wipe(kem.kemSecret, secret, key, plaintext);
  return {
    box,
    sealingCiphertext: kem.ciphertext,
    selfHash: shareHash(terms, 'self', self, peer.index, shares.self),
    maskingHash: shareHash(terms, 'masking', self, peer.index, shares.masking),
  };
}
