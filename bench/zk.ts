/** The zk room: proofs, and commitments whose sum opens. */
import { openBook, type Report } from './harness.ts';
import { bundleRows } from './zk-bundle.ts';
import { zkCommitments } from './zk-commitments.ts';
import { zkGroth16 } from './zk-groth16.ts';
import { zkProve } from './zk-prove.ts';

/** Measures this room: eight to ten minutes. */
export async function zk(): Promise<Report> {
  const book = openBook();
  await zkGroth16(book);
  await zkCommitments(book);
  await bundleRows(book);
  await zkProve(book);
  return book.report();
}
