/**
 * Work on blocks of 2,048 coefficients under lattice masks: hiding them, and opening sums of them. All of it
 * happens in the memory of one bench; `lattice/` says what it means.
 */
import { RING_DEGREE, RING_PRIMES, RING_TABLE_WORDS, ringTables } from './ring-tables.ts';
import { forward, hide as hideTwin, type LatticeCode, open as openTwin } from './twin/lattice.ts';
import { homeOf, residentTables } from './wasm.ts';

export type { LatticeCode } from './twin/lattice.ts';

/** Bytes of keystream from which one polynomial modulo one prime is made: 100 blocks of ChaCha20. */
export const RING_WINDOW = 6_400;

/** Blocks that a bench has room for at a time. */
export const BENCH_BLOCKS = 8;

/** Memory for work on blocks, all of it in one place. See {@link withLatticeBench}. */
export type LatticeBench = {
  /** Keystream for one public polynomial: a window of {@link RING_WINDOW} bytes for each prime. */
  readonly windows: Uint32Array;
  /** A public polynomial: its values modulo both primes. */
  readonly polynomial: Int32Array;
  /** Secrets by their values, two blocks for each prime. */
  readonly secrets: readonly Int32Array[];
  /** A secret's coefficients, before {@link ringValues}. */
  readonly coefficients: Int32Array;
  /** Messages, errors and words of as many as {@link BENCH_BLOCKS} blocks. */
  readonly messages: Int32Array;
  readonly errors: Int16Array;
  /** The upper 32 bits of words on the wire, or all; and the others. */
  readonly words: Uint32Array;
  readonly lows: Uint32Array;
  /** Whatever else is in the memory. */
  readonly inside: {
    readonly tables: Int32Array;
    readonly work: Int32Array;
    readonly code: DataView;
  };
};

/** Both primes' tables; made once. */
let tables: readonly [Int32Array, Int32Array] | undefined;

/** The bench that was used last. One is enough: work on blocks never waits for anything. */
let idle: LatticeBench | undefined;

/**
 * Gives `work` a bench for `secrets` secrets, zeroed, and wipes it whatever comes of it.
 *
 * **Cost**: 500 KB that stay, and 32 KB a secret; the first one takes some milliseconds for tables of roots.
 */
export function withLatticeBench<T>(secrets: number, work: (bench: LatticeBench) => T): T {
  const bench = idle?.secrets.length === secrets ? idle : latticeBench(secrets);
  idle = undefined;
  try {
    return work(bench);
  } finally {
    wipeBench(bench);
    idle = bench;
  }
}

function latticeBench(secrets: number): LatticeBench {
  tables ??= [ringTables(RING_PRIMES[0]), ringTables(RING_PRIMES[1])];
  const all = BENCH_BLOCKS * RING_DEGREE;
  const lengths = [
    2 * RING_TABLE_WORDS,
    2 * RING_DEGREE,
    64,
    RING_WINDOW / 2,
    2 * RING_DEGREE,
    RING_DEGREE,
    all,
    all / 2,
    all,
    all,
  ];
  const perSecret = new Array<number>(secrets).fill(4 * RING_DEGREE);
  const memory = residentTables([...lengths, ...perSecret]);
  const signed = memory.map(
    ({ buffer, byteOffset, length }) => new Int32Array(buffer, byteOffset, length),
  );
  const at = (i: number): Uint32Array => memory[i] as Uint32Array;
  const own = signed[0] as Int32Array;
  own.set(tables[0]);
  own.set(tables[1], RING_TABLE_WORDS);
  const [code, windows, errors] = [at(2), at(3), at(7)];
  return Object.freeze({
    windows,
    polynomial: signed[4] as Int32Array,
    secrets: signed.slice(lengths.length),
    coefficients: signed[5] as Int32Array,
    messages: signed[6] as Int32Array,
    errors: new Int16Array(errors.buffer, errors.byteOffset, all),
    words: at(8),
    lows: at(9),
    inside: Object.freeze({
      tables: own,
      work: signed[1] as Int32Array,
      code: new DataView(code.buffer, code.byteOffset, code.byteLength),
    }),
  });
}

/** Overwrites all that a bench holds but its tables. */
function wipeBench(bench: LatticeBench): void {
  const { windows, polynomial, secrets, coefficients, messages, errors, words, lows, inside } =
    bench;
  for (const memory of [windows, polynomial, coefficients, messages, errors, words, lows]) {
    memory.fill(0);
  }
  for (const secret of secrets) secret.fill(0);
  inside.work.fill(0);
}

/**
 * Makes the bench's public polynomial from the keystream in its windows: candidates of 23 bits in order,
 * those below the prime.
 *
 * @returns whether there were enough: too few come with a probability below 2^−100
 */
export function ringPolynomial(bench: LatticeBench): boolean {
  const { windows, polynomial, inside } = bench;
  const instance = homeOf(polynomial);
  return RING_PRIMES.every(({ p }, prime) => {
    const out = polynomial.subarray(prime * RING_DEGREE, (prime + 1) * RING_DEGREE);
    const from = windows.byteOffset + prime * RING_WINDOW;
    if (instance === undefined) {
      return uniform(out, new Uint8Array(windows.buffer, from, RING_WINDOW), p);
    }
    const at = inside.tables.byteOffset + 4 * prime * RING_TABLE_WORDS;
    return instance.exports.ringUniform(out.byteOffset, from, RING_WINDOW, at) === 1;
  });
}

