/** Bytes that are no bundle: always a verdict with a reason, never an exception, never a hang. */
import { createHash } from 'node:crypto';
import type { Trust } from 'veilsum/verify';
import { verifyBundle } from 'veilsum/verify';
import { beforeAll, expect, test } from 'vitest';
import { type CborValue, decode, encode } from '../../src/wire/cbor.ts';
import { party } from '../support/round.ts';
import { codesOf, type Proven, proven, TINY } from './support.ts';

let made: Proven;
let unpinned: Trust;
beforeAll(async () => {
  made = await proven(await party(4), TINY, {
    inputs: () => ({ votes: [3] }),
    vanish: (id) => (id === 'client-1' ? 'mask' : undefined),
  });
  const { plan: _, ...rest } = made.trust;
  unpinned = rest;
  expect(await codesOf(made.bundle, made.trust)).toEqual([]);
  expect(await codesOf(made.bundle, unpinned)).toEqual([]);
});

/** Another value for a byte, never the same: some bits of a hash of its place. */
const other = (byte: number, at: number): number => {
  const [change] = createHash('sha256').update(`flip ${at}`).digest();
  return byte ^ ((change as number) || 1);
};

test('every byte changed', { timeout: 300_000 }, async () => {
  const bytes = made.bundle.slice();
  const accepted: number[] = [];
  for (let at = 0; at < bytes.length; at++) {
    const before = bytes[at] as number;
    bytes[at] = other(before, at);
    if ((await codesOf(bytes, unpinned)).length === 0) accepted.push(at);
    bytes[at] = before;
  }
  expect(accepted).toEqual([]);
  expect(await codesOf(bytes, unpinned)).toEqual([]);
});

test('cut short anywhere', { timeout: 120_000 }, async () => {
  for (let length = 0; length < made.bundle.length; length += 7) {
    expect(await codesOf(made.bundle.subarray(0, length), made.trust)).toEqual(['malformed']);
  }
  expect(await codesOf(made.bundle.subarray(0, -1), made.trust)).toEqual(['malformed']);
});

test('longer', async () => {
  for (const more of [[0], [0xff], [...made.bundle]]) {
    const longer = Uint8Array.from([...made.bundle, ...more]);
    expect(await codesOf(longer, made.trust)).toEqual(['malformed']);
  }
});

const again = (change: (value: Record<string, CborValue>) => CborValue): Uint8Array =>
  encode(
    change(decode(made.bundle, { what: 'bundle', maxBytes: 2 ** 20 }) as Record<string, CborValue>),
  );

test('another version, by name', async () => {
  const verdict = await verifyBundle(
    again((value) => ({ ...value, version: 3, proofs: [] })),
    made.trust,
  );
  expect(verdict.valid).toBe(false);
  expect(verdict.reasons[0]?.text).toMatch(/version 3, expected 1 or 2/);
});

test.each([
  ['keys that are for later', { keys: [] }],
  ['proofs that are for later', { proofs: [] }],
  ['another format', { format: 'veilsum proof' }],
  ['no format', { format: null }],
  ['a version in words', { version: '1' }],
  ['a plan in words', { plan: 'plan' }],
  ['an empty plan', { plan: new Uint8Array(0) }],
  ['no contributors', { contributors: [] }],
  ['a contributor too many', { contributors: Array(10_001).fill(null) }],
  ['a contributor without parts', { contributors: [[], [], []] }],
  ['no sums', { aggregate: [] }],
  ['a sum too many', { aggregate: [new Uint8Array(1), new Uint8Array(1)] }],
  ['an empty sum', { aggregate: [new Uint8Array(0)] }],
  ['no blindings', { blindings: new Uint8Array(0) }],
  ['blindings too many', { blindings: new Uint8Array(64) }],
  ['a bitmap too long', { u2: new Uint8Array(2) }],
  ['a bit beyond the roster', { u3: Uint8Array.of(0xff) }],
  ['an empty U3', { u3: new Uint8Array(1) }],
  ['no adverts', { adverts: new Uint8Array(0) }],
  ['no signatures', { signatures: new Uint8Array(0) }],
])('%s', async (_, parts) => {
  expect(await codesOf(made.bundle, made.trust)).toEqual([]);
  const codes = await codesOf(
    again((value) => ({ ...value, ...parts })),
    made.trust,
  );
  expect(['malformed', 'wrong-plan']).toContain(codes[0]);
});

test('a beacon where the plan names none', async () => {
  const bytes = again((value) => ({ ...value, beacon: new Uint8Array(32) }));
  expect(await codesOf(bytes, made.trust)).toEqual(['wrong-beacon']);
});

test('no bundle at all', async () => {
  for (const bytes of [undefined, null, 'bundle', 7, {}, [], new ArrayBuffer(8)]) {
    expect(await codesOf(bytes as never, made.trust)).toEqual(['malformed']);
  }
  for (const value of [null, 1, 'x', [], [[[]]], {}]) {
    expect(await codesOf(encode(value as CborValue), made.trust)).toEqual(['malformed']);
  }
});
