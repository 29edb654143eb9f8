/** Plans whose bytes a coordinator has made up: of what follows from the facts, a reader believes none. */
import { integer, ProtocolError, planBytes, real, VeilsumError } from 'veilsum';
import { type Policy, readPlan } from 'veilsum/client';
import { pedersen } from 'veilsum/zk';
import { beforeAll, describe, expect, test } from 'vitest';
import { type CborValue, decode, encode } from '../../src/wire/cbor.ts';
import { caught } from '../ring/caught.ts';
import { type Party, party, planFor } from '../support/round.ts';

const trust = { corrupt: 0.1, absent: 0.3, coordinator: 'semi-honest' } as const;
const clip = { norm: 'linf', bound: 1 } as const;
const fields = {
  a: integer({ length: 3_000, min: -5, max: 255, mask: 'lattice' }),
  b: real({ length: 10, clip }),
  c: real({ length: 120_000, clip, bits: 20, mask: 'lattice' }),
};

let people: Party;
let policy: Policy;
beforeAll(async () => {
  people = await party(10);
  policy = { voucher: people.voucher.publicKey, corrupt: 0, coordinator: 'semi-honest' };
});

type Mutable = { [key: string]: CborValue | Mutable };

/** A plan's bytes after a change to what they say. */
function changed(change: (plan: Mutable) => void): Uint8Array {
  const bytes = planBytes(planFor(people, { fields, trust }));
  const value = decode(bytes, { what: 'plan', maxBytes: bytes.length });
  change(value as Mutable);
  return encode(value);
}

type Lattice = { suite: string; secrets: number; keyBits: number; fields: number[][] };
const latticeOf = (plan: Mutable): Lattice => (plan.derived as Mutable).lattice as never;
const fieldOf = (plan: Mutable, i: number): Mutable =>
  (plan.fields as unknown as [string, Mutable][])[i]?.[1] as Mutable;

describe('a reader refuses', () => {
  test('the plan as it is: not at all', () => {
    const read = readPlan(
      changed(() => {}),
      policy,
    );
    expect(read.lattice?.layout.key).toEqual({ secrets: 4, length: 8_192, modulusBits: 11 });
  });

  test.each<[string, (plan: Mutable) => void]>([
    ['no word of lattice masks', ({ derived }) => delete (derived as Mutable).lattice],
    ['fewer fields', (plan) => latticeOf(plan).fields.pop()],
    ['fields in another order', (plan) => latticeOf(plan).fields.reverse()],
    ['another suite', (plan) => Object.assign(latticeOf(plan), { suite: 'rlwe-1024-46' })],
    ['fewer secrets', (plan) => latticeOf(plan).secrets--],
    ['more secrets', (plan) => latticeOf(plan).secrets++],
    ['a narrower key', (plan) => latticeOf(plan).keyBits--],
    ['a wider key', (plan) => latticeOf(plan).keyBits++],
    ...[0, 1, 2, 3].flatMap((at) =>
      [-1, 1].map((by): [string, (plan: Mutable) => void] => [
        `number ${at} of a field, ${by} off`,
        (plan) => {
          const [first] = latticeOf(plan).fields as [number[]];
          first[at] = (first[at] as number) + by;
        },
      ]),
    ),
    ['a field without its mask', (plan) => delete fieldOf(plan, 0).mask],
    ['a mask more', (plan) => Object.assign(fieldOf(plan, 1), { mask: 'lattice' })],
    ['a mask left open', (plan) => Object.assign(fieldOf(plan, 0), { mask: 'auto' })],
    [
      'the mask that needs no word',
      (plan) => Object.assign(fieldOf(plan, 1), { mask: 'pairwise' }),
    ],
    ['a mask that is none', (plan) => Object.assign(fieldOf(plan, 0), { mask: null })],
    ['a length of 2^32', (plan) => Object.assign(fieldOf(plan, 2), { length: 2 ** 32 })],
    ['values beyond the ring', (plan) => Object.assign(fieldOf(plan, 0), { max: 2 ** 31 })],
  ])('%s', (_name, change) => {
    expect(() => readPlan(changed(change), policy)).toThrow(VeilsumError);
  });
});

test('a plan with commitments to what lattice masks hide is refused, whatever its bytes say', () => {
  const committed = changed((plan) => Object.assign(plan, { commitments: 'pedersen' }));
  expect(() => readPlan(committed, { ...policy, commitments: pedersen() })).toThrow(
    /commitment says nothing of what a lattice mask hides/,
  );
});

test('the longest plan that there is takes no memory to read', () => {
  const longest = Object.fromEntries(
    Array.from({ length: 256 }, (_, i) => [
      `f${i}`,
      integer({ length: 2 ** 28, min: 0, max: 1, mask: 'lattice' }),
    ]),
  );
  const bytes = planBytes(planFor(people, { fields: longest, trust }));
  const before = process.memoryUsage().arrayBuffers;
  const { lattice } = readPlan(bytes, policy);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 24);
  expect(lattice?.layout.key.secrets).toBe(8);
});

test('a client that asks for protection from an active coordinator takes lattice masks where its own fields ask for them only', async () => {
  const many = await party(30);
  const own = { voucher: many.voucher.publicKey };
  const field = (mask: 'pairwise' | 'lattice' | 'auto') => ({
    x: integer({ length: 100, min: 0, max: 9, mask }),
  });
  const active = { corrupt: 0.1, absent: 0.1, coordinator: 'active' } as const;
  const bytesFor = (mask: 'pairwise' | 'lattice') =>
    planBytes(planFor(many, { fields: field(mask), trust: active }));
  expect(readPlan(bytesFor('pairwise'), own).lattice).toBeUndefined();
  const bytes = bytesFor('lattice');
  const error = caught(() => readPlan(bytes, own));
  expect(error).toBeInstanceOf(ProtocolError);
  expect(error.message).toMatch(/field "x": got lattice masks, this client's policy expects/);
  expect(readPlan(bytes, { ...own, fields: field('lattice') }).lattice).toBeDefined();
  expect(readPlan(bytes, { ...own, fields: field('auto') }).lattice).toBeDefined();
  expect(readPlan(bytes, { ...own, coordinator: 'semi-honest' }).lattice).toBeDefined();
});
