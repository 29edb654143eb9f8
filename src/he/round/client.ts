/**
 * The client's steps: check the holders' key and encrypt, then see that the own commitment stands under
 * a root that enough holders signed, and only then show ciphertexts.
 *
 *     encryptForRound → EncryptedClient<'root'> → checkCommitted → EncryptedClient<'upload'> → chunkOf
 *
 * ⚠ Whoever sees the ciphertexts of others before it fixes its own can choose what the sum of all is,
 * and read the holders' key from one answer. So nothing leaves before all is fixed.
 */
import { ProtocolError, UsageError } from '../../errors.ts';
import type { Signer } from '../../identity/signer.ts';
import { assertInteger, assertNumbers } from '../../internal/assert.ts';
import { concat, equalBytes, toHex, u32 } from '../../internal/bytes.ts';
import { sha256 } from '../../internal/sha256.ts';
import { vault } from '../../internal/spent.ts';
import { decode } from '../../wire/cbor.ts';
import { bytes, integer, list, tuple } from '../../wire/fields.ts';
import { verifyInclusion } from '../../wire/merkle.ts';
import { encodedLatticeLength } from '../codec.ts';
import type { Seal } from '../handles.ts';
import { encryptVector } from './encrypt.ts';
import { checkVector } from './layout.ts';
import {
  commitLeaf,
  commitLength,
  decodeRoot,
  HASH,
  hashOfHalf,
  keyHashOf,
  quorumLength,
  readQuorum,
  requireSignatures,
  say,
} from './messages.ts';
import type { EncryptedDownlink, EncryptedUplink } from './phases.ts';
import type { EncryptedRound } from './plan.ts';

/** A client between two steps; `next` is what it waits for. Each step consumes it. */
export type EncryptedClient<Next extends 'root' | 'upload' = 'root' | 'upload'> = {
  readonly role: 'client';
  readonly next: Next;
};

type Contents = {
  readonly plan: EncryptedRound;
  readonly next: 'root' | 'upload';
  readonly keyHash: Uint8Array;
  /** Its leaf under the root. */
  readonly leaf: Uint8Array;
  /** Sender, body, mask: as they will be sent. */
  readonly chunks: readonly Uint8Array[];
};

const states = vault<Contents>('encrypting client');

const stateOf = <Next extends 'root' | 'upload'>(contents: Contents & { readonly next: Next }) =>
  states.put(
    Object.freeze({ role: 'client', next: contents.next }) as EncryptedClient<Next>,
    contents,
  );

/**
 * Checks the public key, encrypts the vector under it, and commits to every ciphertext.
 *
 * @param plan from `readEncryptedRound`
 * @param seal from `openSeal`; no handle outlives the call
 * @param signer the client's identity on the plan's roster of clients
 * @param downlink the coordinator's word for the phase `commit`: the key, and every holder's signature
 * @param values the vector: as many numbers as the plan says, finite and within ±clip, whole ones where
 *   the plan is exact; not kept
 * @returns the commit to send, and the state that waits for the signed root. It cannot be saved: after
 *   a crash the client sits the round out
 * @throws UsageError `unknown-id` if the signer is no client; `wrong-length`, `wrong-type`,
 *   `not-finite`, `out-of-range` for the vector, with the index and never the value
 * @throws CodecError if the downlink is none, or the key no public key of this round
 * @throws ProtocolError `bad-signature` unless every holder signed the key: the coordinator could have
 *   put its own in the place
 *
 * **Security**: the sum tells what the sum tells; see the `assumptions` of a result for the rest.
 * **Cost**: a signature check a holder, K encryptions, and the ciphertexts in memory until the state is
 * let go of.
 */
export async function encryptForRound(
  plan: EncryptedRound,
  seal: Seal,
  signer: Signer,
  downlink: EncryptedDownlink<'commit'>,
  values: ArrayLike<number>,
): Promise<{
  readonly message: EncryptedUplink<'commit'>;
  readonly next: EncryptedClient<'root'>;
}> {
  const self = positionOf(plan, signer);
  assertNumbers('vector', values, plan.sum.length);
  const own = steadyOf(values);
  const payload = new Uint8Array(commitLength(plan));
  const chunks: Uint8Array[] = [];
  let keyHash: Uint8Array;
  try {
    checkVector(plan.sum, own);
    const key = readKey(plan, downlink);
    keyHash = key.keyHash;
    encryptVector(plan, seal, key.publicKey, own, (index, { body, mask }) => {
      payload.set(hashOfHalf(self, body), 2 * HASH * index);
      payload.set(hashOfHalf(self, mask), 2 * HASH * index + HASH);
      chunks.push(concat(u32(self), body, mask));
    });
  } finally {
    if (own !== values) own.fill(0);
  }
  const { message, said } = await say(plan, 'commit', self, signer, keyHash, payload);
  const leaf = commitLeaf(plan, said);
  return { message, next: stateOf({ plan, next: 'root', keyHash, leaf, chunks }) };
}

