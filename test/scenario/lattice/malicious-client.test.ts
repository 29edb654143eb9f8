/**
 * A client does not keep to its lattice mask. It can add what it likes, as under any mask, and at most one
 * unit more in a coordinate; a key that is not that of its words kills the sum, which is refused as a whole
 * and gives no value.
 */
import * as coordinator from 'veilsum/coordinator';
import { describe, expect, test } from 'vitest';
import { ProtocolError } from '../../../src/errors.ts';
import { randomBytes } from '../../../src/internal/random.ts';
import {
  openBlock,
  RING_DEGREE,
  ringValues,
  setCode,
  withLatticeBench,
} from '../../../src/kernel/index.ts';
import { codeOf } from '../../../src/lattice/coding.ts';
import { hideVectors, moveTo } from '../../../src/lattice/hiding.ts';
import type { LatticeLayout } from '../../../src/lattice/layout.ts';
import { type HiddenSums, keySumOf } from '../../../src/lattice/opening.ts';
import { Q } from '../../../src/lattice/parameters.ts';
import { polynomialSeed } from '../../../src/lattice/polynomials.ts';
import { ledgerOf } from '../../../src/secagg/coordinator/state.ts';
import type { Terms } from '../../../src/secagg/terms.ts';
import { coordinatorAt } from '../bad-input/recording.ts';
import { textsOf } from '../bad-input/secrets.ts';
import {
  CULPRIT,
  forged,
  formOf,
  inputsOf,
  keyPlace,
  keyVectorIn,
  latticeRound,
  sumOf as sumOfIds,
  untilAnswered,
} from './lattice-round.ts';
import { oneField, openWith, ownUpload, shapeOf, sumOf, sumOfHidden } from './naive-lattice.ts';

/** The field with the widest room between what remainders may be and half a step. */
function roomyField(clients: number, length: number): LatticeLayout {
  const all = Array.from({ length: 64 }, (_, i) =>
    oneField({ clients, length, low: 0, high: Math.round(clients * 10_000 * 2 ** (i / 32)) }),
  );
  const roomOf = (layout: LatticeLayout): number =>
    codeOf(shapeOf(layout)).delta / shapeOf(layout).residualBound;
  return all.sort((a, b) => roomOf(b) - roomOf(a))[0] as LatticeLayout;
}

describe('worst-case remainders', () => {
  const clients = 7;
  const layout = roomyField(clients, RING_DEGREE);
  const { delta } = codeOf(shapeOf(layout));
  const roundId = randomBytes(32);
  const values = Array.from({ length: clients }, (_, index) =>
    Uint32Array.from({ length: RING_DEGREE }, (_, i) => (i * 31 + index * 77) % 1_000),
  );
  const uploads = values.map((vector) => ownUpload(layout, roundId, vector));
  const keySum = Int32Array.from(sumOf(uploads.map(({ key }) => Uint32Array.from(key))));
  const expected = sumOf(values);
  /** The words of a sum in which so many clients add half a step to every other coefficient, and take it from the rest. */
  const shifted = (malicious: number): HiddenSums => {
    const { words, lows } = sumOfHidden(uploads.map(({ hidden }) => hidden));
    const half = Math.floor(delta / 2);
    return { words: words.map((w, i) => w + malicious * (i % 2 === 0 ? half : -half)), lows };
  };

  /** What is there to be read if nobody looks at remainders. */
  function readUnchecked({ words }: HiddenSums): Uint32Array {
    return withLatticeBench(1, (bench) => {
      const code = codeOf(shapeOf(layout));
      setCode(bench, code);
      bench.coefficients.set(keySum);
      ringValues(bench, 0);
      moveTo(bench, polynomialSeed(roundId), 0, { polynomial: -1 });
      bench.words.set(words);
      openBlock(bench, 0, 0, code);
      return Uint32Array.from(bench.messages.subarray(0, RING_DEGREE));
    });
  }

  test.each([1, 2, 3])(
    '%i clients shift a sum by half as many units, rounded up, at most',
    (malicious) => {
      const opened = readUnchecked(shifted(malicious));
      const off = opened.map((x, i) => Math.abs(x - (expected[i] as number)));
      const most = Math.ceil(malicious / 2);
      expect(Math.max(...off)).toBe(most);
      expect(off.filter((x) => x > 0).length).toBeGreaterThan(RING_DEGREE / 4);
    },
  );

  test('no remainder, no shift; and the shift of one shows', () => {
    expect(openWith(layout, roundId, keySum, shifted(0))).toEqual(expected);
    expect(() => openWith(layout, roundId, keySum, shifted(1))).toThrow(
      expect.objectContaining({ code: 'lattice-residual' }),
    );
  });
});

