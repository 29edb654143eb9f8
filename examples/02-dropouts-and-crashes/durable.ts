/**
 * What must outlive a crash: a client's claims and its saved state, each in a file of its own.
 *
 * - A file appears whole or not at all, and is on the disk before anybody goes on: bytes, `fsync`, a name
 *   for them, `fsync` of the folder.
 * - A claim's name is given by `link`, which fails if the name is taken. So of two processes that claim the
 *   same phase at once, one is the first.
 *
 * For a local file system: network file systems may link and sync differently.
 */
import { randomBytes } from 'node:crypto';
import { link, open, readFile, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Claim } from 'veilsum/client';

/** A claim store in a folder: what this client answered in each phase of each round, for ever. */
export const fileClaims =
  (folder: string): Claim =>
  async (roundId, phase, digest) => {
    const name = join(folder, `${Buffer.from(roundId).toString('hex')}-${phase}`);
    // Never twice the same: a draft that a crash left behind may be a second name of a claim.
    const draft = `${name}.${randomBytes(16).toString('hex')}`;
    await writeAndSync(draft, digest, 'wx');
    try {
      await link(draft, name);
      await syncFolder(folder);
      return 'first';
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      // Whoever was first may have died before its name was on the disk.
      await syncFolder(folder);
      return (await readFile(name)).equals(digest) ? 'same' : 'conflict';
    } finally {
      await unlink(draft);
    }
  };

/** Puts new bytes in a file's place: a reader finds the old ones or the new ones. */
export async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  await writeAndSync(`${path}.new`, bytes, 'w');
  await rename(`${path}.new`, path);
  await syncFolder(dirname(path));
}

/** The bytes of a file; undefined if there is none. */
export const readIfThere = (path: string): Promise<Buffer | undefined> =>
  readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });

async function writeAndSync(path: string, bytes: Uint8Array, flags: 'w' | 'wx'): Promise<void> {
  const file = await open(path, flags, 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
