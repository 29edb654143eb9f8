/**
 * One secret for several uploads.
 *
 * A naive client draws its lattice secret once and keeps it. Two honest rounds with other survivors then do
 * what two survivor sets of one round do: the difference of two legitimate sums is its secret. And if it
 * encodes its values anew for a second try in the same round, secret and errors kept, nobody even needs a
 * key: the difference of the uploads is the difference of the vectors.
 *
 * Rule (the lattice room): secrets and errors are drawn from the platform's generator when they are used, are
 * in no state, and a second upload of one round is refused by the claim.
 */
import type { Signer } from 'veilsum';
import * as client from 'veilsum/client';
import { describe, expect, test } from 'vitest';
import { randomBytes } from '../../../src/internal/random.ts';
import { latticeLayout } from '../../../src/lattice/layout.ts';
import { type HiddenSums, keySumOf } from '../../../src/lattice/opening.ts';
import { termsOf } from '../../../src/round/plan.ts';
import { durableClaim, emptyDisk } from '../../support/durable-claim.ts';
import { clientAt, stepOf } from '../bad-input/recording.ts';
import {
  CULPRIT,
  formOf,
  inputsOf,
  keyPlace,
  keyVectorIn,
  latticeRound,
  sumOf as sumOfIds,
  vectorsIn,
} from './lattice-round.ts';
import {
  correlation,
  errorsFor,
  naiveUpload,
  openWith,
  ownUpload,
  SIX,
  secretFrom,
  shapeOf,
  sumOf,
  sumOfHidden,
  UNRELATED,
  valuesOf,
} from './naive-lattice.ts';

const everybody = [0, 1, 2, 3, 4, 5];

describe('naive', () => {
  test('a secret kept over two rounds: two honest sums, and its vector opens', () => {
    const victim = 2;
    const secrets = everybody.map(() => secretFrom());
    const rounds = [everybody, everybody.filter((index) => index !== victim)].map((survivors) => {
      const roundId = randomBytes(32);
      const uploads = everybody.map((index) => {
        const secret = secrets[index] as Int32Array;
        return naiveUpload(SIX, roundId, valuesOf(index), { secret, errors: errorsFor(SIX) });
      });
      const of = <T>(all: readonly T[]): T[] => survivors.map((index) => all[index] as T);
      const keySum = Int32Array.from(sumOf(of(secrets.map((secret) => Uint32Array.from(secret)))));
      const opened = openWith(SIX, roundId, keySum, sumOfHidden(of(uploads)));
      expect(opened).toEqual(sumOf(survivors.map(valuesOf)));
      return { roundId, uploads, keySum };
    });
    const [first, second] = rounds as [(typeof rounds)[0], (typeof rounds)[0]];
    const secret = first.keySum.map((x, i) => x - (second.keySum[i] as number));
    const hidden = second.uploads[victim] as HiddenSums;
    // Also of the round in which it dropped out.
    expect(openWith(SIX, second.roundId, secret, hidden)).toEqual(valuesOf(victim));
  });

  test('secret and errors kept for a second try: the difference opens without any key', () => {
    const roundId = randomBytes(32);
    const mask = { secret: secretFrom(), errors: errorsFor(SIX) };
    const [before, after] = [1, 4].map((index) => naiveUpload(SIX, roundId, valuesOf(index), mask));
    const difference = before?.words.map(
      (word, i) => word - (after?.words[i] as number),
    ) as Uint32Array;
    // The same words on the wire, read as differences.
    const signed = latticeLayout([{ ...shapeOf(SIX), low: -65_535 }], 6);
    const none = new Int32Array(SIX.key.length);
    const hidden = { words: difference, lows: new Uint32Array(0) };
    const opened = Int32Array.from(openWith(signed, roundId, none, hidden));
    const [a, b] = [valuesOf(1), valuesOf(4)];
    expect(opened).toEqual(Int32Array.from(a, (x, i) => x - (b[i] as number)));
  });
});

