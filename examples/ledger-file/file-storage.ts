/**
 * A ledger's lines in one file that is only ever appended to.
 *
 * - A line counts once it is written and `fsync` has returned. `append` resolves no earlier, and `load`
 *   reads first and syncs then, so that whatever it returns is still there after a power cut.
 * - Each record carries its own digest, and has a line break in front and one behind. What a crash tore
 *   off in the middle has no break behind and is passed over: nobody was ever told that it was kept, and
 *   it spoils neither its neighbour in front nor the one behind. A record that is whole counts, even if
 *   whoever wrote it died before hearing so: a crash counts as spent.
 * - A record with its break behind but another digest was changed after it was written. It is refused, for
 *   somebody may have been told that it counts.
 * - There is no lock that a crash could leave behind. Appending is atomic, so the records have one
 *   order for everybody: of two with the same index the first counts, and whoever wrote the second
 *   finds the first one there and is refused.
 *
 * For a local file system: network file systems may append and sync differently. After a sync that
 * failed, some systems report the next one as done; then the disk is not to be trusted.
 */
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PrivacyError } from 'veilsum';
import type { LedgerStorage } from 'veilsum/dp';

/** A storage that has a file open. */
export type FileStorage = LedgerStorage & { readonly close: () => Promise<void> };

/** A million of the longest lines would be 64 GB; this is far above any real ledger. */
const MAX_BYTES = 2 ** 30;

/**
 * Opens the file, or makes an empty one that only its owner may read. Whoever makes its folder calls
 * {@link syncFolder} for the folder above.
 */
export async function openFileStorage(path: string): Promise<FileStorage> {
  const file = await open(path, 'a+', 0o600);
  // The file's name must last as well.
  await syncFolder(dirname(path));
  const lines: string[] = [];
  /** Bytes that are done with. */
  let read = 0;
  const catchUp = async (): Promise<void> => {
    const { found, length } = await recordsFrom(file, path, read);
    read += length;
    for (const { index, line } of found) {
      // Where the index is taken, this record's writer was refused.
      if (index >= lines.length) lines.push(line);
    }
  };
  /** One after the other, also where two ledgers share this object. */
  let queue: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = queue.then(work);
    queue = done.catch(() => undefined);
    return done;
  };
  return {
    load: () =>
      inTurn(async () => {
        // What another process writes after this look is not returned, so it need not last yet.
        await catchUp();
        await file.sync();
        return [...lines];
      }),
    append: (index, line) =>
      inTurn(async () => {
        await catchUp();
        if (index !== lines.length || line.includes('\n')) throw taken(index);
        const record = Buffer.from(recordOf(index, line));
        const { bytesWritten } = await file.write(record);
        if (bytesWritten !== record.length) throw new Error(`${path}: the disk took a part only`);
        await file.sync();
        await catchUp();
        if (lines[index] !== line) throw taken(index);
      }),
    close: () => inTurn(() => file.close()),
  };
}

/** Makes the names in a folder last. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

const taken = (index: number): Error =>
  new Error(`line ${index} was written by another process: open the ledger again`);

/** `index`, a digest of index and line, the line: one record, between two line breaks. */
const recordOf = (index: number, line: string): string =>
  `\n${index} ${digestOf(index, line)} ${line}\n`;

const digestOf = (index: number, line: string): string =>
  createHash('sha256').update(`${index} ${line}`).digest('hex').slice(0, 16);

type Found = { readonly index: number; readonly line: string };

/**
 * The whole records from an offset on, and how many bytes of the file are done with.
 *
 * @throws PrivacyError `ledger-tampered`: a record that was changed
 */
async function recordsFrom(
  file: FileHandle,
  path: string,
  from: number,
): Promise<{ readonly found: readonly Found[]; readonly length: number }> {
  const { size } = await file.stat();
  if (size > MAX_BYTES) throw new Error(`got a ledger file of ${size} bytes`);
  const bytes = Buffer.alloc(Math.max(0, size - from));
  const { bytesRead } = await file.read(bytes, 0, bytes.length, from);
  const parts = bytes.toString('utf8', 0, bytesRead).split('\n');
  const found: Found[] = [];
  for (const [i, part] of parts.entries()) {
    const record = readRecord(part);
    if (record !== undefined) found.push(record);
    // Two breaks, or one at the end, are behind a record; one alone is in front of the next.
    else if (part !== '' && (parts[i + 1] === '' || readRecord(part.slice(0, -1)) !== undefined)) {
      throw damaged(path);
    }
  }
  // The last one may be half written: unless it is whole, look at it again next time.
  const isWhole = readRecord(parts.at(-1) as string) !== undefined;
  const length = isWhole ? bytesRead : bytes.subarray(0, bytesRead).lastIndexOf('\n');
  return { found, length: Math.max(0, length) };
}

const damaged = (path: string): PrivacyError =>
  new PrivacyError(
    'ledger-tampered',
    `${path}: got a record that was changed after it was written, expected the ledger as it was`,
  );

function readRecord(text: string): Found | undefined {
  const [, index, digest, line] = /^(\d{1,7}) ([0-9a-f]{16}) (.*)$/s.exec(text) ?? [];
  if (index === undefined || line === undefined) return undefined;
  return digestOf(Number(index), line) === digest ? { index: Number(index), line } : undefined;
}
