/**
 * Reads `.r1cs` files, circom's form of a circuit: rows a·b = c of linear terms over wires. Wire 0 is
 * one; the public wires follow it.
 */
import { CodecError } from '../../errors.ts';
import { R } from '../groth16/field.ts';
import { readSections, sectionOf } from './sections.ts';

/** Wires and what they are multiplied by: numbers from 0 to r − 1. */
export type Terms = readonly (readonly [wire: number, coefficient: bigint])[];

/** a·b = c. */
export type Row = { readonly a: Terms; readonly b: Terms; readonly c: Terms };

/** A circuit. */
export type Rows = {
  readonly wires: number;
  /** Wires 1 to this are public. */
  readonly publics: number;
  readonly rows: readonly Row[];
};

const WHAT = 'r1cs';
const HEADER = 1;
const ROWS = 2;
const FIELD_BYTES = 32;
/** Capped before anything is made of them. */
const MAX_WIRES = 2 ** 24;

/**
 * Reads a circuit over the scalar field of BN254.
 *
 * @param file - the bytes of the file, from anyone
 * @throws CodecError as `readSections`, and `non-canonical`
 * @throws UsageError `wrong-type`
 *
 * **Cost**: one small array for each term.
 */
export function readR1cs(file: Uint8Array): Rows {
  const sections = readSections(WHAT, 1, file);
  const header = reader(sectionOf(WHAT, sections, HEADER));
  if (header.u32() !== FIELD_BYTES || header.bigint() !== R) {
    throw new CodecError('malformed', `${WHAT}: got another field, expected BN254's scalars`);
  }
  const wires = header.u32();
  const publics = header.u32() + header.u32();
  // Private inputs, and 8 bytes of labels.
  for (let i = 0; i < 3; i++) header.u32();
  const count = header.u32();
  if (wires > MAX_WIRES || publics >= wires) {
    throw new CodecError('too-large', `${WHAT}: got ${wires} wires, of which ${publics} public`);
  }
  const content = reader(sectionOf(WHAT, sections, ROWS));
  const terms = (): Terms => {
    const out: [number, bigint][] = [];
    for (let left = content.u32(); left > 0; left--) {
      const wire = content.u32();
      const coefficient = content.bigint();
      if (wire >= wires) {
        throw new CodecError('malformed', `${WHAT}: got wire ${wire}, expected one below ${wires}`);
      }
      if (coefficient >= R) {
        throw new CodecError('non-canonical', `${WHAT}: got a coefficient of r or more`);
      }
      out.push([wire, coefficient]);
    }
    return out;
  };
  const rows: Row[] = [];
  for (let i = 0; i < count; i++) rows.push({ a: terms(), b: terms(), c: terms() });
  if (content.left() > 0) {
    throw new CodecError(
      'trailing-bytes',
      `${WHAT}: got ${content.left()} bytes after the last row`,
    );
  }
  return { wires, publics, rows };
}

type Reader = {
  readonly u32: () => number;
  readonly bigint: () => bigint;
  /** Bytes that were not read. */
  readonly left: () => number;
};

function reader(bytes: Uint8Array): Reader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const take = (length: number): number => {
    at += length;
    if (at <= bytes.length) return at - length;
    throw new CodecError('truncated', `${WHAT}: got ${bytes.length} bytes of a section, not all`);
  };
  return {
    left: () => bytes.length - at,
    u32: () => view.getUint32(take(4), true),
    bigint: () => {
      const from = take(FIELD_BYTES);
      let value = 0n;
      for (let i = 24; i >= 0; i -= 8) value = (value << 64n) | view.getBigUint64(from + i, true);
      return value;
    },
  };
}
