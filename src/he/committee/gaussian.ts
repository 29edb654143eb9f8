/**
 * Flooding: discrete Gaussian noise of any deviation up to 2^90, reduced modulo the primes.
 *
 * What is drawn is E = 2^k·X + U: X a discrete Gaussian of deviation below 2^44·(1 + 2^−15), U uniform
 * on 0 … 2^k − 1. For a deviation below 2^44 k is 0, and E is the discrete Gaussian itself.
 *
 * **Why that hides as a Gaussian does.** Let v be the noise to hide, |v| ≤ B, and v = a·2^k + b with
 * 0 ≤ b < 2^k. Given U, E + v has the upper part X + a + c and a lower part that is uniform again; the
 * carry c is 1 for a share β = b/2^k of all U. The divergence between a discrete Gaussian of deviation d
 * and the same one shifted by w is at most w²/2d² [1, proposition 5]. With d = σ′/2^k, averaged over U:
 *
 *     KL(E ‖ E + v) ≤ ((a + β)² + β(1 − β)) / 2d² ≤ (v² + 4^k/4) / 2σ′²
 *
 * Since σ = √(24·N·τ)·2^20·B and N·τ ≤ 2^29, 2^k ≤ σ/2^43 is at most 2^−6·B. So σ′ = σ·(1 + 2^−15) pays for
 * the carry: KL ≤ B²/2σ², as for the Gaussian of the formula. Tails are as light, too: X is
 * sub-Gaussian [1], so |E| > z·σ′ + 2^k has a probability of at most 2·exp(−z²/2); the noise bounds count
 * with that excess.
 *
 * **How X is drawn.** By rejection, all in exact integers but for the probability of acceptance: a strip
 * i with probability 2^−(i+1), uniform bits within it, a sign; then a coin of 2^−e. That is right to a
 * factor of 1 ± 2^−44 at each value, and cuts off less than 2^−90. Which trials are rejected tells nothing
 * of those that are not.
 *
 * [1] Canonne, Kamath, Steinke, The Discrete Gaussian for Differential Privacy, 2020.
 */
import { assertFinite } from '../../internal/assert.ts';
import { wipe } from '../../internal/bytes.ts';
import { fillRandom } from '../../internal/random.ts';
import { DIGIT_BITS, highOf, lowOf, type Prime, stepInto, type Words } from './modular.ts';

/** Deviations that X may have; beyond, lower bits are uniform. */
const MOST_BITS = 44;

/** What the carry costs: see above. */
const WIDENING: number = 1 + 2 ** -15;

/** Trials for one call of the CSPRNG, and words for each. */
const TRIALS = 2_048;
const WORDS = 8;

const DEGREE = 13;

/** 2^−f = Σ c_j·(f − ½)^j; what is left out is below 2^−52 of it. */
const series: Float64Array = new Float64Array(DEGREE + 1);
series.forEach((_, j) => {
  series[j] = j === 0 ? Math.SQRT1_2 : ((series[j - 1] as number) * -Math.LN2) / j;
});

/** 2^−f for f from 0 to 1, up to 2^−50 of it, by sums and products only: the same on every machine. */
export function halved(f: number): number {
  const g = f - 0.5;
  let sum = series[DEGREE] as number;
  for (let j = DEGREE - 1; j >= 0; j--) sum = sum * g + (series[j] as number);
  return sum;
}

/**
 * Fills `out` with independent discrete Gaussians: P(x) ∝ exp(−x²/2σ²) on the whole numbers.
 *
 * @param deviation σ, from 1 to 2^44·(1 + 2^−15)
 *
 * **Security**: no branch and no index depends on a value that stays.
 * **Cost**: two trials of 32 random bytes each a number.
 */
export function drawGaussians(out: Float64Array, deviation: number): void {
  const stripBits = Math.floor(Math.log2(deviation));
  const strip = 2 ** stripBits;
  // 2^−(x·unit)² is exp(−x²/2σ²).
  const unit = 1 / (deviation * Math.sqrt(2 * Math.LN2));
  // e = (x·unit)² − i + most is nowhere negative: strips are likelier than what they should hold.
  let most = 0;
  for (let i = 0; i < 32; i++) most = Math.max(most, i - (i * strip * unit) ** 2);
  most += 2 ** -40;
  const words = new Uint32Array(WORDS * TRIALS);
  const found = new Float64Array(TRIALS);
  for (let at = 0; at < out.length; ) {
    fillRandom(words);
    const count = tryInto(found, words, strip, unit, most);
    const taken = Math.min(count, out.length - at);
    out.set(found.subarray(0, taken), at);
    at += taken;
  }
  wipe(words);
  found.fill(0);
}

