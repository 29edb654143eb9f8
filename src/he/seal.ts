/**
 * The door to SEAL and the only file that imports node-seal: loads exactly version 7.0.0, an optional
 * peer, when it is first asked for, and hands out an instance behind which every call is guarded.
 */
import { DependencyError, UsageError, VeilsumError } from '../errors.ts';
import { toHex } from '../internal/bytes.ts';
import { sha256 } from '../internal/sha256.ts';
import { guardFor } from './guard.ts';
import { type Seal, sealOf } from './handles.ts';
import type { SealModule } from './module.ts';

/** Where the library and its WebAssembly come from, if not from `import('node-seal')`. */
export type SealOptions = {
  /** Imports node-seal: gives its namespace or its default export. */
  readonly load?: () => Promise<unknown>;
  /**
   * Fetches `seal_throws.wasm` of node-seal 7.0.0. Needed behind bundlers that move files; without
   * it the file is looked for beside node-seal's own.
   */
  readonly wasm?: () => Promise<Uint8Array | ArrayBuffer>;
};

const PACKAGE = { package: 'node-seal', range: '7.0.0' };
const WASM_FILE = 'seal_throws.wasm';

/** SHA-256 of `seal_throws.wasm` in node-seal 7.0.0: the exports' names hold for these bytes only. */
const WASM_SHA256 = 'b30d3776265a56373a2001d2cd48baa8d72ddd571e04ddfaefd4c231271170e4';

/** node-seal's default export, with the options of Emscripten that we use. */
type Factory = (options: {
  readonly instantiateWasm: (
    this: { readonly locateFile?: (file: string) => string } | undefined,
    imports: WebAssembly.Imports,
    done: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
  ) => object;
}) => Promise<SealModule>;

/**
 * Opens an instance of SEAL with a WebAssembly memory of its own, on this thread.
 *
 * @param options.load for bundlers and tests; see {@link SealOptions}
 * @param options.wasm for bundlers and workers; see {@link SealOptions}
 * @throws DependencyError `peer-missing` without node-seal or its file, `peer-version` with another
 *   version of it, `runtime-unsupported` where its WebAssembly cannot run
 * @throws UsageError `wrong-type` if `load` gives something else
 *
 * **Security**: SEAL 4.1.2 must not read foreign bytes; this room's codec stands before it.
 * **Cost**: 20 to 80 ms, 1.3 MB of code; memory grows with the live handles, up to 4 GB.
 */
export async function openSeal(options: SealOptions = {}): Promise<Seal> {
  assertRuntime();
  const factory = factoryIn(await loaded(options.load));
  let exports: WebAssembly.Exports | undefined;
  let failed: (error: unknown) => void = () => {};
  // Emscripten waits forever for an instance that does not come.
  const failure = new Promise<never>((_, reject) => {
    failed = reject;
  });
  const started = factory({
    instantiateWasm(imports, done) {
      instantiated(options.wasm ?? (() => beside(this?.locateFile)), imports)
        .then(({ instance, module }) => {
          exports = instance.exports;
          done(instance, module);
        })
        .catch(failed);
      return {};
    },
  });
  try {
    const module = await Promise.race([started, failure]);
    if (exports === undefined) throw otherVersion('its WebAssembly was not asked for');
    return sealOf(module, guardFor(exports, module));
  } catch (error) {
    if (error instanceof VeilsumError) throw error;
    throw unsupported(`node-seal did not start (${nameOf(error)})`);
  }
}

function assertRuntime(): void {
  const { Exception } = (globalThis.WebAssembly ?? {}) as { readonly Exception?: unknown };
  if (typeof Exception !== 'function') throw unsupported('WebAssembly exceptions are missing');
  if (new Uint8Array(Uint32Array.of(1).buffer)[0] !== 1) throw unsupported('a big-endian machine');
}

async function loaded(load: SealOptions['load']): Promise<unknown> {
  // With its own `catch`, bundlers let an import be that they cannot resolve.
  if (load === undefined) return import('node-seal').catch(notImported);
  try {
    return await load();
  } catch (error) {
    return notImported(error);
  }
}

function notImported(error: unknown): never {
  throw new DependencyError(
    'peer-missing',
    `openSeal: node-seal could not be imported (${nameOf(error)}), expected node-seal 7.0.0 to be installed: npm install --save-exact node-seal@7.0.0`,
    PACKAGE,
  );
}

function factoryIn(loaded: unknown): Factory {
  const factory =
    typeof loaded === 'function' ? loaded : (loaded as { default?: unknown })?.default;
  if (typeof factory !== 'function') {
    throw new UsageError(
      'wrong-type',
      'openSeal: load: got something else, expected the namespace of node-seal or its default export',
    );
  }
  return factory as Factory;
}

/** Checks that the bytes are those of 7.0.0 before they run. */
async function instantiated(
  wasm: NonNullable<SealOptions['wasm']>,
  imports: WebAssembly.Imports,
): Promise<WebAssembly.WebAssemblyInstantiatedSource> {
  const given = await wasm();
  const bytes = new Uint8Array(given as ArrayBuffer);
  if (toHex(sha256(bytes)) !== WASM_SHA256) throw otherVersion('its WebAssembly is another one');
  return WebAssembly.instantiate(bytes, imports);
}

/** node-seal knows where its file is; Node reads it, browsers fetch it. */
async function beside(locate: ((file: string) => string) | undefined): Promise<Uint8Array> {
  try {
    const url = new URL((locate as (file: string) => string)(WASM_FILE));
    if (url.protocol === 'file:') {
      const { process } = globalThis as {
        process?: { getBuiltinModule?: (name: string) => typeof import('node:fs') };
      };
      const fs = process?.getBuiltinModule?.('node:fs');
      if (fs !== undefined) return fs.readFileSync(url);
    }
    const response = await fetch(url, { credentials: 'same-origin' });
    if (!response.ok) throw new Error(String(response.status));
    return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    throw new DependencyError(
      'peer-missing',
      `openSeal: ${WASM_FILE} of node-seal was not found beside its code (${nameOf(error)}), expected it there or from options.wasm`,
      PACKAGE,
    );
  }
}

const nameOf = (error: unknown): string =>
  error instanceof Error ? ((error as { code?: string }).code ?? error.name) : typeof error;

const otherVersion = (why: string): DependencyError =>
  new DependencyError(
    'peer-version',
    `openSeal: got another node-seal (${why}), expected node-seal 7.0.0 exactly`,
    PACKAGE,
  );

const unsupported = (why: string): DependencyError =>
  new DependencyError(
    'runtime-unsupported',
    `openSeal: got a runtime that cannot run node-seal (${why}), expected Node ^22.22.3 || >=24.15 or a current browser`,
    PACKAGE,
  );
