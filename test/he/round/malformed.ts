/** Malformed uploads against a live round: most have the right length and head, and one fault. */
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'vitest';
import {
  acceptEncrypted,
  beginEncryptedRound,
  chunkOf,
  closeKey,
  type EncryptedCoordinator,
  type EncryptedFault,
  type EncryptedRound,
  encryptForRound,
  liveHandles,
  openSeal,
  parameterSet,
  type Seal,
  startKeyHolder,
} from '../../../src/he/index.ts';
import { halfLength } from '../../../src/he/round/messages.ts';
import type { Signer } from '../../../src/identity/signer.ts';
import { dice } from '../support.ts';
import { type Cast, castOf, planFor, taken, toTheEnd, untilUpload } from './support.ts';

/** Where things lie in a chunk: the sender, and the codec's head twice. */
const SENDER = 4;
const HEAD = 40;

type Fault = (chunk: Uint8Array, roll: () => number) => Uint8Array;

/** Every kind of fault, and how each is told; most of them leave length and head as they were. */
function faultsOf(half: number, width: number): Readonly<Record<string, Fault>> {
  const inEither = (chunk: Uint8Array, roll: () => number): Uint8Array =>
    chunk.subarray(SENDER + (roll() % 2) * half).subarray(0, half);
  const coefficient = (part: Uint8Array, roll: () => number): number =>
    HEAD + width * (roll() % ((part.length - HEAD) / width));
  const flip = (part: Uint8Array, at: number, roll: () => number): void => {
    part[at] = (part[at] as number) ^ (1 << (roll() % 8));
  };
  return {
    // All ones is beyond every prime, and so is the prime itself.
    'coefficient beyond': (chunk, roll) => {
      const part = inEither(chunk, roll);
      const at = coefficient(part, roll);
      part.fill(0xff, at, at + width);
      return chunk;
    },
    'coefficient = q': (chunk, roll) => {
      const part = inEither(chunk, roll);
      const at = coefficient(part, roll);
      let [q] = parameterSet('exact-2048').primes as [bigint];
      for (let i = 0; i < width; i++, q >>= 8n) part[at + i] = Number(q & 0xffn);
      return chunk;
    },
    // A residue like any other: only the hash tells.
    'another coefficient': (chunk, roll) => {
      const part = inEither(chunk, roll);
      flip(part, coefficient(part, roll), roll);
      return chunk;
    },
    'zero polynomial': (chunk, roll) => {
      inEither(chunk, roll).fill(0, HEAD);
      return chunk;
    },
    'parameter set': (chunk, roll) => {
      flip(inEither(chunk, roll), 2 + (roll() % 2), roll);
      return chunk;
    },
    'round id': (chunk, roll) => {
      flip(inEither(chunk, roll), 4 + (roll() % 32), roll);
      return chunk;
    },
    index: (chunk, roll) => {
      flip(inEither(chunk, roll), 36 + (roll() % 4), roll);
      return chunk;
    },
    kind: (chunk, roll) => {
      flip(inEither(chunk, roll), roll() % 2, roll);
      return chunk;
    },
    sender: (chunk, roll) => {
      flip(chunk, roll() % SENDER, roll);
      return chunk;
    },
    truncated: (chunk, roll) => chunk.subarray(0, roll() % chunk.length),
    oversized: (chunk, roll) => {
      const out = new Uint8Array(chunk.length + 1 + (roll() % 64));
      out.set(chunk);
      return out;
    },
  };
}

/** Those with the right length and head, but for the one number that the fault is in. */
const ONE_FAULT = [
  'coefficient beyond',
  'coefficient = q',
  'another coefficient',
  'parameter set',
  'round id',
  'signature',
] as const;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/**
 * Bytes in use when nothing is left to collect, and those of the process. The engine gives array buffers
 * back beside the program, so right after one collection some megabytes of dead ones may still be counted.
 */
async function held(): Promise<{ readonly used: number; readonly resident: number }> {
  collectGarbage();
  await setTimeout(50);
  collectGarbage();
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  return { used: heapUsed + arrayBuffers, resident: rss };
}

