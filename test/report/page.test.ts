/** The page: nothing of others becomes markup, nothing is fetched, and the numbers are those of the report. */
import { ProtocolError, publicField, real } from 'veilsum';
import {
  type PrivacyReport,
  privacyReport,
  readReport,
  reportHtml,
  roundRecord,
} from 'veilsum/report';
import { beforeAll, describe, expect, test } from 'vitest';
import { html, price } from '../../src/round/report/markup.ts';
import { guessing } from '../../src/round/report/words.ts';
import { charge, exact, planned, resultOf, runLedger } from './support.ts';

const HOSTILE = `<script>alert("1")</script>'&<img src=x onerror=alert(1)>`;

let report: PrivacyReport;
let page: string;
beforeAll(async () => {
  const ledger = await runLedger(2);
  const open = {
    ...planned('x').fields,
    counts: publicField(real({ length: 2, clip: { norm: 'linf', bound: 3 } })),
  };
  const plans = [
    planned(`first ${HOSTILE}`),
    planned('second'),
    planned('third', { fields: open }),
    planned('lost'),
  ];
  for (const plan of plans) await charge(ledger, plan);
  const [first, second, third] = plans as [(typeof plans)[0], (typeof plans)[0], (typeof plans)[0]];
  const fault = { phase: 'mask', code: 'bad-signature', message: HOSTILE } as const;
  const dropped = [{ id: second.roster.clients[0]?.id as never, phase: 'unmask' as const }];
  report = privacyReport({
    title: `Report ${HOSTILE}`,
    made: `2026 ${HOSTILE.slice(0, 20)}`,
    ledger,
    rounds: [
      roundRecord(first, resultOf(first, { refused: [fault, fault] })),
      roundRecord(second, resultOf(second, { dropped })),
      roundRecord(third, new ProtocolError('no-quorum', HOSTILE)),
      roundRecord(exact('votes'), resultOf(exact('votes'))),
    ],
  });
  page = reportHtml(report);
});

describe('what others wrote', () => {
  test('stays text, wherever it stands', () => {
    expect(page).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;&amp;&lt;img');
    expect(page).not.toMatch(/<script|<img|<iframe|<link|<object|<a /i);
    // The same text in a template without care.
    expect(`<h1>${report.title}</h1>`).toMatch(/<script/);
  });

  test('also as it comes out of a file', () => {
    expect(reportHtml(readReport(JSON.stringify(report)))).toBe(page);
  });

  test('in attributes', () => {
    const { markup } =
      html`<p title="${'" onclick="x'}">${['<', html`<b>${'&'}</b>`, null, 3]}</p>`;
    expect(markup).toBe('<p title="&quot; onclick=&quot;x">&lt;<b>&amp;</b>3</p>');
  });
});

