/** Sections 7.1 and 7.2: advertise, and share. */
import { bytes, decode, encode, list } from './cbor.ts';
import { areNeighbours, encapsulates, reaches, xOf } from './graph.ts';
import { headerHash, isSigned, readDownlink, readSigned, uplink } from './messages.ts';
import {
  agree,
  cat,
  EMPTY,
  encapsulate,
  HLP,
  isGood,
  KDF,
  merkleRoot,
  SEAL,
  same,
  share as shareAt,
  u32,
} from './primitives.ts';
import { asCode, must } from './refused.ts';
import {
  type Advertised,
  boxData,
  boxKey,
  hashOfShare,
  type Me,
  type Peer,
  pairOf,
  promiseOf,
  type Said,
  type Shared,
} from './state.ts';

/** 7.1 */
export function advertise(
  me: Me,
  sealingSeed: Uint8Array,
  maskingSeed: Uint8Array,
): Said<Advertised> {
  const sealing = pairOf(me, 'sealing', sealingSeed);
  const masking = pairOf(me, 'masking', maskingSeed);
  const header = encode([sealing.publicKey, masking.publicKey, me.context]);
  const { message, hash: advertHash } = uplink(me, 1, header);
  return { message, next: { sealing, masking, maskingSeed, advertHash } };
}

const half = (key: Uint8Array): string => `${key.slice(0, 32)}`;

/** 7.2, the checks. */
function checkAdverts(me: Me, state: Advertised, downlink: Uint8Array): readonly Peer[] {
  const { round, index: self } = me;
  const { suite, graph, roundId } = round;
  const [adverts] = readDownlink(me, 2, downlink, 1);
  const signed = list(adverts, undefined, graph.k).map((value) => readSigned(round, 1, value));
  const seen = new Set([half(state.sealing.publicKey), half(state.masking.publicKey)]);
  let before = -1;
  const peers = signed.map((said): Peer => {
    const { sender } = said;
    must(sender > before && areNeighbours(graph, self, sender), 'bad-downlink', 'adverts');
    before = sender;
    must(isSigned(round, 1, said), 'bad-signature', 'advert');
    const [sealing, masking, context] = asCode('bad-downlink', () => {
      const fields = list(decode(said.header, said.header.length), 3);
      const lengths = [suite.pk, suite.pk, 32];
      return fields.map((field, i) => bytes(field, lengths[i] as number));
    }) as [Uint8Array, Uint8Array, Uint8Array];
    must(same(context, me.context), 'model-mismatch', 'advert');
    for (const key of [sealing, masking]) {
      must(isGood(suite, key) && !seen.has(half(key)), 'bad-key', 'advert');
      seen.add(half(key));
    }
    const coins = () =>
      KDF(state.maskingSeed, ['encapsulation coins', roundId, u32(self), u32(sender)]);
    const kem = encapsulates(graph, self, sender)
      ? encapsulate(suite, masking, coins)
      : { ciphertext: EMPTY, secret: EMPTY };
    const { ciphertext, secret: kemSecret } = kem;
    const advertHash = headerHash(round, 1, said);
    return { index: sender, sealing, masking, advertHash, ciphertext, kemSecret };
  });
  must(reaches(graph, peers.length), 'missing-neighbour', 'adverts');
  return peers;
}

/** What a client draws to deal its shares. */
export type Dealing = {
  readonly selfSeed: Uint8Array;
  readonly selfCoefficients: Uint8Array;
  readonly maskingCoefficients: Uint8Array;
  readonly sealingCoins: readonly Uint8Array[];
};

/** 7.2 */
export function share(
  me: Me,
  state: Advertised,
  downlink: Uint8Array,
  drawn: Dealing,
  commitments: Uint8Array = EMPTY,
): Said<Shared> {
  const { round, index: self } = me;
  const { suite, graph, roundId } = round;
  const peers = checkAdverts(me, state, downlink);
  const { selfSeed, selfCoefficients, maskingCoefficients } = drawn;
  const selfAt = (x: number): Uint8Array => shareAt(selfSeed, selfCoefficients, x, graph.k + 1);
  const own = selfAt(graph.k + 1);
  const parts = peers.map((peer, i) => {
    const x = xOf(graph, self, peer.index);
    const one = selfAt(x);
    const two = shareAt(state.maskingSeed, maskingCoefficients, x, graph.k + 1);
    const coins = () => drawn.sealingCoins[i] as Uint8Array;
    const kem = encapsulate(suite, peer.sealing, coins);
    const secret = agree(state.sealing, peer.sealing, kem.secret);
    const keys = [state.sealing.publicKey, peer.sealing] as const;
    const key = boxKey(me, secret, [self, peer.index], keys, kem.ciphertext);
    const plain = cat(one, two, u32(self), u32(peer.index));
    return encode([
      peer.index,
      SEAL(key, plain, boxData(me, self, peer.index)),
      hashOfShare(me, 'self', self, peer.index, one),
      hashOfShare(me, 'masking', self, peer.index, two),
      kem.ciphertext,
      peer.ciphertext,
    ]);
  });
  const header = encode([
    HLP('veilsum/v1 self seed', roundId, u32(self), selfSeed),
    hashOfShare(me, 'self', self, self, own),
    merkleRoot(parts),
    parts.length,
    promiseOf(round, self, commitments),
  ]);
  const { message, hash: shareHash } = uplink(me, 2, header, encode(parts));
  return { message, next: { ...state, peers, selfSeed, own, shareHash, commitments } };
}
