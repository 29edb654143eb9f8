/** How a prover behaves: progress, stopping, closing, threads that die, and what it leaves alone. */
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { insecureVerifyingKeyForTestingOnly } from '../../../src/zk/groth16/key.ts';
import { verifyGroth16 } from '../../../src/zk/groth16/verify.ts';
import {
  openProver,
  type ProvedStatement,
  type Prover,
  type ProvingArtefacts,
  type ProvingProgress,
} from '../../../src/zk/prover/prover.ts';
import type { CircuitInputs } from '../../../src/zk/prover/witness.ts';
import { keyFromProvingKey } from '../../../src/zk/setup/zkey.ts';
import { artifact, sha256Of } from '../circuits/compile.ts';
import { insecureTinyKey } from '../circuits/keys.ts';
import { TINY, tinyInputs } from '../circuits/support.ts';
import { witnessFile } from '../circuits/witness.ts';
import { endSnarkjs, snarkjs } from '../snarkjs.ts';

const wasm = artifact(TINY.name, 'wasm');
const zkey = insecureTinyKey();
const artefacts: ProvingArtefacts = { wasm, zkey };
const key = insecureVerifyingKeyForTestingOnly(keyFromProvingKey(zkey));
const inputs = tinyInputs() as CircuitInputs;
const holds = ({ proof, publics }: ProvedStatement): boolean =>
  verifyGroth16(key, publics, proof).valid;

/** snarkjs whose curve waits at a gate, and whose threads are in reach. */
type Threads = {
  queueAction: (...given: unknown[]) => Promise<unknown>;
  readonly workers: readonly { readonly terminate: () => void }[];
};
function gated(): {
  readonly load: () => Promise<unknown>;
  readonly threads: Threads[];
  readonly gate: { wait: Promise<void> | undefined };
} {
  const threads: Threads[] = [];
  const gate: { wait: Promise<void> | undefined } = { wait: undefined };
  const load = async (): Promise<unknown> => ({
    curves: {
      getCurveFromName: async (name: 'bn128', options: { readonly singleThread: boolean }) => {
        const curve = (await snarkjs.curves.getCurveFromName(name, options)) as unknown as {
          readonly tm: Threads;
        };
        const { queueAction } = curve.tm;
        curve.tm.queueAction = async (...given) => {
          await gate.wait;
          return queueAction.apply(curve.tm, given);
        };
        threads.push(curve.tm);
        return curve;
      },
    },
  });
  return { load, threads, gate };
}

let prover: Prover;
beforeAll(async () => {
  prover = await openProver();
});
afterAll(async () => {
  await prover.dispose();
  await endSnarkjs();
});

describe('progress', () => {
  test('goes through the phases in their order and never back', async () => {
    const heard: ProvingProgress[] = [];
    await prover.groth16(artefacts, inputs, { onProgress: (progress) => heard.push(progress) });
    const phases = ['loading', 'witness', 'proving'];
    const places = heard.map(({ phase, fraction }) => phases.indexOf(phase) + fraction);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    for (const [i, phase] of phases.entries()) {
      expect(places).toContain(i);
      expect(heard).toContainEqual({ phase, fraction: 1 });
    }
    expect(heard.filter(({ phase }) => phase === 'proving').length).toBeGreaterThan(5);
  });

  test('what a listener throws ends the proof, and no other', async () => {
    const failing = prover.groth16(artefacts, inputs, {
      onProgress: () => {
        throw new Error('listener');
      },
    });
    const next = prover.groth16(artefacts, inputs);
    await expect(failing).rejects.toThrow('listener');
    expect(holds(await next)).toBe(true);
  });
});