/**
 * Checks that enough holders signed one root over all commitments, and that this client's is under it.
 *
 * @param state from {@link encryptForRound}; consumed, unless the downlink is refused as no message
 * @param downlink the coordinator's word for the phase `upload`
 * @returns the state that gives out chunks
 * @throws ProtocolError `no-quorum`, `bad-signature`, `bad-key` (a root over another key), `below-floor`,
 *   `inconsistent-survivors` (this client's commitment is not under the root): the coordinator's doing.
 *   The ciphertexts are let go of, and nothing was shown
 * @throws CodecError if the bytes are no downlink; the state stands
 * @throws UsageError `state-spent`
 */
export function checkCommitted(
  state: EncryptedClient<'root'>,
  downlink: EncryptedDownlink<'upload'>,
): EncryptedClient<'upload'> {
  const contents = states.peek(state);
  if (contents.next !== 'root') throw wrongStep(contents.next, 'root');
  const { plan, leaf, keyHash } = contents;
  const what = 'root downlink';
  const of = tuple(decode(downlink, { what, maxBytes: quorumLength(plan) + 2_048 }), 3, what);
  const index = integer(of[1], 0, 2 ** 32 - 1, `${what}: index`);
  const path = list(of[2], 32, `${what}: path`).map((hash) => bytes(hash, HASH, `${what}: path`));
  const quorum = bytes(of[0], { min: 1, max: quorumLength(plan) }, `${what}: quorum`);
  try {
    const { header } = readQuorum(plan, 'root', quorum);
    const root = decodeRoot(plan, header);
    if (!equalBytes(root.keyHash, keyHash)) throw lied('bad-key', 'a root under another key');
    if (root.size < plan.floor) throw lied('below-floor', `a root over ${root.size} commitments`);
    if (!verifyInclusion({ ...root, leaf, index, path })) {
      throw lied('inconsistent-survivors', 'a root that does not hold this commitment');
    }
  } catch (error) {
    if (error instanceof ProtocolError) states.take(state);
    throw error;
  }
  states.take(state);
  return stateOf({ ...contents, next: 'upload' });
}

/**
 * One ciphertext to send, in any order and as often as need be: always the same bytes.
 *
 * @param state from {@link checkCommitted}
 * @param index 0 to `plan.sum.ciphertexts − 1`
 * @returns a view of the state's own memory
 * @throws UsageError `out-of-range`, `state-spent`
 */
export function chunkOf(
  state: EncryptedClient<'upload'>,
  index: number,
): EncryptedUplink<'upload'> {
  const { chunks, next } = states.peek(state);
  if (next !== 'upload') throw wrongStep(next, 'upload');
  assertInteger('chunkOf: index', index, 0, chunks.length - 1);
  return chunks[index] as EncryptedUplink<'upload'>;
}

/**
 * A vector that is the same each time that it is read, so that what is checked is what is encrypted: a
 * copy, if a getter or another thread could change it.
 */
function steadyOf(values: ArrayLike<number>): Float64Array | Float32Array {
  const isSteady =
    (values instanceof Float64Array || values instanceof Float32Array) &&
    values.buffer instanceof ArrayBuffer;
  return isSteady
    ? values
    : Float64Array.from({ length: values.length }, (_, i) => values[i] as number);
}

/** Reads the key and checks that every holder signed it. */
function readKey(
  plan: EncryptedRound,
  downlink: Uint8Array,
): { readonly publicKey: Uint8Array; readonly keyHash: Uint8Array } {
  const holders = plan.holders.clients;
  const length = encodedLatticeLength(plan.sum.set, 'public-key');
  const what = 'key downlink';
  const maxBytes = length + 128 + 64 * holders.length;
  const of = tuple(decode(downlink, { what, maxBytes }), 2, what);
  const publicKey = bytes(of[0], length, `${what}: key`);
  const signatures = bytes(of[1], 64 * holders.length, `${what}: signatures`);
  const keyHash = keyHashOf(plan, publicKey);
  const all = { header: keyHash, signers: holders.map((_, i) => i), signatures };
  requireSignatures(plan, 'key', all, sha256(publicKey));
  return { publicKey, keyHash };
}

function positionOf({ clients }: EncryptedRound, signer: Signer): number {
  const key = toHex(signer.publicKey);
  const self = clients.clients.findIndex(({ publicKey }) => toHex(publicKey) === key);
  if (self >= 0) return self;
  throw new UsageError(
    'unknown-id',
    'signer: got a key that is not on the roster of clients, expected that of a client',
  );
}

const lied = (code: ProtocolError['code'], got: string): ProtocolError =>
  new ProtocolError(
    code,
    `encrypting client: got ${got}, expected one over the commitments to this round`,
    ['coordinator'],
  );

const wrongStep = (got: string, expected: string): UsageError =>
  new UsageError(
    'wrong-type',
    `encrypting client: got a state for "${got}", expected one for "${expected}"`,
  );
