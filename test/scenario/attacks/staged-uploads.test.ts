/**
 * The upload that broke off.
 *
 * A naive coordinator adds an upload to the running sum while it reads it. The connection breaks, or
 * the signature at the end turns out to be wrong: the coordinator refuses the message, but half of a
 * masked vector is in the sum already. Nothing can be taken back, since nobody knows the mask; the sum
 * that comes out is noise from then on, and the sender has done it without signing anything.
 *
 * Rule (secagg.md, State, crashes, retries): uploads are staged as packed bytes until length and
 * signature hold, and only then added; a truncated or forged upload leaves the accumulator
 * byte-identical.
 */

import * as coordinator from 'veilsum/coordinator';
import { describe, expect, test } from 'vitest';
import { randomBytes } from '../../../src/internal/random.ts';
import { packedLength, packInto } from '../../../src/ring/packing.ts';
import { accumulatorBytes, addUpload, createAccumulator } from '../../../src/secagg/accumulator.ts';
import { ledgerOf } from '../../../src/secagg/coordinator/state.ts';
import {
  actAll,
  type HostileRound,
  honestUntil,
  hostileRound,
  quorumFor,
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
  openSum,
  range,
  ringOf,
  sumOf,
} from '../support/naive-sum.ts';

test('a naive coordinator adds what it has read, and the sum is noise', () => {
  const round = naiveRound(ringOf(20, 6), 4);
  const uploads = new Map(range(20).map((index) => [index, naiveUpload(round, index)]));
  const book = emptyBook();
  for (const holder of range(20)) naiveAnswer(round, book, holder, () => 'self');
  expect(openSum(round, book, uploads, range(20))).toEqual(sumOf(range(20)));

  // Client 7's connection breaks after two of four words; it comes back with all of them.
  const { vector, edges } = uploads.get(7) as ReturnType<typeof naiveUpload>;
  const running = vector.slice();
  for (const i of [0, 1]) running[i] = (running[i] as number) + (vector[i] as number);
  uploads.set(7, { vector: running, edges });
  const sum = openSum(round, book, uploads, range(20)) as number[];
  expect(sum.slice(2)).toEqual(sumOf(range(20)).slice(2));
  expect(sum.slice(0, 2)).not.toEqual(sumOf(range(20)).slice(0, 2));
});

describe('veilsum', () => {
  const playOut = async (): Promise<HostileRound> => {
    const round = await hostileRound(12, tinyActive);
    await untilShared(round);
    await actAll(round, 'mask', (to) => sharesFor(round, to));
    await actAll(round, 'confirm', (to) => survivorsFor(round, to));
    await actAll(round, 'unmask', (to) => quorumFor(round, to));
    expect([...round.left]).toEqual([]);
    return round;
  };

  test('truncated at every byte, flipped at every byte: the accumulator is as it was', async () => {
    const round = await playOut();
    const victim = 7;
    const honest = round.messages.mask.get(victim) as Uint8Array;
    round.messages.mask.delete(victim);
    const { state } = honestUntil(round, 'mask');
    const sumNow = (): string => accumulatorBytes(ledgerOf(state).accumulator).join();
    const before = sumNow();
    const census = JSON.stringify(coordinator.census(state));
    let refused = 0;
    const refuse = (message: Uint8Array): void => {
      const fault = coordinator.accept(state, message);
      expect(fault).toBeDefined();
      expect(fault?.culprit).toBeUndefined();
      refused++;
    };
    for (let length = 0; length < honest.length; length++) refuse(honest.subarray(0, length));
    for (let at = 0; at < honest.length; at++) {
      const flipped = honest.slice();
      flipped[at] = (flipped[at] as number) ^ (1 << (at % 8));
      refuse(flipped);
    }
    refuse(Uint8Array.from([...honest, 0]));
    expect(refused).toBe(2 * honest.length + 1);
    expect(sumNow()).toBe(before);
    expect(JSON.stringify(coordinator.census(state))).toBe(census);

    // The honest one is taken afterwards, once, and the round ends with the exact sum.
    expect(coordinator.accept(state, honest)).toBeUndefined();
    const after = sumNow();
    expect(after).not.toBe(before);
    expect(coordinator.accept(state, honest)).toBeUndefined();
    expect(sumNow()).toBe(after);
    round.messages.mask.set(victim, honest);
    const last = honestUntil(round, 'unmask', (phase) =>
      phase === 'mask' ? [honest.subarray(0, honest.length - 1), honest] : [],
    );
    expect(last.faults.length).toBe(1);
    expect(coordinator.close(last.state).next.sum.votes).toEqual(sumOf(round.everybody));
  });

  test('an accumulator takes all fields of an upload or none', () => {
    const shapes = [
      { name: 'wide', length: 5, modulusBits: 32 },
      { name: 'odd', length: 3, modulusBits: 17 },
    ];
    const accumulator = createAccumulator(shapes);
    const upload = Uint8Array.from(
      shapes.flatMap(({ length, modulusBits }) => {
        const words = new Uint32Array(randomBytes(4 * length).buffer).map((word) =>
          modulusBits === 32 ? word : word % 2 ** modulusBits,
        );
        const out = new Uint8Array(packedLength(length, modulusBits));
        packInto(out, words, modulusBits);
        return [...out];
      }),
    );
    addUpload(accumulator, 'first', upload);
    const before = accumulatorBytes(accumulator);
    for (let length = 0; length < upload.length; length++) {
      expect(() => addUpload(accumulator, 'second', upload.subarray(0, length))).toThrow(
        expect.objectContaining({ code: 'truncated' }),
      );
    }
    expect(() => addUpload(accumulator, 'second', Uint8Array.from([...upload, 0]))).toThrow(
      expect.objectContaining({ code: 'trailing-bytes' }),
    );
    // 51 bits in 7 bytes: the last field's padding must be zero, and the first is not added before.
    const padded = upload.slice();
    padded[padded.length - 1] = (padded.at(-1) as number) ^ 0xff;
    expect(() => addUpload(accumulator, 'second', padded)).toThrow(
      expect.objectContaining({ code: 'non-canonical' }),
    );
    expect(() => addUpload(accumulator, 'first', upload)).toThrow(
      expect.objectContaining({ code: 'duplicate-id' }),
    );
    expect(accumulatorBytes(accumulator)).toEqual(before);
  });
});
