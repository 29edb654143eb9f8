/** What the clients of a story share, and the few moves that all of them make. */
import * as client from '../../src/client.ts';
import { type Fields, type ProtocolError, type Signer, VeilsumError } from '../../src/index.ts';
import type { Terms } from '../../src/secagg/terms.ts';
import type { Disk } from '../support/durable-claim.ts';
import type { Dice } from './dice.ts';
import type { Phase } from './model.ts';
import type { Contribution } from './numbers.ts';
import type { Fate } from './story.ts';
import type { Tally } from './tally.ts';

/** Everybody's downlinks, by phase and roster position. */
export type Downlinks = Partial<Record<Phase, ReadonlyMap<number, Uint8Array>>>;

/** What all clients of a round have before them. */
export type Stage = {
  readonly dice: Dice;
  readonly tally: Tally;
  readonly plan: client.ReviewedPlan<Fields>;
  readonly terms: Terms;
  readonly context: Uint8Array;
  /** Everybody's downlinks, by phase and roster position. */
  readonly downlinks: Downlinks;
  /** Honest messages of the phase so far, by roster position. */
  readonly spoken: Map<number, Uint8Array>;
};

/** A client: what it is, what it has, what awaits it. */
export type Actor = {
  readonly index: number;
  readonly signer: Signer;
  readonly disk: Disk;
  readonly fate: Fate;
  state: client.ClientState | undefined;
  /** What it last gave to the sum. */
  contribution: Contribution;
};

/** Fails the story. */
export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** What a step yields. */
export type Stepped = { readonly next: client.ClientState; readonly message: Uint8Array };

/** Every error but the library's own ends the story. */
export async function attempt<T>(work: () => Promise<T>): Promise<T | VeilsumError> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof VeilsumError) return error;
    throw error;
  }
}

/** One step of the library. */
export function run(
  phase: Exclude<Phase, 'advertise'>,
  state: client.ClientState,
  downlink: Uint8Array,
  inputs: Contribution['inputs'],
): Promise<Stepped> {
  switch (phase) {
    case 'share':
      return client.share(state as never, downlink);
    case 'mask':
      return client.mask(state as never, downlink, inputs);
    case 'confirm':
      return client.confirm(state as never, downlink);
    case 'unmask':
      return client.unmask(state as never, downlink);
  }
}

export function blamesCoordinator(error: ProtocolError): void {
  must(
    error.culprits.length === 1 && error.culprits[0] === 'coordinator',
    `expected the coordinator to be blamed: ${error.message}`,
  );
}
