/**
 * Scale and noise for a target: how finely clients of a distributed mechanism round, and how much noise
 * each adds, so that a sum fits into its bits and costs no more than it may.
 */
import { CapacityError, PrivacyError } from '../errors.ts';
import { assertFinite, assertInteger } from '../internal/assert.ts';
import { rdpEpsilon } from './accountants/rdp.ts';
import { calibrate } from './calibrate.ts';
import {
  type DpEvent,
  distributedDiscreteGaussian,
  type Neighbours,
  poissonSampled,
  repeated,
  skellam,
} from './events.ts';
import { integerL1Norm, roundedL2Norm } from './sensitivity.ts';

/** What is given. */
export type DistributedRequest = {
  readonly kind: 'discrete-gaussian' | 'skellam';
  /** Not to be exceeded by all rounds together; above 0. */
  readonly epsilon: number;
  /** Above 0 and below 1. */
  readonly delta: number;
  readonly neighbours: Neighbours;
  /** Clients whose noise is in a sum for certain, from 1. */
  readonly clients: number;
  /** Coordinates, padding included, from 1. */
  readonly dimension: number;
  /** The sum is taken modulo 2^bits, 1 to 32. */
  readonly bits: number;
  /** L2 norm that vectors are cut to, in the caller's units; above 0. */
  readonly clip: number;
  /** How often, from 1; 1 if left out. */
  readonly rounds?: number;
  /** With which each client takes part, secretly and independently; 1 (all do) if left out. */
  readonly probability?: number;
  /** With which rounding is repeated at most, 0 to below 1; e^(−½) if left out. */
  readonly beta?: number;
  /** Standard deviations of a coordinate of the sum that have to fit, above 0; 4 if left out. */
  readonly deviations?: number;
  /** How even rotated vectors are: a coordinate's variance · dimension / clip²; 1 if left out. */
  readonly flatness?: number;
};

/** What was found. Frozen. */
export type DistributedParameters = {
  /** Integer units per 1.0 of the caller's. */
  readonly scale: number;
  /** Standard deviation of one client's noise (for the discrete Gaussian its σ), in integer units. */
  readonly localSigma: number;
  /** Largest norms of one client's integers. */
  readonly l2Sensitivity: number;
  readonly l1Sensitivity: number;
  /** All rounds, for an accountant. */
  readonly event: DpEvent;
  /** What they cost by Rényi divergences; at most the target. */
  readonly epsilon: number;
};

type Facts = Required<DistributedRequest>;

const MAX_BITS = 32;

/**
 * The scale at which a sum of clients still fits: `deviations` standard deviations of a coordinate of the
 * sum, rounding included, reach half of the modulus.
 *
 * @param facts.localStandardDeviation of one client's noise, in the caller's units, at least 0
 * @param facts (others) as in {@link DistributedRequest}
 * @returns integer units per 1.0
 * @throws UsageError `not-finite`, `out-of-range`; CapacityError `noise-too-large` (the message names bits that fit)
 *
 * **Source**: Kairouz, Liu and Steinke 2021 (arXiv 2102.06387), section 6.
 */
export function scaleFor(facts: {
  readonly localStandardDeviation: number;
  readonly clip: number;
  readonly bits: number;
  readonly clients: number;
  readonly dimension: number;
  readonly deviations: number;
  readonly flatness: number;
}): number {
  const { localStandardDeviation, clip, bits, clients, dimension, deviations, flatness } = facts;
  assertFinite('scaleFor: localStandardDeviation', localStandardDeviation, 0, 1e100);
  assertShape('scaleFor', { clients, dimension, bits, clip, deviations, flatness });
  const room = 4 ** bits - clients * deviations * deviations;
  if (!(room > 0)) {
    const fitting = Math.floor(Math.log2(clients * deviations * deviations) / 2) + 1;
    throw tooLarge(bits, `rounding alone needs ${fitting} bits`, { fitting });
  }
  const signal = (flatness * clip * clip * clients * clients) / dimension;
  const noise = clients * localStandardDeviation * localStandardDeviation;
  return Math.sqrt(room / (signal + noise)) / (2 * deviations);
}

