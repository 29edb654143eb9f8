/**
 * Where a ledger's lines are kept: a port of two functions. The library brings one in memory;
 * `examples/ledger-file` keeps the lines in a file.
 */
import { UsageError } from '../../errors.ts';

/**
 * A list of lines that only grows.
 *
 * **Security**: the ledger is as good as its storage. What it forgets is caught only against a
 * remembered head; what it resolves too early is lost in a crash.
 */
export type LedgerStorage = {
  /** All lines in the order of their indices; none for a new ledger. They must be durable by now. */
  readonly load: () => Promise<readonly string[]>;
  /**
   * Keeps a line. Resolves only when the line is durable, and rejects if another line has this index,
   * whoever wrote it: that is what keeps two processes from spending one budget twice.
   */
  readonly append: (index: number, line: string) => Promise<void>;
};

/**
 * A storage that lasts as long as the process: for tests, and where a restart loses the data as well.
 *
 * @param lines what an earlier one held; copied
 */
export function inMemoryStorage(lines: readonly string[] = []): LedgerStorage {
  const kept = [...lines];
  return Object.freeze({
    load: async () => [...kept],
    append: async (index: number, line: string) => {
      if (index !== kept.length) {
        throw new UsageError(
          'out-of-range',
          `ledger storage: got a line for index ${index}, expected ${kept.length}`,
          { index, expected: kept.length },
        );
      }
      kept.push(line);
    },
  });
}
