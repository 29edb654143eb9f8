/** A coordinator's state: all that it has taken in. Nothing of it is secret from its owner. */
import { ProtocolError } from '../../errors.ts';
import type { ClientId } from '../../identity/roster.ts';
import { concat } from '../../internal/bytes.ts';
import { vault } from '../../internal/spent.ts';
import type { SignedHeader } from '../../wire/envelope.ts';
import type { MerkleTree } from '../../wire/merkle.ts';
import type { EncryptedFault, EncryptedPhase } from './phases.ts';
import type { EncryptedRound } from './plan.ts';
import type { SignedReveal } from './setup-messages.ts';

/** A coordinator within phase `P`: messages are accepted into it until it is closed, which spends it. */
export type EncryptedCoordinator<P extends EncryptedPhase = EncryptedPhase> = {
  readonly role: 'coordinator';
  readonly phase: P;
};

/** Where checked chunks of ciphertext lie until holders have fetched them. */
export type ChunkStore = {
  /**
   * Keeps a copy before it returns: the bytes are the caller's, and a promise is not waited for. It is
   * called once for a sender and index, and again only if it threw.
   */
  readonly put: (sender: number, index: number, chunk: Uint8Array) => void;
  /** Gives the chunk back; holders check what they fetch, the coordinator where a sum looks wrong. */
  readonly get: (sender: number, index: number) => Uint8Array | Promise<Uint8Array>;
};

/** What one client committed to, and which of its chunks are there. */
export type Committed = {
  readonly said: SignedHeader;
  readonly hashes: Uint8Array;
  /** 1 at the index of a chunk that is there. */
  readonly there: Uint8Array;
  count: number;
};

/** Everything that a coordinator knows of a round. By roster position. */
export type CoordinatorLedger = {
  readonly plan: EncryptedRound;
  readonly store: ChunkStore;
  /** A committee's setup. */
  readonly joins: Map<number, SignedHeader>;
  readonly reveals: Map<number, SignedReveal>;
  readonly keys: Map<number, SignedHeader>;
  publicKey: Uint8Array;
  keyHash: Uint8Array;
  readonly commits: Map<number, Committed>;
  /** Senders in the order of their leaves. */
  order: readonly number[];
  tree: MerkleTree | undefined;
  rootHeader: Uint8Array;
  readonly roots: Map<number, SignedHeader>;
  closeHeader: Uint8Array;
  contributors: readonly number[];
  active: readonly number[];
  readonly closes: Map<number, SignedHeader>;
  readonly answers: Map<number, { readonly said: SignedHeader; readonly payload: Uint8Array }>;
  /** Clients that committed to what is no ciphertext. */
  readonly excluded: Set<number>;
  readonly faults: EncryptedFault[];
  readonly proven: Set<string>;
};

const states = vault<CoordinatorLedger>('encrypted coordinator');

/** A fresh handle on the ledger. */
export const coordinatorIn = <P extends EncryptedPhase>(
  phase: P,
  ledger: CoordinatorLedger,
): EncryptedCoordinator<P> => states.put(Object.freeze({ role: 'coordinator', phase }), ledger);

/** Looks without spending. @throws UsageError `state-spent` */
export const ledgerOf = (state: EncryptedCoordinator): CoordinatorLedger => states.peek(state);

/** Spends a state for the next phase's. */
export function advance<P extends EncryptedPhase>(
  state: EncryptedCoordinator,
  phase: P,
): EncryptedCoordinator<P> {
  return coordinatorIn(phase, states.take(state));
}

/** Spends the last state. */
export const takeLedger = (state: EncryptedCoordinator): CoordinatorLedger => states.take(state);

/** What is known before anything was taken in. */
export const emptyLedger = (plan: EncryptedRound, store: ChunkStore): CoordinatorLedger => ({
  plan,
  store,
  joins: new Map(),
  reveals: new Map(),
  keys: new Map(),
  publicKey: NOTHING,
  keyHash: NOTHING,
  commits: new Map(),
  order: [],
  tree: undefined,
  rootHeader: NOTHING,
  roots: new Map(),
  closeHeader: NOTHING,
  contributors: [],
  active: [],
  closes: new Map(),
  answers: new Map(),
  excluded: new Set(),
  faults: [],
  proven: new Set(),
});

const NOTHING = new Uint8Array(0);

/** A store in memory. */
export function memoryStore(): ChunkStore {
  const chunks = new Map<string, Uint8Array>();
  return {
    // Not `slice`: a Buffer's is no copy, and servers use its memory again.
    put: (sender, index, chunk) => void chunks.set(`${sender} ${index}`, new Uint8Array(chunk)),
    get: (sender, index) => chunks.get(`${sender} ${index}`) ?? new Uint8Array(0),
  };
}

/**
 * Keeps a fault for the result. Anybody can send what no signature proves, so only so many of those
 * are kept; what is proven is kept once for each phase, code and party.
 */
export function keepFault(
  { plan, faults, proven }: CoordinatorLedger,
  fault: EncryptedFault,
): EncryptedFault {
  if (fault.culprit !== undefined) {
    const key = `${fault.phase} ${fault.code} ${fault.culprit}`;
    if (proven.has(key)) return fault;
    proven.add(key);
    faults.push(fault);
  } else if (faults.length - proven.size < 1_024 + 4 * plan.clients.clients.length) {
    faults.push(fault);
  }
  return fault;
}

/** The id of a speaker. */
export const idIn = (
  roster: { readonly clients: readonly { readonly id: ClientId }[] },
  at: number,
): ClientId => (roster.clients[at] as { readonly id: ClientId }).id;

/** Signatures in the order of their signers. */
export function signedBy(said: ReadonlyMap<number, SignedHeader>): {
  readonly signers: readonly number[];
  readonly signatures: Uint8Array;
} {
  const signers = [...said.keys()].sort((a, b) => a - b);
  const signatures = signers.map((signer) => (said.get(signer) as SignedHeader).signature);
  return { signers, signatures: concat(...signatures) };
}

/** Refuses to go on with too few of something; the state stands. */
export function requireEnough(
  code: 'no-quorum' | 'below-floor' | 'below-threshold',
  what: string,
  got: number,
  least: number,
): void {
  if (got >= least) return;
  throw new ProtocolError(
    code,
    `encrypted round: got ${got} ${what}, expected at least ${least}`,
    [],
    {
      got,
      expected: least,
    },
  );
}
