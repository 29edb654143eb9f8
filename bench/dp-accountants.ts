/** Prices of differential privacy: how long one ε takes by each accountant, and how long a calibration. */
import { calibrate } from '../src/dp/calibrate.ts';
import { epsilon } from '../src/dp/epsilon.ts';
import { type DpEvent, gaussian, poissonSampled, repeated } from '../src/dp/events.ts';
import { type Book, interleave, progress } from './harness.ts';

const SAMPLES = 15;
const DELTA = 1e-5;

/** The setting that other tools were timed on: q = 0.01, T = 1000, and σ = 1 unless it is sought. */
const training = (noiseMultiplier: number): DpEvent =>
  repeated({
    event: poissonSampled({ probability: 0.01, event: gaussian({ noiseMultiplier }) }),
    count: 1000,
  });

const clocked = (work: () => unknown) => (): number => {
  const start = performance.now();
  work();
  return performance.now() - start;
};

/** What other tools took for the same on the machine of the notes, in milliseconds. */
const OTHERS = [
  ['rdp-epsilon', 41, 'dp_accounting 0.6.0'],
  ['rdp-epsilon', 14, 'Opacus 4d0ebc84'],
  ['pld-epsilon', 514, 'dp_accounting 0.6.0, mesh 1e-4'],
  ['pld-epsilon', 75, 'Opacus 4d0ebc84, PRV'],
  ['pld-epsilon', 222, 'prv_accountant 0.2.0'],
  ['pld-calibration', 6800, 'dp_accounting 0.6.0'],
] as const;

/** Measures the accountants: a few seconds. */
export async function dpAccountants(book: Book): Promise<void> {
  progress('dp: accountants');
  const request = { delta: DELTA, neighbours: 'add-or-remove' } as const;
  const at = (accountant: 'rdp' | 'pld') => () => epsilon(training(1), { ...request, accountant });
  const search = () =>
    calibrate({
      ...request,
      epsilon: 2,
      event: training,
      accountant: 'pld',
      accuracy: 1e-5,
    });
  const times = await interleave(
    SAMPLES,
    {
      'rdp-epsilon': clocked(at('rdp')),
      'pld-epsilon': clocked(at('pld')),
      'pld-calibration': clocked(search),
    },
    4,
  );
  book.time('dp/rdp-epsilon', times['rdp-epsilon'], undefined, 5);
  book.time('dp/pld-epsilon', times['pld-epsilon'], undefined, 150);
  book.time('dp/pld-calibration', times['pld-calibration'], undefined, 1000);
  for (const [name, ms, source] of OTHERS) book.elsewhere(`dp/${name}`, ms, source);
}
