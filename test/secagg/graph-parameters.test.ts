/** Rates, the search against its exact twin, and what a plan of numbers is refused for. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  checkFloor,
  type GraphFacts,
  type GraphParameters,
  graphParameters,
  leastFloor,
  quorum,
  searchParameters,
} from '../../src/secagg/graph-parameters.ts';
import { greatestLower, hypergeometric, leastUpper } from '../../src/secagg/hypergeometric.ts';
import { countOf, rateOf } from '../../src/secagg/rational.ts';
import {
  atDegree,
  connectedExact,
  greatestLowerExact,
  leastUpperExact,
  searchExact,
  windowPassesExact,
} from '../reference/graph-parameters.ts';

const code = (wanted: string): unknown => expect.objectContaining({ code: wanted });

/** The parameters, or the code of the refusal. */
function attempt(facts: GraphFacts): GraphParameters | string {
  try {
    return graphParameters(facts);
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe('rates', () => {
  test.each([
    [0.29, 100, 29],
    ['0.29', 100, 29],
    [0.57, 100, 57],
    [0.1, 30, 3],
    ['0.10', 30, 3],
    [0, 7, 0],
    [-0, 7, 0],
    ['0.000', 7, 0],
    [0.34, 3, 1],
    ['0.333333333', 3, 0],
    ['0.333333334', 3, 1],
    [1e-7, 1e7, 1],
    [1.5e-8, 1e8, 1],
    [0.999999999, 1_000_000_000, 999_999_999],
  ])('%s of %i is %i', (rate, n, expected) => {
    expect(countOf(rate, n)).toBe(expected);
  });

  test.each([
    1,
    1.5,
    -0.1,
    1 / 3,
    1e-10,
    '1',
    '1.0',
    '-0.1',
    '',
    '.',
    '.1',
    '1e-3',
    '0,1',
    ' 0.1',
    '0x1',
    '0.1234567891',
    '9'.repeat(70),
  ])('%s is refused', (rate) => {
    expect(() => countOf(rate, 10)).toThrow(code('out-of-range'));
  });

  test('what is no number is refused', () => {
    for (const rate of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => countOf(rate, 10)).toThrow(code('not-finite'));
    }
    for (const rate of [null, undefined, 1n, {}]) {
      expect(() => countOf(rate as unknown as number, 10)).toThrow(code('wrong-type'));
    }
  });

  test('rateOf names a rate with exactly that count', () => {
    fc.assert(
      fc.property(
        fc
          .integer({ min: 1, max: 1_000_000 })
          .chain((n) => fc.tuple(fc.constant(n), fc.nat(n - 1))),
        ([n, count]) => {
          expect(countOf(rateOf(count, n), n)).toBe(count);
        },
      ),
    );
    expect(rateOf(44, 100)).toBe('0.44');
    expect(rateOf(1, 3)).toBe('0.4');
  });
});

describe('hypergeometric tails', () => {
  test('thresholds equal those of exact binomials', () => {
    const drawing = fc
      .integer({ min: 1, max: 400 })
      .chain((n) => fc.tuple(fc.constant(n), fc.nat(n), fc.nat(n)));
    fc.assert(
      fc.property(drawing, ([n, marked, drawn]) => {
        const of = hypergeometric(n, marked, drawn);
        expect(leastUpper(of, 2 ** -41 / n)).toBe(leastUpperExact(n, marked, drawn, 41n));
        expect(greatestLower(of, 2 ** -20 / n)).toBe(greatestLowerExact(n, marked, drawn, 20n));
      }),
      { numRuns: 150 },
    );
  });

  test('a sure outcome has one value', () => {
    for (const [n, marked, drawn, value] of [
      [10, 0, 4, 0],
      [10, 10, 4, 4],
      [10, 3, 0, 0],
      [10, 3, 10, 3],
    ] as const) {
      expect(hypergeometric(n, marked, drawn)).toMatchObject({ first: value, total: 1 });
    }
  });
});

describe('the search', () => {
  test('equals the exact twin on small rosters, both models', () => {
    for (const n of [3, 4, 5, 6, 9, 10, 17, 24, 40, 61, 90]) {
      for (const corrupt of [0, 0.05, 0.2, 0.34]) {
        for (const absent of [0, 0.05, 0.2, 0.34]) {
          for (const model of ['semi-honest', 'semi-malicious'] as const) {
            const malicious = model === 'semi-malicious';
            const feasible = corrupt + absent * (malicious ? 2 : 1) < 0.9;
            const [A, D] = [countOf(corrupt, n), countOf(absent, n)];
            const exact = feasible
              ? searchExact({ n, corrupt: A, absent: D, malicious })
              : undefined;
            expect(searchParameters({ clients: n, corrupt, absent, model })).toEqual(
              exact && { degree: exact.k, threshold: exact.t },
            );
          }
        }
      }
    }
  });

  test('the pairs that the design names, and the degree below each does not serve', () => {
    for (const [clients, rate, model, degree, threshold] of [
      [1000, 0.05, 'semi-honest', 30, 17],
      [1000, 0.05, 'semi-malicious', 52, 37],
      [500, 0.1, 'semi-honest', 42, 24],
      [500, 0.1, 'semi-malicious', 82, 57],
    ] as const) {
      const facts = { clients, corrupt: rate, absent: rate, model };
      expect(searchParameters(facts)).toEqual({ degree, threshold });
      const count = countOf(rate, clients);
      const exact = {
        n: clients,
        corrupt: count,
        absent: count,
        malicious: model === 'semi-malicious',
      };
      expect(atDegree(exact, degree)?.t).toBe(threshold);
      expect(atDegree(exact, degree - 2)).toBeUndefined();
    }
  });

  test('rates on the very limit of 0.9 are decided as decimals', () => {
    // 0.7 + 0.2 and 0.3 + 2·0.3 are below 0.9 in floating point, 0.6 + 0.3 and 0.1 + 2·0.4 are not.
    for (const [corrupt, absent] of [
      ['0.7', '0.2'],
      ['0.6', '0.3'],
      ['0.8', '0.1'],
    ] as const) {
      const facts = { clients: 10_000, corrupt, absent, model: 'semi-honest' } as const;
      expect(searchParameters(facts)).toBeDefined();
    }
    const over = { clients: 10_000, corrupt: '0.7', absent: '0.200000001' } as const;
    expect(searchParameters({ ...over, model: 'semi-honest' })).toBeUndefined();
  });
});

describe('the parameters of a round', () => {
  test('the active model, with its window', () => {
    for (const [clients, rate, degree, threshold, window] of [
      [60, 0.1, 26, 17, 6],
      [100, 0.1, 42, 27, 10],
      [500, 0.1, 82, 57, 23],
      [1000, 0.05, 58, 40, 16],
      [10_000, 0.05, 68, 48, 19],
    ] as const) {
      const facts = { clients, corrupt: rate, absent: rate, coordinator: 'active' } as const;
      const count = countOf(rate, clients);
      const got = graphParameters(facts);
      expect(got).toEqual({
        clients,
        coordinator: 'active',
        corruptCount: count,
        absentCount: count,
        degree,
        threshold,
        window,
        quorumBase: Math.floor((clients + count) / 2) + 1,
        defaultFloor: clients - count,
        complete: false,
      });
      expect(Object.isFrozen(got)).toBe(true);
      expect(graphParameters({ ...facts, corrupt: String(rate), absent: String(rate) })).toEqual(
        got,
      );
      if (clients <= 500) {
        expect(window).toBe(leastUpperExact(clients, count, degree / 2, 41n));
        expect(windowPassesExact(clients, count, degree / 2, window)).toBe(true);
      }
    }
  });

  test('complete where no sparse graph serves', () => {
    const complete = (clients: number, corrupt: number, absent: number, coordinator: 'active') =>
      graphParameters({ clients, corrupt, absent, coordinator });
    expect(complete(20, 0.1, 0.4, 'active')).toMatchObject({
      degree: 19,
      threshold: 12,
      complete: true,
    });
    expect(complete(3, 0.1, 0.1, 'active')).toMatchObject({
      degree: 2,
      threshold: 3,
      complete: true,
    });
    expect(complete(7, 0.1, 0.3, 'active')).toMatchObject({
      degree: 6,
      threshold: 5,
      complete: true,
    });
  });

  test('every plan of a grid holds together, and every refusal names a rate that fits', () => {
    const rates = [0, 0.05, 0.1, 0.2, 0.3, 0.34, 0.45, 0.6, 0.9];
    for (const clients of [3, 4, 5, 6, 7, 8, 10, 13, 20, 33, 64, 100, 257]) {
      for (const corrupt of rates) {
        for (const absent of rates) {
          for (const coordinator of ['active', 'semi-honest'] as const) {
            const facts = { clients, corrupt, absent, coordinator };
            const got = attempt(facts);
            if (typeof got === 'string') {
              expect(got).toBe('floor-unreachable');
              expectRemedy(facts);
            } else {
              expectSound(got);
            }
          }
        }
      }
    }
  });

  /** What any parameters have to satisfy, whatever they came from. */
  function expectSound(p: GraphParameters): void {
    const { clients: n, corruptCount: A, absentCount: D, degree: k, threshold: t } = p;
    expect(t).toBeGreaterThanOrEqual(2);
    if (p.complete) {
      // The survivors alone can open, the corrupt alone cannot, two camps cannot open both secrets.
      expect(t).toBeLessThanOrEqual(n - D);
      expect(t).toBeGreaterThan(A);
      expect(k).toBe(n - 1);
    } else {
      expect(k % 2).toBe(0);
      expect(k).toBeLessThan(n - 1);
      expect(connectedExact(n, A + D, k)).toBe(true);
      const mostCorrupt = leastUpperExact(n, A, k, 41n);
      expect(t).toBeGreaterThan(mostCorrupt);
      expect(t).toBeLessThanOrEqual(greatestLowerExact(n, n - D, k, 20n));
      if (p.coordinator === 'active') {
        expect(2 * t).toBeGreaterThanOrEqual(k + mostCorrupt + 1);
        expect(p.window).toBe(leastUpperExact(n, A, k / 2, 41n));
        expect(p.window).toBeLessThan(k / 2);
        expect(windowPassesExact(n, D, k / 2, p.window)).toBe(true);
        expect(p.quorumBase).toBeLessThanOrEqual(n - D);
      }
    }
    if (p.coordinator === 'active') {
      expect(2 * p.quorumBase - n).toBeGreaterThan(A);
      if (p.complete) expect(2 * t).toBeGreaterThan(n + A);
    }
  }

  /** The absent rate that the error names is accepted, one more client is not. */
  function expectRemedy(facts: GraphFacts): void {
    let message = '';
    try {
      graphParameters(facts);
    } catch (error) {
      message = (error as Error).message;
    }
    const named = /largest absent rate that fits is (0(?:\.\d+)?) \((\d+) absent\)/.exec(message);
    if (named === null) {
      expect(message).toContain('no absent rate fits');
      return;
    }
    expect(typeof attempt({ ...facts, absent: named[1] as string })).toBe('object');
    const more = Number(named[2]) + 1;
    const above = attempt({ ...facts, absent: rateOf(more, facts.clients) });
    if (typeof above !== 'string') {
      expect(() => checkFloor(above, above.defaultFloor)).toThrow(code('floor-unreachable'));
    }
  }

  test('without corrupt clients, survivors still reach a threshold of two', () => {
    // The bare search gives (4, 2), where a client loses three of four neighbours in one case of 30.
    const facts = { clients: 10, corrupt: 0.05, absent: 0.33 } as const;
    expect(searchParameters({ ...facts, model: 'semi-honest' })).toEqual({
      degree: 4,
      threshold: 2,
    });
    expect(greatestLowerExact(10, 7, 4, 20n)).toBe(1);
    expect(graphParameters({ ...facts, coordinator: 'semi-honest' })).toMatchObject({
      degree: 6,
      threshold: 2,
    });
  });

  test('a threshold of one is never dealt', () => {
    // Two of three may be absent: n − D and A + 1 are both one, and a share would be the secret.
    const facts = { clients: 3, corrupt: 0, absent: 0.9, coordinator: 'semi-honest' } as const;
    expect(() => graphParameters(facts)).toThrow(code('floor-unreachable'));
  });

  test('refusals', () => {
    const facts = { clients: 100, corrupt: 0.1, absent: 0.1, coordinator: 'active' } as const;
    for (const clients of [2, 0, -1, 3.5, 1_000_001, Number.NaN]) {
      expect(() => graphParameters({ ...facts, clients })).toThrow(code('out-of-range'));
    }
    expect(() => graphParameters({ ...facts, coordinator: 'lazy' as 'active' })).toThrow(
      code('out-of-range'),
    );
    expect(() => graphParameters({ ...facts, absent: 0.5 })).toThrow(
      /100 clients.*50 survivors where 56.*0\.44 \(44 absent\)/,
    );
    expect(() =>
      graphParameters({ clients: 65_536, corrupt: 0.5, absent: 0.45, coordinator: 'semi-honest' }),
    ).toThrow(code('graph-infeasible'));
  });
});

describe('floors', () => {
  const active = graphParameters({
    clients: 100,
    corrupt: 0.1,
    absent: 0.2,
    coordinator: 'active',
  });
  const complete = graphParameters({
    clients: 20,
    corrupt: 0.1,
    absent: 0.4,
    coordinator: 'active',
  });
  const honest = graphParameters({
    clients: 1000,
    corrupt: 0.05,
    absent: 0.33,
    coordinator: 'semi-honest',
  });

  test('active: from Q0 to n', () => {
    expect(active.quorumBase).toBe(56);
    for (const floor of [56, 60, 80, 100]) expect(() => checkFloor(active, floor)).not.toThrow();
    expect(() => checkFloor(active, 55)).toThrow(/got 55, expected from 56 to 100/);
    expect(() => checkFloor(active, 101)).toThrow(/got 101, expected from 56 to 100/);
    expect(quorum(active, 56)).toBe(56);
    expect(quorum(active, 80)).toBe(80);
  });

  test('complete: not below the threshold', () => {
    expect(() => checkFloor(complete, 12)).not.toThrow();
    expect(() => checkFloor(complete, 11)).toThrow(code('floor-unreachable'));
  });

  test('semi-honest: so high that the graph stays connected with everybody else absent', () => {
    expect(honest).toMatchObject({ degree: 72, threshold: 24, quorumBase: 0 });
    const least = leastFloor(honest);
    expect(least).toBeGreaterThan(52);
    expect(connectedExact(1000, 50 + 1000 - least, 72)).toBe(true);
    expect(connectedExact(1000, 50 + 1000 - (least - 1), 72)).toBe(false);
    expect(() => checkFloor(honest, least)).not.toThrow();
    expect(() => checkFloor(honest, least - 1)).toThrow(/may fall apart/);
    expect(() => checkFloor(honest, honest.defaultFloor)).not.toThrow();
    expect(quorum(honest, 670)).toBe(670);
  });

  test('two honest contributors at least', () => {
    const few = graphParameters({
      clients: 5,
      corrupt: 0.45,
      absent: 0.4,
      coordinator: 'semi-honest',
    });
    expect(few).toMatchObject({ corruptCount: 2, defaultFloor: 3 });
    expect(() => checkFloor(few, 3)).toThrow(/expected from 4 to 5.*2 honest/);
    expect(() => checkFloor(few, 4)).not.toThrow();
  });

  test('what is no floor', () => {
    for (const floor of [0, -1, 60.5, Number.NaN]) {
      expect(() => checkFloor(active, floor)).toThrow(code('out-of-range'));
    }
  });
});
