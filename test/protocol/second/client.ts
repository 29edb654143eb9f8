/** Section 7: a client of the protocol, step by step. It imports nothing of the library. */
import { bytes, decode, encode, int, list } from './cbor.ts';
import { commitmentsLength } from './commitments.ts';
import { areNeighbours, encapsulates, keepsWindows, neighboursOf, reaches, xOf } from './graph.ts';
import {
  headerHash,
  isSigned,
  readDownlink,
  readSigned,
  type Signed,
  uplink,
  vectorsOf,
} from './messages.ts';
import type { Client, Round } from './plan.ts';
import {
  agree,
  cat,
  decapsulate,
  EMPTY,
  encapsulate,
  HLP,
  isGood,
  KDF,
  KEYPAIR,
  LP,
  members,
  merkleRoot,
  type Pair,
  pack,
  pathOf,
  rootBy,
  SEAL,
  STREAM,
  same,
  share as shareAt,
  u32,
  unseal,
} from './primitives.ts';
import { asCode, must } from './refused.ts';

/** Who takes part. */
export type Me = {
  readonly round: Round;
  readonly index: number;
  readonly privateKey: Uint8Array;
  readonly context: Uint8Array;
};

type Peer = {
  readonly index: number;
  readonly sealing: Uint8Array;
  readonly masking: Uint8Array;
  readonly advertHash: Uint8Array;
  /** Own encapsulation for masks; empty where the other one encapsulates. */
  readonly ciphertext: Uint8Array;
  readonly kemSecret: Uint8Array;
};
/** What a step says, and what is remembered for the next one. */
export type Said<Next> = { readonly message: Uint8Array; readonly next: Next };
export type Advertised = {
  readonly sealing: Pair;
  readonly masking: Pair;
  readonly maskingSeed: Uint8Array;
  readonly advertHash: Uint8Array;
};
export type Shared = Advertised & {
  readonly peers: readonly Peer[];
  readonly selfSeed: Uint8Array;
  readonly own: Uint8Array;
  readonly shareHash: Uint8Array;
  readonly commitments: Uint8Array;
};
export type Masked = {
  readonly own: Uint8Array;
  readonly u2: readonly number[];
  readonly u2Hash: Uint8Array;
  readonly maskHash: Uint8Array;
  readonly held: readonly Held[];
  readonly promises: ReadonlyMap<number, Uint8Array>;
};
export type Confirmed = Masked & {
  readonly u3: readonly number[];
  readonly confirmHeader: Uint8Array;
};

type Held = { readonly index: number; readonly self: Uint8Array; readonly masking: Uint8Array };

const idOf = ({ round }: Me, index: number): string => (round.clients[index] as Client).id;
const pairOf = ({ round }: Me, set: string, seed: Uint8Array): Pair =>
  KEYPAIR(round.suite, KDF(seed, [set, round.roundId]));

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

const hashOfShare = (
  { round }: Me,
  kind: 'self' | 'masking',
  dealer: number,
  holder: number,
  share: Uint8Array,
): Uint8Array =>
  HLP(`veilsum/v1 share of ${kind}`, round.roundId, u32(dealer), u32(holder), share).slice(0, 16);

/** What the key of a box from one client to another is derived with. */
function boxKey(
  me: Me,
  secret: Uint8Array,
  [from, to]: readonly [number, number],
  keys: readonly [Uint8Array, Uint8Array],
  ciphertext: Uint8Array,
): Uint8Array {
  const { suite, roundId } = me.round;
  const bound = HLP(ciphertext, ...keys);
  return KDF(secret, [
    'seal',
    suite.name,
    roundId,
    idOf(me, from),
    idOf(me, to),
    me.context,
    bound,
  ]);
}
const boxData = ({ round }: Me, from: number, to: number): Uint8Array =>
  cat(round.roundId, u32(from), u32(to));

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

