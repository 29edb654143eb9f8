/** The door to SEAL: what it refuses, that exceptions leave it usable, and that handles are counted. */
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { DependencyError, UsageError } from '../../src/errors.ts';
import { contextFor, unsafeHelperContext } from '../../src/he/context.ts';
import { insideOf, liveHandles, type Seal } from '../../src/he/handles.ts';
import {
  ciphertextOf,
  decryptorOf,
  encoderOf,
  evaluatorOf,
  generateKeys,
  plaintextOf,
} from '../../src/he/objects.ts';
import { addCiphertextInto } from '../../src/he/operations.ts';
import { parameterSet } from '../../src/he/parameters.ts';
import { openSeal } from '../../src/he/seal.ts';
import { forceExceptions } from './forced.ts';

const wasmFile = new URL('../../node_modules/node-seal/dist/seal_throws.wasm', import.meta.url);
const thrownBy = (call: () => unknown): { code: string; details: Record<string, unknown> } => {
  try {
    call();
  } catch (error) {
    return error as { code: string; details: Record<string, unknown> };
  }
  throw new Error('expected an error');
};

let seal: Seal;
beforeAll(async () => {
  seal = await openSeal();
});

describe('openSeal', () => {
  test('takes an injected namespace, a default export, and bytes', async () => {
    const namespace = await import('node-seal');
    const injected = [
      { load: async () => namespace },
      { load: async () => namespace.default },
      { wasm: async () => readFileSync(wasmFile) },
      { wasm: async () => Uint8Array.from(readFileSync(wasmFile)).buffer },
    ];
    for (const options of injected) expect((await openSeal(options)).version).toBe('7.0.0');
  });

  test('names package and range where the peer is missing', async () => {
    const load = () => import(`node-${'seal'}-that-nobody-installed`);
    const error = await openSeal({ load }).catch((caught) => caught);
    expect(error).toBeInstanceOf(DependencyError);
    expect(error.code).toBe('peer-missing');
    expect(error.message).toContain('node-seal@7.0.0');
    expect(error.details).toEqual({ package: 'node-seal', range: '7.0.0' });
  });

  test('refuses other bytes, even if one bit differs', async () => {
    const wasm = async () => {
      const bytes = Uint8Array.from(readFileSync(wasmFile));
      bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
      return bytes;
    };
    await expect(openSeal({ wasm })).rejects.toMatchObject({ code: 'peer-version' });
  });

  test('refuses the build that lets transparent ciphertexts pass', async () => {
    const load = () => import('node-seal/allows');
    // Its file has another name; ours is looked for, and the glue of one does not fit the other's check.
    const wasm = async () => readFileSync(new URL('./seal_allows.wasm', wasmFile));
    await expect(openSeal({ load, wasm })).rejects.toMatchObject({ code: 'peer-version' });
  });

  test('says where the file is missing, and does not wait for ever', async () => {
    const load = async () => (options: { instantiateWasm: (...all: unknown[]) => object }) => {
      const here = { locateFile: () => 'file:///nowhere/seal_throws.wasm' };
      options.instantiateWasm.call(here, {}, () => {});
      return new Promise(() => {});
    };
    await expect(openSeal({ load })).rejects.toMatchObject({ code: 'peer-missing' });
  });

  test('refuses what is no node-seal', async () => {
    await expect(openSeal({ load: async () => ({}) })).rejects.toMatchObject({
      code: 'wrong-type',
    });
    const idle = async () => async () => ({});
    await expect(openSeal({ load: idle })).rejects.toMatchObject({ code: 'peer-version' });
    const broken = async () => async () => {
      throw new WebAssembly.CompileError('secret detail');
    };
    const error = await openSeal({ load: broken }).catch((caught) => caught);
    expect(error.code).toBe('runtime-unsupported');
    expect(error.message).not.toContain('secret detail');
  });

  test('refuses a runtime without WebAssembly exceptions', async () => {
    const { Exception } = WebAssembly as unknown as { Exception: unknown };
    Object.defineProperty(WebAssembly, 'Exception', { value: undefined, configurable: true });
    try {
      await expect(openSeal()).rejects.toMatchObject({ code: 'runtime-unsupported' });
    } finally {
      Object.defineProperty(WebAssembly, 'Exception', {
        value: Exception,
        configurable: true,
        writable: true,
      });
    }
  });
});

