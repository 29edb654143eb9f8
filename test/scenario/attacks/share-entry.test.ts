/**
 * What a client believes before it shares.
 *
 * Before share, the coordinator passes on the neighbours' adverts. A naive client takes what it gets:
 * (1) told of two neighbours only, it shares its seeds among those two, with a threshold to match,
 * and both are corrupt; (2) trained from another model than everybody else, whose updates vanish, it
 * is alone in a sum that looks complete; (3) given keys of which two are the same, or of low order,
 * it masks with nothing.
 *
 * Rule (secagg.md, Messages, share ⚠): at least t graph neighbours with valid adverts (signature,
 * place in the graph, same context), keys distinct and not low-order; else abort, blaming the
 * coordinator, who had to refuse the mismatch.
 */

import * as coordinator from 'veilsum/coordinator';
import { describe, expect, test } from 'vitest';
import { utf8 } from '../../../src/internal/bytes.ts';
import { sha256 } from '../../../src/internal/sha256.ts';
import { addStreamInto, deriveKey, subtractStreamInto } from '../../../src/prg/index.ts';
import { encodeAdvertsDownlink } from '../../../src/secagg/downlinks.ts';
import type { Advert } from '../../../src/secagg/keys.ts';
import { decodeAdvert, encodeAdvert } from '../../../src/secagg/messages.ts';
import { signMessage } from '../../../src/secagg/signed.ts';
import { CONTEXT } from '../../support/round.ts';
import {
  actAll,
  advertiseAll,
  advertsFor,
  type HostileRound,
  heard,
  honestUntil,
  hostileRound,
  nameOf,
  nearIn,
} from '../support/hostile-round.ts';
import {
  collude,
  emptyBook,
  inputOf,
  naiveAnswer,
  naiveRound,
  naiveUpload,
  openSeed,
  openSum,
  pairMaskInto,
  range,
  ringOf,
  selfMaskInto,
} from '../support/naive-sum.ts';

const blamed = (code: string) => expect.objectContaining({ code, culprits: ['coordinator'] });

describe('too few neighbours', () => {
  test('a naive client shares among the two that it was told of, and both are corrupt', () => {
    // It was told of a ring of three, and made its threshold fit.
    const round = naiveRound(ringOf(3, 2), 2);
    const book = emptyBook();
    collude(round, book, [0, 2]);
    const uploads = new Map([[1, naiveUpload(round, 1)]]);
    expect(openSum(round, book, uploads, [1])).toEqual(inputOf(1));
  });

  test('veilsum: fewer than t adverts and the client leaves; t is never rescaled', async () => {
    const round = await hostileRound(30);
    const victim = 11;
    const { threshold } = round.terms.parameters;
    await advertiseAll(round);
    const told = nearIn(round, victim, round.everybody).slice(0, threshold - 1);
    await actAll(round, 'share', (to) => advertsFor(round, to, told), [victim]);
    expect(round.left.get(victim)).toEqual(blamed('missing-neighbour'));
    expect(round.said.share.size).toBe(0);
  });

  test('veilsum: strangers do not count, nor does one neighbour twice', async () => {
    const round = await hostileRound(30);
    await advertiseAll(round);
    const [first, second] = [4, 5];
    const far = round.everybody.find(
      (index) => index !== first && !nearIn(round, first, round.everybody).includes(index),
    ) as number;
    const send = (to: number, senders: readonly number[]): Uint8Array =>
      encodeAdvertsDownlink(round.terms, to, {
        adverts: senders.map((sender) => round.said.advertise.get(sender) as never),
      });
    const near = nearIn(round, first, round.everybody).slice(0, 3);
    await actAll(
      round,
      'share',
      (to) =>
        send(
          to,
          [...near, far].sort((a, b) => a - b),
        ),
      [first],
    );
    expect(round.left.get(first)).toEqual(blamed('bad-downlink'));
    const twice = nearIn(round, second, round.everybody).slice(0, 3);
    await actAll(round, 'share', (to) => send(to, [...twice, twice[2] as number]), [second]);
    expect(round.left.get(second)).toEqual(blamed('bad-downlink'));
    expect(round.said.share.size).toBe(0);
  });
});

