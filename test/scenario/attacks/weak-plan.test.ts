/**
 * The weak plan.
 *
 * The coordinator writes the plan. In this story it writes one under which fewer shares open a seed
 * than the facts call for, or one that simply assumes better clients than its victims do. A naive
 * client takes degree and threshold from the plan as they stand: two colluding neighbours then open
 * both of the victim's secrets, and no lie is needed after that.
 *
 * Rule (secagg.md, Setting ⚠): the client holds the plan against its own policy, recomputes every
 * derived number from the facts, and refuses any difference.
 */

import {
  inMemorySigner,
  plan as makePlan,
  noNoise,
  type Plan,
  planBytes,
  real,
  type Trust,
} from 'veilsum';
import { readPlan } from 'veilsum/client';
import { describe, expect, test } from 'vitest';
import { decode, encode } from '../../../src/wire/cbor.ts';
import { party } from '../../support/round.ts';
import { fields, smallActive } from '../support/hostile-round.ts';
import {
  collude,
  emptyBook,
  inputOf,
  naiveAnswer,
  naiveRound,
  naiveUpload,
  near,
  openSum,
  range,
  ringOf,
} from '../support/naive-sum.ts';

describe('a naive client, which takes the threshold from the plan', () => {
  const victim = 10;

  /** The victim's neighbours say what honest ones say, two of them tell the coordinator more. */
  function listen(threshold: number): number[] | undefined {
    const round = naiveRound(ringOf(30, 6), threshold);
    const uploads = new Map(range(30).map((index) => [index, naiveUpload(round, index)]));
    const book = emptyBook();
    for (const holder of range(30)) naiveAnswer(round, book, holder, () => 'self');
    collude(round, book, near(round.graph, victim).slice(0, 2));
    return openSum(round, book, uploads, [victim]);
  }

  test('is opened by two neighbours when the plan says t = 2', () => {
    expect(listen(2)).toEqual(inputOf(victim));
  });

  test('would not be at the t = 4 that follows from the facts', () => {
    expect(listen(4)).toBeUndefined();
  });
});

describe('veilsum', async () => {
  const people = await party(30);
  const voucher = people.voucher.publicKey;
  const planned = (trust: Trust, floor?: number): Plan<typeof fields> =>
    makePlan({
      id: 'votes/1',
      roster: people.roster,
      noise: noNoise(),
      fields,
      trust,
      ...(floor === undefined ? {} : { floor }),
    });

  /** The published bytes with one number or word changed, encoded as canonically as before. */
  function tampered(path: readonly string[], value: unknown): Uint8Array {
    const bytes = planBytes(planned(smallActive));
    const decoded = decode(bytes, { what: 'plan', maxBytes: bytes.length });
    let inner = decoded as Record<string, unknown>;
    for (const key of path.slice(0, -1)) inner = inner[key] as Record<string, unknown>;
    const last = path.at(-1) as string;
    expect(inner[last]).not.toEqual(value);
    inner[last] = value;
    return encode(decoded);
  }

  const refusal = expect.objectContaining({ code: 'plan-refused', culprits: ['coordinator'] });

  test('takes the honest plan', () => {
    expect(readPlan(planBytes(planned(smallActive)), { voucher, fields }).parameters).toMatchObject(
      {
        degree: 6,
        threshold: 4,
        window: 1,
        corruptCount: 1,
        absentCount: 1,
      },
    );
  });

  test.each([
    ['degree', 4],
    ['threshold', 2],
    ['threshold', 3],
    ['window', 0],
    ['quorum', 15],
    ['corruptCount', 0],
    ['absentCount', 2],
    ['modulusBits', [16]],
    ['localVariances', ['1']],
  ] as const)('refuses a plan whose %s is not the one that follows: %j', (name, value) => {
    expect(() => readPlan(tampered(['derived', name], value), { voucher })).toThrow(refusal);
  });

  test.each([
    ['a lower γ under the old numbers', ['trust', 'corrupt'], '0.01'],
    ['the weaker model under the old numbers', ['trust', 'coordinator'], 'semi-honest'],
    ['a floor below the quorum base', ['floor'], 10],
    ['a floor of one', ['floor'], 1],
    ['another suite', ['suite'], 'rot13'],
    ['another noise', ['noise', 'kind'], 'some'],
  ] as const)('refuses %s', (_, path, value) => {
    expect(() => readPlan(tampered(path, value), { voucher })).toThrow(refusal);
  });

  test('refuses a consistent plan that protects less than the policy asks', () => {
    const read = (plan: Plan, policy: object): unknown =>
      readPlan(planBytes(plan), { voucher, ...policy });
    const trusting = planned({ ...smallActive, corrupt: '0.04' });
    expect(() => read(trusting, {})).toThrow(refusal);
    expect(() => read(trusting, { corrupt: 0.04 })).not.toThrow();
    const listening = planned({ ...smallActive, coordinator: 'semi-honest' });
    expect(() => read(listening, {})).toThrow(refusal);
    expect(() => read(listening, { coordinator: 'semi-honest' })).not.toThrow();
    expect(() => read(planned(smallActive, 16), { honest: 16 })).toThrow(refusal);
    expect(() => read(planned(smallActive, 16), { honest: 15 })).not.toThrow();
    expect(() => read(planned(smallActive), { beacon: 'required' })).toThrow(refusal);
    expect(() => read(planned(smallActive), { suite: 'hybrid' })).toThrow(refusal);
    const others = { update: real({ length: 4, clip: { norm: 'l2', bound: 1 } }) };
    expect(() => read(planned(smallActive), { fields: others })).toThrow(refusal);
  });

  test('refuses a roster that the coordinator made up', () => {
    expect(() =>
      readPlan(planBytes(planned(smallActive)), { voucher: inMemorySigner().publicKey }),
    ).toThrow(expect.objectContaining({ code: 'bad-roster' }));
  });
});
