/** The page of examples/encrypted-page, built with Vite, in real Chromium under its strict policy. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright';
import { inMemorySigner } from 'veilsum';
import { liveHandles, openSeal, type Seal } from 'veilsum/he';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { buildPage } from '../../../examples/encrypted-page/build.ts';
import type { Outcome } from '../../../examples/encrypted-page/client.ts';
import { blot, LENGTH, NEIGHBOURS } from '../../../examples/encrypted-page/drawing.ts';
import { type PageServer, servePage } from '../../../examples/encrypted-page/server.ts';
import { chromiumOptions } from '../chromium.ts';

const folder = mkdtempSync(join(tmpdir(), 'encrypted-page-'));
const voucher = inMemorySigner();
let seal: Seal;
let server: PageServer;
let browser: Browser;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  await buildPage(folder, voucher.publicKey);
  seal = await openSeal();
  server = await servePage(folder, { seal, voucher, patience: 60_000 });
  browser = await chromium.launch(chromiumOptions());
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  page = await browser.newPage();
  complaints = [];
  page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('requestfailed', (request) => complaints.push(`no answer to ${request.url()}`));
});

/** What the canvas of this id shows: the ink of each pixel. */
const inkOf = (id: string): Promise<number[]> =>
  page.evaluate((canvas) => {
    const pen = (document.getElementById(canvas) as HTMLCanvasElement).getContext('2d');
    const { data } = (pen as CanvasRenderingContext2D).getImageData(0, 0, 320, 320);
    return Array.from({ length: 320 * 320 }, (_, i) => data[4 * i + 3] as number);
  }, id);

async function draw(): Promise<void> {
  const box = await page.locator('#drawing').boundingBox();
  const { x = 0, y = 0 } = box ?? {};
  await page.mouse.move(x + 40, y + 40);
  await page.mouse.down();
  await page.mouse.move(x + 200, y + 90, { steps: 5 });
  await page.mouse.move(x + 60, y + 280, { steps: 5 });
  await page.mouse.up();
}

test('a drawing goes through a round: the sum is that of all drawings, and nothing was complained of', async () => {
  await page.goto(server.url);
  await draw();
  const ink = await inkOf('drawing');
  expect(ink.filter((value) => value > 0).length).toBeGreaterThan(1_000);

  const told: string[] = [];
  await page.exposeFunction('tell', (text: string) => told.push(text));
  await page.evaluate(() => {
    const status = document.getElementById('status') as HTMLElement;
    const { tell } = globalThis as unknown as { readonly tell: (text: string | null) => void };
    new MutationObserver(() => tell(status.textContent)).observe(status, { childList: true });
  });
  // The worker is gone before its last answer could be read, so it is read on the way.
  const outcomes: Outcome[] = [];
  await page.route('**/sum', async (route) => {
    const response = await route.fetch();
    outcomes.push((await response.json()) as Outcome);
    await route.fulfill({ response });
  });
  const started = page.waitForEvent('worker');
  await page.locator('#send').click();
  expect((await started).url()).toMatch(/encrypt-worker/);
  await page.locator('#status').getByText('Done: the sum of 5 drawings.').waitFor();

  const [{ sums, contributors, missing }] = outcomes as [Outcome];
  expect(contributors).toHaveLength(1 + NEIGHBOURS);
  expect(missing).toEqual([]);
  const blots = Array.from({ length: NEIGHBOURS }, (_, i) => blot(i));
  const expected = ink.map((own, i) => blots.reduce((sum, one) => sum + (one[i] as number), own));
  expect(expected).toHaveLength(LENGTH);
  expect(sums).toEqual(expected);

  // People saw how far it was, and see the sum.
  expect(told).toContain(`Encrypting ${LENGTH} numbers`);
  expect(told).toContain('Sending ciphertext 4 of 4');
  expect(await page.locator('#progress').getAttribute('value')).toBe('1');
  const shown = await inkOf('sum');
  const most = Math.max(...expected);
  const off = shown.map((alpha, i) => Math.abs(alpha - (255 * (expected[i] as number)) / most));
  expect(Math.max(...off)).toBeLessThanOrEqual(1);
  expect(liveHandles(seal)).toBe(0);
  expect(complaints).toEqual([]);
});

test('the page itself brings neither the library nor SEAL: all of it is in the worker', () => {
  const scripts = readdirSync(join(folder, 'assets')).filter((name) => name.endsWith('.js'));
  const textOf = (start: string): string => {
    const name = scripts.find((script) => script.startsWith(start)) as string;
    return readFileSync(join(folder, 'assets', name), 'utf8');
  };
  expect(textOf('index-').length).toBeLessThan(5_000);
  expect(textOf('encrypt-worker-').length).toBeGreaterThan(50_000);
});

test('the policy stands: text does not become code, and no other server is reached', async () => {
  await page.goto(server.url);
  const ran = await page.evaluate(
    () =>
      new Promise<string>((resolve) => {
        document.addEventListener('securitypolicyviolation', (event) =>
          resolve(event.effectiveDirective),
        );
        const script = document.createElement('script');
        script.textContent = 'document.title = "changed"';
        document.body.append(script); // where it may, it runs before this returns
        if (document.title === 'changed') resolve('it ran');
      }),
  );
  expect(ran).toMatch(/script-src/);
  expect(
    await page.evaluate(() => fetch('http://127.0.0.1:9/').then(String, (error) => String(error))),
  ).toMatch(/Failed to fetch/);
  expect(complaints.join()).toMatch(/Content Security Policy/);
});

test('a page that trusts another voucher stays out, and says so', async () => {
  const other = mkdtempSync(join(tmpdir(), 'encrypted-page-'));
  await buildPage(other, inMemorySigner().publicKey);
  const stranger = await servePage(other, { seal, voucher, patience: 100 });
  try {
    await page.goto(stranger.url);
    await page.locator('#send').click();
    await page
      .locator('#status')
      .getByText(/It failed:.*roster/)
      .waitFor();
  } finally {
    await stranger.close();
    rmSync(other, { recursive: true });
  }
});
