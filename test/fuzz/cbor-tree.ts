/**
 * CBOR as a tree that can be spoilt: a loose reader, and a writer that writes what no honest encoder
 * would. It has nothing of the library's codec in it, so that it can be wrong in other places.
 */

/** How the head of an item is written: as it should be, too long, without a length, or lying. */
type Head = 'short' | 'wide' | 'endless' | { readonly claims: bigint };

/** One item. Mutable, since it is made to be spoilt. */
export type Item = { head: Head } & Body;

type Body =
  | { kind: 'int'; value: bigint }
  | { kind: 'bytes'; value: Uint8Array; inner?: Item | undefined }
  | { kind: 'text'; value: string }
  | { kind: 'list'; items: Item[] }
  | { kind: 'map'; entries: [Item, Item][] }
  | { kind: 'raw'; value: Uint8Array };

const utf8 = new TextEncoder();
const fromUtf8 = new TextDecoder();
/** Deeper than any message of ours. */
const MAX_DEPTH = 24;

/** An item that stands as it is. */
export const raw = (value: Uint8Array): Item => ({ kind: 'raw', head: 'short', value });

/** Reads one item that fills the bytes; nothing if they are none. */
export function parseTree(bytes: Uint8Array, depth = 0): Item | undefined {
  try {
    const [item, end] = itemAt(bytes, 0, depth);
    return end === bytes.length ? item : undefined;
  } catch {
    return undefined;
  }
}

function itemAt(bytes: Uint8Array, at: number, depth: number): readonly [Item, number] {
  if (depth > MAX_DEPTH) throw new Error('too deep');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const first = view.getUint8(at);
  const [major, low] = [first >> 5, first & 31];
  if (major === 7) {
    if (low < 20 || low > 22) throw new Error('not ours');
    return [raw(Uint8Array.of(first)), at + 1];
  }
  const [value, after] = argumentAt(view, at, low);
  const length = Number(value);
  const head = 'short';
  switch (major) {
    case 0:
      return [{ kind: 'int', head, value }, after];
    case 1:
      return [{ kind: 'int', head, value: -1n - value }, after];
    case 2: {
      const part = slice(bytes, after, length);
      const inner = part.length > 1 ? parseTree(part, depth + 1) : undefined;
      const isNest = inner?.kind === 'list' || inner?.kind === 'map';
      return [{ kind: 'bytes', head, value: part, ...(isNest ? { inner } : {}) }, after + length];
    }
    case 3:
      return [
        { kind: 'text', head, value: fromUtf8.decode(slice(bytes, after, length)) },
        after + length,
      ];
    case 4:
    case 5: {
      const flat: Item[] = [];
      let end = after;
      for (let left = major === 4 ? length : 2 * length; left > 0; left--) {
        const [item, next] = itemAt(bytes, end, depth + 1);
        flat.push(item);
        end = next;
      }
      if (major === 4) return [{ kind: 'list', head, items: flat }, end];
      const entries = flat.flatMap((item, i) =>
        i % 2 === 0 ? [[item, flat[i + 1] as Item] as [Item, Item]] : [],
      );
      return [{ kind: 'map', head, entries }, end];
    }
    default:
      throw new Error('a tag');
  }
}

function slice(bytes: Uint8Array, from: number, length: number): Uint8Array {
  if (from + length > bytes.length) throw new Error('truncated');
  return bytes.slice(from, from + length);
}

function argumentAt(view: DataView, at: number, low: number): readonly [bigint, number] {
  if (low < 24) return [BigInt(low), at + 1];
  if (low === 24) return [BigInt(view.getUint8(at + 1)), at + 2];
  if (low === 25) return [BigInt(view.getUint16(at + 1)), at + 3];
  if (low === 26) return [BigInt(view.getUint32(at + 1)), at + 5];
  if (low === 27) return [view.getBigUint64(at + 1), at + 9];
  throw new Error('not ours');
}

/** The bytes of a tree, as it says. */
export function writeTree(item: Item): Uint8Array {
  const out: Uint8Array[] = [];
  put(item, out);
  const whole = new Uint8Array(out.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of out) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function put(item: Item, out: Uint8Array[]): void {
  const { head } = item;
  switch (item.kind) {
    case 'raw':
      out.push(item.value);
      return;
    case 'int':
      if (item.value >= 0n) out.push(headOf(0, item.value, head));
      else out.push(headOf(1, -1n - item.value, head));
      return;
    case 'bytes':
    case 'text': {
      const content =
        item.kind === 'text'
          ? utf8.encode(item.value)
          : item.inner === undefined
            ? item.value
            : writeTree(item.inner);
      const major = item.kind === 'text' ? 3 : 2;
      out.push(headOf(major, BigInt(content.length), head));
      // Without a length, a string is a list of strings.
      if (head === 'endless') out.push(headOf(major, BigInt(content.length), 'short'));
      out.push(content);
      break;
    }
    case 'list':
      out.push(headOf(4, BigInt(item.items.length), head));
      for (const inner of item.items) put(inner, out);
      break;
    case 'map':
      out.push(headOf(5, BigInt(item.entries.length), head));
      for (const [key, value] of item.entries) {
        put(key, out);
        put(value, out);
      }
  }
  if (head === 'endless') out.push(Uint8Array.of(0xff));
}

function headOf(major: number, honest: bigint, head: Head): Uint8Array {
  if (head === 'endless' && major > 1) return Uint8Array.of((major << 5) | 31);
  const value = BigInt.asUintN(64, typeof head === 'object' ? head.claims : honest);
  const out = new Uint8Array(9);
  const view = new DataView(out.buffer);
  const first = major << 5;
  if (head === 'wide' || value > 0xffff_ffffn) {
    out[0] = first | 27;
    view.setBigUint64(1, value);
    return out;
  }
  const small = Number(value);
  if (small < 24) return Uint8Array.of(first | small);
  if (small < 2 ** 8) return Uint8Array.of(first | 24, small);
  out[0] = first | (small < 2 ** 16 ? 25 : 26);
  if (small < 2 ** 16) view.setUint16(1, small);
  else view.setUint32(1, small);
  return out.subarray(0, small < 2 ** 16 ? 3 : 5);
}

/** All items of a tree, those within byte strings too, each with what puts another in its place. */
export function places(
  root: Item,
): readonly { readonly item: Item; readonly replace: (by: Item) => void }[] {
  const found: { item: Item; replace: (by: Item) => void }[] = [];
  const walk = (item: Item, replace: (by: Item) => void): void => {
    found.push({ item, replace });
    if (item.kind === 'list') {
      item.items.forEach((inner, i) => {
        walk(inner, (by) => {
          item.items[i] = by;
        });
      });
    } else if (item.kind === 'map') {
      for (const entry of item.entries) {
        for (const i of [0, 1] as const) {
          walk(entry[i], (by) => {
            entry[i] = by;
          });
        }
      }
    } else if (item.kind === 'bytes' && item.inner !== undefined) {
      walk(item.inner, (by) => {
        item.inner = by;
      });
    }
  };
  walk(root, () => {});
  return found;
}