describe('ours', async () => {
  const [one, two] = await Promise.all([latticeRound(), latticeRound()]);
  const ids = one.people.ids;

  test('the same values in two rounds: what opens a vector in one says nothing in the other', () => {
    expect(one.result.sum).toEqual(sumOfIds(ids));
    expect(two.result.sum).toEqual(sumOfIds(ids));
    const keys = [one, two].flatMap((round) => ids.map((id) => keyVectorIn(round, id)));
    for (const [i, key] of keys.entries()) {
      // They are what they are meant to be: σ = 6.6, none larger than 93.
      const variance = key.reduce((sum, x) => sum + x * x, 0) / key.length;
      expect(Math.abs(variance / 6.6 ** 2 - 1)).toBeLessThan(0.25);
      for (const other of keys.slice(0, i)) {
        expect(Math.abs(correlation(key, other))).toBeLessThan(UNRELATED);
      }
    }
  });

  test('an upload opens with its own key and with no other', () => {
    const roundId = randomBytes(32);
    const [mine, theirs] = [
      ownUpload(SIX, roundId, valuesOf(1)),
      ownUpload(SIX, roundId, valuesOf(1)),
    ];
    expect(openWith(SIX, roundId, mine.key, mine.hidden)).toEqual(valuesOf(1));
    expect(() => openWith(SIX, roundId, theirs.key, mine.hidden)).toThrow(
      expect.objectContaining({ code: 'lattice-residual' }),
    );
    expect(() => openWith(SIX, randomBytes(32), mine.key, mine.hidden)).toThrow(
      expect.objectContaining({ code: 'lattice-residual' }),
    );
  });

  test('a restored state has no secret: a second upload would be another one, and is not given', async () => {
    const downlink = one.phases.mask.downlinks.get(CULPRIT) as Uint8Array;
    const saved = one.phases.mask.states.get(CULPRIT) as Uint8Array;
    const signer = one.people.signers.get(CULPRIT) as Signer;
    const claim = durableClaim(emptyDisk());
    const again = () =>
      stepOf(
        'mask',
        client.restore(one.reviewed, saved, { signer, claim }),
        downlink,
        inputsOf(CULPRIT),
      );
    const first = await again();
    await expect(again()).rejects.toMatchObject({ code: 'state-spent' });
    // Sent again it may be, the very same.
    const resent = await client.resend(first.next as never);
    expect(resent).toEqual(first.message);
    // What a store that forgets would let out: the same masks of pairs, the same values, another secret.
    const second = await stepOf(
      'mask',
      clientAt(one, 'mask', CULPRIT),
      downlink,
      inputsOf(CULPRIT),
    );
    const keys = [first, second].map(({ message }) => keyVectorIn(one, CULPRIT, message));
    const [a, b] = keys as [Int32Array, Int32Array];
    expect(Math.abs(correlation(a, b))).toBeLessThan(UNRELATED);
    expect(Math.abs(correlation(a, keyVectorIn(one, CULPRIT)))).toBeLessThan(UNRELATED);
  });

  test('a store that forgets costs what it costs under masks of pairs: the difference of two inputs', async () => {
    const terms = termsOf(one.plan);
    const place = keyPlace(terms);
    const downlink = one.phases.mask.downlinks.get(CULPRIT) as Uint8Array;
    const inputs = inputsOf(CULPRIT);
    const long = [...(inputs.long as number[])];
    long[9] = (long[9] as number) + 1_000;
    const answer = async (given: typeof inputs) => {
      const state = clientAt(one, 'mask', CULPRIT);
      return vectorsIn(terms, (await stepOf('mask', state, downlink, given)).message);
    };
    const [before, after] = [await answer(inputs), await answer({ ...inputs, long })];
    const minus = (at: number): Uint32Array =>
      (after[at] as Uint32Array).map((word, i) => word - (before[at]?.[i] as number));
    // The same masks of pairs are on both keys; so the difference of the keys is in the open, and opens that of the words.
    const { layout } = formOf(terms);
    const [{ shape, firstBlock }] = layout.fields as [(typeof layout.fields)[0]];
    const signed = { ...shape, low: -65_535 };
    const alone = { ...layout, fields: [{ shape: signed, firstBlock }] };
    const hidden = { words: minus(place + 1), lows: new Uint32Array(0) };
    const opened = openWith(alone, terms.roundId, keySumOf(layout, minus(place), 2), hidden);
    expect([...opened].map((x, i) => [i, x]).filter(([, x]) => x !== 0)).toEqual([[9, 1_000]]);
  });
});
