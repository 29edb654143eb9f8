/**
 * The door to snarkjs and the only file that imports it: an optional peer, loaded when it is first
 * asked for, whose WebAssembly curve does the arithmetic several times faster than noble.
 */
import { type DependencyError, UsageError } from '../errors.ts';
import { assertInteger } from '../internal/assert.ts';
import { toHex } from '../internal/bytes.ts';
import { apart, inTime, makerIn, otherVersion, startsWorkers, unsupported } from './snark-start.ts';

/** Where snarkjs comes from, and whether it may start threads. */
export type FastCurveOptions = {
  /** Imports snarkjs: gives its namespace. Without it, `import('snarkjs')`. */
  readonly load?: () => Promise<unknown>;
  /**
   * `true`, the default: work runs where it is asked for, and the page or process stays as it is.
   * `false`: one worker for each processor. In a browser they need `worker-src blob:`.
   */
  readonly singleThread?: boolean;
  /** How long its workers may take to answer, in milliseconds: without this, 20,000. */
  readonly timeoutMs?: number;
};

/** Bytes in a thread's memory, named by a task's own variable. */
type Operand = { readonly var: number; readonly offset?: number } | { readonly val: number };

/** One step of a task on a thread of the curve. Memory is given back when the task ends. */
export type Step =
  | { readonly cmd: 'ALLOCSET'; readonly var: number; readonly buff: Uint8Array }
  | { readonly cmd: 'ALLOC'; readonly var: number; readonly len: number }
  | { readonly cmd: 'SET'; readonly var: number; readonly buff: Uint8Array }
  | { readonly cmd: 'CALL'; readonly fnName: string; readonly params: readonly Operand[] }
  | { readonly cmd: 'GET'; readonly out: number; readonly var: number; readonly len: number };

/** What this room uses of the curve object that snarkjs hands out. */
export type SnarkCurve = {
  readonly name: string;
  readonly tm: {
    readonly concurrency: number;
    readonly workers?: readonly object[];
    readonly queueAction: (steps: readonly Step[]) => Promise<readonly Uint8Array[]>;
    readonly terminate: () => Promise<void>;
  };
};

/** An open curve. */
export type FastCurve = AsyncDisposable & {
  /** How many tasks run at once. */
  readonly threads: number;
  /**
   * Runs one task and gives what its GET steps read.
   *
   * @throws DependencyError `runtime-unsupported` once a thread has ended: open another curve
   */
  readonly run: (steps: readonly Step[]) => Promise<readonly Uint8Array[]>;
  /**
   * Lends snarkjs's own object for as long as `work` takes, so that it is not closed under it.
   *
   * @param work gets the curve, and may describe as `More` what else of it it calls. Its tasks must be
   *   done when its promise settles; what runs on this thread without tasks may go on after that
   */
  readonly use: <T, More = unknown>(work: (curve: SnarkCurve & More) => Promise<T>) => Promise<T>;
  /** Waits for the work that is under way, then stops the threads. Again is harmless. */
  readonly dispose: () => Promise<void>;
};

/**
 * Opens snarkjs's curve BN254 with memory and threads of its own, apart from the one that proving
 * with snarkjs shares through a global variable.
 *
 * @param options.load for bundlers and tests; see {@link FastCurveOptions}
 * @param options.singleThread see {@link FastCurveOptions}
 * @param options.timeoutMs see {@link FastCurveOptions}
 * @returns the curve, or `undefined` where snarkjs is not installed: noble serves then
 * @throws DependencyError `peer-version` where snarkjs has no such curve, `runtime-unsupported` where
 *   its WebAssembly cannot run or its workers do not start
 * @throws UsageError `out-of-range` for a `timeoutMs` that is not from 1 to 2^31 − 1
 *
 * **Security**: its arithmetic is not constant-time.
 * **Cost**: a compilation of WebAssembly and two memories of 1.6 MB; with threads another one each.
 *   Idle threads do not keep a Node process alive; work under way does.
 */
export async function fastCurve(options: FastCurveOptions = {}): Promise<FastCurve | undefined> {
  const loaded = await loadedFrom(options.load);
  if (loaded === undefined) return undefined;
  const make = makerIn(loaded);
  const { singleThread = true, timeoutMs = START_MS } = options;
  assertInteger('fastCurve: timeoutMs', timeoutMs, 1, 2 ** 31 - 1);
  if (!singleThread) await startsWorkers(timeoutMs);
  const making = apart(make, singleThread) as Promise<SnarkCurve | undefined>;
  try {
    const curve = await inTime(making, timeoutMs);
    if (typeof curve?.tm?.queueAction !== 'function') throw otherVersion('its curve has no tasks');
    await inTime(doublesTheGenerator(curve), timeoutMs);
    return guarded(curve);
  } catch (error) {
    // Its workers would keep a process alive for ever, also those that come too late.
    void making.then(ended).catch(() => {});
    throw error;
  }
}

