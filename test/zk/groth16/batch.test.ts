/** Many proofs at once: the culprits are named, and errors that cancel do not. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PairingBackend } from '../../../src/zk/groth16/backend.ts';
import { equationsHold } from '../../../src/zk/groth16/equations.ts';
import { insecureVerifyingKeyForTestingOnly, verifyingKey } from '../../../src/zk/groth16/key.ts';
import {
  type ProofParts,
  readKey,
  splitProof,
  writeProof,
} from '../../../src/zk/groth16/layout.ts';
import { readG1 as decodeG1, readG2 as decodeG2 } from '../../../src/zk/groth16/points.ts';
import { type Groth16Item, verifyBatch, verifyGroth16 } from '../../../src/zk/groth16/verify.ts';
import { G1, g1Bytes, readG1, simulated, trapdoor, trapdoorKey } from '../../reference/groth16.ts';
import { backends, flipped, item, items, keyBytes } from './support.ts';

const counted = (backend: PairingBackend): { readonly backend: PairingBackend; count: number } => {
  const state = {
    backend: {
      ...backend,
      isOne: (factors: Parameters<PairingBackend['isOne']>[0]) => {
        state.count++;
        return backend.isOne(factors);
      },
    },
    count: 0,
  };
  return state;
};

/** (A, B, C + D) for a point D. */
function shifted({ publics, proof }: Groth16Item, by: typeof G1.BASE): Groth16Item {
  const { a, b, c } = splitProof(proof) as ProofParts;
  return { publics, proof: writeProof({ a, b, c: g1Bytes(readG1(c).add(by)) }) };
}

describe.each(backends)('on $name', (backend) => {
  const key = verifyingKey(keyBytes, backend);

  test('valid ones pass together; none is valid', () => {
    expect(verifyBatch(key, items)).toEqual({ valid: true });
    expect(verifyBatch(key, items.slice(0, 1))).toEqual({ valid: true });
    expect(verifyBatch(key, [])).toEqual({ valid: true });
    expect(verifyBatch(key, [item, item, item])).toEqual({ valid: true });
  });

  test('more than are held in memory at once', () => {
    const many = Array.from({ length: 130 }, (_, i) => items[i % items.length] as Groth16Item);
    expect(verifyBatch(key, many)).toEqual({ valid: true });
    for (const index of [63, 64, 129]) {
      const bad = many.with(index, { ...item, publics: [1n, 2n, 3n, 4n] });
      const equation = { index, reason: 'equation' };
      expect(verifyBatch(key, bad)).toEqual({ valid: false, culprits: [equation] });
    }
  });

  test('a valid batch costs one final exponentiation', () => {
    const state = counted(backend);
    const own = verifyingKey(keyBytes, state.backend);
    expect(verifyBatch(own, items)).toEqual({ valid: true });
    expect(state.count).toBe(1);
  });

  test('errors that cancel in a plain product do not cancel here', () => {
    const [first, second, ...others] = items as [Groth16Item, Groth16Item, ...Groth16Item[]];
    const bad = [shifted(first, G1.BASE), shifted(second, G1.BASE.negate())];
    for (const { publics, proof } of bad)
      expect(verifyGroth16(key, publics, proof).valid).toBe(false);
    // Without random exponents the two make up for each other.
    const equations = bad.map(({ publics, proof }) => equationFor(backend, publics, proof));
    expect(equationsHold(backend, equations, [1n, 1n])).toBe(true);
    expect(equationsHold(backend, equations, [1n, 2n])).toBe(false);
    expect(verifyBatch(key, [...bad, ...others])).toEqual({
      valid: false,
      culprits: [
        { index: 0, reason: 'equation' },
        { index: 1, reason: 'equation' },
      ],
    });
  });

  test('the powers are fresh each time', () => {
    const scalars: bigint[] = [];
    const spy: PairingBackend = {
      ...backend,
      combine: (points, values) => {
        if (points.length === 1) scalars.push(values[0] as bigint);
        return backend.combine(points, values);
      },
    };
    const own = verifyingKey(keyBytes, spy);
    const two = items.slice(0, 2);
    for (let i = 0; i < 3; i++) expect(verifyBatch(own, two)).toEqual({ valid: true });
    const large = scalars.filter((value) => value > 2n ** 96n);
    expect(large.length).toBeGreaterThanOrEqual(6);
    expect(new Set(large).size).toBe(large.length);
  });

  test('every culprit is named, with its reason', () => {
    const bad: readonly unknown[] = items.map((good, i) => {
      if (i === 2) return { ...good, publics: [1n, 2n, 3n, 4n] };
      if (i === 3) return { ...good, proof: flipped(good.proof, 257) };
      if (i === 7) return { ...good, publics: [] };
      if (i === 8) return { ...good, proof: item.proof, publics: [9n, 9n, 9n, 9n] };
      if (i === 9) return undefined;
      return good;
    });
    expect(verifyBatch(key, items)).toEqual({ valid: true });
    expect(verifyBatch(key, bad as Groth16Item[])).toEqual({
      valid: false,
      culprits: [
        { index: 2, reason: 'equation' },
        { index: 3, reason: 'point-off-curve' },
        { index: 7, reason: 'publics-count' },
        { index: 8, reason: 'equation' },
        { index: 9, reason: 'publics-malformed' },
      ],
    });
  });

  test('anything in the list gives a verdict', () => {
    fc.assert(
      fc.property(fc.array(fc.anything(), { minLength: 1, maxLength: 4 }), (list) => {
        const verdict = verifyBatch(key, list as Groth16Item[]);
        expect(verdict.valid).toBe(false);
        if (!verdict.valid) expect(verdict.culprits).toHaveLength(list.length);
      }),
    );
    expect(() => verifyBatch(key, 'no list' as never)).toThrow(
      expect.objectContaining({ code: 'wrong-type' }),
    );
  });
});

