/**
 * The prover in Chromium, bundled, in a page and in a worker, under two policies: one that lets snarkjs
 * start its workers, and one that does not, where snarkjs itself would wait for ever.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { build } from 'esbuild';
import { type Browser, chromium as launcher } from 'playwright';
import {
  aggregateInputs,
  aggregateStatement,
  insecureVerifyingKeyForTestingOnly,
  keyFromProvingKey,
  randomSalt,
  verifyGroth16,
} from 'veilsum/zk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { artifact } from '../../zk/circuits/compile.ts';
import { insecureTinyKey } from '../../zk/circuits/keys.ts';
import { CONTEXT, NORM, TINY, UPDATES } from '../../zk/circuits/support.ts';
import { chromiumOptions } from '../chromium.ts';
import type { Attempt, Attempts } from './prover-work.ts';

const STRICT = "default-src 'none'; connect-src 'self'; script-src 'self' 'wasm-unsafe-eval'";
const POLICIES = {
  open: `${STRICT}; worker-src 'self' blob:`,
  closed: `${STRICT}; worker-src 'self'`,
} as const;

const zkey = insecureTinyKey();
const { claim, inputs } = aggregateInputs(CONTEXT, NORM, UPDATES, UPDATES.map(randomSalt));

const servers: Server[] = [];
const addresses = new Map<string, string>();
let browser: Browser;

beforeAll(async () => {
  const { outputFiles } = await build({
    entryPoints: [
      new URL('./prover-page.ts', import.meta.url).pathname,
      new URL('./prover-worker.ts', import.meta.url).pathname,
    ],
    outdir: '/',
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2024',
    supported: { using: false },
    write: false,
    logLevel: 'silent',
  });
  const code = (name: string): Uint8Array =>
    outputFiles.find(({ path }) => path.endsWith(name))?.contents ?? new Uint8Array();
  const html =
    '<!doctype html><title>prover</title><body><script type="module" src="/prover-page.js"></script>';
  const files: Readonly<Record<string, readonly [type: string, body: string | Uint8Array]>> = {
    '/': ['text/html', html],
    '/prover-page.js': ['text/javascript', code('prover-page.js')],
    '/prover-worker.js': ['text/javascript', code('prover-worker.js')],
    '/task.json': ['application/json', JSON.stringify({ inputs })],
    '/circuit.wasm': ['application/wasm', artifact(TINY.name, 'wasm')],
    '/circuit.zkey': ['application/octet-stream', zkey],
  };
  for (const [name, policy] of Object.entries(POLICIES)) {
    const server = createServer(({ url }, response) => {
      const [type, body] = files[url ?? ''] ?? ['text/plain', undefined];
      response.writeHead(body === undefined ? 404 : 200, {
        'content-type': type,
        'content-security-policy': policy,
      });
      response.end(body);
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    servers.push(server);
    addresses.set(name, `http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  }
  browser = await launcher.launch(chromiumOptions());
});

afterAll(async () => {
  await browser?.close();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

type Said = { readonly page: Attempts; readonly worker: Attempts };

async function open(policy: keyof typeof POLICIES): Promise<Said> {
  const page = await browser.newPage();
  await page.goto(addresses.get(policy) as string);
  const said = JSON.parse((await page.locator('output').textContent({ timeout: 60_000 })) ?? '');
  await page.close();
  expect(said).not.toHaveProperty('error');
  return said;
}

/** Whether an attempt gave a proof of the statement that is known here. */
function proves(attempt: Attempt): boolean {
  if (!('proof' in attempt)) return false;
  const key = insecureVerifyingKeyForTestingOnly(keyFromProvingKey(zkey));
  const proof = new Uint8Array(Buffer.from(attempt.proof, 'hex'));
  return verifyGroth16(key, [aggregateStatement(claim)], proof).valid;
}

test('with `worker-src blob:` a page and a worker prove, on threads and without', async () => {
  const { page, worker } = await open('open');
  for (const { many, single } of [page, worker]) {
    expect(many).toMatchObject({ phases: ['loading', 'witness', 'proving'] });
    expect('threads' in many && many.threads).toBeGreaterThan(1);
    expect(single).toMatchObject({ threads: 1 });
    expect([many, single].map(proves)).toEqual([true, true]);
  }
});

test('without it threads are refused with a clear error, and one thread proves', async () => {
  const { page, worker } = await open('closed');
  for (const { many, single } of [page, worker]) {
    expect(many).toMatchObject({
      code: 'runtime-unsupported',
      text: expect.stringContaining('worker-src blob:'),
    });
    expect(proves(single)).toBe(true);
  }
});
