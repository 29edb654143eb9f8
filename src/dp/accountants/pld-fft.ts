/**
 * Fourier transforms of real sequences, for circular convolutions: what goes in and comes out is in
 * natural order, and what is between is in the order that the butterflies leave, since products of
 * spectra do not care. Nothing here is secret.
 *
 * A real sequence of length N is read as N/2 complex numbers, its even places as real parts and its
 * odd places as imaginary parts; their transform is separated into the spectrum afterwards.
 *
 * Error: every output is a sum of inputs times numbers of modulus 1, and each of the log₂ N levels
 * multiplies a term by such a number and adds two terms. A complex product is within √5·u, u = 2^−53,
 * a table entry within u, a sum within u, so an output is within {@link FFT_ERROR_PER_LEVEL} · log₂ N
 * of the truth, relative to the sum of the moduli of all inputs. That is a bound on every single output.
 */

/** √5 + 1 + 1 rounded up, and as much again for the separation's share and products of such errors. */
export const FFT_ERROR_PER_LEVEL: number = 8 * 2 ** -53;

/** What a transform of one length needs. */
export type FftPlan = {
  /** N, the real numbers of a sequence: a power of two, 8 or more. */
  readonly length: number;
  /**
   * For each radix-4 level, from the widest to the narrowest with more than one butterfly: cos and sin
   * of the angles j, 2j and 3j times 2π/width, for every butterfly j.
   */
  readonly levels: readonly Float64Array[];
  /** cos and sin of 2πk/N for k up to N/4, for the separation. */
  readonly halves: Float64Array;
};

const plans = new Map<number, FftPlan>();
/** Tables of longer transforms are made anew each time, so that they do not stay in memory. */
const KEPT_LENGTH = 2 ** 18;

/**
 * The tables of transforms of one length; kept for the next time unless they are large.
 *
 * @param length N, a power of two from 8
 *
 * **Cost**: about 2.5·N sines and cosines the first time; 20·N bytes.
 */
export function fftPlan(length: number): FftPlan {
  const kept = plans.get(length);
  if (kept !== undefined) return kept;
  const levels: Float64Array[] = [];
  for (let width = length / 2; width > 4; width /= 4) {
    const level = new Float64Array(6 * (width / 4));
    for (let j = 0; j < width / 4; j++) {
      for (let k = 1; k <= 3; k++) {
        level[6 * j + 2 * k - 2] = turnCos(j * k, width);
        level[6 * j + 2 * k - 1] = turnCos(j * k + (3 * width) / 4, width);
      }
    }
    levels.push(level);
  }
  const halves = new Float64Array(length / 2 + 2);
  for (let k = 0; k <= length / 4; k++) {
    halves[2 * k] = turnCos(k, length);
    halves[2 * k + 1] = turnCos(k + (3 * length) / 4, length);
  }
  const plan: FftPlan = { length, levels, halves };
  if (length <= KEPT_LENGTH) plans.set(length, plan);
  return plan;
}

/** cos(2πk/n) for n a multiple of 4: reduced exactly to an eighth of the circle, so within u. */
function turnCos(k: number, n: number): number {
  let r = k % n;
  if (2 * r > n) r = n - r;
  if (4 * r > n) return -turnCos(n / 2 - r, n);
  return 8 * r > n ? Math.sin((2 * Math.PI * (n / 4 - r)) / n) : Math.cos((2 * Math.PI * r) / n);
}

/**
 * The spectrum of a real sequence, in place. Afterwards places 0 and 1 hold the (real) values at the
 * frequencies 0 and N/2, and every other pair of places (2i, 2i + 1) holds real and imaginary part of
 * one of the frequencies 1 … N/2 − 1.
 *
 * @param plan for this length
 * @param data N real numbers
 */
export function forwardInto(plan: FftPlan, data: Float64Array): void {
  const n = plan.length / 2;
  let width = n;
  for (let level = 0; width > 4; level++, width /= 4) {
    forwardLevel(data, n, width, plan.levels[level] as Float64Array);
  }
  if (width === 4) forwardLast4(data, n);
  else forwardLast2(data, n);
  separate(plan, data, 1);
}

/**
 * The real sequence of a spectrum as {@link forwardInto} leaves it, times N/2, in place.
 *
 * @param plan for this length
 * @param data the spectrum
 */
