/** Keys of members: what they are made of, what is refused, and what is wiped. */
import { inspect } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { ProtocolError, UsageError, VeilsumError } from '../../../src/errors.ts';
import { type Polynomials, polynomials } from '../../../src/he/blob.ts';
import { coefficientsOf, decodeLattice, encodeLattice } from '../../../src/he/codec.ts';
import {
  beginMemberKey,
  beginOpening,
  bytesOf,
  checkReveal,
  collectivePublicKey,
  commitmentOf,
  commonPolynomial,
  dealSecret,
  type MemberKey,
  type MemberShare,
  MOST_MEMBERS,
  type Opening,
  partialOpen,
  receiveDealt,
} from '../../../src/he/committee/index.ts';
import { forTestingOnlySecretOf } from '../../../src/he/committee/member-key.ts';
import { addInto } from '../../../src/he/committee/modular.ts';
import { primesOf, transformerOf } from '../../../src/he/committee/oracle.ts';
import { liveHandles, type Seal } from '../../../src/he/handles.ts';
import { parameterSet, parameterSets } from '../../../src/he/parameters.ts';
import { planEncryptedSum } from '../../../src/he/plan.ts';
import { openSeal } from '../../../src/he/seal.ts';
import { bigsOf, copyOf, makeCommittee } from './support.ts';

const set = parameterSet('approximate-committee-4096');
const seed = new Uint8Array(32).fill(3);
const sets = parameterSets.filter(({ keys }) => keys === 'committee');

let seal: Seal;
beforeAll(async () => {
  seal = await openSeal();
});

const codeOf = (call: () => unknown): string => {
  try {
    call();
  } catch (error) {
    if (error instanceof VeilsumError) return error.code;
    throw error;
  }
  return 'none';
};

describe('the common polynomial', () => {
  test.each(sets)('of $name is that of its seed, below its primes, and looks uniform', (one) => {
    const a = commonPolynomial(one, seed);
    expect(commonPolynomial(one, seed).words).toEqual(a.words);
    expect(commonPolynomial(one, new Uint8Array(32)).words).not.toEqual(a.words);
    one.primes.forEach((prime, row) => {
      const values = bigsOf(a.words).subarray(row * one.degree, (row + 1) * one.degree);
      expect(values.every((x) => x < prime)).toBe(true);
      const mean = values.reduce((sum, x) => sum + Number(x) / Number(prime), 0) / one.degree;
      expect(Math.abs(mean - 0.5)).toBeLessThan(6 * Math.sqrt(1 / 12 / one.degree));
    });
  });

  test('has one form for all time', () => {
    const first = Array.from(bigsOf(commonPolynomial(set, seed).words).subarray(0, 3));
    expect(first).toMatchInlineSnapshot(`
      [
        859705362500n,
        12607170729157n,
        10977382950300n,
      ]
    `);
  });

  test('refuses sets for key holders, and seeds of other lengths', () => {
    expect(codeOf(() => commonPolynomial(parameterSet('exact-4096'), seed))).toBe('wrong-type');
    expect(codeOf(() => commonPolynomial(set, new Uint8Array(31)))).toBe('wrong-length');
  });
});

test.each(sets)(
  'a part of the key of $name is −a·s − e: s ternary, e small as noise bounds say',
  (one) => {
    {
      using key = beginMemberKey(seal, one, seed);
      using transformer = transformerOf(seal, one);
      const { data } = primesOf(one);
      const secret = bigsOf(forTestingOnlySecretOf(key));
      const a = bigsOf(commonPolynomial(one, seed).words);
      const b = bigsOf(key.share.words);
      const count = coefficientsOf(one, 'mask');
      const pair = polynomials(2 * count);
      const words = bigsOf(pair.words);
      for (let i = 0; i < count; i++) {
        const { value } = data[Math.floor(i / one.degree)] as { value: bigint };
        words[i] = secret[i] as bigint;
        words[count + i] = ((b[i] as bigint) + (a[i] as bigint) * (secret[i] as bigint)) % value;
      }
      const back = bigsOf(transformer.transform(pair, 'from-ntt'));
      data.forEach(({ value }, row) => {
        const centred = (from: number): number[] =>
          Array.from(back.subarray(from, from + one.degree), (x) =>
            Number(2n * x > value ? x - value : x),
          );
        const s = centred(row * one.degree);
        expect(s.every((x) => Math.abs(x) <= 1)).toBe(true);
        const ones = s.filter((x) => x !== 0).length / one.degree;
        expect(Math.abs(ones - 2 / 3)).toBeLessThan(0.05);
        const e = centred(count + row * one.degree);
        expect(e.every((x) => Math.abs(x) <= 21)).toBe(true);
        const variance = e.reduce((sum, x) => sum + x * x, 0) / one.degree;
        expect(Math.abs(variance - 10.5)).toBeLessThan(10.5 * 6 * Math.sqrt(2 / one.degree));
      });
    }
    expect(liveHandles(seal)).toBe(0);
  },
);

