/**
 * Secrets that grow from a seed which others can put together.
 *
 * It is tempting to let the lattice secret grow from one of the two seeds that a client has already: nothing
 * new to draw, and no key vector to send, since who opens the seed has the secret. But neighbours give the
 * masking seed of whoever dropped out, and the self-mask seed of everybody else. From the former, a client
 * whose upload arrived too late is open; from the latter, every survivor is.
 *
 * Rule (the lattice room ⚠): secrets and errors come from the platform's generator and from nothing else.
 */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { concat, utf8 } from '../../../src/internal/bytes.ts';
import { randomBytes } from '../../../src/internal/random.ts';
import type { HiddenSums } from '../../../src/lattice/opening.ts';
import { deriveKey } from '../../../src/prg/index.ts';
import { termsOf } from '../../../src/round/plan.ts';
import { clientAt, stepOf } from '../bad-input/recording.ts';
import * as naive from '../support/naive-sum.ts';
import { inputsOf, keyVectorIn, latticeRound, vectorsIn } from './lattice-round.ts';
import {
  correlation,
  errorsFor,
  naiveUpload,
  openWith,
  ownUpload,
  SIX,
  secretFrom,
  smallFrom,
  sumOf,
  sumOfHidden,
  UNRELATED,
  valuesOf,
  WIDE,
  wordsFrom,
} from './naive-lattice.ts';

/** What a naive client makes of a seed. */
const grown = (seed: Uint8Array): Int32Array =>
  secretFrom(wordsFrom(deriveKey(seed, [utf8('lattice secret')])));

describe('naive', () => {
  const graph = naive.ringOf(6, 4);
  const everybody = naive.range(6);
  const [late, roundId] = [3, randomBytes(32)];
  const survivors = everybody.filter((index) => index !== late);

  /** A round in which one upload arrives too late; everybody answers as the protocol asks. */
  const playWith = (kind: naive.Kind) => {
    const round = naive.naiveRound(graph, 3);
    const secrets = round.clients.map(({ selfSeed, maskingSeed }) =>
      grown(kind === 'self' ? selfSeed : maskingSeed),
    );
    const hidden = everybody.map((index) => {
      const secret = secrets[index] as Int32Array;
      return naiveUpload(SIX, roundId, valuesOf(index), { secret, errors: errorsFor(SIX) });
    });
    const book = naive.emptyBook();
    for (const holder of survivors) {
      naive.naiveAnswer(round, book, holder, (dealer) => (dealer === late ? 'masking' : 'self'));
    }
    const openVector = (index: number): Uint32Array | undefined => {
      const seed = naive.openSeed(round, book, kind, index);
      return seed && openWith(SIX, roundId, grown(seed), hidden[index] as HiddenSums);
    };
    return everybody.map(openVector);
  };

  test('from the masking seed: whoever is late is open', () => {
    const opened = playWith('masking');
    expect(opened[late]).toEqual(valuesOf(late));
    for (const index of survivors) expect(opened[index]).toBeUndefined();
  });

  test('from the self-mask seed: every survivor is open', () => {
    const opened = playWith('self');
    for (const index of survivors) expect(opened[index]).toEqual(valuesOf(index));
    expect(opened[late]).toBeUndefined();
  });
});

