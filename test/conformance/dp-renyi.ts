/** Families priced by Rényi divergences and ρ-zCDP. */

import { rdpCurve, rdpEpsilon } from '../../src/dp/accountants/rdp.ts';
import {
  concentratedDelta,
  concentratedEpsilon,
  concentratedRho,
  deltaOf,
  epsilonOf,
} from '../../src/dp/accountants/rdp-conversion.ts';
import { sumDistance } from '../../src/dp/accountants/rdp-curves.ts';
import { distributedParameters, scaleFor } from '../../src/dp/distributed-parameters.ts';
import {
  type DpEvent,
  distributedDiscreteGaussian,
  gaussian,
  poissonSampled,
  randomisedResponse,
  repeated,
  sampledWithoutReplacement,
  skellam,
  treeAggregation,
} from '../../src/dp/events.ts';
import { integerL1Norm, roundedL2Norm } from '../../src/dp/sensitivity.ts';
import { type Case, known, Mismatch, near, within } from './dp-case.ts';

const DEFAULT_ORDERS =
  'dp_accounting DEFAULT_RDP_ORDERS (1.1..10.9 step .1, 11..63, 128,256,512,1024)';
/** The orders of the families of distributed noise. */
const WHOLE_ORDERS: readonly number[] = [...Array.from({ length: 127 }, (_, i) => i + 2), 256];

/** `steps` Poisson samples of an event. */
export const sampledSteps = (probability: number, steps: number, event: DpEvent): DpEvent =>
  repeated({ count: steps, event: poissonSampled({ probability, event }) });

export const renyiFamilies: Readonly<Record<string, (entry: Case) => void>> = {
  rdp_poisson_gaussian: ({ params, value }) => {
    known('orders', params.text('orders'), DEFAULT_ORDERS);
    known('neighbouring', params.text('neighbouring'), 'ADD_OR_REMOVE_ONE');
    known('conversion', params.text('conversion'), 'CKS20 Prop.12 / Balle et al.');
    const event = sampledSteps(
      params.number('q'),
      params.number('steps'),
      gaussian({ noiseMultiplier: params.number('sigma') }),
    );
    const delta = params.number('delta');
    const { epsilon, order } = rdpEpsilon(event, { delta, neighbours: 'add-or-remove' });
    const low = value.number('epsilon_signed_series') - 1e-9;
    within('epsilon', epsilon, low, value.number('epsilon') + 1e-9);
    within('order', order ?? Number.NaN, ...range(value.number('order_signed')));
    const whole = rdpEpsilon(event, {
      delta,
      neighbours: 'add-or-remove',
      orders: [...Array.from({ length: 62 }, (_, i) => i + 2), 128, 256, 512, 1024],
    });
    near('whole orders', whole.epsilon, value.number('epsilon_integer_orders_only'), 1e-10);
    value.note('optimal_order');
  },
  rdp_order: ({ params, value }) => {
    const event = sampledSteps(
      params.number('q'),
      1,
      gaussian({ noiseMultiplier: params.number('sigma') }),
    );
    const [r] = rdpCurve(event, [params.number('alpha')], 'add-or-remove').divergences;
    const truth = value.number('rdp');
    // Never below the truth beyond what a double shows, and close above it.
    within('rdp', r ?? Number.NaN, truth * (1 - 1e-15), truth * (1 + 1e-11));
    value.note('dp_accounting', 'opacus_signed_series');
  },
  rdp_wor_gaussian: ({ params, value }) => {
    const inner = gaussian({ noiseMultiplier: params.number('sigma') });
    const [population, sample] = [params.number('n'), params.number('m')];
    const event = sampledWithoutReplacement({ population, sample, event: inner });
    const price = rdpEpsilon(repeated({ event, count: params.number('steps') }), {
      delta: params.number('delta'),
      neighbours: 'replace-one',
    });
    near('epsilon', price.epsilon, value.number('epsilon'), 1e-6);
    within('order', price.order ?? Number.NaN, ...range(value.number('optimal_order')));
  },
  rdp_conversion: ({ params, value }) => {
    const orders = Float64Array.from(params.numbers('orders'));
    const curve = Float64Array.from(params.numbers('rdp'));
    const forDelta = epsilonOf(orders, curve, params.number('delta'));
    near('epsilon', forDelta.value, value.number('epsilon'), 1e-12);
    known('order', forDelta.order, value.number('order'));
    const forEpsilon = deltaOf(orders, curve, params.number('epsilon_for_delta'));
    near('delta', forEpsilon.value, value.number('delta'), 1e-12);
    known('order_delta', forEpsilon.order, value.number('order_delta'));
  },
  zcdp_to_dp: ({ params, value }) => {
    if (!params.has('rho')) {
      const rho = concentratedRho(params.number('epsilon'), params.number('delta'));
      near('rho', rho, value.number('rho'), 1e-11);
    } else if (params.has('delta')) {
      const epsilon = concentratedEpsilon(params.number('rho'), params.number('delta'));
      near('epsilon', epsilon, value.number('epsilon'), 1e-11);
    } else {
      const delta = concentratedDelta(params.number('rho'), params.number('epsilon'));
      near('delta', delta, value.number('delta'), 1e-11);
    }
  },
  tree_aggregation: ({ params, value }) => {
    const event = treeAggregation({
      noiseMultiplier: params.number('sigma'),
      stepCounts: params.numbers('step_counts'),
    });
    const price = rdpEpsilon(event, { delta: params.number('delta'), neighbours: 'zero-out' });
    near('epsilon', price.epsilon, value.number('epsilon'), 1e-9);
  },
  randomized_response: ({ params, value }) => {
    const one = randomisedResponse({
      noise: params.number('noise_parameter'),
      buckets: params.number('num_buckets'),
    });
    const request = { delta: params.number('delta'), neighbours: 'replace-one' } as const;
    const event = repeated({ event: one, count: params.number('count') });
    near('epsilon', rdpEpsilon(event, request).epsilon, value.number('epsilon_rdp'), 1e-9);
    // The largest divergence of a single answer, at the highest orders.
    const curve = rdpCurve(one, [4096], 'replace-one').divergences[0] ?? Number.NaN;
    const single = value.number('epsilon_pure_single');
    within('largest loss', curve, single * (1 - 1e-2), single * (1 + 1e-9));
  },
  ddgauss_epsilon: ({ params, value }) => {
    const scale = 1 / params.number('gamma');
    const parties = params.number('num_clients');
    const dimension = params.number('dim');
    const localSigma = params.number('local_stddev') * scale;
    const norms = rounded(params.number('l2_clip') * scale, params.number('beta'), dimension);
    near('l2', norms.l2Sensitivity, value.number('rounded_l2_bound_scaled'), 1e-12);
    near('l1', norms.l1Sensitivity, value.number('rounded_l1_bound_scaled'), 1e-12);
    const tau = value.number('tau');
    within('tau', sumDistance(parties, localSigma), tau, tau * (1 + 1e-9) + 1e-100);
    const inner = distributedDiscreteGaussian({ parties, localSigma, dimension, ...norms });
    compareWhole({ params, value }, inner);
  },
  skellam_epsilon: ({ params, value }) => {
    const scale = params.number('scale');
    const dimension = params.number('dim');
    const parties = params.number('num_clients');
    const local = params.number('local_stddev');
    near('central', Math.sqrt(parties) * local, params.number('central_stddev'), 1e-12);
    const norms = rounded(params.number('l2_clip') * scale, params.number('beta'), dimension);
    compareWhole(
      { params, value },
      skellam({ variance: parties * (local * scale) ** 2, ...norms }),
    );
  },
  ddgauss_params: (entry) => compareParameters(entry, 'discrete-gaussian'),
  skellam_params: (entry) => compareParameters(entry, 'skellam'),
  heuristic_scale: ({ params, value }) => {
    const scale = scaleFor({
      localStandardDeviation: params.number('local_stddev'),
      clip: params.number('l2_clip'),
      bits: params.number('bits'),
      clients: params.number('num_clients'),
      dimension: params.number('dim'),
      deviations: params.number('k_stddevs'),
      flatness: params.number('rho'),
    });
    near('scale', scale, value.number('scale'), 1e-12);
  },
  rounding_bound: ({ params, value }) => {
    const norms = rounded(params.number('l2'), params.number('beta'), params.number('dim'));
    near('l2', norms.l2Sensitivity, value.number('l2'), 1e-12);
    near('l1', norms.l1Sensitivity, value.number('l1_of_that'), 1e-12);
  },
};

