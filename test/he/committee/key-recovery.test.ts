/**
 * Li and Micciancio, On the Security of Homomorphic Encryption on Approximate Numbers (2021): whoever
 * knows a ciphertext and its exact decryption solves c0 + c1·s = x for s. It works on an unflooded
 * decryption, which only the test's own door gives, and not on what is released.
 *
 * Decoded reals are only half of x: R = x + x̄, where x̄ is x with X^−1 for X. So two results are needed:
 * in NTT form x̄ has the values of x backwards, and each pair of places has two unknowns and two equations.
 */
import { beforeAll, expect, test } from 'vitest';
import { type Polynomials, polynomials } from '../../../src/he/blob.ts';
import { beginOpening, realCombiner } from '../../../src/he/committee/index.ts';
import { addInto, inverseOf, type Words } from '../../../src/he/committee/modular.ts';
import { forTestingOnlyPartialOpen } from '../../../src/he/committee/opening.ts';
import { oracleOf, primesOf } from '../../../src/he/committee/oracle.ts';
import { contextFor } from '../../../src/he/context.ts';
import { liveHandles, type Seal } from '../../../src/he/handles.ts';
import { encoderOf, plaintextOf } from '../../../src/he/objects.ts';
import { decodeReals, encodeInto, loadWordsInto, wordBytes } from '../../../src/he/operations.ts';
import { planEncryptedSum } from '../../../src/he/plan.ts';
import { openSeal } from '../../../src/he/seal.ts';
import { dice } from '../support.ts';
import { bigsOf, clientOf, type Made, makeCommittee, type Pair, partsOf } from './support.ts';

const plan = planEncryptedSum({
  clients: 10,
  length: 6_000,
  clip: 1,
  precision: 1e-4,
  keys: { members: 3 },
  scheme: 'ckks',
});
const { set } = plan;
const ACTIVE = [0, 2];

let seal: Seal;
beforeAll(async () => {
  seal = await openSeal();
});

/** s = (x − c0)/c1, residue by residue. */
function recovered({ first, mask }: Pair, opened: Words): Words {
  const out: Words = new Uint32Array(opened.length);
  const [c0, c1, x, s] = [first.words, mask.words, opened, out].map(bigsOf) as [
    BigUint64Array,
    BigUint64Array,
    BigUint64Array,
    BigUint64Array,
  ];
  primesOf(set).data.forEach(({ value }, row) => {
    for (let i = row * set.degree; i < (row + 1) * set.degree; i++) {
      const product = (x[i] as bigint) + value - (c0[i] as bigint);
      s[i] = (product * inverseOf(c1[i] as bigint, value)) % value;
    }
  });
  return out;
}

/** s from the reals of two results, each twice as R at the same scale. */
function recoveredFromReals(pairs: readonly Pair[], results: readonly Words[]): Words {
  const out: Words = new Uint32Array((results[0] as Words).length);
  const s = bigsOf(out);
  const n = set.degree;
  primesOf(set).data.forEach(({ value }, row) => {
    for (let i = 0; i < n / 2; i++) {
      const [here, there] = [row * n + i, row * n + n - 1 - i];
      // a·s + b·s̄ = k for each of the two.
      const [[a, b, k], [c, d, l]] = pairs.map(({ first, mask }, j) => {
        const [c0, c1, r] = [first.words, mask.words, results[j] as Words].map(bigsOf);
        const at = (of: BigUint64Array | undefined, place: number): bigint =>
          (of as BigUint64Array)[place] as bigint;
        return [at(c1, here), at(c1, there), at(r, here) - at(c0, here) - at(c0, there)];
      }) as [[bigint, bigint, bigint], [bigint, bigint, bigint]];
      const inverse = inverseOf(a * d - b * c, value);
      s[here] = BigInt.asUintN(64, ((((k * d - b * l) * inverse) % value) + value) % value);
      s[there] = BigInt.asUintN(64, ((((a * l - k * c) * inverse) % value) + value) % value);
    }
  });
  return out;
}

/** R of a result of reals, if nothing was lost. */
function encodedAgain(released: Float64Array, scale: number): Words {
  using context = contextFor(seal, set);
  using encoder = encoderOf(context);
  using plaintext = plaintextOf(seal);
  encodeInto(plaintext, encoder, released, 2 * scale);
  return new Uint32Array(wordBytes(plaintext).slice().buffer);
}

