/**
 * Events: what was done to the data, without a word on what it cost. A round, a release or a whole
 * training run is an event; accountants (see `accountants/`) put a price on it, and refuse one that
 * they do not know. Every constructor checks its numbers and gives a frozen record.
 *
 * Sensitivities are those of the neighbouring relation under which the event will be priced. An event
 * that makes sense under one relation only is refused under any other.
 */
import { readEvent } from './event-check.ts';

/**
 * Which two datasets count as neighbours, for the unit of privacy (a client, or a record) that the
 * caller protects:
 * - `add-or-remove`: one unit is there or is not;
 * - `zero-out`: one unit's contribution is there or is replaced by zero; who takes part is public;
 * - `replace-one`: one unit's contribution is replaced by any other.
 */
export type Neighbours = 'add-or-remove' | 'zero-out' | 'replace-one';

/** Something that was done to the data. */
export type DpEvent =
  /** Gaussian noise; `noiseMultiplier` = standard deviation / L2 sensitivity. */
  | { readonly kind: 'gaussian'; readonly noiseMultiplier: number }
  /** Laplace noise on one number; `noiseMultiplier` = scale b / sensitivity. */
  | { readonly kind: 'laplace'; readonly noiseMultiplier: number }
  /** Discrete Gaussian N_Z(0, σ²) on every coordinate of an integer vector. */
  | {
      readonly kind: 'discrete-gaussian';
      readonly sigma: number;
      readonly l2Sensitivity: number;
      /** Coordinates; with 1 and a whole sensitivity the price is exact. */
      readonly dimension: number;
    }
  /** P(x) ∝ e^(−rate·|x|) on one integer of whole sensitivity. */
  | { readonly kind: 'discrete-laplace'; readonly rate: number; readonly sensitivity: number }
  /** Skellam noise of this (whole sum's) variance on every coordinate of an integer vector. */
  | {
      readonly kind: 'skellam';
      readonly variance: number;
      readonly l2Sensitivity: number;
      readonly l1Sensitivity: number;
    }
  /** The sum of `parties` independent discrete Gaussians, each N_Z(0, localSigma²), on every coordinate. */
  | {
      readonly kind: 'distributed-discrete-gaussian';
      readonly parties: number;
      readonly localSigma: number;
      readonly l2Sensitivity: number;
      readonly l1Sensitivity: number;
      readonly dimension: number;
    }
  /** A uniform answer among `buckets` with probability `noise`, else the true one. */
  | { readonly kind: 'randomised-response'; readonly noise: number; readonly buckets: number }
  /** Each unit takes part with this probability, independently, and nobody sees who did. */
  | { readonly kind: 'poisson-sampled'; readonly probability: number; readonly event: DpEvent }
  /** `sample` of `population` units take part, uniformly, and nobody sees who did. */
  | {
      readonly kind: 'sampled-without-replacement';
      readonly population: number;
      readonly sample: number;
      readonly event: DpEvent;
    }
  /** Partial sums from binary trees (DP-FTRL), one epoch: each unit in one leaf of one tree. */
  | {
      readonly kind: 'tree-aggregation';
      readonly noiseMultiplier: number;
      /** Leaves of each tree, in the order of the restarts. */
      readonly stepCounts: readonly number[];
    }
  /** Something proven elsewhere to be ρ-zCDP. */
  | { readonly kind: 'zero-concentrated'; readonly rho: number }
  /** Something proven elsewhere to be (ε, δ)-DP. */
  | { readonly kind: 'approximate'; readonly epsilon: number; readonly delta: number }
  /** All of these, each chosen knowing the answers before it. */
  | { readonly kind: 'composed'; readonly events: readonly DpEvent[] }
  /** The same, `count` times. */
  | { readonly kind: 'repeated'; readonly event: DpEvent; readonly count: number };

/** What an event of this kind is made of, beside its kind. */
export type EventFields<Kind extends DpEvent['kind']> = Omit<
  Extract<DpEvent, { readonly kind: Kind }>,
  'kind'
>;

/**
 * Reads an event that came from elsewhere, such as a stored ledger.
 *
 * @param value anything, e.g. parsed JSON
 * @returns a frozen copy
 * @throws PrivacyError `unsupported-event` (an unknown kind); UsageError `wrong-type` (no record, a
 *   key missing or too many), `not-finite`, `out-of-range`, `wrong-length` (a field; more than 32
 *   events in each other, or 10,000 in all)
 */
export const assertEvent = (value: unknown): DpEvent => readEvent('event', value) as DpEvent;

/** The event of this kind, checked, copied and frozen. */
function make<Kind extends DpEvent['kind']>(kind: Kind, fields: EventFields<Kind>): DpEvent {
  return readEvent(kind, { ...fields, kind }) as DpEvent;
}

/**
 * Gaussian noise.
 *
 * @param fields `noiseMultiplier`: standard deviation / L2 sensitivity, from 1e−100 to 1e100
 * @throws UsageError `out-of-range`, `not-finite`, `wrong-type`
 */
export const gaussian = (fields: EventFields<'gaussian'>): DpEvent => make('gaussian', fields);

