/** Families priced by privacy loss distributions, and calibration. */

import { concentration, zeroConcentratedEpsilon } from '../../src/dp/accountants/concentrated.ts';
import { gaussianEpsilon } from '../../src/dp/accountants/gaussian.ts';
import { pldEpsilon } from '../../src/dp/accountants/pld.ts';
import { rdpEpsilon } from '../../src/dp/accountants/rdp.ts';
import { calibrate } from '../../src/dp/calibrate.ts';
import { epsilon } from '../../src/dp/epsilon.ts';
import {
  approximate,
  composed,
  type DpEvent,
  discreteGaussian,
  discreteLaplace,
  gaussian,
  laplace,
  poissonSampled,
  repeated,
} from '../../src/dp/events.ts';
import { laplaceDelta } from '../../src/dp/hockey-stick.ts';
import { type Case, known, Mismatch, near, within } from './dp-case.ts';
import { sampledSteps } from './dp-renyi.ts';

/** What a pessimistic distribution at these meshes may be above another one, relative to 1 + ε. */
const AGREEMENT = 5e-4;

/** ε by loss distributions at a mesh. */
function lossEpsilon(event: DpEvent, delta: number, mesh: number): number {
  const price = pldEpsilon(event, { delta, neighbours: 'add-or-remove', mesh });
  if (price === undefined) throw new Mismatch('got no price by loss distributions, expected one');
  return price.epsilon;
}

/** Within the agreement of two pessimistic distributions. */
function agree(what: string, got: number, expected: number): void {
  const room = AGREEMENT * (1 + expected);
  within(what, got, expected - room, expected + room);
}

