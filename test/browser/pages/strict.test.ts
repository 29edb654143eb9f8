/**
 * A bundled page under a strict Content Security Policy: no WebAssembly, no `eval`, nothing from
 * elsewhere, and no snarkjs. What the noble path needs must be allowed there.
 */
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { build } from 'esbuild';
import { chromium as launcher } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chromiumOptions } from '../chromium.ts';
import { EXPECTED } from '../proofs.ts';

const POLICY = "default-src 'self'; script-src 'self'";

const HTML = `<!doctype html><title>proofs</title><body>
<script src="/listen.js"></script>
<script type="module" src="/page.js"></script>`;

/** Listens before anything of ours runs, module bodies included. */
const LISTEN = `globalThis.violations = [];
document.addEventListener('securitypolicyviolation', (event) => {
  violations.push(event.effectiveDirective + ' ' + event.blockedURI);
});`;

let server: Server;
let address = '';

beforeAll(async () => {
  const bundle = await build({
    entryPoints: [new URL('./strict-page.ts', import.meta.url).pathname],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2024',
    external: ['snarkjs'], // Not there.
    write: false,
    logLevel: 'silent',
  });
  const vectors = new URL('../../vectors/zk/cubic.json', import.meta.url);
  const files: Readonly<Record<string, readonly [type: string, body: string | Uint8Array]>> = {
    '/': ['text/html', HTML],
    '/listen.js': ['text/javascript', LISTEN],
    '/page.js': ['text/javascript', bundle.outputFiles[0]?.contents ?? ''],
    '/cubic.json': ['application/json', readFileSync(vectors)],
    '/favicon.ico': ['image/x-icon', ''],
  };
  server = createServer(({ url }, response) => {
    const [type, body] = files[url ?? ''] ?? ['text/plain', undefined];
    response.writeHead(body === undefined ? 404 : 200, {
      'content-type': type,
      'content-security-policy': POLICY,
    });
    response.end(body);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

test('verifies proofs and opens sums without a violation', async () => {
  const browser = await launcher.launch(chromiumOptions());
  try {
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on('pageerror', ({ message }) => errors.push(message));
    await page.goto(address);
    const said = JSON.parse((await page.locator('output').textContent({ timeout: 30_000 })) ?? '');
    expect(errors).toEqual([]);
    expect(said.found).toEqual(EXPECTED);
    expect(said.during).toEqual([]);
    // The policy holds, and violations are heard of.
    expect(said.refused).toBe('CompileError');
    expect(said.after).toEqual(['script-src wasm-eval']);
  } finally {
    await browser.close();
  }
});
