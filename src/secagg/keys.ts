/**
 * The two key sets of a client, and every key that grows from them.
 *
 * - The **masking set** grows from one seed that is shared among the neighbours: whoever reconstructs
 *   a dropped client's seed recomputes all its pairwise secrets.
 * - The **sealing set** is fresh, never shared and wiped early: it encrypts the shares. Were it to
 *   grow from the shared seed, one dropout's reconstruction would open every share sent to it.
 *
 * Source: Bonawitz et al., CCS 2017 (ePrint 2017/281); HKDF labels are ours.
 */

import type { AgreementKeyPair } from '../identity/suite.ts';
import { concat, lengthPrefixed, u32, utf8, wipe } from '../internal/bytes.ts';
import { sha256 } from '../internal/sha256.ts';
import { deriveKey } from '../prg/hkdf.ts';
import { idAt, type KeyTerms, sizeOf, type Terms } from './terms.ts';

/** Length of every seed and derived key. */
export const SEED_LENGTH = 32;

/** Length of the hash that pins one share. */
export const SHARE_HASH_LENGTH = 16;

/** The public halves of both sets and the hash of the model: what an advert says. */
export type Advert = {
  readonly sealingKey: Uint8Array;
  readonly maskingKey: Uint8Array;
  /** Hash of the global model (or other context) that the client received; 32 bytes. */
  readonly context: Uint8Array;
};

/** The masking key pair of a seed. Deterministic. */
export const maskingKeyPair = (terms: KeyTerms, seed: Uint8Array): AgreementKeyPair =>
  keyPairOf(terms, seed, 'masking');

/** The sealing key pair of a seed. Deterministic, so that a state holds the seed only. */
export const sealingKeyPair = (terms: KeyTerms, seed: Uint8Array): AgreementKeyPair =>
  keyPairOf(terms, seed, 'sealing');

/** Makes both key pairs for as long as `work` runs, and wipes them whatever comes of it. */
export function withKeyPairs<T>(
  terms: KeyTerms,
  seeds: { readonly sealingSeed: Uint8Array; readonly maskingSeed: Uint8Array },
  work: (sealing: AgreementKeyPair, masking: AgreementKeyPair) => T,
): T {
  const sealing = sealingKeyPair(terms, seeds.sealingSeed);
  const masking = maskingKeyPair(terms, seeds.maskingSeed);
  try {
    return work(sealing, masking);
  } finally {
    terms.suite.wipe(sealing);
    terms.suite.wipe(masking);
  }
}

function keyPairOf(
  terms: KeyTerms,
  seed: Uint8Array,
  set: 'masking' | 'sealing',
): AgreementKeyPair {
  const own = deriveKey(seed, [utf8(set), terms.roundId]);
  const pair = terms.suite.keyPair(own);
  wipe(own);
  return pair;
}

/**
 * Who of two neighbours encapsulates (hybrid suite): the one from whom the other lies forward on the
 * ring, so that everybody encapsulates to half of its neighbours. Were it the lower roster index,
 * the first client on the roster would upload a ciphertext to every neighbour.
 */
export function encapsulates(terms: Terms, from: number, to: number): boolean {
  const n = sizeOf(terms);
  const position = terms.graph.positionOf;
  const forward = ((position[to] as number) - (position[from] as number) + n) % n;
  return 2 * forward === n ? from < to : 2 * forward < n;
}

/** The coins with which `from` encapsulates to `to`; recomputed by whoever reconstructs the seed. */
export const encapsulationCoins = (
  terms: KeyTerms,
  maskingSeed: Uint8Array,
  from: number,
  to: number,
): Uint8Array =>
  deriveKey(maskingSeed, [utf8('encapsulation coins'), terms.roundId, u32(from), u32(to)]);

/** What both ends of a key agreement bind into the key. */
export type PairContext = {
  readonly ids: readonly [number, number];
  readonly publicKeys: readonly [Uint8Array, Uint8Array];
  readonly kemCiphertext: Uint8Array;
  readonly context: Uint8Array;
};

const keyInfo = (terms: KeyTerms, role: string, pair: PairContext): Uint8Array[] => [
  utf8(role),
  utf8(terms.suite.name),
  terms.roundId,
  utf8(idAt(terms, pair.ids[0])),
  utf8(idAt(terms, pair.ids[1])),
  pair.context,
  sha256(lengthPrefixed(pair.kemCiphertext, ...pair.publicKeys)),
];

/**
 * The key that seals one message from one client to another. Ids and public keys in the order
 * from, to: each direction has its own key, and a key seals one message.
 */
export const sealKey = (terms: KeyTerms, secret: Uint8Array, pair: PairContext): Uint8Array =>
  deriveKey(secret, keyInfo(terms, 'seal', pair));

/** The pairwise mask key of one field. Ids and public keys sorted by roster position. */
export const pairMaskKey = (
  terms: KeyTerms,
  secret: Uint8Array,
  pair: PairContext,
  field: string,
): Uint8Array => deriveKey(secret, [...keyInfo(terms, 'pair', pair), utf8(field)]);

/** The self-mask key of one field. */
export const selfMaskKey = (
  terms: KeyTerms,
  selfSeed: Uint8Array,
  client: number,
  context: Uint8Array,
  field: string,
): Uint8Array =>
  deriveKey(selfSeed, [
    utf8('self'),
    utf8(terms.suite.name),
    terms.roundId,
    utf8(idAt(terms, client)),
    context,
    utf8(field),
  ]);

/** SHA-256 of length-prefixed parts, one of which is secret: the copy of them is overwritten. */
function hashOfSecret(...parts: readonly Uint8Array[]): Uint8Array {
  const input = lengthPrefixed(...parts);
  try {
    return sha256(input);
  } finally {
    wipe(input);
  }
}

/** The commitment by which a reconstructed self-mask seed is checked. 32 bytes. */
export const selfSeedCommitment = (terms: KeyTerms, client: number, seed: Uint8Array): Uint8Array =>
  hashOfSecret(utf8('veilsum/v1 self seed'), terms.roundId, u32(client), seed);

/** Which of a client's two secrets a share belongs to. */
export type SecretKind = 'self' | 'masking';

/** The 16-byte hash by which a share is checked when it comes back. */
export const shareHash = (
  terms: KeyTerms,
  kind: SecretKind,
  dealer: number,
  holder: number,
  share: Uint8Array,
): Uint8Array =>
  hashOfSecret(
    utf8(`veilsum/v1 share of ${kind}`),
    terms.roundId,
    u32(dealer),
    u32(holder),
    share,
  ).slice(0, SHARE_HASH_LENGTH);

/** Associated data of a sealed pair of shares. */
export const sealAssociatedData = (terms: KeyTerms, from: number, to: number): Uint8Array =>
  concat(terms.roundId, u32(from), u32(to));
