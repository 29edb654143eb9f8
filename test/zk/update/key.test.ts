/** Update keys: what makes one, what is refused, and what each refusal is good for. */
import { beforeAll, describe, expect, test } from 'vitest';
import { concat } from '../../../src/internal/bytes.ts';
import { decodePoint, encodePoint } from '../../../src/zk/curve/points.ts';
import { readKey, writeKey } from '../../../src/zk/groth16/layout.ts';
import {
  endOfChains,
  GENERATOR,
  placeOf,
  scaledPoints,
  stepFrom,
} from '../../../src/zk/update/contribution.ts';
import { insecureUpdateKeyForTestingOnly, updateKey } from '../../../src/zk/update/key.ts';
import {
  groupsFor,
  MAX_CHUNK,
  type PerGroup,
  publicsFor,
  readUpdateKey,
  type Step,
  type UpdateKeyParts,
  writeUpdateKey,
} from '../../../src/zk/update/layout.ts';
import { contributeToUpdateKey, startUpdateKey } from '../../../src/zk/update/setup.ts';
import {
  g1Bytes,
  g2Bytes,
  keyParts,
  offCurve,
  readG1,
  readG2,
  times,
  trapdoor,
  trapdoorKey,
  twistPoint,
} from '../../reference/groth16.ts';
import { sha256Of } from '../circuits/compile.ts';
import { keyBytes as ofAnotherCircuit } from '../groth16/support.ts';

// One value in a chunk: the smallest key there is. Its Groth16 setup is made up.
const D = 1;
const secrets = trapdoor(publicsFor(D));
const verifyingKey = trapdoorKey(secrets);
const started = startUpdateKey(verifyingKey);
let bytes: Uint8Array;
let parts: UpdateKeyParts;
beforeAll(() => {
  bytes = contributeToUpdateKey(contributeToUpdateKey(started));
  parts = readUpdateKey(bytes);
});

const load = insecureUpdateKeyForTestingOnly;
const BAD_KEY = { code: 'bad-key' };
const MALFORMED = { code: 'malformed' };
const changed = (change: Partial<UpdateKeyParts>): Uint8Array =>
  writeUpdateKey({ ...parts, ...change });

/** A key of one contribution with chosen factors, made by the rules. */
function withFactors(x: bigint, h: bigint): Uint8Array {
  const before = readUpdateKey(started);
  const scaled = (images: Uint8Array, factor: bigint): Uint8Array => {
    const points = Array.from({ length: images.length / 64 }, (_, i) =>
      decodePoint('test', images.subarray(64 * i, 64 * i + 64)),
    );
    return concat(...scaledPoints(points, factor).map(encodePoint));
  };
  return writeUpdateKey({
    ...before,
    images: { x: scaled(before.images.x, x), h: scaled(before.images.h, h) },
    contributions: [
      {
        x: stepFrom(placeOf(verifyingKey, 0, 'x'), GENERATOR, x),
        h: stepFrom(placeOf(verifyingKey, 0, 'h'), GENERATOR, h),
      },
    ],
  });
}

describe('a key', () => {
  test('is opened with its size, its hash and its mark', async () => {
    const key = await load(bytes);
    expect(key).toEqual({
      values: D,
      hash: key.hash,
      insecure: true,
      contributions: 2,
      backend: 'noble',
    });
    expect(Buffer.from(key.hash).toString('hex')).toBe(sha256Of(bytes));
  });

  test('has images that are the product of all factors times its points', async () => {
    const three = withFactors(3n, 5n);
    const { images } = readUpdateKey(three);
    const { ic } = readKey(verifyingKey);
    const groups = groupsFor(D);
    for (const [group, factor] of [
      ['x', 3n],
      ['h', 5n],
    ] as const) {
      const { first, values } = groups[group];
      for (let i = 0; i <= values; i++) {
        expect(images[group].subarray(64 * i, 64 * i + 64)).toEqual(
          g1Bytes(times(readG1(ic[first + i] as Uint8Array), factor)),
        );
      }
    }
    expect(await load(three)).toMatchObject({ contributions: 1 });
    const more = contributeToUpdateKey(three);
    expect(await load(more)).toMatchObject({ contributions: 2 });
    const end = endOfChains(verifyingKey, readUpdateKey(three).contributions);
    expect(end.x).toEqual(g2Bytes(readG2(GENERATOR).multiply(3n)));
    expect(end.h).toEqual(g2Bytes(readG2(GENERATOR).multiply(5n)));
  });

  test('is another one after every contribution, in both groups', () => {
    const again = readUpdateKey(contributeToUpdateKey(started));
    const [one] = parts.contributions as [PerGroup<Step>];
    const [other] = again.contributions as [PerGroup<Step>];
    expect(one.x.sigma).not.toEqual(other.x.sigma);
    expect(one.h.sigma).not.toEqual(other.h.sigma);
    expect(one.x.sigma).not.toEqual(one.h.sigma);
  });

  test('covers all public signals, with a group after the other', () => {
    for (const d of [1, 16, 2_000, MAX_CHUNK]) {
      const { x, h } = groupsFor(d);
      expect(x).toEqual({ first: 4, values: d });
      expect(h).toEqual({ first: x.first + d + 1, values: d + 256 });
      expect(h.first + h.values).toBe(publicsFor(d));
    }
    expect(publicsFor(MAX_CHUNK)).toBeLessThanOrEqual(65_536);
    expect(publicsFor(MAX_CHUNK + 1)).toBeGreaterThan(65_536);
  });
});

