/** The ledger: what it admits and refuses, once and again, and what it does when its storage fails. */
import { describe, expect, test } from 'vitest';
import {
  approximate,
  composed,
  gaussian,
  laplace,
  poissonSampled,
  repeated,
  sampledWithoutReplacement,
  zeroConcentrated,
} from '../../src/dp/events.ts';
import { startMeter } from '../../src/dp/ledger/filter.ts';
import { type AdmitRequest, type Ledger, openLedger } from '../../src/dp/ledger/ledger.ts';
import { readOdometer } from '../../src/dp/ledger/odometer.ts';
import { assertReceipt, type Refusal } from '../../src/dp/ledger/receipt.ts';
import { inMemoryStorage } from '../../src/dp/ledger/storage.ts';
import { PrivacyError, UsageError } from '../../src/errors.ts';
import { caught } from '../ring/caught.ts';
import { isReceipt, openStorage, options, planHash, rejection } from './ledger-support.ts';

const noise = gaussian({ noiseMultiplier: 5 });
const request = (round: string, of: Partial<AdmitRequest> = {}): AdmitRequest => ({
  round,
  plan: planHash(1),
  event: noise,
  ...of,
});

/** Admits until the first refusal; the number of receipts and the refusal. */
async function exhaust(ledger: Ledger, event = noise) {
  for (let i = 0; ; i++) {
    const answer = await ledger.admit(request(`round/${i}`, { event }));
    if (!isReceipt(answer)) return { admitted: i, refusal: answer };
  }
}

