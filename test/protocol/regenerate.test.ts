/** The committed vectors are what the library says today, byte for byte. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { bytesOf, seeded } from './vectors/seeded.ts';

// Node's own ML-KEM takes no coins, so it cannot be seeded. Everything else is Node's here, and noble's where
// the files are made: both must say the same.
vi.mock('../../src/identity/ml-kem-backends.ts', async (original) => {
  const actual = await original<typeof import('../../src/identity/ml-kem-backends.ts')>();
  return { ...actual, mlKemBackend: actual.nobleMlKem };
});

const folder = join(import.meta.dirname, '../vectors/protocol');

test('every file, made anew (else: node --conditions=@veilsum/source test/protocol/make-vectors.ts)', async () => {
  const { vectorFiles } = await import('./vectors/files.ts');
  const made = await vectorFiles();
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  expect(names.sort()).toEqual([...made.keys()].sort());
  for (const [name, text] of made) {
    // Not toBe on the whole: a difference of megabytes helps nobody.
    const committed = readFileSync(join(folder, name), 'utf8');
    const at = text.split('\n').findIndex((line, i) => line !== committed.split('\n')[i]);
    expect(`${name}: line ${at + 1}`).toBe(`${name}: line 0`);
    expect(text.length).toBe(committed.length);
  }
});

test('the door is shut once the work is done, and when it fails', async () => {
  const draw = (): Uint8Array => globalThis.crypto.getRandomValues(new Uint8Array(32));
  const first = await seeded('a name', draw);
  const second = await seeded('a name', draw);
  expect(first.value).toEqual(bytesOf('a name'));
  expect(second.value).toEqual(first.value);
  expect(draw()).not.toEqual(first.value);
  await expect(
    seeded('a name', () => {
      throw new Error('a mistake');
    }),
  ).rejects.toThrow('a mistake');
  expect(draw()).not.toEqual(first.value);
});
