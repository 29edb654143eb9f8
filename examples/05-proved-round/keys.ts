/**
 * Keys for the circuits of this package, from a setup whose secrets this process knew. ⚠ Good for a story and
 * nothing else: the library marks them insecure and takes them by names that say so. The real way is in
 * src/zk/setup/README.md, "For production".
 */
import { readFileSync } from 'node:fs';
// @ts-expect-error: it comes without types
import * as untyped from 'snarkjs';
import {
  type CurveModule,
  contributeToUpdateKey,
  insecureDevelopmentSetupForTestingOnly,
  startUpdateKey,
} from 'veilsum/zk';

const snarkjs = untyped as {
  readonly curves: {
    readonly getCurveFromName: (
      name: string,
      options: { readonly singleThread: true },
    ) => Promise<CurveModule & { readonly terminate: () => Promise<void> }>;
  };
};

/** One circuit: what a prover needs, and what everybody else needs. */
export type Keys = {
  readonly artefacts: { readonly wasm: Uint8Array; readonly zkey: Uint8Array };
  readonly verifyingKey: Uint8Array;
};

const circuitFile = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../../circuits/artifacts/${name}`, import.meta.url)));

/** Sets a circuit of `circuits/circuits.json` up. */
export async function insecureKeys(circuit: string): Promise<Keys> {
  const curve = await snarkjs.curves.getCurveFromName('bn128', { singleThread: true });
  try {
    const r1cs = circuitFile(`${circuit}.r1cs`);
    const { provingKey, verifyingKey } = await insecureDevelopmentSetupForTestingOnly(r1cs, curve);
    return { artefacts: { wasm: circuitFile(`${circuit}.wasm`), zkey: provingKey }, verifyingKey };
  } finally {
    await curve.terminate();
  }
}

/** The update key that clients, coordinator and strangers share: two parties contribute to its last step. */
export const updateKeyFrom = ({ verifyingKey }: Keys): Uint8Array =>
  contributeToUpdateKey(contributeToUpdateKey(startUpdateKey(verifyingKey)));
