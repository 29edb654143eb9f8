/** Keys of the tiny update circuit from a setup whose secrets one process knew, and its prover. */
import { clientId } from '../../../src/identity/client-id.ts';
import { freshBlinding } from '../../../src/zk/commitment/index.ts';
import { proofFromSnarkjs } from '../../../src/zk/groth16/snarkjs-json.ts';
import { insecureDevelopmentSetupForTestingOnly } from '../../../src/zk/setup/insecure-setup.ts';
import type { FastCurve } from '../../../src/zk/snark.ts';
import { insecureUpdateKeyForTestingOnly, type UpdateKey } from '../../../src/zk/update/key.ts';
import {
  type ProvedUpdate,
  proveUpdate,
  type SecretUpdate,
  type UpdateProver,
} from '../../../src/zk/update/prove.ts';
import { contributeToUpdateKey, startUpdateKey } from '../../../src/zk/update/setup.ts';
import type { UpdateTerms } from '../../../src/zk/update/statement.ts';
import type { UpdateItem } from '../../../src/zk/update/verify.ts';
import { artifact } from '../circuits/compile.ts';
import { openModule } from '../circuits/keys.ts';
import { witnessFile } from '../circuits/witness.ts';
import { snarkjs } from '../snarkjs.ts';

/** All that a test needs of one setup. */
export type Made = {
  readonly provingKey: Uint8Array;
  /** Of the Groth16 setup alone. */
  readonly verifyingKey: Uint8Array;
  /** With two contributions to σ. */
  readonly bytes: Uint8Array;
  readonly key: UpdateKey;
  readonly prove: UpdateProver;
};

/** A fresh setup of `update-<values>`. */
export async function makeKeys(values: number, curve?: FastCurve): Promise<Made> {
  const name = `update-${values}`;
  const { provingKey, verifyingKey } = await insecureDevelopmentSetupForTestingOnly(
    artifact(name, 'r1cs'),
    await openModule(),
  );
  const bytes = contributeToUpdateKey(contributeToUpdateKey(startUpdateKey(verifyingKey)));
  const wasm = artifact(name, 'wasm');
  return {
    provingKey,
    verifyingKey,
    bytes,
    key: await insecureUpdateKeyForTestingOnly(bytes, { curve }),
    prove: async (inputs) => {
      const witness = await witnessFile(wasm, inputs);
      const { proof } = await snarkjs.groth16.prove(provingKey, witness);
      return proofFromSnarkjs(JSON.stringify(proof));
    },
  };
}

/** A round of updates of 20 values: two chunks of the tiny circuit. */
export const TERMS: UpdateTerms = {
  planHash: new Uint8Array(32).fill(1),
  roundId: new Uint8Array(32).fill(2),
  contextHash: new Uint8Array(32).fill(3),
  length: 20,
  bits: 16,
  normMax: 2 ** 30 + 2 ** 30 + 100,
};

/** An update of extremes and small values, another one for each seed. */
export const valuesOf = (seed: number, length: number = TERMS.length): Int32Array =>
  Int32Array.from({ length }, (_, j) => {
    if (j === seed % 3) return -32_768;
    if (j === 16) return 32_767;
    return ((seed * 31 + j * 17) % 7) - 3;
  });

/** With fresh blindings. */
export const secretOf = (values: Int32Array, chunks: number = 2): SecretUpdate => ({
  values,
  blindings: Array.from({ length: chunks }, freshBlinding),
});

/** A client's update with its secrets, as it arrives. */
export async function itemOf(
  { key, prove }: Made,
  name: string,
  secret: SecretUpdate,
  terms: UpdateTerms = TERMS,
): Promise<UpdateItem> {
  const client = clientId(name);
  const made: ProvedUpdate = await proveUpdate(key, terms, client, secret, prove);
  return { client, ...made };
}
