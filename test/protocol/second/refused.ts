/** How the second client refuses: an error with a code of section 12, and whether it has left the round. */

/** A refusal. */
export type Refused = Error & { readonly code: string; readonly leaves: boolean };

/** Codes after which a client may wait for other bytes. */
const WAITS: readonly string[] = [
  'truncated',
  'trailing-bytes',
  'non-canonical',
  'too-large',
  'malformed',
  'unknown-version',
  'wrong-round',
  'wrong-phase',
  'wrong-recipient',
];

export const refusal = (code: string, why: string): Refused =>
  Object.assign(new Error(`${code}: ${why}`), { code, leaves: !WAITS.includes(code) });

/** Refuses unless something holds. */
export function must(holds: boolean, code: string, why: string): asserts holds {
  if (!holds) throw refusal(code, why);
}

/** Another code for whatever is refused for its form: 6.2. */
export function asCode<T>(code: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if ((error as Partial<Refused>).leaves !== false) throw error;
    throw refusal(code, (error as Error).message);
  }
}
