/** What a round costs: bytes and milliseconds, phase by phase, on both sides. */
import type { Phase } from 'veilsum/coordinator';

/** The cost of one phase. */
export type PhaseCost = {
  /** How many clients worked in this phase. */
  clients: number;
  /** How many messages reached the coordinator from the one who made them. */
  arrived: number;
  /** Bytes of those messages. */
  bytesUp: number;
  /** Bytes sent to the clients before their step. */
  bytesDown: number;
  /** Milliseconds of all clients together. */
  clientMs: number;
  coordinatorMs: number;
};

/** Measures a round while it runs. */
export type Meter = {
  readonly costs: ReadonlyMap<Phase, PhaseCost>;
  /** Runs and times one client's step. */
  readonly atClient: <T>(
    phase: Phase,
    step: () => Promise<T> | undefined,
  ) => Promise<T | undefined>;
  /** Runs and times something that the coordinator does. */
  readonly atCoordinator: <T>(phase: Phase, step: () => T) => T;
  readonly countBytes: (
    phase: Phase,
    bytes: { readonly up: number; readonly down: number },
  ) => void;
};

/** Starts at zero. */
export function createMeter(): Meter {
  const costs = new Map<Phase, PhaseCost>();
  const costOf = (phase: Phase): PhaseCost => {
    const known = costs.get(phase);
    if (known !== undefined) return known;
    const cost = {
      clients: 0,
      arrived: 0,
      bytesUp: 0,
      bytesDown: 0,
      clientMs: 0,
      coordinatorMs: 0,
    };
    costs.set(phase, cost);
    return cost;
  };
  return {
    costs,
    async atClient(phase, step) {
      const start = performance.now();
      const value = await step();
      costOf(phase).clientMs += performance.now() - start;
      return value;
    },
    atCoordinator(phase, step) {
      const start = performance.now();
      const value = step();
      costOf(phase).coordinatorMs += performance.now() - start;
      return value;
    },
    countBytes(phase, { up, down }) {
      const cost = costOf(phase);
      cost.clients += 1;
      cost.arrived += up > 0 ? 1 : 0;
      cost.bytesUp += up;
      cost.bytesDown += down;
    },
  };
}
