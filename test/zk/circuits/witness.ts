/**
 * Runs a witness generator that circom made. Where it would stop at a constraint that does not hold, it
 * can be told to go on: then it gives what a dishonest prover would start from.
 */

type Generator = {
  readonly init: (checks: number) => void;
  readonly getFieldNumLen32: () => number;
  readonly getInputSignalSize: (high: number, low: number) => number;
  readonly setInputSignal: (high: number, low: number, index: number) => void;
  readonly writeSharedRWMemory: (word: number, value: number) => void;
  readonly readSharedRWMemory: (word: number) => number;
  readonly getWitnessSize: () => number;
  readonly getWitness: (wire: number) => void;
};

/** Values by signal, in any nesting; what is left out is not set. */
export type Inputs = Readonly<Record<string, unknown>>;

/** FNV-1a in 64 bits: how the generator knows signals. */
function fnv(name: string): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(name)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return hash;
}

/** The value of every wire, or what the generator said. */
export type Generated = readonly bigint[] | { readonly stopped: number };

/** A generator, ready to run any number of times. */
export type WitnessGenerator = (inputs: Inputs) => Promise<Generated>;

/** Compiles a generator. `modulus`: negative inputs are taken modulo it. */
export async function witnessGenerator(
  wasm: Uint8Array,
  modulus: bigint,
): Promise<WitnessGenerator> {
  const module = await WebAssembly.compile(wasm as Uint8Array<ArrayBuffer>);
  return async (inputs) => {
    let stopped: number | undefined;
    const silent = (): void => {};
    const runtime = {
      exceptionHandler: (code: number) => {
        stopped = code;
        throw new Error(`witness generator: ${code}`);
      },
      printErrorMessage: silent,
      writeBufferMessage: silent,
      showSharedRWMemory: silent,
    };
    const instance = await WebAssembly.instantiate(module, { runtime });
    const g = instance.exports as unknown as Generator;
    const words = g.getFieldNumLen32();
    try {
      g.init(1);
      for (const [name, value] of Object.entries(inputs)) {
        const hash = fnv(name);
        const [high, low] = [Number(hash >> 32n), Number(hash & 0xffffffffn)];
        const values = [value].flat(9).map((v) => BigInt(v as string));
        for (const [index, entry] of values.entries()) {
          const number = ((entry % modulus) + modulus) % modulus;
          for (let w = 0; w < words; w++) {
            g.writeSharedRWMemory(w, Number((number >> BigInt(32 * w)) & 0xffffffffn) | 0);
          }
          g.setInputSignal(high | 0, low | 0, index);
        }
      }
    } catch (error) {
      if (stopped === undefined) throw error;
      return { stopped };
    }
    return Array.from({ length: g.getWitnessSize() }, (_, wire) => {
      g.getWitness(wire);
      let value = 0n;
      for (let w = words - 1; w >= 0; w--) {
        value = (value << 32n) | BigInt(g.readSharedRWMemory(w) >>> 0);
      }
      return value;
    });
  };
}
