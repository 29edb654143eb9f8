/**
 * The accumulator: a running sum that knows what is in it.
 *
 * Uploads are added, masks are taken away, in any order and on any number of machines; partial sums
 * merge. Every addend has a name; the same name twice is refused, so that a message delivered twice
 * is counted once, and a sum that lacks an addend cannot be finalised.
 */
import { CodecError, UsageError } from '../errors.ts';
import { residentVectors } from '../kernel/index.ts';
import { assertCanonicalPacking, packedLength, unpackAddInto } from '../ring/packing.ts';
import { addInto } from '../ring/vector.ts';
import { type CborValue, decode, encode } from '../wire/cbor.ts';
import { bytes, list, text, tuple } from '../wire/fields.ts';
import { maskedFields, type WireField } from './terms.ts';

/** A running sum of vectors mod 2^32, one a field. Mutable; only this file writes to it. */
export type Accumulator = {
  readonly fields: readonly WireField[];
  readonly sums: readonly Uint32Array[];
  /** Names of the addends. */
  readonly holds: ReadonlySet<string>;
  /** Of these, the pieces of unmask work whose shares did not give the secret; nothing was added. */
  readonly unopened: ReadonlySet<string>;
};

/**
 * An empty accumulator. Long vectors live in WebAssembly memory of their own, where the kernels reach
 * them without a copy; send a {@link portableCopy} to another thread.
 *
 * **Cost**: 4 bytes an element.
 */
export const createAccumulator = (fields: readonly WireField[]): Accumulator =>
  onVectors(fields, residentVectors(fields.map(({ length }) => length)));

/** An empty accumulator on given zeros. */
const onVectors = (fields: readonly WireField[], sums: readonly Uint32Array[]): Accumulator =>
  Object.freeze({ fields, sums, holds: new Set<string>(), unopened: new Set<string>() });

/** @throws UsageError `duplicate-id` if a name is held already. */
export function refuseHeld(accumulator: Accumulator, name: string): void {
  if (accumulator.holds.has(name)) {
    throw new UsageError(
      'duplicate-id',
      `accumulator: it holds "${name}" already, expected every addend once`,
      { name },
    );
  }
}

/**
 * Records a name before its addend is added.
 *
 * @throws UsageError `duplicate-id` if it is held already; nothing was added.
 */
export function holdOnce(accumulator: Accumulator, name: string): void {
  refuseHeld(accumulator, name);
  (accumulator.holds as Set<string>).add(name);
}

/** Makes an accumulator useless for good: an addend went in halfway. */
export const spoil = (accumulator: Accumulator): void =>
  void (accumulator.holds as Set<string>).add('half an addend, after an error');

/** Records that a piece which is held did not open. */
export const markUnopened = (accumulator: Accumulator, name: string): void =>
  void (accumulator.unopened as Set<string>).add(name);

/**
 * Checks that an accumulator has these fields, or these and behind them what lattice masks hide: no mask
 * of this room goes on that.
 *
 * @throws UsageError `wrong-length`
 */
export function assertFields(accumulator: Accumulator, fields: readonly WireField[]): void {
  const own = accumulator.fields;
  if (sameFields(own, fields) || sameFields(maskedFields(own), fields)) return;
  throw new UsageError('wrong-length', 'accumulators: their fields differ, expected the same');
}

/**
 * Checks the form of a packed upload without touching any accumulator.
 *
 * @throws CodecError `truncated`, `trailing-bytes` or `non-canonical`.
 */
export function checkUpload(fields: readonly WireField[], upload: Uint8Array): void {
  const expected = fields.reduce((sum, f) => sum + packedLength(f.length, f.modulusBits), 0);
  if (upload.length !== expected) {
    throw new CodecError(
      upload.length < expected ? 'truncated' : 'trailing-bytes',
      `upload: got ${upload.length} bytes, expected ${expected}`,
      { got: upload.length, expected },
    );
  }
  let at = 0;
  for (const { length, modulusBits } of fields) {
    const end = at + packedLength(length, modulusBits);
    assertCanonicalPacking(upload.subarray(at, end), length, modulusBits);
    at = end;
  }
}

/**
 * Adds a packed upload under a name.
 *
 * @throws CodecError if its form does not hold; UsageError `duplicate-id` if the name is held. In
 * both cases the accumulator is as it was.
 */
export function addUpload(accumulator: Accumulator, name: string, upload: Uint8Array): void {
  checkUpload(accumulator.fields, upload);
  holdOnce(accumulator, name);
  let at = 0;
  accumulator.fields.forEach(({ length, modulusBits }, i) => {
    const end = at + packedLength(length, modulusBits);
    unpackAddInto(accumulator.sums[i] as Uint32Array, upload.subarray(at, end), modulusBits);
    at = end;
  });
}

/**
 * Adds everything that `other` holds; `other` stays as it was. Commutative and associative. What came of
 * unmask work may lack the fields that lattice masks hide.
 *
 * @throws UsageError `duplicate-id` if both hold one name, `wrong-length` if their fields differ,
 * `wrong-type` if `other` is not whole; the accumulator is then as it was.
 */
export function mergeInto(accumulator: Accumulator, other: Accumulator): void {
  assertFields(accumulator, other.fields);
  assertWhole(other);
  const both = [...other.holds].find((name) => accumulator.holds.has(name));
  if (both !== undefined) {
    throw new UsageError(
      'duplicate-id',
      `accumulators: both hold "${both}", expected every addend once`,
      { name: both },
    );
  }
  other.sums.forEach((added, i) => {
    const sum = accumulator.sums[i] as Uint32Array;
    addInto(sum, sum, added);
  });
  for (const name of other.holds) holdOnce(accumulator, name);
  for (const name of other.unopened) markUnopened(accumulator, name);
}