describe('a round', async () => {
  const recording = await latticeRound((id) => (id === CULPRIT ? 'confirm' : undefined));
  const { plan, people } = recording;
  const others = people.ids.filter((id) => id !== CULPRIT);
  const key = keyVectorIn(recording, CULPRIT);
  /** Adds small numbers to the culprit's key vector. */
  const onKey =
    (numberAt: (i: number) => number) =>
    (vectors: Uint32Array[], terms: Terms): void => {
      const masked = vectors[keyPlace(terms)] as Uint32Array;
      masked.set(masked.map((word, i) => word + numberAt(i)));
    };
  const longPlace = (terms: Terms): number => keyPlace(terms) + 1;
  const widePlace = (terms: Terms): number => keyPlace(terms) + 2;

  const cases: readonly (readonly [
    string,
    'lattice-key' | 'lattice-residual',
    Parameters<typeof forged>[1],
  ])[] = [
    ['a key that is off by one in one coefficient', 'lattice-residual', onKey((i) => +(i === 77))],
    ['no key at all', 'lattice-residual', onKey((i) => -(key[i] as number))],
    ['a key of large numbers', 'lattice-key', onKey(() => 490)],
    [
      'a key under no mask',
      'lattice-key',
      (vectors, terms) => {
        vectors[keyPlace(terms)] = Uint32Array.from(key);
      },
    ],
    [
      'words under the polynomials of another round',
      'lattice-residual',
      (vectors, terms) => {
        const { layout } = formOf(terms);
        const given = layout.fields.map(({ shape }) => new Uint32Array(shape.length));
        const place = longPlace(terms);
        const fresh = hideVectors(layout, randomBytes(32), given, (field, words, lows, from) => {
          vectors[place + field]?.set(words, from);
          if (field === 1) vectors[place + 2]?.set(lows, from);
        });
        onKey((i) => (fresh[i] as number) - (key[i] as number))(vectors, terms);
      },
    ],
    [
      'words of noise',
      'lattice-residual',
      (vectors, terms) => {
        const words = vectors[longPlace(terms)] as Uint32Array;
        words.set(new Uint32Array(randomBytes(4 * words.length).buffer));
      },
    ],
    [
      'a sum beyond the greatest that the plan allows',
      'lattice-residual',
      (vectors, terms) => {
        const { shape } = formOf(terms).layout.fields[1] as LatticeLayout['fields'][0];
        const { step } = codeOf(shape);
        // Between T and q/Δ there are steps, since ⌊q/T⌋ is short of q/T. Others have nothing in wide[0].
        expect(Q / step).toBeGreaterThan(BigInt(shape.modulus) + 20n);
        const bits = BigInt(shape.wireBits);
        const added = ((step * (BigInt(shape.modulus) + 10n)) << bits) / Q;
        const [words, lows] = [vectors[widePlace(terms)], vectors[widePlace(terms) + 1]];
        const word = (BigInt(words?.[0] as number) << (bits - 32n)) + BigInt(lows?.[0] as number);
        const moved = BigInt.asUintN(shape.wireBits, word + added);
        (words as Uint32Array)[0] = Number(moved >> (bits - 32n));
        (lows as Uint32Array)[0] = Number(BigInt.asUintN(shape.wireBits - 32, moved));
      },
    ],
  ];

  test.each(cases)('%s: no value of any field', async (_, code, change) => {
    const at = coordinatorAt(recording, 'mask');
    expect(coordinator.accept(at, (await forged(recording, change)) as never)).toBeUndefined();
    // The honest upload comes second and is refused: what was signed first stands.
    const closing = await untilAnswered(recording, at);
    const refused = errorOf(() => coordinator.close(closing));
    expect(refused).toBeInstanceOf(ProtocolError);
    expect(refused).toMatchObject({ code, culprits: [] });
    expectNoValues(refused);
    // Nothing is spent, and nothing that comes helps: it fails in the same way, also after a restart.
    const { accepted } = coordinator.census(closing);
    expect(accepted).toEqual(others);
    expect(errorOf(() => coordinator.close(closing))).toMatchObject({ code });
    const restored = coordinator.restore(plan, coordinator.save(closing));
    expect(errorOf(() => coordinator.close(restored as typeof closing))).toMatchObject({ code });
    // Not even when the work is done elsewhere.
    const { fields, pieces } = coordinator.unmaskWork(closing);
    const accumulator = coordinator.createAccumulator(fields);
    for (const piece of pieces) coordinator.runPieceInto(accumulator, piece);
    expect(errorOf(() => coordinator.close(closing, [accumulator]))).toMatchObject({ code });
  });

  test('the control: signed anew and unchanged, the round gives the sum of all', async () => {
    const at = coordinatorAt(recording, 'mask');
    const same = await forged(recording, () => {});
    expect(coordinator.accept(at, same as never)).toBeUndefined();
    const closing = await untilAnswered(recording, at);
    // Done elsewhere and damaged on the way, the work is refused; done again, here or there, it opens.
    const { fields, pieces } = coordinator.unmaskWork(closing);
    const elsewhere = () => {
      const accumulator = coordinator.createAccumulator(fields);
      for (const piece of pieces) coordinator.runPieceInto(accumulator, piece);
      return accumulator;
    };
    const damaged = elsewhere();
    const sums = damaged.sums[keyPlace(ledgerOf(closing).terms)] as Uint32Array;
    sums[5] = (sums[5] as number) + 1;
    const refused = errorOf(() => coordinator.close(closing, [damaged]));
    expect(refused).toMatchObject({ code: 'lattice-residual', culprits: [] });
    expectNoValues(refused);
    const { sum, contributors } = coordinator.close(closing, [elsewhere()]).next;
    expect(contributors).toEqual(people.ids);
    expect(sum).toEqual(sumOfIds(people.ids));
    expect(() => coordinator.close(closing)).toThrow(
      expect.objectContaining({ code: 'state-spent' }),
    );
  });

  test('its own values it may choose, as under any mask', async () => {
    const at = coordinatorAt(recording, 'mask');
    const upload = await forged(recording, (vectors, terms) => {
      const { shape } = formOf(terms).layout.fields[0] as LatticeLayout['fields'][0];
      const { delta } = codeOf(shape);
      const words = vectors[longPlace(terms)] as Uint32Array;
      words.set(words.map((word, i) => word + (i < 3 ? Math.round(100 * delta) : 0)));
    });
    expect(coordinator.accept(at, upload as never)).toBeUndefined();
    const { sum } = coordinator.close(await untilAnswered(recording, at)).next;
    const expected = sumOfIds(people.ids).long as number[];
    expect(sum.long).toEqual(expected.map((x, i) => (i < 3 ? x + 100 : x)));
  });

  /** Numbers of the round that nothing may show: of inputs and sums, those with five digits at least. */
  const numbers = [people.ids, others, ...people.ids.map((id) => [id])].flatMap((ids) =>
    Object.values(sumOfIds(ids)).flatMap((list) => list.filter((x) => Math.abs(x) >= 10_000)),
  );
  const secret = new Set(numbers.map((x) => String(Math.abs(x))));

  function expectNoValues(error: unknown): void {
    const texts = textsOf(error).join('\n');
    expect(texts.length).toBeLessThan(20_000);
    // Lines and columns of the stack are no values.
    const said = texts.replaceAll(/^\s+at .*$/gm, '').replaceAll(/\.ts:\d+:\d+/g, '');
    for (const [found] of said.matchAll(/\d{5,}/g)) expect(secret.has(found), found).toBe(false);
  }

  test('the search for values finds them', () => {
    const [first] = inputsOf('client-1').long as number[];
    expect(() => expectNoValues(new Error(`got ${first}`))).toThrow();
  });
});

