/**
 * Small rounds of every kind, drawn at random: some fields under masks of pairs and some under lattice masks,
 * packed or not, on words of one plane or two, with anybody vanishing at any time. What comes out is the
 * plain sum of those who are said to be in it; and whoever vanished by then is not.
 */
import fc from 'fast-check';
import { type Fields, type InputsOf, integer } from 'veilsum';
import { expect, test } from 'vitest';
import { PHASES, type Phase } from '../../../src/secagg/phases.ts';
import { type Party, party, planFor, play } from '../../support/round.ts';

/** One field: a width of values, where they begin, and how many there are. */
type Drawn = {
  readonly bits: number;
  readonly min: number;
  readonly length: number;
  readonly mask: 'lattice' | 'pairwise';
};

const drawnField: fc.Arbitrary<Drawn> = fc.record({
  bits: fc.constantFrom(1, 2, 4, 8, 12, 16, 20, 24, 27),
  min: fc.integer({ min: -(2 ** 26), max: 1_000 }),
  length: fc.constantFrom(1, 7, 500, 2_048, 2_049, 4_500),
  mask: fc.constantFrom('lattice', 'lattice', 'pairwise'),
});

/** A round: its fields, who vanishes before which phase, and a number from which values are made. */
const drawnRound = fc.record({
  clients: fc.integer({ min: 4, max: 8 }),
  fields: fc.array(drawnField, { minLength: 1, maxLength: 4 }),
  vanishing: fc.array(fc.constantFrom(...PHASES.slice(1)), { maxLength: 2 }),
  first: fc.nat({ max: 7 }),
  seed: fc.nat({ max: 10 ** 6 }),
  fill: fc.constantFrom('any', 'least', 'greatest'),
  coordinator: fc.constantFrom('active', 'semi-honest'),
  suite: fc.constantFrom('x25519', 'x25519', 'x25519', 'x25519-mlkem768'),
});

const people = new Map<number, Party>();
async function partyOf(clients: number): Promise<Party> {
  const known = people.get(clients) ?? (await party(clients));
  people.set(clients, known);
  return known;
}

const seen = { packed: 0, planes: 0, mixed: 0, dropped: 0, late: 0 };

test('every round gives the plain sum', { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(
      drawnRound,
      async ({ clients, fields: drawn, vanishing, first, seed, fill, ...of }) => {
        const crowd = await partyOf(clients);
        const fields: Fields = Object.fromEntries(
          drawn.map(({ bits, min, length, mask }, i) => [
            `f${i}`,
            integer({ length, min, max: min + 2 ** bits - 1, mask }),
          ]),
        );
        const plan = planFor(crowd, {
          fields,
          trust: { corrupt: 0, absent: 0.4, coordinator: of.coordinator },
          suite: of.suite,
        });
        const valuesOf = (id: string): Record<string, number[]> => {
          const who = Number(id.slice(7)) + 1;
          const at = (i: number, bits: number): number =>
            fill === 'least'
              ? 0
              : fill === 'greatest'
                ? 2 ** bits - 1
                : (seed + i * 7_919 * who) % 2 ** bits;
          return Object.fromEntries(
            drawn.map(({ bits, min, length }, f) => [
              `f${f}`,
              Array.from({ length }, (_, i) => min + at(i, bits)),
            ]),
          );
        };
        // As many may vanish as the plan bears: none of four and five beyond one.
        const some = vanishing.slice(0, clients < 6 ? 1 : 2);
        const gone = new Map<string, Phase>(
          some.map((phase, i) => [`client-${(first + i) % clients}`, phase]),
        );
        const { result, faults, left } = await play(crowd, plan, {
          inputs: (id) => valuesOf(id) as InputsOf<Fields>,
          vanish: (id) => gone.get(id),
        });
        expect(faults).toEqual([]);
        expect([...left]).toEqual([]);
        const isIn = (id: string): boolean => !['share', 'mask'].includes(gone.get(id) ?? '');
        expect(result.contributors).toEqual(crowd.ids.filter(isIn));
        const all = result.contributors.map(valuesOf);
        for (const name of Object.keys(fields)) {
          const length = all[0]?.[name]?.length as number;
          const expected = Array.from({ length }, (_, i) =>
            all.reduce((sum, values) => sum + (values[name]?.[i] as number), 0),
          );
          expect(result.sum[name], name).toEqual(expected);
        }
        const shapes = plan.lattice?.layout.fields.map(({ shape }) => shape) ?? [];
        seen.packed += +shapes.some(({ packing }) => packing > 1);
        seen.planes += +shapes.some(({ wireBits }) => wireBits > 32);
        seen.mixed += +(shapes.length > 0 && shapes.length < drawn.length);
        seen.dropped += +[...gone.values()].includes('mask');
        seen.late += +[...gone.values()].some((phase) => phase === 'confirm' || phase === 'unmask');
      },
    ),
    { numRuns: 24, seed: 20_261_123 },
  );
  for (const [kind, count] of Object.entries(seen)) expect(count, kind).toBeGreaterThan(2);
});

test('a long one, whose blocks take turns under four secrets, across two fields', async () => {
  const crowd = await partyOf(6);
  const fields = {
    first: integer({ length: 60_001, min: -100, max: 155, mask: 'lattice' }),
    second: integer({ length: 80_003, min: 0, max: 2 ** 20, mask: 'lattice' }),
  };
  const trust = { corrupt: 0, absent: 0.4, coordinator: 'active' } as const;
  const plan = planFor(crowd, { fields, trust });
  expect(plan.lattice?.layout.key.secrets).toBe(4);
  const inputs = (id: string) => {
    const who = Number(id.slice(7)) + 1;
    return {
      first: Array.from({ length: 60_001 }, (_, i) => ((i * who * 31) % 256) - 100),
      second: Array.from({ length: 80_003 }, (_, i) => (i * who * 7_919) % 2 ** 20),
    };
  };
  const { result } = await play(crowd, plan, {
    inputs,
    vanish: (id) => (id === 'client-1' ? 'mask' : id === 'client-4' ? 'confirm' : undefined),
  });
  expect(result.contributors.length).toBe(5);
  const all = result.contributors.map(inputs);
  for (const name of ['first', 'second'] as const) {
    const off = [...result.sum[name]].findIndex(
      (x, i) => x !== all.reduce((sum, input) => sum + (input[name][i] as number), 0),
    );
    expect(off, name).toBe(-1);
  }
});
