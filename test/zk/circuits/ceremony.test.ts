/** The production path on a circuit of six rows, with a ceremony small enough to hold in a test. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { verifyingKey } from '../../../src/zk/groth16/key.ts';
import { proofFromSnarkjs } from '../../../src/zk/groth16/snarkjs-json.ts';
import { verifyGroth16 } from '../../../src/zk/groth16/verify.ts';
import {
  checkedPowersOfTau,
  contributeToProvingKey,
  finishProvingKey,
  type PowersOfTau,
  startProvingKey,
  verifyProvingKey,
} from '../../../src/zk/setup/ceremony.ts';
import { insecureDevelopmentSetupForTestingOnly } from '../../../src/zk/setup/insecure-setup.ts';
import { isInsecureProvingKey, keyFromProvingKey } from '../../../src/zk/setup/zkey.ts';
import { r1cs, witness } from '../circuit.ts';
import { zkey } from '../groth16/support.ts';
import { endSnarkjs, type SnarkFile, snarkjs } from '../snarkjs.ts';
import { artifact, sha256Of } from './compile.ts';
import { openModule } from './keys.ts';

const circuit = r1cs();
const beacon = new Uint8Array(32).fill(9);

let powers: PowersOfTau;
let started: Uint8Array;
let finished: Uint8Array;

beforeAll(async () => {
  // snarkjs says on the console what is wrong with a key.
  vi.spyOn(console, 'log').mockImplementation(() => {});
  const memory = (): SnarkFile & { data?: Uint8Array } => ({ type: 'mem' });
  const [first, second, prepared] = [memory(), memory(), memory()];
  const { powersOfTau, curves } = snarkjs;
  await powersOfTau.newAccumulator(await curves.getCurveFromName('bn128'), 4, first);
  await powersOfTau.contribute(first, second, 'test', 'test');
  await powersOfTau.preparePhase2(second, prepared);
  const file = (prepared as { data: Uint8Array }).data.slice();
  powers = checkedPowersOfTau(file, sha256Of(file));
  started = await startProvingKey(snarkjs, circuit, powers);
  const one = await contributeToProvingKey(snarkjs, started, 'one');
  const two = await contributeToProvingKey(snarkjs, one, 'two');
  finished = await finishProvingKey(snarkjs, two, beacon, 10);
});
afterAll(async () => {
  vi.restoreAllMocks();
  await endSnarkjs();
});

describe('a key of a ceremony', () => {
  test('is verified by anyone with circuit and powers', async () => {
    expect(await verifyProvingKey(snarkjs, circuit, powers, finished)).toEqual({ valid: true });
  });

  test('makes proofs that the verifier accepts without more ado', async () => {
    const key = verifyingKey(keyFromProvingKey(finished));
    expect(key.insecure).toBe(false);
    const { proof, publicSignals } = await snarkjs.groth16.prove(
      finished,
      witness(3n, [1n, 2n, 0n]),
    );
    const bytes = proofFromSnarkjs(JSON.stringify(proof));
    expect(verifyGroth16(key, publicSignals.map(BigInt), bytes)).toEqual({ valid: true });
  });

  test('is another one for every run', async () => {
    const again = await contributeToProvingKey(snarkjs, started, 'one');
    expect(keyFromProvingKey(again)).not.toEqual(
      keyFromProvingKey(await contributeToProvingKey(snarkjs, started, 'one')),
    );
  });
});

describe('refused', () => {
  test('a key to which nobody contributed', async () => {
    expect(isInsecureProvingKey(started)).toBe(true);
    expect(await verifyProvingKey(snarkjs, circuit, powers, started)).toEqual({
      valid: false,
      reason: 'no-contribution',
    });
    expect(() => verifyingKey(keyFromProvingKey(started))).toThrow(/insecure/);
  });

  test('a key of the development setup', async () => {
    const { provingKey } = await insecureDevelopmentSetupForTestingOnly(
      circuit,
      await openModule(),
    );
    expect(await verifyProvingKey(snarkjs, circuit, powers, provingKey)).toEqual({
      valid: false,
      reason: 'no-contribution',
    });
  });

  test('a key of other powers, of another circuit, and no key', async () => {
    const other = { valid: false, reason: 'other-key' };
    // Of the same circuit, made with powers of its own.
    expect(isInsecureProvingKey(zkey('cubic'))).toBe(false);
    expect(await verifyProvingKey(snarkjs, circuit, powers, zkey('cubic'))).toEqual(other);
    const tiny = artifact('aggregate-2x4', 'r1cs');
    expect(await verifyProvingKey(snarkjs, tiny, powers, finished)).toEqual(other);
    for (const bytes of [new Uint8Array(), circuit, finished.subarray(0, 5_000)]) {
      expect(await verifyProvingKey(snarkjs, circuit, powers, bytes)).toEqual(other);
    }
  });

  test('a key whose contribution was tampered with', async () => {
    const at = finished.length - 300;
    const wrong = finished.slice();
    wrong[at] = (wrong[at] as number) ^ 1;
    expect(await verifyProvingKey(snarkjs, circuit, powers, wrong)).toMatchObject({ valid: false });
  });

  test('powers with another hash, too few powers, and a beacon that is too short', async () => {
    const { bytes, sha256 } = powers;
    const check = (file: Uint8Array, hash: string) => (): unknown => checkedPowersOfTau(file, hash);
    expect(check(bytes, sha256)()).toEqual(powers);
    expect(check(bytes.with(99, (bytes[99] as number) ^ 1), sha256)).toThrow(
      expect.objectContaining({ code: 'bad-key' }),
    );
    expect(check(bytes, sha256.toUpperCase())).toThrow(
      expect.objectContaining({ code: 'out-of-range' }),
    );
    await expect(
      startProvingKey(snarkjs, artifact('aggregate-2x4', 'r1cs'), powers),
    ).rejects.toMatchObject({ code: 'bad-key' });
    await expect(finishProvingKey(snarkjs, started, beacon.subarray(1), 10)).rejects.toMatchObject({
      code: 'out-of-range',
    });
  });
});