describe('the page', () => {
  test('runs nothing, fetches nothing and forbids both', () => {
    expect(page).toContain(
      `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">`,
    );
    // The policy comes before all that it is for.
    expect(page.indexOf('Content-Security-Policy')).toBeLessThan(page.indexOf('<style>'));
    const tags = page.match(/<[^>]*>/g) ?? [];
    for (const tag of tags) expect(tag).not.toMatch(/\s(?:on\w+|src|href|style|action)=/i);
    expect(page).not.toMatch(/https?:|url\(|@import|data:|javascript:/i);
  });

  test('is well formed: every element is closed in its turn, every id is there once', () => {
    const open: string[] = [];
    for (const [, close, name, rest] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)([^>]*)>/g)) {
      if (/^(?:meta)$/.test(name as string) || rest?.endsWith('/')) continue;
      if (close === '') open.push(name as string);
      else expect(open.pop()).toBe(name);
    }
    expect(open).toEqual([]);
    const found = [...page.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id as string);
    expect(new Set(found).size).toBe(found.length);
    for (const [, named] of page.matchAll(/aria-labelledby="([^"]*)"/g)) {
      for (const id of (named as string).split(' ')) expect(found).toContain(id);
    }
  });

  test('has pictures that are told in words, and a table that says the same', () => {
    const pictures = page.match(/<svg[\s\S]*?<\/svg>/g) ?? [];
    expect(pictures).toHaveLength(2);
    for (const picture of pictures) {
      expect(picture).toMatch(/role="img" aria-labelledby="(\w+)-title \1-text"/);
      expect(picture).toMatch(/<title id=[^>]*>[^<]+<\/title>\s*<desc id=[^>]*>[^<]+<\/desc>/);
      expect(picture).not.toMatch(/NaN|undefined|Infinity/);
    }
    const rows = page.match(/<tr><th scope="row">[\s\S]*?<\/tr>/g) ?? [];
    const rounds = rows.filter((row) => row.includes('class="number"'));
    expect(rounds).toHaveLength(5);
    for (const [i, { epsilon }] of (report.spending?.points ?? []).entries()) {
      // The charge without a record comes last here.
      const row = rounds[i < 3 ? i : 4] as string;
      expect(row).toContain(`<td class="number">${price(epsilon)}</td>`);
    }
    expect(rounds[0]).toContain('17 of 20');
    expect(rounds[0]).toContain('mask: 3');
    expect(rounds[0]).toContain('2 in mask (bad-signature)');
    expect(rounds[2]).toContain('failed: no-quorum');
    expect(rounds[3]).toContain('not covered');
    expect(rounds[4]).toContain('charged, no record');
  });

  test('says everything that the report says', () => {
    const said = (text: string): string => html`${text}`.markup;
    const { findings, limits, remains, statement, rounds, ledger } = report;
    expect(findings.map(({ code }) => code)).toEqual(['charged-without-record', 'exact-sums']);
    for (const { text } of [...findings, ...limits, ...remains]) expect(page).toContain(said(text));
    for (const round of rounds) {
      expect(page).toContain(round.plan);
      for (const { text } of round.assumptions) expect(page).toContain(said(text));
      if (round.transcript !== null) expect(page).toContain(round.transcript.root);
    }
    expect(page).toContain(statement);
    expect(page).toContain('<strong>Evidence, not compliance.</strong>');
    expect(page).toContain(ledger?.head.hash);
    expect(page).toContain(`ε = ${price(report.spending?.epsilon ?? null)}`);
    expect(page).toContain('ε does not cover the fields that were declared public');
    expect(page).toContain(said('“counts”'));
    expect(page).toContain('standard deviation');
    expect(page).not.toMatch(/undefined|\[object|NaN/);
  });

  test('of exact sums says that there is no differential privacy', () => {
    const plan = exact('votes');
    const bare = reportHtml(privacyReport({ rounds: [roundRecord(plan, resultOf(plan))] }));
    expect(bare).toContain('There is no differential privacy here: the exact sum');
    expect(bare).not.toContain('of a budget');
    expect(bare).not.toContain('What ε means here');
  });

  test('of nothing but a ledger, and of nothing at all', async () => {
    const ledger = await runLedger();
    expect(reportHtml(privacyReport({ rounds: [], ledger }))).toContain('ε is 0');
    expect(reportHtml(privacyReport({ rounds: [] }))).toContain('0 rounds');
    await charge(ledger, planned('run/1'));
    const page = reportHtml(privacyReport({ rounds: [], ledger }));
    expect(page).toContain('a ledger does not say which');
  });

  test('is made of reports only', () => {
    expect(() => reportHtml({ ...report })).toThrow(/expected what privacyReport/);
  });
});

describe('numbers for people', () => {
  test('a price is not rounded down', () => {
    expect([0, 1, 1.9999, 0.99991, 0.00123401, 12.3401, 123456].map(price)).toEqual([
      '0',
      '1',
      '2',
      '1',
      '0.001235',
      '12.35',
      '123,500',
    ]);
    expect(price(null)).toBe('∞');
  });

  test('telling two worlds apart: even odds at ε = 0, rounded up', () => {
    expect(guessing(0, 0)).toBe('50 %');
    expect(guessing(1, 0)).toBe('73.2 %');
    expect(guessing(1, 0.1)).toBe('75.8 %');
    expect(guessing(50, 1e-5)).toBe('100 %');
  });
});