test('a survivor missing from the sum of keys, or one too many: refused, also by a bound', () => {
  const layout = oneField({ clients: 6, length: 2 * RING_DEGREE, low: 0, high: 6 * 65_535 });
  const roundId = randomBytes(32);
  const uploads = [0, 1, 2, 3].map(() =>
    ownUpload(layout, roundId, new Uint32Array(2 * RING_DEGREE).fill(9)),
  );
  const keysOf = (count: number): Int32Array =>
    Int32Array.from(sumOf(uploads.slice(0, count).map(({ key }) => Uint32Array.from(key))));
  const wordsOf = (count: number): HiddenSums =>
    sumOfHidden(uploads.slice(0, count).map(({ hidden }) => hidden));
  const residual = expect.objectContaining({ code: 'lattice-residual' });
  expect(new Set(openWith(layout, roundId, keysOf(3), wordsOf(3)))).toEqual(new Set([27]));
  expect(() => openWith(layout, roundId, keysOf(2), wordsOf(3))).toThrow(residual);
  expect(() => openWith(layout, roundId, keysOf(4), wordsOf(3))).toThrow(residual);
  expect(() => openWith(layout, roundId, keysOf(1), wordsOf(2))).toThrow(residual);
  // 93 a survivor is the most that any honest sum of keys can have, and it is taken.
  const bits = layout.key.modulusBits;
  const sum = new Uint32Array(layout.key.length).fill(2 ** bits - 3 * 93);
  expect(keySumOf(layout, sum, 3).every((x) => x === -279)).toBe(true);
  for (const beyond of [3 * 93 + 1, 2 ** bits - 3 * 93 - 1]) {
    sum[9] = beyond;
    expect(() => keySumOf(layout, sum, 3)).toThrow(
      expect.objectContaining({ code: 'lattice-key' }),
    );
  }
});

function errorOf(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
