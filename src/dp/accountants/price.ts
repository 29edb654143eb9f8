/** What an accountant answers: a number that is certainly not too small, and how it was come by. */

/** The price of some events at a given δ. */
export type Price = {
  /** The events together are (ε, δ)-DP; +Infinity where nothing better is known. Never below 0. */
  readonly epsilon: number;
  /** The least ε that the events could have; left out where nobody computed one. */
  readonly lower?: number;
  /** The accountant, e.g. `rdp`, `pld` or `analytic-gaussian`. */
  readonly method: string;
  /** The Rényi order, where `method` is `rdp`. */
  readonly order?: number;
  /**
   * How far `epsilon` may lie above the exact value of the bound that the accountant computes, through
   * rounding and discretisation. The bound itself may lie further above the truth.
   */
  readonly errorBound: number;
};

/** The δ of some events at a given ε. */
export type DeltaPrice = {
  /** The events together are (ε, δ)-DP; from 0 to 1. */
  readonly delta: number;
  /** The accountant, as in {@link Price}. */
  readonly method: string;
  /** The Rényi order, where `method` is `rdp`. */
  readonly order?: number;
  /** How far `delta` may lie above the exact value of the accountant's bound. */
  readonly errorBound: number;
};
