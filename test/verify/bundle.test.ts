/** What a valid bundle shows, on both engines, and what its verifier can insist on. */
import { readFileSync } from 'node:fs';
import { integer, plan as makePlan, noNoise, planBytes } from 'veilsum';
import {
  BUNDLE_VERSION,
  PROVEN_BUNDLE_VERSION,
  readTrust,
  type Trust,
  trustIn,
  verifyBundle,
} from 'veilsum/verify';
import { type FastCurve, fastCurve } from 'veilsum/zk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { party } from '../support/round.ts';
import {
  changed,
  codesOf,
  KINDS,
  kindsInputs,
  type Proven,
  proven,
  provenWithBeacon,
  provenWithNoise,
  TINY,
} from './support.ts';

const sample = new URL('../vectors/bundle/', import.meta.url);

let fast: FastCurve;
let kinds: Proven;
let noisy: Proven;
let tiny: Proven;
beforeAll(async () => {
  fast = (await fastCurve()) as FastCurve;
  const people = await party(5);
  kinds = await proven(people, KINDS, {
    inputs: kindsInputs,
    vanish: (id) => (id === 'client-2' ? 'mask' : undefined),
  });
  noisy = await provenWithNoise(people);
  tiny = await proven(people, TINY, { inputs: (id) => ({ votes: [id === 'client-0' ? 9 : 1] }) });
});
afterAll(() => fast.dispose());

describe('the sample of version 1', () => {
  const bundle = readFileSync(new URL('v1.bundle', sample));
  const trust = readTrust(readFileSync(new URL('v1.trust.json', sample), 'utf8'));

  test('is valid, today and in every later release', async () => {
    expect(BUNDLE_VERSION).toBe(1);
    const verdict = await verifyBundle(bundle, trust);
    expect(verdict.reasons).toEqual([]);
    expect(verdict.valid).toBe(true);
    expect(verdict.sum?.votes).toEqual([4, -8, 36]);
    expect(verdict.sum?.model).toMatchObject({ weight: 12 });
    expect(verdict.statement?.contributors).toEqual([
      'client-0',
      'client-1',
      'client-3',
      'client-4',
    ]);
  });
});

describe('the sample of version 2', () => {
  const bundle = readFileSync(new URL('v2.bundle', sample));
  const trust = readTrust(readFileSync(new URL('v2.trust.json', sample), 'utf8'));

  test('is valid, today and in every later release', async () => {
    expect(PROVEN_BUNDLE_VERSION).toBe(2);
    const verdict = await verifyBundle(bundle, trust);
    expect(verdict.reasons).toEqual([]);
    expect(verdict.valid).toBe(true);
    const values = Array.from({ length: 20 }, (_, i) => 4 * ((i % 12) - 2));
    expect(verdict.sum).toEqual({ votes: values });
    expect(verdict.statement?.contributors).toHaveLength(4);
    expect(verdict.checked.at(-1)?.code).toBe('proofs');
  });
});

