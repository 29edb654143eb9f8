/** The committed accuracies, their plot, and what the READMEs say of them are one and the same. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  accuraciesOf,
  epsilonPlot,
  epsilonTable,
} from '../../examples/03-private-digits/epsilon-plot.ts';
import { CLIENTS, DELTA, ROUNDS, TRUST } from '../../examples/03-private-digits/learning.ts';
import { PARAMETERS } from '../../examples/03-private-digits/softmax.ts';
import { committedResults, privateDemoReport } from '../../examples/03-private-digits/summary.ts';
import { jsonOf } from '../../examples/03-private-digits/sweep.ts';
import { sectionIn } from '../docs/bench-section.ts';
import { textOf } from '../docs/fences.ts';

const committed = (name: string): string =>
  readFileSync(new URL(`../../examples/03-private-digits/${name}`, import.meta.url), 'utf8');
const results = await committedResults();

describe('the committed results', () => {
  test('are of the run that the demo makes', () => {
    const { corrupt, absent } = TRUST;
    expect(results).toMatchObject({ clients: CLIENTS, rounds: ROUNDS, delta: DELTA });
    expect(results).toMatchObject({ parameters: PARAMETERS, corrupt, absent });
    expect(results).toMatchObject({ neighbours: 'zero-out', noise: 'skellam' });
    expect(DELTA).toBeLessThan(1 / CLIENTS / 10);
    expect(CLIENTS).toBeGreaterThanOrEqual(500);
    expect(PARAMETERS).toBeLessThanOrEqual(2_000);
    expect(jsonOf(results)).toBe(committed('accuracy.json'));
  });

  test('show at least four prices, and learning at ε of 4 and less', () => {
    const prices = results.points.map(({ epsilon }) => epsilon);
    expect(prices.length).toBeGreaterThanOrEqual(4);
    expect(prices).toEqual([...new Set(prices)].sort((a, b) => a - b));
    for (const point of results.points) {
      expect(point.right.every((count) => count >= 0 && count <= results.tested)).toBe(true);
      const { worst, mean, best } = accuraciesOf(point, results);
      expect(worst).toBeLessThanOrEqual(mean);
      expect(mean).toBeLessThanOrEqual(best);
      if (point.epsilon >= 1 && point.epsilon <= 4) expect(worst).toBeGreaterThan(0.6);
    }
    const multipliers = results.points.map(({ multiplier }) => Number(multiplier));
    expect(multipliers).toEqual([...multipliers].sort((a, b) => b - a));
  });

  test('are what the committed plot draws', () => {
    expect(epsilonPlot(results)).toBe(committed('accuracy.svg'));
  });

  test('are what the README says (else: node test/docs/run.ts)', () => {
    expect(sectionIn(textOf('README.md'), 'private-digits')).toBe(epsilonTable(results));
  });

  test('are named at the end of the other demo', async () => {
    const report = await privateDemoReport();
    for (const { epsilon } of results.points) expect(report).toContain(`ε = ${epsilon}:`);
    expect(report).toContain('examples/03-private-digits/accuracy.svg');
    expect(committed('../digits/main.ts')).toContain('say(await privateDemoReport());');
  });
});
