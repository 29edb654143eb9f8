/**
 * What the hospitals have: real pictures of digits, each hospital its own. In a digit's place think of a
 * diagnosis, in a picture's of a scan.
 */
import { CLASSES, type Examples, PIXELS } from '../digits/data.ts';

/** A hospital counts no more of its pictures than these. */
export const MOST_PICTURES = 500;

/** Brightness of a pixel, from 0 to this. */
export const WHITE = 255;

/** The numbers of one digit: how many pictures of it, and the brightness of each pixel over all of them. */
const PER_DIGIT = 1 + PIXELS;

/** Coordinates of a hospital's vector. */
export const LENGTH: number = CLASSES * PER_DIGIT;

/** No coordinate is greater. */
export const CLIP: number = MOST_PICTURES * WHITE;

/** A hospital's vector: whole numbers from 0 to {@link CLIP}. */
export function tallyOf({ labels, pixels }: Examples): Float64Array {
  const tally = new Float64Array(LENGTH);
  for (let i = 0; i < Math.min(labels.length, MOST_PICTURES); i++) {
    const at = (labels[i] as number) * PER_DIGIT;
    tally[at] = (tally[at] as number) + 1;
    for (let p = 0; p < PIXELS; p++) {
      const brightness = Math.round(WHITE * (pixels[i * PIXELS + p] as number));
      tally[at + 1 + p] = (tally[at + 1 + p] as number) + brightness;
    }
  }
  return tally;
}

/** Each coordinate's mean over some vectors: what everybody would get who may see them all. */
export function plainMean(vectors: readonly Float64Array[]): Float64Array {
  const mean = new Float64Array(LENGTH);
  for (let i = 0; i < LENGTH; i++) {
    let sum = 0;
    for (const vector of vectors) sum += vector[i] as number;
    mean[i] = sum / vectors.length;
  }
  return mean;
}

/** The mean picture of a digit over all hospitals, brightness in [0, 1], from the mean of their vectors. */
export function meanPicture(mean: Float64Array, digit: number): Float64Array {
  const at = digit * PER_DIGIT;
  const pictures = mean[at] as number;
  return mean.subarray(at + 1, at + PER_DIGIT).map((brightness) => brightness / WHITE / pictures);
}
