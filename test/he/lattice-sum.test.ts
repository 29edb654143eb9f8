/** Running sums without SEAL: the same words as SEAL's own additions, and nothing changes on bad bytes. */
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { polynomials } from '../../src/he/blob.ts';
import {
  coefficientsOf,
  decodeLattice,
  encodedLatticeLength,
  encodeLattice,
  type LatticeKind,
} from '../../src/he/codec.ts';
import { contextFor } from '../../src/he/context.ts';
import { liveHandles, type Seal } from '../../src/he/handles.ts';
import { ciphertextOf, encoderOf, plaintextOf } from '../../src/he/objects.ts';
import {
  addCiphertextInto,
  decodeReals,
  decryptInto,
  encodeInto,
  encryptInto,
  loadPolynomialsInto,
  polynomialBytes,
} from '../../src/he/operations.ts';
import {
  dataPrimes,
  type ParameterSet,
  parameterSet,
  parameterSets,
} from '../../src/he/parameters.ts';
import { openSeal } from '../../src/he/seal.ts';
import { addInto, adoptCiphertext, openLatticeSum, sumOf } from '../../src/he/sum/lattice-sum.ts';
import { decrypted, dice, encrypted, workshop } from './support.ts';

const KINDS: readonly LatticeKind[] = [
  'ciphertext',
  'mask',
  'public-key',
  'key-share',
  'decryption-share',
];
const HEAD = 40;
const roundId = Uint8Array.from({ length: 32 }, (_, i) => 200 - i);
const primesOf = (set: ParameterSet, kind: LatticeKind): readonly bigint[] =>
  kind === 'public-key' || kind === 'key-share' ? set.primes : dataPrimes(set);

/** Random residues of a kind, some of them as great as can be. */
function residues(set: ParameterSet, kind: LatticeKind, roll: () => number): BigUint64Array {
  const primes = primesOf(set, kind);
  return BigUint64Array.from({ length: coefficientsOf(set, kind) }, (_, i) => {
    const prime = primes[Math.floor(i / set.degree) % primes.length] as bigint;
    return roll() % 5 === 0 ? prime - 1n : ((BigInt(roll()) << 32n) | BigInt(roll())) % prime;
  });
}

const wire = (set: ParameterSet, kind: LatticeKind, index: number, words: BigUint64Array) =>
  encodeLattice({ set, kind, roundId, index }, new Uint8Array(words.buffer));
const wide = ({ words }: { readonly words: Uint32Array }): BigUint64Array =>
  new BigUint64Array(words.slice().buffer);
const codeOf = (call: () => unknown): string => {
  try {
    call();
  } catch (error) {
    return `${(error as Error).name} ${(error as { code: string }).code}`;
  }
  return 'none';
};

let seal: Seal;
beforeAll(async () => {
  seal = await openSeal();
});

const cases = parameterSets.flatMap((set) => KINDS.map((kind) => ({ set, kind, name: set.name })));

test.each(cases)('$kind of $name: sums are those in bigint, place by place', ({ set, kind }) => {
  const roll = dice(set.id);
  const primes = primesOf(set, kind);
  using sum = openLatticeSum(set, kind, roundId, 3);
  const expected = Array.from({ length: 3 }, () => new BigUint64Array(coefficientsOf(set, kind)));
  expect(wide(sumOf(sum, 2))).toEqual(expected[2]);
  for (const index of [0, 2, 0, 0, 2]) {
    const words = residues(set, kind, roll);
    const place = expected[index] as BigUint64Array;
    words.forEach((word, i) => {
      const prime = primes[Math.floor(i / set.degree) % primes.length] as bigint;
      place[i] = ((place[i] as bigint) + word) % prime;
    });
    addInto(sum, index, wire(set, kind, index, words));
  }
  expected.forEach((place, index) => {
    expect(wide(sumOf(sum, index))).toEqual(place);
  });
});

