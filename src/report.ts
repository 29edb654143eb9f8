/**
 * The reporter's door: `import { privacyReport, reportHtml, roundRecord } from 'veilsum/report'`.
 *
 * Keep a record of each round; from these, and the ledger that paid for them, comes a report for people: what
 * was promised to whom, what it cost, and what none of it shows. It is evidence, and no certificate.
 */
export type { Assumption } from './round/assumptions.ts';
export {
  type PrivacyReport,
  privacyReport,
  type ReportFacts,
  readReport,
} from './round/report/document.ts';
export type {
  EncryptedSetting,
  FieldRecord,
  MaskedSetting,
  NoiseRecord,
  RoundRecord,
} from './round/report/facts.ts';
export type { Finding } from './round/report/findings.ts';
export type { LedgerFacts } from './round/report/ledger-facts.ts';
export { reportHtml } from './round/report/page.ts';
export { encryptedRecord, roundRecord } from './round/report/record.ts';
export type { Spending, SpendingPoint } from './round/report/spending.ts';
