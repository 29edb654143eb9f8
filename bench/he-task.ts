/**
 * Whole encrypted rounds at the size of a model: what each party does for a million coordinates among a
 * hundred invited clients. A few of them play; what grows with them is said for one.
 */
import { ciphertextBlob, polynomials } from '../src/he/blob.ts';
import { coefficientsOf, decodeLattice } from '../src/he/codec.ts';
import { contextFor } from '../src/he/context.ts';
import { insideOf, rawOf, type Seal } from '../src/he/handles.ts';
import {
  beginEncryptedRound,
  checkCommitted,
  chunkOf,
  closeClosing,
  closeCommits,
  closeKey,
  closeRoot,
  closeUploads,
  type EncryptedClient,
  type EncryptedCoordinator,
  type EncryptedRound,
  encryptForRound,
  fetchHalf,
  openedSum,
  openSum,
  signClose,
  signRoot,
  startKeyHolder,
} from '../src/he/index.ts';
import { evaluatorOf } from '../src/he/objects.ts';
import type { EncryptedSumRequest } from '../src/he/plan.ts';
import type { EncryptedHolder } from '../src/he/round/holder-state.ts';
import { halfLength } from '../src/he/round/messages.ts';
import { addInto, type LatticeSum, openLatticeSum } from '../src/he/sum/lattice-sum.ts';
import type { Signer } from '../src/identity/signer.ts';
import {
  type Cast,
  castOf,
  clientName,
  holderName,
  keyedCommittee,
  planFor,
  taken,
} from '../test/he/round/support.ts';
import { type Book, interleave, progress, settle, stopwatch, timing } from './harness.ts';

/** Coordinates, clients that are invited, and clients that play. */
const LENGTH = 1_000_000;
const CLIENTS = 100;
const PLAYERS = 6;

/** What an issue allows the coordinator per client, over SEAL's own load and add of the same. */
const COORDINATOR_BOUND = 2.5;

/** Who opens, and how fine: 16-bit values, or errors of a millionth. */
const TASKS: readonly (readonly [
  name: string,
  holders: number,
  threshold: number,
  request: Pick<EncryptedSumRequest, 'precision' | 'scheme'>,
])[] = [
  ['key-holder', 1, 1, { precision: 1 / 65_535 }],
  ['committee-exact', 5, 3, { precision: 1 / 65_535 }],
  ['committee-approximate', 5, 3, { precision: 1e-6, scheme: 'ckks' }],
];

/** Plays the three tasks: about a minute and a half. */
export async function heTasks(book: Book, seal: Seal): Promise<void> {
  for (const [name, holders, threshold, request] of TASKS) {
    const cast = await castOf(CLIENTS, holders);
    const facts = { length: LENGTH, clip: 1, threshold, ...request };
    await task(book, seal, `he/task/${name}`, cast, planFor(cast, facts));
  }
}

type Held = readonly (readonly [number, EncryptedHolder<'root'>])[];

async function task(
  book: Book,
  seal: Seal,
  name: string,
  cast: Cast,
  plan: EncryptedRound,
): Promise<void> {
  progress(`${name}: ${plan.sum.set.name}, ${plan.sum.ciphertexts} ciphertexts a client`);
  const { held, coordinator: keyed } = await keys(seal, cast, plan);
  const key = closeKey(keyed);

  const encrypting: number[] = [];
  const committed: EncryptedClient<'root'>[] = [];
  for (let i = 0; i < PLAYERS; i++) {
    const values = Float64Array.from({ length: LENGTH }, (_, j) => Math.sin(i + j));
    settle();
    const [ms, { message, next }] = await stopwatch(() =>
      encryptForRound(plan, seal, cast.clients[i] as Signer, key.downlink, values),
    );
    if (i > 0) encrypting.push(ms);
    taken(key.next, message);
    committed.push(next);
  }
  book.time(`${name}/client`, timing(encrypting));

  const commits = closeCommits(key.next);
  const rooted: (readonly [number, EncryptedHolder<'close'>])[] = [];
  for (const [i, state] of held) {
    const { message, next } = await signRoot(state, commits.downlink);
    taken(commits.next, message);
    rooted.push([i, next]);
  }
  const { next: uploads, downlinks } = closeRoot(commits.next);
  const clients = committed.map((state, i) =>
    checkCommitted(state, downlinks.get(clientName(i)) as Uint8Array),
  );
  await uploading(book, seal, name, plan, uploads, clients);

  const closing = closeUploads(
    uploads,
    rooted.slice(0, plan.threshold).map(([i]) => holderName(i)),
  );
  const closed: EncryptedHolder<'open'>[] = [];
  for (const [, state] of rooted) {
    const { message, next } = await signClose(state, closing.downlink);
    taken(closing.next, message);
    closed.push(next);
  }
  const { next: opening, downlink } = closeClosing(closing.next);
  const answering: number[] = [];
  for (const state of closed.slice(0, plan.threshold)) {
    settle();
    const [ms, { message }] = await stopwatch(() =>
      openSum(state, downlink, (...which) => fetchHalf(opening, ...which)),
    );
    answering.push(ms);
    taken(opening, message);
  }
  book.time(`${name}/open/clients=${PLAYERS}`, timing(answering));
  settle();
  const [ms, { sums }] = await stopwatch(() => openedSum(opening, seal));
  book.time(`${name}/combine/clients=${PLAYERS}`, timing([ms]));
  const expected = Array.from({ length: PLAYERS }, (_, i) => Math.sin(i)).reduce((a, b) => a + b);
  if (!(Math.abs((sums[0] as number) - expected) < 1e-3)) throw new Error(`${name}: a wrong sum`);
}

