/** Uploads that come in chunks are taken in as whole ones are, or leave the sum as it was. */
import fc from 'fast-check';
import { integer, real } from 'veilsum';
import * as coordinator from 'veilsum/coordinator';
import { describe, expect, test } from 'vitest';
import { accumulatorBytes } from '../../src/secagg/accumulator.ts';
import { ledgerOf } from '../../src/secagg/coordinator/state.ts';
import { coordinatorAt, playOn, record } from '../scenario/bad-input/recording.ts';
import { party, planFor } from '../support/round.ts';

type Masking = coordinator.CoordinatorState<'mask'>;

/** Feeds a message cut into chunks of these lengths, in turns; stops at the first fault. */
function feed(
  upload: coordinator.Upload,
  message: Uint8Array,
  lengths: readonly number[],
): coordinator.Fault | undefined {
  let at = 0;
  for (let i = 0; at < message.length; i++) {
    const length = lengths[i % lengths.length] as number;
    const fault = coordinator.feedUpload(upload, message.subarray(at, at + length));
    if (fault !== undefined) return fault;
    at += length;
  }
  return undefined;
}

const sumOf = (state: coordinator.CoordinatorState): string =>
  accumulatorBytes(ledgerOf(state).accumulator).join();

describe('a recorded round', async () => {
  const people = await party(5);
  const plan = planFor(people, {
    fields: {
      votes: integer({ length: 3, min: 0, max: 9 }),
      update: real({ length: 21, clip: { norm: 'linf', bound: 1 } }),
    },
    trust: { corrupt: 0.2, absent: 0.2 },
  });
  const inputs = () => ({ votes: [1, 2, 3], update: new Array<number>(21).fill(0.5) });
  const recording = await record(people, plan, inputs);
  const uplinks = recording.phases.mask.uplinks;
  const masking = () => coordinatorAt(recording, 'mask') as Masking;
  const some = uplinks.get('client-1') as Uint8Array;

  test('cut anywhere, an upload is what it is in one piece', async () => {
    const whole = masking();
    for (const message of uplinks.values())
      expect(coordinator.accept(whole, message)).toBe(undefined);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 6 }),
        async (lengths) => {
          const state = masking();
          const staging = coordinator.openStaging(state, { places: 2 });
          for (const message of uplinks.values()) {
            const upload = coordinator.beginUpload(staging) as coordinator.Upload;
            expect(feed(upload, message, lengths)).toBeUndefined();
            expect(coordinator.finishUpload(upload)).toBeUndefined();
          }
          expect(sumOf(state)).toBe(sumOf(whole));
          expect(coordinator.save(state)).toEqual(coordinator.save(whole));
        },
      ),
      { numRuns: 30 },
    );
  });

  test('uploads under way at once do not disturb each other, and the round ends exactly', async () => {
    const state = masking();
    const staging = coordinator.openStaging(state, { places: 5 });
    const under = [...uplinks.values()].map((message) => ({
      message,
      upload: coordinator.beginUpload(staging) as coordinator.Upload,
    }));
    expect(coordinator.beginUpload(staging)).toBeUndefined();
    const longest = Math.max(...under.map(({ message }) => message.length));
    for (let at = 0; at < longest; at += 7) {
      for (const { message, upload } of under) {
        expect(coordinator.feedUpload(upload, message.subarray(at, at + 7))).toBeUndefined();
      }
    }
    for (const { upload } of under) expect(coordinator.finishUpload(upload)).toBeUndefined();
    // Everything is in already; delivering it again changes nothing.
    const result = await playOn(recording, 'mask', state);
    expect(result.sum).toEqual(recording.result.sum);
  });

  test('broken off at every byte, flipped at every byte, too long: the sum is as it was', () => {
    const state = masking();
    const staging = coordinator.openStaging(state, { places: 1 });
    const before = sumOf(state);
    const refused = (message: Uint8Array, chunk: number): void => {
      // One place for all of them: each must have been freed.
      const upload = coordinator.beginUpload(staging) as coordinator.Upload;
      const fault = feed(upload, message, [chunk]) ?? coordinator.finishUpload(upload);
      expect(fault).toBeDefined();
      expect(fault?.culprit).toBeUndefined();
      expect(() => coordinator.feedUpload(upload, message)).toThrow(
        expect.objectContaining({ code: 'state-spent' }),
      );
    };
    for (let length = 0; length < some.length; length++) refused(some.subarray(0, length), 64);
    for (let at = 0; at < some.length; at++) {
      const flipped = some.slice();
      flipped[at] = (flipped[at] as number) ^ (1 << (at % 8));
      refused(flipped, at % 2 === 0 ? 50 : some.length);
    }
    refused(Uint8Array.from([...some, 0]), 33);
    refused(new Uint8Array(5_000), 1);
    refused(new Uint8Array(0), 1);
    expect(sumOf(state)).toBe(before);
    const upload = coordinator.beginUpload(staging) as coordinator.Upload;
    expect(feed(upload, some, [100]) ?? coordinator.finishUpload(upload)).toBeUndefined();
    expect(sumOf(state)).not.toBe(before);
  });

  test('a start that announces more than fits is refused before it comes', () => {
    const staging = coordinator.openStaging(masking(), { places: 1 });
    // The payload's head: 0x58 and one byte of length; make it four bytes of a huge one.
    const at = some.length - (some.at(-1) === undefined ? 0 : payloadLength()) - 2;
    expect(some[at]).toBe(0x58);
    const huge = Uint8Array.from([...some.subarray(0, at), 0x5a, 0xff, 0xff, 0xff, 0xff]);
    const upload = coordinator.beginUpload(staging) as coordinator.Upload;
    expect(coordinator.feedUpload(upload, huge)).toMatchObject({ code: 'too-large' });
    const endless = coordinator.beginUpload(staging) as coordinator.Upload;
    // A header that never ends: refused after a few hundred bytes, not buffered.
    const header = Uint8Array.from([...some.subarray(0, 38), 0x5a, 0x7f, 0xff, 0xff, 0xff]);
    expect(coordinator.feedUpload(endless, header)).toBeUndefined();
    let fault: coordinator.Fault | undefined;
    for (let i = 0; i < 10 && fault === undefined; i++) {
      fault = coordinator.feedUpload(endless, new Uint8Array(100));
    }
    expect(fault).toMatchObject({ code: 'too-large' });
  });

  const payloadLength = (): number =>
    Math.ceil((3 * bitsOf(0)) / 8) + Math.ceil((21 * bitsOf(1)) / 8);
  const bitsOf = (field: number): number =>
    ledgerOf(masking()).terms.fields[field]?.modulusBits as number;

  test('strangers are refused by their first bytes', () => {
    const staging = coordinator.openStaging(masking(), { places: 1 });
    const other = recording.phases.share.uplinks.get('client-1') as Uint8Array;
    const wrongPhase = coordinator.beginUpload(staging) as coordinator.Upload;
    expect(coordinator.feedUpload(wrongPhase, other)).toBeDefined();
    const wrongRound = some.slice();
    wrongRound[10] = (wrongRound[10] as number) ^ 1;
    const upload = coordinator.beginUpload(staging) as coordinator.Upload;
    const fault = coordinator.feedUpload(upload, wrongRound.subarray(0, some.length - 20));
    expect(fault).toMatchObject({ code: 'wrong-round' });
  });

  test('a chunk in shared memory may change afterwards: what was hashed is what is added', () => {
    const [state, whole] = [masking(), masking()];
    coordinator.accept(whole, some);
    const staging = coordinator.openStaging(state, { places: 1 });
    const shared = new Uint8Array(new SharedArrayBuffer(some.length));
    shared.set(some);
    const upload = coordinator.beginUpload(staging) as coordinator.Upload;
    expect(coordinator.feedUpload(upload, shared)).toBeUndefined();
    shared.fill(7);
    expect(coordinator.finishUpload(upload)).toBeUndefined();
    expect(sumOf(state)).toBe(sumOf(whole));
    shared.set(some);
    const other = masking();
    expect(coordinator.accept(other, shared)).toBeUndefined();
    expect(sumOf(other)).toBe(sumOf(whole));
  });

  test('a place is freed even if taking the upload in throws', () => {
    const state = masking();
    const staging = coordinator.openStaging(state, { places: 1 });
    const ledger = ledgerOf(state);
    (ledger.accumulator.holds as Set<string>).add('upload/1');
    const upload = coordinator.beginUpload(staging) as coordinator.Upload;
    expect(feed(upload, some, [77])).toBeUndefined();
    expect(() => coordinator.finishUpload(upload)).toThrow(
      expect.objectContaining({ code: 'duplicate-id' }),
    );
    expect(coordinator.beginUpload(staging)).toBeDefined();
  });

  test('places are limited, freed when abandoned, and end with their phase', () => {
    const state = masking();
    for (const places of [0, 1.5, 65_537]) {
      expect(() => coordinator.openStaging(state, { places })).toThrow(
        expect.objectContaining({ code: 'out-of-range' }),
      );
    }
    const staging = coordinator.openStaging(state, { places: 1 });
    const first = coordinator.beginUpload(staging) as coordinator.Upload;
    expect(coordinator.beginUpload(staging)).toBeUndefined();
    coordinator.feedUpload(first, some.subarray(0, 200));
    coordinator.abandonUpload(first);
    expect(() => coordinator.finishUpload(first)).toThrow(
      expect.objectContaining({ code: 'state-spent' }),
    );
    const second = coordinator.beginUpload(staging) as coordinator.Upload;
    expect(() => coordinator.feedUpload(second, 'bytes' as never)).toThrow(
      expect.objectContaining({ code: 'wrong-type' }),
    );
    for (const message of uplinks.values()) coordinator.accept(state, message);
    coordinator.close(state);
    const spent = expect.objectContaining({ code: 'state-spent' });
    expect(() => coordinator.feedUpload(second, some)).toThrow(spent);
    expect(() => coordinator.finishUpload(second)).toThrow(spent);
    expect(() => coordinator.beginUpload(staging)).toThrow(spent);
    const advertising = coordinatorAt(recording, 'advertise');
    expect(() => coordinator.openStaging(advertising as never, { places: 1 })).toThrow(
      expect.objectContaining({ code: 'wrong-type' }),
    );
  });
});

