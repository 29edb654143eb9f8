/** What the other demo says of this one: the committed accuracies, and where they are drawn. */
import { readFile } from 'node:fs/promises';
import { percent } from '../digits/terminal.ts';
import { accuraciesOf, type SweepResults } from './epsilon-plot.ts';

/** What `sweep.ts` found when it was last run. */
export async function committedResults(): Promise<SweepResults> {
  const file = new URL('./accuracy.json', import.meta.url);
  return JSON.parse(await readFile(file, 'utf8')) as SweepResults;
}

/** The committed plot in words. */
export async function privateDemoReport(): Promise<string> {
  const results = await committedResults();
  const { clients, points, noiseless, tested, delta } = results;
  const means = points.map(
    (point) => `ε = ${point.epsilon}: ${percent(accuraciesOf(point, results).mean)}`,
  );
  return `
These sums were exact. With noise for client-level differential privacy at δ = ${delta.toExponential()}, a smaller model and ${clients}
simulated clients, accuracy was measured to depend on ε of the whole run like this:
  ${means.join(', ')}; without noise: ${percent(noiseless / tested)}
Drawn in examples/03-private-digits/accuracy.svg; npm run demo:private runs it.`;
}
