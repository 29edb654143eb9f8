/**
 * Flower beside us: its steps run in a Python process of their own (`flower.py`), which does what it is asked
 * and nothing in between, so that its samples and ours can take turns.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Peer } from '../harness.ts';

/** The size of one client's step: neighbours, threshold and length. */
export type ClientSize = { readonly k: number; readonly t: number; readonly d: number };

/**
 * One client: milliseconds of its share step and of splitting secrets in it, of its mask step without quantising,
 * of quantising; bytes sent.
 */
export type ClientSample = Readonly<
  Record<'shareMs' | 'shamirMs' | 'maskMs' | 'quantiseMs' | 'bytes', number>
>;

/** The server: milliseconds of its unmask stage without the way back to floats, and of combining shares in it. */
export type UnmaskSample = Readonly<Record<'ms' | 'dequantiseMs' | 'shamirMs', number>>;

/** What can be asked; one question at a time. */
export type Flower = {
  /** Its version and those of what it runs on. */
  readonly versions: Peer;
  /** Runs small rounds with real clients. Throws if a mean is wrong. */
  readonly check: () => Promise<void>;
  readonly client: (size: ClientSize) => Promise<ClientSample>;
  /** Lays out a round of `n` clients in which every tenth has left before mask; replaces the one before. */
  readonly prepare: (size: ClientSize & { readonly n: number }) => Promise<void>;
  /** Unmasks the prepared round. Throws if the sum is wrong. */
  readonly unmask: () => Promise<UnmaskSample>;
  readonly stop: () => void;
};

/**
 * Starts Flower's steps.
 *
 * @param checkout - path of a working copy of Flower.
 * @param python - the interpreter, which must have what `bench/peers/README.md` lists.
 * @throws Error if the process ends, with what it wrote last.
 */
export async function startFlower(checkout: string, python: string): Promise<Flower> {
  const child = spawn(python, [join(import.meta.dirname, 'flower.py'), checkout]);
  let complaint = '';
  child.stderr.on('data', (text) => {
    complaint = `${complaint}${text}`.slice(-2000);
  });
  // A process that has ended has no more lines; writing to it is no error of its own.
  child.stdin.on('error', () => {});
  const failed = once(child, 'close').then(
    () => undefined,
    (error: unknown) => {
      complaint = String(error);
    },
  );
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async (): Promise<unknown> => {
    const { value, done } = await lines.next();
    if (done !== true) return JSON.parse(value);
    await failed;
    throw new Error(`Flower: the process ended\n${complaint}`);
  };
  const ask = (request: Readonly<Record<string, unknown>>): Promise<unknown> => {
    child.stdin.write(`${JSON.stringify(request)}\n`);
    return line();
  };
  return {
    versions: (await line()) as Peer,
    check: async () => void (await ask({ do: 'check' })),
    client: (size) => ask({ do: 'client', ...size }) as Promise<ClientSample>,
    prepare: async (size) => void (await ask({ do: 'prepare', ...size })),
    unmask: () => ask({ do: 'unmask' }) as Promise<UnmaskSample>,
    stop: () => void child.kill(),
  };
}