describe('another model', () => {
  /** One step of learning through rectifiers: where the model lets nothing through, nothing is learnt. */
  const train = (model: readonly number[], data: readonly number[]): number[] =>
    data.map((value, i) => ((model[i] as number) > 0 ? value : 0));
  const alive = [1, 1, 1, 1];
  const dead = [-1, -1, -1, -1];

  test('a naive round sums one real update and nothing', () => {
    const victim = 7;
    const round = naiveRound(ringOf(20, 6), 4);
    const uploads = new Map(
      range(20).map((index) => {
        const model = index === victim ? alive : dead;
        return [index, naiveUpload(round, index, () => true, train(model, inputOf(index)))];
      }),
    );
    const book = emptyBook();
    for (const holder of range(20)) naiveAnswer(round, book, holder, () => 'self');
    // Nobody was lied to but about the model: this is the sum over all twenty, correctly opened.
    expect(openSum(round, book, uploads, range(20))).toEqual(inputOf(victim));
  });

  const victim = 7;
  const hashOf = (model: readonly number[]): Uint8Array => sha256(Uint8Array.from(model));
  const told = async (): Promise<HostileRound> => {
    const round = await hostileRound(30);
    await advertiseAll(round, (index) => ({
      context: index === victim ? hashOf(alive) : CONTEXT,
    }));
    return round;
  };

  test('veilsum: an honest coordinator refuses who names another model', async () => {
    const round = await told();
    const { faults, state } = honestUntil(round, 'advertise');
    expect(faults).toMatchObject([
      { code: 'model-mismatch', culprit: nameOf(round, victim), phase: 'advertise' },
    ]);
    expect(coordinator.census(state)).toMatchObject({ missing: [nameOf(round, victim)] });
  });

  test('veilsum: if it passes the advert on, victim and neighbours leave and blame it', async () => {
    const round = await told();
    await actAll(round, 'share', (to) => advertsFor(round, to));
    const near = nearIn(round, victim, round.everybody);
    expect([...round.left.keys()].sort((a, b) => a - b)).toEqual(
      [...near, victim].sort((a, b) => a - b),
    );
    for (const error of round.left.values()) expect(error).toEqual(blamed('model-mismatch'));
    expect(round.said.share.has(victim)).toBe(false);
  });

  test('veilsum: if it passes on none, the victim has no neighbours', async () => {
    const round = await told();
    await actAll(round, 'share', (to) => advertsFor(round, to, []), [victim]);
    expect(round.left.get(victim)).toEqual(blamed('missing-neighbour'));
  });
});

/** RFC 7748 without the check for zero, on numbers: what a naive key agreement computes. */
function ladder(scalar: bigint, u: bigint): bigint {
  const p = 2n ** 255n - 19n;
  const mod = (a: bigint): bigint => ((a % p) + p) % p;
  const power = (base: bigint, exponent: bigint): bigint =>
    exponent === 0n
      ? 1n
      : mod(power(mod(base * base), exponent / 2n) * (exponent % 2n === 1n ? base : 1n));
  let [x2, z2, x3, z3] = [1n, 0n, u, 1n];
  for (let bit = 254n; bit >= 0n; bit--) {
    const swap = (scalar >> bit) & 1n;
    if (swap === 1n) [x2, x3, z2, z3] = [x3, x2, z3, z2];
    const [a, b, c, d] = [x2 + z2, x2 - z2, x3 + z3, x3 - z3];
    const [aa, bb, da, cb] = [mod(a * a), mod(b * b), mod(d * a), mod(c * b)];
    [x3, z3] = [mod((da + cb) ** 2n), mod(u * (da - cb) ** 2n)];
    [x2, z2] = [mod(aa * bb), mod((aa - bb) * (aa + 121_665n * (aa - bb)))];
    if (swap === 1n) [x2, x3, z2, z3] = [x3, x2, z3, z2];
  }
  return mod(x2 * power(z2, p - 2n));
}