describe('refused', () => {
  test('a mark, where no insecure key is asked for', async () => {
    await expect(updateKey(bytes)).rejects.toMatchObject(BAD_KEY);
    const unmarked = writeKey({ ...readKey(verifyingKey), setup: 'ceremony' });
    const key = await updateKey(contributeToUpdateKey(startUpdateKey(unmarked)));
    expect(key.insecure).toBe(false);
  });

  test('a key without contributions: its images are the points themselves', async () => {
    expect(await load(bytes)).toMatchObject({ contributions: 2 });
    const { images } = readUpdateKey(started);
    const { ic } = readKey(verifyingKey);
    expect(images.x.subarray(0, 64)).toEqual(ic[4]);
    await expect(load(started)).rejects.toMatchObject(BAD_KEY);
    // Nor with an image of the Groth16 setup to which nobody contributed.
    const flat = keyParts({ ...secrets, delta: secrets.gamma });
    const started2 = startUpdateKey(writeKey(flat));
    await expect(load(contributeToUpdateKey(started2))).rejects.toMatchObject(BAD_KEY);
  });

  test('σ that is ±1, and σ that are ± each other', async () => {
    expect(await load(withFactors(3n, 5n))).toMatchObject({ values: D });
    const r = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;
    for (const [x, h] of [
      [1n, 5n],
      [3n, 1n],
      [3n, 3n],
      [3n, r - 3n],
      [r - 1n, 5n],
    ] as const) {
      await expect(load(withFactors(x, h))).rejects.toMatchObject(BAD_KEY);
    }
  });

  test('images that are not σ times their points, or of the other group', async () => {
    const { x, h } = parts.images;
    const count = x.length / 64;
    const wrong = x.slice();
    wrong.set(g1Bytes(readG1(x.subarray(64, 128)).double()), 64);
    await expect(load(changed({ images: { x: wrong, h } }))).rejects.toMatchObject(MALFORMED);
    // Two images that are swapped: their plain sum is the same.
    const swapped = concat(x.subarray(64), x.subarray(0, 64));
    expect(count).toBe(2);
    await expect(load(changed({ images: { x: swapped, h } }))).rejects.toMatchObject(MALFORMED);
    const crossed = changed({
      contributions: parts.contributions.map((step) => ({ x: step.h, h: step.x })),
    });
    await expect(load(crossed)).rejects.toMatchObject(MALFORMED);
  });

  test('a blinding point that is infinity, as point or image', async () => {
    // Without blinding a commitment is a function of the update: whoever guesses it can tell.
    for (const place of [groupsFor(D).x.first, groupsFor(D).h.first]) {
      const known = readKey(verifyingKey);
      const ic = known.ic.with(place, new Uint8Array(64));
      const blind = startUpdateKeyUnchecked(writeKey({ ...known, ic }));
      await expect(load(blind)).rejects.toThrow(/IC \d+: got infinity/);
    }
    const images = { x: parts.images.x.slice().fill(0, 0, 64), h: parts.images.h };
    await expect(load(changed({ images }))).rejects.toMatchObject(MALFORMED);
    const off = { x: concat(offCurve(), parts.images.x.subarray(64)), h: parts.images.h };
    await expect(load(changed({ images: off }))).rejects.toMatchObject(MALFORMED);
    expect(() => contributeToUpdateKey(changed({ images: off }))).toThrow(/point of G1/);
  });

  test('a contribution whose maker did not know its factor', async () => {
    // The last party takes a σ of its own, whatever was before: nobody else's factor is in it.
    const own = withFactors(3n, 5n);
    const alone = readUpdateKey(own);
    const [, last] = parts.contributions as [PerGroup<Step>, PerGroup<Step>];
    const [first] = alone.contributions as [PerGroup<Step>];
    const [one] = parts.contributions as [PerGroup<Step>];
    const cut = { ...alone, contributions: [one, first] };
    await expect(load(writeUpdateKey(cut))).rejects.toMatchObject(MALFORMED);
    // Proofs carried from elsewhere: another place, another group, another key.
    const moved = { ...alone, contributions: [last] };
    await expect(load(writeUpdateKey(moved))).rejects.toMatchObject(MALFORMED);
    const both = { ...alone, contributions: [{ x: first.x, h: first.x }] };
    await expect(load(writeUpdateKey(both))).rejects.toMatchObject(MALFORMED);
    // Challenge and response that are no scalars, or zero.
    for (const knowledge of [new Uint8Array(64), new Uint8Array(64).fill(255)]) {
      const broken = [{ ...first, x: { ...first.x, knowledge } }];
      const key = writeUpdateKey({ ...alone, contributions: broken });
      await expect(load(key)).rejects.toMatchObject(MALFORMED);
    }
  });

  test('σ that is no point of G2', async () => {
    const [one, two] = parts.contributions as [PerGroup<Step>, PerGroup<Step>];
    for (const sigma of [
      new Uint8Array(128),
      new Uint8Array(128).fill(255),
      new Uint8Array(128).fill(1),
      g2Bytes(twistPoint(1n)),
    ]) {
      const contributions = [one, { ...two, x: { ...two.x, sigma } }];
      await expect(load(changed({ contributions }))).rejects.toMatchObject(MALFORMED);
      expect(() => contributeToUpdateKey(changed({ contributions }))).toThrow(/contribution 2/);
    }
  });

  test('another circuit’s key', () => {
    expect(() => startUpdateKey(ofAnotherCircuit)).toThrow(
      expect.objectContaining({ code: 'malformed', message: expect.stringContaining('4 public') }),
    );
    for (const publics of [publicsFor(0), publicsFor(1) + 1]) {
      expect(() => startUpdateKey(trapdoorKey(trapdoor(publics)))).toThrow(
        expect.objectContaining({ code: 'malformed' }),
      );
    }
  });

  test('bytes that are no key', async () => {
    const view = (at: number, value: number, size: 2 | 4): Uint8Array => {
      const copy = bytes.slice();
      const data = new DataView(copy.buffer);
      if (size === 2) data.setUint16(at, value);
      else data.setUint32(at, value);
      return copy;
    };
    const cases: readonly (readonly [Uint8Array, string])[] = [
      [new Uint8Array(), 'truncated'],
      [bytes.subarray(0, 8), 'truncated'],
      [bytes.subarray(0, -1), 'truncated'],
      [concat(bytes, new Uint8Array(1)), 'trailing-bytes'],
      [bytes.with(0, 2), 'unknown-version'],
      [bytes.with(1, 1), 'malformed'],
      [view(2, 257, 2), 'too-large'],
      [view(2, 3, 2), 'truncated'],
      [view(2, 1, 2), 'trailing-bytes'],
      [view(4, 0, 4), 'malformed'],
      [view(4, MAX_CHUNK + 1, 4), 'too-large'],
      [view(4, MAX_CHUNK, 4), 'truncated'],
      [verifyingKey, 'malformed'],
    ];
    for (const [wrong, code] of cases) {
      await expect(load(wrong)).rejects.toMatchObject({ name: 'CodecError', code });
    }
    await expect(load('text' as never)).rejects.toMatchObject({ code: 'wrong-type' });
  });

  test('any flipped bit', async () => {
    const places = Array.from({ length: 24 }, (_, i) => Math.floor((bytes.length * i) / 24) + 17);
    for (const at of places) {
      const wrong = bytes.with(at, (bytes[at] as number) ^ 4);
      await expect(load(wrong), `${at}`).rejects.toThrow();
    }
  });
});

/** As `startUpdateKey` would, if it did not look; with a contribution that is by the rules. */
function startUpdateKeyUnchecked(key: Uint8Array): Uint8Array {
  const [x, h] = [7n, 11n];
  return writeUpdateKey({
    ...readUpdateKey(withFactors(x, h)),
    verifyingKey: key,
    contributions: [
      {
        x: stepFrom(placeOf(key, 0, 'x'), GENERATOR, x),
        h: stepFrom(placeOf(key, 0, 'h'), GENERATOR, h),
      },
    ],
  });
}
