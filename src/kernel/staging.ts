/**
 * Where a kernel finds its vectors: in place if they live in its memory, else piece by piece through a
 * scratch there. The pieces are small enough to stay in the processor's cache.
 */
import { homeOf, type Instance, SCRATCHES, sharedInstance, type View } from './wasm.ts';

/** Elements of a piece; with eight bytes each they fill a scratch. */
export const PIECE = 16_384;

/** Below this many elements the twin is faster than the way into another memory. */
const SHORT = 64;

/**
 * The instance for some vectors: where one of them lives, in the order given, or the shared one.
 *
 * @returns nothing where the twin is to do the work.
 */
export function instanceFor(length: number, ...views: readonly View[]): Instance | undefined {
  for (const view of views) {
    const home = homeOf(view);
    if (home !== undefined) return home;
  }
  return length < SHORT ? undefined : sharedInstance();
}

/** Whether a view lies in an instance's memory. */
export const livesIn = (instance: Instance, view: View): boolean => homeOf(view) === instance;

/**
 * A pointer to `count` elements of a view, from element `from` on: in place, or in a scratch into which
 * they have been copied.
 */
export function stage(
  instance: Instance,
  scratch: 0 | 1 | 2,
  view: View,
  from: number,
  count: number,
): number {
  const start = view.byteOffset + from * view.BYTES_PER_ELEMENT;
  if (livesIn(instance, view)) return start;
  const size = count * view.BYTES_PER_ELEMENT;
  instance.bytes.set(new Uint8Array(view.buffer, start, size), SCRATCHES[scratch]);
  return SCRATCHES[scratch];
}

/** A pointer to room for `count` elements of a view; {@link unstage} brings them there. */
export function room(instance: Instance, scratch: 0 | 1 | 2, view: View, from: number): number {
  return livesIn(instance, view)
    ? view.byteOffset + from * view.BYTES_PER_ELEMENT
    : SCRATCHES[scratch];
}

/** Copies `count` elements from a scratch to where they belong; nothing to do if they are in place. */
export function unstage(
  instance: Instance,
  scratch: 0 | 1 | 2,
  view: View,
  from: number,
  count: number,
): void {
  if (livesIn(instance, view)) return;
  const size = count * view.BYTES_PER_ELEMENT;
  const at = SCRATCHES[scratch];
  new Uint8Array(view.buffer, view.byteOffset + from * view.BYTES_PER_ELEMENT, size).set(
    instance.bytes.subarray(at, at + size),
  );
}

/** Overwrites what staging left in the scratches: at most `bytes` of each. */
export function wipeScratches(instance: Instance, bytes: number): void {
  for (const at of SCRATCHES) instance.bytes.fill(0, at, at + bytes);
}
