/**
 * Proofs of bounds as PROTOCOL.md has them (4.7, 9.2): the second implementation reads the plan of the
 * committed sample bundle, finds its proofs true and changed ones false, and takes part in a round of its own.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  clientId,
  inMemorySigner,
  integer,
  plan as makePlan,
  planBytes,
  publicField,
  real,
  signRoster,
  skellam,
  weightedMean,
} from 'veilsum';
import * as client from 'veilsum/client';
import { trustIn, verifyBundle } from 'veilsum/verify';
import {
  insecureUpdateKeyForTestingOnly,
  type ProvenUpdates,
  provenUpdates,
  wasmPairing,
} from 'veilsum/zk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { endSnarkjs } from '../zk/snarkjs.ts';
import { openCurve } from '../zk/support.ts';
import { makeKeys } from '../zk/update/support.ts';
import { played } from './both.ts';
import { readBounds, readUpdateKey } from './second/bounds.ts';
import { bytes, decode, encode, list, type Value } from './second/cbor.ts';
import { commitmentsLength } from './second/commitments.ts';
import { isSigned } from './second/messages.ts';
import { readPlan } from './second/plan.ts';
import { EMPTY, H, members } from './second/primitives.ts';
import { holds, type Place } from './second/proofs.ts';
import type { Refused } from './second/refused.ts';
import { promiseOf } from './second/state.ts';

let scheme: ProvenUpdates;
beforeAll(async () => {
  scheme = provenUpdates({ key: await insecureUpdateKeyForTestingOnly(keyBytes) });
});
afterAll(endSnarkjs);

const file = readFileSync(join(import.meta.dirname, '../vectors/bundle/v2.bundle'));
const bundle = decode(new Uint8Array(file), 2 ** 29) as Readonly<Record<string, Value>>;
const plan = bytes(bundle.plan);
const keyBytes = bytes(bundle.key);
const key = readUpdateKey(keyBytes);
const voucher = bytes(
  list(decode(bytes((decode(plan, 2e6) as Record<string, Value>).roster), 2e6))[2],
);
const round = readPlan(plan, voucher, EMPTY, key);
const { planHash, roundId, clients } = round;
const N = round.proven?.norms[0] as number;

/** A contributor as the bundle has it. */
const said = members(bytes(bundle.u3), clients.length).map((sender, i) => {
  const entry = list(list(bundle.contributors)[i], 6);
  const header = bytes(entry[3]);
  const [, commitments, proofsHash] = list(decode(header, 1e4), 3);
  return {
    sender,
    promise: bytes(list(decode(bytes(entry[0]), 1e4), 5)[4]),
    mask: { sender, header, digest: bytes(entry[4]), signature: bytes(entry[5]) },
    commitments: bytes(commitments),
    proofsHash: bytes(proofsHash),
    proofs: bytes(list(bundle.proofs)[i]),
  };
});

describe('the sample bundle', () => {
  test('its plan says what is proven: one field of two chunks, ±8 around zero', () => {
    expect(key.c).toBe(16);
    expect(round.proven?.norms).toEqual([N]);
    expect(N).toBe(16 * 8 ** 2);
    expect(commitmentsLength(round)).toBe(2 * 64);
    expect(said).toHaveLength(4);
  });

  test('each mask header signs the hash of the proofs, beside the commitments that were promised', () => {
    for (const { sender, promise, mask, commitments, proofsHash, proofs } of said) {
      expect(mask.header.length).toBeLessThanOrEqual(132 + commitmentsLength(round));
      expect(isSigned(round, 3, mask)).toBe(true);
      expect(promiseOf(round, sender, commitments)).toEqual(promise);
      expect(proofs).toHaveLength(2 * 452);
      expect(H(proofs)).toEqual(proofsHash);
    }
  });

  const [first] = said as [(typeof said)[number]];
  const bound = {
    key,
    planHash,
    roundId,
    context: bytes(bundle.context, 32),
    id: clients[first.sender]?.id as string,
  };
  const chunk = (number: number): readonly [Place, Uint8Array, Uint8Array] => [
    { number, N },
    first.commitments.slice(64 * number, 64 * number + 64),
    first.proofs.slice(452 * number, 452 * number + 452),
  ];

  test('its proofs hold', () => {
    expect(holds(bound, ...chunk(0))).toBe(true);
    expect(holds(bound, ...chunk(1))).toBe(true);
  });

  test.each([
    ['plan', { planHash: roundId }],
    ['round', { roundId: planHash }],
    ['context', { context: planHash }],
    ['client', { id: 'client-9' }],
    ['key', { key: { ...key, hash: planHash } }],
  ])('but for no other %s', (_, other) => {
    expect(holds({ ...bound, ...other }, ...chunk(0))).toBe(false);
  });

  test('nor for another chunk, bound, point, or image', () => {
    const [place, commitment, proof] = chunk(0);
    const [, otherPoint, other] = chunk(1);
    const image = new Uint8Array(proof);
    image.set(other.slice(130, 194), 130);
    expect(holds(bound, { ...place, number: 1 }, commitment, proof)).toBe(false);
    expect(holds(bound, { ...place, N: N + 1 }, commitment, proof)).toBe(false);
    expect(holds(bound, place, otherPoint, proof)).toBe(false);
    expect(holds(bound, place, commitment, image)).toBe(false);
  });
});

