/**
 * Whatever a program logs of a round with lattice masks (states, faults, the errors of a sum that does not open),
 * no key is in it, no sum of keys and no value.
 */
import * as coordinator from 'veilsum/coordinator';
import { expect, test } from 'vitest';
import { termsOf } from '../../../src/round/plan.ts';
import { clientAt, coordinatorAt, stepOf } from '../bad-input/recording.ts';
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
  untilAnswered,
  vectorsIn,
} from './lattice-round.ts';

const recording = await latticeRound((id) => (id === CULPRIT ? 'confirm' : undefined));
const { plan, people, phases } = recording;
const terms = termsOf(plan);
const others = people.ids.filter((id) => id !== CULPRIT);
const honest = phases.mask.uplinks.get(CULPRIT) as Uint8Array;
const payload = read(honest).payload;

const keys = people.ids.map((id) => ({ name: `key of ${id}`, key: keyVectorIn(recording, id) }));
const added = (ids: readonly string[]): Int32Array =>
  Int32Array.from({ length: 2_048 }, (_, i) =>
    keys.reduce(
      (sum, { key }, at) => sum + (ids.includes(people.ids[at] as string) ? (key[i] as number) : 0),
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
  const at = coordinatorAt(recording, 'mask');
  const wrong = await forged(recording, (all) => {
    const masked = all[keyPlace(terms)] as Uint32Array;
    masked[0] = (masked[0] as number) + 1;
  });
  seen.push(coordinator.accept(at, wrong as never), coordinator.accept(at, honest as never));
  seen.push(coordinator.accept(at, (await signedUpload(recording, payload.subarray(9))) as never));
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
    const secrets = [...new Set(found(after))].filter((name) => /^(key|sum|long|wide) /.test(name));
    expect(secrets).toEqual([]);
  }
  const travelling = vectorsIn(terms, honest);
  for (const vector of travelling) expect(found(vector)).toEqual([]);
});