describe('the collective key', () => {
  const roundId = new Uint8Array(32).fill(9);
  const parts = (n: number): Polynomials[] =>
    Array.from({ length: n }, () => {
      using key = beginMemberKey(seal, set, seed);
      return key.share;
    });

  test('is revealed only as committed', () => {
    const [part] = parts(1) as [Polynomials];
    const bytes = encodeLattice({ kind: 'key-share', set, roundId, index: 4 }, bytesOf(part));
    const commitment = commitmentOf(roundId, 4, bytes);
    expect(commitment.length).toBe(32);
    expect(checkReveal(commitment, roundId, 4, bytes)).toBe(true);
    expect(checkReveal(commitment, roundId, 5, bytes)).toBe(false);
    expect(checkReveal(commitment, new Uint8Array(32), 4, bytes)).toBe(false);
    expect(checkReveal(commitment.subarray(1), roundId, 4, bytes)).toBe(false);
    bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
    expect(checkReveal(commitment, roundId, 4, bytes)).toBe(false);
  });

  test('refuses parts that are zero, the same, too few or of another set', () => {
    const two = parts(2) as [Polynomials, Polynomials];
    const collective = collectivePublicKey(set, two, seed);
    const wire = { kind: 'public-key', set, roundId, index: 0 } as const;
    expect(decodeLattice(wire, encodeLattice(wire, bytesOf(collective))).words).toEqual(
      collective.words,
    );
    const zero = polynomials(coefficientsOf(set, 'key-share'));
    const row = copyOf(two[1]);
    row.words.fill(0, 2 * set.degree, 4 * set.degree);
    for (const bad of [zero, row, copyOf(two[0])]) {
      let caught: unknown;
      try {
        collectivePublicKey(set, [two[0], bad], seed);
      } catch (error) {
        caught = error;
      }
      expect(caught).toBeInstanceOf(ProtocolError);
      expect(caught).toMatchObject({ code: 'bad-key', details: { member: 1 } });
    }
    expect(codeOf(() => collectivePublicKey(set, [two[0]], seed))).toBe('out-of-range');
    const short = polynomials(coefficientsOf(set, 'mask'));
    expect(codeOf(() => collectivePublicKey(set, [two[0], short], seed))).toBe('wrong-length');
  });
});