export function inverseInto(plan: FftPlan, data: Float64Array): void {
  const n = plan.length / 2;
  separate(plan, data, -1);
  let level = plan.levels.length;
  const narrow = n >> (2 * level);
  if (narrow === 4) inverseLast4(data, n);
  else forwardLast2(data, n);
  for (let width = narrow * 4; level > 0; width *= 4) {
    level--;
    inverseLevel(data, n, width, plan.levels[level] as Float64Array);
  }
}

/** Decimation in frequency: two levels of radix 2 in one, so that the order stays that of radix 2. */
function forwardLevel(data: Float64Array, n: number, width: number, table: Float64Array): void {
  const quarter = width / 2; // in places: two to a number
  for (let base = 0; base < 2 * n; base += 2 * width) {
    for (let j = 0, t = 0; j < quarter; j += 2, t += 6) {
      const p0 = base + j;
      const p1 = p0 + quarter;
      const p2 = p1 + quarter;
      const p3 = p2 + quarter;
      const ar = data[p0] as number;
      const ai = data[p0 + 1] as number;
      const br = data[p1] as number;
      const bi = data[p1 + 1] as number;
      const cr = data[p2] as number;
      const ci = data[p2 + 1] as number;
      const dr = data[p3] as number;
      const di = data[p3 + 1] as number;
      const sr = ar + cr;
      const si = ai + ci;
      const ur = ar - cr;
      const ui = ai - ci;
      const vr = br + dr;
      const vi = bi + di;
      const wr = br - dr;
      const wi = bi - di;
      const c1 = table[t] as number;
      const s1 = table[t + 1] as number;
      const c2 = table[t + 2] as number;
      const s2 = table[t + 3] as number;
      const c3 = table[t + 4] as number;
      const s3 = table[t + 5] as number;
      data[p0] = sr + vr;
      data[p0 + 1] = si + vi;
      // Times e^(−i·angle); −i·(b − d) is (wi, −wr).
      const er = sr - vr;
      const ei = si - vi;
      data[p1] = er * c2 + ei * s2;
      data[p1 + 1] = ei * c2 - er * s2;
      const fr = ur + wi;
      const fi = ui - wr;
      data[p2] = fr * c1 + fi * s1;
      data[p2 + 1] = fi * c1 - fr * s1;
      const gr = ur - wi;
      const gi = ui + wr;
      data[p3] = gr * c3 + gi * s3;
      data[p3 + 1] = gi * c3 - gr * s3;
    }
  }
}

/** {@link forwardLevel} backwards. */
function inverseLevel(data: Float64Array, n: number, width: number, table: Float64Array): void {
  const quarter = width / 2;
  for (let base = 0; base < 2 * n; base += 2 * width) {
    for (let j = 0, t = 0; j < quarter; j += 2, t += 6) {
      const p0 = base + j;
      const p1 = p0 + quarter;
      const p2 = p1 + quarter;
      const p3 = p2 + quarter;
      const c1 = table[t] as number;
      const s1 = table[t + 1] as number;
      const c2 = table[t + 2] as number;
      const s2 = table[t + 3] as number;
      const c3 = table[t + 4] as number;
      const s3 = table[t + 5] as number;
      const xr = data[p1] as number;
      const xi = data[p1 + 1] as number;
      const yr = data[p2] as number;
      const yi = data[p2 + 1] as number;
      const zr = data[p3] as number;
      const zi = data[p3 + 1] as number;
      const ar = data[p0] as number;
      const ai = data[p0 + 1] as number;
      const er = xr * c2 - xi * s2;
      const ei = xi * c2 + xr * s2;
      const fr = yr * c1 - yi * s1;
      const fi = yi * c1 + yr * s1;
      const gr = zr * c3 - zi * s3;
      const gi = zi * c3 + zr * s3;
      const sr = ar + er;
      const si = ai + ei;
      const vr = ar - er;
      const vi = ai - ei;
      const ur = fr + gr;
      const ui = fi + gi;
      const wr = fr - gr;
      const wi = fi - gi;
      data[p0] = sr + ur;
      data[p0 + 1] = si + ui;
      data[p2] = sr - ur;
      data[p2 + 1] = si - ui;
      // i·(f − g) is (−wi, wr).
      data[p1] = vr - wi;
      data[p1 + 1] = vi + wr;
      data[p3] = vr + wi;
      data[p3 + 1] = vi - wr;
    }
  }
}