const promiseOf = ({ roundId }: Round, index: number, commitments: Uint8Array): Uint8Array =>
  commitments.length === 0
    ? EMPTY
    : HLP('veilsum/v1 commitments', roundId, u32(index), commitments);

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

type Part = {
  readonly holder: number;
  readonly box: Uint8Array;
  readonly selfHash: Uint8Array;
  readonly maskingHash: Uint8Array;
  readonly sealingCiphertext: Uint8Array;
  readonly maskingCiphertext: Uint8Array;
};
type Entry = {
  readonly peer: Peer;
  readonly part: Part;
  readonly promise: Uint8Array;
};

const leafOf = (index: number, advertHash: Uint8Array, shareHash: Uint8Array): Uint8Array =>
  LP(u32(index), advertHash, shareHash);

const leadsTo = (root: Uint8Array, found: Uint8Array | undefined): boolean =>
  found !== undefined && same(found, root);

/** The form of a share header and of a part. */
function readShare(round: Round, said: Signed, encodedPart: Uint8Array) {
  const { graph, suite } = round;
  return asCode('bad-downlink', () => {
    const [commitment, ownHash, root, count, promise] = list(
      decode(said.header, said.header.length),
      5,
    );
    bytes(commitment, 32);
    bytes(ownHash, 16);
    const part = list(decode(encodedPart, encodedPart.length), 6);
    return {
      root: bytes(root, 32),
      count: int(count, 0, graph.k),
      promise: bytes(promise, round.hasCommitments ? 32 : 0),
      part: {
        holder: int(part[0], 0, graph.n - 1),
        box: bytes(part[1], 88),
        selfHash: bytes(part[2], 16),
        maskingHash: bytes(part[3], 16),
        sealingCiphertext: bytes(part[4], suite.ct),
        maskingCiphertext: bytes(part[5], 0, suite.ct),
      },
    };
  });
}

/** 7.3, the checks. */
function checkU2(me: Me, state: Shared, downlink: Uint8Array) {
  const { round, index: self } = me;
  const { graph, suite } = round;
  const [u2Value, rootValue, ownValue, entryList] = readDownlink(me, 3, downlink, 4);
  const bitmap = bytes(u2Value);
  const root = bytes(rootValue, 32);
  const ownPath = pathOf(bytes(ownValue));
  const raw = list(entryList, undefined, graph.k).map((value) => {
    const [header, index, part, partPath, u2Path] = list(value, 5);
    return {
      said: readSigned(round, 2, header),
      at: int(index, 0, graph.k),
      part: bytes(part),
      partPath: pathOf(bytes(partPath)),
      u2Path: pathOf(bytes(u2Path)),
    };
  });
  const u2 = members(bitmap, graph.n);
  const proves = (index: number, leaf: Uint8Array, path: readonly Uint8Array[]): boolean =>
    leadsTo(root, rootBy(leaf, u2.indexOf(index), u2.length, path));
  const ownLeaf = leafOf(self, state.advertHash, state.shareHash);
  must(u2.includes(self) && proves(self, ownLeaf, ownPath), 'inconsistent-survivors', 'own entry');
  must(u2.length >= round.quorum, 'no-quorum', 'U2');
  const near = neighboursOf(graph, self).filter((index) => u2.includes(index));
  const senders = raw.map(({ said }) => said.sender);
  must(`${senders}` === `${near}`, 'missing-neighbour', 'entries');
  must(reaches(graph, near.length), 'missing-neighbour', 'U2');
  const entries = raw.map(({ said, at, part, partPath, u2Path }): Entry => {
    const peer = state.peers.find(({ index }) => index === said.sender);
    must(peer !== undefined, 'missing-neighbour', 'advert');
    must(isSigned(round, 2, said), 'bad-signature', 'share header');
    const read = readShare(round, said, part);
    const isDealt = leadsTo(read.root, rootBy(part, at, read.count, partPath));
    const needs = suite.isHybrid && encapsulates(graph, said.sender, self);
    const { holder, maskingCiphertext } = read.part;
    const fits = holder === self && maskingCiphertext.length > 0 === needs;
    must(isDealt && fits, 'bad-downlink', 'part');
    const leaf = leafOf(said.sender, peer.advertHash, headerHash(round, 2, said));
    must(proves(said.sender, leaf, u2Path), 'inconsistent-survivors', 'entry');
    return { peer, part: read.part, promise: read.promise };
  });
  const u2Hash = HLP('veilsum/v1 U2', round.roundId, bitmap, root);
  return { u2, u2Hash, entries };
}

