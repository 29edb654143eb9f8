/**
 * The coordinator's side of one round: five phases, each closed when all have spoken or its time is over.
 * Whoever is silent by then is out, and the round goes on.
 */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientId, Result } from 'veilsum';
import * as coordinator from 'veilsum/coordinator';
import type { Receipt } from 'veilsum/dp';
import { packedLength, unpackInto } from 'veilsum/ring';
import { trustIn, verifyBundle } from 'veilsum/verify';
import { decodeEnvelope } from 'veilsum/wire';
import type { DrawingPlan, FIELDS } from './agreement.ts';
import type { Logged } from './messages.ts';
import { problem } from './problem.ts';

type Fields = typeof FIELDS;
type Phase = coordinator.Phase;

/** How long things may take, and must, in milliseconds. */
export type Pace = {
  /** A phase ends after this, whoever is missing; if too few are there to go on, up to three times as late. */
  readonly patience: number;
  /** It takes at least this long, so that people can watch. */
  readonly least: number;
};

/** What is heard of a round while it runs. */
export type Listener = {
  readonly onPhase: (phase: Phase, expected: readonly ClientId[]) => void;
  readonly onMessage: (from: ClientId, phase: Phase, bytes: number, upload?: Uint8Array) => void;
  readonly onFault: (fault: coordinator.Fault) => void;
  readonly onClosed: (phase: Phase, missing: readonly ClientId[], log: Logged) => void;
};

/** A round that runs. */
export type HostedRound = {
  /** What comes of it; rejects where too few are left. */
  readonly result: Promise<Result<Fields>>;
  /**
   * Takes a message in. The promise is for the answer: the sender's downlink, and at last the proof bundle.
   * The same message again gets the same promise.
   *
   * @throws a problem where the message is refused
   */
  readonly take: (message: Uint8Array) => Promise<Uint8Array>;
  /** Ends it: whoever waits is told. */
  readonly stop: () => void;
};

type Answer = PromiseWithResolvers<Uint8Array>;

