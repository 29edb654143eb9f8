/**
 * The sealing keys in the shared seed.
 *
 * Shares travel through the coordinator in sealed boxes. In the naive variant one seed per client
 * gives both its masking key and its sealing key. When a client drops out, its seed is reconstructed,
 * as it must be, and with it the coordinator opens every box that was ever sent to that client: each
 * holds one share of *both* secrets of a survivor. A coordinator that only listens thus gets as many
 * extra shares of a survivor as the survivor has dropped neighbours.
 *
 * Rule (secagg.md, Keys ⚠): the sealing set is fresh randomness and never shared.
 */
import { describe, expect, test } from 'vitest';
import { openBox, sealBox } from '../../../src/identity/sealed-box.ts';
import { type AgreementKeyPair, suite } from '../../../src/identity/suite.ts';
import { concat, equalBytes, utf8 } from '../../../src/internal/bytes.ts';
import { deriveKey } from '../../../src/prg/index.ts';
import { shareX } from '../../../src/secagg/graph.ts';
import {
  type Advert,
  maskingKeyPair,
  sealAssociatedData,
  sealingKeyPair,
  sealKey,
} from '../../../src/secagg/keys.ts';
import { decodeAdvert } from '../../../src/secagg/messages.ts';
import { combineShares } from '../../../src/secagg/shamir.ts';
import { CONTEXT } from '../../support/round.ts';
import {
  actAll,
  agreeingWith,
  hostileRound,
  partsOf,
  quorumFor,
  resultOf,
  revealed,
  sharesFor,
  survivorsFor,
  untilShared,
} from '../support/hostile-round.ts';
import {
  emptyBook,
  inputOf,
  type Kind,
  naiveAnswer,
  naiveRound,
  naiveUpload,
  near,
  note,
  openSeed,
  openSum,
  range,
  ringOf,
  sumOf,
} from '../support/naive-sum.ts';
import { shuffled } from '../support/views.ts';

const x25519 = suite('x25519');
const none = new Uint8Array(0);

describe('a naive round whose sealing keys grow from the shared seed', () => {
  test('opens survivors to a coordinator that only listens', () => {
    const round = naiveRound(ringOf(30, 10), 4);
    const { graph, clients } = round;
    const sealing = (seed: Uint8Array): AgreementKeyPair =>
      x25519.keyPair(deriveKey(seed, [utf8('sealing')]));
    const keyOf = (own: AgreementKeyPair, theirs: Uint8Array): Uint8Array =>
      deriveKey(x25519.sharedSecret(own, theirs, none), [utf8('seal')]);

    // Everybody advertises a sealing key and sends its boxes; the coordinator keeps them all.
    const adverts = clients.map(({ maskingSeed }) => sealing(maskingSeed).publicKey);
    const boxes = clients.flatMap((holder) =>
      [...holder.held].map(([dealer, { self, masking }]) => {
        const key = keyOf(
          sealing((clients[dealer] as typeof holder).maskingSeed),
          adverts[holder.index] as Uint8Array,
        );
        return { dealer, holder: holder.index, box: sealBox(key, concat(self, masking), none) };
      }),
    );

    // A third drops out after share; the rest masks and answers as it should.
    const dropped = new Set(range(30).filter((index) => index % 3 === 1));
    const survivors = range(30).filter((index) => !dropped.has(index));
    const uploads = new Map(survivors.map((index) => [index, naiveUpload(round, index)]));
    const book = emptyBook();
    for (const holder of survivors) {
      naiveAnswer(
        round,
        book,
        holder,
        (dealer): Kind => (dropped.has(dealer) ? 'masking' : 'self'),
      );
    }
    expect(openSum(round, book, uploads, survivors)).toEqual(sumOf(survivors));
    const openedBefore = survivors.filter(
      (index) => openSum(round, book, uploads, [index]) !== undefined,
    );
    expect(openedBefore).toEqual([]);

    // What the coordinator does at home.
    for (const { dealer, holder, box } of boxes) {
      const seed = openSeed(round, book, 'masking', holder);
      if (seed === undefined) continue;
      const shares = openBox(keyOf(sealing(seed), adverts[dealer] as Uint8Array), box, none);
      expect(shares).toBeDefined();
      const x = shareX(graph, dealer, holder);
      note(book, 'masking', dealer, x, (shares as Uint8Array).slice(32));
    }
    const opened = survivors.filter(
      (index) => near(graph, index).filter((i) => dropped.has(i)).length >= 4,
    );
    expect(opened.length).toBeGreaterThanOrEqual(5);
    for (const index of opened) {
      expect(openSum(round, book, uploads, [index])).toEqual(inputOf(index));
    }
  });

  /** Sets only: no keys, just who holds shares of whom. */
  test('opens about 84 % of the survivors at (72, 24), n = 1000, γ = 0.05, δ = 0.33', () => {
    const [n, half, threshold] = [1000, 36, 24];
    let survivors = 0;
    let opened = 0;
    for (let seed = 0; seed < 80; seed++) {
      const order = shuffled(n, `sealing ${seed}`);
      const helps = new Set(order.slice(0, 50 + 330)); // 50 corrupt, 330 dropped after share
      for (let position = 0; position < n; position++) {
        if (helps.has(position)) continue;
        survivors++;
        let shares = 0;
        for (let j = 1; j <= half; j++) {
          if (helps.has((position + j) % n)) shares++;
          if (helps.has((position - j + n) % n)) shares++;
        }
        if (shares >= threshold) opened++;
      }
    }
    expect(opened / survivors).toBeGreaterThan(0.8);
    expect(opened / survivors).toBeLessThan(0.88);
  });
});

