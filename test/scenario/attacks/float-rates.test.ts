/**
 * Counts from floats.
 *
 * A plan says that 29 % of the clients may be corrupt. In floating point 0.29 · 100 is
 * 28.999999999999996, and its floor 28. The naive quorum is made against one corrupt client too few:
 * where n + A is even, two "quorums" then share corrupt clients only. The coordinator shows one half of
 * the honest clients a U3 with the victim and the other half one without, has the corrupt ones sign
 * both, and gets both secrets of the victim.
 *
 * Rule (secagg.md, Setting ⚠): A = ⌊γn⌋ and D = ⌊δn⌋ come from decimal rationals, never from floats;
 * survivors are n − D everywhere.
 */

import { plan as makePlan, noNoise, planBytes, type Trust } from 'veilsum';
import { readPlan } from 'veilsum/client';
import { describe, expect, test } from 'vitest';
import { randomBytes } from '../../../src/internal/random.ts';
import { graphParameters } from '../../../src/secagg/graph-parameters.ts';
import { billionthsOf, countOf } from '../../../src/secagg/rational.ts';
import { combineShares, splitSecret } from '../../../src/secagg/shamir.ts';
import { party } from '../../support/round.ts';
import { fields } from '../support/hostile-round.ts';
import { range } from '../support/naive-sum.ts';

const quorumBase = (n: number, corrupt: number): number => Math.floor((n + corrupt) / 2) + 1;

describe('a naive plan that multiplies floats', () => {
  test('counts one corrupt client too few', () => {
    expect(Math.floor(0.29 * 100)).toBe(28);
    expect(countOf(0.29, 100)).toBe(29);
    // And one absent client too many or too few, depending on how it is asked.
    expect(100 - Math.floor(0.29 * 100)).not.toBe(Math.floor((1 - 0.29) * 100));
  });

  test('lets two quorums share corrupt clients only, and both secrets of a victim open', () => {
    // Complete graph, so that every client holds a share of the victim's secrets, and t = Q0.
    const [n, rate] = [200, 0.29];
    const [corrupt, naive] = [countOf(rate, n), Math.floor(rate * n)];
    expect([corrupt, naive]).toEqual([58, 57]);
    const threshold = quorumBase(n, naive);

    const colluding = range(corrupt);
    const honest = range(n).slice(corrupt);
    const views = [0, 1].map((view) => [
      ...colluding,
      ...honest.filter((index) => index % 2 === view),
    ]);
    for (const view of views) expect(view.length).toBeGreaterThanOrEqual(threshold);

    const xs = range(n).map((index) => index + 1);
    const sharing = { threshold, shares: n };
    const secrets = { self: randomBytes(32), masking: randomBytes(32) };
    (['self', 'masking'] as const).forEach((kind, i) => {
      const dealt = splitSecret(secrets[kind], { ...sharing, xs });
      const revealed = (views[i] as number[]).map((index) => ({
        x: index + 1,
        value: dealt[index] as Uint8Array,
      }));
      expect(combineShares(revealed, sharing)).toEqual(secrets[kind]);
    });

    // At the exact count one of the two views falls short, however the honest ones are divided.
    const exact = quorumBase(n, corrupt);
    for (let first = 0; first <= honest.length; first++) {
      const [one, other] = [corrupt + first, corrupt + honest.length - first];
      expect(Math.min(one, other)).toBeLessThan(exact);
    }
  });
});

describe('veilsum', () => {
  test('two quorums share an honest client at every count and rate', () => {
    for (const n of [10, 29, 100, 200]) {
      for (let percent = 0; percent <= 30; percent++) {
        const corrupt = `0.${String(percent).padStart(2, '0')}`;
        const found = graphParameters({
          clients: n,
          corrupt,
          absent: '0.1',
          coordinator: 'active',
        });
        expect(found.corruptCount).toBe(Math.floor((percent * n) / 100));
        expect(2 * found.quorumBase - n).toBeGreaterThan(found.corruptCount);
        // The number and the decimal are one and the same rate.
        expect(countOf(Number(corrupt), n)).toBe(found.corruptCount);
      }
    }
  });

  test('coordinator and client derive the same from 0.29', async () => {
    const people = await party(100);
    const made = (trust: Trust) =>
      makePlan({ id: 'floats', roster: people.roster, noise: noNoise(), fields, trust });
    const trust = { corrupt: 0.29, absent: 0.14, coordinator: 'active' } as const;
    const planned = made(trust);
    expect(planned.parameters).toMatchObject({ corruptCount: 29, absentCount: 14, quorumBase: 65 });
    expect(planned.floor).toBe(86);
    const read = readPlan(planBytes(planned), { voucher: people.voucher.publicKey });
    expect(read.parameters).toEqual(planned.parameters);
    expect(planBytes(made({ ...trust, corrupt: '0.29', absent: '0.14' }))).toEqual(
      planBytes(planned),
    );
    // 0.1 + 0.2 is no rate that anybody meant: refused, with the one that was meant in the message.
    expect(0.1 + 0.2).not.toBe(0.3);
    const unmeant = () => made({ ...trust, absent: 0.1 + 0.2 });
    expect(unmeant).toThrow(expect.objectContaining({ code: 'out-of-range' }));
    expect(unmeant).toThrow(/at most 9 digits.*'0\.300000000'/);
    expect(billionthsOf(0.3)).toBe(300_000_000);
  });
});