/** The greatest error when this key opens a fresh ciphertext. */
function errorWith(secret: Words, made: Made): number {
  using client = clientOf(seal, set, made.publicKey);
  const values = Float64Array.from({ length: set.places }, (_, i) => Math.cos(i));
  const { first, mask } = client.reals(values, 2 ** 40);
  const pair = polynomials(first.words.length);
  pair.words.set(first.words);
  pair.words.set(mask.words, first.words.length);
  using oracle = oracleOf(seal, set, secret);
  const opened = polynomials(first.words.length / 2);
  opened.words.set(oracle.evaluate(pair));
  using encoder = encoderOf(client.context);
  using plaintext = plaintextOf(seal);
  loadWordsInto(plaintext, client.context, client.context.data.parmsId, opened, 2 ** 40);
  const got = decodeReals(encoder, plaintext);
  return values.reduce((most, value, i) => Math.max(most, Math.abs((got[i] as number) - value)), 0);
}

/** All parts of these ciphertexts, by the door of tests. */
const unflooded = (made: Made, pairs: readonly Pair[]): readonly (readonly Polynomials[])[] => {
  const byMember = ACTIVE.map((member) => {
    using opening = beginOpening(seal, plan, made.shareOf(member), ACTIVE);
    return pairs.map(({ mask }) => forTestingOnlyPartialOpen(opening, mask, () => {}));
  });
  return pairs.map((_, i) => byMember.map((parts) => parts[i] as Polynomials));
};

/** The polynomial that the coordinator has before it decodes. */
function summed(first: Polynomials, parts: readonly Polynomials[]): Words {
  const out = first.words.slice();
  for (const { words } of parts) addInto(out, primesOf(set).data, words);
  return out;
}

/** Two ciphertexts of reals. */
const fresh = (made: Made, scale: number): readonly [Pair, Pair] => {
  using client = clientOf(seal, set, made.publicKey);
  const roll = dice(4);
  const one = (): Pair =>
    client.reals(
      Float64Array.from({ length: set.places }, () => roll() / 2 ** 31 - 1),
      scale,
    );
  return [one(), one()];
};

/** What reals give away. */
function attacked(
  pairs: readonly Pair[],
  parts: readonly (readonly Polynomials[])[],
  scaleBits: number,
): Words {
  using combiner = realCombiner(seal, { set, scaleBits, fields: 1, fieldBits: 0 }, ACTIVE.length);
  const results = pairs.map(({ first }, i) =>
    encodedAgain(combiner.combine(first, parts[i] as readonly Polynomials[]), 2 ** scaleBits),
  );
  return recoveredFromReals(pairs, results);
}

test('succeeds on unflooded results, from their reals alone', () => {
  {
    const made = makeCommittee(seal, set, { members: 3, threshold: 2 });
    const pairs = fresh(made, 2 ** 40);
    const secret = attacked(pairs, unflooded(made, pairs), 40);
    expect(secret).toEqual(made.secret);
    expect(errorWith(secret, made)).toBeLessThan(1e-6);
  }
  expect(liveHandles(seal)).toBe(0);
});

test('fails on released results, even with all that the coordinator has', () => {
  {
    const made = makeCommittee(seal, set, { members: 3, threshold: 2 });
    const pairs = fresh(made, 2 ** plan.scaleBits);
    const [pair] = pairs;
    // At this scale, too, the coordinator's words would give the key away without flooding.
    const [bare] = unflooded(made, pairs);
    expect(recovered(pair, summed(pair.first, bare as readonly Polynomials[]))).toEqual(
      made.secret,
    );

    const masks = pairs.map(({ mask }) => mask);
    const parts = partsOf(seal, plan, made, ACTIVE, masks);
    for (const secret of [
      attacked(pairs, parts, plan.scaleBits),
      recovered(pair, summed(pair.first, parts[0] as readonly Polynomials[])),
    ]) {
      const right = bigsOf(secret).filter((x, i) => x === bigsOf(made.secret)[i]).length;
      expect(right).toBeLessThan(2);
      expect(errorWith(secret, made)).toBeGreaterThan(1);
    }
    expect(errorWith(made.secret, made)).toBeLessThan(1e-6);
  }
  expect(liveHandles(seal)).toBe(0);
});