/** A neighbouring order is as good where two are nearly equal. */
const range = (order: number): [number, number] => [order * (1 - 1e-12), order * (1 + 1e-12)];

function rounded(
  l2: number,
  beta: number,
  dimension: number,
): { readonly l2Sensitivity: number; readonly l1Sensitivity: number } {
  const l2Sensitivity = roundedL2Norm({ l2, beta, dimension });
  return { l2Sensitivity, l1Sensitivity: integerL1Norm(l2Sensitivity, dimension) };
}

/** The price of sampled steps over whole orders against the file's. */
function compareWhole({ params, value }: Case, inner: DpEvent): void {
  known('orders', params.text('orders'), '2..128,256');
  const event = sampledSteps(params.number('q'), params.number('steps'), inner);
  const price = rdpEpsilon(event, {
    delta: params.number('delta'),
    neighbours: 'add-or-remove',
    orders: WHOLE_ORDERS,
  });
  near('epsilon', price.epsilon, value.number('epsilon'), 1e-9);
  known('order', price.order, value.number('optimal_order'));
}

/** What was found reaches the target as closely as the file's, and the file's own costs as much. */
function compareParameters({ params, value }: Case, kind: 'discrete-gaussian' | 'skellam'): void {
  known('beta', params.text('beta'), 'exp(-0.5)');
  const delta = params.number('delta');
  const clients = params.number('num_clients');
  const clip = params.number('l2_clip');
  const dimension = params.number('dim');
  const [probability, rounds] = [params.number('q'), params.number('steps')];
  const found = distributedParameters({
    kind,
    epsilon: params.number('epsilon'),
    delta,
    neighbours: 'add-or-remove',
    clients,
    dimension,
    bits: params.number('bits'),
    clip,
    rounds,
    probability,
    deviations: params.number('k'),
    flatness: params.number('rho'),
  });
  const achieved = value.number('epsilon_achieved');
  within('epsilon', found.epsilon, achieved - 1e-6, params.number('epsilon'));
  const ofFile = value.has('gamma') ? 1 / value.number('gamma') : value.number('scale');
  near('scale', found.scale, ofFile, 1e-4);
  const local = value.number('local_stddev');
  near('local noise', found.localSigma / found.scale, local, 1e-4);
  const norms = rounded(clip * ofFile, Math.exp(-0.5), dimension);
  const localSigma = local * ofFile;
  const inner =
    kind === 'skellam'
      ? skellam({ variance: clients * localSigma * localSigma, ...norms })
      : distributedDiscreteGaussian({ parties: clients, localSigma, dimension, ...norms });
  const { epsilon } = rdpEpsilon(sampledSteps(probability, rounds, inner), {
    delta,
    neighbours: 'add-or-remove',
    orders: WHOLE_ORDERS,
  });
  if (!(Math.abs(epsilon - achieved) <= 1e-8)) {
    throw new Mismatch(`the file's parameters: got ${epsilon}, expected ${achieved}`);
  }
}
