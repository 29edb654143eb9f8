/**
 * Anvil for the time of a test file, on a free port of this machine alone. Between the two stands a guard,
 * this same file as a program: it ends anvil when its input ends, and that happens too if the test's
 * process is killed. So none is ever left behind.
 */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';

/** A running node. */
export type Anvil = {
  readonly url: string;
  /** Ends it, and waits until it has ended. */
  readonly stop: () => Promise<void>;
};

/** The rules of the chain, written down so that gas stays the same with a newer anvil. */
const HARDFORK = 'osaka';

const OPTIONS: readonly string[] = [
  '--host=127.0.0.1',
  '--port=0',
  '--accounts=1',
  '--threads=1',
  `--hardfork=${HARDFORK}`,
];

/** Starts a node with an empty chain. Rejects with what it said if it ends before it listens. */
export async function startAnvil(): Promise<Anvil> {
  const guard = spawn(process.execPath, [import.meta.filename], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => guard.once('exit', () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    let said = '';
    guard.stdout.on('data', (text) => {
      said += text;
      const port = /Listening on 127\.0\.0\.1:(\d+)/.exec(said)?.[1];
      if (port !== undefined) resolve(`http://127.0.0.1:${port}`);
    });
    guard.once('error', reject);
    guard.once('exit', () => reject(new Error(`anvil ended: ${said}`)));
  });
  return {
    url,
    stop: async () => {
      guard.stdin.end();
      await ended;
    },
  };
}

/** The program, which npm brings in a package for each platform. */
function binary(): string {
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  const system = process.platform;
  const file = system === 'win32' ? 'anvil.exe' : 'anvil';
  const require = createRequire(import.meta.resolve('@foundry-rs/anvil/bin.mjs'));
  return require.resolve(`@foundry-rs/anvil-${system}-${arch}/bin/${file}`);
}

if (process.argv[1] === import.meta.filename) {
  const anvil = spawn(binary(), OPTIONS, { stdio: ['ignore', 'inherit', 'inherit'] });
  anvil.once('exit', (code) => process.exit(code ?? 0));
  process.stdin.resume().once('close', () => anvil.kill());
}
