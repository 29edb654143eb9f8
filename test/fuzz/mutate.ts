/**
 * Spoils a valid sample in one of the ways in which wire bytes go wrong: bits, lengths, splices; as
 * CBOR, other encodings of the same value, repeated keys, other types; as JSON, other spellings.
 * The same dice spoil it in the same way.
 */
import type { Dice } from '../model/dice.ts';
import { type Item, parseTree, places, raw, writeTree } from './cbor-tree.ts';

/** What a sample is made of. Bytes that happen to be CBOR are spoilt as CBOR as well. */
export type Shape = 'bytes' | 'text';

/** One to three edits of one of the samples; now and then of none, or noise alone. */
export function mutant(samples: readonly Uint8Array[], shape: Shape, d: Dice): Uint8Array {
  const sample = d.pick(samples);
  if (d.chance(0.01)) return d.bytes(d.int(0, 80));
  let bytes = sample;
  for (let edits = d.pick([1, 1, 1, 2, 3]); edits > 0; edits--) {
    if (shape === 'text')
      bytes = d.chance(0.75) ? editText(bytes, d) : editBytes(bytes, samples, d);
    else if (d.chance(0.6)) bytes = editTree(bytes, d) ?? editBytes(bytes, samples, d);
    else bytes = editBytes(bytes, samples, d);
  }
  return bytes;
}

const NUMBERS: readonly bigint[] = [
  0n,
  1n,
  23n,
  24n,
  255n,
  256n,
  65_535n,
  65_536n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 63n,
  2n ** 64n - 1n,
];

function editBytes(bytes: Uint8Array, samples: readonly Uint8Array[], d: Dice): Uint8Array {
  const { length } = bytes;
  const at = d.int(0, Math.max(0, length - 1));
  const count = Math.min(length - at, d.pick([1, 1, 2, 4, 8, 32, 64, d.int(0, length)]));
  const changed = (change: (out: Uint8Array) => void): Uint8Array => {
    const out = bytes.slice();
    if (length > 0) change(out);
    return out;
  };
  switch (d.int(0, 10)) {
    case 0:
      return changed((out) => {
        out[at] = (out[at] as number) ^ (1 << d.int(0, 7));
      });
    case 1:
      return changed((out) => {
        out[at] = d.pick([0, 1, 0x7f, 0x80, 0xff, d.int(0, 255)]);
      });
    case 2:
      return bytes.slice(0, d.chance(0.3) ? length - 1 : at);
    case 3:
      return joined(bytes, d.chance(0.5) ? d.bytes(d.int(1, 9)) : bytes.slice(0, at));
    case 4: {
      // The head of one sample and the tail of another.
      const other = d.pick(samples);
      return joined(bytes.slice(0, at), other.slice(d.int(0, other.length)));
    }
    case 5:
      return joined(bytes.slice(0, at), bytes.slice(at + count));
    case 6:
      return joined(bytes.slice(0, at), bytes.slice(at, at + count), bytes.slice(at));
    case 7:
      return changed((out) => {
        out.copyWithin(d.int(0, length - 1), at, at + count);
      });
    case 8:
      return changed((out) => {
        out.fill(d.pick([0, 0xff]), at, at + count);
      });
    case 9: {
      // A length or a number, either way round.
      const width = d.pick([2, 4, 8]);
      const number = new Uint8Array(8);
      new DataView(number.buffer).setBigUint64(0, d.pick(NUMBERS));
      const written = number.slice(8 - width);
      if (d.chance(0.5)) written.reverse();
      const from = d.chance(0.5) ? Math.min(at, 48) : at;
      return changed((out) => out.set(written.subarray(0, Math.max(0, length - from)), from));
    }
    default:
      return changed((out) => out.set(d.bytes(count), at));
  }
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

const NULL: Item = raw(Uint8Array.of(0xf6));
const TEXTS = [
  '',
  'x',
  '__proto__',
  'constructor',
  'toString',
  '\u0000',
  '\u202e',
  'é',
  'z'.repeat(700),
];
const DECIMALS = [
  '0',
  '-0',
  '1e308',
  '1e-308',
  'NaN',
  'Infinity',
  '0x10',
  ' 1',
  '1.0',
  '9'.repeat(30),
];

/** One edit of a CBOR tree; nothing where the bytes are none. */
function editTree(bytes: Uint8Array, d: Dice): Uint8Array | undefined {
  const root = parseTree(bytes);
  if (root === undefined) return undefined;
  const top: Item = { kind: 'list', head: 'short', items: [root] };
  // Any item but the list around, the root too; all parts of long lists are equally likely.
  const all = places(top).slice(1);
  const { item, replace } = d.pick(all);
  if (d.chance(0.15)) replace(raw(writeTree(d.pick(all).item)));
  else if (d.chance(0.25)) replace(strange(item, d));
  else editItem(item, d);
  return joined(...top.items.map(writeTree));
}

/** Something else in the place of an item. */
function strange(item: Item, d: Dice): Item {
  switch (d.int(0, 8)) {
    case 0:
      return { kind: 'int', head: 'short', value: d.pick(NUMBERS) * d.pick([1n, -1n]) };
    case 1:
      return { kind: 'text', head: 'short', value: d.pick([...TEXTS, ...DECIMALS]) };
    case 2:
      return { kind: 'bytes', head: 'short', value: d.bytes(d.pick([0, 1, 31, 32, 33, 64])) };
    case 3:
      // A float, a tag, undefined, a half head, a break.
      return raw(
        Uint8Array.from(d.pick([[0xf9, 0x3c, 0], [0xc1, 0], [0xf7], [0x18], [0xff], [0xfb, 0]])),
      );
    case 4:
      return raw(
        joined(new Uint8Array(d.pick([1, 15, 16, 17, 3_000])).fill(0x81), writeTree(item)),
      );
    case 5:
      return raw(Uint8Array.of(d.pick([0xf4, 0xf5, 0xf6, 0x80, 0xa0, 0x40, 0x60])));
    case 6:
      return { ...item, head: { claims: d.pick(NUMBERS) } };
    case 7:
      return { ...item, head: d.pick(['wide', 'endless'] as const) };
    default:
      return {
        kind: 'list',
        head: 'short',
        items: Array.from({ length: d.int(0, 400) }, () => item),
      };
  }
}

/** An item changed in place, its kind kept. */
function editItem(item: Item, d: Dice): void {
  switch (item.kind) {
    case 'int':
      item.value = d.chance(0.5) ? item.value + d.pick([1n, -1n]) : d.pick(NUMBERS);
      return;
    case 'text':
      item.value = d.pick([
        `${item.value} `,
        item.value.toUpperCase(),
        item.value.slice(1),
        ...TEXTS,
        ...DECIMALS,
      ]);
      return;
    case 'bytes':
      item.inner = undefined;
      item.value = editBytes(item.value, [item.value], d);
      return;
    case 'list':
      editList(item.items, d);
      return;
    case 'map': {
      const key: Item = d.pick([...item.entries.map(([name]) => name), NULL]);
      const how = d.int(0, 2);
      if (how === 0) item.entries.push([key, NULL]);
      else if (how === 1 && key.kind === 'text') key.value = d.pick(TEXTS);
      else editList(item.entries, d);
      return;
    }
    default:
      item.value = d.bytes(1);
  }
}

function editList<T>(items: T[], d: Dice): void {
  const at = d.int(0, Math.max(0, items.length - 1));
  const [one] = items.slice(at, at + 1);
  if (one === undefined) return;
  switch (d.int(0, 3)) {
    case 0:
      items.splice(at, 1);
      return;
    case 1:
      items.splice(at, 0, one);
      return;
    case 2:
      items.reverse();
      return;
    default:
      items.splice(d.int(0, items.length), 0, ...items.splice(at, 1));
  }
}

/** One character for each byte, so that every text here is bytes and back. */
export const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
export const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));