describe('secrets', () => {
  const committee = { members: 3, threshold: 2 };
  const plan = planEncryptedSum({
    clients: 3,
    length: 6_000,
    clip: 1,
    precision: 1e-3,
    keys: { members: 3 },
    scheme: 'ckks',
  });
  const { set } = plan;
  const isZero = (words: Uint32Array | Uint8Array): boolean => words.every((x) => x === 0);

  test('are wiped when they are spent or disposed of, and refuse to be used again', () => {
    const key: MemberKey = beginMemberKey(seal, set, seed);
    const secret = forTestingOnlySecretOf(key);
    expect(inspect(key)).not.toContain('secret');
    expect(isZero(secret)).toBe(false);
    const dealt = dealSecret(key, committee);
    expect(isZero(secret)).toBe(true);
    expect(dealt.length).toBe(3);
    expect(codeOf(() => dealSecret(key, committee))).toBe('state-spent');

    const unused = beginMemberKey(seal, set, seed);
    const other = forTestingOnlySecretOf(unused);
    unused[Symbol.dispose]();
    unused[Symbol.dispose]();
    expect(isZero(other)).toBe(true);
    expect(codeOf(() => dealSecret(unused, committee))).toBe('state-spent');

    // Received shares are wiped, even where they are refused.
    const received = dealt.map(copyOf);
    expect(codeOf(() => receiveDealt(set, committee, 0, received.slice(1)))).toBe('wrong-length');
    expect(received.map(({ words }) => isZero(words))).toEqual([false, true, true]);
    const twice = dealt.map(copyOf);
    const same = [twice[0], twice[1], twice[1]] as Polynomials[];
    expect(codeOf(() => receiveDealt(set, committee, 0, same))).toBe('duplicate-id');
    expect(codeOf(() => receiveDealt(set, committee, 3, dealt.map(copyOf)))).toBe('out-of-range');
    const again = dealt.map(copyOf);
    const share = receiveDealt(set, committee, 0, again);
    expect(again.every(({ area }) => isZero(area))).toBe(true);
    share[Symbol.dispose]();
    expect(codeOf(() => beginOpening(seal, plan, share, [0, 1]))).toBe('state-spent');
    expect(liveHandles(seal)).toBe(0);
  });

  test('t − 1 shares lie on a polynomial with any constant term; t give the secret', () => {
    const key = beginMemberKey(seal, set, seed);
    const { data } = primesOf(set);
    const before = forTestingOnlySecretOf(key).slice();
    const [one, two] = dealSecret(key, { members: 2, threshold: 2 }) as [Polynomials, Polynomials];
    // Points 1 and 2: f(0) = 2·f(1) − f(2).
    const back = one.words.slice();
    addInto(back, data, one.words);
    addInto(before, data, two.words);
    expect(back).toEqual(before);
    expect(one.words).not.toEqual(two.words);
  });

  test('thresholds and committees that make no sense are refused, and spend nothing', () => {
    using key = beginMemberKey(seal, set, seed);
    for (const bad of [
      { members: 3, threshold: 1 },
      { members: 3, threshold: 4 },
      { members: 1, threshold: 1 },
      { members: MOST_MEMBERS + 1, threshold: 2 },
      { members: 2.5, threshold: 2 },
    ]) {
      expect(codeOf(() => dealSecret(key, bad))).toBe('out-of-range');
    }
    expect(() => forTestingOnlySecretOf(key)).not.toThrow();
  });

  test('an opening is for one active set, with flooding, as often as the plan says', () => {
    {
      const made = makeCommittee(seal, set, committee);
      const share: MemberShare = made.shareOf(1);
      for (const [active, code] of [
        [[0], 'wrong-length'],
        [[0, 1, 2], 'wrong-length'],
        [[1, 0], 'out-of-range'],
        [[1, 1], 'out-of-range'],
        [[0, 2], 'out-of-range'],
        [[1, 3], 'out-of-range'],
        [[-1, 1], 'out-of-range'],
      ] as const) {
        expect(codeOf(() => beginOpening(seal, plan, share, active))).toBe(code);
      }
      for (const flooding of [0, 1, 2 ** 30, Number.NaN, Number.POSITIVE_INFINITY]) {
        expect(() => beginOpening(seal, { ...plan, flooding }, share, [0, 1])).toThrow(UsageError);
      }
      const other = { ...plan, set: parameterSet('exact-committee-8192') };
      expect(codeOf(() => beginOpening(seal, other, share, [0, 1]))).toBe('wrong-type');
      using opening: Opening = beginOpening(seal, plan, share, [0, 1]);
      expect(codeOf(() => beginOpening(seal, plan, share, [1, 2]))).toBe('state-spent');
      const mask = polynomials(coefficientsOf(set, 'mask'));
      expect(codeOf(() => partialOpen(opening, mask))).toBe('malformed');
      mask.words.set(commonPolynomial(set, seed).words.subarray(0, mask.words.length));
      expect(codeOf(() => partialOpen(opening, polynomials(1)))).toBe('wrong-length');
      const answers = Array.from({ length: plan.ciphertexts }, () => partialOpen(opening, mask));
      expect(answers.length).toBeGreaterThan(1);
      expect(answers[0]?.words).not.toEqual(answers[1]?.words);
      expect(codeOf(() => partialOpen(opening, mask))).toBe('state-spent');
      using unused = beginOpening(seal, plan, made.shareOf(2), [1, 2]);
      unused[Symbol.dispose]();
      expect(codeOf(() => partialOpen(unused, mask))).toBe('state-spent');
    }
    expect(liveHandles(seal)).toBe(0);
  });
});
