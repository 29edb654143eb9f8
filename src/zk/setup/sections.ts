/**
 * The container of circom's and snarkjs's binary files: four letters, a version, how many sections, and
 * each section as its type, its length in eight bytes and its content. Least significant byte first.
 */
import { CodecError } from '../../errors.ts';
import { assertBytes } from '../../internal/assert.ts';
import { concat, equalBytes, utf8 } from '../../internal/bytes.ts';

/** Content by type. */
export type Sections = ReadonlyMap<number, Uint8Array>;

const HEAD = 12;
/** Files in use have up to 15. */
const MAX_SECTIONS = 64;

/** `value` in `length` bytes. */
export function littleEndian(value: bigint | number, length: number): Uint8Array {
  const out = new Uint8Array(length);
  let rest = BigInt(value);
  for (let i = 0; i < length; i++) {
    out[i] = Number(rest & 255n);
    rest >>= 8n;
  }
  return out;
}

const headOf = (letters: string, version: number): Uint8Array =>
  concat(utf8(letters), littleEndian(version, 4));

/** Writes a file from its sections, in their order. */
export function writeSections(letters: string, version: number, sections: Sections): Uint8Array {
  const parts = [...sections].flatMap(([type, content]) => [
    littleEndian(type, 4),
    littleEndian(content.length, 8),
    content,
  ]);
  return concat(headOf(letters, version), littleEndian(sections.size, 4), ...parts);
}

/**
 * Reads a file: views into `file`.
 *
 * @param letters - the four that it must start with
 * @param version - the one that is known
 * @param file - from anyone
 * @throws CodecError `unknown-version`, `truncated`, `malformed` (a type twice), `too-large`,
 *   `trailing-bytes`
 * @throws UsageError `wrong-type`
 */
export function readSections(letters: string, version: number, file: Uint8Array): Sections {
  assertBytes(letters, file);
  if (!equalBytes(file.subarray(0, 8), headOf(letters, version))) {
    throw new CodecError(
      'unknown-version',
      `${letters}: got another file, expected ${letters} version ${version}`,
    );
  }
  if (file.length < HEAD) throw truncated(letters, file.length);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const count = view.getUint32(8, true);
  if (count > MAX_SECTIONS) {
    throw new CodecError(
      'too-large',
      `${letters}: got ${count} sections, expected at most ${MAX_SECTIONS}`,
    );
  }
  const sections = new Map<number, Uint8Array>();
  let at = HEAD;
  for (let i = 0; i < count; i++) {
    if (at + 12 > file.length) throw truncated(letters, file.length);
    const type = view.getUint32(at, true);
    const end = at + 12 + Number(view.getBigUint64(at + 4, true));
    if (end > file.length) throw truncated(letters, file.length);
    if (sections.has(type)) {
      throw new CodecError('malformed', `${letters}: got section ${type} twice, expected it once`);
    }
    sections.set(type, file.subarray(at + 12, end));
    at = end;
  }
  if (at !== file.length) {
    throw new CodecError('trailing-bytes', `${letters}: got ${file.length} bytes, expected ${at}`);
  }
  return sections;
}

/** A section that must be there. */
export function sectionOf(letters: string, sections: Sections, type: number): Uint8Array {
  const section = sections.get(type);
  if (section !== undefined) return section;
  throw new CodecError('malformed', `${letters}: got no section ${type}, expected it`);
}

const truncated = (letters: string, length: number): CodecError =>
  new CodecError('truncated', `${letters}: got ${length} bytes, expected more`);
