/** The part of snarkjs that the tests and benchmarks call; it comes without types. */

/** A file in memory, or bytes. */
export type SnarkFile = { readonly type: 'mem'; readonly data?: Uint8Array } | Uint8Array;

/** What snarkjs writes: numbers are decimal texts. */
export type SnarkProof = {
  readonly pi_a: readonly string[];
  readonly pi_b: readonly (readonly string[])[];
  readonly pi_c: readonly string[];
  readonly protocol: string;
  readonly curve: string;
};

export type SnarkKey = {
  readonly nPublic: number;
  readonly IC: readonly (readonly string[])[];
  readonly [name: string]: unknown;
};

/** Its curve, as far as the tests look at points. */
export type SnarkjsCurve = {
  readonly G2: {
    readonly fromRprUncompressed: (bytes: Uint8Array, at: number) => Uint8Array;
    readonly isValid: (point: Uint8Array) => boolean;
  };
};

type Log = undefined;

/** The module. */
export type Snarkjs = {
  readonly groth16: {
    readonly prove: (
      zkey: SnarkFile,
      witness: SnarkFile,
      log?: Log,
      options?: { readonly singleThread: boolean },
    ) => Promise<{ readonly proof: SnarkProof; readonly publicSignals: readonly string[] }>;
    readonly verify: (
      key: SnarkKey,
      publics: readonly string[],
      proof: SnarkProof,
    ) => Promise<boolean>;
  };
  readonly powersOfTau: {
    readonly newAccumulator: (curve: unknown, power: number, out: SnarkFile) => Promise<unknown>;
    readonly contribute: (
      from: SnarkFile,
      to: SnarkFile,
      name: string,
      entropy: string,
    ) => Promise<unknown>;
    readonly preparePhase2: (from: SnarkFile, to: SnarkFile) => Promise<unknown>;
  };
  readonly zKey: {
    readonly newZKey: (r1cs: SnarkFile, tau: SnarkFile, out: SnarkFile) => Promise<unknown>;
    readonly contribute: (
      from: SnarkFile,
      to: SnarkFile,
      name: string,
      entropy: string,
    ) => Promise<unknown>;
    readonly beacon: (
      from: SnarkFile,
      to: SnarkFile,
      name: string,
      beacon: string,
      iterations: number,
    ) => Promise<unknown>;
    readonly verifyFromR1cs: (r1cs: SnarkFile, tau: SnarkFile, zkey: SnarkFile) => Promise<boolean>;
    readonly exportVerificationKey: (zkey: SnarkFile) => Promise<SnarkKey>;
  };
  readonly curves: {
    readonly getCurveFromName: (
      name: 'bn128',
      options?: { readonly singleThread: boolean },
    ) => Promise<SnarkjsCurve>;
  };
};

/** snarkjs itself. */
// @ts-expect-error: snarkjs comes without types.
export const snarkjs: Snarkjs = (await import('snarkjs')) as unknown as Snarkjs;

/** Ends the worker threads that `prove`, `verify` and the setups of snarkjs leave behind. */
export async function endSnarkjs(): Promise<void> {
  const { curve_bn128: curve } = globalThis as {
    curve_bn128?: { readonly terminate: () => Promise<void> } | null;
  };
  await curve?.terminate();
}
