import { encapsulate as nodeEncapsulate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { cachedByBytes } from '../../src/identity/key-cache.ts';
import { ifSupported } from '../../src/identity/node-keys.ts';
import { nodeCrypto } from '../../src/internal/platform.ts';
import { aeadBackends, ed25519Backends, mlKemBackends, x25519Backends } from './vectors.ts';

describe('back ends', () => {
  test('Node runs both, so that every vector below is checked twice', () => {
    const names = ['node', 'noble'];
    expect(ed25519Backends.map(({ name }) => name)).toEqual(names);
    expect(x25519Backends.map(({ name }) => name)).toEqual(names);
    expect(aeadBackends.map(({ name }) => name)).toEqual(names);
    // Node 22 has no ML-KEM.
    const expected = typeof nodeEncapsulate === 'function' ? names : ['noble'];
    expect(mlKemBackends.map(({ name }) => name)).toEqual(expected);
  });

  test('one that is missing or fails its trial is passed over', () => {
    const make = () => 'made';
    expect(ifSupported(undefined, make, () => {})).toBeUndefined();
    expect(
      ifSupported(nodeCrypto, make, () => {
        throw new Error('no such algorithm');
      }),
    ).toBeUndefined();
    expect(ifSupported(nodeCrypto, make, () => {})).toBe('made');
  });
});

describe('cachedByBytes', () => {
  test('makes once for equal bytes and forgets the oldest', () => {
    const made: string[] = [];
    const get = cachedByBytes((bytes) => {
      made.push(bytes.join());
      return { of: bytes.join() };
    }, 2);
    const first = get(Uint8Array.of(1));
    expect(get(Uint8Array.of(1))).toBe(first);
    get(Uint8Array.of(2));
    get(Uint8Array.of(3));
    expect(get(Uint8Array.of(2)).of).toBe('2');
    expect(made).toEqual(['1', '2', '3']);
    expect(get(Uint8Array.of(1)).of).toBe('1');
    expect(made).toEqual(['1', '2', '3', '1']);
  });

  test('what make throws is not remembered', () => {
    let calls = 0;
    const get = cachedByBytes((): string => {
      calls++;
      if (calls === 1) throw new Error('once');
      return 'then';
    });
    expect(() => get(Uint8Array.of(1))).toThrow('once');
    expect(get(Uint8Array.of(1))).toBe('then');
  });
});
