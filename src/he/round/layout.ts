/**
 * Where a coordinate lies: vectors of reals to whole numbers in fields of plaintext coefficients, and
 * sums of those back. Coordinate i of ciphertext k is in field ⌊r / N⌋ of coefficient r mod N, with
 * r = i − k·N·F; field f begins at bit f · fieldBits of the message.
 *
 *     field = round(value / step) + units        0 … 2 · units, so nothing is negative
 *
 * In a plaintext all fields lie above its spare bits, where noise may grow; sums come without those.
 *
 * Only for `bfv`; `ckks` has a slot a coordinate.
 */
import { ProtocolError, UsageError } from '../../errors.ts';
import { assertNumbers } from '../../internal/assert.ts';
import { type EncryptedSumPlan, messageBits } from '../plan.ts';

const WORD = 2 ** 32;

/** The offset of a field, in steps: what zero is encoded as. */
export const unitsOf = ({ clip, step }: EncryptedSumPlan): number => Math.ceil(clip / step);

/** Bits of a plaintext coefficient below its message. */
export const spareBits = (plan: EncryptedSumPlan): number => plan.set.plainBits - messageBits(plan);

/** Coordinates that one ciphertext carries. */
export const coordinatesOf = ({ set, fields }: EncryptedSumPlan): number => set.places * fields;

/**
 * Checks a vector before anything is made of it.
 *
 * @param values as many finite numbers as the plan says, within ±clip; whole ones for an exact plan
 * @throws UsageError `wrong-length`, `wrong-type`, `not-finite`, `out-of-range`: the index, not the value
 *
 * **Cost**: one pass.
 */
export function checkVector(plan: EncryptedSumPlan, values: ArrayLike<number>): void {
  assertNumbers('vector', values, plan.length);
  const { clip, length } = plan;
  const isWhole = plan.errorBound === 0;
  for (let i = 0; i < length; i++) {
    const value = values[i] as number;
    if (value >= -clip && value <= clip && !(isWhole && !Number.isInteger(value))) continue;
    const details = { what: 'vector', index: i };
    if (!Number.isFinite(value)) {
      throw new UsageError(
        'not-finite',
        `vector: [${i}]: got no finite number, expected one`,
        details,
      );
    }
    throw new UsageError(
      'out-of-range',
      `vector: [${i}]: got a number outside, expected ${isWhole ? 'a whole number' : 'one'} from ${-clip} to ${clip}`,
      details,
    );
  }
}

/**
 * Writes ciphertext `index`'s share of a checked vector into plaintext coefficients, above the spare bits.
 *
 * @param words two of 32 bits a coefficient, the lower half first; overwritten
 * @param index 0 to `plan.ciphertexts − 1`
 *
 * **Security**: no branch on a value. The words are as secret as the vector: wipe them.
 * **Cost**: one pass, no allocation.
 */
export function packInto(
  words: Uint32Array,
  plan: EncryptedSumPlan,
  values: ArrayLike<number>,
  index: number,
): void {
  const { set, step, fieldBits, fields } = plan;
  const units = unitsOf(plan);
  const spare = spareBits(plan);
  words.fill(0);
  let i = index * coordinatesOf(plan);
  for (let field = 0; field < fields; field++) {
    const at = spare + field * fieldBits;
    const shift = at % 32;
    const end = Math.min(plan.length, i + set.degree);
    for (let to = 0; i < end; i++, to += 2) {
      const whole = Math.round((values[i] as number) / step) + units;
      const low = whole >>> 0;
      const high = (whole / WORD) >>> 0;
      if (at >= 32) {
        words[to + 1] = (words[to + 1] as number) | (low << shift);
      } else {
        words[to] = (words[to] as number) | (low << shift);
        const carried = shift === 0 ? 0 : low >>> (32 - shift);
        words[to + 1] = (words[to + 1] as number) | (high << shift) | carried;
      }
    }
  }
}

/**
 * Reads the sum's coefficients of ciphertext `index` and writes the sums of its coordinates.
 *
 * @param out `plan.length` numbers, of which this ciphertext's are overwritten
 * @param words two of 32 bits a coefficient: its message, without spare bits
 * @param contributors how many vectors were added
 * @throws ProtocolError `poisoned-sum` if a field holds more than so many honest vectors add up to, or
 *   there is something where nothing was to be; nobody can tell who put it there
 */
export function unpackInto(
  out: Float64Array,
  plan: EncryptedSumPlan,
  words: Uint32Array,
  index: number,
  contributors: number,
): void {
  const { set, step, fieldBits, fields, length } = plan;
  const units = unitsOf(plan);
  const offset = contributors * units;
  const most = 2 * offset;
  const start = index * coordinatesOf(plan);
  const span = 2 ** fieldBits;
  let poisoned = false;
  for (let field = 0; field < fields; field++) {
    const at = field * fieldBits;
    // Division, not shifts: a field may have more than 32 bits, and never has more than 53.
    const [down, up] = [2 ** Math.max(0, at - 32), 2 ** Math.max(0, 32 - at)];
    const spanHigh = 2 ** Math.max(0, at + fieldBits - 32);
    for (let place = 0; place < set.degree; place++) {
      const i = start + field * set.degree + place;
      const low = words[2 * place] as number;
      const high = words[2 * place + 1] as number;
      const sum =
        (at < 32 ? Math.floor(low / 2 ** at) + (high % spanHigh) * up : Math.floor(high / down)) %
        span;
      poisoned ||= sum > (i < length ? most : 0);
      if (i < length) out[i] = (sum - offset) * step;
    }
  }
  if (poisoned) {
    throw new ProtocolError(
      'poisoned-sum',
      `ciphertext ${index}: got a sum beyond what ${contributors} vectors within the clip add up to, expected one within; some contributor did not keep to the plan`,
      [],
      { index },
    );
  }
}
