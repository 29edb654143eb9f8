/** Updates that are in bounds, from the client to the sum that opens. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  addBlindings,
  commitVector,
  type OpeningClaim,
  openSum,
} from '../../../src/zk/commitment/index.ts';
import { wasmPairing } from '../../../src/zk/groth16/wasm-backend.ts';
import {
  insecureUpdateKeyForTestingOnly,
  type UpdateKey,
  updateBases,
} from '../../../src/zk/update/key.ts';
import type { SecretUpdate } from '../../../src/zk/update/prove.ts';
import { updateChunkId, updateChunks } from '../../../src/zk/update/statement.ts';
import { type UpdateItem, verifyUpdates } from '../../../src/zk/update/verify.ts';
import { endSnarkjs } from '../snarkjs.ts';
import { openCurve } from '../support.ts';
import { itemOf, type Made, makeKeys, secretOf, TERMS, valuesOf } from './support.ts';

const VALID: unknown = { valid: true };

let made: Made;
let secrets: readonly SecretUpdate[];
let items: UpdateItem[];
let keys: readonly UpdateKey[];
beforeAll(async () => {
  made = await makeKeys(16);
  secrets = [1, 2, 3].map((seed) => secretOf(valuesOf(seed)));
  items = [];
  for (const [i, secret] of secrets.entries()) items.push(await itemOf(made, `c${i}`, secret));
  const curve = await openCurve();
  const fast = { backend: await wasmPairing(curve), curve };
  keys = [made.key, await insecureUpdateKeyForTestingOnly(made.bytes, fast)];
}, 60_000);
afterAll(endSnarkjs);

const chunkOf = (bytes: Uint8Array, chunk: number): Uint8Array => {
  const half = bytes.length / 2;
  return bytes.subarray(chunk * half, (chunk + 1) * half);
};

describe('honest updates', () => {
  test('are valid, one or many, on both back ends', () => {
    for (const key of keys) {
      expect(verifyUpdates(key, TERMS, [])).toEqual(VALID);
      for (const item of items) expect(verifyUpdates(key, TERMS, [item])).toEqual(VALID);
      expect(verifyUpdates(key, TERMS, items)).toEqual(VALID);
    }
  });

  test('have the commitment that commitVector makes, on either engine', async () => {
    for (const key of keys) {
      const bases = await updateBases(key);
      expect(bases).toMatchObject({ count: 16, chunkValues: 16, transparent: false });
      for (const [i, { values, blindings }] of secrets.entries()) {
        expect(await commitVector(bases, values, 16, blindings)).toEqual(items[i]?.commitment);
      }
    }
  });

  test('have commitments whose sum opens to the sum of the updates', async () => {
    const aggregate = Array.from({ length: TERMS.length }, (_, j) =>
      secrets.reduce((sum, { values }) => sum + (values[j] as number), 0),
    );
    const blindings = [0, 1].map((chunk) =>
      addBlindings(...secrets.map((secret) => secret.blindings[chunk] as Uint8Array)),
    );
    const commitments = items.map(({ commitment }) => commitment);
    const claim: OpeningClaim = {
      length: TERMS.length,
      groups: [{ bits: 16, commitments }],
      aggregate,
      blindings,
    };
    for (const key of keys) {
      const bases = await updateBases(key);
      expect(await openSum(bases, claim)).toEqual(VALID);
      // A value of the second chunk.
      const other = aggregate.with(18, (aggregate[18] as number) + 1);
      expect(await openSum(bases, { ...claim, aggregate: other })).toEqual({
        valid: false,
        reason: 'does-not-open',
        chunk: 1,
      });
      expect(await openSum(bases, { ...claim, blindings: blindings.toReversed() })).toMatchObject({
        valid: false,
      });
    }
  });

  test('hide what is equal: fresh blindings give other commitments and proofs', async () => {
    const again = await itemOf(made, 'c0', secretOf(valuesOf(1)));
    const [first] = items as [UpdateItem];
    expect(verifyUpdates(made.key, TERMS, [again])).toEqual(VALID);
    expect(again.commitment).not.toEqual(first.commitment);
    // The help of group H has a blinding of its own, also for the same update and blindings.
    const twin = await itemOf(made, 'c0', secrets[0] as SecretUpdate);
    expect(twin.commitment).toEqual(first.commitment);
    expect(twin.proof.subarray(66, 130)).not.toEqual(first.proof.subarray(66, 130));
  });

  test('are remembered by round, client and chunk, and count once', () => {
    const accepted = new Set<string>();
    expect(verifyUpdates(made.key, TERMS, items.slice(0, 2), accepted)).toEqual(VALID);
    const ids = items
      .slice(0, 2)
      .flatMap(({ client }) => [0, 1].map((chunk) => updateChunkId(TERMS.roundId, client, chunk)));
    expect([...accepted].sort()).toEqual(ids.sort());
    expect(verifyUpdates(made.key, TERMS, items, accepted)).toEqual({
      valid: false,
      culprits: [
        { index: 0, reason: 'replayed', chunk: 0 },
        { index: 1, reason: 'replayed', chunk: 0 },
      ],
    });
    expect(accepted.size).toBe(6);
    // Also within one list.
    const [first, second] = items as [UpdateItem, UpdateItem];
    expect(verifyUpdates(made.key, TERMS, [first, second, first])).toEqual({
      valid: false,
      culprits: [{ index: 2, reason: 'replayed', chunk: 0 }],
    });
  });

  test('have chunks of their own where there are several in a round', async () => {
    const further = { ...TERMS, firstChunk: 2 };
    const second = await itemOf(made, 'c0', secrets[0] as SecretUpdate, further);
    const [first] = items as [UpdateItem];
    const accepted = new Set<string>();
    expect(verifyUpdates(made.key, TERMS, [first], accepted)).toEqual(VALID);
    expect(verifyUpdates(made.key, further, [second], accepted)).toEqual(VALID);
    expect(accepted.size).toBe(4);
    // Neither is a proof of the other, though client, values and blindings are the same.
    for (const [terms, item] of [
      [TERMS, second],
      [further, first],
    ] as const) {
      expect(verifyUpdates(made.key, terms, [item])).toEqual({
        valid: false,
        culprits: [{ index: 0, reason: 'equation', chunk: 0 }],
      });
    }
  });

  test('that are false are not remembered', () => {
    const accepted = new Set<string>();
    const [first, second] = items as [UpdateItem, UpdateItem];
    const wrong = { ...first, proof: second.proof };
    expect(verifyUpdates(made.key, TERMS, [wrong], accepted)).toMatchObject({ valid: false });
    expect(accepted.size).toBe(0);
    expect(verifyUpdates(made.key, TERMS, [first], accepted)).toEqual(VALID);
  });
});

describe('updates that are not in bounds', () => {
  const refused = (change: (values: Int32Array) => void, terms = TERMS): Promise<unknown> => {
    const values = valuesOf(1);
    change(values);
    return itemOf(made, 'c9', secretOf(values), terms);
  };
  const OUT: unknown = expect.objectContaining({ code: 'out-of-range' });

  test('are not proved: a value that is out of range by one', async () => {
    const at = (value: number) => (values: Int32Array) => {
      values[3] = value;
    };
    const terms = { ...TERMS, normMax: 2 ** 34 - 1 };
    for (const value of [32_768, -32_769]) {
      await expect(refused(at(value), terms)).rejects.toEqual(OUT);
    }
    for (const value of [32_767, -32_768]) {
      const item = (await refused(at(value), terms)) as UpdateItem;
      expect(verifyUpdates(made.key, terms, [item])).toEqual(VALID);
    }
  });

  test('are not proved: a norm that is above the bound by one', async () => {
    const norm = [0, 1].map((chunk) =>
      valuesOf(1)
        .subarray(16 * chunk, 16 * chunk + 16)
        .reduce((sum, value) => sum + value * value, 0),
    );
    const most = Math.max(...norm);
    const terms = { ...TERMS, normMax: most };
    const item = (await refused(() => {}, terms)) as UpdateItem;
    expect(verifyUpdates(made.key, terms, [item])).toEqual(VALID);
    await expect(refused(() => {}, { ...TERMS, normMax: most - 1 })).rejects.toEqual(OUT);
    // And no proof of one bound is a proof of another.
    for (const normMax of [most - 1, most + 1]) {
      expect(verifyUpdates(made.key, { ...TERMS, normMax }, [item])).toMatchObject({
        culprits: [{ index: 0, reason: 'equation', chunk: 0 }],
      });
    }
  });

  test('are not proved: values wider than the circuit', async () => {
    await expect(refused(() => {}, { ...TERMS, bits: 17 })).rejects.toMatchObject({
      code: 'too-many-bits',
    });
    expect(() => updateChunks(made.key, { ...TERMS, bits: 17 })).toThrow(/at most 16/);
    expect(updateChunks(made.key, { ...TERMS, bits: 8 })).toBe(2);
  });

  test('are named in a batch, and nobody else is', async () => {
    const broken = (item: UpdateItem, chunk: number): UpdateItem => {
      // Another chunk's Groth16 proof.
      const proof = item.proof.slice();
      const other = chunkOf(item.proof, 1 - chunk).subarray(-256);
      proof.set(other, (chunk + 1) * 452 - 256);
      return { ...item, proof };
    };
    const [a, b, c] = items as [UpdateItem, UpdateItem, UpdateItem];
    for (const key of keys) {
      expect(verifyUpdates(key, TERMS, [a, broken(b, 1), c])).toEqual({
        valid: false,
        culprits: [{ index: 1, reason: 'equation', chunk: 1 }],
      });
      expect(verifyUpdates(key, TERMS, [broken(a, 0), b, broken(c, 1)])).toEqual({
        valid: false,
        culprits: [
          { index: 0, reason: 'equation', chunk: 0 },
          { index: 2, reason: 'equation', chunk: 1 },
        ],
      });
    }
  });
});

describe('terms and arguments of the caller', () => {
  test('that are wrong throw', async () => {
    const [item] = items as [UpdateItem];
    for (const wrong of [
      { planHash: new Uint8Array(31) },
      { roundId: new Uint8Array(33) },
      { contextHash: undefined as never },
      { length: 0 },
      { bits: 0 },
      { normMax: -1 },
      { normMax: 2 ** 34 },
      { normMax: 1.5 },
      { firstChunk: -1 },
    ]) {
      const terms = { ...TERMS, ...wrong };
      expect(() => verifyUpdates(made.key, terms, [item])).toThrow(
        expect.objectContaining({ name: 'UsageError' }),
      );
      await expect(itemOf(made, 'c0', secrets[0] as SecretUpdate, terms)).rejects.toMatchObject({
        name: 'UsageError',
      });
    }
    expect(() => verifyUpdates({ ...made.key }, TERMS, [item])).toThrow(/updateKey gave/);
    expect(() => verifyUpdates(made.key, TERMS, item as never)).toThrow(/array/);
    const none = itemOf(made, 'c0', { ...(secrets[0] as SecretUpdate), values: new Int32Array(3) });
    await expect(none).rejects.toMatchObject({ code: 'wrong-length' });
    const one = itemOf(made, 'c0', secretOf(valuesOf(1), 1));
    await expect(one).rejects.toMatchObject({ code: 'wrong-length' });
    await expect(itemOf(made, '', secrets[0] as SecretUpdate)).rejects.toThrow(/client id/);
  });

  test('a prover that gives no proof is refused, and what it throws comes through', async () => {
    const secret = secrets[0] as SecretUpdate;
    const empty = itemOf({ ...made, prove: async () => new Uint8Array(3) }, 'c0', secret);
    await expect(empty).rejects.toMatchObject({ code: 'wrong-length' });
    const failing = itemOf({ ...made, prove: () => Promise.reject(new Error('no')) }, 'c0', secret);
    await expect(failing).rejects.toThrow('no');
  });
});
