/** Finds known secrets in whatever a program might print, in any of the usual spellings. */
import { inspect } from 'node:util';
import { decode } from '../../../src/wire/cbor.ts';

/** Secret bytes with a name for the test's message. */
export type Secret = { readonly name: string; readonly bytes: Uint8Array };

/** Bytes of a secret that must appear in a row to count; eight do not by chance. */
const WINDOW = 8;

/** Everything that `console.log`, a logger or a debugger would show of a value. */
export function textsOf(value: unknown): readonly string[] {
  const options = { depth: Number.POSITIVE_INFINITY, maxArrayLength: null, maxStringLength: null };
  const texts = [
    inspect(value, { ...options, showHidden: true }),
    inspect(value, { ...options, compact: false, breakLength: 1 }),
    String(value),
  ];
  try {
    texts.push(JSON.stringify(value) ?? '');
  } catch {
    // A circle or a bigint: no JSON to leak through.
  }
  if (value instanceof Error) {
    texts.push(value.message, value.stack ?? '', ...textsOf({ ...value }));
    if (value.cause !== undefined) texts.push(...textsOf(value.cause));
  }
  return texts;
}

/** Looks for windows of known secrets; made once, since there are many texts and many secrets. */
export type Search = (texts: readonly string[]) => readonly string[];

/** A search that gives names and spellings of the secrets that occur in some texts. */
export function searchFor(secrets: readonly Secret[]): Search {
  const windows = new Map<string, string>();
  for (const { name, bytes } of secrets) {
    const hex = Buffer.from(bytes).toString('hex');
    for (let at = 0; at + WINDOW <= bytes.length; at++) {
      windows.set(hex.slice(2 * at, 2 * (at + WINDOW)), name);
    }
  }
  windows.delete('00'.repeat(WINDOW));
  return (texts) => {
    const found = new Set<string>();
    const inHex = (hex: string, spelling: string, step: number): void => {
      for (let at = 0; at + 2 * WINDOW <= hex.length; at += step) {
        const name = windows.get(hex.slice(at, at + 2 * WINDOW));
        if (name !== undefined) found.add(`${name} in ${spelling}`);
      }
    };
    const inBytes = (bytes: Buffer, spelling: string): void =>
      inHex(bytes.toString('hex'), spelling, 2);
    const whole = [...new Set(texts)].join('\n');
    inBytes(Buffer.from(whole, 'latin1'), 'plain');
    const hexes = whole.toLowerCase().replaceAll(/[\s,:]|0x/g, '');
    for (const [run] of hexes.matchAll(/[0-9a-f]{16,}/g)) inHex(run, 'hex', 1);
    const lists = whole.replaceAll(/"\d+":/g, '').replaceAll(/\s/g, '');
    for (const [run] of lists.matchAll(/(?:\d{1,3},){7,}\d{1,3}/g)) {
      inBytes(Buffer.from(run.split(',').map(Number)), 'decimals');
    }
    const base64 = whole.replaceAll('-', '+').replaceAll('_', '/');
    for (const [run] of base64.matchAll(/[A-Za-z0-9+/]{11,}/g)) {
      for (let at = 0; at < 4; at++) inBytes(Buffer.from(run.slice(at), 'base64'), 'base64');
    }
    return [...found];
  };
}

/** The byte strings of a saved client state that are its own: seeds, shares and KEM secrets. */
export function secretsOfSaved(saved: Uint8Array): readonly Secret[] {
  const state = decode(saved, { what: 'saved state', maxBytes: saved.length }) as {
    readonly next: string;
    readonly memory: Readonly<Record<string, unknown>>;
  };
  const names = new Set([
    'sealingSeed',
    'maskingSeed',
    'selfSeed',
    'ownShare',
    'maskingKemSecret',
    'self',
    'masking',
  ]);
  const found: Secret[] = [];
  const walk = (value: unknown, name: string): void => {
    if (value instanceof Uint8Array) {
      if (names.has(name) && value.length > 0)
        found.push({ name: `${name} (before ${state.next})`, bytes: value });
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value)) {
        walk(inner, Array.isArray(value) ? name : key);
      }
    }
  };
  walk(state.memory, 'memory');
  return found;
}
