/**
 * Events: what was done to the data, without a word on what it cost. A round, a release or a whole
 * training run is an event; accountants (see `accountants/`) put a price on it, and refuse one that
 * they do not know. Every constructor checks its numbers and gives a frozen record.
 *
 * Sensitivities are those of the neighbouring relation under which the event will be priced. An event
 * that makes sense under one relation only is refused under any other.
 */

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
