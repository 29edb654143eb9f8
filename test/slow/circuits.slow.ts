/** The two real instances of the aggregation circuit: setup, proof and verification, and every wire. */
import { afterAll, describe, expect, test } from 'vitest';
import {
  aggregateInputs,
  aggregateStatement,
  contextScalar,
  randomSalt,
} from '../../src/zk/aggregate.ts';
import { insecureVerifyingKeyForTestingOnly } from '../../src/zk/groth16/key.ts';
import { proofFromSnarkjs } from '../../src/zk/groth16/snarkjs-json.ts';
import { verifyGroth16 } from '../../src/zk/groth16/verify.ts';
import { insecureDevelopmentSetupForTestingOnly } from '../../src/zk/setup/insecure-setup.ts';
import { readR1cs } from '../../src/zk/setup/r1cs.ts';
import { artifact } from '../zk/circuits/compile.ts';
import { openModule } from '../zk/circuits/keys.ts';
import { brokenRow, freeWires } from '../zk/circuits/r1cs.ts';
import { witnessFile, witnessGenerator } from '../zk/circuits/witness.ts';
import { endSnarkjs, snarkjs } from '../zk/snarkjs.ts';

afterAll(endSnarkjs);

for (const [clients, length] of [
  [8, 64],
  [16, 128],
] as const) {
  const name = `aggregate-${clients}x${length}`;
  describe(name, () => {
    const updates = Array.from({ length: clients }, (_, i) =>
      Array.from({ length }, (_, j) => ((i * 977 + j * 613) % 2_001) - 1_000),
    );
    const { claim, inputs } = aggregateInputs(
      contextScalar(new TextEncoder().encode(name)),
      length * 10 ** 6,
      updates,
      updates.map(randomSalt),
    );

    test('a proof is made and verified', async () => {
      const keys = await insecureDevelopmentSetupForTestingOnly(
        artifact(name, 'r1cs'),
        await openModule(),
      );
      const witness = await witnessFile(artifact(name, 'wasm'), inputs);
      const { proof } = await snarkjs.groth16.prove(keys.provingKey, witness);
      const key = insecureVerifyingKeyForTestingOnly(keys.verifyingKey);
      const bytes = proofFromSnarkjs(JSON.stringify(proof));
      const verdict = (bound: number): unknown =>
        verifyGroth16(key, [aggregateStatement({ ...claim, bound })], bytes);
      expect(verdict(claim.bound)).toEqual({ valid: true });
      expect(verdict(claim.bound - 1)).toMatchObject({ valid: false });
    });

    test('no wire can be changed', async () => {
      const rows = readR1cs(artifact(name, 'r1cs'));
      const generator = await witnessGenerator(artifact(name, 'wasm'));
      const witness = (await generator(inputs)) as readonly bigint[];
      expect(brokenRow(rows, witness)).toBeUndefined();
      expect(freeWires(rows, witness, (value) => value + 1n)).toEqual([]);
    });
  });
}