describe('admit', () => {
  test('gives a receipt once the entry is durable', async () => {
    const storage = openStorage();
    const ledger = await openLedger(storage, options);
    expect(storage.lines).toHaveLength(1);
    const receipt = await ledger.admit(request('a'));
    expect(storage.lines).toHaveLength(2);
    expect(receipt).toEqual({
      admitted: true,
      ledger: ledger.id,
      index: 1,
      round: 'a',
      plan: '01'.repeat(32),
      event: noise,
      neighbours: 'zero-out',
      head: { count: 1, hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    expect(Object.isFrozen(receipt)).toBe(true);
    expect(ledger.head()).toBe(isReceipt(receipt) && receipt.head);
  });

  test('refuses what does not fit, says what would, and stays usable', async () => {
    const storage = openStorage();
    const ledger = await openLedger(storage, options);
    const { admitted, refusal } = await exhaust(ledger);
    expect(admitted).toBeGreaterThan(10);
    expect(storage.lines).toHaveLength(1 + admitted);
    expect(refusal).toMatchObject({
      admitted: false,
      code: 'budget-exceeded',
      order: ledger.order,
    });
    expect(refusal.spent + refusal.cost).toBeGreaterThan(refusal.limit);
    expect(refusal.spent).toBeLessThanOrEqual(refusal.limit);
    expect(refusal.message).toMatch(/noise of multiplier [\d.]+ or more/);
    const { rho } = refusal.wouldFit;
    const slightly = { event: zeroConcentrated({ rho: rho * (1 + 1e-9) }) };
    expect((await ledger.admit(request('too much', slightly))).admitted).toBe(false);
    expect(
      (await ledger.admit(request('fits', { event: zeroConcentrated({ rho }) }))).admitted,
    ).toBe(true);
    expect((await ledger.admit(request('nothing left'))).admitted).toBe(false);
    // What is paid for stays paid for.
    expect((await ledger.admit(request('round/0'))).admitted).toBe(true);
  });

  test('says how many repeats would fit', async () => {
    const single = await openLedger(inMemoryStorage(), options);
    const { admitted } = await exhaust(single);
    const ledger = await openLedger(inMemoryStorage(), options);
    const many = (count: number) => ({ event: repeated({ event: noise, count }) });
    const refusal = (await ledger.admit(request('many', many(admitted + 1)))) as Refusal;
    expect(refusal.wouldFit.repeats).toBe(admitted);
    expect(refusal.message).toContain(`${admitted} repeats`);
    expect((await ledger.admit(request('many', many(admitted)))).admitted).toBe(true);
  });

  test('what costs nothing is always admitted', async () => {
    const ledger = await openLedger(inMemoryStorage(), options);
    await exhaust(ledger);
    const free = request('free', { event: composed({ events: [] }) });
    expect((await ledger.admit(free)).admitted).toBe(true);
  });

  test('the same round again pays nothing, also in a ledger opened again', async () => {
    const storage = openStorage();
    const ledger = await openLedger(storage, options);
    const first = await ledger.admit(request('a'));
    await ledger.admit(request('b'));
    expect(await ledger.admit(request('a'))).toEqual(first);
    const again = await openLedger(storage, options);
    const receipt = await again.admit(request('a', { event: { ...noise } }));
    expect(receipt).toEqual(first);
    assertReceipt(receipt, { plan: planHash(1), event: noise });
    expect(storage.lines).toHaveLength(3);
  });

  test.each([
    ['another plan', { plan: planHash(2) }],
    ['another event', { event: gaussian({ noiseMultiplier: 6 }) }],
  ])('the same round with %s is refused', async (_, other) => {
    const storage = openStorage();
    const ledger = await openLedger(storage, options);
    await ledger.admit(request('a'));
    const error = await rejection(ledger.admit(request('a', other)));
    expect(error).toBeInstanceOf(PrivacyError);
    expect(error.code).toBe('unsound-parameters');
    expect(storage.lines).toHaveLength(2);
  });

  test('many at once are taken one after the other', async () => {
    const one = await openLedger(inMemoryStorage(), options);
    const { admitted } = await exhaust(one);
    const storage = openStorage();
    const ledger = await openLedger(storage, options);
    const answers = await Promise.all(
      Array.from({ length: admitted + 20 }, (_, i) => ledger.admit(request(`round/${i}`))),
    );
    expect(answers.filter(isReceipt)).toHaveLength(admitted);
    expect(storage.lines).toHaveLength(1 + admitted);
    // The same round twice at once is one entry.
    const both = await openLedger(storage, options);
    const pair = await Promise.all([
      both.admit(request('round/0')),
      both.admit(request('round/0')),
    ]);
    expect(pair[0]).toEqual(pair[1]);
  });

  test('bytes that change while waiting do not change what is paid for', async () => {
    const ledger = await openLedger(openStorage(), options);
    const plan = planHash(1);
    const answer = ledger.admit(request('a', { plan }));
    plan.fill(9);
    expect(await answer).toMatchObject({ plan: '01'.repeat(32) });
  });

  test('the sum of a long history is as exact as one entry', async () => {
    const count = 3_000;
    const event = zeroConcentrated({ rho: 1e-3 / 3 });
    const ledger = await openLedger(inMemoryStorage(), {
      ...options,
      expecting: { event, count: 1 },
    });
    const probe = (await ledger.admit(
      request('probe', { event: repeated({ event, count: 1e9 }) }),
    )) as Refusal;
    const fits = probe.wouldFit.repeats;
    expect(fits).toBeLessThan(count);
    expect((await exhaust(ledger, event)).admitted).toBe(fits);
  });
});

describe('what an event must be', () => {
  test.each([
    ['a δ of its own', approximate({ epsilon: 0.1, delta: 1e-9 }), 'unsupported-event'],
    ['hardly any noise', gaussian({ noiseMultiplier: 1e-100 }), undefined],
    ['an unknown kind', { kind: 'staircase' }, 'unsupported-event'],
    [
      'a fixed-size sample under zero-out',
      sampledWithoutReplacement({ population: 9, sample: 1, event: noise }),
      'unsound-parameters',
    ],
  ])('%s is refused', async (_, event, code) => {
    const storage = openStorage();
    const ledger = await openLedger(storage, options);
    const answer = ledger.admit(request('a', { event: event as never }));
    if (code === undefined) expect((await answer).admitted).toBe(false);
    else expect(await rejection(answer)).toMatchObject({ name: 'PrivacyError', code });
    expect(storage.lines).toHaveLength(1);
  });

  test('a Poisson sample under replace-one is refused', async () => {
    const ledger = await openLedger(inMemoryStorage(), { ...options, neighbours: 'replace-one' });
    const event = poissonSampled({ probability: 0.1, event: noise });
    expect((await rejection(ledger.admit(request('a', { event })))).code).toBe(
      'unsound-parameters',
    );
  });

  test.each([
    ['no name', { round: '' }, 'out-of-range'],
    ['a long name', { round: 'x'.repeat(129) }, 'out-of-range'],
    ['an invisible name', { round: 'a\u202eb' }, 'out-of-range'],
    ['a name that is none', { round: 7 }, 'out-of-range'],
    ['a short hash', { plan: new Uint8Array(31) }, 'wrong-length'],
    ['a hash as text', { plan: '00' }, 'wrong-type'],
    ['no event', { event: undefined }, 'wrong-type'],
    ['NaN noise', { event: { kind: 'gaussian', noiseMultiplier: Number.NaN } }, 'not-finite'],
  ])('%s: a usage error, and nothing is spent', async (_, other, code) => {
    const storage = openStorage();
    const ledger = await openLedger(storage, options);
    const error = await rejection(ledger.admit(request('a', other as never)));
    expect(error).toBeInstanceOf(UsageError);
    expect(error.code).toBe(code);
    expect(storage.lines).toHaveLength(1);
    expect((await ledger.admit(request('a'))).admitted).toBe(true);
  });

  test('one that makes too long a line is refused before it is written', async () => {
    const storage = openStorage();
    const ledger = await openLedger(storage, options);
    const event = composed({
      events: Array.from({ length: 2_000 }, () => gaussian({ noiseMultiplier: 5_000 })),
    });
    expect((await rejection(ledger.admit(request('a', { event })))).message).toContain('65536');
    expect(storage.lines).toHaveLength(1);
    expect((await ledger.admit(request('a'))).admitted).toBe(true);
  });
});

describe('opening', () => {
  test.each([
    ['ε of 0', { budget: { epsilon: 0, delta: 1e-6 } }],
    ['negative ε', { budget: { epsilon: -1, delta: 1e-6 } }],
    ['infinite ε', { budget: { epsilon: Number.POSITIVE_INFINITY, delta: 1e-6 } }],
    ['NaN', { budget: { epsilon: Number.NaN, delta: 1e-6 } }],
    ['δ of 0', { budget: { epsilon: 1, delta: 0 } }],
    ['δ of 1', { budget: { epsilon: 1, delta: 1 } }],
    ['no budget', { budget: undefined }],
    ['an unknown relation', { neighbours: 'swap' }],
    ['half an event expected', { expecting: { event: noise, count: 0.5 } }],
    ['an expectation without event', { expecting: { count: 1 } }],
    ['a head that is none', { rememberedHead: 'abc' }],
    ['a head of another shape', { rememberedHead: { count: 1, hash: 'ABC' } }],
  ])('%s: a usage error, and nothing is written', async (_, other) => {
    const storage = openStorage();
    const error = await rejection(openLedger(storage, { ...options, ...(other as object) }));
    expect(error).toBeInstanceOf(UsageError);
    expect(storage.lines).toEqual([]);
  });

  test('more expected than fits is refused, with the number that fits', async () => {
    const storage = openStorage();
    const event = poissonSampled({ probability: 0.01, event: gaussian({ noiseMultiplier: 1 }) });
    const expecting = (count: number) => ({ ...options, expecting: { event, count } });
    const error = await rejection(openLedger(storage, expecting(1_000_000)));
    expect(error.code).toBe('budget-exceeded');
    const { repeats } = error.details as { readonly repeats: number };
    expect(storage.lines).toEqual([]);
    expect((await rejection(openLedger(storage, expecting(repeats + 1)))).code).toBe(
      'budget-exceeded',
    );
    const ledger = await openLedger(storage, expecting(repeats));
    const all = request('all', { event: repeated({ event, count: repeats }) });
    expect((await ledger.admit(all)).admitted).toBe(true);
    // The order is made for these events: without them named, fewer fit.
    const plain = await openLedger(inMemoryStorage(), options);
    const fewer = await plain.admit(request('all', { event: repeated({ event, count: 1e6 }) }));
    expect((fewer as Refusal).wouldFit.repeats).toBeLessThan(repeats);
  });

  test('a budget that no order reaches is refused', async () => {
    const budget = { epsilon: 1e-300, delta: 1e-300 };
    const error = await rejection(openLedger(inMemoryStorage(), { ...options, budget }));
    expect(error.code).toBe('unsound-parameters');
  });

  test.each([
    ['a larger ε', { budget: { epsilon: 5, delta: 1e-6 } }],
    ['a larger δ', { budget: { epsilon: 4, delta: 1e-5 } }],
    ['another relation', { neighbours: 'add-or-remove' }],
    ['another expectation', { expecting: { event: noise, count: 3 } }],
  ] as const)('%s than the ledger began with is refused', async (_, other) => {
    const storage = openStorage();
    await openLedger(storage, options);
    const error = await rejection(openLedger(storage, { ...options, ...other }));
    expect(error.code).toBe('unsound-parameters');
  });

  test('an expectation may be left out later, and the order stays', async () => {
    const storage = openStorage();
    const expecting = { event: laplace({ noiseMultiplier: 3 }), count: 5 };
    const ledger = await openLedger(storage, { ...options, expecting });
    const again = await openLedger(storage, options);
    expect([again.id, again.order]).toEqual([ledger.id, ledger.order]);
    expect((await openLedger(storage, { ...options, expecting })).order).toBe(ledger.order);
  });
});

describe('a storage that fails', () => {
  test.each(['before', 'after'] as const)(
    '%s writing: unusable until opened again',
    async (how) => {
      let isBroken = true;
      const storage = openStorage([], (index) => (index === 2 && isBroken ? how : undefined));
      const ledger = await openLedger(storage, options);
      await ledger.admit(request('a'));
      const waiting = [ledger.admit(request('b')), ledger.admit(request('c'))] as const;
      const error = await rejection(waiting[0]);
      expect(error.code).toBe('state-spent');
      expect(error.cause).toMatchObject({ message: expect.stringContaining('disk') });
      expect((await rejection(waiting[1])).code).toBe('state-spent');
      // Not even what is known to be paid for: another process may have the ledger by now.
      expect((await rejection(ledger.admit(request('a')))).code).toBe('state-spent');
      expect(caught(() => readOdometer(ledger)).code).toBe('state-spent');
      isBroken = false;
      const again = await openLedger(storage, options);
      expect(again.head().count).toBe(how === 'after' ? 2 : 1);
      expect(await again.admit(request('b'))).toMatchObject({ admitted: true, index: 2 });
      expect(storage.lines).toHaveLength(3);
    },
  );

  test('two ledgers on one storage: the second to write is stopped', async () => {
    const storage = openStorage();
    const [one, two] = [await openLedger(storage, options), await openLedger(storage, options)];
    expect((await one.admit(request('a'))).admitted).toBe(true);
    expect((await rejection(two.admit(request('b')))).code).toBe('state-spent');
    expect(storage.lines).toHaveLength(2);
  });

  test('two that begin on one storage: one begins', async () => {
    const storage = openStorage();
    const both = await Promise.allSettled([
      openLedger(storage, options),
      openLedger(storage, options),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(storage.lines).toHaveLength(1);
  });
});

describe('assertReceipt', () => {
  const expected = { plan: planHash(1), event: noise, neighbours: 'zero-out' } as const;

  test('takes the ledger’s own receipt', async () => {
    const ledger = await openLedger(inMemoryStorage(), options);
    const receipt = await ledger.admit(request('a'));
    expect(() => assertReceipt(receipt, expected)).not.toThrow();
    expect(() => assertReceipt(receipt, { plan: planHash(1) })).not.toThrow();
    const others = [
      { plan: planHash(2) },
      { ...expected, event: gaussian({ noiseMultiplier: 4 }) },
      { ...expected, neighbours: 'replace-one' } as const,
    ];
    for (const other of others) {
      expect(caught(() => assertReceipt(receipt, other)).code).toBe('unsound-parameters');
    }
    expect(() => assertReceipt(receipt, { plan: new Uint8Array(16) })).toThrow(UsageError);
  });

  test('takes nothing else', async () => {
    const ledger = await openLedger(inMemoryStorage(), options);
    const receipt = await ledger.admit(request('a'));
    await exhaust(ledger);
    const refusal = await ledger.admit(request('z'));
    const forged = [
      { ...receipt },
      structuredClone(receipt),
      Object.create(receipt),
      new Proxy(receipt, {}),
      refusal,
      null,
      undefined,
      true,
    ];
    for (const what of forged) {
      expect(caught(() => assertReceipt(what, expected)).code).toBe('unsound-parameters');
    }
  });
});

describe('the odometer', () => {
  test('reads what was spent, never above what the filter promises', async () => {
    const ledger = await openLedger(inMemoryStorage(), options);
    expect(readOdometer(ledger).epsilon).toBe(0);
    let last = 0;
    for (let i = 0; i < 3; i++) {
      await ledger.admit(request(`${i}`));
      const { epsilon } = readOdometer(ledger);
      expect(epsilon).toBeGreaterThan(last);
      last = epsilon;
    }
    const full = await openLedger(inMemoryStorage(), options);
    await exhaust(full);
    const { epsilon } = readOdometer(full);
    expect(epsilon).toBeGreaterThan(2);
    expect(epsilon).toBeLessThanOrEqual(4);
    expect(readOdometer(full, { delta: 1e-9 }).epsilon).toBeGreaterThan(epsilon);
  });

  test('reading admits nothing and changes nothing', async () => {
    const storage = openStorage();
    const ledger = await openLedger(storage, options);
    const head = ledger.head();
    expect(() => assertReceipt(readOdometer(ledger), { plan: planHash(1) })).toThrow(PrivacyError);
    expect(ledger.head()).toBe(head);
    expect(storage.lines).toHaveLength(1);
  });

  test('refuses a bad δ, and what is no ledger', async () => {
    const ledger = await openLedger(inMemoryStorage(), options);
    for (const delta of [0, 1, -1, Number.NaN]) {
      expect(() => readOdometer(ledger, { delta })).toThrow(UsageError);
    }
    expect(() => readOdometer({ ...ledger })).toThrow(UsageError);
  });

  test('reads more different events than one event may hold', async () => {
    const ledger = await openLedger(inMemoryStorage(), options);
    const small = (i: number) => gaussian({ noiseMultiplier: 1e4 + i });
    for (let i = 0; i < 30; i++) {
      const events = Array.from({ length: 400 }, (_, k) => small(400 * i + k));
      await ledger.admit(request(`${i}`, { event: composed({ events }) }));
    }
    expect(readOdometer(ledger)).toMatchObject({ method: 'rdp', epsilon: expect.any(Number) });
  });
});

describe('the sum', () => {
  test.each([
    [0.8148311753192161, 0.16241325806151302, 18, 3.738269820426452],
    [0.25312956111066226, 0.7924257388179259, 18, 14.516792859833334],
    [0.09902865714041131, 0.06105716528022255, 38, 2.419200937788869],
  ])('as many repeats as it names can be spent one by one', (spent, cost, few, limit) => {
    const meter = startMeter(limit);
    meter.spend(spent);
    // Here `few` of them, as a product, come to just the limit, and one by one to a double more.
    const named = meter.repeats(cost);
    expect(named).toBe(few - 1);
    for (let i = 0; i < named; i++) {
      expect(meter.hasRoom(cost)).toBe(true);
      meter.spend(cost);
    }
    expect(meter.hasRoom(cost)).toBe(false);
  });

  test('what little is left after much is divided, however small the cost', () => {
    const meter = startMeter(7);
    meter.spend(7 * (1 - 1e-9));
    const left = 7 - meter.spent();
    for (const cost of [1e-20, 1e-22, 3e-24, 5e-324]) {
      const named = meter.repeats(cost);
      expect(named).toBeLessThanOrEqual(Number.MAX_SAFE_INTEGER);
      expect(named * cost).toBeLessThan(left * (1 + 1e-6));
      if (named < Number.MAX_SAFE_INTEGER) expect(named * cost).toBeGreaterThan(left * (1 - 1e-6));
    }
    meter.spend(1);
    expect(meter.repeats(1e-20)).toBe(0);
    expect(meter.repeats(0)).toBe(Number.MAX_SAFE_INTEGER);
  });
});