describe('bad bytes', () => {
  const set = parameterSet('approximate-committee-4096');
  const [ROWS, WIDTH] = [4, 6];
  const roll = dice(9);
  const words = residues(set, 'ciphertext', roll);
  const good = wire(set, 'ciphertext', 1, words);
  const before = wire(set, 'ciphertext', 1, residues(set, 'ciphertext', roll));
  const other = wire(set, 'ciphertext', 0, words);

  test('leave every sum as it was, byte by byte, wherever the fault is', () => {
    using sum = openLatticeSum(set, 'ciphertext', roundId, 2);
    addInto(sum, 0, other);
    addInto(sum, 1, before);
    const kept = [wide(sumOf(sum, 0)), wide(sumOf(sum, 1))];
    // All ones in a place of the coefficients, another byte in the head, a length, zeros in a row.
    const faults = fc.oneof(
      fc.nat(ROWS * set.degree - 1).map((place) => ({ fill: 0xff, place, size: 1 })),
      fc.nat(ROWS - 1).map((row) => ({ fill: 0, place: row * set.degree, size: set.degree })),
      fc.record({ at: fc.nat(HEAD - 1), flip: fc.integer({ min: 1, max: 255 }) }),
      fc.record({ length: fc.nat(good.length - 1) }),
    );
    fc.assert(
      fc.property(faults, (fault) => {
        const bytes = 'length' in fault ? good.slice(0, fault.length) : good.slice();
        if ('flip' in fault) bytes[fault.at] = (bytes[fault.at] as number) ^ fault.flip;
        if ('fill' in fault) {
          const start = HEAD + WIDTH * fault.place;
          bytes.fill(fault.fill, start, start + WIDTH * fault.size);
        }
        expect(codeOf(() => addInto(sum, 1, bytes))).toMatch(/^CodecError /);
      }),
      { numRuns: 300 },
    );
    expect([wide(sumOf(sum, 0)), wide(sumOf(sum, 1))]).toEqual(kept);
    // And what is good is still added.
    addInto(sum, 1, good);
    expect(wide(sumOf(sum, 1))).not.toEqual(kept[1]);
  });

  test('have the codes of decodeLattice', () => {
    using sum = openLatticeSum(set, 'ciphertext', roundId, 2);
    const expected = { set, kind: 'ciphertext', roundId, index: 1 } as const;
    const flipped = (at: number): Uint8Array => {
      const bytes = good.slice();
      bytes[at] = (bytes[at] as number) ^ 1;
      return bytes;
    };
    const longer = new Uint8Array(good.length + 1);
    const zero = good.slice().fill(0, HEAD, HEAD + WIDTH * set.degree);
    const high = good.slice().fill(0xff, HEAD, HEAD + WIDTH);
    const bad = [good.subarray(1), longer, zero, high, other];
    for (const bytes of [...bad, ...Array.from({ length: HEAD }, (_, at) => flipped(at))]) {
      const code = codeOf(() => decodeLattice(expected, bytes));
      expect(code).not.toBe('none');
      expect(codeOf(() => addInto(sum, 1, bytes))).toBe(code);
    }
    expect(wide(sumOf(sum, 1)).every((word) => word === 0n)).toBe(true);
  });
});

test("the caller's own mistakes are UsageErrors, and a disposed sum is wiped and refuses", () => {
  const set = parameterSet('exact-2048');
  const open = (...change: readonly unknown[]) =>
    codeOf(() => (openLatticeSum as (...all: readonly unknown[]) => unknown)(...change));
  expect(open({ ...set }, 'mask', roundId, 1)).toBe('UsageError wrong-type');
  expect(open(set, 'toString', roundId, 1)).toBe('UsageError wrong-type');
  expect(open(set, 'mask', roundId.subarray(1), 1)).toBe('UsageError wrong-length');
  expect(open(set, 'mask', roundId, 0)).toBe('UsageError out-of-range');
  expect(open(set, 'mask', roundId, 2 ** 20 + 1)).toBe('UsageError out-of-range');

  const sum = openLatticeSum(set, 'mask', roundId, 1);
  const bytes = wire(set, 'mask', 0, residues(set, 'mask', dice(1)));
  addInto(sum, 0, bytes);
  expect(codeOf(() => addInto(sum, 1, bytes))).toBe('UsageError out-of-range');
  expect(codeOf(() => addInto(sum, 0, 'bytes' as never))).toBe('UsageError wrong-type');
  expect(codeOf(() => sumOf(sum, -1))).toBe('UsageError out-of-range');
  const copy = wide(sumOf(sum, 0));
  sum[Symbol.dispose]();
  sum[Symbol.dispose]();
  expect(codeOf(() => addInto(sum, 0, bytes))).toBe('UsageError disposed');
  expect(codeOf(() => sumOf(sum, 0))).toBe('UsageError disposed');
  expect(copy.some((word) => word !== 0n)).toBe(true);
});

