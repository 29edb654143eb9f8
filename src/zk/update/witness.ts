/**
 * What the update circuit is fed with, for one chunk: the values, their upper bytes, and how often each
 * byte comes. All of it but three numbers is secret.
 */
import { numberAt } from '../groth16/field.ts';
import { TABLE } from './layout.ts';

/** What the prover feeds to the circuit: signal names and decimal numbers, as snarkjs takes them. */
export type UpdateInputs = {
  readonly ctx: string;
  readonly normMax: string;
  readonly alpha: string;
  readonly blindX: string;
  readonly x: readonly string[];
  readonly blindH: string;
  readonly hi: readonly string[];
  readonly m: readonly string[];
};

/** The numbers of group H behind its blinding term: d upper bytes, then 256 counts. */
export type Help = Int32Array;

const OFFSET = 2 ** 15;

/**
 * Cuts each x + 2^15 into two bytes and counts all bytes.
 *
 * **Security**: no branch and no index depends on a value: each count looks at all bytes.
 *
 * @param x - integers from −2^15 to 2^15 − 1, a whole chunk
 * @returns wipe it after use
 */
export function helpFor(x: Int32Array): Help {
  const d = x.length;
  const help = new Int32Array(d + TABLE);
  for (let j = 0; j < d; j++) help[j] = ((x[j] as number) + OFFSET) >> 8;
  for (let t = 0; t < TABLE; t++) {
    let count = 0;
    for (let j = 0; j < d; j++) {
      const low = ((x[j] as number) + OFFSET) & 255;
      // Bit 31 of v − 1 is set for v = 0 alone.
      count += (((low ^ t) - 1) >>> 31) + ((((help[j] as number) ^ t) - 1) >>> 31);
    }
    help[d + t] = count;
  }
  return help;
}

/** Width of the numbers in {@link helpFor}, with their sign: bytes, and counts up to 2d. */
export const helpBits = (d: number): number => Math.max(9, Math.ceil(Math.log2(2 * d + 1)) + 1);

/** Σ x², below 2^53 for every chunk that a key can have. */
export function squaredNorm(x: Int32Array): number {
  let sum = 0;
  for (let j = 0; j < x.length; j++) sum += (x[j] as number) ** 2;
  return sum;
}

/**
 * The circuit's inputs.
 *
 * **Security**: strings cannot be wiped: they hold the update until memory is collected.
 *
 * @param known - context, bound and challenge
 * @param x - the chunk
 * @param help - from {@link helpFor}
 * @param blindings - of both groups, 32 bytes each
 */
export function inputsFor(
  known: { readonly context: bigint; readonly normMax: number; readonly challenge: bigint },
  x: Int32Array,
  help: Help,
  blindings: { readonly x: Uint8Array; readonly h: Uint8Array },
): UpdateInputs {
  return {
    ctx: String(known.context),
    normMax: String(known.normMax),
    alpha: String(known.challenge),
    blindX: String(numberAt(blindings.x, 0)),
    x: Array.from(x, String),
    blindH: String(numberAt(blindings.h, 0)),
    hi: Array.from(help.subarray(0, x.length), String),
    m: Array.from(help.subarray(x.length), String),
  };
}
