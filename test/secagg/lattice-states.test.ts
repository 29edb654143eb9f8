/**
 * Rounds under lattice masks that are saved, spread and received in pieces: words in one plane, in two, and
 * several values in one coefficient, beside a field under masks of pairs.
 */
import { integer } from 'veilsum';
import * as coordinator from 'veilsum/coordinator';
import { describe, expect, test } from 'vitest';
import { homeOf } from '../../src/kernel/wasm.ts';
import { ledgerOf } from '../../src/secagg/coordinator/state.ts';
import { PHASES } from '../../src/secagg/phases.ts';
import { coordinatorAt, playOn, record } from '../scenario/bad-input/recording.ts';
import { party, planFor } from '../support/round.ts';

const fields = {
  votes: integer({ length: 3, min: 0, max: 9 }),
  bits: integer({ length: 5_000, min: 0, max: 1, mask: 'lattice' }),
  update: integer({ length: 40_961, min: -32_768, max: 32_767, mask: 'lattice' }),
  wide: integer({ length: 14_337, min: -(2 ** 27), max: 2 ** 27 - 1, mask: 'lattice' }),
};
type Sums = typeof fields;

const people = await party(8);
const plan = planFor(people, {
  fields,
  trust: { corrupt: 0.1, absent: 0.4, coordinator: 'semi-honest' },
});
const indexOf = (id: string): number => people.ids.indexOf(id);
const valuesOf = (id: string, length: number, min: number, max: number): number[] =>
  Array.from({ length }, (_, i) => min + ((i * 7_919 + indexOf(id) * 104_729) % (max - min + 1)));
const inputs = (id: string) => ({
  votes: valuesOf(id, 3, 0, 9),
  bits: valuesOf(id, 5_000, 0, 1),
  update: valuesOf(id, 40_961, -32_768, 32_767),
  wide: valuesOf(id, 14_337, -(2 ** 27), 2 ** 27 - 1),
});
const vanish = (id: string) =>
  (({ 'client-3': 'mask', 'client-6': 'confirm', 'client-7': 'unmask' }) as const)[id as never];
const recording = await record(people, plan, inputs, vanish);
const uplinks = recording.phases.mask.uplinks;
const { wire } = ledgerOf(coordinatorAt(recording, 'mask')).terms;

type Masking = coordinator.CoordinatorState<'mask', Sums>;
type Unmasking = coordinator.CoordinatorState<'unmask', Sums>;
const masking = (): Masking => coordinatorAt(recording, 'mask') as Masking;
const unmasking = (): Unmasking => {
  const at = coordinatorAt(recording, 'unmask') as Unmasking;
  for (const message of recording.phases.unmask.uplinks.values()) coordinator.accept(at, message);
  return at;
};

test('the recorded round is what it should be', () => {
  const widths = plan.lattice?.layout.fields.map(({ shape }) => [shape.packing, shape.wireBits]);
  expect(widths?.[0]?.[0]).toBeGreaterThan(1);
  expect(widths?.[1]).toEqual([1, 24]);
  expect(widths?.[2]?.[1]).toBeGreaterThan(32);
  const { contributors, sum } = recording.result;
  expect(contributors).toHaveLength(7);
  for (const name of Object.keys(fields) as (keyof Sums)[]) {
    const expected = contributors
      .map((id) => inputs(id)[name])
      .reduce((all, vector) => all.map((x, i) => x + (vector[i] as number)));
    expect(sum[name], name).toEqual(expected);
  }
});

describe('saved and restored', () => {
  // Before mask, clients hide anew, under other secrets: the sum is the same.
  test.each(PHASES)('everybody before %s: the sum is the same', async (phase) => {
    const result = await playOn(recording, phase, coordinatorAt(recording, phase));
    expect(result.sum).toEqual(recording.result.sum);
    expect(result.contributors).toEqual(recording.result.contributors);
  });

  test('a coordinator after every single upload', async () => {
    let state = masking();
    for (const message of uplinks.values()) {
      expect(coordinator.accept(state, message)).toBeUndefined();
      state = coordinator.restore(plan, coordinator.save(state)) as Masking;
    }
    const result = await playOn(recording, 'mask', state);
    expect(result.sum).toEqual(recording.result.sum);
  });

  test('a coordinator with all answers, whose sum was refused before', () => {
    const state = unmasking();
    const saved = coordinator.save(state);
    const again = coordinator.restore(plan, saved) as Unmasking;
    const { sums } = ledgerOf(again).accumulator;
    // The key vector comes after the only field under masks.
    const key = sums[1] as Uint32Array;
    key[7] = (key[7] as number) + 1;
    expect(() => coordinator.close(again)).toThrow(
      expect.objectContaining({ code: 'lattice-residual' }),
    );
    // Nothing was spent: with the right sum the same state closes, and so does the saved one.
    key[7] = (key[7] as number) - 1;
    expect(coordinator.close(again).next.sum).toEqual(recording.result.sum);
    const other = coordinator.restore(plan, saved) as Unmasking;
    expect(coordinator.close(other).next.sum).toEqual(recording.result.sum);
  });
});