describe('with SEAL', () => {
  test.each(parameterSets.filter(({ scheme }) => scheme === 'bfv'))(
    "$name: words are those of SEAL's additions, and open to the sum",
    (set) => {
      {
        using shop = workshop(seal, set);
        const { context, evaluator } = shop;
        using sum = openLatticeSum(set, 'ciphertext', roundId, 2);
        using theirs = ciphertextOf(seal);
        const roll = dice(set.id);
        const total = new Array<number>(set.degree).fill(0);
        for (let client = 0; client < 20; client++) {
          const values = total.map(() => roll() >>> 12);
          values.forEach((value, i) => {
            total[i] = (total[i] as number) + value;
          });
          using fresh = encrypted(shop, values);
          const bytes = polynomialBytes(fresh, context.data).slice();
          addInto(sum, 1, encodeLattice({ set, kind: 'ciphertext', roundId, index: 1 }, bytes));
          const copy = polynomials(coefficientsOf(set, 'ciphertext'));
          copy.area.set(bytes, copy.area.length - bytes.length);
          using term = ciphertextOf(seal);
          loadPolynomialsInto(client === 0 ? theirs : term, context, context.data, copy);
          if (client > 0) addCiphertextInto(theirs, evaluator, term);
        }
        using ours = adoptCiphertext(context, sum, 1);
        expect(polynomialBytes(ours, context.data)).toEqual(polynomialBytes(theirs, context.data));
        expect(decrypted(shop, ours)).toEqual(total);
      }
      expect(liveHandles(seal)).toBe(0);
    },
  );

  test('a sum of reals is adopted at its scale', () => {
    {
      const set = parameterSet('approximate-committee-8192');
      using shop = workshop(seal, set);
      using encoder = encoderOf(shop.context);
      using plaintext = plaintextOf(seal);
      using fresh = ciphertextOf(seal);
      using sum = openLatticeSum(set, 'ciphertext', roundId, 1);
      const values = Float64Array.from({ length: encoder.slots }, (_, i) => Math.sin(i));
      encodeInto(plaintext, encoder, values, 2 ** 50);
      for (let client = 0; client < 3; client++) {
        encryptInto(fresh, shop.encryptor, plaintext);
        const bytes = polynomialBytes(fresh, shop.context.data);
        addInto(sum, 0, encodeLattice({ set, kind: 'ciphertext', roundId, index: 0 }, bytes));
      }
      using ours = adoptCiphertext(shop.context, sum, 0, 2 ** 50);
      decryptInto(plaintext, shop.decryptor, ours);
      const worst = decodeReals(encoder, plaintext).reduce(
        (most, value, i) => Math.max(most, Math.abs(value - 3 * (values[i] as number))),
        0,
      );
      expect(worst).toBeLessThan(1e-9);
    }
    expect(liveHandles(seal)).toBe(0);
  });

  test('only ciphertexts of the set of the context are adopted', () => {
    {
      const set = parameterSet('exact-4096');
      using context = contextFor(seal, set);
      using foreign = contextFor(seal, parameterSet('exact-2048'));
      using masks = openLatticeSum(set, 'mask', roundId, 1);
      using sum = openLatticeSum(set, 'ciphertext', roundId, 1);

      expect(codeOf(() => adoptCiphertext(context, masks, 0))).toBe('UsageError wrong-type');
      expect(codeOf(() => adoptCiphertext(foreign, sum, 0))).toBe('UsageError wrong-type');
      expect(codeOf(() => adoptCiphertext(context, sum, 1))).toBe('UsageError out-of-range');
    }
    expect(liveHandles(seal)).toBe(0);
  });
});

test('adding takes no memory', () => {
  const set = parameterSet('exact-committee-8192');
  using sum = openLatticeSum(set, 'ciphertext', roundId, 4);
  const object = wire(set, 'ciphertext', 3, residues(set, 'ciphertext', dice(3)));
  expect(object.length).toBe(encodedLatticeLength(set, 'ciphertext'));
  addInto(sum, 3, object);
  const { arrayBuffers } = process.memoryUsage();
  for (let i = 0; i < 2_000; i++) addInto(sum, 3, object);
  // One copy of an object a call would be 500 MB.
  expect(process.memoryUsage().arrayBuffers - arrayBuffers).toBeLessThan(2 ** 20);
});
