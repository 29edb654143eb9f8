/**
 * Uploads with lattice masks that are not what they should be: cut off, too long, with bits where there are
 * none, half of one, the same twice, another one instead. What a signature proves is named, what it does not
 * is refused without blame, and the sum is that of the others to the last bit.
 */
import * as coordinator from 'veilsum/coordinator';
import { describe, expect, test } from 'vitest';
import { concat } from '../../../src/internal/bytes.ts';
import { packedLength } from '../../../src/ring/packing.ts';
import { termsOf } from '../../../src/round/plan.ts';
import { accumulatorBytes } from '../../../src/secagg/accumulator.ts';
import { ledgerOf } from '../../../src/secagg/coordinator/state.ts';
import { vectorBytes } from '../../../src/secagg/terms.ts';
import { encodeEnvelope } from '../../../src/wire/envelope.ts';
import { clientAt, closeAny, coordinatorAt, stepOf } from '../bad-input/recording.ts';
import {
  CULPRIT,
  forged,
  inputsOf,
  keyPlace,
  latticeRound,
  read,
  signedUpload,
  sumOf,
  untilAnswered,
} from './lattice-round.ts';

const recording = await latticeRound((id) => (id === CULPRIT ? 'confirm' : undefined));
const { plan, people, phases } = recording;
const terms = termsOf(plan);
const others = people.ids.filter((id) => id !== CULPRIT);
const honest = phases.mask.uplinks.get(CULPRIT) as Uint8Array;
const payload = read(honest).payload;

const atMask = () => coordinatorAt(recording, 'mask') as coordinator.CoordinatorState<'mask'>;
const sumNow = (at: object): string =>
  Buffer.from(accumulatorBytes(ledgerOf(at as never).accumulator)).toString('base64');

/** Goes on without the culprit, and holds the result against the plain sum. */
async function expectOthers(at: coordinator.CoordinatorState<'mask'>) {
  const closing = await untilAnswered(recording, at as never, CULPRIT);
  const result = coordinator.close(closing).next;
  expect(result.contributors).toEqual(others);
  expect(result.sum).toEqual(sumOf(others));
  expect(result.dropped).toEqual([{ id: CULPRIT, phase: 'mask' }]);
  return result;
}

/** Where each vector ends, in bytes of the payload, and how many bits of its last byte are no word's. */
const ends = terms.wire.map(({ name, length, modulusBits }, i) => ({
  name,
  at: terms.wire
    .slice(0, i + 1)
    .reduce((sum, field) => sum + packedLength(field.length, field.modulusBits), 0),
  spare: (8 - ((length * modulusBits) % 8)) % 8,
}));

describe('signed by its client: named, left out, and the others go on', () => {
  test('what the stories need is there', () => {
    expect(ends.at(-1)?.at).toBe(payload.length);
    expect(vectorBytes(terms)).toBe(payload.length);
    expect(terms.wire.map(({ name }) => name)).toEqual([
      'few',
      'lattice key',
      'long',
      'wide',
      'wide low',
    ]);
  });

  const cuts: readonly (readonly [string, string, Uint8Array])[] = [
    ['no byte', 'truncated', new Uint8Array(0)],
    ['the pairwise part only', 'truncated', payload.subarray(0, ends[0]?.at)],
    ['no hidden words', 'truncated', payload.subarray(0, ends[1]?.at)],
    ['one plane of two', 'truncated', payload.subarray(0, ends[3]?.at)],
    ['the last byte missing', 'truncated', payload.subarray(0, payload.length - 1)],
    ...ends
      .filter(({ spare }) => spare > 0)
      .map(({ name, at }) => {
        const padded = payload.slice();
        // The top bit of a vector's last byte.
        padded[at - 1] = (padded[at - 1] as number) | 0x80;
        return [`a bit beyond the words of "${name}"`, 'non-canonical', padded] as const;
      }),
  ];

  test.each(cuts)('%s', async (_, code, wrong) => {
    const at = atMask();
    const [first] = others as [string];
    coordinator.accept(at, phases.mask.uplinks.get(first) as never);
    const before = sumNow(at);
    const message = (await signedUpload(recording, wrong)) as never;
    expect(coordinator.accept(at, message)).toMatchObject({
      code,
      culprit: CULPRIT,
      phase: 'mask',
    });
    expect(sumNow(at)).toBe(before);
    // Its honest one comes too late.
    expect(coordinator.accept(at, honest as never)).toMatchObject({ code: 'excluded' });
    expect(sumNow(at)).toBe(before);
    const { refused } = await expectOthers(at);
    expect(refused.map((fault) => fault.culprit)).toEqual([CULPRIT, CULPRIT]);
  });

  test('padding of every kind was tried', () => {
    const tried = cuts.filter(([, code]) => code === 'non-canonical').map(([name]) => name);
    expect(tried.join()).toMatch(/few.*long.*wide/);
  });
});

test('too long for any message of the round: refused before anybody looks at its signature', async () => {
  const at = atMask();
  const before = sumNow(at);
  for (const more of [1, 6_144]) {
    const wrong = await signedUpload(recording, concat(payload, new Uint8Array(more)));
    const fault = coordinator.accept(at, wrong as never);
    expect(fault?.code).toMatch(/malformed|too-large/);
    expect(fault).not.toHaveProperty('culprit');
  }
  expect(sumNow(at)).toBe(before);
  expect(coordinator.accept(at, honest as never)).toBeUndefined();
  const closing = await untilAnswered(recording, at as never, CULPRIT);
  expect(coordinator.close(closing).next.sum).toEqual(sumOf(people.ids));
});

