/**
 * Runs a witness generator that circom 2 made: from a circuit's inputs to the values of all its wires.
 *
 * Nothing here goes through a file or a console. What the circuit prints is dropped, since it may print
 * signals; of a row that does not hold, the template and its line are told, which circom wrote into the
 * generator when it compiled, and no number.
 */
import { CodecError, DependencyError, UsageError } from '../../errors.ts';
import { utf8 } from '../../internal/bytes.ts';
import { R } from '../groth16/field.ts';

/**
 * An integer of any sign: taken modulo r. Texts are decimal, or hexadecimal behind `0x`; numbers go up to
 * 2^53 − 1, texts and bigints to any size.
 */
export type CircuitNumber = string | number | bigint;

/** The numbers of one signal: one, or an array in the circuit's order, nested as it likes. */
export type SignalValue = CircuitNumber | readonly SignalValue[];

/** All inputs of a circuit, by signal. */
export type CircuitInputs = { readonly [signal: string]: SignalValue };

/** A compiled generator. Every run has a memory of its own. */
export type WitnessGenerator = {
  /** How many it gives: an honest one says so before it has inputs. */
  readonly wires: number;
  /**
   * @param inputs - all of the circuit's, and no others
   * @returns the wires, 32 bytes each, least significant first: **secret**, to be wiped
   * @throws UsageError for inputs that are not the circuit's, or do not satisfy it
   * @throws CodecError `malformed` if it breaks down: circom's do not
   */
  readonly run: (inputs: CircuitInputs) => Promise<Uint8Array>;
};

/** What circom 2 exports. A number passes word by word through a place in memory. */
type Exports = {
  readonly memory: WebAssembly.Memory;
  readonly init: (checks: number) => void;
  readonly getFieldNumLen32: () => number;
  readonly getRawPrime: () => void;
  readonly getSharedRWMemoryStart: () => number;
  readonly getInputSize: () => number;
  readonly getInputSignalSize: (high: number, low: number) => number;
  readonly setInputSignal: (high: number, low: number, index: number) => void;
  readonly getWitnessSize: () => number;
  readonly getWitness: (wire: number) => void;
  readonly getMessageChar: () => number;
};

const FUNCTIONS = [
  'init',
  'getFieldNumLen32',
  'getRawPrime',
  'getSharedRWMemoryStart',
  'getInputSize',
  'getInputSignalSize',
  'setInputSignal',
  'getWitnessSize',
  'getWitness',
  'getMessageChar',
] as const satisfies readonly (keyof Exports)[];

const WIRE_BYTES = 32;
const WORDS: number = WIRE_BYTES / 4;
/** What the generator stops with: a row or an `assert` that does not hold. */
const ROW_BROKEN = 4;

/**
 * Compiles a generator.
 *
 * @param wasm - what `circom --wasm` wrote
 * @throws CodecError `malformed` if it is no such generator, for circom 2 and BN254
 * @throws DependencyError `runtime-unsupported` where there is no WebAssembly, or a policy forbids it
 */
export async function witnessGenerator(wasm: Uint8Array): Promise<WitnessGenerator> {
  const module = await compiled(wasm);
  const open = async (stopped: (why: string) => void): Promise<Exports> => {
    // What the generator says before it stops: a line for each template around the row.
    const lines: string[] = [];
    const silent = (): void => {};
    const runtime = {
      exceptionHandler: (code: number): never => {
        const where = lines.join(', in ').replaceAll('Error in ', '');
        stopped(code === ROW_BROKEN ? `a row does not hold: ${where}` : `it stopped with ${code}`);
        throw new Error('stopped');
      },
      printErrorMessage: () => void lines.push(messageOf(exports)),
      // Read, so that the next message is the next one.
      writeBufferMessage: () => void messageOf(exports),
      showSharedRWMemory: silent,
    };
    const instance = await WebAssembly.instantiate(module, { runtime }).catch(() => undefined);
    const exports = instance?.exports as unknown as Exports;
    if (!isGenerator(exports)) throw noGenerator('it exports other functions');
    return exports;
  };
  // Once now, so that a file of something else is found before there are secrets.
  const wires = (await open(() => {})).getWitnessSize() >>> 0;
  return {
    wires,
    run: async (inputs) => {
      let why: string | undefined;
      const exports = await open((said) => {
        why = said;
      });
      try {
        feed(exports, inputs);
        return wiresOf(exports, wires);
      } catch (error) {
        if (error instanceof WebAssembly.RuntimeError) throw noGenerator('it breaks down');
        if (why === undefined) throw error;
        throw new UsageError(
          'out-of-range',
          `witness: got inputs that do not satisfy the circuit (${why}), expected some that do`,
          { why },
        );
      } finally {
        new Uint8Array(exports.memory.buffer).fill(0);
      }
    },
  };
}

