/** `npx veilsum report`: a page on stdout, or the reason why there is none. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { privacyReport, reportHtml, roundRecord } from 'veilsum/report';
import { afterAll, expect, test } from 'vitest';
import { command } from '../verify/run-command.ts';
import { exact, resultOf } from './support.ts';

const folder = mkdtempSync(join(tmpdir(), 'veilsum-report-'));
afterAll(() => rmSync(folder, { recursive: true }));

const path = join(folder, 'report.json');
const plan = exact('votes/1');
const report = privacyReport({ rounds: [roundRecord(plan, resultOf(plan))] });

test('a report becomes its page', () => {
  writeFileSync(path, JSON.stringify(report, null, 2));
  expect(command('report', path)).toEqual({ code: 0, out: reportHtml(report), err: '' });
});

test('anything else ends with 1 and no page, a wrong call with 2', () => {
  writeFileSync(path, JSON.stringify({ ...report, rounds: [{}] }));
  const { code, out, err } = command('report', path);
  expect([code, out]).toEqual([1, '']);
  expect(err).toContain('report.rounds[0]');
  expect(command('report', path, '--trust', path)).toMatchObject({ code: 2, out: '' });
});