const JSON_TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null|[[\]{},:]/g;

/** One edit of a text of JSON tokens. */
function editText(bytes: Uint8Array, d: Dice): Uint8Array {
  const tokens = textOf(bytes).match(JSON_TOKEN) ?? [];
  if (tokens.length === 0) return bytes;
  // Mostly a value or a name, so that what comes of it still is JSON.
  const words = tokens.flatMap((token, i) => (/^["\d-]/.test(token) ? [i] : []));
  const at = words.length > 0 && d.chance(0.8) ? d.pick(words) : d.int(0, tokens.length - 1);
  const token = tokens[at] as string;
  const text = (...middle: readonly string[]): Uint8Array =>
    bytesOf([...tokens.slice(0, at), ...middle, ...tokens.slice(at + 1)].join(''));
  switch (d.int(0, 8)) {
    case 0:
      return text(d.pick(DECIMALS));
    case 1:
      return text(JSON.stringify(d.pick(DECIMALS)));
    case 2:
      return text(d.pick(['null', 'true', '[]', '{}', '""', '{"__proto__":1}', '1e400', '-1']));
    case 3:
      return text();
    case 4:
      return text(token, token);
    case 5:
      return text(d.pick([' ', '\n', '\t', '\u00a0']), token);
    case 6: {
      const depth = d.pick([1, 5, 64, 5_000]);
      return text('['.repeat(depth), token, ']'.repeat(depth));
    }
    case 7:
      return text(d.pick(tokens));
    default: {
      // From here on a part of the text once more: repeated fields.
      const count = d.int(1, 12);
      return text(token, ...tokens.slice(at + 1, at + count), ',', ...tokens.slice(at, at + count));
    }
  }
}
