/** `npx veilsum verify`: what it prints, and how it ends. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { command, verified } from './run-command.ts';

const folder = new URL('../vectors/bundle/', import.meta.url).pathname;
const bundle = readFileSync(`${folder}v1.bundle`);
const trust = readFileSync(`${folder}v1.trust.json`, 'utf8');

test('a valid bundle ends with 0, and says what was and was not checked', () => {
  const { code, out, err } = command(
    'verify',
    `${folder}v1.bundle`,
    '--trust',
    `${folder}v1.trust.json`,
  );
  expect(err).toBe('');
  expect(code).toBe(0);
  expect(out).toMatch(/^VALID\n/);
  expect(out).toContain('contributors  4 of 5 invited: client-0, client-1, client-3, client-4');
  expect(out).toContain('votes: 3 integers from -2 to 9; sum: 4 -8 36');
  expect(out).toContain('✓ The commitments add up to exactly these sums.');
  expect(out).toContain('? Whether single inputs keep to their bounds');
});

test('any other ends with 1, gives the reason and no sums', () => {
  const bytes = Uint8Array.from(bundle);
  const at = bytes.length - 40;
  bytes[at] = (bytes[at] as number) ^ 1;
  const { code, out, err } = verified(bytes, trust);
  expect(err).toBe('');
  expect(code).toBe(1);
  expect(out).toMatch(/^NOT VALID\n/);
  expect(out).toContain('Refused because');
  expect(out).toContain('do not believe it');
  expect(out).not.toContain('sum:');
});

test('bytes that are no bundle end with 1', () => {
  const { code, out } = verified(new Uint8Array(100), trust);
  expect(code).toBe(1);
  expect(out).toContain('✗ malformed:');
  expect(verified(bundle.subarray(0, 1_000), trust).code).toBe(1);
});

describe('a wrong call ends with 2 and tells the usage', () => {
  const file = `${folder}v1.bundle`;
  const trusted = `${folder}v1.trust.json`;
  test.each([
    ['nothing', []],
    ['another command', ['prove', file, '--trust', trusted]],
    ['no bundle', ['verify', '--trust', trusted]],
    ['two bundles', ['verify', file, file, '--trust', trusted]],
    ['no trust', ['verify', file]],
    ['a bundle that is not there', ['verify', `${file}.not`, '--trust', trusted]],
    ['a trust that is not there', ['verify', file, '--trust', `${trusted}.not`]],
    ['a bundle for a trust', ['verify', file, '--trust', file]],
    ['an unknown option', ['verify', file, '--trust', trusted, '--quiet']],
  ])('%s', (_, args) => {
    const { code, out, err } = command(...args);
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(err).toContain('usage: veilsum verify');
  });
});

test('--help ends with 0', () => {
  const { code, out } = command('--help');
  expect(code).toBe(0);
  expect(out).toMatch(/^usage: veilsum verify/);
});
