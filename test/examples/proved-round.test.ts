/** Example 05 as it stands: what a stranger and a contract take, and what they refuse. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readTrust, verifyBundle } from 'veilsum/verify';
import { afterAll, beforeAll, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'proved-'));
afterAll(() => rmSync(folder, { recursive: true }));

let said: string;
beforeAll(async () => {
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--conditions=@veilsum/source', 'examples/05-proved-round/main.ts', folder],
    { env: { ...process.env, NODE_OPTIONS: '' } },
  );
  expect(stderr).toBe('');
  said = stdout;
}, 120_000);

test('who proves another vector than it committed to is refused by name', () => {
  expect(said).toMatch(/^masked round: the sum is of Akron, Basel, Cork, Dover, Fargo$/m);
  expect(said).toMatch(/^refused: Essen \(bad-proof\)$/m);
});

test('the stranger’s verdict is valid, and says that the setup was none to trust', () => {
  expect(said).toMatch(/^VALID$/m);
  expect(said).toContain("✓ Every contributor's values are in bounds");
  expect(said).toContain('(INSECURE: for tests only)');
});

test('the files are what the verdict was about: without the word for insecure keys they are refused', async () => {
  const bundle = new Uint8Array(readFileSync(join(folder, 'round.bundle')));
  const trust = readTrust(readFileSync(join(folder, 'trust.json'), 'utf8'));
  const { valid, sum } = await verifyBundle(bundle, trust);
  expect(valid).toBe(true);
  const clients = [0, 1, 2, 3, 5];
  const expected = clients.reduce((total, i) => total + Math.sin(i) / 8, 0);
  expect((sum as { readonly update: Float64Array }).update[0]).toBeCloseTo(expected, 2);
  const { insecureKeyForTestingOnly: _, ...strict } = trust;
  expect((await verifyBundle(bundle, strict)).valid).toBe(false);
});

test('the contract takes the statement once, and no other; a reader finds it from the signatures', () => {
  expect(said).toMatch(/^the contract took the edge's proof, for 2\d{5} gas$/m);
  expect(said).toMatch(/the published sum: proved$/m);
  expect(said).toMatch(/off by one: NOT proved$/m);
  expect(said).toMatch(/^the same proof for the other sum: ProofInvalid$/m);
  expect(said).toMatch(/^the same proof again: AlreadyProved$/m);
});