describe('a valid bundle', () => {
  test.each(['noble', 'wasm'] as const)('of all kinds of fields, on %s', async (engine) => {
    const options = engine === 'wasm' ? { curve: fast } : {};
    const verdict = await verifyBundle(kinds.bundle, kinds.trust, options);
    expect(verdict.reasons).toEqual([]);
    expect(verdict.valid).toBe(true);
    expect(verdict.sum).toEqual(kinds.sum);
    expect(verdict.checked.map(({ code }) => code)).toEqual([
      'form',
      'plan',
      'roster',
      'round',
      'contributors',
      'signatures',
      'commitments',
      'quorum',
      'bounds',
      'opening',
    ]);
    expect(verdict.statement).toMatchObject({ id: kinds.plan.id, invited: 5, confirmed: 4 });
    expect(verdict.statement?.contributors).toHaveLength(4);
  });

  test.each(['noble', 'wasm'] as const)(
    'with noise, on %s: values and noise apart',
    async (engine) => {
      const options = engine === 'wasm' ? { curve: fast } : {};
      const verdict = await verifyBundle(noisy.bundle, noisy.trust, options);
      expect(verdict.reasons).toEqual([]);
      expect(verdict.sum).toEqual(noisy.sum);
      expect(verdict.sum?.size).toEqual([35]);
      expect(verdict.statement?.noise).toEqual({ epsilon: 4, delta: 1e-5 });
      expect(verdict.notChecked.map(({ code }) => code)).toContain('noise');
      const off = changed(noisy.bundle, ({ aggregate }) => ({
        aggregate: aggregate.map((packed, i) => {
          if (i !== 0) return packed;
          const other = packed.slice();
          other[0] = (other[0] as number) ^ 1;
          return other;
        }),
      }));
      const { reasons } = await verifyBundle(off, noisy.trust, options);
      expect(reasons).toEqual([
        expect.objectContaining({ code: 'does-not-open', field: 'counts' }),
      ]);
    },
  );

  test('says what nobody has checked', async () => {
    const codes = async (trust: Trust) =>
      (await verifyBundle(tiny.bundle, trust)).notChecked.map(({ code }) => code);
    expect(await codes(tiny.trust)).toEqual([
      'inputs-in-bounds',
      'inputs-true',
      'identities',
      'selection',
      'context',
      'secrecy',
      'assumptions',
    ]);
    const { plan: _, ...unpinned } = tiny.trust;
    expect(await codes(unpinned)).toContain('plan');
  });

  test('may lie in shared memory, or in a Buffer', async () => {
    const shared = new Uint8Array(new SharedArrayBuffer(tiny.bundle.length));
    shared.set(tiny.bundle);
    expect(await codesOf(shared, tiny.trust)).toEqual([]);
    expect(await codesOf(Buffer.from(tiny.bundle), tiny.trust)).toEqual([]);
  });

  test('is frozen in its verdict', async () => {
    const verdict = await verifyBundle(tiny.bundle, tiny.trust);
    for (const part of [verdict, verdict.reasons, verdict.checked, verdict.notChecked]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  test('need not be verified to the end', async () => {
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    await expect(verifyBundle(kinds.bundle, kinds.trust, { signal })).rejects.toBe(reason);
  });
});

describe('a plan with a beacon', () => {
  const value = new Uint8Array(48).fill(5);
  let beaconed: Proven;
  beforeAll(async () => {
    beaconed = await provenWithBeacon(tiny.people, value);
  });
  const hex = Buffer.from(value).toString('hex');

  test('is verified under the value that the bundle brings, whose truth nobody has checked', async () => {
    const { valid, notChecked } = await verifyBundle(beaconed.bundle, beaconed.trust);
    expect(valid).toBe(true);
    expect(notChecked.at(-1)).toMatchObject({ code: 'beacon' });
    expect(notChecked.at(-1)?.text).toContain('round 7 of "a chain"');
  });

  test('or under the trusted value, and no other', async () => {
    const right = { ...beaconed.trust, beacon: hex };
    const { valid, notChecked } = await verifyBundle(beaconed.bundle, right);
    expect(valid).toBe(true);
    expect(notChecked.map(({ code }) => code)).not.toContain('beacon');
    const wrong = { ...beaconed.trust, beacon: '06'.repeat(48) };
    expect(await codesOf(beaconed.bundle, wrong)).toEqual(['wrong-beacon']);
  });

  test('is another round under another value', async () => {
    expect(await codesOf(beaconed.bundle, beaconed.trust)).toEqual([]);
    const other = changed(beaconed.bundle, () => ({ beacon: new Uint8Array(48).fill(6) }));
    expect(await codesOf(other, beaconed.trust)).toContain('bad-signature');
    const none = changed(beaconed.bundle, () => ({ beacon: new Uint8Array(0) }));
    expect(await codesOf(none, beaconed.trust)).toEqual(['wrong-beacon']);
  });
});

describe('trust', () => {
  const trusted = (change: Partial<Trust>): Trust => ({ ...tiny.trust, ...change });

  test('pins the roster', async () => {
    expect(await codesOf(tiny.bundle, tiny.trust)).toEqual([]);
    const others = await proven(await party(5), TINY, { inputs: () => ({ votes: [1] }) });
    const { plan: _, ...theirs } = others.trust;
    const { plan: __, ...ours } = tiny.trust;
    expect(await codesOf(tiny.bundle, theirs)).toEqual(['wrong-roster']);
    expect(await codesOf(others.bundle, ours)).toEqual(['wrong-roster']);
  });

  test('pins the plan, if it wants to', async () => {
    const other = await proven(tiny.people, TINY, { inputs: () => ({ votes: [1] }) });
    expect(await codesOf(other.bundle, tiny.trust)).toEqual(['wrong-plan']);
    const { plan: _, ...unpinned } = tiny.trust;
    expect(await codesOf(other.bundle, unpinned)).toEqual([]);
  });

  test('does not take a round in which too few took part for a quorum', async () => {
    // Everybody but the first two is left out, wherever the bundle names them.
    const few = changed(tiny.bundle, ({ adverts, contributors, signatures }) => ({
      u2: Uint8Array.of(3),
      u3: Uint8Array.of(3),
      adverts: adverts.slice(0, 64),
      absent: new Uint8Array(0),
      contributors: contributors.slice(0, 2),
      signers: Uint8Array.of(3),
      signatures: signatures.slice(0, 128),
    }));
    expect(await codesOf(few, tiny.trust)).toEqual(
      expect.arrayContaining(['bad-survivors', 'below-floor', 'no-quorum']),
    );
  });

  test('has a floor of its own', async () => {
    expect(await codesOf(tiny.bundle, trusted({ floor: 5 }))).toEqual([]);
    expect(await codesOf(tiny.bundle, trusted({ floor: 6 }))).toEqual(['below-floor']);
  });

  test('has bounds of its own', async () => {
    expect(await codesOf(tiny.bundle, trusted({ bounds: { votes: 9 } }))).toEqual([]);
    expect(await codesOf(tiny.bundle, trusted({ bounds: { votes: 8 } }))).toEqual(['wrong-bounds']);
    expect(await codesOf(tiny.bundle, trusted({ bounds: { other: 9 } }))).toEqual(['wrong-bounds']);
    expect(
      await codesOf(kinds.bundle, { ...kinds.trust, bounds: { update: 1, model: 1 } }),
    ).toEqual([]);
    expect(await codesOf(kinds.bundle, { ...kinds.trust, bounds: { update: 0.99 } })).toEqual([
      'wrong-bounds',
    ]);
  });

  test('has a JSON form, the same record', () => {
    const trust = trusted({ bounds: { votes: 9 }, beacon: '00ff' });
    expect(readTrust(JSON.stringify(trust))).toEqual(trust);
    expect(Object.isFrozen(readTrust(JSON.stringify(trust)))).toBe(true);
    expect(trustIn(tiny.plan)).toEqual(tiny.trust);
  });

  const roster = '00'.repeat(32);
  test.each([
    ['no JSON', '{'],
    ['a list', '[]'],
    ['null', 'null'],
    ['no floor', JSON.stringify({ roster })],
    ['a floor of none', JSON.stringify({ roster, floor: 0 })],
    ['a floor in words', JSON.stringify({ roster, floor: '4' })],
    ['no roster', JSON.stringify({ floor: 4 })],
    ['half a roster', JSON.stringify({ roster: '00', floor: 4 })],
    ['capitals', JSON.stringify({ roster: 'AA'.repeat(32), floor: 4 })],
    ['a misspelt wish', JSON.stringify({ roster, floor: 4, Plan: roster })],
    ['keys that are for later', JSON.stringify({ roster, floor: 4, vkHashes: [] })],
    ['a beacon of half a byte', JSON.stringify({ roster, floor: 4, beacon: '0' })],
    ['bounds that are none', JSON.stringify({ roster, floor: 4, bounds: { a: null } })],
    ['negative bounds', JSON.stringify({ roster, floor: 4, bounds: { a: -1 } })],
    ['bounds in a list', JSON.stringify({ roster, floor: 4, bounds: [1] })],
  ])('is refused with %s, as the verifier’s own mistake', (_, text) => {
    expect(() => readTrust(text)).toThrow(expect.objectContaining({ name: 'UsageError' }));
  });

  test('must be there', async () => {
    await expect(verifyBundle(tiny.bundle, undefined as never)).rejects.toThrow('trust');
  });
});

test('a plan without commitments, or with other fields, is no plan of a bundle', async () => {
  expect(await codesOf(tiny.bundle, tiny.trust)).toEqual([]);
  const facts = {
    id: 'x',
    roster: tiny.people.roster,
    trust: { corrupt: 0.2, absent: 0.25 },
    noise: noNoise(),
  };
  const { plan: _, ...trust } = tiny.trust;
  const bare = makePlan({ ...facts, fields: TINY });
  expect(
    await codesOf(
      changed(tiny.bundle, () => ({ plan: planBytes(bare) })),
      trust,
    ),
  ).toEqual(['wrong-plan']);
  const wide = makePlan({
    ...facts,
    fields: { votes: integer({ length: 2, min: 0, max: 9 }) },
    commitments: tiny.plan.commitments,
  });
  expect(
    await codesOf(
      changed(tiny.bundle, () => ({ plan: planBytes(wide) })),
      trust,
    ),
  ).toEqual(['malformed']);
});
