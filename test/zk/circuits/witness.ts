/**
 * Runs a witness generator that circom made. It stops at a row that does not hold, unless its
 * checks are taken out: then it gives what a dishonest prover would start from.
 */
import { concat } from '../../../src/internal/bytes.ts';
import { R } from '../../../src/zk/groth16/field.ts';
import { littleEndian, writeSections } from '../../../src/zk/setup/sections.ts';

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

/** The value of every wire, or the code with which the generator stopped. */
export type Generated = readonly bigint[] | { readonly stopped: number };

/** A generator, ready to run any number of times. */
export type WitnessGenerator = (inputs: Inputs) => Promise<Generated>;

/**
 * The generator as a dishonest prover runs it: checks report and go on. A check that fails ends with
 * `call printErrorMessage; i32.const 4; return; end`, of which constant and return become no-ops.
 */
export function withoutChecks(wasm: Uint8Array): Uint8Array {
  const out = wasm.slice();
  const [CALL, CONST, FAILED, RETURN, END, NOP] = [0x10, 0x41, 4, 0x0f, 0x0b, 1];
  const tail = [CONST, FAILED, RETURN, END];
  let found = 0;
  for (let at = 2; at + 4 <= out.length; at++) {
    // Imports have the lowest indices: one byte.
    if (out[at - 2] !== CALL || tail.some((byte, i) => out[at + i] !== byte)) continue;
    out.fill(NOP, at, at + 3);
    found++;
  }
  if (found === 0) throw new Error('the generator has no check of the known form');
  return out;
}

/** Compiles a generator. Negative inputs stand for themselves plus r. */
export async function witnessGenerator(wasm: Uint8Array): Promise<WitnessGenerator> {
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
          const number = ((entry % R) + R) % R;
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

/** A `.wtns` file for snarkjs: the value of every wire for inputs that hold. */
export async function witnessFile(wasm: Uint8Array, inputs: Inputs): Promise<Uint8Array> {
  const wires = await (await witnessGenerator(wasm))(inputs);
  if ('stopped' in wires) throw new Error('the inputs do not hold');
  const header = concat(littleEndian(32, 4), littleEndian(R, 32), littleEndian(wires.length, 4));
  const values = concat(...wires.map((value) => littleEndian(value, 32)));
  return writeSections(
    'wtns',
    2,
    new Map([
      [1, header],
      [2, values],
    ]),
  );
}
