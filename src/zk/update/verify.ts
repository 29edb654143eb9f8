/**
 * A coordinator's or a stranger's side: whether the updates behind commitments are in bounds, many at
 * once, and whose are not. A verdict for whatever a client sends, never an exception.
 *
 * For each chunk three equations must hold, with vk_x = IC_0 + Σ known + C_X + C_H:
 *
 *     e(A, B) = e(α, β) · e(vk_x, γ) · e(C, δ)
 *     e(C'_X, [1]_2) = e(C_X, [σ_X]_2)        e(C'_H, [1]_2) = e(C_H, [σ_H]_2)
 *
 * Without the last two anybody proves anything: hidden points that cancel the rest of vk_x satisfy the first.
 */
import { UsageError } from '../../errors.ts';
import { type ClientId, faultOfId } from '../../identity/client-id.ts';
import type { G1Point } from '../groth16/backend.ts';
import { type Claim, falseClaims } from '../groth16/batch.ts';
import type { Equation } from '../groth16/equations.ts';
import { G1_BYTES, readG1 } from '../groth16/points.ts';
import { equationOf, type InvalidReason } from '../groth16/verify.ts';
import { insideOf, knowledgeEquation, type UpdateKey } from './key.ts';
import { splitUpdateProof, UPDATE_PROOF_BYTES } from './layout.ts';
import {
  challengeOf,
  contextOf,
  firstChunkOf,
  type UpdateTerms,
  updateChunkId,
  updateChunks,
} from './statement.ts';

/** What a client sent, and who that was: as the caller authenticated it. */
export type UpdateItem = {
  readonly client: ClientId;
  /** 64 bytes for each chunk. */
  readonly commitment: Uint8Array;
  /** 452 bytes for each chunk. */
  readonly proof: Uint8Array;
};

/**
 * Why an update was not accepted. `equation`: the Groth16 proof is false. `knowledge`: nobody showed to know
 * what is in a commitment. `replayed`: this client's update in this round was accepted before, or
 * stands in the list twice. All others are encodings that no client makes.
 */
export type UpdateFault =
  | InvalidReason
  | 'client-malformed'
  | 'commitment-malformed'
  | 'knowledge'
  | 'replayed';

/** What a verifier says of many updates: all are in bounds, or these are not. */
export type UpdatesVerdict =
  | { readonly valid: true }
  | {
      readonly valid: false;
      /** By position in the list, rising; the first chunk at fault, where one is. */
      readonly culprits: readonly UpdateCulprit[];
    };

/** A place in the list that is not accepted. */
export type UpdateCulprit = {
  readonly index: number;
  readonly reason: UpdateFault;
  readonly chunk?: number;
};

/**
 * Whether the updates behind commitments are in bounds, as one equation; and which are not.
 *
 * What is shown of each update that is not named: whoever made its commitment knew values behind it,
 * every value is from −2^15 to 2^15 − 1, and each chunk's squared norm is at most `terms.normMax`. Zeros
 * behind the last value are not shown: a sum that opens shows them.
 *
 * **Security**: every client must prove all its chunks, each for its own round, client, chunk and key. One
 * client counts once: `accepted` remembers by round, client and chunk, never by a proof's bytes, as from
 * one proof anybody makes others. Every equation has a random 128-bit power of its own. Rests on the
 * knowledge soundness of Groth16 and of the σ check in the algebraic group model, one honest
 * contributor in each setup, discrete logarithms, and the random oracle. The composition has an
 * informal argument only, and awaits outside review.
 * **Cost**: for each chunk a Miller loop, a subgroup check, and about ten 128-bit multiplications in G1; six
 * Miller loops and a final exponentiation for all. If updates fail, what is paid for each is paid at
 * most ⌈log2 n⌉ + 1 times, and three equations more for every chunk of a culprit.
 *
 * @param key - from `updateKey`
 * @param terms - the verifier's own
 * @param items - from anyone, the client's name aside
 * @param accepted - names (`updateChunkId`) of what was accepted before; what is accepted now is added.
 *   Keep it as long as the round may be verified again. Left out: only this list is looked at
 * @throws UsageError `wrong-type`, `wrong-length`, `out-of-range` for a key, terms or a list that is none
 * @throws CapacityError `too-many-bits` as `updateChunks`
 */
export function verifyUpdates(
  key: UpdateKey,
  terms: UpdateTerms,
  items: readonly UpdateItem[],
  accepted: Set<string> = new Set(),
): UpdatesVerdict {
  if (!Array.isArray(items)) {
    throw new UsageError('wrong-type', `verifyUpdates: got ${typeof items}, expected an array`);
  }
  // Looked at even where the list is empty.
  updateChunks(key, terms);
  const culprits = falseUpdates(
    key,
    items.map((item) => ({ terms, item })),
    accepted,
  );
  return culprits.length === 0 ? { valid: true } : { valid: false, culprits };
}

/** One update, and what it must be in. */
export type UpdateClaim = { readonly terms: UpdateTerms; readonly item: UpdateItem };

/**
 * The updates that are not in bounds, where each has terms of its own: all equations of all of them are one
 * batch. For the rest see {@link verifyUpdates}.
 */
