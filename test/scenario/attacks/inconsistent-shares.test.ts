/**
 * Shares that open nothing.
 *
 * A corrupt client deals shares that lie on no polynomial. Each by itself looks like any other; what
 * comes out depends on which t of them are combined, and is never the seed. A naive coordinator takes
 * the first t, derives a mask from what it gets, takes that mask away, and hands out a sum in which
 * every element is noise, with no sign that anything is wrong.
 *
 * Rule (secagg.md, Messages, unmask): the coordinator verifies every reconstructed secret, the seed
 * against the advertised key and the self-mask seed against its commitment; the dealer is named, and
 * there is no partial result. A share that fails its hash is the holder's doing: skipped, and named.
 */

import type { Signer } from 'veilsum';
import * as coordinator from 'veilsum/coordinator';
import { describe, expect, test } from 'vitest';
import { sealBox } from '../../../src/identity/sealed-box.ts';
import { concat, u32 } from '../../../src/internal/bytes.ts';
import { randomBytes } from '../../../src/internal/random.ts';
import {
  sealAssociatedData,
  sealingKeyPair,
  sealKey,
  shareHash,
} from '../../../src/secagg/keys.ts';
import { decodeUnmaskHeader, encodeUnmaskHeader } from '../../../src/secagg/messages.ts';
import { signMessage } from '../../../src/secagg/signed.ts';
import { CONTEXT } from '../../support/round.ts';
import {
  actAll,
  type HostileRound,
  heard,
  honestUntil,
  hostileRound,
  nameOf,
  nearIn,
  quorumFor,
  redeal,
  secretsOf,
  sharesFor,
  survivorsFor,
  tinyActive,
  untilShared,
} from '../support/hostile-round.ts';
import {
  emptyBook,
  naiveAnswer,
  naiveRound,
  naiveUpload,
  near,
  openSum,
  range,
  ringOf,
  sumOf,
} from '../support/naive-sum.ts';

test('a naive coordinator hands out noise for a sum', () => {
  const dealer = 4;
  const round = naiveRound(ringOf(20, 6), 4);
  for (const holder of near(round.graph, dealer)) {
    round.clients[holder]?.held.set(dealer, { self: randomBytes(32), masking: randomBytes(32) });
  }
  const uploads = new Map(range(20).map((index) => [index, naiveUpload(round, index)]));
  const book = emptyBook();
  for (const holder of range(20)) naiveAnswer(round, book, holder, () => 'self');
  const sum = openSum(round, book, uploads, range(20));
  expect(sum).toBeDefined(); // silently
  expect(sum).not.toEqual(sumOf(range(20)));
});

describe('veilsum', () => {
  /** The corrupt client deals random shares, pins them by their hashes, seals and signs them. */
  const dealNoise = async (round: HostileRound, dealer: number): Promise<void> => {
    const { terms } = round;
    const { memory } = secretsOf<'mask'>(round, dealer);
    const sealing = sealingKeyPair(terms, memory.sealingSeed);
    const keys = new Map(memory.peers.map((peer) => [peer.index, peer.sealingKey]));
    await redeal(round, dealer, (parts) => ({
      parts: parts.map((part) => {
        const [self, masking] = [randomBytes(32), randomBytes(32)];
        const { holder } = part;
        const theirs = keys.get(holder) as Uint8Array;
        const secret = terms.suite.sharedSecret(sealing, theirs, new Uint8Array(0));
        const key = sealKey(terms, secret, {
          ids: [dealer, holder],
          publicKeys: [sealing.publicKey, theirs],
          kemCiphertext: new Uint8Array(0),
          context: CONTEXT,
        });
        const plaintext = concat(self, masking, u32(dealer), u32(holder));
        return {
          ...part,
          box: sealBox(key, plaintext, sealAssociatedData(terms, dealer, holder)),
          selfHash: shareHash(terms, 'self', dealer, holder, self),
          maskingHash: shareHash(terms, 'masking', dealer, holder, masking),
        };
      }),
    }));
  };

  const playOut = async (round: HostileRound, stay: readonly number[]): Promise<void> => {
    await actAll(round, 'mask', (to) => sharesFor(round, to), stay);
    await actAll(round, 'confirm', (to) => survivorsFor(round, to));
    await actAll(round, 'unmask', (to) => quorumFor(round, to));
    expect([...round.left]).toEqual([]); // nobody could have noticed
  };

  test.each([
    ['stays: its self-mask seed does not match its commitment', true],
    ['vanishes after share: its masking seed does not match its key', false],
  ] as const)('names a dealer who %s, and gives no result', async (_, stays) => {
    const round = await hostileRound(12, tinyActive);
    const dealer = 4;
    await untilShared(round);
    await dealNoise(round, dealer);
    await playOut(
      round,
      round.everybody.filter((index) => stays || index !== dealer),
    );
    const { state, faults } = honestUntil(round, 'unmask');
    expect(faults).toEqual([]);
    const named = expect.objectContaining({
      code: 'bad-share',
      culprits: [{ client: nameOf(round, dealer) }],
    });
    expect(() => coordinator.close(state)).toThrow(named);
    // Also if the work is done elsewhere: the accumulator tells, stored or not.
    const { fields, pieces } = coordinator.unmaskWork(state, { pieceWords: 1 });
    const elsewhere = coordinator.createAccumulator(fields);
    for (const piece of pieces) coordinator.runPieceInto(elsewhere, piece);
    const stored = coordinator.readAccumulator(fields, coordinator.accumulatorBytes(elsewhere));
    expect(() => coordinator.close(state, [elsewhere])).toThrow(named);
    expect(() => coordinator.close(state, [coordinator.portableCopy(stored)])).toThrow(named);
    // Nothing was spent and nothing was opened by the attempt: it fails the same way again.
    expect(() => coordinator.close(state)).toThrow(named);
  });

  test('names every dealer of noise at once', async () => {
    const round = await hostileRound(12, tinyActive);
    await untilShared(round);
    for (const dealer of [9, 2]) await dealNoise(round, dealer);
    await playOut(round, round.everybody);
    expect(() => coordinator.close(honestUntil(round, 'unmask').state)).toThrow(
      expect.objectContaining({
        code: 'bad-share',
        culprits: [2, 9].map((dealer) => ({ client: nameOf(round, dealer) })),
      }),
    );
  });

  test('skips a share that a holder made up, names the holder, and opens the exact sum', async () => {
    const round = await hostileRound(12, tinyActive);
    const { terms } = round;
    const holder = 6;
    await untilShared(round);
    await playOut(round, round.everybody);
    const answer = decodeUnmaskHeader(terms, round.said.unmask.get(holder)?.header as Uint8Array);
    const header = encodeUnmaskHeader({
      ...answer,
      shares: answer.shares.map(({ dealer }) => ({ dealer, share: randomBytes(32) })),
    });
    const signer = round.signers[holder] as Signer;
    heard(
      round,
      'unmask',
      holder,
      (await signMessage(terms, 'unmask', holder, signer, header)).message,
    );
    const { state, faults } = honestUntil(round, 'unmask');
    expect(faults).toMatchObject([
      { phase: 'unmask', code: 'bad-share', culprit: nameOf(round, holder) },
    ]);
    expect(nearIn(round, holder, round.everybody).length).toBe(8);
    expect(coordinator.close(state).next.sum.votes).toEqual(sumOf(round.everybody));
  });
});
