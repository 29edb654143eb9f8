#!/usr/bin/env node
/**
 * The command line: `npx veilsum verify BUNDLE --trust TRUST.json` prints a verdict for people, and
 * `npx veilsum report REPORT.json` a privacy report as a page. Ends with 0 for a valid bundle or report, 1 for
 * any other, 2 where it was called wrongly. The one file here that reads files and prints.
 */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { VeilsumError } from './errors.ts';
import { readReport, reportHtml } from './report.ts';
import {
  type BundleVerdict,
  type ProofsStatement,
  readTrust,
  type Trust,
  verifyBundle,
} from './verify.ts';
import { fastCurve } from './zk/snark.ts';

const USAGE = `usage: veilsum verify BUNDLE --trust TRUST.json
       veilsum report REPORT.json > REPORT.html

verify

Checks that the sum in a proof bundle is the sum of what exactly the listed clients committed to, and
where they proved that their values are in bounds, those proofs.

  BUNDLE   the file that a coordinator published (result.bundle)
  --trust  what you know from elsewhere, as JSON:
           { "roster": root of the roster, "floor": least number of contributors,
             "plan": hash, "beacon": value, "bounds": { field: greatest magnitude },
             "key": hash of the update key, "insecureKeyForTestingOnly": true }
           roster and floor are needed; hashes are in hexadecimal

report
Works a privacy report out again from its facts, and prints it as a page for people.

  REPORT.json  what JSON.stringify(privacyReport(…)) gave

Ends with 0 if bundle or report is valid, with 1 if it is not, with 2 for a wrong call.
`;

/** One byte more than a verifier reads: enough to be refused as too large. */
const MOST_BYTES = 2 ** 29 + 1;

/** More than a report of a hundred thousand rounds has. */
const MOST_REPORT_BYTES = 2 ** 29;

type Call = { readonly bundle: Uint8Array; readonly trust: Trust } | { readonly report: string };

/** What was asked for, read; or what is wrong with the call. */
function readCall(args: readonly string[]): Call | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { trust: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    });
    const [command, path, ...more] = positionals;
    if (values.help === true) return '';
    if ((command !== 'verify' && command !== 'report') || path === undefined || more.length > 0) {
      return 'expected: verify BUNDLE, or report REPORT.json';
    }
    if (command === 'report') {
      if (values.trust !== undefined) return 'expected: no --trust for a report';
      return { report: new TextDecoder().decode(readAtMost(path, MOST_REPORT_BYTES)) };
    }
    if (values.trust === undefined) return 'expected: --trust TRUST.json';
    const trust = readTrust(readFileSync(values.trust, 'utf8'));
    return { bundle: readAtMost(path, MOST_BYTES), trust };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The first bytes of a file, which need not be one that ends. */
function readAtMost(path: string, most: number): Uint8Array {
  const file = openSync(path, 'r');
  try {
    let out = new Uint8Array(2 ** 16);
    let length = 0;
    for (;;) {
      if (length === out.length) {
        const wider = new Uint8Array(Math.min(2 * out.length, most));
        wider.set(out);
        out = wider;
      }
      const read = readSync(file, out, length, out.length - length, null);
      length += read;
      if (read === 0 || length === most) return out.subarray(0, length);
    }
  } finally {
    closeSync(file);
  }
}

/** @returns the exit code */
function printReport(json: string): number {
  try {
    process.stdout.write(reportHtml(readReport(json)));
    return 0;
  } catch (error) {
    if (!(error instanceof VeilsumError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
}

function verdictText(verdict: BundleVerdict): string {
  const { valid, reasons, checked, notChecked } = verdict;
  const list = (title: string, mark: string, entries: readonly { readonly text: string }[]) =>
    entries.length === 0 ? [] : ['', title, ...entries.map(({ text }) => `  ${mark} ${text}`)];
  const lines = [
    valid ? 'VALID' : 'NOT VALID',
    ...statementLines(verdict),
    ...list('Refused because', '✗', reasons.map(named)),
    ...list('Checked', '✓', checked),
    ...list('Not checked, by anybody who has only this bundle', '?', notChecked),
  ];
  return `${lines.join('\n')}\n`;
}

const named = ({ code, text }: { readonly code: string; readonly text: string }) => ({
  text: `${code}: ${text}`,
});

/** What the bundle is about; believed only of a valid one, and then with its sums. */
function statementLines({ valid, statement, sum }: BundleVerdict): readonly string[] {
  if (statement === undefined) return [];
  const { contributors, invited, confirmed, quorum, noise, proofs } = statement;
  const shown = contributors.slice(0, 10).join(', ');
  const rest = contributors.length > 10 ? `, and ${contributors.length - 10} more` : '';
  return [
    '',
    valid ? 'The bundle shows' : 'The bundle claims (do not believe it)',
    `  round         ${statement.id}`,
    `  round id      ${statement.roundId}`,
    `  plan          ${statement.planHash}`,
    `  roster        ${statement.rosterRoot}`,
    `  contributors  ${contributors.length} of ${invited} invited: ${shown}${rest}`,
    `  confirmed by  ${confirmed}, of which the plan asks for ${quorum}`,
    `  noise         ${noise === undefined ? 'none' : `for ε = ${noise.epsilon} at δ = ${noise.delta}`}`,
    ...(proofs === undefined ? [] : proofLines(proofs)),
    ...statement.fields.map(({ name, says }) => `  ${name}: ${says}${sumText(sum?.[name])}`),
  ];
}

/** Whose key it is decides what proofs are worth: it is shown even where the trust pins it. */
function proofLines(proofs: ProofsStatement): readonly string[] {
  const { key, chunk, contributions, insecure, context } = proofs;
  const of = insecure ? 'INSECURE: for tests only' : `${contributions} contributed to its σ`;
  return [
    `  proven under  key ${key} (${of})`,
    `                chunks of ${chunk} values; model ${context}`,
  ];
}

type Sum = NonNullable<BundleVerdict['sum']>[string];

function sumText(sum: Sum | undefined): string {
  if (sum === undefined) return '';
  const isMean = 'mean' in sum;
  const values = Array.from(isMean ? sum.mean : sum).slice(0, 6);
  const length = isMean ? sum.mean.length : sum.length;
  const text = values.map((value) => String(Number(value.toPrecision(6)))).join(' ');
  const of = isMean ? `mean over a weight of ${sum.weight}` : 'sum';
  return `; ${of}: ${text}${length > values.length ? ' …' : ''}`;
}

/** @returns the exit code */
async function main(args: readonly string[]): Promise<number> {
  const call = readCall(args);
  if (typeof call === 'string') {
    const isHelp = call === '';
    (isHelp ? process.stdout : process.stderr).write(isHelp ? USAGE : `${call}\n\n${USAGE}`);
    return isHelp ? 0 : 2;
  }
  if ('report' in call) return printReport(call.report);
  // With snarkjs installed it is faster; without, or where that does not start, the verdict is the same.
  const curve = await fastCurve().catch(() => undefined);
  try {
    const options = curve === undefined ? {} : { curve };
    const verdict = await verifyBundle(call.bundle, call.trust, options);
    process.stdout.write(verdictText(verdict));
    return verdict.valid ? 0 : 1;
  } finally {
    await curve?.dispose();
  }
}

process.exitCode = await main(process.argv.slice(2));
