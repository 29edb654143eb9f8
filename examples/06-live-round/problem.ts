/** What goes wrong with a request, as something that can be thrown. */

/** An error that the server sends as it is. */
export type HttpProblem = Error & { readonly statusCode: number; readonly code: string };

/** @param detail for people: what was wrong; never a secret */
export const problem = (statusCode: number, code: string, detail: string): HttpProblem =>
  Object.assign(new Error(detail), { statusCode, code });
