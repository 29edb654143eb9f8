/**
 * The points that commitments are made of: one for each position in a chunk, and one for blinding.
 * They come from a hash, so nobody had to be trusted and nobody knows a relation between them. Where
 * commitments carry Groth16 proofs they are points of the key instead (`../update/key.ts`).
 */
import { UsageError } from '../../errors.ts';
import { assertInteger } from '../../internal/assert.ts';
import { concat, u32, utf8, wipe } from '../../internal/bytes.ts';
import {
  type CurveEngine,
  everyOf,
  headOf,
  joinTables,
  nobleEngine,
  type PointTable,
} from '../curve/engine.ts';
import { hashToCurve } from '../curve/hash-to-curve.ts';
import { affine, negated, type Point, projective, sumPoints } from '../curve/points.ts';
import { wasmEngine } from '../curve/wasm-engine.ts';
import type { FastCurve } from '../snark.ts';
import { BLINDING_BYTES } from './blinding.ts';

/**
 * Values in a chunk, the last chunk of a vector being shorter. All chunks share their bases, so this
 * is also the most bases that anyone needs: enough that 510 additions a byte for the buckets are
 * small beside one a value, and few enough to be made on the spot.
 */
export const CHUNK_VALUES = 4_096;

/** The version is part of the name: other bases are another scheme. */
const DST = 'veilsum-v1-commitment-BN254G1_XMD:SHA-256_SVDW_RO_';

/** Bases made in one go. */
const SLICE = 128;

/** What commitments are made and opened with. */
export type CommitmentBases = {
  /** For chunks of up to this many values. */
  readonly count: number;
  /** Values in a chunk; the last chunk of a vector may have fewer. */
  readonly chunkValues: number;
  /**
   * Whether they come from a hash. If not, they come from the setup of a key: whoever knows its secrets
   * opens a commitment to other values.
   */
  readonly transparent: boolean;
  /** Who computes. */
  readonly engine: 'noble' | 'wasm';
};

/** How bases are made. */
export type BasesOptions = {
  /** Computes on snarkjs's curve, which must stay open. Without it, on noble. */
  readonly curve?: FastCurve | undefined;
  /** Stops the making of bases; those that are there already are kept. */
  readonly signal?: AbortSignal;
  /** Hears how many of how many bases there are, every 128. */
  readonly onProgress?: (done: number, total: number) => void;
};

type Inside = {
  readonly engine: CurveEngine;
  readonly threads: number;
  readonly values: PointTable;
  /** 2^(8k)·H for k from 0 to 31. */
  readonly blinding: PointTable;
  /** −2^(8·size − 1)·Σ_{j<count} G_j, by `count:size`. */
  readonly corrections: Map<string, PointTable>;
};

const insides = new WeakMap<CommitmentBases, Inside>();

/** Public, the same for everyone, and made once: G_0, G_1, … and the multiples of H. */
const made: Point[] = [];
let blindingPoints: readonly Point[] | undefined;
let making: Promise<void> = Promise.resolve();

/**
 * Makes the bases for vectors of a given length, or finds them where they were made before.
 *
 * @param length of the longest vector; bases beyond {@link CHUNK_VALUES} are not needed nor made
 * @param options.curve see {@link BasesOptions}
 * @param options.signal see {@link BasesOptions}
 * @param options.onProgress see {@link BasesOptions}
 * @throws UsageError `out-of-range` for a length below 1
 * @throws the signal's reason when it is aborted
 *
 * **Security**: G_j is the hash of "G" and j, H that of "H". Transparent: no setup.
 * **Source**: RFC 9380, `hash_to_curve` with the suite `BN254G1_XMD:SHA-256_SVDW_RO_`.
 * **Cost**: 3.5 powers modulo p for each base, once in a process; far less on snarkjs's curve. Other
 *   work gets a turn every 128 bases.
 */
export async function commitmentBases(
  length: number,
  options: BasesOptions = {},
): Promise<CommitmentBases> {
  assertInteger('commitmentBases: length', length, 1, Number.MAX_SAFE_INTEGER);
  const count = Math.min(length, CHUNK_VALUES);
  const engine = options.curve === undefined ? nobleEngine : wasmEngine(options.curve);
  // One after the other: two makers at once would make the same points twice.
  const mine = making.then(() => makeUpTo(count, engine, options));
  making = mine.catch(() => {});
  await mine;
  return prepared(engine, options.curve, {
    handle: { count, chunkValues: CHUNK_VALUES, transparent: true, engine: engine.name },
    values: made.slice(0, count),
    blinding: blindingPoints as readonly Point[],
  });
}

/**
 * Bases from points of a key, of which none is infinity: a vector's chunks have as many values.
 *
 * **Security**: not transparent. Nobody may know a relation between the points.
 */
export function basesFromKey(
  values: readonly Point[],
  blinding: Point,
  curve: FastCurve | undefined,
): Promise<CommitmentBases> {
  const engine = curve === undefined ? nobleEngine : wasmEngine(curve);
  const count = values.length;
  return prepared(engine, curve, {
    handle: { count, chunkValues: count, transparent: false, engine: engine.name },
    values,
    blinding: powersOf(blinding),
  });
}

