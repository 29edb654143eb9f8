/** The development setup: its keys work in snarkjs and here, and say everywhere what they are. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aggregateInputs, aggregateStatement, randomSalt } from '../../../src/zk/aggregate.ts';
import { R } from '../../../src/zk/groth16/field.ts';
import { insecureVerifyingKeyForTestingOnly, verifyingKey } from '../../../src/zk/groth16/key.ts';
import { keyFromSnarkjs, proofFromSnarkjs } from '../../../src/zk/groth16/snarkjs-json.ts';
import { verifyGroth16 } from '../../../src/zk/groth16/verify.ts';
import { scalars } from '../../../src/zk/poseidon.ts';
import { fixedBases } from '../../../src/zk/setup/fixed-base.ts';
import {
  type InsecureKeys,
  insecureDevelopmentSetupForTestingOnly,
} from '../../../src/zk/setup/insecure-setup.ts';
import { lagrangeAt, powerFor } from '../../../src/zk/setup/polynomials.ts';
import { readR1cs } from '../../../src/zk/setup/r1cs.ts';
import { isInsecureProvingKey, keyFromProvingKey } from '../../../src/zk/setup/zkey.ts';
import { fixture, keyBytes, zkey } from '../groth16/support.ts';
import { endSnarkjs, snarkjs } from '../snarkjs.ts';
import { artifact } from './compile.ts';
import { insecureTinyKey, openModule } from './keys.ts';
import { CONTEXT, NORM, TINY, UPDATES } from './support.ts';
import { witnessFile } from './witness.ts';

const r1cs = artifact(TINY.name, 'r1cs');
const curve = await openModule();
const { claim, inputs } = aggregateInputs(CONTEXT, NORM, UPDATES, UPDATES.map(randomSalt));

let keys: InsecureKeys;
let witness: Uint8Array;
beforeAll(async () => {
  keys = await insecureDevelopmentSetupForTestingOnly(r1cs, curve);
  witness = await witnessFile(artifact(TINY.name, 'wasm'), inputs);
});
afterAll(endSnarkjs);

describe('its keys', () => {
  test('make proofs that snarkjs and this library accept', async () => {
    const { proof, publicSignals } = await snarkjs.groth16.prove(keys.provingKey, witness);
    expect(publicSignals).toEqual([inputs.statement]);
    const theirs = await snarkjs.zKey.exportVerificationKey(keys.provingKey);
    expect(await snarkjs.groth16.verify(theirs, publicSignals, proof)).toBe(true);
    const ours = insecureVerifyingKeyForTestingOnly(keys.verifyingKey);
    const bytes = proofFromSnarkjs(JSON.stringify(proof));
    const statement = aggregateStatement(claim);
    expect(verifyGroth16(ours, [statement], bytes)).toEqual({ valid: true });
    // Of this sum and no other.
    const other = aggregateStatement({ ...claim, sum: [12, -22, 33, -44] });
    expect(verifyGroth16(ours, [other], bytes)).toMatchObject({ valid: false });
  });

  test('are refused where insecure keys are not asked for', () => {
    expect(() => verifyingKey(keys.verifyingKey)).toThrow(
      expect.objectContaining({ code: 'bad-key', message: expect.stringContaining('insecure') }),
    );
    expect(insecureVerifyingKeyForTestingOnly(keys.verifyingKey)).toMatchObject({
      insecure: true,
      publics: 1,
    });
  });

  test('are other keys every time, and not of another circuit', async () => {
    const again = await insecureDevelopmentSetupForTestingOnly(r1cs, curve);
    expect(again.verifyingKey).not.toEqual(keys.verifyingKey);
    const { proof, publicSignals } = await snarkjs.groth16.prove(again.provingKey, witness);
    const bytes = proofFromSnarkjs(JSON.stringify(proof));
    const publics = publicSignals.map(BigInt);
    const verdict = (key: Uint8Array): unknown =>
      verifyGroth16(insecureVerifyingKeyForTestingOnly(key), publics, bytes);
    expect(verdict(again.verifyingKey)).toEqual({ valid: true });
    expect(verdict(keys.verifyingKey)).toMatchObject({ valid: false });
  });

  test('do not make a proof of a witness that does not hold', async () => {
    const wrong = witness.slice();
    // The last byte but 31 is the lowest of the last wire.
    wrong[wrong.length - 32] = (wrong[wrong.length - 32] as number) ^ 1;
    const { proof, publicSignals } = await snarkjs.groth16.prove(keys.provingKey, wrong);
    const key = insecureVerifyingKeyForTestingOnly(keys.verifyingKey);
    const bytes = proofFromSnarkjs(JSON.stringify(proof));
    expect(verifyGroth16(key, publicSignals.map(BigInt), bytes)).toMatchObject({ valid: false });
  });
});

describe('the mark', () => {
  test('is in the proving key, and snarkjs reads past it', () => {
    expect(isInsecureProvingKey(keys.provingKey)).toBe(true);
    expect(new TextDecoder('latin1').decode(keys.provingKey)).toContain('insecure: the secrets');
  });

  test('is not in a key of a ceremony, nor missed where nobody contributed', () => {
    expect(isInsecureProvingKey(zkey('cubic'))).toBe(false);
    expect(isInsecureProvingKey(zkey('cubic-uncontributed'))).toBe(true);
  });

  test('is carried over to the verifying key', async () => {
    expect(keyFromProvingKey(keys.provingKey)).toEqual(keys.verifyingKey);
    const json = JSON.stringify(await snarkjs.zKey.exportVerificationKey(keys.provingKey));
    expect(keyFromSnarkjs(json, 'insecure')).toEqual(keys.verifyingKey);
    expect(keyFromProvingKey(zkey('cubic'))).toEqual(keyBytes);
    expect(keyFromProvingKey(zkey('cubic-uncontributed'))).toEqual(
      keyFromSnarkjs(JSON.stringify(fixture.uncontributedKey), 'insecure'),
    );
  });

  test('is in the committed key of the tiny circuit, which still fits', async () => {
    const committed = insecureTinyKey();
    expect(isInsecureProvingKey(committed)).toBe(true);
    const { proof, publicSignals } = await snarkjs.groth16.prove(committed, witness);
    const key = insecureVerifyingKeyForTestingOnly(keyFromProvingKey(committed));
    const bytes = proofFromSnarkjs(JSON.stringify(proof));
    expect(verifyGroth16(key, publicSignals.map(BigInt), bytes)).toEqual({ valid: true });
  });
});

describe('files from outside', () => {
  test('a circuit that is none is refused', () => {
    const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset);
    const changed = (change: (bytes: Uint8Array) => void): Uint8Array => {
      const copy = new Uint8Array(r1cs);
      change(copy);
      return copy;
    };
    // The header section is found behind its own 12 bytes; its field starts after the size.
    const header = (() => {
      let at = 12;
      while (view(r1cs).getUint32(at, true) !== 1) {
        at += 12 + Number(view(r1cs).getBigUint64(at + 4, true));
      }
      return at + 12;
    })();
    expect(readR1cs(r1cs).wires).toBe(1239);
    const refused: readonly (readonly [string, Uint8Array, string])[] = [
      ['no file', new Uint8Array(), 'unknown-version'],
      ['a proving key', keys.provingKey, 'unknown-version'],
      ['half of it', r1cs.subarray(0, r1cs.length / 2), 'truncated'],
      ['one byte less', r1cs.subarray(0, r1cs.length - 1), 'truncated'],
      [
        'one byte more',
        changed(() => {})
          .slice()
          .fill(0),
        'unknown-version',
      ],
      ['another version', changed((b) => b.fill(2, 4, 5)), 'unknown-version'],
      ['another field', changed((b) => b.fill(7, header + 4, header + 5)), 'malformed'],
      ['too many sections', changed((b) => b.fill(255, 8, 12)), 'too-large'],
      [
        'one row less',
        changed((b) => view(b).setUint32(header + 60, 1235, true)),
        'trailing-bytes',
      ],
      ['one row more', changed((b) => view(b).setUint32(header + 60, 1237, true)), 'truncated'],
      ['more wires than any', changed((b) => b.fill(255, header + 36, header + 40)), 'too-large'],
      [
        'fewer wires than used',
        changed((b) => view(b).setUint32(header + 36, 9, true)),
        'malformed',
      ],
    ];
    for (const [what, bytes, code] of refused) {
      expect(() => readR1cs(bytes), what).toThrow(expect.objectContaining({ code }));
    }
    const longer = new Uint8Array(r1cs.length + 1);
    longer.set(r1cs);
    expect(() => readR1cs(longer)).toThrow(expect.objectContaining({ code: 'trailing-bytes' }));
  });

  test('a proving key that is none is refused', () => {
    const { provingKey } = keys;
    for (const length of [0, 11, 12, 100, provingKey.length - 1]) {
      expect(() => keyFromProvingKey(provingKey.subarray(0, length))).toThrow(
        expect.objectContaining({ name: 'CodecError' }),
      );
    }
    expect(() => keyFromProvingKey(r1cs)).toThrow(
      expect.objectContaining({ code: 'unknown-version' }),
    );
  });

  test('a curve with threads is refused, as it does not keep its code', async () => {
    const { pG1gen, pG2gen } = curve.tm;
    await expect(
      insecureDevelopmentSetupForTestingOnly(r1cs, { tm: { pG1gen, pG2gen } }),
    ).rejects.toMatchObject({ code: 'runtime-unsupported' });
  });
});

describe('its parts', () => {
  test('Lagrange polynomials are one at their own root and join to one', () => {
    const tau = 123_456_789n;
    for (const power of [0, 1, 5]) {
      const at = lagrangeAt(power, tau);
      expect(at).toHaveLength(2 ** power);
      expect(at.reduce((sum, value) => (sum + value) % R, 0n)).toBe(1n);
    }
    // Σ ω^i·L_i(τ) = τ: the polynomial X through its own values.
    const omega = scalars.pow(5n, (R - 1n) >> 5n);
    const sum = lagrangeAt(5, tau).reduce(
      (s, value, i) => (s + value * omega ** BigInt(i)) % R,
      0n,
    );
    expect(sum).toBe(tau);
  });

  test('the domain has room for rows, the one and the public wires', () => {
    const shape = (rows: number): Parameters<typeof powerFor>[0] => ({
      wires: 9,
      publics: 1,
      rows: new Array(rows).fill({ a: [], b: [], c: [] }),
    });
    expect([1, 2, 3, 6, 7].map((rows) => powerFor(shape(rows)))).toEqual([2, 2, 3, 3, 4]);
  });

  test('multiples are those of the curve itself, at every width of window', async () => {
    const multipliers = [0n, 1n, 2n, R - 1n, 2n ** 253n, 2n ** 200n + 2n ** 31n, randomSalt()];
    type Affine = { readonly toAffine: (point: Uint8Array) => Uint8Array };
    type Group = Affine & {
      readonly g: Uint8Array;
      readonly timesScalar: (point: Uint8Array, scalar: bigint) => Uint8Array;
    };
    const { G1, G2 } = curve as unknown as { readonly G1: Group; readonly G2: Group };
    for (const count of [1, 300, 20_000]) {
      const { g1, g2 } = await fixedBases(curve, { g1: count, g2: count });
      for (const [multiply, group, size] of [
        [g1, G1, 64],
        [g2, G2, 128],
      ] as const) {
        const out = multiply(multipliers);
        expect(out).toHaveLength(size * multipliers.length);
        for (const [i, scalar] of multipliers.entries()) {
          expect(out.subarray(size * i, size * (i + 1))).toEqual(
            group.toAffine(group.timesScalar(group.g, scalar)),
          );
        }
      }
    }
  });
});