describe('an abort signal', () => {
  const reason = new Error('enough');

  test('that was given before stops it before anything is looked at', async () => {
    const signal = AbortSignal.abort(reason);
    const nothing = undefined as unknown as ProvingArtefacts;
    await expect(prover.groth16(nothing, inputs, { signal })).rejects.toBe(reason);
  });

  test('takes a proof out of the queue', async () => {
    const stop = new AbortController();
    const heard = vi.fn();
    const first = prover.groth16(artefacts, inputs);
    const second = prover.groth16(artefacts, inputs, { signal: stop.signal, onProgress: heard });
    stop.abort(reason);
    await expect(second).rejects.toBe(reason);
    expect(holds(await first)).toBe(true);
    expect(holds(await prover.groth16(artefacts, inputs))).toBe(true);
    expect(heard).not.toHaveBeenCalled();
  });

  test.each(['witness', 'proving'] as const)(
    'stops it while %s, and the next one works',
    async (phase) => {
      const stop = new AbortController();
      const after: ProvingProgress[] = [];
      const stopped = prover.groth16(artefacts, inputs, {
        signal: stop.signal,
        onProgress: (progress) => {
          if (stop.signal.aborted) after.push(progress);
          if (progress.phase === phase && (phase === 'witness' || progress.fraction > 0))
            stop.abort(reason);
        },
      });
      await expect(stopped).rejects.toBe(reason);
      expect(holds(await prover.groth16(artefacts, inputs))).toBe(true);
      expect(after).toEqual([]);
    },
  );

  test('is heard while the threads are at work, and they are not taken away', async () => {
    const { load, gate } = gated();
    const own = await openProver({ load });
    let open: () => void = () => {};
    gate.wait = new Promise((resolve) => {
      open = resolve;
    });
    const stop = new AbortController();
    const stopped = own.groth16(artefacts, inputs, {
      signal: stop.signal,
      onProgress: ({ phase }) => {
        if (phase === 'proving') setTimeout(() => stop.abort(reason), 0);
      },
    });
    // The gate is shut: this settles without the threads.
    await expect(stopped).rejects.toBe(reason);
    let closed = false;
    const next = own.groth16(artefacts, inputs);
    const closing = own.dispose().then(() => {
      closed = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(closed).toBe(false);
    open();
    expect(holds(await next)).toBe(true);
    await closing;
  });
});

describe('dispose', () => {
  test('waits for every proof that was asked for; nothing is proved after it', async () => {
    for (const singleThread of [true, false]) {
      const own = await openProver({ singleThread });
      expect(Object.isFrozen(own)).toBe(true);
      const order: string[] = [];
      const proofs = [1, 2].map((i) =>
        own.groth16(artefacts, inputs).then((made) => {
          order.push(`proof ${i}`);
          return made;
        }),
      );
      const closed = Promise.all([own.dispose(), own.dispose()]).then(() => order.push('closed'));
      await expect(own.groth16(artefacts, inputs)).rejects.toMatchObject({ code: 'disposed' });
      expect((await Promise.all(proofs)).every(holds)).toBe(true);
      await closed;
      expect(order).toEqual(['proof 1', 'proof 2', 'closed']);
    }
  });

  test('leaves snarkjs as it was, also where both open a curve at once', async () => {
    await endSnarkjs();
    const shared = globalThis as { curve_bn128?: unknown };
    const witness = await witnessFile(wasm, tinyInputs());
    const [own, other] = await Promise.all([
      openProver(),
      openProver(),
      snarkjs.groth16.prove(zkey, witness),
    ]);
    const theirs = shared.curve_bn128;
    expect(theirs).toMatchObject({ name: 'bn128' });
    await Promise.all([own.groth16(artefacts, inputs), other.groth16(artefacts, inputs)]);
    await Promise.all([own.dispose(), other.dispose()]);
    expect(shared.curve_bn128).toBe(theirs);
    const again = await snarkjs.groth16.prove(zkey, witness);
    expect(again.publicSignals).toHaveLength(1);
    expect(shared.curve_bn128).toBe(theirs);
  });
});

test('a thread that dies ends the proof with an error, and the next proof has new threads', async () => {
  const { load, threads } = gated();
  const own = await openProver({ load });
  const lost = own.groth16(artefacts, inputs, {
    onProgress: ({ phase, fraction }) => {
      if (phase === 'proving' && fraction === 0) threads[0]?.workers[0]?.terminate();
    },
  });
  await expect(lost).rejects.toMatchObject({
    name: 'DependencyError',
    code: 'runtime-unsupported',
  });
  expect(holds(await own.groth16(artefacts, inputs))).toBe(true);
  expect(threads).toHaveLength(2);
  await own.dispose();
});

describe('refuses', () => {
  test('a machine without snarkjs', async () => {
    const load = (): Promise<unknown> => import(`snark${'js'}-that-nobody-installed`);
    await expect(openProver({ load })).rejects.toMatchObject({
      name: 'DependencyError',
      code: 'peer-missing',
      details: { package: 'snarkjs', range: '0.7.6' },
    });
  });

  test('files that are not the pinned ones', async () => {
    const hashes = { wasm: sha256Of(wasm), zkey: sha256Of(zkey) };
    expect(holds(await prover.groth16({ wasm, zkey, hashes }, inputs))).toBe(true);
    for (const name of ['wasm', 'zkey'] as const) {
      const changed = { wasm, zkey, [name]: Uint8Array.from({ wasm, zkey }[name]) };
      changed[name][900] = (changed[name][900] as number) ^ 1;
      await expect(prover.groth16({ ...changed, hashes }, inputs)).rejects.toMatchObject({
        name: 'ProofError',
        code: 'artifact-hash-mismatch',
        details: { file: name, expected: hashes[name] },
      });
    }
  });

  test('other files, and files of another circuit', async () => {
    const other = artifact('update-16', 'wasm');
    const sum = Uint8Array.from(
      Buffer.from('0061736d0100000001040160000003020100070701036f6e650000' + '0a040102000b', 'hex'),
    );
    for (const [files, code] of [
      [{ wasm: zkey, zkey }, 'malformed'],
      [{ wasm: sum, zkey }, 'malformed'],
      [{ wasm, zkey: wasm }, 'unknown-version'],
      [{ wasm, zkey: zkey.subarray(0, 5_000) }, 'truncated'],
      [{ wasm: 'path.wasm', zkey }, 'wrong-type'],
    ] as const) {
      const made = prover.groth16(files as ProvingArtefacts, inputs);
      await expect(made).rejects.toMatchObject({ code });
    }
    const update = {
      ctx: 0,
      normMax: 0,
      alpha: 7,
      blindX: 0,
      blindH: 0,
      x: zeros(16),
      hi: [],
      m: [],
    };
    const fitting = { ...update, hi: Array(16).fill(128), m: zeros(256).with(0, 16).with(128, 16) };
    await expect(prover.groth16({ wasm: other, zkey }, fitting)).rejects.toMatchObject({
      code: 'wrong-length',
      details: { wires: 628, key: 1_239 },
    });
  });

  test('inputs that are not the circuit’s, by the signal’s name', async () => {
    const { salt, ...without } = inputs;
    for (const [wrong, code, text] of [
      [{ ...inputs, extra: 1 }, 'unknown-id', 'extra'],
      [{ ...inputs, salt: [1] }, 'wrong-length', 'salt: got 1 numbers, expected 2'],
      [without, 'wrong-length', '11 inputs, expected 13'],
      [{ ...inputs, bound: 'hush' }, 'wrong-type', 'bound: number 0'],
      [{ ...inputs, bound: 1.5 }, 'wrong-type', 'bound: number 0'],
      [undefined, 'wrong-type', 'expected inputs by signal'],
    ] as const) {
      const made = prover.groth16(artefacts, wrong as CircuitInputs);
      const error = await made.catch((caught) => caught);
      expect({ code: error.code, text: error.message }).toEqual({
        code,
        text: expect.stringContaining(text),
      });
      expect(error.message).not.toMatch(/hush|1\.5/);
    }
    expect(salt).toHaveLength(2);
  });

  test('inputs that do not hold: it names the row, tells no value, and prints nothing', async () => {
    const said = (['log', 'error', 'warn', 'debug'] as const).map((name) =>
      vi.spyOn(console, name).mockImplementation(() => {}),
    );
    const secret = 48_611;
    const x = [
      [secret, 0, 0, 0],
      [0, 0, 0, 0],
    ];
    const error = await prover.groth16(artefacts, { ...inputs, x }).catch((caught) => caught);
    for (const spy of said) {
      expect(spy).not.toHaveBeenCalled();
      spy.mockRestore();
    }
    expect(error).toMatchObject({ name: 'UsageError', code: 'out-of-range' });
    expect(error.message).toMatch(
      /template Signed_\d+ line: \d+, in template Update_\d+ line: \d+/,
    );
    const all = JSON.stringify([error.message, error.details, error.cause ?? '', error.stack]);
    expect(all).not.toContain(String(secret));
    expect(holds(await prover.groth16(artefacts, inputs))).toBe(true);
  });
});

const zeros = (length: number): number[] => Array(length).fill(0);

test('a process that proved ends by itself, and may write no file meanwhile', () => {
  const root = new URL('../../../', import.meta.url);
  const program = `
    const { readFileSync } = await import('node:fs');
    const { openProver } = await import('${root}src/zk/prover/prover.ts');
    const file = (name) => new Uint8Array(readFileSync(new URL(name, '${root}')));
    const artefacts = {
      wasm: file('circuits/artifacts/${TINY.name}.wasm'),
      zkey: file('test/vectors/zk/${TINY.name}-insecure.zkey'),
    };
    const prover = await openProver({ singleThread: process.argv[1] === 'single' });
    const made = await prover.groth16(artefacts, ${JSON.stringify(inputs)});
    console.log(made.proof.length);
  `;
  for (const how of ['single', 'many']) {
    // Reading is allowed, and threads; writing is not.
    const allowed = ['--permission', '--allow-fs-read=*', '--allow-worker'];
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [...allowed, '--input-type=module', '--conditions=@veilsum/source', '--eval', program, how],
      { encoding: 'utf8', timeout: 60_000 },
    );
    expect({ status, stdout, stderr }).toMatchObject({ status: 0, stdout: '258\n' });
  }
});