function forwardLast4(data: Float64Array, n: number): void {
  for (let p = 0; p < 2 * n; p += 8) {
    const ar = data[p] as number;
    const ai = data[p + 1] as number;
    const br = data[p + 2] as number;
    const bi = data[p + 3] as number;
    const cr = data[p + 4] as number;
    const ci = data[p + 5] as number;
    const dr = data[p + 6] as number;
    const di = data[p + 7] as number;
    data[p] = ar + cr + (br + dr);
    data[p + 1] = ai + ci + (bi + di);
    data[p + 2] = ar + cr - (br + dr);
    data[p + 3] = ai + ci - (bi + di);
    data[p + 4] = ar - cr + (bi - di);
    data[p + 5] = ai - ci - (br - dr);
    data[p + 6] = ar - cr - (bi - di);
    data[p + 7] = ai - ci + (br - dr);
  }
}

function inverseLast4(data: Float64Array, n: number): void {
  for (let p = 0; p < 2 * n; p += 8) {
    const ar = data[p] as number;
    const ai = data[p + 1] as number;
    const er = data[p + 2] as number;
    const ei = data[p + 3] as number;
    const fr = data[p + 4] as number;
    const fi = data[p + 5] as number;
    const gr = data[p + 6] as number;
    const gi = data[p + 7] as number;
    data[p] = ar + er + (fr + gr);
    data[p + 1] = ai + ei + (fi + gi);
    data[p + 2] = ar - er - (fi - gi);
    data[p + 3] = ai - ei + (fr - gr);
    data[p + 4] = ar + er - (fr + gr);
    data[p + 5] = ai + ei - (fi + gi);
    data[p + 6] = ar - er + (fi - gi);
    data[p + 7] = ai - ei - (fr - gr);
  }
}

/** Its own inverse, up to the factor 2. */
function forwardLast2(data: Float64Array, n: number): void {
  for (let p = 0; p < 2 * n; p += 4) {
    const ar = data[p] as number;
    const ai = data[p + 1] as number;
    const br = data[p + 2] as number;
    const bi = data[p + 3] as number;
    data[p] = ar + br;
    data[p + 1] = ai + bi;
    data[p + 2] = ar - br;
    data[p + 3] = ai - bi;
  }
}

/**
 * Between Z, the transform of z = even + i·odd, and the spectrum of the real sequence:
 * X[k] = E[k] + e^(−2πik/N)·O[k], with E[k] = (Z[k] + Z*[n−k])/2 and O[k] = (Z[k] − Z*[n−k])/2i. In
 * the butterflies' order, the frequency n − k stands where k stands with all bits below its highest one
 * inverted, and k itself is the reversal of its place.
 *
 * @param sign 1: from Z to X; −1: from X to Z
 */
function separate({ length, halves }: FftPlan, data: Float64Array, sign: 1 | -1): void {
  const n = length / 2;
  const first = data[0] as number;
  const second = data[1] as number;
  const share = sign > 0 ? 1 : 0.5;
  data[0] = share * (first + second);
  data[1] = share * (first - second);
  // Place 1 is frequency n/2, its own mirror image: X = Z*, both ways.
  data[3] = -(data[3] as number);
  for (let octave = 2; octave < n; octave *= 2) {
    // Frequencies of this octave are odd multiples of step; mirrored places meet in the middle.
    const step = n / (2 * octave);
    let reversed = 0;
    for (let i = 0; 2 * i < octave; i++) {
      const k = step * (2 * reversed + 1);
      // Frequencies in the upper half, whose cosines are not in the table, are left to their mirrors.
      const low = 2 * k <= n;
      const at = 2 * (low ? octave + i : 2 * octave - 1 - i);
      const mirror = 2 * (low ? 2 * octave - 1 - i : octave + i);
      const m = 2 * (low ? k : n - k);
      const c = halves[m] as number;
      const s = sign * (halves[m + 1] as number);
      const zr = data[at] as number;
      const zi = data[at + 1] as number;
      const yr = data[mirror] as number;
      const yi = data[mirror + 1] as number;
      const er = 0.5 * (zr + yr);
      const ei = 0.5 * (zi - yi);
      const or = 0.5 * (zi + yi) * sign;
      const oi = 0.5 * (yr - zr) * sign;
      // From Z: O·e^(−i·angle). From X: i·e^(+i·angle)·O', with the same letters.
      const tr = or * c + oi * s;
      const ti = oi * c - or * s;
      data[at] = er + tr;
      data[at + 1] = ei + ti;
      data[mirror] = er - tr;
      data[mirror + 1] = ti - ei;
      // The next i, with its log₂(octave) bits reversed.
      let bit = octave >> 1;
      while ((reversed & bit) !== 0) {
        reversed ^= bit;
        bit >>= 1;
      }
      reversed |= bit;
    }
  }
}
