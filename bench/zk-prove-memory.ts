/**
 * A program of its own: proves once and says how much memory its process had at most, in bytes. It holds
 * the curve, the key, and nothing of a benchmark.
 */
import { readFileSync } from 'node:fs';
import { openProver } from '../src/zk/index.ts';
import type { CircuitInputs } from '../src/zk/prover/witness.ts';

/** What it reads from its input. */
export type MemoryTask = {
  readonly wasm: string;
  readonly zkey: string;
  readonly inputs: CircuitInputs;
};

if (process.argv[1] === import.meta.filename) {
  const { wasm, zkey, inputs } = JSON.parse(readFileSync(0, 'utf8')) as MemoryTask;
  const file = (name: string): Uint8Array => new Uint8Array(readFileSync(name));
  await using prover = await openProver();
  await prover.groth16({ wasm: file(wasm), zkey: file(zkey) }, inputs);
  process.stdout.write(String(process.resourceUsage().maxRSS * 1_024));
}