/** A deep copy. */
export function copyAccumulator(accumulator: Accumulator): Accumulator {
  const copy = createAccumulator(accumulator.fields);
  mergeInto(copy, accumulator);
  return copy;
}

/** What came from another thread or machine is checked before any of it is added. */
function assertWhole({ fields, sums, holds, unopened }: Accumulator): void {
  const isWhole =
    sums.length === fields.length &&
    fields.every(({ length }, i) => sums[i] instanceof Uint32Array && sums[i]?.length === length) &&
    holds instanceof Set &&
    unopened instanceof Set &&
    [...unopened].every((name) => holds.has(name));
  if (isWhole) return;
  throw new UsageError(
    'wrong-type',
    'accumulator: got something else, expected one Uint32Array a field, and sets of names',
  );
}

/**
 * A deep copy, with rooms for bytes in the same memory: what is received into a room is added from
 * there without another copy.
 *
 * @param bytes - how large each room is to be
 */
export function copyWithRooms(
  accumulator: Accumulator,
  bytes: readonly number[],
): { readonly accumulator: Accumulator; readonly rooms: readonly Uint8Array[] } {
  const { fields } = accumulator;
  const words = bytes.map((size) => Math.ceil(size / 4));
  const vectors = residentVectors([...fields.map(({ length }) => length), ...words]);
  const copy = onVectors(fields, vectors.slice(0, fields.length));
  mergeInto(copy, accumulator);
  const rooms = vectors
    .slice(fields.length)
    .map(({ buffer, byteOffset }, i) => new Uint8Array(buffer, byteOffset, bytes[i]));
  return { accumulator: copy, rooms };
}

/**
 * A deep copy in plain arrays, each with memory of its own: for `postMessage`, which may transfer
 * `copy.sums.map((sum) => sum.buffer)`. (A vector in WebAssembly memory cannot be transferred, and
 * cloning one clones all of that memory.)
 */
export const portableCopy = (accumulator: Accumulator): Accumulator => ({
  fields: accumulator.fields,
  sums: accumulator.sums.map((sum) => sum.slice()),
  holds: new Set(accumulator.holds),
  unopened: new Set(accumulator.unopened),
});

/**
 * The sums, once exactly the expected addends are in.
 *
 * @throws UsageError `unknown-id` naming an addend that is missing, or one that should not be there.
 */
export function finalise(
  accumulator: Accumulator,
  expected: ReadonlySet<string>,
): readonly Uint32Array[] {
  const missing = [...expected].find((name) => !accumulator.holds.has(name));
  const foreign = [...accumulator.holds].find((name) => !expected.has(name));
  if (missing !== undefined || foreign !== undefined) {
    const problem = missing === undefined ? `"${foreign}" is foreign` : `"${missing}" is missing`;
    throw new UsageError(
      'unknown-id',
      `accumulator: ${problem}, expected exactly the round's addends`,
    );
  }
  return accumulator.sums;
}

/** Canonical bytes; big-endian words. **Cost**: 4 bytes an element and the names. */
export const accumulatorBytes = (accumulator: Accumulator): Uint8Array =>
  encode([
    accumulator.sums.map((sum) => {
      const out = new Uint8Array(sum.length * 4);
      const view = new DataView(out.buffer);
      sum.forEach((word, i) => {
        view.setUint32(4 * i, word);
      });
      return out;
    }),
    [...accumulator.holds].sort(),
    [...accumulator.unopened].sort(),
  ]);

/** Reads {@link accumulatorBytes} for the same fields. @throws CodecError */
export function readAccumulator(fields: readonly WireField[], encoded: Uint8Array): Accumulator {
  const what = 'accumulator';
  const [sums, names, unopened] = tuple(
    decode(encoded, { what, maxBytes: encoded.length }),
    3,
    what,
  );
  const words = tuple(sums, fields.length, `${what}: sums`);
  const accumulator = createAccumulator(fields);
  fields.forEach(({ length, name }, i) => {
    const flat = bytes(words[i], length * 4, `${what}: field "${name}"`);
    const view = new DataView(flat.buffer, flat.byteOffset, flat.byteLength);
    const sum = accumulator.sums[i] as Uint32Array;
    for (let j = 0; j < length; j++) sum[j] = view.getUint32(4 * j);
  });
  for (const name of namesIn(names, `${what}: names`)) holdOnce(accumulator, name);
  for (const name of namesIn(unopened, `${what}: unopened`)) {
    if (!accumulator.holds.has(name)) {
      throw new CodecError('non-canonical', `${what}: "${name}" is unopened but not held`);
    }
    markUnopened(accumulator, name);
  }
  return accumulator;
}

/** Names in strictly ascending order. */
function namesIn(value: CborValue | undefined, what: string): readonly string[] {
  const names = list(value, 2 ** 20, what).map((name) => text(name, 256, `${what}: name`));
  if (names.some((name, i) => i > 0 && name <= (names[i - 1] as string))) {
    throw new CodecError('non-canonical', `${what}: names are repeated or out of order`);
  }
  return names;
}

const sameFields = (a: readonly WireField[], b: readonly WireField[]): boolean =>
  a.length === b.length &&
  a.every((field, i) => {
    const other = b[i] as WireField;
    return (
      field.name === other.name &&
      field.length === other.length &&
      field.modulusBits === other.modulusBits &&
      field.hidden === other.hidden
    );
  });
