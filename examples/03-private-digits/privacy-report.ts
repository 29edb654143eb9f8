/** The privacy report of the run: what a program reads, and what people read. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ledger } from 'veilsum/dp';
import { privacyReport, type RoundRecord, reportHtml } from 'veilsum/report';

/**
 * Writes `privacy-report.json` and `privacy-report.html`.
 *
 * @param rounds a record of each round; no sum and no client's name is in them
 * @param ledger the coordinator's, from which ε is worked out
 * @returns the path of the page
 */
export async function writePrivacyReport(
  folder: string,
  rounds: readonly RoundRecord[],
  ledger: Ledger,
): Promise<string> {
  const made = new Date().toISOString().slice(0, 10);
  const report = privacyReport({ title: 'Handwritten digits', made, rounds, ledger });
  const page = join(folder, 'privacy-report.html');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'privacy-report.json'), JSON.stringify(report, null, 2));
  await writeFile(page, reportHtml(report));
  return page;
}
