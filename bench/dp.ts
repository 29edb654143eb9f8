/** The dp room: what prices cost, and how fast noise is drawn. */
import { dpAccountants } from './dp-accountants.ts';
import { dpSamplers } from './dp-samplers.ts';
import { openBook, type Report } from './harness.ts';

/** Measures this room: about a minute. */
export async function dp(): Promise<Report> {
  const book = openBook();
  await dpAccountants(book);
  const prices = book.report();
  const draws = await dpSamplers();
  return {
    records: [...prices.records, ...draws.records],
    least: new Map([...prices.least, ...draws.least]),
    elsewhere: [...prices.elsewhere, ...draws.elsewhere],
  };
}