test('any set of culprits is found, and nobody else', { timeout: 120_000 }, () => {
  // Only the faster back end: the search does not depend on it.
  const secrets = trapdoor(1);
  const state = counted(backends[1] as PairingBackend);
  const key = insecureVerifyingKeyForTestingOnly(trapdoorKey(secrets), state.backend);
  const good = Array.from({ length: 16 }, (_, i) => ({
    publics: [BigInt(i)],
    proof: simulated(secrets, [BigInt(i)], BigInt(50 + i)),
  }));
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 16 }), fc.nat(2 ** 16 - 1), (length, pattern) => {
      const isBad = (i: number): boolean => ((pattern >> i) & 1) === 1;
      const list = good
        .slice(0, length)
        .map((one, i) => (isBad(i) ? { ...one, publics: [BigInt(i + 100)] } : one));
      const culprits = list.flatMap((_, index) =>
        isBad(index) ? [{ index, reason: 'equation' }] : [],
      );
      state.count = 0;
      expect(verifyBatch(key, list)).toEqual(
        culprits.length === 0 ? { valid: true } : { valid: false, culprits },
      );
      // Every list that is tried is a node of a binary tree over the items.
      expect(state.count).toBeLessThan(2 * length);
    }),
    { numRuns: 15 },
  );
});

/** The equation of the fixture's key, put together by hand. */
function equationFor(backend: PairingBackend, publics: readonly bigint[], proof: Uint8Array) {
  const { alpha, beta, gamma, delta, ic } = readKey(keyBytes);
  const { a, b, c } = splitProof(proof) as ProofParts;
  const g1 = (bytes: Uint8Array) => {
    const point = decodeG1(backend, bytes);
    if (typeof point === 'string') throw new Error(point);
    return point;
  };
  const g2 = (bytes: Uint8Array) => {
    const point = decodeG2(backend, bytes);
    if (typeof point === 'string') throw new Error(point);
    return point;
  };
  const [betaLines, gammaLines, deltaLines] = [beta, gamma, delta].map((q) => backend.lines(g2(q)));
  const [first, ...rest] = ic.map(g1);
  if (!betaLines || !gammaLines || !deltaLines || !first) throw new Error('no key');
  return {
    pair: [backend.negate(g1(a)), g2(b)] as const,
    terms: [
      { lines: betaLines, point: g1(alpha), scalar: 1n },
      { lines: gammaLines, point: first, scalar: 1n },
      ...rest.map((point, k) => ({ lines: gammaLines, point, scalar: publics[k] as bigint })),
      { lines: deltaLines, point: g1(c), scalar: 1n },
    ],
  };
}
