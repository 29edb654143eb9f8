/** Commitments: making bases and commitments, and opening the sum of a thousand. */
import { randomBytes } from 'node:crypto';
import { u32 } from '../src/internal/bytes.ts';
import {
  addBlindings,
  addCommitments,
  type CommitmentBases,
  chunkCount,
  commitmentBases,
  commitVector,
  freshBlinding,
  type OpeningClaim,
  openSum,
} from '../src/zk/commitment/index.ts';
import { nobleEngine } from '../src/zk/curve/engine.ts';
import { hashToCurve } from '../src/zk/curve/hash-to-curve.ts';
import { wasmEngine } from '../src/zk/curve/wasm-engine.ts';
import { openCurve } from '../test/zk/support.ts';
import { type Book, interleave, progress, type Side, stopwatch } from './harness.ts';

/** Bases of one sample. */
const POINTS = 250;
/** Values of one sample: two full chunks. */
const LENGTH = 8_192;
/** Bytes of a scalar. */
const WIDTHS = [1, 2, 4] as const;
/** Milliseconds for 1,000 values of two bytes on the fast curve. */
const BOUND = 3;
const SAMPLES = 7;

/** The opening: so many clients and values, of which the bits say how many bytes they take. */
const CLIENTS = 1_000;
const VALUES = 100_000;
const BITS = 16;
/** Vectors that are committed to; a client's is the sum of some, so that all clients differ. */
const PARTS = 10;
const OPENINGS = 3;

/** On noble, and on the fast curve with one thread. */
type Both<T> = { readonly noble: T; readonly wasm: T };
const NAMES = ['noble', 'wasm'] as const;

/** Adds the rows of commitments and openings: a minute. */
export async function zkCommitments(book: Book): Promise<void> {
  const curve = await openCurve();
  progress('zk: bases');
  await making(book, { noble: nobleEngine, wasm: wasmEngine(curve) });
  const bases = {
    wasm: await commitmentBases(VALUES, { curve }),
    noble: await commitmentBases(VALUES),
  };
  progress('zk: commitments');
  await committing(book, bases);
  progress('zk: openings');
  await opening(book, bases);
  await curve.dispose();
}

/** Milliseconds for 1,000 points from a hash. */
async function making(book: Book, engines: Both<typeof nobleEngine>): Promise<void> {
  const labels = Array.from({ length: POINTS }, (_, i) => u32(i));
  const side = (name: keyof typeof engines): Side => {
    return async () => {
      const [ms] = await stopwatch(() => hashToCurve(labels, 'veilsum-benchmark', engines[name]));
      return (ms * 1_000) / POINTS;
    };
  };
  const times = await interleave(SAMPLES, { noble: side('noble'), wasm: side('wasm') }, 1);
  book.time('zk/bases/noble', times.noble);
  book.time('zk/bases/wasm', times.wasm, ['zk/bases/noble', times.noble]);
}

/** Milliseconds for 1,000 values. */
async function committing(book: Book, bases: Both<CommitmentBases>): Promise<void> {
  const sides: Record<string, Side> = {};
  for (const width of WIDTHS) {
    const values = numbers(LENGTH, 8 * width);
    const blindings = blindingsFor(LENGTH);
    for (const name of NAMES) {
      sides[`zk/commit/bytes=${width}/${name}`] = async () => {
        const [ms] = await stopwatch(() => commitVector(bases[name], values, 8 * width, blindings));
        return (ms * 1_000) / LENGTH;
      };
    }
  }
  const times = await interleave(SAMPLES, sides, 1);
  for (const [row, timing] of Object.entries(times)) {
    const [other, isWasm] = [row.replace(/wasm$/, 'noble'), row.endsWith('wasm')];
    const noble = times[other];
    if (!isWasm || noble === undefined) book.time(row, timing);
    else book.time(row, timing, [other, noble], row.includes('bytes=2') ? BOUND : undefined);
  }
}

