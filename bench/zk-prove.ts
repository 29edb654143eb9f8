/**
 * The circuits and the prover: rows for each value, proofs against snarkjs in the same run, memory, and
 * the verification of many updates at once.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { R } from '../src/zk/groth16/field.ts';
import {
  aggregateInputs,
  contextScalar,
  freshBlinding,
  insecureDevelopmentSetupForTestingOnly,
  insecureUpdateKeyForTestingOnly,
  openProver,
  type Prover,
  randomSalt,
  type UpdateItem,
  verifyUpdates,
  wasmPairing,
} from '../src/zk/index.ts';
import type { CircuitInputs } from '../src/zk/prover/witness.ts';
import { readR1cs } from '../src/zk/setup/r1cs.ts';
import { helpFor, inputsFor } from '../src/zk/update/witness.ts';
import { artifact, circuitSources, compileSource } from '../test/zk/circuits/compile.ts';
import { openModule } from '../test/zk/circuits/keys.ts';
import { endSnarkjs, type SnarkFile, snarkjs } from '../test/zk/snarkjs.ts';
import { openCurve } from '../test/zk/support.ts';
import { itemOf, makeKeys, secretOf, TERMS, valuesOf } from '../test/zk/update/support.ts';
import { type Book, interleave, progress, type Side, settle, stopwatch } from './harness.ts';
import type { MemoryTask } from './zk-prove-memory.ts';

const SAMPLES = 3;
/** The overhead that an issue allows, and its rows for each value. */
const BOUNDS = { overhead: 1.05, aggregate: 22, update: 5.1 } as const;
const PROOFS = 100;

/** snarkjs's own way from inputs to a proof. */
type FullProve = (
  inputs: object,
  wasm: SnarkFile,
  zkey: SnarkFile,
  log?: undefined,
  witness?: undefined,
  options?: { readonly singleThread: boolean },
) => Promise<unknown>;
const { fullProve } = snarkjs.groth16 as unknown as { readonly fullProve: FullProve };

type Circuit = {
  readonly name: string;
  /** Values that one proof is about. */
  readonly values: number;
  readonly r1cs: Uint8Array;
  readonly wasm: Uint8Array;
  readonly inputs: CircuitInputs;
  /** The most rows (and public signals) for each value, where an issue sets it. */
  readonly bound?: number;
};

/** Adds the rows `zk/circuit/…`, `zk/prove/…` and `zk/updates/…`: six minutes. */
export async function zkProve(book: Book): Promise<void> {
  const circuits = [aggregate(8, 64), aggregate(16, 128), update(1_000), update(12_800)];
  for (const { name, values, r1cs, bound } of circuits) {
    const { rows, publics } = readR1cs(r1cs);
    // Groth16 takes one row more for each public signal.
    const whole = name.startsWith('update') ? rows.length + publics : rows.length;
    book.count(`zk/circuit/${name}`, whole / values, 'rows', bound);
  }
  await using many = await openProver();
  await using single = await openProver({ singleThread: true });
  for (const circuit of circuits) await proofs(book, circuit, { many, single });
  await endSnarkjs();
  await batches(book);
}

function aggregate(clients: number, length: number): Circuit {
  const name = `aggregate-${clients}x${length}`;
  const updates = Array.from({ length: clients }, (_, i) =>
    Array.from({ length }, (_, j) => ((i * 977 + j * 613) % 2_001) - 1_000),
  );
  const { inputs } = aggregateInputs(
    contextScalar(new TextEncoder().encode(name)),
    length * 10 ** 6,
    updates,
    updates.map(randomSalt),
  );
  return {
    name,
    values: clients * length,
    r1cs: artifact(name, 'r1cs'),
    wasm: artifact(name, 'wasm'),
    inputs,
    // Short updates are dearer: circuits/README.md.
    ...(clients === 16 && { bound: BOUNDS.aggregate }),
  };
}

