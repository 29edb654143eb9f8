/**
 * A client's states, and the one way in which a step may use them: take the state, work out the
 * answer, claim it, and only then let it leave together with the next state.
 *
 * A step that fails because of its caller or of bytes that are no message gives the state back; one
 * that fails because a peer broke the protocol wipes it: the client has left the round.
 */
import { ProtocolError, UsageError } from '../../errors.ts';
import type { Signer } from '../../identity/signer.ts';
import { wipe } from '../../internal/bytes.ts';
import { sha256 } from '../../internal/sha256.ts';
import { vault } from '../../internal/spent.ts';
import { decodeEnvelopeStart, digestOfPayload, type EnvelopeStart } from '../../wire/envelope.ts';
import type { Claim } from '../claim.ts';
import type { Phase, Uplink } from '../phases.ts';
import type { Terms } from '../terms.ts';

/** What a client must do next; `done` after unmask. */
export type Next = Exclude<Phase, 'advertise'> | 'done';

/**
 * A client between two steps; `N` is the step that comes next. It can be used once. It shows nothing:
 * its contents cannot be reached, printed or serialised except through `save`.
 */
export type ClientState<N extends Next = Next> = { readonly next: N };

/** What every state holds. */
export type Standing = {
  readonly terms: Terms;
  /** Own roster position. */
  readonly self: number;
  readonly signer: Signer;
  readonly claim: Claim;
  /** Whether the claim is the caller's own (then the state may be saved). */
  readonly durable: boolean;
  readonly context: Uint8Array;
  /** The last answer, to be sent again if it may not have arrived. */
  readonly message: Uint8Array;
};

/** A neighbour after its advert was checked. */
export type Peer = {
  readonly index: number;
  readonly sealingKey: Uint8Array;
  readonly maskingKey: Uint8Array;
  readonly advertHash: Uint8Array;
  /** Own encapsulation to its masking key; both empty where there is none. */
  readonly maskingCiphertext: Uint8Array;
  readonly maskingKemSecret: Uint8Array;
};

/** What is held of one neighbour's secrets. */
export type HeldShares = {
  readonly dealer: number;
  readonly self: Uint8Array;
  readonly masking: Uint8Array;
};

/** The hash of a neighbour's commitments, from its share header; no bytes where there are none. */
export type Promised = { readonly index: number; readonly promise: Uint8Array };

/** Secrets and memory, by the step that comes next. */
export type Memory = {
  readonly share: {
    readonly sealingSeed: Uint8Array;
    readonly maskingSeed: Uint8Array;
    readonly advertHash: Uint8Array;
  };
  readonly mask: {
    readonly sealingSeed: Uint8Array;
    readonly maskingSeed: Uint8Array;
    readonly selfSeed: Uint8Array;
    readonly ownShare: Uint8Array;
    readonly advertHash: Uint8Array;
    readonly shareHash: Uint8Array;
    readonly peers: readonly Peer[];
    /** What was committed to, see `committed.ts`, commitments and proofs; no bytes where there are none. */
    readonly vectors: Uint8Array;
    readonly commitments: Uint8Array;
    readonly proofs: Uint8Array;
  };
  readonly confirm: {
    readonly ownShare: Uint8Array;
    readonly u2: Uint8Array;
    readonly u2Hash: Uint8Array;
    readonly maskHash: Uint8Array;
    readonly promises: readonly Promised[];
    readonly held: readonly HeldShares[];
  };
  readonly unmask: {
    readonly ownShare: Uint8Array;
    readonly u2: Uint8Array;
    readonly u2Hash: Uint8Array;
    readonly u3: Uint8Array;
    readonly confirmHeader: Uint8Array;
    readonly promises: readonly Promised[];
    readonly held: readonly HeldShares[];
  };
  readonly done: Readonly<Record<string, never>>;
};

/** Everything behind a state handle. */
export type Contents<N extends Next = Next> = Standing & {
  readonly next: N;
  readonly memory: Memory[N];
};