test('an upload of ten million elements comes in chunks; nothing but its place is used', async () => {
  const length = 10_000_000;
  const people = await party(3);
  const plan = planFor(people, {
    fields: { hits: integer({ length, min: 0, max: 250 }) },
    trust: { corrupt: 0, absent: 0 },
  });
  const hits = new Uint8Array(length).map((_, i) => i % 251);
  const recording = await record(people, plan, () => ({ hits }));
  const uplinks = [...recording.phases.mask.uplinks.values()];
  const size = (uplinks[0] as Uint8Array).length;
  expect(size).toBeGreaterThan(length);
  const state = coordinatorAt(recording, 'mask') as Masking;
  const staging = coordinator.openStaging(state, { places: 1 });
  const now = (): number => process.memoryUsage().arrayBuffers;
  const most = { before: now(), grown: 0 };
  const chunk = 65_536;
  for (const message of uplinks) {
    const upload = coordinator.beginUpload(staging) as coordinator.Upload;
    for (let at = 0; at < message.length; at += chunk) {
      expect(coordinator.feedUpload(upload, message.subarray(at, at + chunk))).toBeUndefined();
    }
    most.grown = Math.max(most.grown, now() - most.before);
    expect(coordinator.finishUpload(upload)).toBeUndefined();
    most.grown = Math.max(most.grown, now() - most.before);
  }
  // A whole upload, staged or copied anywhere else, would show.
  expect(most.grown).toBeLessThan(size / 4);
  const result = await playOn(recording, 'mask', state);
  const sums = result.sum.hits as readonly number[];
  expect(sums.length).toBe(length);
  expect(sums.every((sum, i) => sum === 3 * (i % 251))).toBe(true);
}, 120_000);
