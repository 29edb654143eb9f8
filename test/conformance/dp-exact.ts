/** Families with exact values: closed forms, hockey sticks and probabilities to 25 digits. */
import { gaussianEpsilon, gaussianSigma } from '../../src/dp/accountants/gaussian.ts';
import {
  discreteGaussianDelta,
  gaussianDelta,
  sampledAddDelta,
  sampledRemoveDelta,
} from '../../src/dp/hockey-stick.ts';
import { type ExactDistribution, folded, probability } from '../../src/dp/sampler/probabilities.ts';
import { inverse, type Rational, rationalOfDecimal } from '../../src/dp/sampler/rational.ts';
import { sumNoiseMultiplier } from '../../src/dp/sensitivity.ts';
import { type Case, Mismatch, near, within } from './dp-case.ts';

/** Precision of probabilities in bits: small ones are given to 25 digits as well. */
const BITS = 320;

export const exactFamilies: Readonly<Record<string, (entry: Case) => void>> = {
  analytic_gaussian: ({ params, value }) => {
    const solve = params.text('solve');
    if (solve === 'epsilon') {
      const [sigma, delta] = [params.number('sigma'), params.number('delta')];
      near('epsilon', gaussianEpsilon(sigma, delta), value.number('epsilon'), 1e-12);
    } else if (solve === 'sigma') {
      const [epsilon, delta] = [params.number('epsilon'), params.number('delta')];
      near('sigma', gaussianSigma(epsilon, delta), value.number('sigma'), 1e-12);
    } else if (solve === 'delta') {
      const [sigma, epsilon] = [params.number('sigma'), params.number('epsilon')];
      near('delta', gaussianDelta(sigma, epsilon), value.number('delta'), 1e-13);
    } else throw new Mismatch(`solve: got ${solve}, expected epsilon, sigma or delta`);
  },
  subsampled_gaussian_delta_1step: ({ params, value }) => {
    const [q, sigma, epsilon] = ['q', 'sigma', 'epsilon'].map(params.number) as [
      number,
      number,
      number,
    ];
    const curve = (at: number): number => gaussianDelta(sigma, at);
    near('remove', sampledRemoveDelta(q, epsilon, curve), value.number('delta_remove'), 1e-13);
    near('add', sampledAddDelta(q, epsilon, curve), value.number('delta_add'), 1e-13);
  },
  discrete_gaussian_delta: ({ params, value }) => {
    const sigma = Math.sqrt(params.number('sigma2'));
    const delta = discreteGaussianDelta(
      sigma,
      params.number('sensitivity'),
      params.number('epsilon'),
    );
    near('delta', delta, value.number('delta'), 1e-13);
    value.note('cks_python');
  },
  adaptive_clipping: ({ params, value }) => {
    const got = sumNoiseMultiplier(params.number('z'), params.number('sigma_b'));
    near('z_delta', got, value.number('z_delta'), 1e-14);
  },
  discrete_gaussian_pmf: ({ params, value }) => {
    const sigma2 = rationalOfDecimal(String(params.number('sigma2')));
    const distribution = { kind: 'discrete-gaussian', sigma2 } as const;
    comparePmf({ params, value }, distribution);
    const { terms, precision } = folded(distribution, BITS);
    const first = (terms[0]?.lower ?? 0n) + (terms[0]?.upper ?? 0n);
    compareDigits(
      'normaliser',
      { num: 1n << BigInt(precision + 1), den: first },
      value.text('normaliser'),
    );
    let variance = 0n;
    for (const [n, term] of terms.entries()) {
      variance += BigInt(n) * BigInt(n) * (term.lower + term.upper);
    }
    const den = 1n << BigInt(precision + 1);
    compareDigits('variance', { num: variance, den }, value.text('variance'));
  },
  skellam_pmf: ({ params, value }) => {
    const variance = rationalOfDecimal(String(params.number('mu')));
    comparePmf({ params, value }, { kind: 'skellam', variance });
  },
  discrete_laplace_pmf: ({ params, value }) => {
    const rate = inverse(rationalOfDecimal(String(params.number('t'))));
    comparePmf({ params, value }, { kind: 'discrete-laplace', rate });
  },
};

function comparePmf({ params, value }: Case, distribution: ExactDistribution): void {
  const at = params.numbers('x');
  const expected = value.any('pmf');
  if (!Array.isArray(expected)) throw new Mismatch('pmf: expected a list');
  within('values', expected.length, at.length, at.length);
  for (const [i, x] of at.entries()) {
    const { lower, upper } = probability(distribution, x, BITS);
    within('width of the interval', Number(upper - lower), 0, 2 ** 16);
    const den = 1n << BigInt(BITS + 1);
    compareDigits(`pmf(${x})`, { num: lower + upper, den }, expected[i]);
  }
}

/** |got − expected| ≤ 10^−24 · expected, in exact fractions. */
function compareDigits(what: string, got: Rational, expected: unknown): void {
  const parts = /^(\d+)(?:\.(\d+))?(?:e-(\d+))?$/.exec(String(expected));
  if (typeof expected !== 'string' || parts === null) {
    throw new Mismatch(`${what}: got ${JSON.stringify(expected)} in the file, expected digits`);
  }
  const [, whole = '', fraction = '', exponent = '0'] = parts;
  const num = BigInt(whole + fraction);
  const den = 10n ** BigInt(fraction.length + Number(exponent));
  const difference = got.num * den - num * got.den;
  const size = difference < 0n ? -difference : difference;
  if (size * 10n ** 24n <= num * got.den) return;
  const digits = (got.num * 10n ** 40n) / got.den;
  throw new Mismatch(`${what}: got ${digits}e-40, expected ${expected}`);
}
