/**
 * A prover that behaves: bytes in, a proof out, on threads that are opened once and used for every
 * proof. It tells how far it is, stops when it is asked to, and lets the process end.
 *
 * snarkjs lends its curve (`../snark.ts`); the witness (`witness.ts`) and the proof (`groth16.ts`) are
 * computed here. Neither a file nor a console nor a global variable is touched on the way.
 */
import { DependencyError, ProofError, UsageError } from '../../errors.ts';
import { assertBytes } from '../../internal/assert.ts';
import { toHex } from '../../internal/bytes.ts';
import { sha256 } from '../../internal/sha256.ts';
import { type FastCurve, fastCurve } from '../snark.ts';
import { SNARKJS } from '../snark-start.ts';
import { type ProvingCurve, proveGroth16 } from './groth16.ts';
import { type ProvingKey, readProvingKey } from './proving-key.ts';
import { type CircuitInputs, type WitnessGenerator, witnessGenerator } from './witness.ts';

/**
 * A circuit, ready to be proved. One object is looked at once, however many proofs are made with it:
 * keep it, and leave its bytes alone.
 */
export type ProvingArtefacts = {
  /** The witness generator: what `circom --wasm` wrote. */
  readonly wasm: Uint8Array;
  /** The proving key: snarkjs's `.zkey`. */
  readonly zkey: Uint8Array;
  /** SHA-256 of both, in hexadecimal digits: anything else is refused. */
  readonly hashes?: { readonly wasm: string; readonly zkey: string };
};

/** How far a proof is. Phases come in this order, and numbers never fall. */
export type ProvingProgress = {
  /** `loading`: artefacts are checked and compiled. `witness`: the circuit runs. `proving`: the rest. */
  readonly phase: 'loading' | 'witness' | 'proving';
  /** The share of the phase that is done, from 0 to 1, by estimated work. */
  readonly fraction: number;
};

/** What a caller may want of one proof. */
export type ProveOptions = {
  /** Stops it: the promise rejects at once with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Hears how far it is. What it throws ends the proof. */
  readonly onProgress?: (progress: ProvingProgress) => void;
};

/** A proof and what it is of. */
export type ProvedStatement = {
  /** 258 bytes, as `verifyGroth16` takes them. */
  readonly proof: Uint8Array;
  /** The public signals in the circuit's order. **A verifier computes its own.** */
  readonly publics: readonly bigint[];
};

/** An open prover, from {@link openProver}. */
export type Prover = AsyncDisposable & {
  /** How many threads compute. */
  readonly threads: number;
  /**
   * Proves that inputs satisfy a circuit. Proofs are made one after the other, in the order of the calls.
   *
   * **Security**: inputs and witness stay in memory. What is allocated here is wiped, as is the
   * generator's memory; inputs are the caller's, texts among them cannot be wiped, snarkjs's own copies
   * of witness and sums are left to the collector, and the threads' memories keep what they were last
   * given until they are used again or closed. No step is constant-time. Nobody else's files: with a key
   * that was made to that end, a proof may tell the witness, and a generator may run for ever, which no
   * signal ends. `hashes` say whose they are.
   * **Cost**: that of `proveGroth16`, and a run of the generator. With one thread it blocks its own, for
   *   one sum or transform at once.
   *
   * @param artefacts - see {@link ProvingArtefacts}
   * @param inputs - all inputs of the circuit, by signal: read when this proof's turn comes, so leave
   *   them alone until the promise settles
   * @param options - see {@link ProveOptions}
   * @throws UsageError `disposed`; `out-of-range` if the inputs do not satisfy the circuit: it names the
   *   template and its line, and no number; `unknown-id`, `wrong-length`, `wrong-type` for other inputs
   *   than the circuit's; `wrong-length` if generator and key belong to different circuits
   * @throws ProofError `artifact-hash-mismatch`
   * @throws CodecError `malformed`, and as `readSections`, if a file is no generator or no proving key
   * @throws DependencyError `runtime-unsupported` if a thread ends, after which the next proof opens
   *   others; or if WebAssembly is forbidden
   * @throws the signal's reason
   */
  readonly groth16: (
    artefacts: ProvingArtefacts,
    inputs: CircuitInputs,
    options?: ProveOptions,
  ) => Promise<ProvedStatement>;
  /** Waits for every proof that was asked for, then closes the threads. Again is harmless. */
  readonly dispose: () => Promise<void>;
};

/** How a prover is opened. */
export type ProverOptions = {
  /** Imports snarkjs: gives its namespace. Without it, `import('snarkjs')`. */
  readonly load?: () => Promise<unknown>;
  /**
   * `true`: everything on the thread that asks, which is blocked meanwhile. `false`, the default: one
   * worker for each processor; in a page they need `worker-src blob:`.
   */
  readonly singleThread?: boolean;
  /** How long workers may take to start, in milliseconds: without this, 20,000. */
  readonly timeoutMs?: number;
};

type Circuit = { readonly generator: WitnessGenerator; readonly key: ProvingKey };