const states = vault<Contents>('client state');

/** A fresh handle for these contents. */
export const stateOf = <N extends Next>(contents: Contents<N>): ClientState<N> =>
  states.put(Object.freeze({ next: contents.next }) as ClientState<N>, contents);

/** The contents, without spending the state. */
export const contentsOf = (state: ClientState): Contents => states.peek(state);

/** The terms of a state's round. @throws UsageError `state-spent` */
export const termsOfClient = (state: ClientState): Terms => states.peek(state).terms;

/** What a step's own work yields: the signed answer, and what to remember. */
export type Answer<P extends Phase, N extends Next> = {
  readonly message: Uplink<P>;
  /** Digest of the message's payload, where it was worked out on the way. */
  readonly payloadDigest?: Uint8Array;
  readonly memory: Memory[N];
};

/** What a step hands to its caller. */
export type Stepped<P extends Phase, N extends Next> = {
  readonly next: ClientState<N>;
  readonly message: Uplink<P>;
};

/**
 * What a claim knows an answer by: SHA-256 of the message with its payload's digest in the payload's
 * place, so that a long payload is not read a second time.
 */
function digestOfAnswer(message: Uint8Array, payloadDigest?: Uint8Array): Uint8Array {
  const limits = { header: message.length, payload: message.length };
  const { payloadAt } = decodeEnvelopeStart(message, limits) as EnvelopeStart;
  const payload = payloadDigest ?? digestOfPayload(message.subarray(payloadAt));
  return sha256(message.subarray(0, payloadAt), payload);
}

/**
 * Claims an answer; nothing has left yet.
 *
 * @param payloadDigest - of the message's payload, where it is known.
 * @throws UsageError `state-spent` where another answer was given already.
 */
export async function claimAnswer(
  standing: Standing,
  phase: Phase,
  message: Uint8Array,
  payloadDigest?: Uint8Array,
): Promise<void> {
  const digest = digestOfAnswer(message, payloadDigest);
  const verdict = await standing.claim(standing.terms.roundId, phase, digest);
  if (verdict === 'first' || verdict === 'same') return;
  throw new UsageError(
    'state-spent',
    `client state: this identity has answered phase "${phase}" of the round already, with another ` +
      'message; leave the round, since a second answer could open a vector',
    { phase },
  );
}

/** Runs one step on a state: take, work, claim, next. */
export async function step<P extends Next & Phase, N extends Next>(
  state: ClientState<P>,
  phase: P,
  next: N,
  work: (contents: Contents<P>) => Promise<Answer<P, N>>,
): Promise<Stepped<P, N>> {
  const contents = states.peek(state);
  if (contents.next !== phase) {
    throw new UsageError(
      'wrong-type',
      `client state: got one for step "${contents.next}", expected one for "${phase}"`,
    );
  }
  states.take(state);
  try {
    const { message, payloadDigest, memory } = await work(contents as Contents<P>);
    await claimAnswer(contents, phase, message, payloadDigest);
    const after: Contents<N> = { ...contents, message, next, memory } as Contents<N>;
    wipeMemory(contents.memory, after.memory);
    return { next: stateOf(after), message };
  } catch (error) {
    const isOver =
      error instanceof ProtocolError ||
      (error instanceof UsageError && error.code === 'state-spent');
    if (isOver) wipeMemory(contents.memory);
    else states.put(state, contents);
    throw error;
  }
}

/** Overwrites every byte string of `memory` that `kept` does not hold on to. */
function wipeMemory(memory: Memory[Next], kept: Memory[Next] = {}): void {
  const keep = new Set(byteStrings(kept));
  for (const bytes of byteStrings(memory)) if (!keep.has(bytes)) wipe(bytes);
}

function* byteStrings(value: unknown): Generator<Uint8Array> {
  if (value instanceof Uint8Array) yield value;
  else if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) yield* byteStrings(inner);
  }
}