describe('exceptions', () => {
  test('10,000 of them leave the instance able to add, and no handle behind', () => {
    const reasons = forceExceptions(seal, 10_000);
    expect(reasons['scale mismatch']).toBe(5_000);
    expect(Object.values(reasons)).toEqual([5_000, 5_000]);
    expect(reasons.none).toBeUndefined();
  });

  test('without the cure the stack pointer drifts: the self-test would notice', () => {
    const { guard, module } = insideOf(seal);
    const before = guard.stackPointer();
    expect(() => module.CoeffModulus.Create(5, Int32Array.of(54))).toThrow();
    expect(guard.stackPointer()).toBeLessThan(before);
    // The next guarded exception puts it back.
    expect(() => guard.run('test', () => module.CoeffModulus.Create(5, Int32Array.of(54)))).toThrow(
      UsageError,
    );
    expect(guard.stackPointer()).toBe(before);
  });

  test('carry the operation and a fixed sentence', () => {
    using context = contextFor(seal, parameterSet('exact-2048'));
    const error = thrownBy(() => encoderOf(context));
    expect(error).toBeInstanceOf(UsageError);
    expect(error.code).toBe('out-of-range');
    expect(error.details).toEqual({ what: 'encoder', reason: 'unsupported scheme' });
  });

  test('a trap ends the instance, and says so from then on', async () => {
    const own = await openSeal();
    const { guard } = insideOf(own);
    const trap = () => {
      throw new WebAssembly.RuntimeError('unreachable');
    };
    expect(thrownBy(() => guard.run('test', trap)).code).toBe('runtime-unsupported');
    expect(thrownBy(() => plaintextOf(own)).code).toBe('runtime-unsupported');
    expect(liveHandles(own)).toBe(0);
  });
});

describe('handles', () => {
  test('are counted, and a second disposal does nothing', () => {
    const before = liveHandles(seal);
    const plaintext = plaintextOf(seal);
    expect(liveHandles(seal)).toBe(before + 1);
    plaintext[Symbol.dispose]();
    plaintext[Symbol.dispose]();
    expect(liveHandles(seal)).toBe(before);
  });

  test('are refused after their disposal', () => {
    using context = contextFor(seal, parameterSet('exact-2048'));
    using evaluator = evaluatorOf(context);
    using sum = ciphertextOf(seal);
    const term = ciphertextOf(seal);
    term[Symbol.dispose]();
    expect(thrownBy(() => addCiphertextInto(sum, evaluator, term)).code).toBe('disposed');
  });

  test('of another kind, of nobody, or of another instance are refused', async () => {
    const other = await openSeal();
    using context = contextFor(seal, parameterSet('exact-2048'));
    using evaluator = evaluatorOf(context);
    using sum = ciphertextOf(seal);
    using foreign = ciphertextOf(other);
    const wrong = [foreign, { kind: 'ciphertext' }, evaluator] as never[];
    for (const term of wrong) {
      expect(thrownBy(() => addCiphertextInto(sum, evaluator, term)).code).toBe('wrong-type');
    }
    expect(thrownBy(() => liveHandles({ version: '7.0.0' })).code).toBe('wrong-type');
  });

  test('show nothing of what is behind them', () => {
    using context = contextFor(seal, parameterSet('exact-2048'));
    const { secretKey, publicKey } = generateKeys(context);
    using _secret = secretKey;
    using _public = publicKey;
    expect(inspect(secretKey, { depth: 9 })).not.toMatch(/\d{3}|ptr/);
    expect(JSON.stringify(secretKey)).toBe('{"kind":"secret-key"}');
  });

  test('leave none behind where a constructor refuses', () => {
    const before = liveHandles(seal);
    const parameters = { scheme: 'ckks', degree: 4096, primes: [15n], plainBits: 0 } as const;
    expect(thrownBy(() => unsafeHelperContext(seal, parameters)).code).toBe('out-of-range');
    {
      using bfv = contextFor(seal, parameterSet('exact-2048'));
      using ckks = contextFor(seal, parameterSet('approximate-committee-4096'));
      const { secretKey, publicKey } = generateKeys(ckks);
      using _secret = secretKey;
      using _public = publicKey;
      expect(thrownBy(() => decryptorOf(bfv, secretKey)).code).toBe('out-of-range');
    }
    expect(liveHandles(seal)).toBe(before);
  });
});
