/**
 * The functions of snarkjs's WebAssembly curve by name, and its memory on the calling thread. A
 * sequence of steps runs on values that stay in that memory; only what comes out is copied.
 */
import { DependencyError } from '../../errors.ts';

/** What is called, each with its number of arguments: places in the memory, or lengths. */
const ARITIES = {
  f2m_conjugate: 2,
  f2m_exp: 4,
  f2m_mul: 3,
  f2m_mul1: 3,
  f2m_toMontgomery: 2,
  ftm_isOne: 1,
  ftm_mul: 3,
  ftm_one: 1,
  ftm_square: 2,
  g1m_UtoLEM: 2,
  g1m_inCurveAffine: 1,
  g1m_isZero: 1,
  g1m_multiexpAffine: 5,
  g1m_negAffine: 2,
  g1m_timesScalarAffine: 4,
  g1m_toAffine: 2,
  g2m_UtoLEM: 2,
  g2m_addMixed: 3,
  g2m_doubleAffine: 2,
  g2m_eq: 2,
  g2m_inCurveAffine: 1,
  g2m_timesScalarAffine: 4,
  g2m_toAffine: 2,
  g2m_toJacobian: 2,
  bn128__mulBy024: 4,
  bn128_finalExponentiation: 2,
  bn128_millerLoop: 3,
  bn128_prepareG2: 2,
} as const;

/** The curve's functions. Tests answer a number, 0 for no; the others write where they are told. */
export type WasmCalls = {
  readonly [name in keyof typeof ARITIES]: (...places: readonly number[]) => number;
};

/** The part of snarkjs's curve object `bn128` that is used here. */
export type WasmCurve = {
  /** Bytes of a point of G2 with its lines. */
  readonly preQSize: number;
  readonly tm: {
    readonly instance: { readonly exports: object };
    readonly startSyncOp: () => void;
    readonly endSyncOp: () => void;
    readonly alloc: (length: number) => number;
    readonly allocBuff: (bytes: Uint8Array) => number;
    readonly getBuff: (at: number, length: number) => Uint8Array;
  };
};

/** Memory for one sequence of steps. */
export type WasmMemory = {
  /** Room for so many bytes, which hold anything. */
  readonly room: (length: number) => number;
  /** Puts bytes into memory. */
  readonly put: (bytes: Uint8Array) => number;
  /** A copy of what lies there. */
  readonly take: (at: number, length: number) => Uint8Array;
};

/**
 * The functions of a curve.
 *
 * @throws DependencyError `peer-version` where one is missing or takes other arguments
 */
export function callsOf(curve: WasmCurve): WasmCalls {
  const found = (curve?.tm?.instance?.exports ?? {}) as Record<string, unknown>;
  for (const [name, arity] of Object.entries(ARITIES)) {
    const call = found[name];
    if (typeof call !== 'function' || call.length !== arity) throw otherVersion(`no ${name}`);
  }
  return found as WasmCalls;
}

/** Runs a sequence of steps; the memory that it was given is given back, whatever happens. */
export function inMemory<T>({ tm }: WasmCurve, steps: (memory: WasmMemory) => T): T {
  tm.startSyncOp();
  try {
    return steps({
      room: (length) => tm.alloc(length),
      put: (bytes) => tm.allocBuff(bytes),
      take: (at, length) => tm.getBuff(at, length),
    });
  } finally {
    tm.endSyncOp();
  }
}

/** The error for a curve that is not the one that this code was written for. */
export const otherVersion = (why: string): DependencyError =>
  new DependencyError(
    'peer-version',
    `wasmPairing: got the curve of another snarkjs (${why}), expected snarkjs 0.7.6 exactly`,
    { package: 'snarkjs', range: '0.7.6' },
  );
