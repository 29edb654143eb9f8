/** What a client is called: text that looks the same to everybody who reads it. */
import { UsageError } from '../errors.ts';
import type { Brand } from '../internal/brand.ts';
import { utf8 } from '../internal/bytes.ts';

/** The name of a client: 1 to 64 bytes of UTF-8 in normal form C, made by {@link clientId}. */
export type ClientId = Brand<string, 'ClientId'>;

/** The most bytes of UTF-8 that a client id may have. */
export const CLIENT_ID_MAX_BYTES = 64;

/** Control characters, line and paragraph separators, and marks that turn the direction of text. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;

/**
 * Makes a client id of text that follows the rules.
 *
 * The text is taken as it is, never repaired: two ids are the same exactly when their bytes are.
 *
 * @param text - 1 to 64 bytes in UTF-8, in Unicode normal form C, without control characters, line
 *   separators and marks that turn the direction of text
 * @throws UsageError `wrong-type` (no text), `out-of-range` (a rule broken; the message says which)
 */
export function clientId(text: string): ClientId {
  if (typeof text !== 'string') {
    throw new UsageError('wrong-type', `client id: got ${typeof text}, expected text`);
  }
  const fault = faultOfId(text);
  if (fault !== undefined) {
    throw new UsageError('out-of-range', `client id: got ${fault}, expected ${RULES}`);
  }
  return text as ClientId;
}

const RULES = `1 to ${CLIENT_ID_MAX_BYTES} bytes of UTF-8 in normal form C without control characters`;

/** What is wrong with text as a client id, in words; `undefined` if nothing is. */
export function faultOfId(text: string): string | undefined {
  if (text.length === 0) return 'empty text';
  if (text.length > CLIENT_ID_MAX_BYTES) return `${text.length} characters`;
  if (!text.isWellFormed()) return 'half a surrogate pair';
  const { length } = utf8(text);
  if (length > CLIENT_ID_MAX_BYTES) return `${length} bytes`;
  if (UNPRINTABLE.test(text)) return 'a control character';
  return text.normalize('NFC') === text ? undefined : 'text in another normal form';
}