export function falseUpdates(
  key: UpdateKey,
  claims: readonly UpdateClaim[],
  accepted: Set<string> = new Set(),
): readonly UpdateCulprit[] {
  const inside = insideOf(key);
  const culprits: UpdateCulprit[] = [];
  const readable: Read[] = [];
  const listed = new Set<string>();
  for (const [index, { terms, item }] of claims.entries()) {
    const chunks = updateChunks(key, terms);
    const read = readItem(key, terms, chunks, item);
    if (!Array.isArray(read)) {
      culprits.push({ index, ...(read as Omit<UpdateCulprit, 'index'>) });
      continue;
    }
    const ids = Array.from({ length: chunks }, (_, chunk) =>
      updateChunkId(terms.roundId, item.client, firstChunkOf(terms) + chunk),
    );
    const again = ids.findIndex((id) => accepted.has(id) || listed.has(id));
    if (again >= 0) {
      culprits.push({ index, reason: 'replayed', chunk: again });
      continue;
    }
    for (const id of ids) listed.add(id);
    readable.push({ index, ids, chunks: read as readonly ChunkEquations[] });
  }
  const { backend } = inside.groth16;
  const wrong = new Set(
    falseClaims(
      backend,
      readable.map(({ index, chunks }) => ({
        index,
        equations: chunks.flatMap(({ groth16, knowledge }) => [groth16, ...knowledge]),
      })),
    ),
  );
  for (const { index, ids, chunks } of readable) {
    if (wrong.has(index)) culprits.push({ index, ...faultIn(backend, chunks) });
    else for (const id of ids) accepted.add(id);
  }
  return culprits.sort((a, b) => a.index - b.index);
}

type Read = {
  readonly index: number;
  readonly ids: readonly string[];
  readonly chunks: readonly ChunkEquations[];
};

type ChunkEquations = { readonly groth16: Equation; readonly knowledge: readonly Equation[] };

type Fault = { readonly reason: UpdateFault; readonly chunk?: number };

/** The equations of all chunks, or what is wrong with the encoding. */
function readItem(
  key: UpdateKey,
  terms: UpdateTerms,
  chunks: number,
  item: UpdateItem,
): readonly ChunkEquations[] | Fault {
  const { client, commitment, proof } = item ?? {};
  if (typeof client !== 'string' || faultOfId(client) !== undefined) {
    return { reason: 'client-malformed' };
  }
  if (!(commitment instanceof Uint8Array) || commitment.length !== chunks * G1_BYTES) {
    return { reason: 'commitment-malformed' };
  }
  if (!(proof instanceof Uint8Array) || proof.length !== chunks * UPDATE_PROOF_BYTES) {
    return { reason: 'proof-malformed' };
  }
  const out: ChunkEquations[] = [];
  for (let chunk = 0; chunk < chunks; chunk++) {
    const part = (of: Uint8Array): Uint8Array => {
      const size = of.length / chunks;
      return of.subarray(chunk * size, (chunk + 1) * size);
    };
    const equations = readChunk(key, terms, client, chunk, part(commitment), part(proof));
    if (typeof equations === 'string') return { reason: equations, chunk };
    out.push(equations);
  }
  return out;
}

function readChunk(
  key: UpdateKey,
  terms: UpdateTerms,
  client: ClientId,
  chunk: number,
  commitmentX: Uint8Array,
  bytes: Uint8Array,
): ChunkEquations | UpdateFault {
  const inside = insideOf(key);
  const parts = splitUpdateProof(bytes);
  if (parts === undefined) return 'proof-malformed';
  const { imageX, commitmentH, imageH, proof } = parts;
  const points: G1Point[] = [];
  for (const point of [commitmentX, imageX, commitmentH, imageH]) {
    const read = readG1(inside.groth16.backend, point);
    if (typeof read === 'string') return read;
    points.push(read);
  }
  const [x, xImage, h, hImage] = points as [G1Point, G1Point, G1Point, G1Point];
  const context = contextOf(key, terms, client, chunk);
  const challenge = challengeOf(key, context, terms.normMax, commitmentX, commitmentH);
  const publics = [context, BigInt(terms.normMax), challenge];
  const groth16 = equationOf(inside.groth16, { publics, proof }, publics.length, [x, h]);
  if (typeof groth16 === 'string') return groth16;
  const knowledge = [
    knowledgeEquation(inside, 'x', x, xImage),
    knowledgeEquation(inside, 'h', h, hImage),
  ];
  return { groth16, knowledge };
}

/** Which chunk of a false update is at fault, and what is wrong with it. */
function faultIn(
  backend: Parameters<typeof falseClaims>[0],
  chunks: readonly ChunkEquations[],
): Fault {
  const claims = chunks.flatMap(({ groth16, knowledge }, chunk): Claim[] => [
    { index: 2 * chunk, equations: knowledge },
    { index: 2 * chunk + 1, equations: [groth16] },
  ]);
  const [first] = falseClaims(backend, claims, true);
  const place = first as number;
  return { reason: place % 2 === 0 ? 'knowledge' : 'equation', chunk: place >> 1 };
}
