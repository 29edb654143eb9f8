/** The zk room: proofs, and commitments whose sum opens. */
import { openBook, type Report } from './harness.ts';
import { bundleRows } from './zk-bundle.ts';
import { zkCommitments } from './zk-commitments.ts';
import { zkGroth16 } from './zk-groth16.ts';

/** Measures this room: two to three minutes. */
export async function zk(): Promise<Report> {
  const book = openBook();
  await zkGroth16(book);
  await zkCommitments(book);
  await bundleRows(book);
  return book.report();
}