describe('keys that mask nothing', () => {
  test('a naive client masks against two equal keys, and the masks cancel', () => {
    const victim = 2;
    const round = naiveRound(ringOf(5, 4), 3);
    const { clients } = round;
    const keyOf = (index: number): Uint8Array =>
      (clients[index] as (typeof clients)[number]).keys.publicKey;
    // 3 and 4 are corrupt and advertise the keys of 0 and 1, whose masks have the other sign.
    const advertised = [keyOf(0), keyOf(1), keyOf(2), keyOf(0), keyOf(1)];
    const { vector, selfSeed, keys } = clients[victim] as (typeof clients)[number];
    const masked = vector.slice();
    selfMaskInto(masked, selfSeed, 1);
    for (const peer of [0, 1, 3, 4]) {
      pairMaskInto(masked, [victim, peer], keys, advertised[peer] as Uint8Array, 1);
    }
    expect([...masked]).not.toEqual(inputOf(victim));
    // Everybody is in the sum, so everybody gives the self masks away.
    const book = emptyBook();
    for (const holder of range(5)) naiveAnswer(round, book, holder, () => 'self');
    selfMaskInto(masked, openSeed(round, book, 'self', victim) as Uint8Array, -1);
    expect([...masked]).toEqual(inputOf(victim));
  });

  test('a naive client agrees with a key of low order on a secret that everybody knows', () => {
    const scalar = (BigInt(`0x${'5a'.repeat(32)}`) & (2n ** 254n - 8n)) | (2n ** 254n);
    // The ladder itself is right: RFC 7748, 5.2, agrees on the base point only with itself.
    expect(ladder(scalar, 9n)).not.toBe(0n);
    expect(ladder(8n * 3n, ladder(scalar, 9n))).toBe(ladder(scalar, ladder(8n * 3n, 9n)));
    const zero = Uint8Array.from({ length: 32 }, () => Number(ladder(scalar, 0n)));
    expect(ladder(scalar, 1n)).toBe(0n);
    // So anybody on the line takes the pair mask away, without a corrupt client's help.
    const vector = Uint32Array.from(inputOf(3));
    addStreamInto(vector, deriveKey(zero, [utf8('pair')]));
    expect([...vector]).not.toEqual(inputOf(3));
    subtractStreamInto(vector, deriveKey(new Uint8Array(32), [utf8('pair')]));
    expect([...vector]).toEqual(inputOf(3));
  });

  type Forge = (own: Advert, ofVictim: Advert) => Advert;
  const forgeries: readonly (readonly [string, 'all' | 'common', Forge])[] = [
    ['a masking key of low order', 'all', (own) => ({ ...own, maskingKey: new Uint8Array(32) })],
    [
      'a sealing key of low order',
      'all',
      (own) => ({ ...own, sealingKey: new Uint8Array(32).fill(1, 0, 1) }),
    ],
    ['one key for both', 'all', (own) => ({ ...own, maskingKey: own.sealingKey })],
    ["the victim's masking key", 'common', (own, { maskingKey }) => ({ ...own, maskingKey })],
    [
      "the victim's sealing key as masking key",
      'common',
      (own, { sealingKey }) => ({ ...own, maskingKey: sealingKey }),
    ],
  ];

  test.each(forgeries)(
    'veilsum: %s is refused, and if passed on, %s neighbours leave',
    async (_, who, forge) => {
      const round = await hostileRound(30);
      const { terms } = round;
      const [victim, corrupt] = [terms.graph.at[10] as number, terms.graph.at[11] as number];
      await advertiseAll(round);
      const advertOf = (index: number): Advert =>
        decodeAdvert(terms, round.said.advertise.get(index)?.header as Uint8Array);
      const forged = encodeAdvert(forge(advertOf(corrupt), advertOf(victim)));
      const signer = round.signers[corrupt] as (typeof round.signers)[number];
      const { message } = await signMessage(terms, 'advertise', corrupt, signer, forged);
      round.messages.advertise.delete(corrupt); // so that it comes last
      heard(round, 'advertise', corrupt, message);

      const { faults } = honestUntil(round, 'advertise');
      // A copy may arrive before its original, so a repeated key names no culprit; a bad one does.
      const name = nameOf(round, corrupt);
      const blamedFor = who === 'all' ? { culprit: name } : { claimed: name };
      expect(faults).toMatchObject([{ code: 'bad-key', ...blamedFor }]);

      // A lying coordinator passes it on. Whoever sees both keys, or a key that is none, leaves.
      const near = nearIn(round, corrupt, round.everybody);
      const sees = near.filter(
        (index) =>
          who === 'all' ||
          index === victim ||
          nearIn(round, index, round.everybody).includes(victim),
      );
      expect(sees.length).toBe(who === 'all' ? 6 : 5);
      await actAll(round, 'share', (to) => advertsFor(round, to), sees);
      for (const index of sees) expect(round.left.get(index)).toEqual(blamed('bad-key'));
      expect(round.said.share.size).toBe(0);
    },
  );

  test('veilsum: a key that the coordinator put in itself has no signature', async () => {
    const round = await hostileRound(30);
    const corrupt = 9;
    await advertiseAll(round);
    const said = round.said.advertise.get(corrupt) as NonNullable<
      ReturnType<typeof round.said.advertise.get>
    >;
    const advert = decodeAdvert(round.terms, said.header);
    const own = decodeAdvert(round.terms, round.said.advertise.get(0)?.header as Uint8Array);
    round.said.advertise.set(corrupt, {
      ...said,
      header: encodeAdvert({ ...advert, maskingKey: own.maskingKey.map((byte) => byte ^ 1) }),
    });
    const near = nearIn(round, corrupt, round.everybody);
    await actAll(round, 'share', (to) => advertsFor(round, to), near);
    for (const index of near) {
      expect(round.left.get(index)).toEqual(blamed('bad-signature'));
    }
  });
});
