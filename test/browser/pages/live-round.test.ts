/**
 * The page of examples/06-live-round in real Chromium, under its strict policy: several tabs and other
 * devices play rounds over HTTP; one tab closes in the middle; no tab ever stands still.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright';
import { inMemorySigner } from 'veilsum';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Agreement, Run } from '../../../examples/06-live-round/agreement.ts';
import { buildPage } from '../../../examples/06-live-round/build.ts';
import { newDevice, takePart } from '../../../examples/06-live-round/device.ts';
import { LENGTH } from '../../../examples/06-live-round/drawing.ts';
import { startNeighbours } from '../../../examples/06-live-round/neighbours.ts';
import { type LiveServer, serveRounds } from '../../../examples/06-live-round/server.ts';
import { chromiumOptions } from '../chromium.ts';

const SEATS = 10;
const voucher = inMemorySigner();
const folder = mkdtempSync(join(tmpdir(), 'live-round-'));
let browser: Browser;
let context: BrowserContext;
let server: LiveServer;
let complaints: string[];

beforeAll(async () => {
  browser = await chromium.launch(chromiumOptions());
});
afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  complaints = [];
  // All tabs of one window, which share their few connections.
  context = await browser.newContext();
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) =>
      console.error(`violation of ${effectiveDirective}`),
    );
  });
});
afterEach(async () => {
  await context.close();
  await server.close();
});

async function serve(run: Run | undefined, patience: number, result = 60_000): Promise<Agreement> {
  const agreement = { voucher: voucher.publicKey, run };
  await buildPage(folder, agreement);
  const pace = { lobby: 300, least: 0, patience, result };
  server = await serveRounds(folder, { voucher, run, seats: SEATS, pace });
  return agreement;
}

async function openTab(name: string): Promise<Page> {
  const page = await context.newPage();
  page.on('console', (message) => complaints.push(`${name}: ${message.text()}`));
  page.on('pageerror', (error) => complaints.push(`${name}: ${error}`));
  await page.goto(server.url);
  await page.locator('#hub-stage').getByText('Lobby').waitFor();
  await page.locator('#name').fill(name);
  return page;
}

/** A line from left to right, drawn with the mouse in this row; which pixels it sets. */
async function drawRow(page: Page, row: number): Promise<readonly number[]> {
  const { x, y, width } = (await page.locator('#pad').boundingBox()) as {
    x: number;
    y: number;
    width: number;
  };
  const place = (pixel: number): number => ((pixel + 0.5) * width) / 16;
  await page.mouse.move(x + place(2), y + place(row));
  await page.mouse.down();
  await page.mouse.move(x + place(9), y + place(row), { steps: 3 });
  await page.mouse.up();
  return Array.from({ length: 8 }, (_, i) => row * 16 + 2 + i);
}

const sumIn = async (page: Page): Promise<readonly number[]> =>
  JSON.parse((await page.locator('#sum').getAttribute('data-values')) ?? '[]') as number[];

const isValid = (page: Page): Promise<void> =>
  page.locator('#verdict[data-valid="true"] #verdict-word').waitFor();

