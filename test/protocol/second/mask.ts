/** Section 7.3: mask. */
import { bytes, decode, encode, int, list } from './cbor.ts';
import { encapsulates, neighboursOf, reaches } from './graph.ts';
import { hide, type LatticeDraws } from './lattice.ts';
import {
  headerHash,
  isSigned,
  readDownlink,
  readSigned,
  type Signed,
  uplink,
  vectorsOf,
} from './messages.ts';
import type { Round } from './plan.ts';
import {
  agree,
  cat,
  decapsulate,
  EMPTY,
  H,
  HLP,
  KDF,
  LP,
  members,
  type Pair,
  pack,
  pathOf,
  rootBy,
  STREAM,
  same,
  u32,
  unseal,
} from './primitives.ts';
import { asCode, must } from './refused.ts';
import {
  boxData,
  boxKey,
  type Held,
  hashOfShare,
  idOf,
  leadsTo,
  type Masked,
  type Me,
  type Peer,
  type Said,
  type Shared,
} from './state.ts';

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

/** 7.6: what masks of this section go on, and behind it what lattice masks hide. */
function travelling(
  round: Round,
  vectors: readonly (readonly number[])[],
  drawn: LatticeDraws | undefined,
) {
  const all = vectorsOf(round).map((of, i) => ({ ...of, x: vectors[i] as readonly number[] }));
  const { lattice } = round;
  if (lattice === undefined) return { masked: all, hidden: [] };
  const { secrets: x } = drawn as LatticeDraws;
  const masked = all.filter((_, i) => round.fields[i]?.isLattice === false);
  masked.push({ name: 'lattice key', d: x.length, b: lattice.w, x });
  return { masked, hidden: hide(round, lattice, vectors, drawn as LatticeDraws) };
}

/** 7.3 */
export function mask(
  me: Me,
  state: Shared,
  downlink: Uint8Array,
  vectors: readonly (readonly number[])[],
  proofs: Uint8Array = EMPTY,
  drawn?: LatticeDraws,
): Said<Masked> {
  const { u2, u2Hash, entries } = checkU2(me, state, downlink);
  const held = entries.flatMap((entry) => openBox(me, state.sealing, entry) ?? []);
  const { masked, hidden } = travelling(me.round, vectors, drawn);
  const packed = masked.map(({ name, d, b, x }) => {
    const y = Uint32Array.from(x);
    for (const { key, sign } of keysOf(me, state, entries, name)) {
      const stream = STREAM(key, d);
      // A Uint32Array keeps the low 32 bits.
      for (let e = 0; e < d; e++) y[e] = (y[e] as number) + sign * (stream[e] as number);
    }
    return pack(y, b);
  });
  const hashes = me.round.proven === undefined ? [] : [H(proofs)];
  const header = encode([u2Hash, state.commitments, ...hashes]);
  const { message, hash: maskHash } = uplink(me, 3, header, cat(...packed, ...hidden, proofs));
  const promises = new Map(entries.map(({ peer, promise }) => [peer.index, promise]));
  return { message, next: { own: state.own, u2, u2Hash, maskHash, held, promises } };
}