describe('ours', async () => {
  const recording = await latticeRound();
  const terms = termsOf(recording.plan);
  const id = 'client-1';
  const downlink = recording.phases.mask.downlinks.get(id) as Uint8Array;
  /** The client at mask as it was saved, seeds and all; again and again the same. */
  const upload = async (): Promise<Uint8Array> =>
    (await stepOf('mask', clientAt(recording, 'mask', id), downlink, inputsOf(id))).message;

  afterEach(() => {
    vi.restoreAllMocks();
  });

  test('two uploads from one and the same state, values too: keys and words are unrelated', async () => {
    const [one, two] = [await upload(), await upload()] as [Uint8Array, Uint8Array];
    const [a, b] = [one, two].map((message) => keyVectorIn(recording, id, message));
    expect(a).not.toEqual(b);
    expect(Math.abs(correlation(a as Int32Array, b as Int32Array))).toBeLessThan(UNRELATED);
    // Masks of pairs do grow from seeds: a field under them is the same in both.
    const [few, again] = [one, two].map((message) => vectorsIn(terms, message)[0]);
    expect(few).toEqual(again);
    const [words, others] = [one, two].map((message) => vectorsIn(terms, message)[2]);
    const equal = words?.filter((word, i) => word === others?.[i]).length as number;
    expect(equal).toBeLessThan(10);
  });

  test('either seed by itself, as neighbours may give it away, leaves the key where it is', () => {
    const noKey = expect.objectContaining({ code: 'lattice-key' });
    expect(() => keyVectorIn(recording, id, undefined, ['self'])).toThrow(noKey);
    expect(() => keyVectorIn(recording, id, undefined, ['masking'])).toThrow(noKey);
    expect(keyVectorIn(recording, id, undefined, ['self', 'masking'])).toHaveLength(2_048);
  });

  test('all that an upload is hidden with is on the tape of the generator, each word of it once', () => {
    const tape: Uint8Array[] = [];
    const roundId = randomBytes(32);
    const real = globalThis.crypto.getRandomValues.bind(globalThis.crypto);
    vi.spyOn(globalThis.crypto, 'getRandomValues').mockImplementation((out) => {
      real(out as Uint8Array<ArrayBuffer>);
      tape.push(new Uint8Array(out.buffer, out.byteOffset, out.byteLength).slice());
      return out;
    });
    const { key, hidden } = ownUpload(WIDE, roundId, valuesOf(0));
    vi.restoreAllMocks();

    // Played back, the tape gives the secret first and then the errors, three blocks of them.
    const bytes = concat(...tape);
    const all = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
    let at = 0;
    const next = (out: Uint32Array): void => {
      out.set(all.subarray(at, at + out.length));
      at += out.length;
    };
    const secret = secretFrom(next);
    expect(secret).toEqual(key);
    const errors = smallFrom(3 * 2_048, next);
    expect(naiveUpload(WIDE, roundId, valuesOf(0), { secret, errors })).toEqual(hidden);
    expect(at).toBe(all.length);
    // It is a tape of fresh words: no pair of them comes twice.
    const pairs = Array.from(
      { length: all.length / 2 },
      (_, i) => `${all[2 * i]} ${all[2 * i + 1]}`,
    );
    expect(new Set(pairs).size).toBe(pairs.length);
    // Of its errors every word counts: with those of another block some words come out differently.
    const reused = errors.slice();
    reused.copyWithin(2_048, 0, 2_048);
    reused.copyWithin(4_096, 0, 2_048);
    const others = naiveUpload(WIDE, roundId, valuesOf(0), { secret, errors: reused });
    const moved = others.lows.filter((low, i) => low !== hidden.lows[i]).length;
    expect(moved).toBeGreaterThan(5);
    const blocks = [0, 1, 2].map((block) => errors.subarray(2_048 * block, 2_048 * (block + 1)));
    for (const [i, block] of blocks.entries()) {
      for (const other of [secret, ...blocks.slice(0, i)]) {
        expect(Math.abs(correlation(block, other))).toBeLessThan(UNRELATED);
      }
    }
  });

  test('a sum of secrets opens sums only', () => {
    const roundId = randomBytes(32);
    const uploads = [0, 1, 2].map((index) => ownUpload(SIX, roundId, valuesOf(index)));
    const keySum = Int32Array.from(sumOf(uploads.map(({ key }) => Uint32Array.from(key))));
    const all = sumOfHidden(uploads.map(({ hidden }) => hidden));
    expect(openWith(SIX, roundId, keySum, all)).toEqual(sumOf([0, 1, 2].map(valuesOf)));
    for (const one of uploads) {
      expect(() => openWith(SIX, roundId, keySum, one.hidden)).toThrow(
        expect.objectContaining({ code: 'lattice-residual' }),
      );
    }
  });
});
