/** Commitments: what they are, that engines agree to the byte, that they add up, and what is refused. */
import { beforeAll, describe, expect, test } from 'vitest';
import { CodecError, UsageError } from '../../../src/errors.ts';
import {
  addBlindings,
  addCommitments,
  CHUNK_VALUES,
  type CommitmentBases,
  chunkCount,
  commitmentBases,
  commitmentBytes,
  commitVector,
  freshBlinding,
} from '../../../src/zk/commitment/index.ts';
import { hashToCurve } from '../../../src/zk/curve/hash-to-curve.ts';
import {
  encodePoint,
  GROUP_ORDER,
  type Point,
  readBigEndian,
} from '../../../src/zk/curve/points.ts';
import type { FastCurve } from '../../../src/zk/snark.ts';
import { openCurve, slowSum } from '../support.ts';

const DST = 'veilsum-v1-commitment-BN254G1_XMD:SHA-256_SVDW_RO_';

let curve: FastCurve;
let all: readonly CommitmentBases[];
beforeAll(async () => {
  curve = await openCurve();
  all = [
    await commitmentBases(5_000, { curve }),
    await commitmentBases(5_000),
    await commitmentBases(5_000, { curve: await openCurve(false) }),
  ];
});

const zeros = (chunks: number): Uint8Array[] =>
  Array.from({ length: chunks }, () => new Uint8Array(32));

/** Values of the whole range, the same every time. */
const vector = (length: number, bits: number, salt: number): Int32Array =>
  Int32Array.from({ length }, (_, i) => Math.imul(i + 1, 0x9e3779b1 + 2 * salt) >> (32 - bits));

const basesOf = async (count: number): Promise<Point[]> =>
  hashToCurve(
    Array.from({ length: count }, (_, j) => Uint8Array.of(0x47, 0, 0, j >> 8, j)),
    DST,
  );

describe('commitVector', () => {
  test('is Σ x_j·G_j + r·H, from every engine', async () => {
    const points = [...(await basesOf(5)), ...(await hashToCurve([Uint8Array.of(0x48)], DST))];
    const values = Int32Array.of(-32_768, 32_767, 0, -1, 12_345);
    const r = freshBlinding();
    const scalars = [...values].map((x) => (BigInt(x) + GROUP_ORDER) % GROUP_ORDER);
    const expected = encodePoint(slowSum(points, [...scalars, readBigEndian(r)]));
    for (const bases of all) {
      for (const bits of [16, 17, 24, 32]) {
        expect(await commitVector(bases, values, bits, [r])).toEqual(expected);
      }
    }
  });

  test('starts again at the first base in every chunk, and the last chunk may be short', async () => {
    for (const bases of all) {
      const values = vector(4_100, 16, 0);
      const rs = [freshBlinding(), freshBlinding()];
      const both = await commitVector(bases, values, 16, rs);
      const last = await commitVector(bases, values.subarray(4_096), 16, rs.slice(1));
      expect(both).toHaveLength(commitmentBytes(4_100));
      expect(both.subarray(64)).toEqual(last);
      const first = await commitVector(bases, values.subarray(0, 4_096), 16, rs.slice(0, 1));
      expect(both.subarray(0, 64)).toEqual(first);
    }
  });

  test('engines agree to the byte at every width, at the ends of the range too', async () => {
    for (const bits of [1, 2, 8, 9, 16, 23, 32]) {
      const values = vector(4_100, bits, bits);
      values[0] = -(2 ** (bits - 1));
      values[1] = 2 ** (bits - 1) - 1;
      const rs = [freshBlinding(), freshBlinding()];
      const [one, ...others] = await Promise.all(
        all.map((bases) => commitVector(bases, values, bits, rs)),
      );
      for (const other of others) expect(other).toEqual(one);
    }
  });

  test('hides equal vectors, and keeps nothing of what it was given', async () => {
    for (const bases of all) {
      const values = vector(10, 16, 1);
      const rs = [freshBlinding()];
      const copies = [values.slice(), (rs[0] as Uint8Array).slice()];
      const once = await commitVector(bases, values, 16, rs);
      expect(await commitVector(bases, values, 16, [freshBlinding()])).not.toEqual(once);
      expect([values, rs[0]]).toEqual(copies);
    }
  });

  test('refuses what does not fit, and names no value', async () => {
    for (const bases of all) {
      const commit = (values: unknown, bits: number, rs: unknown): Promise<Uint8Array> =>
        commitVector(bases, values as Int32Array, bits, rs as Uint8Array[]);
      await commit(Int32Array.of(127, -128), 8, zeros(1));
      for (const x of [128, -129, 2 ** 31 - 1, -(2 ** 31)]) {
        const refused = expect(commit(Int32Array.of(0, x), 8, zeros(1))).rejects;
        await refused.toThrow(UsageError);
        await refused.toThrow(/got one of more than 8 bits, expected integers from -128 to 127$/);
      }
      const order = Uint8Array.from({ length: 32 }, () => 255);
      for (const rs of [[], zeros(2), [order], [new Uint8Array(31)], [1], undefined]) {
        await expect(commit(Int32Array.of(1), 8, rs)).rejects.toThrow(UsageError);
      }
      for (const bits of [0, 33, 8.5]) {
        await expect(commit(Int32Array.of(0), bits, zeros(1))).rejects.toThrow(UsageError);
      }
      for (const values of [[1], Uint32Array.of(1), new Int32Array(0), undefined]) {
        await expect(commit(values, 8, zeros(1))).rejects.toThrow(UsageError);
      }
    }
    const few = await commitmentBases(3);
    const tooMany = commitVector(few, new Int32Array(4), 8, zeros(1));
    await expect(tooMany).rejects.toThrow(/expected commitmentBases\(4\)/);
    const fake = { count: 9, chunkValues: 9, transparent: true, engine: 'noble' } as const;
    await expect(commitVector(fake, new Int32Array(4), 8, zeros(1))).rejects.toThrow(UsageError);
  });
});

