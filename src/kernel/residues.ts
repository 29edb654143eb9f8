/**
 * Residues modulo a prime below 2^61, between the wire, where each has as few bytes as its prime, and
 * memory, where each is a word of eight; looked at, and added to a sum, without being unpacked before.
 * Lengths are the caller's to check.
 */
import { instanceFor, livesIn, room, stage, unstage } from './staging.ts';
import {
  addResidues as addTwin,
  type Found,
  narrowResidues as narrowTwin,
  type WirePrime,
  widenResidues as widenTwin,
} from './twin/residues.ts';
import { type Instance, SCRATCHES, type View } from './wasm.ts';

export type { Found, WirePrime } from './twin/residues.ts';

/**
 * Residues of a piece. Less than a scratch holds: 16 KB of words stay in a core's first cache, and
 * little is left to wipe.
 */
const PIECE = 2_048;

/**
 * Whether all residues are below their prime, and not all are zero.
 *
 * @param bytes `prime.width` for each residue, least significant first; may start anywhere
 *
 * **Cost**: one pass; in an instance's memory without a copy, else through its cache-sized scratch. It
 * does not stop at what it finds.
 */
export function checkResidues(bytes: Uint8Array, prime: WirePrime): Found {
  const { width, high, low } = prime;
  const count = bytes.length / width;
  const instance = instanceFor(count, bytes);
  if (instance === undefined) return widenTwin(undefined, bytes, prime);
  const { checkResidues: run } = instance.exports;
  let found = 0;
  overPieces(instance, count, [bytes], (from, some) => {
    found |= run(stage(instance, 0, bytes, from * width, some * width), some, width, high, low);
  });
  return verdict(found);
}

/**
 * Reads residues as words, and looks at them as {@link checkResidues} does.
 *
 * @param out two words for each residue, the lower half first; apart from `bytes`; all of it is written,
 *   also if a residue is not below the prime
 * @param bytes as for {@link checkResidues}
 *
 * **Cost**: as {@link checkResidues}.
 */
export function widenResidues(out: Uint32Array, bytes: Uint8Array, prime: WirePrime): Found {
  const { width, high, low } = prime;
  const count = bytes.length / width;
  const instance = instanceFor(count, out, bytes);
  if (instance === undefined) return widenTwin(out, bytes, prime);
  const { widenResidues: run } = instance.exports;
  let found = 0;
  overPieces(instance, count, [bytes, out], (from, some) => {
    const wire = stage(instance, 0, bytes, from * width, some * width);
    found |= run(room(instance, 1, out, 2 * from), wire, some, width, high, low);
    unstage(instance, 1, out, 2 * from, 2 * some);
  });
  return verdict(found);
}

/**
 * `sum[i]` ← (sum[i] + residue i) mod the prime.
 *
 * @param sum two words for each residue, the lower half first, each pair below the prime; apart from
 *   `bytes`
 * @param bytes as {@link checkResidues} found them `fine` or `all-zero`; others give wrong sums
 *
 * **Cost**: as {@link checkResidues}; a sum outside of an instance's memory is copied in and out.
 */
export function addResidues(sum: Uint32Array, bytes: Uint8Array, prime: WirePrime): void {
  const { width, high, low } = prime;
  const count = bytes.length / width;
  const instance = instanceFor(count, sum, bytes);
  if (instance === undefined) {
    addTwin(sum, bytes, prime);
    return;
  }
  const { addResidues: run } = instance.exports;
  overPieces(instance, count, [bytes, sum], (from, some) => {
    const wire = stage(instance, 0, bytes, from * width, some * width);
    run(stage(instance, 1, sum, 2 * from, 2 * some), wire, some, width, high, low);
    unstage(instance, 1, sum, 2 * from, 2 * some);
  });
}

/**
 * Writes the low `width` bytes of words: the inverse of {@link widenResidues} for words below the prime.
 *
 * @param out `width` bytes for each word; may start anywhere, apart from `words`
 * @param words eight bytes each, least significant first; may start anywhere
 * @param width 1 to 8
 *
 * **Cost**: as {@link checkResidues}.
 */
export function narrowResidues(out: Uint8Array, words: Uint8Array, width: number): void {
  const count = words.length / 8;
  const instance = instanceFor(count, out, words);
  if (instance === undefined) {
    narrowTwin(out, words, width);
    return;
  }
  const { narrowResidues: run } = instance.exports;
  overPieces(instance, count, [words, out], (from, some) => {
    const long = stage(instance, 0, words, 8 * from, 8 * some);
    run(room(instance, 1, out, from * width), long, some, width);
    unstage(instance, 1, out, from * width, some * width);
  });
}

/** As assembly/residues.ts counts: 1 for a residue that is not below the prime, 2 for one that is not 0. */
const verdict = (found: number): Found =>
  (found & 1) !== 0 ? 'not-below-prime' : found === 0 ? 'all-zero' : 'fine';

/**
 * Goes over residues piece by piece, or all at once if all views live in the instance; then wipes the
 * scratches that views went through: the first view has scratch 0, the second scratch 1.
 */
function overPieces(
  instance: Instance,
  count: number,
  views: readonly View[],
  work: (from: number, some: number) => void,
): void {
  const inPlace = views.every((view) => livesIn(instance, view));
  const size = inPlace ? count : PIECE;
  for (let from = 0; from < count; from += size) work(from, Math.min(size, count - from));
  views.forEach((view, i) => {
    if (livesIn(instance, view)) return;
    const at = SCRATCHES[i as 0 | 1];
    instance.bytes.fill(0, at, at + 8 * Math.min(PIECE, count));
  });
}
