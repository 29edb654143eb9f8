/**
 * Calls into SEAL, made survivable. A C++ exception that JavaScript catches leaves the WebAssembly
 * stack pointer where it was thrown; after some hundreds the stack runs into the heap and corrupts
 * it silently. So every call goes through a guard, which puts the pointer back, frees the exception
 * and throws one of our errors instead.
 */
import { DependencyError, UsageError, type VeilsumError } from '../errors.ts';
import type { SealModule } from './module.ts';

/** Runs calls into one instance of SEAL. */
export type Guard = {
  /**
   * @param what the operation, for the error
   * @throws UsageError `out-of-range` where SEAL refuses, `wrong-type` where the binding does
   * @throws DependencyError `runtime-unsupported` where memory is used up, the platform has no random
   *   bytes to give, or the instance trapped
   */
  readonly run: <Result>(what: string, call: () => Result) => Result;
  /** Where the stack pointer stands: at rest always the same. For tests. */
  readonly stackPointer: () => number;
};

/** Two exports of 7.0.0 under the names that its build gave them. */
const READ_STACK = '$';
const RESTORE_STACK = 'Z';

const EXCEPTIONS_OF_SELF_TEST = 3;

type RuntimeErrors = { readonly Exception: new (...parameters: never[]) => { message?: unknown } };

/**
 * Makes the guard of an instance after testing that exceptions can be survived with it.
 *
 * @param exports of the WebAssembly instance itself
 * @param module node-seal's module on that instance
 * @throws DependencyError `peer-version` if the exports are not those of node-seal 7.0.0
 */
export function guardFor(exports: WebAssembly.Exports, module: SealModule): Guard {
  const read = exports[READ_STACK];
  const restore = exports[RESTORE_STACK];
  if (typeof read !== 'function' || typeof restore !== 'function') throw otherVersion();
  const { Exception } = WebAssembly as unknown as RuntimeErrors;
  const base: number = read();
  let trapped = false;

  const translated = (what: string, thrown: unknown): VeilsumError => {
    if (thrown instanceof Exception) {
      restore(base);
      const text = textOf((thrown as { message?: unknown }).message);
      try {
        module.decrementExceptionRefcount(thrown);
      } catch {
        trapped = true;
      }
      return refusal(what, text);
    }
    // A trap, or a stack of JavaScript that overflowed inside: destructors did not run.
    if (thrown instanceof WebAssembly.RuntimeError || thrown instanceof RangeError) {
      trapped = true;
      return afterTrap(what);
    }
    // An error of JavaScript's that went through WebAssembly has left the pointer behind as well.
    restore(base);
    return isOfBinding(thrown) ? badArguments(what) : noHelp(what);
  };

  const guard: Guard = Object.freeze({
    run: <Result>(what: string, call: () => Result): Result => {
      if (trapped) throw afterTrap(what);
      try {
        return call();
      } catch (thrown) {
        throw translated(what, thrown);
      }
    },
    stackPointer: () => read() as number,
  });

  // The names must be those of the stack pointer: moved, it must move; put back, be back.
  restore(base - 64);
  const moved = read() === base - 64;
  restore(base);
  if (!moved || read() !== base) throw otherVersion();
  for (let i = 0; i < EXCEPTIONS_OF_SELF_TEST; i++) {
    let refused = false;
    try {
      // There is no ring of degree 5.
      guard.run('self-test', () => module.CoeffModulus.Create(5, Int32Array.of(54)));
    } catch (error) {
      refused = error instanceof UsageError;
    }
    if (!refused || read() !== base) throw otherVersion();
  }
  return guard;
}

/** What SEAL says: fixed sentences. Anything with a digit in it could be a value, and is dropped. */
function textOf(message: unknown): string {
  const [type, text] = Array.isArray(message) ? message : [];
  if (type === 'std::bad_alloc') return type;
  return typeof text === 'string' && /^[A-Za-z_ ,.'()-]{1,120}$/.test(text)
    ? text
    : 'no reason given';
}

function refusal(what: string, text: string): VeilsumError {
  return text === 'std::bad_alloc'
    ? new DependencyError(
        'runtime-unsupported',
        `${what}: got no more WebAssembly memory, expected some to be free; dispose of handles that are no longer needed`,
        { what },
      )
    : new UsageError(
        'out-of-range',
        `${what}: SEAL refused (${text}), expected objects that fit each other and the context`,
        { what, reason: text },
      );
}

/** Whether the binding itself refused what it was given; SEAL was not reached. */
const isOfBinding = (thrown: unknown): boolean =>
  thrown instanceof Error && /^(Binding|UnboundType|Type)Error$/.test(thrown.name);

const badArguments = (what: string): UsageError =>
  new UsageError(
    'wrong-type',
    `${what}: node-seal did not take the arguments, expected objects of the same instance and of the right kinds`,
    { what },
  );

/** What else comes through is of the platform's functions that SEAL calls: above all, its random bytes. */
const noHelp = (what: string): DependencyError =>
  new DependencyError(
    'runtime-unsupported',
    `${what}: got an error from the platform on which SEAL runs, expected crypto.getRandomValues and memory to be there`,
    { what },
  );

const afterTrap = (what: string): DependencyError =>
  new DependencyError(
    'runtime-unsupported',
    `${what}: got an instance of SEAL that stopped half-way, expected a sound one; open another`,
    { what },
  );

const otherVersion = (): DependencyError =>
  new DependencyError(
    'peer-version',
    'openSeal: got a node-seal that does not behave as 7.0.0, expected node-seal 7.0.0 exactly',
    { package: 'node-seal', range: '7.0.0' },
  );