/** A box that holds, opened. */
function openBox(me: Me, sealing: Pair, { peer, part }: Entry): Held | undefined {
  const { box, selfHash, maskingHash, sealingCiphertext: ciphertext } = part;
  const { index } = peer;
  const secret = agree(sealing, peer.sealing, decapsulate(me.round.suite, sealing, ciphertext));
  const keys = [peer.sealing, sealing.publicKey] as const;
  const key = boxKey(me, secret, [index, me.index], keys, ciphertext);
  const plain = unseal(key, box, boxData(me, index, me.index));
  if (plain === undefined) return undefined;
  const held = { index, self: plain.slice(0, 32), masking: plain.slice(32, 64) };
  const holds =
    same(plain.slice(64), cat(u32(index), u32(me.index))) &&
    same(hashOfShare(me, 'self', index, me.index, held.self), selfHash) &&
    same(hashOfShare(me, 'masking', index, me.index, held.masking), maskingHash);
  return holds ? held : undefined;
}

/** Streams of a mask with their signs, for one vector. */
function keysOf(me: Me, state: Shared, entries: readonly Entry[], name: string) {
  const { round, index: self, context } = me;
  const { suite, roundId, graph } = round;
  const selfKey = KDF(state.selfSeed, ['self', suite.name, roundId, idOf(me, self), context, name]);
  const pairs = entries.map(({ peer, part }) => {
    const mine = encapsulates(graph, self, peer.index);
    const ciphertext = mine ? peer.ciphertext : part.maskingCiphertext;
    const kemSecret = mine ? peer.kemSecret : decapsulate(suite, state.masking, ciphertext);
    const secret = agree(state.masking, peer.masking, kemSecret);
    const own = state.masking.publicKey;
    const isLow = self < peer.index;
    const [l, h] = isLow ? [self, peer.index] : [peer.index, self];
    const [lKey, hKey] = isLow ? [own, peer.masking] : [peer.masking, own];
    const bound = HLP(ciphertext, lKey, hKey);
    const key = KDF(secret, [
      'pair',
      suite.name,
      roundId,
      idOf(me, l),
      idOf(me, h),
      context,
      bound,
      name,
    ]);
    return { key, sign: isLow ? 1 : -1 };
  });
  return [{ key: selfKey, sign: 1 }, ...pairs];
}

/** 7.3 */
export function mask(
  me: Me,
  state: Shared,
  downlink: Uint8Array,
  vectors: readonly (readonly number[])[],
): Said<Masked> {
  const { u2, u2Hash, entries } = checkU2(me, state, downlink);
  const held = entries.flatMap((entry) => openBox(me, state.sealing, entry) ?? []);
  const packed = vectorsOf(me.round).map(({ name, d, b }, i) => {
    const y = Uint32Array.from(vectors[i] as readonly number[]);
    for (const { key, sign } of keysOf(me, state, entries, name)) {
      const stream = STREAM(key, d);
      // A Uint32Array keeps the low 32 bits.
      for (let e = 0; e < d; e++) y[e] = (y[e] as number) + sign * (stream[e] as number);
    }
    return pack(y, b);
  });
  const header = encode([u2Hash, state.commitments]);
  const { message, hash: maskHash } = uplink(me, 3, header, cat(...packed));
  const promises = new Map(entries.map(({ peer, promise }) => [peer.index, promise]));
  return { message, next: { own: state.own, u2, u2Hash, maskHash, held, promises } };
}

