/**
 * Uploads with lattice masks that are not what they should be: cut off, too long, with bits where there are
 * none, half of one, the same twice, another one instead. What a signature proves is named, what it does not
 * is refused without blame, the sum is that of the others to the last bit, and nothing that is said on the
 * way shows a key, a sum of keys or a value.
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
import { searchFor, secretsOfSaved, textsOf } from '../bad-input/secrets.ts';
import {
  CULPRIT,
  forged,
  inputsOf,
  keyPlace,
  keyVectorIn,
  latticeRound,
  read,
  signedUpload,
  sumOf,
  untilAnswered,
  vectorsIn,
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

describe('what is said on the way', () => {
  const keys = people.ids.map((id) => ({ name: `key of ${id}`, key: keyVectorIn(recording, id) }));
  const added = (ids: readonly string[]): Int32Array =>
    Int32Array.from({ length: 2_048 }, (_, i) =>
      keys.reduce(
        (sum, { key }, at) =>
          sum + (ids.includes(people.ids[at] as string) ? (key[i] as number) : 0),
        0,
      ),
    );
  const vectors = [
    ...keys,
    { name: 'sum of all keys', key: added(people.ids) },
    { name: 'sum of the others', key: added(others) },
    ...people.ids.flatMap((id) =>
      (['long', 'wide'] as const).map((name) => ({
        name: `${name} of ${id}`,
        key: Int32Array.from(inputsOf(id)[name]),
      })),
    ),
  ];
  /** As memory has them: words of 32 and of 16 bits. */
  const inBytes = searchFor([
    ...vectors.flatMap(({ name, key }) => [
      { name, bytes: new Uint8Array(key.buffer.slice(0)) },
      { name, bytes: new Uint8Array(Int16Array.from(key).buffer) },
    ]),
    ...[...phases.confirm.states.values()].flatMap(secretsOfSaved),
  ]);
  /** As text has them: nine numbers in a row, whatever is between; five small ones may come by chance. */
  const runsOf = (key: Int32Array): string[] =>
    Array.from({ length: key.length - 8 }, (_, i) => key.subarray(i, i + 9).join());
  const runs = new Map(vectors.flatMap(({ name, key }) => runsOf(key).map((run) => [run, name])));

  function found(value: unknown): string[] {
    const texts = textsOf(value);
    const list = [...new Set(texts)]
      .join('\n')
      .replaceAll(/"?\d+"?:/g, ' ')
      .match(/-?\d+/g);
    const inText = (list ?? []).flatMap(
      (_, i) => runs.get((list as string[]).slice(i, i + 9).join()) ?? [],
    );
    return [...inBytes(texts), ...inText];
  }

  test('the search finds what it is to find', () => {
    const [first] = vectors as [(typeof vectors)[0]];
    const { key } = first;
    expect(found({ key })).not.toEqual([]);
    expect(found(new Error(`got ${key.subarray(100, 110).join(', ')}`))).not.toEqual([]);
    expect(found({ key: Int16Array.from(key) })).not.toEqual([]);
    expect(found({ memory: new Uint8Array(key.buffer.slice(400, 480)) })).not.toEqual([]);
    expect(found({ long: inputsOf('client-0').long })).not.toEqual([]);
  });

  test('states, faults, and the errors of a sum that does not open', async () => {
    const seen: unknown[] = [plan, recording.reviewed];
    const at = atMask();
    const wrong = await forged(recording, (all) => {
      const masked = all[keyPlace(terms)] as Uint32Array;
      masked[0] = (masked[0] as number) + 1;
    });
    seen.push(coordinator.accept(at, wrong as never), coordinator.accept(at, honest as never));
    seen.push(
      coordinator.accept(at, (await signedUpload(recording, payload.subarray(9))) as never),
    );
    const closing = await untilAnswered(recording, at as never);
    seen.push(at, closing, coordinator.census(closing));
    for (let i = 0; i < 2; i++) {
      try {
        coordinator.close(closing);
      } catch (error) {
        expect(error).toMatchObject({ code: 'lattice-residual' });
        seen.push(error);
      }
    }
    expect(seen.length).toBe(10);
    for (const id of others) {
      seen.push(clientAt(recording, 'mask', id), clientAt(recording, 'confirm', id));
    }
    for (const value of seen) expect(found(value)).toEqual([]);
  });

  test('a client that is handed wrong values says so without them, and may try again', async () => {
    const state = clientAt(recording, 'mask', CULPRIT);
    const downlink = phases.mask.downlinks.get(CULPRIT) as Uint8Array;
    const inputs = inputsOf(CULPRIT);
    const long = [...(inputs.long as number[])];
    long[7] = 99_999;
    for (const bad of [
      { ...inputs, long },
      { ...inputs, wide: long },
    ]) {
      const error = await stepOf('mask', state, downlink, bad).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(Error);
      expect(found(error)).toEqual([]);
    }
    await expect(stepOf('mask', state, downlink, inputs)).resolves.toHaveProperty('message');
  });

  test('saved states, and uploads as they travel, have neither keys nor values', () => {
    for (const id of people.ids) {
      const after = phases.confirm.states.get(id) as Uint8Array;
      expect(found(after)).not.toEqual([]); // seeds and shares, as it must
      const secrets = [...new Set(found(after))].filter((name) =>
        /^(key|sum|long|wide) /.test(name),
      );
      expect(secrets).toEqual([]);
      const travelling = vectorsIn(terms, phases.mask.uplinks.get(id) as Uint8Array);
      for (const vector of travelling) expect(found(vector)).toEqual([]);
    }
  });
});
