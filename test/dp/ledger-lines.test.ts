/** The chain: what of a stored ledger can be changed without being found out. */
import { beforeAll, describe, expect, test } from 'vitest';
import { gaussian, laplace, repeated } from '../../src/dp/events.ts';
import { type LedgerOptions, openLedger } from '../../src/dp/ledger/ledger.ts';
import { canonicalJson, MAX_ENTRIES, sealEntry } from '../../src/dp/ledger/lines.ts';
import type { LedgerHead } from '../../src/dp/ledger/receipt.ts';
import { inMemoryStorage } from '../../src/dp/ledger/storage.ts';
import { lengthPrefixed, toHex, utf8 } from '../../src/internal/bytes.ts';
import { sha256 } from '../../src/internal/sha256.ts';
import { isReceipt, openStorage, options, planHash, rejection } from './ledger-support.ts';

const ENTRIES = 5;
let lines: readonly string[];
/** After each entry, the first one after the header. */
const heads: LedgerHead[] = [];

const events = [
  gaussian({ noiseMultiplier: 9.5 }),
  laplace({ noiseMultiplier: 12 }),
  repeated({ event: gaussian({ noiseMultiplier: 40 }), count: 3 }),
];

beforeAll(async () => {
  const storage = openStorage();
  const ledger = await openLedger(storage, options);
  heads.push(ledger.head());
  for (let i = 0; i < ENTRIES; i++) {
    const event = events[i % events.length] as (typeof events)[number];
    const receipt = await ledger.admit({ round: `round/${i}`, plan: planHash(i), event });
    if (!isReceipt(receipt)) throw new Error('expected a receipt');
    heads.push(receipt.head);
  }
  lines = storage.lines;
});

const open = (changed: readonly unknown[], of: Partial<LedgerOptions> = {}) =>
  openLedger(inMemoryStorage(changed as string[]), { ...options, ...of });

async function expectTampered(changed: readonly unknown[], of?: Partial<LedgerOptions>) {
  const error = await rejection(open(changed, of));
  expect([error.name, error.code, error.message]).toEqual([
    'PrivacyError',
    'ledger-tampered',
    error.message,
  ]);
}

const replaced = (index: number, by: unknown): unknown[] =>
  lines.map((l, i) => (i === index ? by : l));
const line = (index: number): string => lines[index] as string;

test('an untouched ledger opens, with any head that it had', async () => {
  expect((await open(lines)).head()).toEqual(heads.at(-1));
  for (const rememberedHead of heads) await open(lines, { rememberedHead });
});