/**
 * Finds scale and noise for a target.
 *
 * @param request what is given
 * @throws UsageError (a number that is none); CapacityError `noise-too-large` where the noise that the
 *   target needs does not fit into the bits (the message names bits that fit); PrivacyError
 *   `unsound-parameters`
 *
 * **Source**: Kairouz, Liu and Steinke 2021, section 6; Agarwal, Kairouz and Liu 2021 (arXiv 2110.04995).
 * **Cost**: some twenty prices by the Rényi accountant.
 */
export function distributedParameters(request: DistributedRequest): DistributedParameters {
  const facts = checked(request);
  const found = atBits(facts);
  if (found !== undefined) return found;
  for (let bits = facts.bits + 1; bits <= MAX_BITS; bits++) {
    if (atBits({ ...facts, bits }) === undefined) continue;
    throw tooLarge(facts.bits, `ε = ${facts.epsilon} needs ${bits} bits`, { fitting: bits });
  }
  throw tooLarge(facts.bits, `ε = ${facts.epsilon} needs more than ${MAX_BITS} bits`, {});
}

/** The parameters with this many bits, or undefined where they are too few. */
function atBits(facts: Facts): DistributedParameters | undefined {
  try {
    // Searched in units of the clip, so that the search starts near its end.
    const noise = calibrate({
      epsilon: facts.epsilon,
      delta: facts.delta,
      neighbours: facts.neighbours,
      accountant: 'rdp',
      accuracy: 1e-9,
      event: (multiplier) => parametersAt(facts, multiplier).event,
    });
    const { event, ...rest } = parametersAt(facts, noise);
    const { epsilon } = rdpEpsilon(event, { delta: facts.delta, neighbours: facts.neighbours });
    return Object.freeze({ ...rest, event, epsilon });
  } catch (error) {
    if (error instanceof CapacityError) return undefined;
    if (error instanceof PrivacyError && error.details.reach === false) return undefined;
    throw error;
  }
}

/** Everything but the price, when the sum's noise is `multiplier` times the clip. */
function parametersAt(facts: Facts, multiplier: number): Omit<DistributedParameters, 'epsilon'> {
  const { clients, clip, dimension } = facts;
  const localStandardDeviation = (multiplier * clip) / Math.sqrt(clients);
  const scale = scaleFor({ ...facts, localStandardDeviation });
  const localSigma = localStandardDeviation * scale;
  const l2Sensitivity = roundedL2Norm({ l2: clip * scale, beta: facts.beta, dimension });
  const l1Sensitivity = integerL1Norm(l2Sensitivity, dimension);
  const sensitivities = { l2Sensitivity, l1Sensitivity };
  const release =
    facts.kind === 'skellam'
      ? skellam({ ...sensitivities, variance: clients * localSigma * localSigma })
      : distributedDiscreteGaussian({ ...sensitivities, parties: clients, localSigma, dimension });
  const round =
    facts.probability === 1
      ? release
      : poissonSampled({ probability: facts.probability, event: release });
  const event = repeated({ event: round, count: facts.rounds });
  return { scale, localSigma, ...sensitivities, event };
}

function checked(request: DistributedRequest): Facts {
  const {
    rounds = 1,
    probability = 1,
    beta = Math.exp(-0.5),
    deviations = 4,
    flatness = 1,
  } = request;
  const facts = { ...request, rounds, probability, beta, deviations, flatness };
  assertShape('distributedParameters', facts);
  return facts;
}

function assertShape(
  who: string,
  facts: Pick<Facts, 'clients' | 'dimension' | 'bits' | 'clip' | 'deviations' | 'flatness'>,
): void {
  assertInteger(`${who}: clients`, facts.clients, 1, 2 ** 32 - 1);
  assertInteger(`${who}: dimension`, facts.dimension, 1, 2 ** 32);
  assertInteger(`${who}: bits`, facts.bits, 1, MAX_BITS);
  assertFinite(`${who}: clip`, facts.clip, 1e-30, 1e30);
  assertFinite(`${who}: deviations`, facts.deviations, 1e-3, 1e3);
  assertFinite(`${who}: flatness`, facts.flatness, 1e-3, 1e9);
}

const tooLarge = (
  bits: number,
  why: string,
  details: Readonly<Record<string, unknown>>,
): CapacityError =>
  new CapacityError(
    'noise-too-large',
    `distributed noise: got ${bits} bits, expected more: ${why}`,
    { bits, ...details },
  );
