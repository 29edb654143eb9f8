/**
 * How snarkjs's curve comes to be: without a trace in the global variable through which snarkjs shares
 * one with itself, in bounded time, and with an error where it cannot.
 */
import { DependencyError } from '../errors.ts';
import { nodeCrypto } from '../internal/platform.ts';

/** What a caller is told to install. */
export const SNARKJS: { readonly package: string; readonly range: string } = {
  package: 'snarkjs',
  range: '0.7.6',
};

/** Where snarkjs leaves the curve with threads that it shares with itself. */
type Shared = { curve_bn128?: unknown };

type CurveMaker = (name: string, options: { readonly singleThread: boolean }) => Promise<unknown>;

/** What makes curves in snarkjs's namespace. @throws DependencyError `peer-version` */
export function makerIn(loaded: unknown): CurveMaker {
  type Namespace = { readonly curves?: { readonly getCurveFromName?: CurveMaker } };
  const { curves, default: inner } = loaded as Namespace & { readonly default?: Namespace };
  const make = (curves ?? inner?.curves)?.getCurveFromName;
  if (typeof make !== 'function') throw otherVersion('it makes no curves');
  return make;
}

/** One curve is made at a time: see {@link apart}. */
let turn: Promise<unknown> = Promise.resolve();

/**
 * Makes a curve that snarkjs does not share, so that closing it cannot end a proof of snarkjs. Curves
 * that others open meanwhile stay theirs.
 */
export function apart(make: CurveMaker, singleThread: boolean): Promise<unknown> {
  if (singleThread) return make('bn128', { singleThread });
  const made = turn.then(async () => {
    const shared = globalThis as Shared;
    const seen = [shared.curve_bn128];
    // It is looked at before the first await, and set at the end.
    shared.curve_bn128 = null;
    const making = make('bn128', { singleThread });
    const define = (how: PropertyDescriptor): void => {
      Object.defineProperty(shared, 'curve_bn128', {
        ...how,
        configurable: true,
        enumerable: true,
      });
    };
    define({ get: () => seen.at(-1), set: (curve) => void seen.push(curve) });
    let ours: unknown;
    try {
      ours = await making;
    } finally {
      define({ value: seen.findLast((curve) => curve !== ours), writable: true });
    }
    return ours;
  });
  turn = made.catch(() => {});
  return made;
}

/**
 * Starts a worker as snarkjs starts its own, which in a page that forbids it waits for ever.
 *
 * @throws DependencyError `runtime-unsupported`
 */
export async function startsWorkers(timeoutMs: number): Promise<void> {
  // Node has workers without a page's policy.
  if (typeof Worker !== 'function' || nodeCrypto !== undefined) return;
  const source = new Blob(['postMessage(0)'], { type: 'application/javascript' });
  const address = URL.createObjectURL(source);
  let probe: Worker | undefined;
  try {
    await inTime(
      new Promise<void>((resolve, reject) => {
        probe = new Worker(address);
        probe.onmessage = () => resolve();
        probe.onerror = () => reject(unsupported(NO_WORKERS));
      }),
      timeoutMs,
    );
  } finally {
    probe?.terminate();
    URL.revokeObjectURL(address);
  }
}

/**
 * Waits for work of snarkjs's workers, but not for ever.
 *
 * @throws DependencyError `runtime-unsupported` if it fails or comes late
 */
export async function inTime<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(unsupported(NO_WORKERS)), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } catch (error) {
    if (error instanceof DependencyError) throw error;
    throw unsupported(`it did not start: ${error instanceof Error ? error.name : typeof error}`);
  } finally {
    clearTimeout(timer);
  }
}

const NO_WORKERS =
  'its workers do not answer: in a page, the policy needs `worker-src blob:`, or use singleThread';

/** snarkjs is there, and is not the one that is known. */
export const otherVersion = (why: string): DependencyError =>
  new DependencyError(
    'peer-version',
    `fastCurve: got another snarkjs (${why}), expected snarkjs 0.7.6 exactly`,
    SNARKJS,
  );

/** snarkjs is there, and this runtime does not let it work. */
export const unsupported = (why: string): DependencyError =>
  new DependencyError(
    'runtime-unsupported',
    `fastCurve: got a runtime where snarkjs cannot run (${why}), expected WebAssembly, and for threads workers from blob: or data: addresses`,
    SNARKJS,
  );
