/**
 * A coordinator that stays up: a thousand rounds in one process, with drops, crashes, restored states and
 * hostile messages as the stories of the model draw them, each held against the model. What is in use
 * once the garbage is gone stays flat.
 */
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { x25519KeyPair, x25519SharedSecret } from '../../src/identity/x25519.ts';
import { dice } from '../model/dice.ts';
import { play } from '../model/play.ts';
import { drawStory } from '../model/story.ts';
import { type Tally, table, total } from '../model/tally.ts';

const ROUNDS = 1_000;
const WINDOWS = 10;
/** Seeds that no other test plays. */
const FIRST_SEED = 1_000_000;
/** No fewer than the cache of keys takes. */
const KEY_CACHE = 16_384;
const MEBIBYTE = 2 ** 20;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes in use and of the process at the end of a window. */
type Held = { readonly heap: number; readonly buffers: number; readonly rss: number };

async function held(): Promise<Held> {
  for (let i = 0; i < 3; i++) {
    collectGarbage();
    // Array buffers are given back beside the program.
    await setTimeout(50);
  }
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  return { heap: heapUsed, buffers: arrayBuffers, rss };
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;

/**
 * By how much each kind grew from the second third of the windows to the last. The first third fills what
 * is filled once: parties, compiled code, tables.
 */
function growth(windows: readonly Held[]): Held {
  const third = Math.floor(windows.length / 3);
  const grown = (of: (held: Held) => number): number =>
    median(windows.slice(-third).map(of)) - median(windows.slice(-2 * third, -third).map(of));
  return {
    heap: grown(({ heap }) => heap),
    buffers: grown(({ buffers }) => buffers),
    rss: grown(({ rss }) => rss),
  };
}

function expectFlat(windows: readonly Held[]): void {
  const { heap, buffers, rss } = growth(windows);
  expect(heap / MEBIBYTE, 'heap').toBeLessThan(4);
  expect(buffers / MEBIBYTE, 'array buffers').toBeLessThan(4);
  // The process keeps pages that it may need again.
  expect(rss / MEBIBYTE, 'process').toBeLessThan(64);
}

/** Does some work so many times, and looks ten times at what is held. */
async function windowsOf(
  count: number,
  work: (index: number) => Promise<void>,
): Promise<readonly Held[]> {
  const windows: Held[] = [];
  for (let index = 0; index < count; index++) {
    await work(index);
    if ((index + 1) % (count / WINDOWS) === 0) windows.push(await held());
  }
  return windows;
}

/**
 * Fills the memory of public keys, which is bounded (`identity/key-cache.ts`): with the fresh keys of each
 * round it would go on filling for a thousand rounds, some kilobytes each.
 */
function fillKeyCache(): void {
  const d = dice(1);
  const own = x25519KeyPair(d.bytes(32));
  for (let i = 0; i < KEY_CACHE; i++) {
    const key = d.bytes(32);
    key[31] = (key[31] as number) & 0x3f;
    // Used, not only read: the platform keeps more of a key that was used.
    x25519SharedSecret(own, key);
  }
}

test('a program that keeps something of each round is found out', async () => {
  const kept: Uint8Array[] = [];
  const windows = await windowsOf(100, async () => void kept.push(new Uint8Array(MEBIBYTE / 4)));
  expect(() => expectFlat(windows)).toThrow(/array buffers/);
  expect(kept).toHaveLength(100);
});

test(`${ROUNDS} rounds leave nothing behind`, { timeout: 3_600_000 }, async () => {
  fillKeyCache();
  const tally: Tally = {};
  const windows = await windowsOf(ROUNDS, async (index) => {
    const seed = FIRST_SEED + index;
    try {
      await play(await drawStory(seed), tally);
    } catch (error) {
      throw new Error(`the round of seed ${seed} failed: ${error}`, { cause: error });
    }
  });
  console.log(table(tally));
  const shown = windows.map(
    ({ heap, buffers, rss }, i) =>
      `${String((ROUNDS / WINDOWS) * (i + 1)).padStart(5)} rounds: heap ${mib(heap)}, array buffers ${mib(buffers)}, process ${mib(rss)}`,
  );
  console.log(shown.join('\n'));
  expect(total(tally, 'outcomes')).toBe(ROUNDS);
  for (const group of ['refused', 'coordinator crashes', 'client crashes', 'vanished', 'lies']) {
    expect(total(tally, group), group).toBeGreaterThan(ROUNDS / 10);
  }
  expectFlat(windows);
});

const mib = (bytes: number): string => `${(bytes / MEBIBYTE).toFixed(1)} MiB`;