async function prepared(
  engine: CurveEngine,
  curve: FastCurve | undefined,
  {
    handle,
    values,
    blinding,
  }: {
    readonly handle: CommitmentBases;
    readonly values: readonly Point[];
    readonly blinding: readonly Point[];
  },
): Promise<CommitmentBases> {
  const bases = Object.freeze(handle);
  insides.set(bases, {
    engine,
    threads: curve?.threads ?? 1,
    values: await engine.prepare(values),
    blinding: await engine.prepare(blinding),
    corrections: new Map(),
  });
  return bases;
}

async function makeUpTo(count: number, engine: CurveEngine, options: BasesOptions): Promise<void> {
  options.signal?.throwIfAborted();
  blindingPoints ??= powersOf((await hashToCurve([utf8('H')], DST, engine))[0] as Point);
  while (made.length < count) {
    const from = made.length;
    const labels: Uint8Array[] = [];
    for (let j = from; j < Math.min(from + SLICE, count); j++) {
      labels.push(concat(utf8('G'), u32(j)));
    }
    made.push(...(await hashToCurve(labels, DST, engine)));
    options.onProgress?.(made.length, count);
    await breathe();
    options.signal?.throwIfAborted();
  }
}

function powersOf(point: Point): readonly Point[] {
  const powers: Point[] = [];
  let power = projective(point);
  for (let k = 0; k < BLINDING_BYTES; k++) {
    powers.push(affine(power));
    for (let i = 0; i < 8; i++) power = power.double();
  }
  return powers;
}

/** Lets the page or the process do something else. */
export function breathe(): Promise<void> {
  const { setImmediate = setTimeout } = globalThis as { setImmediate?: (call: () => void) => void };
  return new Promise((resolve) => void setImmediate(resolve));
}

/** What is behind the handle. */
export function insideOf(what: string, bases: CommitmentBases): Inside {
  const inside = typeof bases === 'object' && bases !== null ? insides.get(bases) : undefined;
  if (inside !== undefined) return inside;
  throw new UsageError(
    'wrong-type',
    `${what}: bases: got something else, expected what commitmentBases gave`,
  );
}

/** @throws UsageError `out-of-range` where a vector has a chunk that the bases are too few for */
export function assertEnoughBases(what: string, bases: CommitmentBases, length: number): void {
  if (Math.min(length, bases.chunkValues) <= bases.count) return;
  throw new UsageError(
    'out-of-range',
    `${what}: got ${length} values and ${bases.count} bases, expected commitmentBases(${length})`,
    { length, count: bases.count },
  );
}

/** Further points of a sum, with their scalars. */
export type FurtherPoints = {
  readonly points: readonly Point[];
  /** As many numbers of `size` bytes each, least significant byte first. */
  readonly scalars: Uint8Array;
};

/**
 * Σ d_j·G_j + r·H + Σ s_i·P_i in one multi-exponentiation.
 *
 * Digits are offset by half their range, which makes them non-negative and keeps them narrow; the
 * offset's part, the same for all vectors of this length, is one more point. r is cut into pieces
 * as narrow as the digits, each with its own multiple of H, so that it costs no further windows.
 *
 * @param digits d_j + 2^(8·size − 1) for each j, `size` bytes, least significant byte first
 * @param size 1 to 31
 * @param blinding r, 32 bytes, most significant first
 */
export async function combine(
  inside: Inside,
  digits: Uint8Array,
  size: number,
  blinding: Uint8Array,
  further?: FurtherPoints,
): Promise<Point> {
  const count = digits.length / size;
  const { engine } = inside;
  const tables = [
    headOf(inside.values, count),
    await correctionOf(inside, count, size),
    everyOf(inside.blinding, size),
  ];
  if (further !== undefined) tables.push(await engine.prepare(further.points));
  const table = joinTables(...tables);
  const scalars = new Uint8Array(table.points.length * size);
  scalars.set(digits);
  scalars[digits.length] = 1;
  const pieces = digits.length + size;
  for (let i = 0; i < BLINDING_BYTES; i++) {
    scalars[pieces + i] = blinding[BLINDING_BYTES - 1 - i] as number;
  }
  if (further !== undefined) scalars.set(further.scalars, scalars.length - further.scalars.length);
  try {
    return await engine.multiply(table, scalars, size);
  } finally {
    wipe(scalars);
  }
}

async function correctionOf(inside: Inside, count: number, size: number): Promise<PointTable> {
  const key = `${count}:${size}`;
  const known = inside.corrections.get(key);
  if (known !== undefined) return known;
  const sum = projective(sumPoints(inside.values.points.slice(0, count)));
  const point = negated(affine(sum.multiplyUnsafe(1n << BigInt(8 * size - 1))));
  const table = await inside.engine.prepare([point]);
  inside.corrections.set(key, table);
  return table;
}