/** Also of sizes that are not committed. */
function update(values: number): Circuit {
  const name = `update-${values}`;
  const made =
    name in circuitSources
      ? { r1cs: artifact(name, 'r1cs'), wasm: artifact(name, 'wasm') }
      : compileSource(
          name,
          `pragma circom 2.2.0;
include "../../../circuits/update.circom";
component main {public [ctx, normMax, alpha, blindX, x, blindH, hi, m]} = BoundedUpdate(${values});
`,
        );
  const x = Int32Array.from({ length: values }, (_, j) => ((j * 613) % 2_001) - 1_000);
  const known = { context: R - 5n, normMax: values * 10 ** 6, challenge: R - 7n };
  const inputs = inputsFor(known, x, helpFor(x), { x: freshBlinding(), h: freshBlinding() });
  return { name, values, ...made, inputs, bound: BOUNDS.update };
}

async function proofs(
  book: Book,
  { name, r1cs, wasm, inputs }: Circuit,
  provers: Readonly<Record<'many' | 'single', Prover>>,
): Promise<void> {
  progress(`zk: a key for ${name}`);
  const { provingKey: zkey } = await insecureDevelopmentSetupForTestingOnly(
    r1cs,
    await openModule(),
  );
  progress(`zk: proofs of ${name}`);
  const artefacts = { wasm, zkey };
  const side = (work: () => Promise<unknown>): Side => {
    return async () => {
      settle();
      return (await stopwatch(work))[0];
    };
  };
  const theirs = (singleThread: boolean): Side =>
    side(() => fullProve(inputs, wasm, zkey, undefined, undefined, { singleThread }));
  const times = await interleave(
    SAMPLES,
    {
      'threads/snarkjs': theirs(false),
      threads: side(() => provers.many.groth16(artefacts, inputs)),
      'single/snarkjs': theirs(true),
      single: side(() => provers.single.groth16(artefacts, inputs)),
    },
    1,
  );
  for (const how of ['threads', 'single'] as const) {
    const row = `zk/prove/${name}/${how}`;
    const reference = [`${row}/snarkjs`, times[`${how}/snarkjs`]] as const;
    book.time(...reference);
    book.time(row, times[how], reference);
    book.ratio(`${row}/ratio`, times[how], reference, BOUNDS.overhead);
  }
  const folder = mkdtempSync(join(tmpdir(), 'veilsum-bench-'));
  try {
    const task: MemoryTask = {
      wasm: join(folder, 'circuit.wasm'),
      zkey: join(folder, 'circuit.zkey'),
      // Made up for this run: nobody's secrets.
      inputs,
    };
    writeFileSync(task.wasm, wasm);
    writeFileSync(task.zkey, zkey);
    const run = spawnSync(
      process.execPath,
      ['--conditions=@veilsum/source', new URL('zk-prove-memory.ts', import.meta.url).pathname],
      { input: JSON.stringify(task), encoding: 'utf8', timeout: 300_000 },
    );
    if (run.status !== 0) throw new Error(`memory of ${name}: ${run.stderr}`);
    book.bytes(`zk/prove/${name}/threads/memory`, Number(run.stdout), null);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A hundred clients' updates, a chunk each, verified together. */
async function batches(book: Book): Promise<void> {
  progress(`zk: ${PROOFS} updates`);
  const made = await makeKeys(16);
  const terms = { ...TERMS, length: 16 };
  const items: UpdateItem[] = [];
  for (let i = 0; i < PROOFS; i++) {
    items.push(await itemOf(made, `c${i}`, secretOf(valuesOf(i, 16), 1), terms));
  }
  await endSnarkjs();
  const curve = await openCurve();
  const fast = { backend: await wasmPairing(curve), curve };
  const keys = { noble: made.key, wasm: await insecureUpdateKeyForTestingOnly(made.bytes, fast) };
  const side = (key: typeof made.key, count: number): Side => {
    return async () => {
      const [ms, { valid }] = await stopwatch(() =>
        verifyUpdates(key, terms, items.slice(0, count)),
      );
      if (!valid) throw new Error('updates that should be valid are not');
      return ms / count;
    };
  };
  const times = await interleave(
    SAMPLES,
    {
      'verify/noble': side(keys.noble, 1),
      'verify/wasm': side(keys.wasm, 1),
      [`batch=${PROOFS}/noble`]: side(keys.noble, PROOFS),
      [`batch=${PROOFS}/wasm`]: side(keys.wasm, PROOFS),
    },
    1,
  );
  for (const [row, timing] of Object.entries(times)) book.time(`zk/updates/${row}`, timing);
  await curve.dispose();
}
