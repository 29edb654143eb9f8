/** Example 02 as it stands, and its claim store: what two processes that share it may answer. */
import { execFile } from 'node:child_process';
import { linkSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Claim } from 'veilsum/client';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import {
  fileClaims,
  readIfThere,
  replaceFile,
} from '../../examples/02-dropouts-and-crashes/durable.ts';

const root = mkdtempSync(join(tmpdir(), 'crashes-'));
afterAll(() => rmSync(root, { recursive: true }));
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(root, 'one-'));
});

const run = promisify(execFile);
const node = (args: readonly string[]) =>
  run(process.execPath, ['--conditions=@veilsum/source', ...args], {
    env: { ...process.env, NODE_OPTIONS: '' },
  });

test('the story: seven of eight votes, though five processes die', async () => {
  const { stdout, stderr } = await node(['examples/02-dropouts-and-crashes/main.ts', folder]);
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^sum {6}27,36,7 of ana cem dee eli fay gus hal$/m);
  expect(stdout).toMatch(/eli comes back .* answered phase "mask" of the round already/);
  // cem answered all five phases, share through two processes; each claim is there once.
  const claims = readdirSync(join(folder, 'cem')).filter((name) => name.length > 64);
  expect(claims.map((name) => name.slice(65)).sort()).toEqual(
    ['advertise', 'confirm', 'mask', 'share', 'unmask'].sort(),
  );
}, 60_000);

describe('fileClaims', () => {
  const round = new Uint8Array(32).fill(1);
  const digest = (fill: number) => new Uint8Array(32).fill(fill);
  const claim = (of: Claim, fill: number, phase: Parameters<Claim>[1] = 'mask', at = round) =>
    of(at, phase, digest(fill));

  test('the first, the same again, another: by round and phase', async () => {
    const store = fileClaims(folder);
    expect(await claim(store, 1)).toBe('first');
    expect(await claim(store, 1)).toBe('same');
    expect(await claim(store, 2)).toBe('conflict');
    expect(await claim(store, 2, 'confirm')).toBe('first');
    expect(await claim(store, 2, 'mask', digest(9))).toBe('first');
  });

  test('outlives its process', async () => {
    await claim(fileClaims(folder), 1);
    expect(await claim(fileClaims(folder), 2)).toBe('conflict');
  });

  test('of many processes at once one is the first, and the others hear of it', async () => {
    const program = `
      import { fileClaims } from ${JSON.stringify(join(process.cwd(), 'examples/02-dropouts-and-crashes/durable.ts'))};
      const [folder, fill] = process.argv.slice(1);
      const digest = new Uint8Array(32).fill(Number(fill));
      console.log(await fileClaims(folder)(new Uint8Array(32), 'mask', digest));`;
    const said = await Promise.all(
      [1, 2, 3, 4].map((fill) =>
        node(['--input-type=module-typescript', '-e', program, folder, `${fill}`]),
      ),
    );
    const verdicts = said.map(({ stdout }) => stdout.trim()).sort();
    expect(verdicts).toEqual(['conflict', 'conflict', 'conflict', 'first']);
    expect(readdirSync(folder)).toHaveLength(1);
  });

  test('a draft that a crash left behind claims nothing, and is no way to the claim itself', async () => {
    const name = join(folder, `${Buffer.from(round).toString('hex')}-mask`);
    expect(await claim(fileClaims(folder), 1)).toBe('first');
    // A crash between `link` and `unlink`. In a container every process has the same id as the one before it.
    linkSync(name, `${name}.${process.pid}`);
    expect(await claim(fileClaims(folder), 2)).toBe('conflict');
    expect(await claim(fileClaims(folder), 1)).toBe('same');
  });

  test('two claims of one process at once are two claims', async () => {
    const store = fileClaims(folder);
    for (let phase = 0; phase < 20; phase++) {
      const at = new Uint8Array(32).fill(phase);
      const said = await Promise.all([1, 2].map((fill) => claim(store, fill, 'mask', at)));
      expect(said.sort()).toEqual(['conflict', 'first']);
    }
  });

  test('a folder that is not there is an error, not a verdict', async () => {
    await expect(claim(fileClaims(join(folder, 'none')), 1)).rejects.toThrow('ENOENT');
  });
});

test('a file is replaced as a whole, also where a half-written one lies about', async () => {
  const path = join(folder, 'state');
  expect(await readIfThere(path)).toBeUndefined();
  writeFileSync(`${path}.new`, 'torn');
  await replaceFile(path, new Uint8Array([1, 2]));
  expect([...readFileSync(path)]).toEqual([1, 2]);
  expect(readdirSync(folder)).toEqual(['state']);
});
