/**
 * What is fuzzed, and what must hold of each case: only veilsum's errors of the documented kinds, or a
 * verdict; nothing accepted that is not the one encoding of what was read; no hang, no allocation on a
 * stranger's word, no change of the caller's bytes.
 */
import { VeilsumError } from '../../src/errors.ts';
import { dice } from '../model/dice.ts';
import { mutant, type Shape } from './mutate.ts';
import { equal, mix, type Outcome, seeded } from './samples.ts';

/** A reader with valid samples of what it reads. */
export type Prepared = {
  /** Each is accepted. */
  readonly samples: readonly Uint8Array[];
  readonly read: (bytes: Uint8Array) => Outcome | Promise<Outcome>;
};

/** One reader of the library. */
export type Target = {
  /** `room/what`. */
  readonly name: string;
  /** Names of exported functions that read the bytes. */
  readonly covers: readonly string[];
  readonly prepare: () => Prepared | Promise<Prepared>;
  readonly shape?: Shape;
  /** Names of error classes that may be thrown; `CodecError` and `ProtocolError` unless said. */
  readonly throws?: readonly string[];
  /** Needs seconds for its samples: left out of `npm test`. */
  readonly isSlow?: boolean;
};

const MEBIBYTE = 2 ** 20;
/** One case may leave so much behind, garbage included, and 64 times its own length. */
const MAX_GROWTH = 64 * MEBIBYTE;
/** No honest case takes a tenth of it, on a busy machine. */
const MAX_MS = 10_000;

/** The bytes of one case. */
export function caseOf(
  { samples }: Prepared,
  { name, shape = 'bytes' }: Target,
  seed: number,
  index: number,
): Uint8Array {
  return mutant(samples, shape, dice(mix(`${seed}/${index}/${name}`)));
}

const used = (): number => {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};

/** Runs one case. @returns what is wrong with its outcome, or how it ended */
export async function runCase(
  { read }: Prepared,
  { throws = ['CodecError', 'ProtocolError'] }: Target,
  bytes: Uint8Array,
): Promise<{ readonly wrong?: string; readonly outcome: string }> {
  // Amid other bytes and at an odd place: a reader that takes the whole buffer is found out.
  const around = new Uint8Array(bytes.length + 32).fill(0x5a);
  around.set(bytes, 13);
  const before = around.slice();
  const given = around.subarray(13, 13 + bytes.length);
  const heldBefore = used();
  const start = performance.now();
  let outcome: string;
  let wrong: string | undefined;
  try {
    const found = await read(given);
    outcome = typeof found === 'string' ? found : 'taken';
    if (typeof found !== 'string' && !equal(found, bytes)) {
      wrong = `accepted, but it encodes as ${found.length} other bytes`;
    }
  } catch (error) {
    const name = error instanceof Error ? error.name : typeof error;
    outcome = error instanceof VeilsumError ? error.code : name;
    if (!(error instanceof VeilsumError))
      wrong = `threw ${String((error as Error)?.stack ?? error)}`;
    else if (!throws.includes(name)) wrong = `threw ${name} ${error.code}: ${error.message}`;
  }
  const [took, growth] = [performance.now() - start, used() - heldBefore];
  if (took > MAX_MS) wrong ??= `took ${took.toFixed(0)} ms`;
  if (growth > MAX_GROWTH + 64 * bytes.length) {
    wrong ??= `allocated ${(growth / MEBIBYTE).toFixed(0)} MiB for ${bytes.length} bytes`;
  }
  if (!equal(around, before)) wrong ??= 'changed the bytes that it was given';
  return wrong === undefined ? { outcome } : { wrong, outcome };
}

/** Samples of a target, made of seeded randomness where the library takes it from the platform. */
export async function prepared(target: Target): Promise<Prepared> {
  const made = await seeded(target.name, target.prepare);
  for (const [i, sample] of made.samples.entries()) {
    const { wrong, outcome } = await runCase(made, target, sample);
    if (wrong !== undefined || outcome !== 'taken') {
      throw new Error(`${target.name}: its own sample ${i} was not taken: ${wrong ?? outcome}`);
    }
  }
  return made;
}
