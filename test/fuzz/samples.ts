/** Small things that several targets need, and randomness that is the same in every run. */
import { dice } from '../model/dice.ts';

/**
 * What came of bytes: what was accepted, encoded anew; `refused` by a verdict; or `taken`, where there
 * is no encoding to compare with.
 */
export type Outcome = Uint8Array | 'refused' | 'taken';

export const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** As parts of 32 bytes; the last may be shorter. */
export const thirtyTwos = (bytes: Uint8Array): readonly Uint8Array[] =>
  Array.from({ length: Math.ceil(bytes.length / 32) }, (_, i) =>
    bytes.subarray(32 * i, 32 * i + 32),
  );

/** The outcome of a check that only one string of bytes may pass. */
export const onlyIf = (isTaken: boolean, honest: Uint8Array): Outcome =>
  isTaken ? honest : 'refused';

/** The outcome of a function that returns a fault, or nothing. */
export const unlessFault = (fault: object | undefined, taken: Outcome = 'taken'): Outcome =>
  fault === undefined ? taken : 'refused';

/** FNV-1a: another number for every text. */
export function mix(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) {
    hash = Math.imul(hash ^ (character.codePointAt(0) as number), 0x01000193) >>> 0;
  }
  return hash;
}

/** Does some work with dice in the place of the platform's randomness. May be nested. */
export async function seeded<T>(name: string, work: () => T | Promise<T>): Promise<T> {
  const { crypto } = globalThis;
  const before = Object.getOwnPropertyDescriptor(crypto, 'getRandomValues');
  const d = dice(mix(name));
  const value = <A extends ArrayBufferView>(array: A): A => {
    const { buffer, byteOffset, byteLength } = array;
    new Uint8Array(buffer, byteOffset, byteLength).set(d.bytes(byteLength));
    return array;
  };
  Object.defineProperty(crypto, 'getRandomValues', { configurable: true, value });
  try {
    return await work();
  } finally {
    // The platform's own, on its prototype, is behind it.
    if (before === undefined) Reflect.deleteProperty(crypto, 'getRandomValues');
    else Object.defineProperty(crypto, 'getRandomValues', before);
  }
}

/** What several targets start from: made once, and the same whichever of them comes first. */
export function shared<T>(name: string, make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= seeded(name, make);
    return made;
  };
}
