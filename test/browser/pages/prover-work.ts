/** Proves with threads and without, wherever it runs; says what came of it in JSON's own types. */
import { toHex } from '../../../src/internal/bytes.ts';
import { type CircuitInputs, openProver, type ProverOptions } from '../../../src/zk/index.ts';

/** What a test hands to the page. */
export type Task = { readonly inputs: CircuitInputs };

/** One attempt: a proof and how many threads there were, or the code of an error. */
export type Attempt =
  | { readonly proof: string; readonly threads: number; readonly phases: readonly string[] }
  | { readonly code: string; readonly text: string };

/** Both attempts at one place. */
export type Attempts = { readonly many: Attempt; readonly single: Attempt };

const file = async (name: string): Promise<Uint8Array> =>
  new Uint8Array(await (await fetch(name)).arrayBuffer());

/** Proves twice. The time-out is far beyond that of the test: what is forbidden is found without it. */
export async function attempts(): Promise<Attempts> {
  const { inputs } = (await (await fetch('/task.json')).json()) as Task;
  const artefacts = { wasm: await file('/circuit.wasm'), zkey: await file('/circuit.zkey') };
  const attempt = async (options: ProverOptions): Promise<Attempt> => {
    try {
      await using prover = await openProver({ ...options, timeoutMs: 600_000 });
      const phases: string[] = [];
      const { proof } = await prover.groth16(artefacts, inputs, {
        onProgress: ({ phase }) => {
          if (phases.at(-1) !== phase) phases.push(phase);
        },
      });
      return { proof: toHex(proof), threads: prover.threads, phases };
    } catch (error) {
      const { code = 'none', message } = error as { readonly code?: string; message: string };
      return { code, text: message };
    }
  };
  return { many: await attempt({}), single: await attempt({ singleThread: true }) };
}
