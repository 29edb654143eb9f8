/** The levels: against published figures, against what is recorded, and against what our documentation says. */
import { globSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  attacksOn,
  cheapest,
  type Evidence,
  levelOf,
  manyTargets,
  TARGET,
} from '../../bench/lattice-security/evidence.ts';
import {
  FIRST_PRIME,
  type Instance,
  ours,
  PROVEN_WIDTH,
  published,
  SECOND_PRIME,
  suite,
} from '../../bench/lattice-security/instances.ts';
import { coreSvp, costModel, costModels } from '../../bench/lattice-security/models.ts';
import { primalUnique } from '../../bench/lattice-security/primal.ts';
import { references } from '../../bench/lattice-security/references.ts';
import {
  claimSentence,
  claimsIn,
  sectionIn,
  tablesOf,
  withSection,
} from '../../bench/lattice-security/tables.ts';
import { ROOT, textOf } from '../docs/fences.ts';

const recorded = JSON.parse(textOf('bench/results/lattice-security.json')) as Evidence;

describe('published figures', () => {
  test.each(references)(
    '$instance.name in $model.name: $cost bits ($source)',
    ({ instance, attack, model, cost, block, tolerance }) => {
      const found = attack(instance, model);
      expect(Math.abs(found.cost - cost)).toBeLessThanOrEqual(tolerance);
      expect(Math.abs(found.block - block)).toBeLessThanOrEqual(Math.max(2, block / 80));
    },
  );

  test.each([
    ['standard1024', 27],
    ['standard2048', 54],
    ['standard4096', 109],
  ])('%s: the HE standard puts its limit of 128 bits at a modulus of %i bits', (key, limit) => {
    const instance = published[key] as Instance;
    const model = costModel('bdgl16');
    expect(instance.logModulus).toBe(limit);
    expect(primalUnique(instance, model).cost).toBeGreaterThan(127.5);
    const over = { ...instance, logModulus: limit * 1.04 };
    expect(primalUnique(over, model).cost).toBeLessThan(128);
  });
});

describe('the suite', () => {
  test('has the two primes, which split the ring, and the width of the hint argument', () => {
    expect(FIRST_PRIME % 4096).toBe(1);
    expect(SECOND_PRIME % 4096).toBe(1);
    expect(suite.logModulus).toBeCloseTo(45.99, 2);
    expect(1 / PROVEN_WIDTH ** 2).toBeCloseTo(2 * (2 / 6.6 ** 2), 12);
  });

  test('keeps 128 bits in every classical model, also if 2^30 targets are free', () => {
    for (const model of costModels.filter(({ machine }) => machine === 'classical')) {
      expect(levelOf(suite, model)).toBeGreaterThan(TARGET);
      expect(cheapest(manyTargets(suite, model)).cost).toBeGreaterThan(TARGET);
    }
  });

  test('does not have 128 bits in quantum core-SVP, and the table says so', () => {
    expect(levelOf(suite, costModel('core-svp-quantum'))).toBeLessThan(TARGET);
    expect(recorded.claim.quantum).toBeLessThan(TARGET);
  });

  test('would have less with a modulus of one bit more', () => {
    const wider = { ...suite, logModulus: suite.logModulus + 1 };
    expect(levelOf(wider, coreSvp)).toBeLessThan(TARGET);
  });
});

describe('what is recorded (else: npm run estimate -- --write)', () => {
  const near = (found: number, said: number | undefined): void => {
    expect(Math.abs(found - (said as number))).toBeLessThan(0.02);
  };

  test('every attack on the suite in every model', () => {
    for (const model of costModels) {
      for (const { family, cost } of [...attacksOn(suite, model), ...manyTargets(suite, model)]) {
        const lines = [...recorded.attacks, ...recorded.bounds].filter(
          (x) => x.instance === suite.name && x.family === family && x.model === model.name,
        );
        expect(lines).toHaveLength(1);
        near(cost, lines[0]?.cost);
      }
    }
  });

  test('the other instances, by their primal attack', () => {
    for (const instance of ours) {
      const said = recorded.attacks.find(
        (x) => x.instance === instance.name && x.family === 'primal' && x.model === 'core-svp',
      );
      near(primalUnique(instance, coreSvp).cost, said?.cost);
    }
  });

  test('the room that is left', () => {
    const room = recorded.room.find(({ model }) => model === coreSvp.name);
    const at = (logModulus: number): number => levelOf({ ...suite, logModulus }, coreSvp);
    expect(at(room?.logModulus as number)).toBeGreaterThanOrEqual(TARGET);
    expect(at((room?.logModulus as number) + 1 / 16)).toBeLessThan(TARGET);
  });

  test('the claim is the least of each, rounded down', () => {
    const of = (model: string): number => Math.floor(levelOf(suite, costModel(model)));
    expect(recorded.claim).toEqual({
      classical: of('core-svp'),
      quantum: of('core-svp-quantum'),
      gates: of('matzov'),
      manyTargets: Math.floor(cheapest(manyTargets(suite, coreSvp)).cost),
    });
  });
});

describe('what is written', () => {
  test('the README shows what is recorded', () => {
    expect(sectionIn(textOf('bench/lattice-security/README.md'))).toBe(tablesOf(recorded));
  });

  test('the marks must be there, and all between them is replaced', () => {
    expect(() => sectionIn('no marks')).toThrow('estimate');
    const text = 'a\n<!-- estimate -->\nold\n<!-- /estimate -->\nb';
    expect(sectionIn(withSection(text, 'new'))).toBe('new');
    expect(withSection(text, 'new')).not.toContain('old');
  });

  test('every level that the documentation or a constant names is the one that was computed', () => {
    const files = ['*.md', 'src/**/*.md', 'src/**/*.ts', 'bench/**/*.md'].flatMap((pattern) =>
      globSync(pattern, { cwd: ROOT }),
    );
    const claims = files.flatMap((file) => claimsIn(textOf(file)).map((claim) => [file, claim]));
    expect(claims.length).toBeGreaterThan(0);
    for (const claim of claims) expect(claim).toEqual([claim[0], claimSentence(recorded)]);
    expect(claimsIn('core-SVP 2^999 classical, 2^1 quantum')).not.toContain(
      claimSentence(recorded),
    );
    expect(claimsIn('core-SVP 2^999 classical, 2^1 quantum')).toHaveLength(1);
  });
});
