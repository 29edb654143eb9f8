/**
 * Taking in one chunk: one ciphertext of one client, pinned by the hashes that it committed to. Foreign,
 * altered, repeated and malformed chunks are refused at once; the client may send the right one again.
 */
import { CodecError } from '../../errors.ts';
import { equalBytes } from '../../internal/bytes.ts';
import { checkLattice } from '../codec.ts';
import { type CoordinatorLedger, idIn } from './coordinator-state.ts';
import { chunkLength, committedHash, halfLength, hashOfHalf } from './messages.ts';
import type { EncryptedFault, Refuse } from './phases.ts';

/** Where the lattice codec's head has the index. */
const INDEX = 36;

/** Takes in a chunk, or says why not. Only the hash of exactly these bytes can blame their client. */
export function takeChunk(
  ledger: CoordinatorLedger,
  chunk: Uint8Array,
): EncryptedFault | undefined {
  const { plan, commits, store, excluded } = ledger;
  const phase = 'upload';
  const stranger: Refuse = (code, message) => Object.freeze({ phase, code, message });
  const expected = chunkLength(plan);
  if (!(chunk instanceof Uint8Array) || chunk.length !== expected) {
    const isShort = chunk instanceof Uint8Array && chunk.length < expected;
    return stranger(
      isShort ? 'truncated' : 'trailing-bytes',
      `chunk: got ${chunk?.length} bytes, expected ${expected}`,
    );
  }
  // A copy, if another thread could change it between two looks.
  const own = chunk.buffer instanceof ArrayBuffer ? chunk : new Uint8Array(chunk);
  const view = new DataView(own.buffer, own.byteOffset, own.byteLength);
  const sender = view.getUint32(0);
  const clients = plan.clients.clients;
  if (sender >= clients.length) {
    return stranger(
      'not-on-roster',
      `chunk: got roster position ${sender}, expected one below ${clients.length}`,
    );
  }
  const id = idIn(plan.clients, sender);
  const refuse: Refuse = (code, text) =>
    Object.freeze({ phase, code, message: `chunk in the name of "${id}": ${text}`, claimed: id });
  const committed = commits.get(sender);
  if (committed === undefined) return refuse('not-expected', 'it has not committed to anything');
  if (excluded.has(sender)) return refuse('excluded', 'it committed to what is no ciphertext');
  const length = halfLength(plan);
  const body = own.subarray(4, 4 + length);
  const mask = own.subarray(4 + length);
  const index = view.getUint32(4 + INDEX);
  if (index >= plan.sum.ciphertexts) {
    return refuse('malformed', `got index ${index}, expected one below ${plan.sum.ciphertexts}`);
  }
  if (committed.there[index] === 1)
    return refuse('not-expected', `chunk ${index} is there already`);
  const isHashOf = (half: 'body' | 'mask', bytes: Uint8Array): boolean =>
    equalBytes(hashOfHalf(sender, bytes), committedHash(committed.hashes, index, half));
  // Hashes first: they take so long that bytes are fetched from memory meanwhile, and then lie near.
  const isCommitted = isHashOf('body', body) && isHashOf('mask', mask);
  try {
    const head = { set: plan.sum.set, roundId: plan.roundId, index };
    checkLattice({ ...head, kind: 'body' }, body);
    checkLattice({ ...head, kind: 'mask' }, mask);
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    if (!isCommitted) return refuse(error.code, error.message);
    // It signed the hashes of exactly this: nobody else can be to blame.
    excluded.add(sender);
    const message = `client "${id}" committed to no ciphertext: ${error.message}`;
    return Object.freeze({ phase, code: error.code, message, culprit: id, claimed: id });
  }
  if (!isCommitted) {
    return refuse('not-committed', `chunk ${index} is another one than it committed to`);
  }
  store.put(sender, index, own);
  committed.there[index] = 1;
  committed.count++;
  return undefined;
}