/** Begins a round. @param receipt what the coordinator's ledger gave; nothing for a plan without noise */
export function hostRound(
  plan: DrawingPlan,
  receipt: Receipt | undefined,
  { patience, least }: Pace,
  listener: Listener,
): HostedRound {
  const stopped = new AbortController();
  /** By the message's hash: nobody but its sender has the message. */
  const answers = new Map<string, Promise<Uint8Array>>();
  let open:
    | {
        readonly state: coordinator.CoordinatorState<Phase, Fields>;
        readonly waiting: Map<ClientId, Answer>;
        readonly complete: () => void;
        bytesIn: number;
      }
    | undefined;

  const take = (message: Uint8Array): Promise<Uint8Array> => {
    const digest = createHash('sha256').update(message).digest('hex');
    const known = answers.get(digest);
    if (known !== undefined) return known;
    if (open === undefined) throw problem(410, 'round-over', 'the round is over');
    const { state, waiting, complete } = open;
    const fault = coordinator.accept(state, message);
    if (fault !== undefined) {
      listener.onFault(fault);
      throw problem(STATUS[fault.code] ?? 409, fault.code, fault.message);
    }
    const limit = message.length;
    const { sender, payload } = decodeEnvelope(message, { header: limit, payload: limit });
    const { id } = plan.roster.clients[sender] as { readonly id: ClientId };
    const answer: Answer = Promise.withResolvers();
    answer.promise.catch(() => {}); // its sender may be gone
    answers.set(digest, answer.promise);
    waiting.set(id, answer);
    open.bytesIn += message.length;
    const upload = state.phase === 'mask' ? pictureOf(plan, payload) : undefined;
    listener.onMessage(id, state.phase, message.length, upload);
    if (coordinator.census(state).missing.length === 0) complete();
    return answer.promise;
  };

  /** Plays a phase: its state is open to messages until it is closed, and all that spoke get their answers. */
  async function phase<P extends Phase>(
    state: coordinator.CoordinatorState<P, Fields>,
  ): Promise<{
    readonly closed: coordinator.CloseOf<P, Fields>;
    readonly answer: (downlinks: ReadonlyMap<ClientId, Uint8Array>) => void;
  }> {
    const began = performance.now();
    const all = Promise.withResolvers<void>();
    const waiting = new Map<ClientId, Answer>();
    const at = { state, waiting, complete: all.resolve, bytesIn: 0 };
    open = at;
    const { missing: expected } = coordinator.census(state);
    listener.onPhase(state.phase, expected);
    const over = new AbortController();
    const signal = AbortSignal.any([stopped.signal, over.signal]);
    try {
      const ended = Promise.race([all.promise, enough(state, signal)]);
      await Promise.all([ended, sleep(least, undefined, { signal })]);
      const { missing } = coordinator.census(state);
      const closed = coordinator.close(state);
      const answer = (downlinks: ReadonlyMap<ClientId, Uint8Array>): void => {
        let bytesOut = 0;
        for (const [id, { resolve, reject }] of waiting) {
          const downlink = downlinks.get(id);
          bytesOut += downlink?.length ?? 0;
          if (downlink !== undefined) resolve(downlink);
          else reject(problem(410, 'left-out', `the round goes on without "${id}"`));
        }
        const milliseconds = performance.now() - began;
        const counted = { messages: waiting.size, expected: expected.length };
        const { bytesIn } = at;
        const { phase } = state;
        listener.onClosed(phase, missing, { phase, milliseconds, ...counted, bytesIn, bytesOut });
      };
      return { closed, answer };
    } catch (error) {
      open = undefined;
      const why = stopped.signal.aborted ? 'the server is closing' : (error as Error).message;
      for (const { reject } of waiting.values()) reject(problem(503, 'round-given-up', why));
      throw error;
    } finally {
      over.abort(); // its timers end with it
    }
  }

  /** Waits for as long as patience lasts, and longer while too few have spoken; not for ever. */
  async function enough(state: coordinator.CoordinatorState, signal: AbortSignal): Promise<void> {
    await sleep(patience, undefined, { signal });
    for (let more = 0; more < 20; more++) {
      if (coordinator.census(state).canClose) return;
      await sleep(patience / 10, undefined, { signal });
    }
  }

  /** One phase after the other: the next one is open before anybody can have an answer for it. */
  async function play(): Promise<Result<Fields>> {
    const options = { context: plan.hash, receipt: receipt as Receipt };
    const advertise = await phase(coordinator.begin(plan, options));
    const sharing = phase(advertise.closed.next);
    advertise.answer(advertise.closed.downlinks);
    const share = await sharing;
    const masking = phase(share.closed.next);
    share.answer(share.closed.downlinks);
    const mask = await masking;
    const confirming = phase(mask.closed.next);
    mask.answer(mask.closed.downlinks);
    const confirm = await confirming;
    const unmasking = phase(confirm.closed.next);
    confirm.answer(confirm.closed.downlinks);
    const unmask = await unmasking;
    const result = unmask.closed.next;
    open = undefined;
    const bundle = result.bundle as Uint8Array;
    // Nobody has held the sum against the commitments yet, so this comes before it is published.
    const { valid, reasons } = await verifyBundle(bundle, trustIn(plan));
    if (!valid) {
      const none = new Map<ClientId, Uint8Array>();
      unmask.answer(none);
      throw new Error(`the proof does not hold: ${reasons[0]?.text}`);
    }
    unmask.answer(new Map(plan.roster.clients.map(({ id }) => [id, bundle])));
    return result;
  }

  return { result: play(), take, stop: () => stopped.abort() };
}

/** Faults whose sender is not who it says, or says nothing that can be read; all others come at a wrong time. */
const STATUS: Readonly<Record<string, number>> = {
  truncated: 400,
  'trailing-bytes': 400,
  'unknown-version': 400,
  'non-canonical': 400,
  'too-large': 413,
  malformed: 400,
  'not-on-roster': 403,
  'bad-signature': 403,
};

/** What an upload looks like: the top eight bits of each masked number. */
function pictureOf({ shapes }: DrawingPlan, payload: Uint8Array): Uint8Array {
  const { length, modulusBits } = shapes[0] as DrawingPlan['shapes'][number];
  const words = new Uint32Array(length);
  unpackInto(words, payload.subarray(0, packedLength(length, modulusBits)), modulusBits);
  return Uint8Array.from(words, (word) => word >>> (modulusBits - 8));
}
