/** The server of the encrypted page, without a browser: the page's own client in Node, and bad requests. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inMemorySigner } from 'veilsum';
import { liveHandles, openSeal, type Seal } from 'veilsum/he';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { contribute, type Told } from '../../examples/encrypted-page/client.ts';
import { BLACK, blot, LENGTH, NEIGHBOURS } from '../../examples/encrypted-page/drawing.ts';
import { type PageServer, servePage } from '../../examples/encrypted-page/server.ts';

const folder = mkdtempSync(join(tmpdir(), 'encrypted-page-'));
writeFileSync(join(folder, 'index.html'), 'the page');
afterAll(() => rmSync(folder, { recursive: true }));

const voucher = inMemorySigner();
const blots = Array.from({ length: NEIGHBOURS }, (_, i) => blot(i));
const sumWith = (own: ArrayLike<number>): number[] =>
  Array.from({ length: LENGTH }, (_, i) =>
    blots.reduce((sum, one) => sum + (one[i] as number), own[i] as number),
  );

let seal: Seal;
let server: PageServer;
const serve = async (patience: number): Promise<string> => {
  server = await servePage(folder, { seal, voucher, patience });
  return server.url;
};
beforeAll(async () => {
  seal = await openSeal();
});
afterEach(() => server.close());

const post = (url: string, body: Uint8Array<ArrayBuffer>): Promise<Response> =>
  fetch(url, { method: 'POST', body });

test('the client plays its round over HTTP, and tells how far it is, ever further', async () => {
  const own = Float64Array.from({ length: LENGTH }, (_, i) => i % (BLACK + 1));
  const told: Told[] = [];
  const { sums, contributors, assumptions } = await contribute(own, {
    server: await serve(60_000),
    voucher: voucher.publicKey,
    seal,
    tell: (one) => told.push(one),
  });
  expect(contributors).toHaveLength(NEIGHBOURS + 1);
  expect(sums).toEqual(sumWith(own));
  expect(assumptions.length).toBeGreaterThan(3);
  const shares = told.map(({ share }) => share);
  expect(shares).toEqual([...new Set(shares)].sort((a, b) => a - b));
  expect(shares.at(-1)).toBe(1);
  expect(liveHandles(seal)).toBe(0);
});

test('a page that is never heard of again does not stop the others; it comes too late then', async () => {
  const url = await serve(100);
  const enrolled = await post(
    `${url}/enrol`,
    inMemorySigner().publicKey as Uint8Array<ArrayBuffer>,
  );
  const { readEncryptedRound } = await import('veilsum/he');
  const plan = readEncryptedRound(new Uint8Array(await enrolled.arrayBuffer()), {
    clientVoucher: voucher.publicKey,
    holderVoucher: voucher.publicKey,
    floor: 3,
    threshold: 3,
  });
  const at = `${url}/rounds/${Buffer.from(plan.roundId).toString('hex')}`;
  expect((await post(`${at}/commit`, new Uint8Array(5))).status).toBe(409);
  const outcome = (await (await fetch(`${at}/sum`)).json()) as {
    sums: number[];
    missing: string[];
  };
  expect(outcome.missing).toEqual(['page']);
  expect(outcome.sums).toEqual(sumWith(new Uint8Array(LENGTH)));
  for (const late of ['commit', 'chunk'])
    expect((await post(`${at}/${late}`, new Uint8Array(5))).status).toBe(409);
  expect((await fetch(`${at}/root`)).status).toBe(409);
});

test('files, and nothing else, come with the policy', async () => {
  const url = await serve(100);
  const home = await fetch(url);
  expect(await home.text()).toBe('the page');
  expect(home.headers.get('content-security-policy')).toContain("default-src 'self'");
  for (const path of ['/../package.json', '/%2e%2e/package.json', '/rounds/1/key', '/none']) {
    expect((await fetch(`${url}${path}`)).status, path).toBe(404);
  }
  expect((await fetch(`${url}/favicon.ico`)).status).toBe(204);
});

test('what is too long, or no public key, is refused', async () => {
  const url = await serve(100);
  const long = await post(`${url}/enrol`, new Uint8Array(2 ** 20 + 1)).catch(() => undefined);
  expect([413, undefined]).toContain(long?.status);
  expect((await post(`${url}/enrol`, new Uint8Array(31))).status).toBe(409);
  expect((await post(`${url}/rounds/${'0'.repeat(64)}/commit`, new Uint8Array(1))).status).toBe(
    404,
  );
});
