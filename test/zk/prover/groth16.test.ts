/** Proofs made here: they verify here and in snarkjs, and differ each time. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aggregateInputs, aggregateStatement, randomSalt } from '../../../src/zk/aggregate.ts';
import { insecureVerifyingKeyForTestingOnly } from '../../../src/zk/groth16/key.ts';
import { proofFromSnarkjs, proofToSnarkjs } from '../../../src/zk/groth16/snarkjs-json.ts';
import { verifyGroth16 } from '../../../src/zk/groth16/verify.ts';
import { proveAggregate, updateProver } from '../../../src/zk/prover/circuits.ts';
import { openProver, type Prover, type ProvingArtefacts } from '../../../src/zk/prover/prover.ts';
import { keyFromProvingKey } from '../../../src/zk/setup/zkey.ts';
import { verifyUpdates } from '../../../src/zk/update/verify.ts';
import { artifact } from '../circuits/compile.ts';
import { insecureTinyKey } from '../circuits/keys.ts';
import { CONTEXT, NORM, TINY, tinyInputs, UPDATES } from '../circuits/support.ts';
import { witnessFile } from '../circuits/witness.ts';
import { endSnarkjs, snarkjs } from '../snarkjs.ts';
import { itemOf, type Made, makeKeys, secretOf, TERMS, valuesOf } from '../update/support.ts';

const zkey = insecureTinyKey();
const artefacts: ProvingArtefacts = { wasm: artifact(TINY.name, 'wasm'), zkey };
const key = insecureVerifyingKeyForTestingOnly(keyFromProvingKey(zkey));
const { claim, inputs } = aggregateInputs(CONTEXT, NORM, UPDATES, UPDATES.map(randomSalt));
const statement = aggregateStatement(claim);

let made: Made;
beforeAll(async () => {
  made = await makeKeys(16);
});

afterAll(endSnarkjs);

describe.each([true, false])('with singleThread: %s', (singleThread) => {
  let prover: Prover;
  beforeAll(async () => {
    prover = await openProver({ singleThread });
  });
  afterAll(() => prover.dispose());

  test('a proof verifies here and in snarkjs, and for no other statement', async () => {
    const proof = await proveAggregate(prover, artefacts, inputs);
    expect(verifyGroth16(key, [statement], proof)).toEqual({ valid: true });
    expect(verifyGroth16(key, [statement + 1n], proof)).toMatchObject({ valid: false });
    const theirKey = await snarkjs.zKey.exportVerificationKey(zkey);
    const verified = (publicSignal: bigint): Promise<boolean> =>
      snarkjs.groth16.verify(theirKey, [String(publicSignal)], JSON.parse(proofToSnarkjs(proof)));
    expect(await verified(statement)).toBe(true);
    expect(await verified(statement + 1n)).toBe(false);
  });

  test('the public signals are the statement, and two proofs of it have no point in common', async () => {
    const proved = [
      await prover.groth16(artefacts, inputs),
      await prover.groth16(artefacts, inputs),
    ];
    const parts = proved.map(({ proof }) => Buffer.from(proof).toString('hex').slice(4));
    for (const { publics } of proved) expect(publics).toEqual([statement]);
    const [first = '', second = ''] = parts;
    for (let at = 0; at < first.length; at += 64) {
      expect(first.slice(at, at + 64)).not.toBe(second.slice(at, at + 64));
    }
  });

  test('updates behind commitments are proved, and a coordinator takes them', async () => {
    const files = { wasm: artifact('update-16', 'wasm'), zkey: made.provingKey };
    const prove = updateProver(prover, files);
    const item = await itemOf({ ...made, prove }, 'c0', secretOf(valuesOf(1)));
    expect(verifyUpdates(made.key, TERMS, [item])).toEqual({ valid: true });
  });
});

test('a proof of plain snarkjs verifies here', async () => {
  const witness = await witnessFile(artefacts.wasm, tinyInputs());
  const { proof, publicSignals } = await snarkjs.groth16.prove(zkey, witness);
  const bytes = proofFromSnarkjs(JSON.stringify(proof));
  expect(verifyGroth16(key, publicSignals.map(BigInt), bytes)).toEqual({ valid: true });
});