/** A round that takes commits, and one whose signature is all that may be wrong with it. */
async function committing(
  seal: Seal,
  cast: Cast,
  plan: EncryptedRound,
  vector: Float64Array,
): Promise<{ readonly state: EncryptedCoordinator<'commit'>; readonly message: Uint8Array }> {
  const keyed = await startKeyHolder(plan, seal, { signer: cast.holders[0] as Signer });
  const first = beginEncryptedRound(plan);
  taken(first, keyed.message);
  const { next, downlink } = closeKey(first);
  const signer = cast.clients[0] as Signer;
  const { message } = await encryptForRound(plan, seal, signer, downlink, vector);
  return { state: next, message };
}

/** Sends so many, then the good ones, and opens: all refused, nobody harmed, memory flat. */
export async function malformedUploads(count: number): Promise<void> {
  const seal = await openSeal();
  const cast = await castOf(3);
  const length = 2_500;
  const plan = planFor(cast, { length });
  expect(plan.sum.set.name).toBe('exact-2048');
  const vectors = [1, 2, 3].map((value) => new Float64Array(length).fill(value));
  const round = await untilUpload(seal, cast, plan, vectors);
  const chunks = round.clients.flatMap((client) =>
    Array.from({ length: plan.sum.ciphertexts }, (_, k) => chunkOf(client, k)),
  );
  const commits = await committing(seal, cast, plan, vectors[0] as Float64Array);
  const faults = faultsOf(halfLength(plan), 7);
  const others = Object.keys(faults).filter((name) => !ONE_FAULT.includes(name as never));
  const codes = new Map<string, number>();
  const roll = dice(count);
  /** A chunk with this fault; a signature is that of a commit, which pins the chunks. */
  const refusedFor = (name: string): EncryptedFault | undefined => {
    if (name === 'signature') {
      const message = commits.message.slice();
      const at = message.length - 1 - (roll() % 64);
      message[at] = (message[at] as number) ^ (1 << (roll() % 8));
      return acceptEncrypted(commits.state, message);
    }
    const chunk = (chunks[roll() % chunks.length] as Uint8Array).slice();
    return acceptEncrypted(round.coordinator, (faults[name] as Fault)(chunk, roll));
  };
  let atHalf = await held();
  let wellFormed = 0;
  for (let i = 0; i < count; i++) {
    const isOneFault = i % 5 < 3;
    const pool = isOneFault ? ONE_FAULT : others;
    const name = pool[roll() % pool.length] as string;
    if (isOneFault) wellFormed++;
    const refused = refusedFor(name);
    if (refused === undefined) throw new Error(`a chunk with another ${name} was taken`);
    if (refused.culprit !== undefined) throw new Error(`${refused.culprit} was blamed for ${name}`);
    codes.set(refused.code, (codes.get(refused.code) ?? 0) + 1);
    if (i === Math.floor(count / 2)) atHalf = await held();
  }
  expect(wellFormed).toBeGreaterThan(count / 2);
  // Kept, each of the second half would be 28 kB: 70 MB of 5,000, 1.4 GB of 100,000.
  const { used, resident } = await held();
  expect(used - atHalf.used).toBeLessThan(4 * 2 ** 20);
  expect(resident - atHalf.resident).toBeLessThan(128 * 2 ** 20);
  const expected = ['malformed', 'non-canonical', 'not-committed', 'not-on-roster', 'truncated'];
  for (const code of [
    ...expected,
    'trailing-bytes',
    'wrong-round',
    'wrong-phase',
    'bad-signature',
  ]) {
    expect([code, (codes.get(code) ?? 0) > count / 500]).toEqual([code, true]);
  }
  for (const chunk of chunks) expect(acceptEncrypted(round.coordinator, chunk)).toBeUndefined();
  // The commit as its client signed it.
  expect(acceptEncrypted(commits.state, commits.message)).toBeUndefined();
  const { sums, refused, contributors } = await toTheEnd(round);
  expect(contributors).toHaveLength(3);
  expect(sums).toEqual(new Float64Array(length).fill(6));
  expect(refused.length).toBeLessThanOrEqual(1_024 + 4 * 3);
  expect(liveHandles(seal)).toBe(0);
}
