/** Ledgers for tests: what they are opened for, and storages that fail on purpose. */
import type { LedgerOptions } from '../../src/dp/ledger/ledger.ts';
import type { Receipt, Refusal } from '../../src/dp/ledger/receipt.ts';
import type { LedgerStorage } from '../../src/dp/ledger/storage.ts';
import { VeilsumError } from '../../src/errors.ts';

export const options: LedgerOptions = {
  budget: { epsilon: 4, delta: 1e-6 },
  neighbours: 'zero-out',
};

/** Some plan's hash. */
export const planHash = (seed: number): Uint8Array => new Uint8Array(32).fill(seed);

export const isReceipt = (answer: Receipt | Refusal): answer is Receipt => answer.admitted;

/** A storage whose lines a test can read, and whose appends a test can spoil. */
export function openStorage(
  lines: readonly string[] = [],
  spoil: (index: number) => 'before' | 'after' | undefined = () => undefined,
): LedgerStorage & { readonly lines: string[] } {
  const kept = [...lines];
  return {
    lines: kept,
    load: async () => [...kept],
    append: async (index, line) => {
      await Promise.resolve();
      const how = spoil(index);
      if (how === 'before') throw new Error('the disk is gone');
      if (index !== kept.length) throw new Error('another line has this index');
      kept.push(line);
      await Promise.resolve();
      if (how === 'after') throw new Error('the disk went after writing');
    },
  };
}

/** What a promise rejects with, as a veilsum error; a test that expects one fails without. */
export async function rejection(promise: Promise<unknown>): Promise<VeilsumError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof VeilsumError) return error;
    throw error;
  }
  throw new Error('expected a rejection, got none');
}
