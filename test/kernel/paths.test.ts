/** Which code runs where: every runtime takes the best that it has, and gives the same bytes. */
import { afterEach, expect, test, vi } from 'vitest';
import expected from './agreement.json' with { type: 'json' };

afterEach(() => {
  vi.unstubAllGlobals();
  vi.doUnmock('../../src/internal/platform.ts');
  vi.resetModules();
});

/** What a runtime with or without these two finds. */
async function found(has: { readonly wasm: boolean; readonly nodeCrypto: boolean }) {
  vi.resetModules();
  if (!has.wasm) vi.stubGlobal('WebAssembly', undefined);
  if (!has.nodeCrypto) {
    vi.doMock('../../src/internal/platform.ts', () => ({ nodeCrypto: undefined }));
  }
  const { hotPaths, addStreamsInto } = await import('../../src/prg/index.ts');
  const { checkKernel } = await import('./agreement.ts');
  const vector = new Uint32Array(20_000);
  addStreamsInto(vector, [{ key: new Uint8Array(32).fill(3), subtract: true }], 16);
  return { paths: hotPaths(), agreement: checkKernel(), vector };
}

const cases = [
  [
    { wasm: true, nodeCrypto: true },
    { keystream: 'node', vectors: 'wasm' },
  ],
  [
    { wasm: false, nodeCrypto: true },
    { keystream: 'node', vectors: 'twin' },
  ],
  [
    { wasm: true, nodeCrypto: false },
    { keystream: 'wasm', vectors: 'wasm' },
  ],
  [
    { wasm: false, nodeCrypto: false },
    { keystream: 'noble', vectors: 'twin' },
  ],
] as const;

test.each(cases)('%o', async (has, paths) => {
  const here = await found(has);
  expect(here.paths).toEqual(paths);
  expect(here.agreement).toEqual({ ...expected, path: paths.vectors });
  const reference = await found({ wasm: true, nodeCrypto: true });
  expect(
    Buffer.compare(Buffer.from(here.vector.buffer), Buffer.from(reference.vector.buffer)),
  ).toBe(0);
});

test('a policy that forbids WebAssembly leaves the twin', async () => {
  vi.resetModules();
  let tries = 0;
  vi.stubGlobal('WebAssembly', {
    Module: class {
      constructor() {
        tries++;
        throw new Error('Refused to compile WebAssembly: unsafe-eval is not allowed');
      }
    },
  });
  const { kernelPath, residentVectors } = await import('../../src/kernel/index.ts');
  expect(kernelPath()).toBe('twin');
  expect(residentVectors([100_000])[0]).toEqual(new Uint32Array(100_000));
  // Asked once, or every call would compile again and report a violation; and the choice stays.
  expect(tries).toBe(1);
  vi.unstubAllGlobals();
  expect(kernelPath()).toBe('twin');
});

test('where WebAssembly has no memory left, vectors are plain and results the same', async () => {
  vi.resetModules();
  const real = WebAssembly;
  vi.stubGlobal('WebAssembly', {
    ...{ Module: real.Module, Instance: real.Instance },
    Memory: class {
      constructor() {
        throw new RangeError('could not allocate memory');
      }
    },
  });
  const { residentVectors } = await import('../../src/kernel/index.ts');
  expect(residentVectors([100_000])[0]?.buffer.byteLength).toBe(400_000);
  const { checkKernel } = await import('./agreement.ts');
  expect(checkKernel().digest).toBe(expected.digest);
});