describe('one upload too many', () => {
  test('the same twice counts once', async () => {
    const at = atMask();
    expect(coordinator.accept(at, honest as never)).toBeUndefined();
    const once = sumNow(at);
    expect(coordinator.accept(at, honest as never)).toBeUndefined();
    expect(sumNow(at)).toBe(once);
    const closing = await untilAnswered(recording, at as never, CULPRIT);
    expect(coordinator.close(closing).next.sum).toEqual(sumOf(people.ids));
  });

  test('another one, signed as well: named, and the first stands', async () => {
    const second = await forged(recording, (vectors) => {
      const words = vectors[keyPlace(terms) + 1] as Uint32Array;
      words[0] = (words[0] as number) + 1;
    });
    const at = atMask();
    coordinator.accept(at, honest as never);
    const once = sumNow(at);
    expect(coordinator.accept(at, second as never)).toMatchObject({
      code: 'equivocation',
      culprit: CULPRIT,
    });
    expect(sumNow(at)).toBe(once);
    const closing = await untilAnswered(recording, at as never, CULPRIT);
    expect(coordinator.close(closing).next.sum).toEqual(sumOf(people.ids));
  });

  test('another payload under its signature, or its payload under another name: no blame', async () => {
    const theirs = read(phases.mask.uplinks.get('client-0') as Uint8Array);
    const mine = read(honest);
    const at = atMask();
    const before = sumNow(at);
    const replaced = [
      encodeEnvelope({ ...mine, payload: theirs.payload }),
      encodeEnvelope({ ...theirs, sender: mine.sender }),
      encodeEnvelope({ ...mine, sender: theirs.sender }),
    ];
    for (const message of replaced) {
      const fault = coordinator.accept(at, message as never);
      expect(fault).toMatchObject({ code: 'bad-signature' });
      expect(fault).not.toHaveProperty('culprit');
    }
    expect(sumNow(at)).toBe(before);
    // The honest ones are still welcome.
    expect(coordinator.accept(at, honest as never)).toBeUndefined();
    const closing = await untilAnswered(recording, at as never, CULPRIT);
    expect(coordinator.close(closing).next.sum).toEqual(sumOf(people.ids));
  });

  test('a coordinator that counts another upload than the one it was sent: the client does not confirm', async () => {
    const victim = 'client-1';
    const downlink = phases.mask.downlinks.get(victim) as Uint8Array;
    // Both are validly signed by the victim; the one that it remembers is not the one that is counted.
    const { message } = await stepOf(
      'mask',
      clientAt(recording, 'mask', victim),
      downlink,
      inputsOf(victim),
    );
    const at = atMask();
    expect(coordinator.accept(at, message as never)).toBeUndefined();
    for (const id of people.ids) coordinator.accept(at, phases.mask.uplinks.get(id) as never);
    const told = closeAny(at as never).downlinks.get(victim as never) as Uint8Array;
    const step = stepOf('confirm', clientAt(recording, 'confirm', victim), told, inputsOf(victim));
    await expect(step).rejects.toMatchObject({
      code: 'inconsistent-survivors',
      culprits: ['coordinator'],
    });
  });
});

describe('half an upload is none', () => {
  const half = (of: Uint8Array): Uint8Array => of.subarray(0, of.length >> 1);

  test('broken off, given up, or with another end: the sum is as it was, and its sender not in it', async () => {
    const at = atMask();
    const before = sumNow(at);
    const staging = coordinator.openStaging(at, { places: 2 });
    const begin = () => coordinator.beginUpload(staging) as coordinator.Upload;

    const broken = begin();
    expect(coordinator.feedUpload(broken, half(honest))).toBeUndefined();
    const fault = coordinator.finishUpload(broken);
    expect(fault).toMatchObject({ code: 'truncated' });
    expect(fault).not.toHaveProperty('culprit');

    const givenUp = begin();
    coordinator.feedUpload(givenUp, half(honest));
    coordinator.abandonUpload(givenUp);

    const spliced = begin();
    coordinator.feedUpload(spliced, half(honest));
    const rest = honest.slice(honest.length >> 1).map((byte) => byte ^ 1);
    coordinator.feedUpload(spliced, rest);
    expect(coordinator.finishUpload(spliced)).toMatchObject({ code: 'bad-signature' });

    expect(sumNow(at)).toBe(before);
    expect(coordinator.census(at).accepted).toEqual([]);
    await expectOthers(at);
  });

  test('in pieces of any size, mixed with those of others, it is whole', async () => {
    const at = atMask();
    const staging = coordinator.openStaging(at, { places: 5 });
    const all = people.ids.map((id) => ({
      message: phases.mask.uplinks.get(id) as Uint8Array,
      upload: coordinator.beginUpload(staging) as coordinator.Upload,
    }));
    for (let from = 0; from < honest.length; from += 999) {
      for (const { message, upload } of all) {
        expect(coordinator.feedUpload(upload, message.subarray(from, from + 999))).toBeUndefined();
      }
    }
    for (const { upload } of all) expect(coordinator.finishUpload(upload)).toBeUndefined();
    const closing = await untilAnswered(recording, at as never);
    expect(coordinator.close(closing).next.sum).toEqual(sumOf(people.ids));
  });
});
