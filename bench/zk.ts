/** The zk room: proofs, and commitments whose sum opens. */
import { openBook, type Report } from './harness.ts';
import { zkCommitments } from './zk-commitments.ts';
import { zkGroth16 } from './zk-groth16.ts';

/** Measures this room: a minute and a half. */
export async function zk(): Promise<Report> {
  const book = openBook();
  await zkGroth16(book);
  await zkCommitments(book);
  return book.report();
}