/**
 * Opens a prover.
 *
 * @param options - see {@link ProverOptions}
 * @returns a frozen record; close it with `dispose`, or `await using`. A process that does not still ends
 * @throws DependencyError `peer-missing` without snarkjs, `peer-version` with another one,
 *   `runtime-unsupported` where workers or WebAssembly are forbidden
 * @throws UsageError `out-of-range` for a `timeoutMs` that is not from 1 to 2^31 − 1
 *
 * **Cost**: half a second, and 1.6 MB for each thread, which grows with the circuits.
 */
export async function openProver(options: ProverOptions = {}): Promise<Prover> {
  const open = async (): Promise<FastCurve> => {
    const { singleThread = false, ...rest } = options;
    const opened = await fastCurve({ ...rest, singleThread });
    if (opened !== undefined) return opened;
    throw new DependencyError(
      'peer-missing',
      `openProver: got no snarkjs, expected it installed: npm install --save-exact snarkjs@${SNARKJS.range}`,
      SNARKJS,
    );
  };
  let curve: FastCurve | undefined = await open();
  const { threads } = curve;
  /** Lends the curve; one that has lost a thread is closed, and the next proof opens another. */
  const compute = async <T>(work: (lent: ProvingCurve) => Promise<T>): Promise<T> => {
    curve ??= await open();
    try {
      return await curve.use<T, ProvingCurve>(work);
    } catch (error) {
      if (error instanceof DependencyError) {
        void curve.dispose();
        curve = undefined;
      }
      throw error;
    }
  };

  const circuits = new WeakMap<ProvingArtefacts, Promise<Circuit>>();
  const load = (artefacts: ProvingArtefacts): Promise<Circuit> => {
    const known = circuits.get(artefacts);
    if (known !== undefined) return known;
    const circuit = read(artefacts);
    // What failed may work the next time; and what is no object cannot be remembered.
    circuit.then(
      () => circuits.set(artefacts, circuit),
      () => {},
    );
    return circuit;
  };

  const prove = async (
    artefacts: ProvingArtefacts,
    inputs: CircuitInputs,
    { signal, onProgress }: ProveOptions,
  ): Promise<ProvedStatement> => {
    const reach = async (phase: ProvingProgress['phase'], fraction: number): Promise<void> => {
      // Before anything that takes long, so that pages paint and signals arrive.
      await pause();
      signal?.throwIfAborted();
      onProgress?.({ phase, fraction });
    };
    await reach('loading', 0);
    const { generator, key } = await load(artefacts);
    await reach('loading', 1);
    await reach('witness', 0);
    const witness = await generator.run(inputs);
    try {
      await reach('witness', 1);
      const proof = await compute((lent) =>
        proveGroth16(lent, key, witness, (done) => reach('proving', done)),
      );
      return { proof, publics: publicsOf(witness, key.publics) };
    } finally {
      witness.fill(0);
    }
  };

  // Every proof waits for the one before, also for what is left of one that was stopped.
  let last: Promise<unknown> = Promise.resolve();
  let closing: Promise<void> | undefined;
  const dispose = (): Promise<void> => {
    closing ??= last.then(() => curve?.dispose());
    return closing;
  };
  return Object.freeze({
    threads,
    groth16: async (
      artefacts: ProvingArtefacts,
      inputs: CircuitInputs,
      proveOptions: ProveOptions = {},
    ): Promise<ProvedStatement> => {
      if (closing !== undefined) {
        throw new UsageError('disposed', 'prover: got a proof after dispose, expected it before');
      }
      const { signal } = proveOptions;
      signal?.throwIfAborted();
      const job = last.then(() => prove(artefacts, inputs, proveOptions));
      last = job.catch(() => {});
      return signal === undefined ? job : unlessAborted(job, signal);
    },
    dispose,
    [Symbol.asyncDispose]: dispose,
  });
}

const WIRE_BYTES = 32;

/** Checks and compiles both files, before there are secrets. */
async function read(artefacts: ProvingArtefacts): Promise<Circuit> {
  const { wasm, zkey, hashes } = artefacts ?? {};
  for (const [name, bytes] of Object.entries({ wasm, zkey })) {
    assertBytes(name, bytes);
    const expected = hashes?.[name as 'wasm' | 'zkey'];
    if (hashes === undefined) continue;
    const got = toHex(sha256(bytes as Uint8Array));
    if (got !== expected) {
      throw new ProofError(
        'artifact-hash-mismatch',
        `prover: ${name}: got a file with the SHA-256 ${got}, expected ${expected}`,
        { file: name, got, expected },
      );
    }
  }
  const key = readProvingKey(zkey as Uint8Array);
  const generator = await witnessGenerator(wasm as Uint8Array);
  if (generator.wires === key.wires) return { generator, key };
  throw new UsageError(
    'wrong-length',
    `prover: got a generator of ${generator.wires} wires and a key of ${key.wires}, expected both of one circuit`,
    { wires: generator.wires, key: key.wires },
  );
}

/** The wires behind the constant one. */
function publicsOf(witness: Uint8Array, count: number): readonly bigint[] {
  return Array.from({ length: count }, (_, i) =>
    witness
      .subarray((i + 1) * WIRE_BYTES, (i + 2) * WIRE_BYTES)
      .reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n),
  );
}

/** Rejects as soon as the signal says so; the work goes on to its next checkpoint. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let heard = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    heard = () => reject(signal.reason);
    signal.addEventListener('abort', heard, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', heard);
  }
}

const pause = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 0));