test('three tabs and seven devices: the sum is exact though a tab closes in the middle', async () => {
  const agreement = await serve(undefined, 5_000);
  const kim = await openTab('Kim');
  const noa = await openTab('Noa');
  const sam = await openTab('Sam');
  const drawn = [await drawRow(kim, 3)];

  // Noa draws with keys alone: a pixel, one to the right, and that one taken away again.
  await noa.locator('#pad').focus();
  for (const key of [' ', 'ArrowRight', ' ', ' ', 'ArrowDown', ' ']) await noa.keyboard.press(key);
  expect(await noa.locator('#pad-said').textContent()).toBe('Row 10, column 10, drawn');
  drawn.push([8 * 16 + 8, 9 * 16 + 9]);
  expect(await noa.locator('#ink').textContent()).toMatch(/^2 of 25 pixels/);

  // Sam's tab closes when its masked drawing should leave.
  await drawRow(sam, 12);
  const messages = new Set<string>();
  const closed = Promise.withResolvers<void>();
  await sam.route('**/messages', async (route) => {
    messages.add(route.request().postDataBuffer()?.toString('hex') ?? '');
    if (messages.size < 3) return route.continue();
    // A request that is pending when its page closes would go out after all.
    await route.abort();
    await sam.close();
    closed.resolve();
  });

  for (const tab of [kim, noa, sam]) await tab.locator('#join').click();
  const own = Float64Array.from({ length: LENGTH }, (_, i) => (i % 17 === 0 ? 1 : 0));
  const others = Array.from({ length: SEATS - 3 }, (_, i) => newDevice(`device ${i}`)).map((me) =>
    takePart(me, () => own, { server: server.url, agreement, simulated: true, wait: 5 }),
  );
  await closed.promise;
  await Promise.all([isValid(kim), isValid(noa)]);

  const expected = Array.from(own, (ink) => ink * others.length);
  for (const pixels of drawn) for (const i of pixels) expected[i] = (expected[i] as number) + 1;
  for (const tab of [kim, noa]) {
    expect(await sumIn(tab)).toEqual(expected);
    expect(await tab.locator('#verdict-says').textContent()).toMatch(/exactly 9 clients/);
    expect(await tab.locator('#unchecked li').count()).toBeGreaterThan(4);
    expect(await tab.locator('#dropped').textContent()).toMatch(/^Sam vanished before its drawing/);
    expect(await tab.locator('#clients .dropped').getAttribute('title')).toMatch(/^Sam: vanished/);
    expect(await tab.locator('#tiles [data-name]').count()).toBe(9);
    expect(await tab.locator('#tiles .total').count()).toBe(1);
    expect(await tab.locator('#log tr').count()).toBe(5);
    expect(await tab.locator('#budget').isVisible()).toBe(false);
  }
  expect(await kim.locator('#clients [data-kind="you"]').getAttribute('title')).toBe(
    'Kim (you): done',
  );
  expect(await kim.locator('#status').textContent()).toBe('Done: your drawing is in the sum.');
  for (const one of await Promise.all(others)) {
    if ('refused' in one) throw new Error(one.refused);
    expect(one.verdict.valid).toBe(true);
  }

  // Whoever comes later sees and checks the same.
  const late = await context.newPage();
  await late.setViewportSize({ width: 360, height: 740 });
  await late.goto(server.url);
  await isValid(late);
  expect(await sumIn(late)).toEqual(expected);
  expect(await late.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  expect(complaints.filter((one) => !one.startsWith('Sam: Failed to load resource'))).toEqual([]);
});

test('with noise: neighbours, ε, a spent budget; and the main thread is never blocked for 50 ms', async () => {
  const run: Run = { epsilon: 8, delta: 1e-5, rounds: 1 };
  const agreement = await serve(run, 20_000, 1_000);
  const end = startNeighbours(SEATS - 1, { server: server.url, agreement, vanishing: 0 }, [
    '--conditions=@veilsum/source',
  ]);
  try {
    const tab = await openTab('Kim');
    expect(await tab.locator('#theme').textContent()).toBe('heart');
    await tab.locator('#sketch').click();
    const longest = await longestTask(tab, async () => {
      await tab.locator('#join').click();
      await isValid(tab);
      await tab.locator('#budget').waitFor();
    });
    expect(longest).toBeGreaterThan(0);
    expect(longest).toBeLessThan(50);

    expect(await tab.locator('#budget-says').textContent()).toMatch(
      /^ε = [78]\.\d+ of 8 .* after 1 of 1 rounds/,
    );
    const epsilon = await tab
      .locator('#meter')
      .evaluate((meter) => (meter as HTMLMeterElement).value);
    expect(epsilon).toBeGreaterThan(4);
    expect(epsilon).toBeLessThanOrEqual(8);
    const sum = await sumIn(tab);
    expect(sum).toHaveLength(LENGTH);
    expect(sum.some((value) => value < 0)).toBe(true); // noise, for no pixel is drawn less than not at all

    // A second round would cost more than a run may, says the coordinator's ledger; in the next run this
    // tab's own says the same. Only a new key and an empty ledger, another person as far as anybody can tell,
    // can go on.
    const lobby = tab.locator('#hub-stage').getByText('Lobby');
    const status = tab.locator('#status');
    await lobby.waitFor();
    await tab.locator('#join').click();
    await status.getByText(/^The coordinator’s ledger refuses/).waitFor();
    await lobby.waitFor();
    await tab.locator('#join').click();
    await status.getByText(/^Your own ledger refuses/).waitFor();
    expect(await tab.locator('#join').isDisabled()).toBe(true);
    await tab.locator('#renew').click();
    expect(await tab.locator('#join').isDisabled()).toBe(false);
    expect(await tab.locator('#renew').isVisible()).toBe(false);
    expect(complaints).toEqual([]);
  } finally {
    await end();
  }
});

test('the measure of the main thread sees what blocks it', async () => {
  await serve(undefined, 1_000);
  const tab = await openTab('Kim');
  const longest = await longestTask(tab, () =>
    tab.evaluate(() => {
      for (const end = performance.now() + 1_000; performance.now() < end; );
    }),
  );
  expect(longest).toBeGreaterThan(50);
});

test('the page itself does not bring the library: all of it is in the worker', () => {
  const scripts = readdirSync(join(folder, 'assets')).filter((name) => name.endsWith('.js'));
  const textOf = (start: string): string => {
    const name = scripts.find((script) => script.startsWith(start)) as string;
    return readFileSync(join(folder, 'assets', name), 'utf8');
  };
  expect(textOf('index-').length).toBeLessThan(20_000);
  expect(textOf('client-worker-').length).toBeGreaterThan(50_000);
});

/**
 * The most milliseconds of processor time that one task of a page's main thread took. Time on the wall says
 * the same on a machine that is quiet, and much else on one that is not.
 */
async function longestTask(page: Page, during: () => Promise<unknown>): Promise<number> {
  await browser.startTracing(page, {
    categories: ['toplevel', 'disabled-by-default-devtools.timeline', 'devtools.timeline'],
  });
  await during();
  const { traceEvents } = JSON.parse(String(await browser.stopTracing())) as {
    readonly traceEvents: readonly TraceEvent[];
  };
  const main = new Set(
    traceEvents
      .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid} ${tid}`),
  );
  const tasks = traceEvents.filter(
    ({ name, pid, tid, tdur }) =>
      /RunTask$/.test(name) && tdur !== undefined && main.has(`${pid} ${tid}`),
  );
  return Math.max(...tasks.map(({ tdur }) => (tdur as number) / 1_000));
}

/** Of Chromium's trace format. */
type TraceEvent = {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Processor time, in microseconds. */
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
};