export const lossFamilies: Readonly<Record<string, (entry: Case) => void>> = {
  pld_poisson_gaussian: ({ params, value }) => {
    known('neighbouring', params.text('neighbouring'), 'ADD_OR_REMOVE_ONE');
    const sigma = params.number('sigma');
    const [q, steps, delta] = [params.number('q'), params.number('steps'), params.number('delta')];
    const event = sampledSteps(q, steps, gaussian({ noiseMultiplier: sigma }));
    const got = lossEpsilon(event, delta, 1e-4);
    within('epsilon', got, value.number('prv_lower'), value.number('prv_upper'));
    agree('epsilon', got, value.number('epsilon_pld_dx1e-4'));
    if (value.has('epsilon_pld_dx2e-5')) {
      agree('finer mesh', got, value.number('epsilon_pld_dx2e-5'));
    }
    value.note('prv_estimate');
    if (!value.has('epsilon_exact')) return;
    const exact = value.number('epsilon_exact');
    within('epsilon', got, exact * (1 - 1e-12), exact + 1e-4);
    known('q', q, 1);
    near('exact', gaussianEpsilon(sigma / Math.sqrt(steps), delta), exact, 1e-12);
  },
  laplace: ({ params, value }) => {
    const scale = params.number('b');
    if (value.has('delta')) {
      near('delta', laplaceDelta(scale, params.number('epsilon')), value.number('delta'), 1e-14);
      return;
    }
    const event = repeated({
      event: laplace({ noiseMultiplier: scale }),
      count: params.number('k'),
    });
    const delta = params.number('delta');
    agree('pld', lossEpsilon(event, delta, params.number('dx')), value.number('epsilon_pld'));
    const byOrders = rdpEpsilon(event, { delta, neighbours: 'add-or-remove' });
    near('rdp', byOrders.epsilon, value.number('epsilon_rdp'), 1e-9);
  },
  discrete_laplace: ({ params, value }) => {
    const event = discreteLaplace({
      rate: params.number('a'),
      sensitivity: params.number('sensitivity'),
    });
    compareLoss({ params, value }, repeated({ event, count: params.number('k') }));
  },
  subsampled_laplace: ({ params, value }) => {
    const event = poissonSampled({
      probability: params.number('q'),
      event: laplace({ noiseMultiplier: params.number('b') }),
    });
    compareLoss({ params, value }, repeated({ event, count: params.number('k') }));
  },
  discrete_gaussian_composed: ({ params, value }) => {
    const [sigma, sensitivity] = [params.number('sigma'), params.number('sensitivity')];
    const one = discreteGaussian({ sigma, l2Sensitivity: sensitivity, dimension: 1 });
    const [count, delta] = [params.number('k'), params.number('delta')];
    const event = repeated({ event: one, count });
    // The file's is truncated, and lies above the truth by up to 0.4 per cent; noise without a lattice is
    // close to the truth at these σ.
    const smooth = gaussianEpsilon(sigma / sensitivity / Math.sqrt(count), delta);
    const got = lossEpsilon(event, delta, params.number('dx'));
    const pld = value.number('epsilon_pld');
    within('pld', got, Math.max(smooth * (1 - 1e-4), pld * (1 - 5e-3)), pld * (1 + 1e-6));
    const price = zeroConcentratedEpsilon(event, delta);
    near('zcdp', price?.epsilon ?? Number.NaN, value.number('epsilon_zcdp'), 1e-10);
    if (concentration(event) === undefined) throw new Mismatch('got no ρ');
  },
  heterogeneous: ({ params, value }) => {
    params.note('encoding');
    const list = params.any('events');
    if (!Array.isArray(list)) throw new Mismatch('events: expected a list');
    const event = composed({ events: list.map(decoded) });
    const delta = params.number('delta');
    const byOrders = rdpEpsilon(event, { delta, neighbours: 'add-or-remove' });
    // The file's has every term of the fractional series positive: a little above the truth.
    const rdp = value.number('epsilon_rdp');
    within('rdp', byOrders.epsilon, rdp * (1 - 5e-3), rdp * (1 + 1e-9));
    const pld = value.number('epsilon_pld');
    agree('pld', lossEpsilon(event, delta, 1e-4), pld);
    const best = epsilon(event, { delta, neighbours: 'add-or-remove' }).epsilon;
    within('best', best, 0, Math.min(rdp, pld) + AGREEMENT * (1 + pld));
  },
  calibration: ({ params, value }) => {
    const accountant = params.text('accountant');
    known('accountant', accountant, 'rdp', 'pld');
    const [q, steps] = [params.number('q'), params.number('steps')];
    const target = { epsilon: params.number('epsilon'), delta: params.number('delta') };
    const event = (noise: number): DpEvent =>
      sampledSteps(q, steps, gaussian({ noiseMultiplier: noise }));
    const request = {
      ...target,
      neighbours: 'add-or-remove',
      accountant: accountant === 'rdp' ? 'rdp' : 'pld',
      accuracy: 1e-6,
    } as const;
    const noise = calibrate({ ...request, event });
    const reached = epsilon(event(noise), request).epsilon;
    within('epsilon', reached, 0, target.epsilon);
    const sigma = value.number('sigma');
    // The file's is a tolerance of 1e-5; a mesh moves ε, and with it σ, by a little more.
    within('sigma', noise, ...aroundSigma(sigma, accountant));
  },
};

const aroundSigma = (sigma: number, accountant: string): [number, number] => {
  const room = accountant === 'rdp' ? 1e-5 : 1e-4 * sigma;
  return [sigma - room, sigma + room];
};

function compareLoss({ params, value }: Case, event: DpEvent): void {
  const got = lossEpsilon(event, params.number('delta'), params.number('dx'));
  agree('pld', got, value.number('epsilon_pld'));
}

/** gauss:[sigma,count] lap:[b,count] psg:[q,sigma,count] epsdelta:[eps,delta,count] */
function decoded(entry: unknown): DpEvent {
  const [name, ...numbers] = entry as readonly [string, ...number[]];
  const [a = Number.NaN, b = Number.NaN, c = Number.NaN] = numbers;
  known('numbers', numbers.length, name === 'gauss' || name === 'lap' ? 2 : 3);
  switch (name) {
    case 'gauss':
      return repeated({ event: gaussian({ noiseMultiplier: a }), count: b });
    case 'lap':
      return repeated({ event: laplace({ noiseMultiplier: a }), count: b });
    case 'psg':
      return sampledSteps(a, c, gaussian({ noiseMultiplier: b }));
    case 'epsdelta':
      return repeated({ event: approximate({ epsilon: a, delta: b }), count: c });
    default:
      throw new Mismatch(`events: got ${JSON.stringify(name)}, expected a known name`);
  }
}