/** One batch of trials; gives how many stay. */
function tryInto(
  found: Float64Array,
  words: Uint32Array,
  strip: number,
  unit: number,
  most: number,
): number {
  let count = 0;
  for (let at = 0; at < words.length; at += WORDS) {
    const i = Math.clz32(words[at] as number);
    const bits = (words[at + 1] as number) * 2 ** 21 + ((words[at + 2] as number) >>> 11);
    const x = i * strip + Math.floor(bits * 2 ** -53 * strip);
    const signs = words[at + 3] as number;
    const negative = signs & 1;
    const y = x * unit;
    const e = y * y - i + most;
    const whole = Math.floor(e);
    const chance = halved(e - whole);
    // So many zeros in a row: 95 bits, so that nothing that matters is cut off.
    const zeros0 = Math.clz32(words[at + 4] as number);
    const zeros1 = Math.clz32(words[at + 5] as number);
    const zeros2 = Math.clz32(signs | 1);
    const zeros = zeros0 + (zeros0 >>> 5) * (zeros1 + (zeros1 >>> 5) * zeros2);
    const coin = (words[at + 6] as number) * 2 ** 21 + ((words[at + 7] as number) >>> 11);
    const stays = Number(zeros >= whole) & Number(coin < chance * 2 ** 53);
    // Zero has no sign: else it would come up twice as often.
    const twice = negative & Number(x === 0);
    found[count] = (1 - 2 * negative) * x;
    count += stays & (1 - twice);
  }
  return count;
}

/** Above all |X|: 33 strips of 2^44 at most. */
const OFFSET_BITS = 50;

/**
 * Overwrites `out` with fresh noise, the same polynomial modulo each prime.
 *
 * @param out as many residues for each prime
 * @param deviation σ as `floodingDeviation` gives it: 1 to 2^90
 * @throws UsageError `not-finite`, `out-of-range`
 *
 * **Security**: see above; scratch memory is wiped.
 * **Source**: the formula is in noise-bounds.ts; the law at the head of this file.
 * **Cost**: per coefficient two trials, and for each prime one to four steps of a modular product.
 */
export function floodInto(out: Words, primes: readonly Prime[], deviation: number): void {
  assertFinite('floodInto: deviation', deviation, 1, 2 ** 90);
  const lowerBits = Math.max(0, Math.floor(Math.log2(deviation)) + 1 - MOST_BITS);
  const degree = out.length / 2 / primes.length;
  const upper = new Float64Array(degree);
  const lower = new Uint32Array(2 * degree);
  // Without a carry nothing is to be paid.
  drawGaussians(upper, lowerBits === 0 ? deviation : (deviation * WIDENING) / 2 ** lowerBits);
  fillRandom(lower);
  primes.forEach((prime, row) => {
    reduceInto(out, 2 * degree * row, prime, upper, lower, lowerBits);
  });
  upper.fill(0);
  wipe(lower);
}

/** 2^bits·upper + the first `bits` of each pair of `lower`, modulo a prime above 2^35. */
function reduceInto(
  out: Words,
  from: number,
  prime: Prime,
  upper: Float64Array,
  lower: Uint32Array,
  bits: number,
): void {
  // Upper parts are made positive; what that adds is taken away with the last digit.
  const offset = prime.value - ((1n << BigInt(OFFSET_BITS + bits)) % prime.value);
  const offsetLow = lowOf(offset);
  const offsetHigh = highOf(offset);
  const digits = Math.ceil(bits / DIGIT_BITS);
  for (let i = 0; i < upper.length; i++) {
    const at = from + 2 * i;
    const shifted = (upper[i] as number) + 2 ** OFFSET_BITS;
    const top = Math.floor(shifted * 2 ** -DIGIT_BITS);
    const topHigh = Math.floor(top * 2 ** -32);
    out[at] = top - topHigh * 2 ** 32;
    out[at + 1] = topHigh;
    let factor = 2 ** DIGIT_BITS;
    let digit = shifted - top * 2 ** DIGIT_BITS;
    for (let j = 0; j < digits; j++) {
      stepInto(out, at, prime, out[at] as number, out[at + 1] as number, factor, digit, 0, 1);
      const width = Math.min(DIGIT_BITS, bits - DIGIT_BITS * j);
      const word = lower[2 * i + (j >>> 1)] as number;
      factor = 2 ** width;
      digit = (word << (DIGIT_BITS * (j & 1))) >>> (32 - width);
    }
    const low = out[at] as number;
    const high = out[at + 1] as number;
    stepInto(out, at, prime, low, high, factor, digit + offsetLow, offsetHigh, 1);
  }
}
