/** What a conformance suite is: a function from a parsed vectors file to an outcome. */

/** How a file went: one line for each mismatch. */
export type Outcome = { readonly passed: number; readonly mismatches: readonly string[] };

/** Takes the parsed JSON of a vectors file. Throws {@link Malformed} if its shape is another. */
export type Suite = (file: unknown) => Outcome;

/** The file is not one of this suite; the message says where and what was expected. */
export class Malformed extends Error {
  override readonly name = 'Malformed';
}
