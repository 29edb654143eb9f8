/** The dp room: what prices cost. */
import { dpAccountants } from './dp-accountants.ts';
import { openBook, type Report } from './harness.ts';

/** Measures this room: less than a minute. */
export async function dp(): Promise<Report> {
  const book = openBook();
  await dpAccountants(book);
  return book.report();
}
