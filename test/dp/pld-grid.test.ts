/** Losses on a grid, and their sums, against the definitions. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compose, single } from '../../src/dp/accountants/pld-compose.ts';
import { type Dots, dotsOf } from '../../src/dp/accountants/pld-dots.ts';
import {
  type CurvePair,
  discreteGaussianPair,
  discreteLaplacePair,
  gaussianPair,
  laplacePair,
  type Pair,
  randomisedResponsePair,
  sampledAtoms,
} from '../../src/dp/accountants/pld-pairs.ts';
import { deltaAt, epsilonAt } from '../../src/dp/accountants/pld-query.ts';
import * as twin from '../reference/losses.ts';

const curves: readonly (readonly [string, CurvePair])[] = [
  ['gaussian', gaussianPair(1.3, 1, 'remove')],
  ['sampled gaussian, removal', gaussianPair(0.9, 0.03, 'remove')],
  ['sampled gaussian, addition', gaussianPair(0.9, 0.03, 'add')],
  ['laplace', laplacePair(1.7, 1, 'remove')],
  ['sampled laplace, removal', laplacePair(0.6, 0.2, 'remove')],
  ['sampled laplace, addition', laplacePair(0.6, 0.2, 'add')],
];
const stickOf = (curve: CurvePair, epsilon: number): number =>
  curve.excess(epsilon) + Math.max(0, -Math.expm1(epsilon));
const onGrid = (pair: Pair, mesh: number): Dots =>
  dotsOf(pair, mesh, 1e-18, 1e-18, 2 ** 16) as Dots;
const gridStick = ({ masses, first, mesh, cutAbove, infinity }: Dots, epsilon: number): number =>
  twin.stickOfLosses(masses, first, mesh, epsilon) + cutAbove + infinity;

describe('joining the dots', () => {
  test.each(curves)('%s: equal on the grid, above between, by what is promised', (_, curve) => {
    const mesh = 0.01;
    const dots = onGrid(curve, mesh);
    const total = dots.masses.reduce((sum, mass) => sum + mass, dots.cutAbove);
    expect(total).toBeCloseTo(1, 12);
    fc.assert(
      fc.property(fc.integer({ min: -60, max: 60 }), fc.double({ min: 0, max: 1 }), (i, part) => {
        const at = i * mesh;
        const point = stickOf(curve, at);
        expect(Math.abs(gridStick(dots, at) - point)).toBeLessThanOrEqual(1e-13 + 1e-9 * point);
        const between = at + (part || 0) * mesh;
        const surplus = gridStick(dots, between) - stickOf(curve, between);
        expect(surplus).toBeGreaterThan(-1e-13);
        const mass = (j: number): number => dots.masses[j - dots.first] ?? 0;
        const most = Math.max(mass(i), mass(i + 1)) * 0.5 * Math.expm1(mesh);
        expect(surplus).toBeLessThanOrEqual(most * (1 + 1e-9) + 1e-12);
      }),
    );
  });

  const atoms: readonly (readonly [string, Pair, twin.Outcomes])[] = [
    ['response', randomisedResponsePair(0.4, 5), twin.response(0.4, 5)],
    ['discrete laplace', discreteLaplacePair(0.3, 4) as Pair, twin.discreteLaplace(0.3, 4)],
    ['discrete gaussian', discreteGaussianPair(2.2, 3) as Pair, twin.discreteGaussian(2.2, 3)],
    ...(['remove', 'add'] as const).map((direction) => {
      const pair = discreteGaussianPair(1.5, 1) as ReturnType<typeof randomisedResponsePair>;
      const outcomes = twin.sampled(twin.discreteGaussian(1.5, 1), 0.2, direction);
      return [`sampled, ${direction}`, sampledAtoms(pair, 0.2, direction), outcomes] as const;
    }),
  ];
  test.each(atoms)('%s: atoms have the hockey stick of the outcomes', (_, pair, outcomes) => {
    const dots = onGrid(pair, 0.01);
    for (let i = -80; i <= 80; i++) {
      expect(gridStick(dots, i * 0.01)).toBeCloseTo(twin.hockeyStick(outcomes, i * 0.01), 12);
    }
  });
});

describe('sums of losses', () => {
  test.each(curves)('%s: as by convolution, at every δ', (_, curve) => {
    const mesh = 0.05;
    for (const count of [2, 3, 7]) {
      const dots = onGrid(curve, mesh);
      const masses = twin.convolved([...dots.masses], count);
      const window = { theta: 2, tailTheta: 3, wrapTheta: 3, first: -1, length: 2048 };
      const composite = compose([{ dots, count }], window);
      if (composite === undefined) throw new Error('nothing composed');
      for (const epsilon of [0.02, 0.31, 1.2, 2.5]) {
        const exact = twin.stickOfLosses(masses, dots.first * count, mesh, epsilon);
        const bounds = deltaAt(composite, epsilon);
        expect(bounds?.upper).toBeGreaterThanOrEqual(exact * (1 - 1e-12));
        expect(bounds?.upper).toBeLessThanOrEqual(exact * (1 + 1e-8) + 2e-13);
        if (exact < 1e-9) continue;
        const found = epsilonAt(composite, exact);
        expect(found?.upper).toBeGreaterThanOrEqual(epsilon - 1e-9);
        expect(found?.upper).toBeLessThanOrEqual(epsilon + 1e-6);
        expect(found?.lower).toBeLessThanOrEqual(epsilon);
      }
    }
  });

  test('of different kinds, and of a single loss, are the same', () => {
    const mesh = 0.05;
    const [a, b] = [
      onGrid(gaussianPair(2, 1, 'remove'), mesh),
      onGrid(laplacePair(3, 1, 'add'), mesh),
    ];
    const window = { theta: 1, tailTheta: 3, wrapTheta: 3, first: -1, length: 1024 };
    const once = compose([{ dots: a, count: 1 }], window);
    const mixed = compose(
      [
        { dots: a, count: 2 },
        { dots: b, count: 1 },
      ],
      window,
    );
    if (once === undefined || mixed === undefined) throw new Error('nothing composed');
    for (const epsilon of [0.1, 0.7, 1.4]) {
      const alone = deltaAt(single(a, epsilon), epsilon);
      expect(deltaAt(once, epsilon)?.upper).toBeCloseTo(alone?.upper as number, 12);
      let exact = 0;
      const pairs = twin.convolved([...a.masses], 2);
      b.masses.forEach((mass, i) => {
        const rest = epsilon - (b.first + i) * mesh;
        exact += mass * twin.stickOfLosses(pairs, 2 * a.first, mesh, rest);
      });
      expect(deltaAt(mixed, epsilon)?.upper).toBeCloseTo(exact, 11);
    }
  });
});