/** 7.4 */
export function confirm(me: Me, state: Masked, downlink: Uint8Array): Said<Confirmed> {
  const { round, index: self } = me;
  const [u3Value, rootValue, ownValue] = readDownlink(me, 4, downlink, 3);
  const bitmap = bytes(u3Value);
  const headersRoot = bytes(rootValue, 32);
  const ownPath = pathOf(bytes(ownValue));
  const u3 = members(bitmap, round.graph.n);
  const found = u3.includes(self)
    ? rootBy(state.maskHash, u3.indexOf(self), u3.length, ownPath)
    : undefined;
  must(leadsTo(headersRoot, found), 'inconsistent-survivors', 'own upload');
  must(
    u3.every((index) => state.u2.includes(index)),
    'inconsistent-survivors',
    'U3',
  );
  must(u3.length >= round.floor, 'below-floor', 'U3');
  must(keepsWindows(round.graph, u3), 'window-rule', 'U3');
  const u3Hash = HLP('veilsum/v1 U3', round.roundId, bitmap);
  const header = encode([state.u2Hash, u3Hash, headersRoot]);
  const { message } = uplink(me, 4, header);
  return { message, next: { ...state, u3, confirmHeader: header } };
}

/** 7.5, the checks. */
function checkQuorum(me: Me, state: Confirmed, downlink: Uint8Array): void {
  const { round, index: self } = me;
  const { graph } = round;
  const [signerValue, signatureValue, headerList] = readDownlink(me, 5, downlink, 3);
  const [bitmap, signatures] = [bytes(signerValue), bytes(signatureValue)];
  const headers = list(headerList, undefined, graph.k).map((said) => readSigned(round, 3, said));
  const signers = members(bitmap, graph.n);
  must(signatures.length === 64 * signers.length, 'bad-downlink', 'signatures');
  must(
    signers.every((signer) => state.u3.includes(signer)),
    'no-quorum',
    'signers',
  );
  must(signers.length >= round.quorum, 'no-quorum', 'signers');
  const near = signers.filter((signer) => areNeighbours(graph, self, signer));
  must(reaches(graph, near.length), 'no-quorum', 'neighbours');
  for (const [i, sender] of signers.entries()) {
    const signature = signatures.slice(64 * i, 64 * i + 64);
    const said = { sender, header: state.confirmHeader, digest: EMPTY, signature };
    must(isSigned(round, 4, said), 'bad-signature', 'confirmation');
  }
  const expected = neighboursOf(graph, self).filter((index) => state.u3.includes(index));
  const senders = headers.map(({ sender }) => sender);
  must(`${senders}` === `${expected}`, 'missing-neighbour', 'mask headers');
  for (const said of headers) {
    must(isSigned(round, 3, said), 'bad-signature', 'mask header');
    const [u2Hash, commitments] = asCode('bad-downlink', () => {
      const [hash, points] = list(decode(said.header, said.header.length), 2);
      return [bytes(hash, 32), bytes(points, commitmentsLength(round))] as const;
    });
    must(same(u2Hash, state.u2Hash), 'inconsistent-survivors', 'mask header');
    const promise = state.promises.get(said.sender) as Uint8Array;
    const isKept = same(promiseOf(round, said.sender, commitments), promise);
    must(isKept, 'bad-commitment', 'mask header');
  }
}

/** 7.5 */
export function unmask(me: Me, state: Confirmed, downlink: Uint8Array): Said<undefined> {
  checkQuorum(me, state, downlink);
  const near = neighboursOf(me.round.graph, me.index).filter((index) => state.u2.includes(index));
  const shares = near.map((index) => {
    const held = state.held.find((one) => one.index === index);
    const revealed = state.u3.includes(index) ? held?.self : held?.masking;
    return [index, revealed ?? EMPTY];
  });
  const header = encode([shares, state.own]);
  return { message: uplink(me, 5, header).message, next: undefined };
}
