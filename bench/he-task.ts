/**
 * A whole task of the he room for each parameter set: 10^6 coordinates of 100 clients, through the
 * steps of a round. What a client does, what the coordinator does for each, what holders do, and how
 * long it takes to open the sum; beside the coordinator, SEAL's own load and add of the same ciphertexts.
 */
import { hash } from 'node:crypto';
import { ciphertextBlob, polynomials } from '../src/he/blob.ts';
import { coefficientsOf, decodeLattice } from '../src/he/codec.ts';
import { contextFor } from '../src/he/context.ts';
import { insideOf, rawOf, type Seal } from '../src/he/handles.ts';
import {
  beginEncryptedRound,
  type ChunkStore,
  closeCommits,
  closeKey,
  closeRoot,
  type EncryptedCoordinator,
  type EncryptedHolder,
  type EncryptedRound,
  type EncryptedRoundFacts,
  encryptForRound,
  signRoot,
  startKeyHolder,
} from '../src/he/index.ts';
import { evaluatorOf } from '../src/he/objects.ts';
import type { ParameterSetName } from '../src/he/parameters.ts';
import { ledgerOf } from '../src/he/round/coordinator-state.ts';
import { encryptVector } from '../src/he/round/encrypt.ts';
import { chunkLength, halfLength, hashOfHalf, keyHashOf, say } from '../src/he/round/messages.ts';
import { addInto, openLatticeSum } from '../src/he/sum/lattice-sum.ts';
import type { Signer } from '../src/identity/signer.ts';
import { concat } from '../src/internal/bytes.ts';
import { type Cast, castOf, keyedCommittee, planFor, taken } from '../test/he/round/support.ts';
import { type Book, interleave, progress, settle, stopwatch, timing } from './harness.ts';
import { heOpening } from './he-open.ts';

const LENGTH = 1_000_000;
const CLIENTS = 100;
/** Clients that upload, so that the task fits into memory: times of the coordinator are for each. */
const UPLOADERS = 10;
/** Clients whose bodies a sample adds up, place by place. */
const ADDED = 4;
const COORDINATOR_BOUND = 2.5;

/** As many as there are clients, but for the one that warms up. */
const SAMPLES = UPLOADERS - 1;

/** A set, facts whose plan has it, and the bytes of an upload over those of float32 that an issue allows. */
type Task = {
  readonly set: ParameterSetName;
  readonly holders: number;
  readonly most?: number;
  readonly facts: Partial<EncryptedRoundFacts>;
};

const reals = { threshold: 3, scheme: 'ckks' } as const;

const TASKS: readonly Task[] = [
  { set: 'exact-2048', holders: 1, facts: { precision: 1 / 600 } },
  { set: 'exact-4096', holders: 1, most: 2.1, facts: { precision: 1 / 65_535 } },
  {
    set: 'exact-committee-8192',
    holders: 5,
    most: 4.1,
    facts: { precision: 1 / 65_535, threshold: 3 },
  },
  {
    set: 'exact-committee-8192-wide',
    holders: 5,
    facts: { precision: 1e-6, threshold: 3 },
  },
  {
    set: 'approximate-committee-4096',
    holders: 5,
    most: 12.1,
    facts: { ...reals, precision: 1e-6 },
  },
  { set: 'approximate-committee-8192', holders: 5, facts: { ...reals, precision: 1e-8 } },
];

/** Plays every task. */
export async function heTasks(book: Book, seal: Seal): Promise<void> {
  for (const task of TASKS) {
    progress(`he: the task with ${task.set}`);
    await play(book, seal, task);
  }
}

async function play(book: Book, seal: Seal, { set, holders, most, facts }: Task): Promise<void> {
  const name = `he/task/${set}`;
  const cast = await castOf(CLIENTS, holders);
  const plan = planFor(cast, { length: LENGTH, clip: 1, ...facts });
  if (plan.sum.set.name !== set) throw new Error(`${name}: the plan chose ${plan.sum.set.name}`);
  const upload = (plan.sum.ciphertexts * chunkLength(plan)) / LENGTH;
  book.bytes(`${name}/bytes-per-value`, upload, most === undefined ? null : 4 * most, 'bound');

  const vector = Float64Array.from({ length: LENGTH }, (_, i) => ((i * 7919) % 2001) / 1000 - 1);
  const keyed = await keys(seal, cast, plan);
  const key = closeKey(keyed.coordinator);
  const { client } = await interleave(3, {
    client: async () => {
      settle();
      const signer = cast.clients[0] as Signer;
      return (await stopwatch(() => encryptForRound(plan, seal, signer, key.downlink, vector)))[0];
    },
  });
  book.time(`${name}/client`, client);

  // One vector's ciphertexts, in the name of each client that uploads.
  const chunks: Uint8Array[] = [];
  const { publicKey } = ledgerOf(key.next);
  encryptVector(plan, seal, publicKey, vector, (_, { body, mask }) => {
    chunks.push(concat(new Uint8Array(4), body, mask));
  });
  for (let sender = 0; sender < UPLOADERS; sender++) {
    taken(key.next, await commitOf(plan, cast, publicKey, chunks, sender));
  }
  const committed = closeCommits(key.next);
  const rooted: EncryptedHolder<'close'>[] = [];
  for (const state of keyed.holders) {
    const { next, message } = await signRoot(state, committed.downlink);
    taken(committed.next, message);
    rooted.push(next);
  }
  const { next: uploading } = closeRoot(committed.next);
  await coordinator(book, seal, name, uploading, chunks);
  await heOpening(book, seal, name, uploading, rooted, vector);
}

