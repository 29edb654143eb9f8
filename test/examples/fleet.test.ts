/** Example 02's fleet: a device may die at any moment, also while nobody waits for its word. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { type Fleet, openFleet } from '../../examples/02-dropouts-and-crashes/fleet.ts';

const { started } = vi.hoisted(() => ({ started: [] as ChildProcess[] }));
vi.mock('node:child_process', async (original) => {
  const real = await original<typeof import('node:child_process')>();
  return {
    ...real,
    // A device in its place that sends back what it gets; it needs no round.
    fork: (_: string, __: readonly string[], options: object) => {
      const program = `process.on('message', (m) => process.send({ message: m.downlink }));
        process.send({ message: new Uint8Array([1]) });`;
      const device = real.fork('-e', [program], { ...options, execArgv: [] });
      started.push(device);
      return device;
    },
  };
});

const folder = mkdtempSync(join(tmpdir(), 'fleet-'));
const fact = new Uint8Array(1);
let fleet: Fleet;
const open = (): Fleet => {
  fleet = openFleet(folder, new Map(), { plan: fact, voucher: fact, context: fact });
  return fleet;
};
const bytes = (said: readonly Uint8Array[]): readonly number[] =>
  said.map(([byte]) => byte as number);
afterEach(async () => {
  await fleet.close();
  started.length = 0;
  rmSync(folder, { recursive: true, force: true });
});

test('a device that died between two phases is a dropout, and the others go on', async () => {
  const { start, exchange } = open();
  for (const name of ['ana', 'ben']) start(name);
  expect(bytes(await exchange(new Map()))).toEqual([1, 1]);
  const [ana] = started as [ChildProcess];
  ana.kill('SIGKILL');
  await once(ana, 'exit');
  const downlinks = new Map(['ana', 'ben'].map((name) => [name, new Uint8Array([7])]));
  expect(bytes(await exchange(downlinks))).toEqual([7]);
  expect(bytes(await exchange(downlinks))).toEqual([7]);
}, 20_000);

test('a downlink that cannot be written ends the device’s part, not the coordinator', async () => {
  const { start, exchange } = open();
  for (const name of ['ana', 'ben']) start(name);
  await exchange(new Map());
  const [ana] = started as [ChildProcess];
  ana.emit('error', new Error('write EPIPE')); // between two phases
  ana.send = () => ana.emit('error', new Error('write EPIPE'));
  const downlinks = new Map(['ana', 'ben'].map((name) => [name, new Uint8Array([7])]));
  expect(bytes(await exchange(downlinks))).toEqual([7]);
  ana.kill('SIGKILL');
}, 20_000);
