/**
 * The door through which vectors are seeded: within `seeded`, the platform's CSPRNG gives the ChaCha20
 * stream of a name instead. It replaces `crypto.getRandomValues` of the process that makes vectors; the
 * sources know nothing of it and have no parameter for a seed.
 */
import { createHash } from 'node:crypto';
import { chacha20 } from '@noble/ciphers/chacha.js';

type Fill = (out: Uint8Array) => void;

/** What a piece of work gave, and all random bytes that it drew, call by call. */
export type Seeded<T> = { readonly value: T; readonly draws: readonly Uint8Array[] };

/**
 * noble draws this many bytes to blind a scalar multiplication. They change no result, and how often it does
 * so is its own affair: they come from a stream of their own. No draw of veilsum's in the vectors is as long.
 */
const ASIDE = 16;

let source: Fill | undefined;

/** Runs `work` while all randomness of this process comes from `fill`. */
async function drawingFrom<T>(fill: Fill, work: () => T | Promise<T>): Promise<Seeded<T>> {
  if (source !== undefined) throw new Error('one piece of seeded work at a time');
  const draws: Uint8Array[] = [];
  const aside = streamOf('scalar multiplications');
  source = (out) => {
    if (out.length === ASIDE) {
      aside(out);
      return;
    }
    fill(out);
    draws.push(out.slice());
  };
  Object.defineProperty(globalThis.crypto, 'getRandomValues', {
    configurable: true,
    value: <A extends ArrayBufferView>(out: A): A => {
      source?.(new Uint8Array(out.buffer, out.byteOffset, out.byteLength));
      return out;
    },
  });
  try {
    return { value: await work(), draws };
  } finally {
    source = undefined;
    // What was put on the object goes; the platform's own function is on its prototype.
    Reflect.deleteProperty(globalThis.crypto, 'getRandomValues');
  }
}

/**
 * Bytes of a name: ChaCha20 with the zero nonce under SHA-256 of the name.
 *
 * @returns fills its argument with the next bytes
 */
export function streamOf(name: string): Fill {
  const key = createHash('sha256').update(name).digest();
  let kept: Uint8Array = new Uint8Array(0);
  let used = 0;
  return (out) => {
    if (used + out.length > kept.length) {
      const size = Math.max(4096, 2 * (used + out.length));
      kept = chacha20(new Uint8Array(key), new Uint8Array(12), new Uint8Array(size));
    }
    out.set(kept.subarray(used, used + out.length));
    used += out.length;
  };
}

/** The first bytes of a name's stream. */
export function bytesOf(name: string, length = 32): Uint8Array {
  const out = new Uint8Array(length);
  streamOf(name)(out);
  return out;
}

/** Runs `work` with the stream of a name for randomness. */
export const seeded = <T>(name: string, work: () => T | Promise<T>): Promise<Seeded<T>> =>
  drawingFrom(streamOf(name), work);

/** Runs `work` with bytes that were drawn before; it may leave some over. */
export function replayed<T>(
  draws: readonly Uint8Array[],
  work: () => T | Promise<T>,
): Promise<Seeded<T>> {
  const bytes = Buffer.concat(draws);
  let used = 0;
  return drawingFrom((out) => {
    if (used + out.length > bytes.length) throw new Error('replay: no more bytes were drawn');
    out.set(bytes.subarray(used, used + out.length));
    used += out.length;
  }, work);
}
