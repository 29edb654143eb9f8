/**
 * The Walsh–Hadamard transform, which spreads every coordinate over all of them: after random signs, it
 * flattens a vector, so that a code with few bits loses little of it.
 */
import { UsageError } from '../errors.ts';
import { assertLength } from '../internal/assert.ts';
import { walshHadamard } from '../kernel/index.ts';

const MAX_LENGTH = 2 ** 24;

/**
 * Multiplies a vector by the Hadamard matrix of its length, entries ±1 and not scaled:
 * `out[i]` = Σ_j (−1)^popcount(i & j) · values[j].
 *
 * Of length 2^k, applying it twice gives 2^k times the input: exactly as long as no addition rounds (whole
 * numbers whose magnitudes add up to at most 2^24 in either pass, for instance), else nearly.
 * Additions round to floats in a fixed order, so every machine gives the same result. Infinities and
 * NaN, also those of sums beyond the range of floats, spread over the result.
 *
 * @param out as long as `values`; may be `values` itself
 * @param values 1 to 2^24 floats, a power of two of them
 * @throws UsageError `wrong-type`, `wrong-length`
 *
 * **Security**: time depends on the length only, but for subnormal numbers on processors that are slow
 * with them.
 * **Cost**: k · 2^k additions, in pieces that fit the caches; the result is the only memory.
 */
export function walshHadamardInto(out: Float32Array, values: Float32Array): void {
  assertFloats('walshHadamardInto: values', values);
  assertFloats('walshHadamardInto: out', out);
  const { length } = values;
  if (length < 1 || length > MAX_LENGTH || (length & (length - 1)) !== 0) {
    throw new UsageError(
      'wrong-length',
      `walshHadamardInto: values: got ${length} elements, expected a power of two from 1 to 2^24`,
      { what: 'values', got: length },
    );
  }
  assertLength('walshHadamardInto: out', out, length);
  if (out !== values) out.set(values);
  walshHadamard(out);
}

function assertFloats(what: string, value: unknown): void {
  if (!(value instanceof Float32Array)) {
    throw new UsageError('wrong-type', `${what}: got something else, expected a Float32Array`, {
      what,
    });
  }
}