describe('without a remembered head', () => {
  test('every changed byte is found', async () => {
    for (let index = 0; index <= ENTRIES; index++) {
      for (let at = 0; at < line(index).length; at++) {
        const other = String.fromCharCode(line(index).charCodeAt(at) ^ 1);
        const changed = line(index).slice(0, at) + other + line(index).slice(at + 1);
        await expectTampered(replaced(index, changed));
      }
    }
  });

  test('every line cut short at any byte is found', async () => {
    for (let index = 0; index <= ENTRIES; index++) {
      for (let at = 0; at < line(index).length; at++) {
        await expectTampered(replaced(index, line(index).slice(0, at)));
      }
    }
  });

  test('every removed, doubled and moved line is found', async () => {
    for (let index = 0; index < ENTRIES; index++) {
      await expectTampered(lines.filter((_, i) => i !== index));
      await expectTampered([...lines.slice(0, index + 1), ...lines.slice(index)]);
      for (let other = index + 1; other <= ENTRIES; other++) {
        const swapped = [...lines];
        [swapped[index], swapped[other]] = [line(other), line(index)];
        await expectTampered(swapped);
      }
    }
    await expectTampered([...lines, line(ENTRIES)]);
  });

  test.each([
    ['a blank', (text: string) => text.replace(':', ': ')],
    ['a line break', (text: string) => `${text}\n`],
    ['a number in another spelling', (text: string) => text.replace('"index":2', '"index":2.0')],
    ['a key twice', (text: string) => text.replace('{', '{"index":9,')],
    ['a key that means nothing', (text: string) => text.replace('{', '{"a":1,')],
    ['a letter as an escape', (text: string) => text.replace('"round/', '"\\u0072ound/')],
    ['a prototype', (text: string) => text.replace('{', '{"__proto__":{},')],
  ])('%s is another spelling, and found', async (_, change) => {
    expect(change(line(2))).not.toBe(line(2));
    await expectTampered(replaced(2, change(line(2))));
  });

  test.each([
    ['no text', 7],
    ['nothing', undefined],
    ['an array', '[]'],
    ['a number', '1'],
    ['null', 'null'],
    ['text', '"text"'],
    ['deep nesting', '['.repeat(60_000)],
    ['deep nesting that closes', `{"a":${'['.repeat(30_000)}${']'.repeat(30_000)}}`],
    ['a long line', `{"a":"${'x'.repeat(70_000)}"}`],
  ])('%s for a line is refused', async (_, by) => {
    await expectTampered(replaced(0, by));
    await expectTampered(replaced(3, by));
    await expectTampered(replaced(ENTRIES, by));
  });

  /** A line with other contents and right hashes: what somebody writes who knows the format. */
  const forged = (index: number, change: object): string => {
    const { hash: _, previous, ...entry } = JSON.parse(line(index));
    return sealEntry({ ...entry, ...change }, previous).line;
  };

  test('a forged line inside is found by the next one', async () => {
    for (let index = 1; index < ENTRIES; index++) {
      await expectTampered(replaced(index, forged(index, { event: events[1], round: 'x' })));
    }
  });

  test.each([
    ['a round twice', { round: 'round/0' }],
    ['an invisible round', { round: '\u0007' }],
    ['another index', { index: 3 }],
    ['a plan that is none', { plan: 'xyz' }],
    ['noise that is none', { event: { kind: 'gaussian', noiseMultiplier: 0 } }],
    ['a surplus field', { note: 'hello' }],
    ['another order of keys', { event: { noiseMultiplier: 9, kind: 'gaussian', extra: 1 } }],
  ])('%s is refused with right hashes, too', async (_, change) => {
    await expectTampered(replaced(ENTRIES, forged(ENTRIES, change)));
  });

  test('an event of a later version is refused by name', async () => {
    const unknown = forged(ENTRIES, { event: { kind: 'staircase', width: 1 } });
    expect((await rejection(open(replaced(ENTRIES, unknown)))).code).toBe('unsupported-event');
  });

  /** The header with other contents and a right hash. */
  const forgedHeader = (change: object): string => {
    const { hash: _, ...header } = JSON.parse(line(0));
    const changed = { ...header, ...change };
    const domain = utf8('veilsum/v1 ledger');
    const hash = toHex(sha256(lengthPrefixed(domain, utf8(canonicalJson(changed)))));
    return canonicalJson({ ...changed, hash });
  };

  test.each([
    ['a surplus field', { note: 'hello' }],
    ['an ε that is none', { budget: { epsilon: -1, delta: 1e-6 } }],
    ['a surplus field of the budget', { budget: { ...options.budget, unit: 'a day' } }],
    ['an order that is none', { order: 1 }],
    ['an order as text', { order: '12' }],
    ['another id', { id: 'mine' }],
    ['an unknown relation', { neighbours: 'swap' }],
    ['half an expectation', { expecting: { count: 3 } }],
    [
      'a surplus field of the expectation',
      { expecting: { event: { kind: 'zero-concentrated', rho: 1 }, count: 1, unit: 'a day' } },
    ],
    ['no format', { format: null }],
  ])('%s in the header is refused with a right hash, too', async (_, change) => {
    await expectTampered([forgedHeader(change)]);
  });

  test('a line that is too long is refused, whatever it holds', async () => {
    const one = gaussian({ noiseMultiplier: 5_000 });
    const event = { kind: 'composed', events: Array(2_000).fill(one) };
    const error = await rejection(open(replaced(ENTRIES, forged(ENTRIES, { event }))));
    expect(error.message).toContain('more than 65536 characters');
  });

  test('another format is refused by name', async () => {
    const error = await rejection(open([forgedHeader({ format: 'veilsum/v2 ledger' })]));
    expect([error.name, error.code]).toEqual(['CodecError', 'unknown-version']);
  });
});

describe('against a remembered head', () => {
  const rememberedHead = (count: number): LedgerHead => heads[count] as LedgerHead;

  test('every truncation and rollback is found, and nothing else is refused', async () => {
    for (let kept = 1; kept <= ENTRIES + 1; kept++) {
      for (let count = 0; count <= ENTRIES; count++) {
        const of = { rememberedHead: rememberedHead(count) };
        if (count < kept) await open(lines.slice(0, kept), of);
        else await expectTampered(lines.slice(0, kept), of);
      }
    }
    await expectTampered([], { rememberedHead: rememberedHead(0) });
  });

  test('without one they pass: that is what it is for', async () => {
    for (let kept = 0; kept <= ENTRIES + 1; kept++) await open(lines.slice(0, kept));
  });

  test('a forged last line is found', async () => {
    const { hash: _, previous, ...entry } = JSON.parse(line(ENTRIES));
    const cheaper = { ...entry, event: gaussian({ noiseMultiplier: 1_000 }) };
    const changed = replaced(ENTRIES, sealEntry(cheaper, previous).line);
    await open(changed);
    await expectTampered(changed, { rememberedHead: rememberedHead(ENTRIES) });
  });

  test('a branch is found: rolled back and gone on differently', async () => {
    const storage = openStorage(lines.slice(0, 3));
    const branch = await openLedger(storage, options);
    for (let i = 0; i < 6; i++) {
      const event = gaussian({ noiseMultiplier: 50 });
      await branch.admit({ round: `other/${i}`, plan: planHash(i), event });
    }
    await expectTampered(storage.lines, { rememberedHead: rememberedHead(4) });
    await open(storage.lines, { rememberedHead: rememberedHead(2) });
  });

  test('another ledger is found', async () => {
    const storage = openStorage();
    await openLedger(storage, options);
    await expectTampered(storage.lines, { rememberedHead: rememberedHead(0) });
  });
});

test('more lines than a ledger may have are refused before any is read', async () => {
  const many: string[] = Array(MAX_ENTRIES + 2).fill('');
  many[0] = lines[0] as string;
  const error = await rejection(
    openLedger({ ...inMemoryStorage(), load: async () => many }, options),
  );
  expect(error.code).toBe('ledger-tampered');
  expect(error.message).toContain('too many');
  many.pop();
  const second = await rejection(
    openLedger({ ...inMemoryStorage(), load: async () => many }, options),
  );
  expect(second.message).not.toContain('too many');
});