/** A key, and who has it. */
async function keys(
  seal: Seal,
  cast: Cast,
  plan: EncryptedRound,
): Promise<{ readonly held: Held; readonly coordinator: EncryptedCoordinator<'key'> }> {
  if (cast.holders.length > 1) {
    const { holders, coordinator } = await keyedCommittee(seal, cast, plan);
    return { held: [...holders.entries()], coordinator };
  }
  const { message, next } = await startKeyHolder(plan, seal, { signer: cast.holders[0] as Signer });
  const coordinator = beginEncryptedRound(plan);
  taken(coordinator, message);
  return { held: [[0, next]], coordinator };
}

/**
 * One client's whole upload: taken in here (every byte hashed and checked, kept, and for a committee its
 * first halves added up), loaded and added by SEAL there.
 */
async function uploading(
  book: Book,
  seal: Seal,
  name: string,
  plan: EncryptedRound,
  coordinator: EncryptedCoordinator<'upload'>,
  clients: readonly EncryptedClient<'upload'>[],
): Promise<void> {
  const { set, ciphertexts } = plan.sum;
  const chunks = clients.map((client) =>
    Array.from({ length: ciphertexts }, (_, index) => chunkOf(client, index)),
  );
  using bodies = openLatticeSum(set, 'body', plan.roundId, ciphertexts);
  using context = contextFor(seal, set);
  using evaluator = evaluatorOf(context);
  const raw = { context: rawOf(context, 'context'), evaluator: rawOf(evaluator, 'evaluator') };
  const { module } = insideOf(seal);
  const blobs = (chunks[0] as Uint8Array[]).map((chunk, index) =>
    ciphertextBlob(context.data, bothHalves(plan, chunk, index), 1),
  );
  const sums = blobs.map((blob) => {
    const one = new module.Ciphertext();
    one.loadFromArray(raw.context, blob);
    return one;
  });
  const term = new module.Ciphertext();
  let next = 0;
  const accept = (): number => {
    const mine = chunks[next++] as Uint8Array[];
    const start = performance.now();
    for (const chunk of mine) taken(coordinator, chunk);
    if (plan.holders.clients.length > 1) addBodies(bodies, plan, mine);
    return performance.now() - start;
  };
  const loadAndAdd = (): number => {
    const start = performance.now();
    for (const [index, blob] of blobs.entries()) {
      term.loadFromArray(raw.context, blob);
      raw.evaluator.addInplace(sums[index] as (typeof sums)[0], term);
    }
    return performance.now() - start;
  };
  try {
    const sides = { ours: accept, raw: loadAndAdd };
    const times = await interleave(PLAYERS - 1, sides, 1);
    book.time(`${name}/coordinator`, times.ours, [`${name}/load-add`, times.raw]);
    book.time(`${name}/load-add`, times.raw);
    book.ratio(
      `${name}/coordinator/ratio`,
      times.ours,
      [`${name}/load-add`, times.raw],
      COORDINATOR_BOUND,
    );
  } finally {
    for (const one of [...sums, term]) one.delete();
  }
}

function addBodies(bodies: LatticeSum, plan: EncryptedRound, chunks: readonly Uint8Array[]): void {
  const end = 4 + halfLength(plan);
  for (const [index, chunk] of chunks.entries()) addInto(bodies, index, chunk.subarray(4, end));
}

/** A chunk's two halves as SEAL has them, one after the other. */
function bothHalves({ sum, roundId }: EncryptedRound, chunk: Uint8Array, index: number) {
  const head = { set: sum.set, roundId, index };
  const middle = 4 + (chunk.length - 4) / 2;
  const body = decodeLattice({ ...head, kind: 'body' }, chunk.slice(4, middle));
  const mask = decodeLattice({ ...head, kind: 'mask' }, chunk.slice(middle));
  const out = polynomials(coefficientsOf(sum.set, 'ciphertext'));
  out.words.set(body.words);
  out.words.set(mask.words, body.words.length);
  return out;
}