describe('the unmask work', () => {
  test.each([1, 2_000, 2 ** 24])('in pieces of %i words, on three accumulators', (pieceWords) => {
    const state = unmasking();
    const { fields, pieces } = coordinator.unmaskWork(state, { pieceWords });
    const parts = [0, 1, 2].map(() => coordinator.createAccumulator(fields));
    pieces.forEach((piece, i) => {
      // As it would come through a socket or from a thread.
      const sent = structuredClone(piece);
      coordinator.runPieceInto(parts[i % 3] as coordinator.Accumulator, sent);
    });
    const [first, second, third] = parts as [
      coordinator.Accumulator,
      coordinator.Accumulator,
      coordinator.Accumulator,
    ];
    const bytes = coordinator.accumulatorBytes(first);
    const read = coordinator.readAccumulator(fields, bytes);
    expect(coordinator.accumulatorBytes(read)).toEqual(bytes);
    coordinator.mergeInto(read, second);
    const copy = coordinator.portableCopy(third);
    const moved = structuredClone(copy, { transfer: copy.sums.map(({ buffer }) => buffer) });
    expect(coordinator.close(state, [read, moved]).next.sum).toEqual(recording.result.sum);
  });

  test('knows nothing of what lattice masks hide, and threads hold no memory for it', () => {
    const state = unmasking();
    const { fields, pieces } = coordinator.unmaskWork(state);
    expect(fields.map(({ name }) => name)).toEqual(['votes', 'lattice key']);
    // Who has more room than that may use it: everything that travels, but no other set of fields.
    const whole = coordinator.createAccumulator(wire);
    for (const fewer of [wire.slice(0, -1), wire.slice(1), wire.slice(2), wire.slice(0, 1)]) {
      const other = coordinator.createAccumulator(fewer);
      const piece = pieces[0] as coordinator.Piece;
      const code = expect.objectContaining({ code: 'wrong-length' });
      const hasMasked = fewer.length === wire.length - 1 && fewer[0] === wire[0];
      if (!hasMasked) expect(() => coordinator.runPieceInto(other, piece)).toThrow(code);
      expect(() => coordinator.mergeInto(whole, other)).toThrow(code);
      expect(() => coordinator.close(state, [other])).toThrow(code);
    }
    const part = coordinator.createAccumulator(fields);
    expect(() => coordinator.mergeInto(part, whole)).toThrow(
      expect.objectContaining({ code: 'wrong-length' }),
    );
    pieces.forEach((piece, i) => {
      coordinator.runPieceInto(i % 2 === 0 ? whole : part, piece);
    });
    expect(coordinator.close(state, [part, whole]).next.sum).toEqual(recording.result.sum);
  });

  test('lacks nothing: without any one piece it is refused', () => {
    const state = unmasking();
    const { fields, pieces } = coordinator.unmaskWork(state, { pieceWords: 1 });
    for (let gone = 0; gone < pieces.length; gone++) {
      const part = coordinator.createAccumulator(fields);
      pieces.forEach((piece, i) => {
        if (i !== gone) coordinator.runPieceInto(part, piece);
      });
      expect(() => coordinator.close(state, [part])).toThrow(
        expect.objectContaining({ code: 'unknown-id' }),
      );
    }
  });
});

describe('uploads in chunks', () => {
  /** Feeds all uploads, a chunk of each in turn. */
  const feedAll = (state: Masking, chunk: number): void => {
    const staging = coordinator.openStaging(state, { places: uplinks.size });
    const under = [...uplinks.values()].map((message) => ({
      message,
      upload: coordinator.beginUpload(staging) as coordinator.Upload,
    }));
    const longest = Math.max(...under.map(({ message }) => message.length));
    for (let at = 0; at < longest; at += chunk) {
      for (const { message, upload } of under) {
        expect(coordinator.feedUpload(upload, message.subarray(at, at + chunk))).toBeUndefined();
      }
    }
    for (const { upload } of under) expect(coordinator.finishUpload(upload)).toBeUndefined();
  };

  test.each([97, 4_096, 1_000_000])('of %i bytes, in place, add up to the same', async (chunk) => {
    const [whole, state] = [masking(), masking()];
    for (const message of uplinks.values()) coordinator.accept(whole, message);
    feedAll(state, chunk);
    // Received where kernels reach it, and added from there.
    expect(ledgerOf(state).accumulator.sums.map(homeOf)).not.toContain(undefined);
    expect(coordinator.save(state)).toEqual(coordinator.save(whole));
    const result = await playOn(recording, 'mask', state);
    expect(result.sum).toEqual(recording.result.sum);
  });

  test('one that is bent in any of its vectors leaves the sum as it was', () => {
    const state = masking();
    const staging = coordinator.openStaging(state, { places: 1 });
    const before = coordinator.save(state);
    const some = uplinks.get('client-1') as Uint8Array;
    const bits = wire.map(({ length, modulusBits }) => Math.ceil((length * modulusBits) / 8));
    let end = some.length;
    for (const size of [...bits].reverse()) {
      end -= size;
      const bent = some.with(end, (some[end] as number) ^ 1);
      const upload = coordinator.beginUpload(staging) as coordinator.Upload;
      expect(coordinator.feedUpload(upload, bent)).toBeUndefined();
      expect(coordinator.finishUpload(upload)).toMatchObject({ code: 'bad-signature' });
    }
    expect(bits).toHaveLength(7);
    expect(ledgerOf(state).accumulator.holds.size).toBe(0);
    const sums = ledgerOf(state).accumulator.sums;
    expect(sums.every((sum) => sum.every((word) => word === 0))).toBe(true);
    expect(ledgerOf(coordinator.restore(plan, before)).accumulator.sums).toEqual(sums);
  });
});
