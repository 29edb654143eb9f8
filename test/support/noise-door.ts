/**
 * A door to the noise of a round, for tests only: it divides the deviation of every draw, or takes the noise of
 * one client away. A test file that wants it replaces two modules, and nothing in the sources knows of it:
 *
 *     vi.mock('../../src/dp/sampler/noise-tables.ts', throughDoor);
 *     vi.mock('../../src/dp/sampler/draw.ts', throughDoor);
 */
import type { NoiseDistribution } from '../../src/dp/sampler/distributions.ts';
import type { NoiseTable } from '../../src/dp/sampler/noise-tables.ts';

/** How the door stands: closed, unless a test opens it. */
export const door: { divideBy: number; isQuiet: boolean } = { divideBy: 1, isQuiet: false };

/** Shuts the door. */
export function shutDoor(): void {
  door.divideBy = 1;
  door.isQuiet = false;
}

type Sampler = {
  readonly noiseTable?: (of: NoiseDistribution, ...rest: readonly unknown[]) => NoiseTable;
  readonly addNoiseInto?: (out: Uint32Array, ...rest: readonly unknown[]) => void;
};

function narrowed(of: NoiseDistribution): NoiseDistribution {
  const { divideBy } = door;
  if (divideBy === 1) return of;
  switch (of.kind) {
    case 'skellam':
      return { ...of, variance: of.variance / divideBy ** 2 };
    case 'discrete-gaussian':
      return { ...of, sigma: of.sigma / divideBy };
    case 'discrete-laplace':
      return { ...of, rate: of.rate * divideBy };
  }
}

/** The factory of a replaced module: itself, seen through the door. */
export async function throughDoor(original: () => Promise<unknown>): Promise<object> {
  const actual = (await original()) as Sampler;
  const { noiseTable, addNoiseInto } = actual;
  return {
    ...actual,
    ...(noiseTable && {
      noiseTable: (of: NoiseDistribution, ...rest: readonly unknown[]) =>
        noiseTable(narrowed(of), ...rest),
    }),
    ...(addNoiseInto && {
      addNoiseInto: (out: Uint32Array, ...rest: readonly unknown[]) => {
        if (!door.isQuiet) addNoiseInto(out, ...rest);
      },
    }),
  };
}
