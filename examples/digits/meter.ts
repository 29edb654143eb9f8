/** What a round costs: bytes and milliseconds, phase by phase, on both sides. */
import type { Phase } from 'veilsum/coordinator';

/** The cost of one phase. */
export type PhaseCost = {
  /** How many clients did this phase's step. */
  asked: number;
  /** How many of their messages reached the coordinator. */
  answered: number;
  /** Bytes of those messages, all together. */
  bytesUp: number;
  /** Bytes of what the coordinator sent before the step, all clients together. */
  bytesDown: number;
  /** Milliseconds of all clients together. */
  clientMs: number;
  coordinatorMs: number;
};

/** Measures a round while it runs. */
export type Meter = {
  /** By phase, in the order in which they began. */
  readonly costs: ReadonlyMap<Phase, PhaseCost>;
  /** Runs one client's step and takes its time. */
  readonly atClient: <T>(phase: Phase, step: () => Promise<T>) => Promise<T>;
  /** Runs something that the coordinator does and takes its time. */
  readonly atCoordinator: <T>(phase: Phase, step: () => T) => T;
  /** Waits for what the coordinator has others do for it and takes the time. */
  readonly forCoordinator: <T>(phase: Phase, step: () => Promise<T>) => Promise<T>;
  /** Counts what went to one client and what came back, if it did. */
  readonly countBytes: (
    phase: Phase,
    bytes: { readonly up: number | undefined; readonly down: number },
  ) => void;
};

/** A meter at zero. */
export function createMeter(): Meter {
  const costs = new Map<Phase, PhaseCost>();
  const costOf = (phase: Phase): PhaseCost => {
    const cost = costs.get(phase) ?? {
      asked: 0,
      answered: 0,
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
    atClient: async (phase, step) => {
      const start = performance.now();
      const value = await step();
      costOf(phase).clientMs += performance.now() - start;
      return value;
    },
    atCoordinator: (phase, step) => {
      const start = performance.now();
      const value = step();
      costOf(phase).coordinatorMs += performance.now() - start;
      return value;
    },
    forCoordinator: async (phase, step) => {
      const start = performance.now();
      const value = await step();
      costOf(phase).coordinatorMs += performance.now() - start;
      return value;
    },
    countBytes: (phase, { up, down }) => {
      const cost = costOf(phase);
      cost.asked += 1;
      cost.answered += up === undefined ? 0 : 1;
      cost.bytesUp += up ?? 0;
      cost.bytesDown += down;
    },
  };
}