/** The twin of `ringUniform`. */
function uniform(out: Int32Array, from: Uint8Array, p: number): boolean {
  let count = 0;
  for (let at = 0; at + 3 <= RING_WINDOW && count < RING_DEGREE; at += 3) {
    const [a, b, c] = [from[at] as number, from[at + 1] as number, from[at + 2] as number];
    const candidate = a | (b << 8) | ((c & 0x7f) << 16);
    if (candidate < p) out[count++] = candidate;
  }
  return count === RING_DEGREE;
}

/** Makes secret number `which` of the bench's coefficients, each below 2^27 in magnitude. They are kept. */
export function ringValues(bench: LatticeBench, which: number): void {
  const { coefficients, secrets, inside } = bench;
  const secret = secrets[which] as Int32Array;
  const instance = homeOf(secret);
  for (const prime of [0, 1] as const) {
    const out = secret.subarray(2 * prime * RING_DEGREE, 2 * (prime + 1) * RING_DEGREE);
    if (instance === undefined) forward(out, coefficients, prime);
    else {
      instance.exports.ringForward(
        out.byteOffset,
        coefficients.byteOffset,
        inside.work.byteOffset,
        inside.tables.byteOffset + 4 * prime * RING_TABLE_WORDS,
      );
    }
  }
}

/** Lays a field's parameters out for {@link hideBlock} and {@link openBlock}. */
export function setCode({ inside: { code } }: LatticeBench, of: LatticeCode): void {
  RING_PRIMES.forEach(({ p, part, fraction }, prime) => {
    const at = 20 * prime;
    const modulus = BigInt(p);
    const centre = (x: bigint): bigint => (x > modulus / 2n ? x - modulus : x);
    const factor = Number(centre((of.step * BigInt(part)) % modulus));
    code.setInt32(at, factor, true);
    code.setFloat32(at + 4, factor / p, true);
    code.setInt32(at + 8, Number(centre(BigInt(part))), true);
    const low = BigInt.asIntN(32, fraction);
    code.setInt32(at + 12, Number(low), true);
    code.setInt32(at + 16, Number((fraction - low) >> 32n), true);
  });
  code.setBigUint64(40, 2n ** BigInt(63 - of.wireBits), true);
  code.setBigUint64(48, BigInt(of.offset), true);
  code.setBigUint64(56, 2n ** BigInt(of.wireBits) - 1n, true);
  code.setFloat64(64, 1 / of.delta, true);
  code.setFloat64(72, of.delta, true);
  code.setFloat64(80, of.middle, true);
  code.setInt32(88, of.low, true);
  code.setFloat64(96, 2 ** 52, true);
  code.setFloat64(104, 1.5 * 2 ** 52, true);
  code.setFloat64(112, 1.5 * 2 ** 52 + of.most, true);
}

/**
 * Hides block `at` of the bench's messages and errors under its polynomial and a secret: into its words.
 *
 * @param of as {@link setCode} was given
 *
 * **Security**: time and addresses depend on nothing that is secret.
 */
export function hideBlock(bench: LatticeBench, which: number, at: number, of: LatticeCode): void {
  const { polynomial, secrets, messages, errors, words, lows, inside } = bench;
  const secret = secrets[which] as Int32Array;
  const [from, to] = [at * RING_DEGREE, (at + 1) * RING_DEGREE];
  const instance = homeOf(polynomial);
  if (instance === undefined) {
    const [out, low] = [words.subarray(from, to), lows.subarray(from, to)];
    const [e, m] = [errors.subarray(from, to), messages.subarray(from, to)];
    hideTwin(out, low, polynomial, secret, e, m, of);
    return;
  }
  instance.exports.latticeHide(
    words.byteOffset + 4 * from,
    lows.byteOffset + 4 * from,
    inside.work.byteOffset,
    polynomial.byteOffset,
    secret.byteOffset,
    errors.byteOffset + 2 * from,
    messages.byteOffset + 4 * from,
    inside.code.byteOffset,
    inside.tables.byteOffset,
    4 * RING_TABLE_WORDS,
    of.wireBits,
  );
}

/** Where the kernel leaves the greatest and least remainders of a block. */
const OPENED = 128;

/**
 * Opens block `at` of sums in the bench's words, under its polynomial and the sum of secrets: into its
 * messages, as numbers of steps above the least sum, with `of.low` added.
 *
 * @returns the largest remainder, in units of the wire and within a quarter of one (a sixteenth for k ≤ 32); what a
 *   sum has beyond the greatest one is all remainder, half of δ at least
 */
export function openBlock(bench: LatticeBench, which: number, at: number, of: LatticeCode): number {
  const { polynomial, secrets, messages, words, lows, inside } = bench;
  const secret = secrets[which] as Int32Array;
  const [from, to] = [at * RING_DEGREE, (at + 1) * RING_DEGREE];
  const instance = homeOf(polynomial);
  if (instance === undefined) {
    const out = new Uint32Array(messages.buffer, messages.byteOffset + 4 * from, RING_DEGREE);
    return openTwin(out, words.subarray(from, to), lows.subarray(from, to), polynomial, secret, of);
  }
  const { code } = inside;
  for (let at = OPENED; at < OPENED + 32; at += 8) code.setFloat64(at, 0, true);
  instance.exports.latticeOpen(
    messages.byteOffset + 4 * from,
    words.byteOffset + 4 * from,
    lows.byteOffset + 4 * from,
    inside.work.byteOffset,
    polynomial.byteOffset,
    secret.byteOffset,
    inside.code.byteOffset,
    inside.tables.byteOffset,
    4 * RING_TABLE_WORDS,
    of.wireBits,
  );
  let worst = 0;
  for (let at = OPENED; at < OPENED + 32; at += 8) {
    worst = Math.max(worst, Math.abs(code.getFloat64(at, true)));
  }
  return worst;
}
