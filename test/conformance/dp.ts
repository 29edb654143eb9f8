/**
 * The suite `dp`: prices, calibrations and probabilities against a file of cases from other tools. A
 * family, a parameter or a value that the suite does not know is a mismatch.
 */
import { VeilsumError } from '../../src/errors.ts';
import { type Case, type Json, Mismatch, readerOf } from './dp-case.ts';
import { exactFamilies } from './dp-exact.ts';
import { lossFamilies } from './dp-loss.ts';
import { renyiFamilies } from './dp-renyi.ts';
import { Malformed, type Outcome } from './suite.ts';

const FAMILIES: Readonly<Record<string, (entry: Case) => void>> = {
  ...exactFamilies,
  ...renyiFamilies,
  ...lossFamilies,
};

/** Runs every case of a parsed vectors file. Throws `Malformed` if it is not of that shape. */
export function dpSuite(file: unknown): Outcome {
  if (!isRecord(file) || !Array.isArray(file.cases) || file.cases.length === 0) {
    throw new Malformed('expected an object with a non-empty array "cases"');
  }
  const mismatches: string[] = [];
  for (const [index, entry] of (file.cases as readonly unknown[]).entries()) {
    const where = `case ${index + 1}`;
    if (!isRecord(entry) || typeof entry.family !== 'string') {
      throw new Malformed(`${where}: expected an object with a text "family"`);
    }
    if (!isRecord(entry.params) || !isRecord(entry.value)) {
      throw new Malformed(`${where}: expected objects "params" and "value"`);
    }
    const why = run(entry.family, entry.params, entry.value);
    if (why !== undefined) {
      const id = typeof entry.id === 'string' ? entry.id : entry.family;
      mismatches.push(`${where} (${id}): ${why}`);
    }
  }
  return { passed: file.cases.length - mismatches.length, mismatches };
}

/** What went wrong, or undefined. */
function run(family: string, params: Json, value: Json): string | undefined {
  const check = Object.hasOwn(FAMILIES, family) ? FAMILIES[family] : undefined;
  if (check === undefined) return 'got an unknown family';
  const entry = { params: readerOf(params, 'params'), value: readerOf(value, 'value') };
  try {
    check(entry);
  } catch (error) {
    // What the library refuses is a mismatch as well; anything else is a bug of the suite.
    if (error instanceof Mismatch || error instanceof VeilsumError) return error.message;
    throw error;
  }
  const unread = [...entry.params.unread(), ...entry.value.unread()];
  return unread.length === 0 ? undefined : `got unknown fields ${unread.join(', ')}`;
}

const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