/** The whole check of a sum, and its two parts: adding commitments, and one sum of multiples. */
async function opening(book: Book, bases: Both<CommitmentBases>): Promise<void> {
  const claim = await thousandClients(bases.wasm);
  const [group] = claim.groups;
  if (group === undefined) throw new Error('no commitments');
  const joined = {
    ...claim,
    // As wide as a thousand of them are.
    groups: [{ bits: BITS + 10, commitments: [addCommitments(group.commitments)] }],
  };
  const opened = (name: keyof typeof bases, what: OpeningClaim): Side => {
    return async () => {
      const [ms, verdict] = await stopwatch(() => openSum(bases[name], what));
      if (!verdict.valid) throw new Error(`a sum that should open does not: ${verdict.reason}`);
      return ms;
    };
  };
  const times = await interleave(
    OPENINGS,
    {
      adding: async () => (await stopwatch(() => addCommitments(group.commitments)))[0],
      noble: opened('noble', claim),
      'noble/multiples': opened('noble', joined),
      wasm: opened('wasm', claim),
      'wasm/multiples': opened('wasm', joined),
    },
    1,
  );
  const row = `zk/open/n=${CLIENTS},d=${VALUES}`;
  book.time(`${row}/noble`, times.noble);
  book.time(`${row}/noble/multiples`, times['noble/multiples'], [`${row}/noble`, times.noble]);
  book.time(`${row}/wasm`, times.wasm, [`${row}/noble`, times.noble]);
  book.time(`${row}/wasm/multiples`, times['wasm/multiples'], [`${row}/wasm`, times.wasm]);
  book.time(`${row}/adding`, times.adding, [`${row}/wasm`, times.wasm]);
}

/**
 * Commitments of a thousand clients, all different, at the price of ten: client i has the sum of the
 * vectors that the binary digits of i + 1 name, and as its commitment the sum of theirs.
 */
async function thousandClients(bases: CommitmentBases): Promise<OpeningClaim> {
  const chunks = chunkCount(VALUES);
  const vectors = Array.from({ length: PARTS }, () => numbers(VALUES, BITS - 4));
  const secrets = vectors.map(() => blindingsFor(VALUES));
  const parts: Uint8Array[] = [];
  for (let p = 0; p < PARTS; p++) {
    const [vector, blindings] = [vectors[p] as Int32Array, secrets[p] as Uint8Array[]];
    parts.push(await commitVector(bases, vector, BITS, blindings));
  }
  const commitments: Uint8Array[] = [];
  const uses = new Array<number>(PARTS).fill(0);
  for (let digits = 1; digits <= CLIENTS; digits++) {
    const top = 31 - Math.clz32(digits);
    const rest = commitments[digits - 2 ** top - 1];
    const part = parts[top] as Uint8Array;
    commitments.push(rest === undefined ? part : addCommitments([rest, part]));
    for (let p = 0; p < PARTS; p++) uses[p] = (uses[p] as number) + ((digits >> p) & 1);
  }
  const aggregate = new Float64Array(VALUES);
  vectors.forEach((vector, p) => {
    for (let j = 0; j < VALUES; j++) {
      aggregate[j] = (aggregate[j] as number) + (uses[p] as number) * (vector[j] as number);
    }
  });
  const blindings = Array.from({ length: chunks }, (_, chunk) =>
    addBlindings(
      ...secrets.flatMap((one, p) => new Array(uses[p] as number).fill(one[chunk] as Uint8Array)),
    ),
  );
  return { length: VALUES, groups: [{ bits: BITS, commitments }], aggregate, blindings };
}

const blindingsFor = (length: number): Uint8Array[] =>
  Array.from({ length: chunkCount(length) }, () => freshBlinding());

/** Uniform over all numbers of so many bits. */
function numbers(length: number, bits: number): Int32Array {
  const bytes = randomBytes(4 * length);
  return Int32Array.from({ length }, (_, i) => bytes.readInt32LE(4 * i) >> (32 - bits));
}
