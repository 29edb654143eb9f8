/** The update circuit against its twin, at and beyond its bounds, by generator and rows alike. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { R } from '../../../src/zk/groth16/field.ts';
import { type Rows, readR1cs } from '../../../src/zk/setup/r1cs.ts';
import { helpBits, helpFor, inputsFor, squaredNorm } from '../../../src/zk/update/witness.ts';
import {
  fittedCount,
  inOrder,
  type Signals,
  slowHashToScalar,
  slowHelp,
  slowHolds,
} from '../../reference/update.ts';
import { artifact } from './compile.ts';
import { freedom } from './freedom.ts';
import { brokenRow, freeWires } from './r1cs.ts';
import { type WitnessGenerator, withoutChecks, witnessGenerator } from './witness.ts';

const D = 16;
const PUBLICS = 2 * D + 261;
const NORM = 3n * 2n ** 30n;
const rows: Rows = readR1cs(artifact('update-16', 'r1cs'));
const wasm = artifact('update-16', 'wasm');
const honest: WitnessGenerator = await witnessGenerator(wasm);
const dishonest: WitnessGenerator = await witnessGenerator(withoutChecks(wasm));

const EXTREMES: readonly number[] = [
  -32_768, 32_767, 0, -1, 1, 255, 256, -256, -257, 4_711, -4_711, 0, 0, 77, 78, 79,
];

const signals = (x: readonly number[], change: Partial<Signals> = {}): Signals => ({
  ctx: 7n,
  normMax: NORM,
  alpha: slowHashToScalar('test', Uint8Array.from(x)),
  blindX: 8n,
  x: x.map(BigInt),
  blindH: 9n,
  ...slowHelp(x),
  ...change,
});

/** Whether signals are accepted: by generator, rows and twin, which must agree. */
async function accepts(all: Signals): Promise<boolean> {
  const stopped = 'stopped' in (await honest(all));
  const wires = (await dishonest(all)) as readonly bigint[];
  expect(wires.slice(1, 1 + PUBLICS)).toEqual(inOrder(all));
  expect(brokenRow(rows, wires) !== undefined).toBe(stopped);
  expect(slowHolds(all)).toBe(!stopped);
  return !stopped;
}

describe('updates in bounds', () => {
  test('hold, with all signals public in the order of the key', async () => {
    expect(rows.publics).toBe(PUBLICS);
    expect(await accepts(signals(EXTREMES))).toBe(true);
    expect(await accepts(signals(new Array(D).fill(0)))).toBe(true);
  });

  test('hold whatever they are, with the inputs that the library makes', async () => {
    const value = fc.integer({ min: -32_768, max: 32_767 });
    await fc.assert(
      fc.asyncProperty(fc.array(value, { minLength: D, maxLength: D }), async (x) => {
        const update = Int32Array.from(x);
        const help = helpFor(update);
        const { hi, m } = slowHelp(x);
        expect(Array.from(help, BigInt)).toEqual([...hi, ...m]);
        const normMax = squaredNorm(update);
        const blinding = new Uint8Array(32).fill(5);
        const challenge = 123n ** 30n;
        const known = { context: 7n, normMax, challenge };
        const inputs = inputsFor(known, update, help, { x: blinding, h: blinding });
        expect('stopped' in (await honest(inputs))).toBe(false);
        expect(await accepts(signals(x, { normMax: BigInt(normMax) }))).toBe(true);
        if (normMax > 0) {
          expect(await accepts(signals(x, { normMax: BigInt(normMax) - 1n }))).toBe(false);
        }
      }),
      { numRuns: 15 },
    );
  });

  test('have help that fits its width', () => {
    for (const d of [1, 100, 128, 255, 16_384, 32_637]) {
      // All zeros: 128 and 0, each d times; all of −2^15: 0, 2d times.
      const most = Math.max(...helpFor(new Int32Array(d).fill(-32_768)).subarray(d), 255);
      expect(most).toBe(Math.max(2 * d, 255));
      expect(most).toBeLessThan(2 ** (helpBits(d) - 1));
    }
  });
});

describe('updates out of bounds', () => {
  const { hi, m } = slowHelp(EXTREMES);

  test('do not hold: a value beyond the range by one, however it is cut', async () => {
    expect(await accepts(signals(EXTREMES))).toBe(true);
    for (const [place, value, upper] of [
      [1, 32_768n, 256n],
      [1, 32_768n, 255n],
      [0, -32_769n, 0n],
      [0, -32_769n, -1n],
    ] as const) {
      const x = EXTREMES.map(BigInt).with(place, value);
      const all = signals(EXTREMES, { x, hi: hi.with(place, upper), normMax: 2n ** 33n });
      expect(await accepts(all)).toBe(false);
      // With a challenge that is known beforehand, a count that fits can be made up.
      const forged = { ...all, m: m.with(0, fittedCount(all)) };
      expect(await accepts(forged)).toBe(true);
      // But it fits no other challenge.
      expect(await accepts({ ...forged, alpha: forged.alpha + 1n })).toBe(false);
    }
  });

  test('do not hold: counts that are off by one, or negative', async () => {
    for (const change of [1n, -1n, R - 5n]) {
      for (const t of [0, 128, 255]) {
        const wrong = m.with(t, (m[t] as bigint) + change);
        expect(await accepts(signals(EXTREMES, { m: wrong }))).toBe(false);
      }
    }
  });

  test('do not hold: a challenge that is itself a byte that comes', async () => {
    for (const alpha of [0n, 128n, 255n]) {
      expect(await accepts(signals(EXTREMES, { alpha }))).toBe(false);
    }
  });

  test('do not hold: a norm above the bound, and a bound that is no small number', async () => {
    const norm = EXTREMES.reduce((sum, value) => sum + BigInt(value * value), 0n);
    expect(await accepts(signals(EXTREMES, { normMax: norm }))).toBe(true);
    for (const normMax of [norm - 1n, 0n, -1n, norm + 2n ** 34n]) {
      expect(await accepts(signals(EXTREMES, { normMax }))).toBe(false);
    }
  });
});

describe('its wires', () => {
  test('none can be changed but those that stand in no row', async () => {
    const wires = (await honest(signals(EXTREMES))) as readonly bigint[];
    expect(wires).toHaveLength(rows.wires);
    // ctx, blindX and blindH.
    const unbound = [1, 4, 5 + D];
    const changes: readonly ((value: bigint) => bigint)[] = [
      (value) => (value + 1n) % R,
      (value) => (value === 0n ? 1n : R - value),
      (value) => (value * 3n + 12_345n ** 9n) % R,
    ];
    for (const change of changes) {
      expect(freeWires(rows, wires, change)).toEqual(unbound);
    }
  });

  test('none of the private ones can be changed together', async () => {
    const wires = (await honest(signals(EXTREMES))) as readonly bigint[];
    const publics = new Set(Array.from({ length: PUBLICS }, (_, i) => i + 1));
    expect(freedom(rows, wires, publics)).toBe(0);
  });
});