/**
 * Laplace noise on one number.
 *
 * @param fields `noiseMultiplier`: scale b / sensitivity, from 1e−100 to 1e100
 * @throws UsageError `out-of-range`, `not-finite`, `wrong-type`
 */
export const laplace = (fields: EventFields<'laplace'>): DpEvent => make('laplace', fields);

/**
 * Discrete Gaussian noise on every coordinate of an integer vector.
 *
 * @param fields `sigma`: the parameter σ (not σ²) in integer units; `l2Sensitivity`: in integer units;
 *   `dimension`: coordinates, from 1
 * @throws UsageError `out-of-range`, `not-finite`, `wrong-type`
 */
export const discreteGaussian = (fields: EventFields<'discrete-gaussian'>): DpEvent =>
  make('discrete-gaussian', fields);

/**
 * Discrete Laplace noise on one integer, P(x) ∝ e^(−rate·|x|).
 *
 * @param fields `rate`: per integer unit, above 0; `sensitivity`: whole, from 1
 * @throws UsageError `out-of-range`, `not-finite`, `wrong-type`
 */
export const discreteLaplace = (fields: EventFields<'discrete-laplace'>): DpEvent =>
  make('discrete-laplace', fields);

/**
 * Skellam noise on every coordinate of an integer vector.
 *
 * @param fields `variance`: of the whole sum's noise on one coordinate (not its square root);
 *   `l2Sensitivity`: in integer units; `l1Sensitivity`: in integer units
 * @throws UsageError `out-of-range`, `not-finite`, `wrong-type`
 */
export const skellam = (fields: EventFields<'skellam'>): DpEvent => make('skellam', fields);

/**
 * The sum of independent discrete Gaussians, one from each party, on every coordinate.
 *
 * @param fields `parties`: whose noise is in the sum for certain, from 1; `localSigma`: one party's σ in
 *   integer units; `l2Sensitivity`: in integer units; `l1Sensitivity`: in integer units; `dimension`:
 *   coordinates, padding included, from 1
 * @throws UsageError `out-of-range`, `not-finite`, `wrong-type`
 */
export const distributedDiscreteGaussian = (
  fields: EventFields<'distributed-discrete-gaussian'>,
): DpEvent => make('distributed-discrete-gaussian', fields);

/**
 * A uniform answer with some probability, else the true one; only between whole replaced answers.
 *
 * @param fields `noise`: the probability of a uniform answer, 0 to 1; `buckets`: possible answers, from
 *   2
 * @throws UsageError `out-of-range`, `not-finite`, `wrong-type`
 */
export const randomisedResponse = (fields: EventFields<'randomised-response'>): DpEvent =>
  make('randomised-response', fields);

/**
 * An event in which each unit takes part by its own secret coin. Not for samples of a fixed size.
 *
 * @param fields `probability`: 0 to 1; `event`: what is done with the sample
 * @throws UsageError `out-of-range`, `not-finite`, `wrong-type`
 */
export const poissonSampled = (fields: EventFields<'poisson-sampled'>): DpEvent =>
  make('poisson-sampled', fields);

/**
 * An event in which a secret uniform sample of a fixed size takes part. Not for Poisson sampling.
 *
 * @param fields `population`: units, from 1; `sample`: units that take part, 1 to `population`; `event`:
 *   what is done with the sample
 * @throws UsageError `out-of-range`, `not-finite`, `wrong-type`
 */
export const sampledWithoutReplacement = (
  fields: EventFields<'sampled-without-replacement'>,
): DpEvent => make('sampled-without-replacement', fields);

/**
 * Partial sums from binary trees in one epoch.
 *
 * @param fields `noiseMultiplier`: of each node: standard deviation / L2 sensitivity; `stepCounts`:
 *   leaves of each tree, each from 1
 * @throws UsageError `out-of-range`, `not-finite`, `wrong-type`
 */
export const treeAggregation = (fields: EventFields<'tree-aggregation'>): DpEvent =>
  make('tree-aggregation', fields);

/**
 * Something proven elsewhere to be ρ-zCDP under the relation that it will be priced in.
 *
 * @param fields `rho`: from 0
 * @throws UsageError `out-of-range`, `not-finite`, `wrong-type`
 */
export const zeroConcentrated = (fields: EventFields<'zero-concentrated'>): DpEvent =>
  make('zero-concentrated', fields);

/**
 * Something proven elsewhere to be (ε, δ)-DP under the relation that it will be priced in.
 *
 * @param fields `epsilon`: from 0; `delta`: 0 to 1
 * @throws UsageError `out-of-range`, `not-finite`, `wrong-type`
 */
export const approximate = (fields: EventFields<'approximate'>): DpEvent =>
  make('approximate', fields);

/**
 * All of these events, each chosen knowing the answers before it.
 *
 * @param fields `events`: up to 9,999; none costs nothing
 * @throws UsageError `out-of-range`, `not-finite`, `wrong-type`
 */
export const composed = (fields: EventFields<'composed'>): DpEvent => make('composed', fields);

/**
 * The same event again and again.
 *
 * @param fields `event`: what is repeated; `count`: how often, from 1
 * @throws UsageError `out-of-range`, `not-finite`, `wrong-type`
 */
export const repeated = (fields: EventFields<'repeated'>): DpEvent => make('repeated', fields);
