/**
 * Blinding scalars: what makes a commitment hide its vector. Fresh randomness, added up modulo the
 * group's order, and cut into limbs so that they can ride in a masked vector of small integers.
 */
import { CodecError, UsageError } from '../../errors.ts';
import { assertBytes, assertInteger } from '../../internal/assert.ts';
import { wipe } from '../../internal/bytes.ts';
import { fillRandom } from '../../internal/random.ts';
import { GROUP_ORDER, writeBigEndian } from '../curve/points.ts';

/** Bytes of a blinding scalar: below the group's order, most significant first. */
export const BLINDING_BYTES = 32;

/** Bits of the group's order. */
const ORDER_BITS = 254;

const ORDER: Uint8Array = new Uint8Array(BLINDING_BYTES);
writeBigEndian(GROUP_ORDER, ORDER);

/**
 * A uniform scalar below the group's order.
 *
 * @returns 32 bytes, most significant first; wipe them when the round is over
 *
 * **Security**: straight from the CSPRNG. Never derive a blinding from a seed that a masked round
 *   may reveal: whoever knows the blinding can try out vectors against the commitment.
 */
export function freshBlinding(): Uint8Array {
  const out = new Uint8Array(BLINDING_BYTES);
  // Three of four draws of 254 bits are below the order.
  do {
    fillRandom(out);
    out[0] = (out[0] as number) & 0x3f;
  } while (!isBlinding(out));
  return out;
}

/** Whether bytes are a scalar below the order; no branch depends on a byte. */
export function isBlinding(bytes: Uint8Array): boolean {
  if (bytes.length !== BLINDING_BYTES) return false;
  let borrow = 0;
  for (let i = BLINDING_BYTES - 1; i >= 0; i--) {
    borrow = (((bytes[i] as number) - (ORDER[i] as number) - borrow) >> 8) & 1;
  }
  return borrow === 1;
}

/** @throws UsageError `wrong-type`, `wrong-length` or `out-of-range` for anything else */
export function assertBlinding(what: string, bytes: unknown): void {
  assertBytes(what, bytes, BLINDING_BYTES);
  if (!isBlinding(bytes as Uint8Array)) {
    throw new UsageError(
      'out-of-range',
      `${what}: got a number that is not below the group's order, expected a blinding scalar`,
      { what },
    );
  }
}

/**
 * Adds blinding scalars modulo the group's order: the sum of commitments has the sum of blindings.
 *
 * @param blindings scalars of 32 bytes each
 * @returns fresh 32 bytes; zero for no blindings
 * @throws UsageError `wrong-type`, `wrong-length` or `out-of-range` for anything but scalars
 *
 * **Security**: no branch depends on a byte.
 */
export function addBlindings(...blindings: readonly Uint8Array[]): Uint8Array {
  const sum = new Uint8Array(BLINDING_BYTES);
  const less = new Uint8Array(BLINDING_BYTES);
  for (const [i, blinding] of blindings.entries()) {
    assertBlinding(`addBlindings: blindings[${i}]`, blinding);
    let carry = 0;
    let borrow = 0;
    for (let at = BLINDING_BYTES - 1; at >= 0; at--) {
      const digit = (sum[at] as number) + (blinding[at] as number) + carry;
      sum[at] = digit;
      carry = digit >> 8;
      const rest = (digit & 0xff) - (ORDER[at] as number) - borrow;
      less[at] = rest;
      borrow = (rest >> 8) & 1;
    }
    // A sum is below 2^255, so a borrow alone tells that it was below the order.
    const keep = -borrow & 0xff;
    for (let at = 0; at < BLINDING_BYTES; at++) {
      sum[at] = ((sum[at] as number) & keep) | ((less[at] as number) & ~keep);
    }
  }
  wipe(less);
  return sum;
}

/**
 * How many limbs a blinding scalar has.
 *
 * @param bits width of a limb, 1 to 32
 * @returns ⌈254 / bits⌉
 * @throws UsageError `out-of-range` for other widths
 */
export function blindingLimbCount(bits: number): number {
  assertInteger('blindingLimbCount: bits', bits, 1, 32);
  return Math.ceil(ORDER_BITS / bits);
}

/**
 * Cuts a blinding scalar into limbs, least significant first.
 *
 * @param blinding 32 bytes
 * @param bits width of a limb, 1 to 32. In a masked vector modulo 2^b, summed over n clients, take at
 *   most b − ⌈log2 n⌉: then no sum of limbs wraps around
 * @returns {@link blindingLimbCount} numbers below 2^bits, as secret as the blinding
 * @throws UsageError `wrong-type`, `wrong-length` or `out-of-range` for another scalar or width
 *
 * **Security**: no branch and no index depends on the scalar. The sums of limbs that a round reveals
 *   tell slightly more than their sum modulo the order does (the carries): with them, hiding is
 *   computational and no longer perfect.
 */
export function blindingLimbs(blinding: Uint8Array, bits: number): Uint32Array {
  assertBlinding('blindingLimbs: blinding', blinding);
  const limbs = new Uint32Array(blindingLimbCount(bits));
  for (let bit = 0; bit < ORDER_BITS; bit++) {
    const byte = blinding[BLINDING_BYTES - 1 - (bit >> 3)] as number;
    const limb = Math.floor(bit / bits);
    limbs[limb] = (limbs[limb] as number) | (((byte >> (bit & 7)) & 1) << (bit % bits));
  }
  return limbs;
}

/**
 * The scalar that sums of limbs stand for: Σ sums[k]·2^(bits·k), reduced only now.
 *
 * @param sums integers from 0 to 2^53 − 1, as many as {@link blindingLimbCount} says; public
 * @param bits the limbs' width, 1 to 32
 * @returns 32 bytes, a scalar below the group's order
 * @throws UsageError `out-of-range` for another width
 * @throws CodecError `malformed` for another number of sums, or one that is no such integer
 */
export function joinLimbs(sums: ArrayLike<number>, bits: number): Uint8Array {
  const count = blindingLimbCount(bits);
  if (sums?.length !== count) throw malformed(`${sums?.length} sums`, `${count} of them`);
  let value = 0n;
  for (let i = count - 1; i >= 0; i--) {
    const sum = sums[i] as number;
    if (!Number.isSafeInteger(sum) || sum < 0) throw malformed(`another value at [${i}]`, 'sums');
    value = (value << BigInt(bits)) + BigInt(sum);
  }
  const out = new Uint8Array(BLINDING_BYTES);
  writeBigEndian(value % GROUP_ORDER, out);
  return out;
}

const malformed = (got: string, expected: string): CodecError =>
  new CodecError(
    'malformed',
    `joinLimbs: sums: got ${got}, expected ${expected}, integers from 0 to 2^53 − 1`,
  );