describe('addCommitments', () => {
  test('adds what was committed to, under the sum of the blindings', async () => {
    for (const bases of all) {
      const vectors = [0, 1, 2].map((salt) => vector(4_100, 16, salt));
      const rs = vectors.map(() => [freshBlinding(), freshBlinding()]);
      const commitments = await Promise.all(
        vectors.map((values, i) => commitVector(bases, values, 16, rs[i] as Uint8Array[])),
      );
      const sum = Int32Array.from({ length: 4_100 }, (_, j) =>
        vectors.reduce((total, values) => total + (values[j] as number), 0),
      );
      const blinding = [0, 1].map((c) => addBlindings(...rs.map((one) => one[c] as Uint8Array)));
      expect(addCommitments(commitments)).toEqual(await commitVector(bases, sum, 18, blinding));
    }
  });

  test('gives zeros for infinity, and refuses bytes that are no commitments', async () => {
    const [bases] = all as [CommitmentBases];
    const [one, minus] = await Promise.all(
      [1, -1].map((x) => commitVector(bases, Int32Array.of(x), 8, zeros(1))),
    );
    const c = one as Uint8Array;
    expect(addCommitments([c])).toEqual(c);
    expect(addCommitments([c, minus as Uint8Array])).toEqual(new Uint8Array(64));
    expect(() => addCommitments([])).toThrow(UsageError);
    const flipped = Uint8Array.from(c, (byte, i) => (i === 40 ? byte ^ 4 : byte));
    for (const other of [flipped, c.subarray(1), new Uint8Array(64), new Uint8Array(128)]) {
      expect(() => addCommitments([c, other])).toThrow(CodecError);
    }
    expect(() => addCommitments([new Uint8Array(0)])).toThrow(CodecError);
  });
});

describe('commitmentBases', () => {
  test('never change: a commitment of today opens in years', async () => {
    const rs = [Uint8Array.from({ length: 32 }, (_, i) => (i === 31 ? 7 : 0))];
    for (const bases of all) {
      const bytes = await commitVector(bases, Int32Array.of(1, -2, 3), 8, rs);
      expect(Buffer.from(bytes).toString('hex')).toMatchInlineSnapshot(
        `"079fc366e41b205eee3eeed3ecdd605b49897ebbaad3535bc9aac572c4f2aefb1606addba76f00a9386b589a8c087b11a5492495448511da60006e117c5010eb"`,
      );
    }
  });

  test('makes what is needed, tells how far it is, and can be stopped', async () => {
    expect((await commitmentBases(3)).count).toBe(3);
    expect((await commitmentBases(1e6, { curve })).count).toBe(CHUNK_VALUES);
    for (const length of [0, -1, 1.5, Number.NaN]) {
      await expect(commitmentBases(length)).rejects.toThrow(UsageError);
      expect(() => chunkCount(length)).toThrow(UsageError);
    }
    const stopped = commitmentBases(10, { signal: AbortSignal.abort(new Error('enough')) });
    await expect(stopped).rejects.toThrow('enough');
    expect((await commitmentBases(10)).count).toBe(10);
  });
});