async function compiled(wasm: Uint8Array): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(wasm as Uint8Array<ArrayBuffer>);
  } catch (error) {
    // Under a policy bytes are not even looked at.
    if (WebAssembly.validate?.(wasm as Uint8Array<ArrayBuffer>)) {
      throw new DependencyError(
        'runtime-unsupported',
        `witness: got a runtime that compiles no WebAssembly (${(error as Error).name}), expected one that does; in a page, 'wasm-unsafe-eval' in script-src`,
      );
    }
    throw noGenerator('it is no WebAssembly');
  }
}

function isGenerator(exports: Exports | undefined): exports is Exports {
  if (!FUNCTIONS.every((name) => typeof exports?.[name] === 'function')) return false;
  const { getFieldNumLen32, getRawPrime } = exports as Exports;
  try {
    if (getFieldNumLen32() !== WORDS) return false;
    getRawPrime();
    return numberIn(sharedNumber(exports as Exports)) === R;
  } catch {
    return false;
  }
}

/** Sets every input; the last one makes the generator compute. */
function feed(exports: Exports, inputs: CircuitInputs): void {
  if (typeof inputs !== 'object' || inputs === null) {
    throw new UsageError('wrong-type', `witness: got ${typeof inputs}, expected inputs by signal`);
  }
  exports.init(1);
  const number = new Uint8Array(WIRE_BYTES);
  let set = 0;
  for (const [signal, value] of Object.entries(inputs)) {
    const [high, low] = nameOf(signal);
    const values = flat(value);
    // Names that are no input have a size too: nothing.
    const size = exports.getInputSignalSize(high, low);
    if (size === 0 && values.length > 0) {
      throw new UsageError(
        'unknown-id',
        `witness: got ${signal}, expected an input of the circuit`,
      );
    }
    if (values.length !== size) {
      throw new UsageError(
        'wrong-length',
        `witness: ${signal}: got ${values.length} numbers, expected ${size}`,
        { signal, got: values.length, expected: size },
      );
    }
    for (let index = 0; index < size; index++) {
      writeReduced(number, values[index] as CircuitNumber, signal, index);
      sharedNumber(exports).set(number);
      exports.setInputSignal(high, low, index);
      set++;
    }
  }
  number.fill(0);
  const expected = exports.getInputSize();
  if (set !== expected) {
    throw new UsageError('wrong-length', `witness: got ${set} inputs, expected ${expected}`, {
      got: set,
      expected,
    });
  }
}

const flat = (value: SignalValue): readonly CircuitNumber[] =>
  Array.isArray(value) ? value.flatMap(flat) : [value as CircuitNumber];

/** `BigInt` alone takes more: blanks are its zero, and floats that have lost their last digits integers. */
const isNumber = (value: unknown): boolean =>
  typeof value === 'bigint' ||
  Number.isSafeInteger(value) ||
  (typeof value === 'string' && /^(-?\d+|0x[\da-f]+)$/i.test(value));

/** A number modulo r in 32 bytes. What is no number is not repeated: it may be a secret. */
function writeReduced(out: Uint8Array, value: CircuitNumber, signal: string, index: number): void {
  if (!isNumber(value)) {
    throw new UsageError(
      'wrong-type',
      `witness: ${signal}: number ${index}: expected an integer, as a bigint, a number or a text`,
      { signal, index },
    );
  }
  let rest = BigInt(value) % R;
  if (rest < 0n) rest += R;
  const view = new DataView(out.buffer);
  for (let at = 0; at < WIRE_BYTES; at += 8) {
    view.setBigUint64(at, BigInt.asUintN(64, rest), true);
    rest >>= 64n;
  }
}

function wiresOf(exports: Exports, wires: number): Uint8Array {
  const out = new Uint8Array(wires * WIRE_BYTES);
  for (let wire = 0; wire < wires; wire++) {
    exports.getWitness(wire);
    out.set(sharedNumber(exports), wire * WIRE_BYTES);
  }
  return out;
}

/** The place through which numbers pass. Looked up each time: memory that grows moves. */
const sharedNumber = ({ memory, getSharedRWMemoryStart }: Exports): Uint8Array =>
  new Uint8Array(memory.buffer, getSharedRWMemoryStart(), WIRE_BYTES);

function numberIn(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

/** How the generator knows a signal: FNV-1a of its name in 64 bits, as two words. */
function nameOf(signal: string): readonly [high: number, low: number] {
  let hash = 0xcbf29ce484222325n;
  for (const byte of utf8(signal)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return [Number(hash >> 32n) | 0, Number(hash & 0xffffffffn) | 0];
}

function messageOf({ getMessageChar }: Exports): string {
  const codes: number[] = [];
  for (let code = getMessageChar(); code !== 0; code = getMessageChar()) codes.push(code);
  return String.fromCharCode(...codes).trim();
}

const noGenerator = (why: string): CodecError =>
  new CodecError(
    'malformed',
    `witness: got another file (${why}), expected the .wasm that circom 2 makes for BN254`,
  );