describe('the plan', () => {
  const facts = decode(plan, 2e6) as Readonly<Record<string, Value>>;
  const asked = facts.commitments as Readonly<Record<string, Value>>;
  const spoilt = (commitments: Value): Uint8Array => encode({ ...facts, commitments });
  const { bits: _, ...fewer } = asked;

  test.each<readonly [string, Value, string]>([
    ['another key', { ...asked, key: planHash }, 'plan-refused'],
    ['a key of another length', { ...asked, key: EMPTY }, 'malformed'],
    ['another chunk', { ...asked, chunk: 17 }, 'plan-refused'],
    ['a chunk that is text', { ...asked, chunk: '16' }, 'plan-refused'],
    ['fewer bits', { ...asked, bits: 15 }, 'plan-refused'],
    ['a wider norm', { ...asked, norms: [N + 1] }, 'plan-refused'],
    ['no norm', { ...asked, norms: [] }, 'plan-refused'],
    ['a scheme that nobody knows', { ...asked, scheme: 'proven' }, 'plan-refused'],
    ['a key fewer', fewer, 'malformed'],
    ['a key more', { ...asked, more: 1 }, 'malformed'],
    ['no proofs', 'proven-updates', 'plan-refused'],
  ])('is refused with %s, by both', (_, commitments, code) => {
    const changed = spoilt(commitments);
    expect(codeOf(() => readPlan(changed, voucher, EMPTY, key))).toBe(code);
    const policy = { voucher, commitments: scheme };
    expect(codeOf(() => client.readPlan(changed, policy))).toBe(code);
    expect(codeOf(() => client.readPlan(spoilt(asked), policy))).toBeUndefined();
  });

  test('is refused by who has no key', () => {
    expect(codeOf(() => readPlan(plan, voucher))).toBe('plan-refused');
    expect(codeOf(() => client.readPlan(plan, { voucher }))).toBe('plan-refused');
  });
});

test('bounds follow from every kind of field, as in the library', async () => {
  const signer = inMemorySigner();
  const people = Array.from({ length: 5 }, (_, i) => ({
    id: clientId(`client ${i}`),
    ...inMemorySigner(),
  }));
  const planned = makePlan({
    id: 'bounds',
    roster: await signRoster(people, signer),
    trust: { corrupt: '0.2', absent: '0.2' },
    noise: { ...skellam({ epsilon: 9, delta: 1e-4 }), rotated: ['spread'] },
    fields: {
      votes: integer({ length: 17, min: -1, max: 3 }),
      same: publicField(integer({ length: 1, min: 7, max: 7 })),
      mean: weightedMean({ length: 17, clip: { norm: 'l2', bound: 1 }, bits: 8, maxWeight: 3 }),
      flat: real({ length: 3, clip: { norm: 'linf', bound: 1 }, bits: 10 }),
      long: real({ length: 40, clip: { norm: 'l2', bound: 2 }, bits: 8 }),
      spread: real({ length: 33, clip: { norm: 'l2', bound: 1 }, bits: 12 }),
    },
    commitments: scheme,
  });
  const read = readPlan(planBytes(planned), signer.publicKey, EMPTY, key);
  expect(read.planHash).toEqual(planned.hash);
  expect(read.fields.map(({ rotated }) => rotated)).toContain(true);
  // 127² + 127 + (40 + √40·2)/4 in whole numbers; and of 64 spread coordinates.
  expect(read.proven?.norms.slice(3)).toEqual([3 * 511 ** 2, 16_269, 2047 ** 2 + 2047 + 20]);
});

test.each([
  ['values of 17 bits', { min: 0, max: 2 ** 16 }, { min: 0, max: 2 ** 16 - 1 }],
  ['more than the slack holds', { min: 0, max: 2 ** 16 - 1, d: 17 }, { min: 0, max: 2 ** 15 - 1 }],
])('%s cannot be proven', (_, wide, fits) => {
  const none = { kind: 'integer', bits: 0, maxWeight: 1, B: 0n, d: 1 } as const;
  const read = (of: { readonly min: number; readonly max: number; readonly d?: number }) => {
    const field = { ...none, ...of };
    let w = 1;
    while (2 ** w < field.max - field.min + 1) w++;
    const norms = [Math.min(field.d, 16) * 4 ** (w - 1)];
    const said = { scheme: 'proven-updates', key: key.hash, chunk: 16, bits: 16, norms };
    return readBounds(said, [field], key);
  };
  expect(codeOf(() => read(wide))).toBe('plan-refused');
  expect(codeOf(() => read(fits))).toBeUndefined();
});

test('a round of both, with noise: all prove, and the bundle is valid', async () => {
  const curve = await openCurve();
  const { bytes: made, prove } = await makeKeys(16, curve);
  const fast = provenUpdates({
    key: await insecureUpdateKeyForTestingOnly(made, {
      backend: await wasmPairing(curve),
      curve,
    }),
  });
  const { made: planned, result } = await played(
    {
      fields: {
        mean: weightedMean({ length: 16, clip: { norm: 'l2', bound: 1 }, bits: 8, maxWeight: 3 }),
        vote: integer({ length: 1, min: -1, max: 3 }),
      },
      trust: { corrupt: '0.25', absent: '0.25' },
      noise: skellam({ epsilon: 9, delta: 1e-4 }),
      commitments: fast,
    },
    4,
    { 2: 'mask' },
    (i) => ({
      mean: { values: new Array(16).fill(0.2), weight: 1 + (i % 3) },
      vote: [3],
    }),
    { prover: prove },
  );
  expect(result.contributors).toHaveLength(3);
  const by = { ...trustIn(planned as never), insecureKeyForTestingOnly: true };
  const verdict = await verifyBundle(result.bundle as Uint8Array, by, { curve });
  expect(verdict.reasons).toEqual([]);
  await curve.dispose();
});

/** What a piece of work refuses with. */
function codeOf(work: () => unknown): string | undefined {
  try {
    work();
  } catch (error) {
    const { code } = error as Refused;
    if (code === undefined) throw error;
    return code;
  }
  return undefined;
}