/** The holders with their key. */
async function keys(
  seal: Seal,
  cast: Cast,
  plan: EncryptedRound,
): Promise<{
  readonly holders: readonly EncryptedHolder<'root'>[];
  readonly coordinator: EncryptedCoordinator<'key'>;
}> {
  if (cast.holders.length > 1) {
    return keyedCommittee(seal, cast, plan, undefined, oneStore(plan));
  }
  const { next, message } = await startKeyHolder(plan, seal, { signer: cast.holders[0] as Signer });
  const coordinator = beginEncryptedRound(plan, oneStore(plan));
  taken(coordinator, message);
  return { holders: [next], coordinator };
}

/**
 * Memory for the chunks of one client: all that upload have the same ones, but for the sender. As on
 * SEAL's side nothing is given back, so what the platform takes to find fresh pages is on neither.
 */
function oneStore(plan: EncryptedRound): ChunkStore {
  const length = chunkLength(plan);
  const block = new Uint8Array(length * plan.sum.ciphertexts);
  return {
    put: (_, index, chunk) => block.set(chunk, index * length),
    get: (_, index) => block.subarray(index * length, (index + 1) * length),
  };
}

/** What a client would have committed to if these chunks were its own. */
async function commitOf(
  plan: EncryptedRound,
  cast: Cast,
  publicKey: Uint8Array,
  chunks: readonly Uint8Array[],
  sender: number,
): Promise<Uint8Array> {
  const half = halfLength(plan);
  const hashes = chunks.flatMap((chunk) => [
    hashOfHalf(sender, chunk.subarray(4, 4 + half)),
    hashOfHalf(sender, chunk.subarray(4 + half)),
  ]);
  const signer = cast.clients[sender] as Signer;
  const keyHash = keyHashOf(plan, publicKey);
  return (await say(plan, 'commit', sender, signer, keyHash, concat(...hashes))).message;
}

/** All of a client's chunks: taken in (and for a committee added up) here, loaded and added by SEAL there. */
async function coordinator(
  book: Book,
  seal: Seal,
  name: string,
  state: EncryptedCoordinator<'upload'>,
  chunks: readonly Uint8Array[],
): Promise<void> {
  const { plan } = ledgerOf(state);
  const { set } = plan.sum;
  const half = halfLength(plan);
  using context = contextFor(seal, set);
  using evaluator = evaluatorOf(context);
  using bodies = openLatticeSum(set, 'body', plan.roundId, chunks.length);
  const raw = { context: rawOf(context, 'context'), evaluator: rawOf(evaluator, 'evaluator') };
  const { module } = insideOf(seal);
  const blobs = chunks.map((chunk, index) => {
    const both = polynomials(coefficientsOf(set, 'ciphertext'));
    for (const [i, kind] of (['body', 'mask'] as const).entries()) {
      const from = 4 + i * half;
      const head = { kind, set, roundId: plan.roundId, index };
      const { words } = decodeLattice(head, chunk.subarray(from, from + half));
      both.words.set(words, i * words.length);
    }
    return ciphertextBlob(context.data, both, 1);
  });
  const term = new module.Ciphertext();
  const sums = blobs.map((blob) => {
    const sum = new module.Ciphertext();
    sum.loadFromArray(raw.context, blob);
    return sum;
  });
  const accepting = (sample: number): number => {
    for (const chunk of chunks) new DataView(chunk.buffer).setUint32(0, sample + 1);
    const start = performance.now();
    for (const chunk of chunks) taken(state, chunk as never);
    return performance.now() - start;
  };
  // As many memories as clients, for what is added is in no cache; the sum of a place is.
  const added = Array.from({ length: set.keys === 'key-holder' ? 0 : ADDED }, () =>
    chunks.map((chunk) => chunk.slice(4, 4 + half)),
  );
  const adding = (): number => {
    if (added.length === 0) return 0;
    const start = performance.now();
    for (let index = 0; index < chunks.length; index++) {
      for (const body of added) addInto(bodies, index, body[index] as Uint8Array);
    }
    return (performance.now() - start) / added.length;
  };
  const parts = { accept: [] as number[], add: [] as number[] };
  const times = await interleave(
    SAMPLES,
    {
      ours: (sample) => {
        const [accept, add] = [accepting(sample), adding()];
        if (sample >= 0) {
          parts.accept.push(accept);
          parts.add.push(add);
        }
        return accept + add;
      },
      // The least that a look at the commitment takes.
      hash: () => {
        const start = performance.now();
        for (const chunk of chunks) hash('sha256', chunk, 'buffer');
        return performance.now() - start;
      },
      raw: () => {
        const start = performance.now();
        for (const [i, blob] of blobs.entries()) {
          term.loadFromArray(raw.context, blob);
          raw.evaluator.addInplace(sums[i] as typeof term, term);
        }
        return performance.now() - start;
      },
    },
    1,
  );
  for (const one of [...sums, term]) one.delete();
  const against = [`${name}/coordinator/load-add`, times.raw] as const;
  book.time(`${name}/coordinator`, times.ours, against);
  book.time(`${name}/coordinator/accept`, timing(parts.accept), against);
  if (set.keys === 'committee') {
    book.time(`${name}/coordinator/add`, timing(parts.add), against);
  }
  book.time(`${name}/coordinator/sha-256`, times.hash, against);
  book.time(against[0], times.raw);
  book.ratio(`${name}/coordinator/ratio`, times.ours, against, COORDINATOR_BOUND);
}
