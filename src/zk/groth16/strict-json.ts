/**
 * A reader for the little JSON that snarkjs writes: objects, arrays, plain words in quotes, whole
 * numbers. `JSON.parse` would take the last of two fields with one name; this refuses it, as it
 * refuses everything that those files never hold: escapes, signs, fractions, literals, deep nesting.
 */
import { CodecError } from '../../errors.ts';

/** A value: text is a word of letters, digits and underscores. */
export type StrictJson = string | number | readonly StrictJson[] | ReadonlyMap<string, StrictJson>;

/** An object, two arrays of a pairing's value, two coordinates: snarkjs goes no deeper. */
const MAX_DEPTH = 4;

/** More than a key with the most public inputs has: four for each. What is more costs memory only. */
const MAX_VALUES = 2 ** 18 + 2 ** 10;

/** One mark, number or word; sticky, so that no character goes unread. */
const TOKEN = /[ \t\r\n]*(?:([[\]{},:])|"(\w{0,256})"|(0|[1-9]\d{0,8})(?![\w.+-]))/uy;

const WHITE_TO_END = /[ \t\r\n]*$/y;

type Token = { readonly mark?: string; readonly value?: string | number };

/**
 * Reads one value, and nothing after it.
 *
 * @param what - names the text in errors
 * @param text - from anyone
 * @param maxLength - in UTF-16 units, 1 or more
 * @throws CodecError `too-large`, `malformed`
 */
export function readStrictJson(what: string, text: string, maxLength: number): StrictJson {
  if (typeof text !== 'string') {
    throw new CodecError('malformed', `${what}: got ${typeof text}, expected a text`);
  }
  if (text.length > maxLength) {
    throw new CodecError(
      'too-large',
      `${what}: got ${text.length} characters, expected at most ${maxLength}`,
    );
  }
  const pattern = new RegExp(TOKEN);
  let values = 0;
  const fail = (expected: string): never => {
    throw new CodecError(
      'malformed',
      `${what}: got something else at ${pattern.lastIndex}, expected ${expected}`,
    );
  };
  const next = (): Token => {
    const at = pattern.lastIndex;
    const found = pattern.exec(text);
    if (found === null) {
      pattern.lastIndex = at;
      return fail('strict JSON');
    }
    if (found[1] !== undefined) return { mark: found[1] };
    return { value: found[2] ?? Number(found[3]) };
  };
  const valueFrom = (token: Token, depth: number): StrictJson => {
    if (++values > MAX_VALUES) return fail(`at most ${MAX_VALUES} values`);
    if (token.value !== undefined) return token.value;
    if (depth === MAX_DEPTH) return fail(`at most ${MAX_DEPTH} levels`);
    if (token.mark === '[') return arrayOf(depth + 1);
    if (token.mark === '{') return objectOf(depth + 1);
    return fail('a value');
  };
  const arrayOf = (depth: number): StrictJson => {
    const items: StrictJson[] = [];
    let token = next();
    if (token.mark === ']') return items;
    for (;;) {
      items.push(valueFrom(token, depth));
      const { mark } = next();
      if (mark === ']') return items;
      if (mark !== ',') fail('a comma or the end of an array');
      token = next();
    }
  };
  const objectOf = (depth: number): StrictJson => {
    const fields = new Map<string, StrictJson>();
    let token = next();
    if (token.mark === '}') return fields;
    for (;;) {
      const name = token.value;
      if (typeof name !== 'string') return fail('the name of a field');
      if (fields.has(name)) return fail(`the field "${name}" once`);
      if (next().mark !== ':') fail('a colon');
      fields.set(name, valueFrom(next(), depth));
      const { mark } = next();
      if (mark === '}') return fields;
      if (mark !== ',') fail('a comma or the end of an object');
      token = next();
    }
  };
  const value = valueFrom(next(), 0);
  // From where the value ended: a search for white space before the end would take quadratic time.
  const rest = new RegExp(WHITE_TO_END);
  rest.lastIndex = pattern.lastIndex;
  if (!rest.test(text)) fail('nothing more');
  return value;
}