/** Ends the threads of a curve, if it has any. */
const ended = async (curve: SnarkCurve | undefined): Promise<void> => {
  if (curve?.tm?.workers !== undefined) await curve.tm.terminate();
};

async function loadedFrom(load: FastCurveOptions['load']): Promise<unknown> {
  try {
    if (load !== undefined) return await load();
    // With its own `catch`, bundlers let an import be that they cannot resolve.
    // @ts-expect-error: snarkjs comes without types.
    return await import('snarkjs').catch(() => undefined);
  } catch {
    return undefined;
  }
}

/** Workers that are forbidden never answer; others do in a second, and later on a busy machine. */
const START_MS = 20_000;

/** 2·(1, 2), by the functions and the memory layout that our engines rely on. */
const DOUBLED =
  '030644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd315ed738c0e0a7c92e7845f96b2ae9c0a68a6a449e3538fc7ff3ebf7a5a18a2c4';

async function doublesTheGenerator(curve: SnarkCurve): Promise<void> {
  const generator = new Uint8Array(64);
  generator[31] = 1;
  generator[63] = 2;
  const call = (fnName: string, ...params: readonly Operand[]): Step => ({
    cmd: 'CALL',
    fnName,
    params,
  });
  const [bytes, point, sum] = [{ var: 0 }, { var: 1 }, { var: 2 }];
  const steps: Step[] = [
    { cmd: 'ALLOCSET', var: 0, buff: generator },
    { cmd: 'ALLOCSET', var: 1, buff: Uint8Array.of(2, 0, 0, 0) },
    { cmd: 'ALLOC', var: 2, len: 96 },
    call('g1m_batchUtoLEM', bytes, { val: 1 }, bytes),
    call(
      'g1m_multiexpAffine_chunk',
      bytes,
      point,
      { val: 1 },
      { val: 1 },
      { val: 0 },
      { val: 8 },
      sum,
    ),
    call('g1m_toAffine', sum, bytes),
    call('g1m_LEMtoU', bytes, sum),
    { cmd: 'GET', out: 0, var: 2, len: 64 },
  ];
  const [out] = await curve.tm.queueAction(steps).catch(() => []);
  if (out === undefined || toHex(out) !== DOUBLED)
    throw otherVersion('its curve computes otherwise');
}

/** Counts the work under way: threads are held while there is any, and closed only without. */
function guarded(curve: SnarkCurve): FastCurve {
  let active = 0;
  let closing: Promise<void> | undefined;
  let idle = (): void => {};
  const hold = (held: boolean): void => {
    for (const worker of curve.tm.workers ?? []) {
      const thread = (worker as Record<symbol, NodeThread | undefined>)[NODE_THREAD];
      if (held) thread?.ref();
      else thread?.unref();
    }
  };
  // A thread that ends says nothing to snarkjs, which would wait for its answer for ever.
  let lost: DependencyError | undefined;
  const waiting = new Set<(error: DependencyError) => void>();
  const lose = (): void => {
    lost ??= unsupported('one of its threads ended, perhaps for want of memory');
    for (const reject of waiting) reject(lost);
  };
  for (const worker of curve.tm.workers ?? []) {
    for (const event of ['error', 'close']) (worker as EventTarget).addEventListener(event, lose);
  }
  const use: FastCurve['use'] = async (work) => {
    if (closing !== undefined) {
      throw new UsageError('disposed', 'fastCurve: got work after dispose, expected it before');
    }
    if (lost !== undefined) throw lost;
    let fail = (_: DependencyError): void => {};
    const failed = new Promise<never>((_, reject) => {
      fail = reject;
    });
    waiting.add(fail);
    if (active++ === 0) hold(true);
    try {
      return await Promise.race([work(curve as Parameters<typeof work>[0]), failed]);
    } finally {
      waiting.delete(fail);
      if (--active === 0) {
        hold(false);
        idle();
      }
    }
  };
  const dispose = (): Promise<void> => {
    closing ??= new Promise<void>((resolve) => {
      idle = resolve;
      if (active === 0) resolve();
    }).then(() => ended(curve));
    return closing;
  };
  hold(false);
  return {
    threads: curve.tm.concurrency,
    run: (steps) => use(async ({ tm }) => tm.queueAction(steps)),
    use,
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

/** Where the `web-worker` package keeps Node's own worker, which can let a process end. */
const NODE_THREAD: unique symbol = Symbol.for('worker');
type NodeThread = { readonly ref: () => void; readonly unref: () => void };
