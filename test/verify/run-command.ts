/** Starts the command line as a stranger would: in a process of its own, with nothing but files. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root: string = new URL('../../', import.meta.url).pathname;

/** What a command ended with. */
export type Ended = { readonly code: number | null; readonly out: string; readonly err: string };

/** Runs `veilsum …` from the sources. */
export function command(...args: readonly string[]): Ended {
  const { status, stdout, stderr } = spawnSync(
    'node',
    ['--conditions=@veilsum/source', join(root, 'src/command-line.ts'), ...args],
    { encoding: 'utf8', timeout: 120_000, env: { ...process.env, NODE_OPTIONS: '--no-warnings' } },
  );
  return { code: status, out: stdout, err: stderr };
}

/** Puts a bundle and a trust into files and verifies them. */
export function verified(bundle: Uint8Array, trust: string): Ended {
  const folder = mkdtempSync(join(tmpdir(), 'veilsum-bundle-'));
  try {
    writeFileSync(join(folder, 'round.bundle'), bundle);
    writeFileSync(join(folder, 'trust.json'), trust);
    return command('verify', join(folder, 'round.bundle'), '--trust', join(folder, 'trust.json'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
