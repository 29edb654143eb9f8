/**
 * Many simulated clients on a few threads. Every client belongs to one thread from the first round to the
 * last: its signing key, its ledger and its digits are there, and only messages leave.
 */
import { Worker } from 'node:worker_threads';
import { type ClientId, inMemorySigner, planBytes, type Roster, signRoster } from 'veilsum';
import type { Phase } from 'veilsum/coordinator';
import { type Model, vanishingIn } from './learning.ts';
import type { PrivatePlan, Run } from './private-plan.ts';
import type { SmallExamples } from './softmax.ts';

/** What a thread is asked, one thing at a time. */
export type Request =
  | { readonly kind: 'enrol'; readonly voucher: Uint8Array }
  | {
      readonly kind: 'enter';
      readonly plan: Uint8Array;
      readonly weights: Float64Array;
      /** Who will not answer, and from which phase on. */
      readonly vanishing: ReadonlyMap<string, Phase>;
    }
  | {
      readonly kind: 'step';
      readonly phase: Phase;
      readonly downlinks: ReadonlyMap<string, Uint8Array>;
    }
  | { readonly kind: 'askToPay'; readonly plan: Uint8Array };

/** What it says: messages of clients as they come, and one answer at the end. */
export type Answer =
  | { readonly message: Uint8Array }
  | { readonly done: unknown }
  | { readonly failed: string };

/** What a thread is started with. */
export type ThreadData = {
  readonly run: Run;
  readonly shards: ReadonlyMap<string, SmallExamples>;
};

/** Clients that take part in rounds. */
export type Crowd = {
  readonly ids: readonly ClientId[];
  /** All of them, with the keys that they made for themselves. */
  readonly roster: Roster;
  /** Everybody gets a plan and a model, and enters the round. */
  readonly enter: (plan: PrivatePlan, model: Model) => Promise<void>;
  /** Everybody who is still there does a step; `deliver` gets each message. */
  readonly step: (
    phase: Phase,
    downlinks: ReadonlyMap<string, Uint8Array>,
    deliver: (message: Uint8Array) => void,
  ) => Promise<void>;
  /** Asks every client's ledger to pay for a round; returns how many did. */
  readonly askToPay: (plan: PrivatePlan) => Promise<number>;
  readonly leave: () => Promise<void>;
};

/**
 * Starts the threads and enrols a client for each shard.
 *
 * @param run what every client is ready to pay, and for how many rounds
 * @param execArgv flags of Node for the threads; those of this process unless the caller says otherwise
 */
export async function gatherCrowd(
  shards: readonly SmallExamples[],
  run: Run,
  threads: number,
  execArgv?: readonly string[],
): Promise<Crowd> {
  const digits = String(shards.length - 1).length;
  const names = shards.map((_, i) => `client-${String(i).padStart(digits, '0')}`);
  const workers = Array.from({ length: threads }, (_, thread) => {
    const mine = names.flatMap((name, i) =>
      i % threads === thread ? [[name, shards[i] as SmallExamples] as const] : [],
    );
    const workerData: ThreadData = { run, shards: new Map(mine) };
    return new Worker(new URL('./crowd-thread.ts', import.meta.url), {
      workerData,
      ...(execArgv && { execArgv: [...execArgv] }),
    });
  });
  const askAll = async <T>(
    request: (thread: number) => Request,
    deliver: (message: Uint8Array) => void = () => {},
  ): Promise<readonly T[]> =>
    Promise.all(workers.map((worker, thread) => ask<T>(worker, request(thread), deliver)));

  const voucher = inMemorySigner(); // not the coordinator: it could make up clients otherwise
  const entries = await askAll<readonly { id: ClientId; publicKey: Uint8Array }[]>(() => ({
    kind: 'enrol',
    voucher: voucher.publicKey,
  }));
  const inOrder = entries.flat().sort((a, b) => names.indexOf(a.id) - names.indexOf(b.id));
  const roster = await signRoster(inOrder, voucher);
  const ids = inOrder.map(({ id }) => id);
  let round = 0;
  return {
    ids,
    roster,
    enter: async (plan, { weights }) => {
      round++;
      const lost = vanishingIn(round, names.length);
      const vanishing = new Map([...lost].map(([i, phase]) => [names[i] as string, phase]));
      await askAll(() => ({ kind: 'enter', plan: planBytes(plan), weights, vanishing }));
    },
    step: async (phase, downlinks, deliver) => {
      const parts = workers.map(() => new Map<string, Uint8Array>());
      for (const [id, bytes] of downlinks) {
        parts[names.indexOf(id) % threads]?.set(id, bytes);
      }
      await askAll(
        (thread) => ({ kind: 'step', phase, downlinks: parts[thread] as (typeof parts)[number] }),
        deliver,
      );
    },
    askToPay: async (plan) => {
      const paid = await askAll<number>(() => ({ kind: 'askToPay', plan: planBytes(plan) }));
      return paid.reduce((sum, count) => sum + count, 0);
    },
    leave: async () => {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

/** Asks a thread, passes messages on, and resolves with the answer. */
const ask = <T>(
  worker: Worker,
  request: Request,
  deliver: (message: Uint8Array) => void,
): Promise<T> =>
  new Promise((resolve, reject) => {
    const settle = (end: () => void): void => {
      worker.off('message', onMessage).off('error', onError);
      end();
    };
    const onError = (error: unknown): void => settle(() => reject(error));
    const onMessage = (answer: Answer): void => {
      if ('message' in answer) deliver(answer.message);
      else if ('failed' in answer) onError(new Error(answer.failed));
      else settle(() => resolve(answer.done as T));
    };
    worker.on('message', onMessage).on('error', onError);
    worker.postMessage(request);
  });