describe('veilsum', () => {
  test('opens no box with a reconstructed seed', async () => {
    const round = await hostileRound(30, {
      corrupt: '0.05',
      absent: '0.2',
      coordinator: 'semi-honest',
    });
    const { terms } = round;
    const dropped = new Set(Array.from(terms.graph.at).filter((_, position) => position % 5 === 2));
    await untilShared(round);
    const stay = round.everybody.filter((index) => !dropped.has(index));
    await actAll(round, 'mask', (to) => sharesFor(round, to), stay);
    await actAll(round, 'confirm', (to) => survivorsFor(round, to));
    await actAll(round, 'unmask', (to) => quorumFor(round, to, agreeingWith(round, to)));
    expect([...round.left]).toEqual([]);
    expect(resultOf(round).sum.votes).toEqual(sumOf(stay));

    const advertOf = (index: number): Advert =>
      decodeAdvert(terms, round.said.advertise.get(index)?.header as Uint8Array);
    const sharing = { threshold: terms.parameters.threshold, shares: terms.parameters.degree + 1 };
    const answers = revealed(round);
    let tried = 0;
    for (const holder of dropped) {
      const shares = answers
        .filter(({ dealer, kind }) => dealer === holder && kind === 'masking')
        .map(({ holder: from, share }) => ({ x: shareX(terms.graph, holder, from), value: share }));
      const seed = combineShares(shares, sharing);
      // It is the right seed …
      expect(maskingKeyPair(terms, seed).publicKey).toEqual(advertOf(holder).maskingKey);
      // … and neither it nor any key that grows from it is the sealing key or opens a box.
      const candidates = [maskingKeyPair, sealingKeyPair].map((grow) => grow(terms, seed));
      for (const { publicKey } of candidates) {
        expect(equalBytes(publicKey, advertOf(holder).sealingKey)).toBe(false);
      }
      for (const dealer of near(terms.graph, holder)) {
        const part = partsOf(round, dealer).find((dealt) => dealt.holder === holder);
        const sealingKey = advertOf(dealer).sealingKey;
        for (const own of candidates) {
          const key = sealKey(terms, terms.suite.sharedSecret(own, sealingKey, none), {
            ids: [dealer, holder],
            publicKeys: [sealingKey, advertOf(holder).sealingKey],
            kemCiphertext: none,
            context: CONTEXT,
          });
          const box = part?.box as Uint8Array;
          expect(openBox(key, box, sealAssociatedData(terms, dealer, holder))).toBeUndefined();
          tried++;
        }
      }
    }
    expect(tried).toBe(6 * terms.parameters.degree * 2);
  });
});
