/** The live round without a browser: its devices in Node over real HTTP, and what strangers send. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inMemorySigner } from 'veilsum';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Run, readDrawingPlan } from '../../examples/06-live-round/agreement.ts';
import {
  checkRound,
  type Device,
  type Ending,
  newDevice,
  type Surroundings,
  takePart,
} from '../../examples/06-live-round/device.ts';
import { LENGTH, sketch } from '../../examples/06-live-round/drawing.ts';
import {
  bytesToHex,
  type Problem,
  seatProof,
  type View,
} from '../../examples/06-live-round/messages.ts';
import { type LiveServer, serveRounds } from '../../examples/06-live-round/server.ts';

const SEATS = 10;
const RUN: Run = { epsilon: 8, delta: 1e-5, rounds: 2 };

const folder = mkdtempSync(join(tmpdir(), 'live-round-'));
const voucher = inMemorySigner();
beforeAll(() => writeFileSync(join(folder, 'index.html'), 'the page'));
afterAll(() => rmSync(folder, { recursive: true }));

type Message = Uint8Array<ArrayBuffer>;

let server: LiveServer;
afterEach(() => server.close());

/** Starts a server; the lobby closes as soon as all are there. */
async function serve(run: Run | undefined, patience = 20_000): Promise<Surroundings> {
  const pace = { lobby: 0, least: 0, patience, result: 300 };
  server = await serveRounds(folder, { voucher, run, seats: SEATS, pace });
  return { server: server.url, agreement: { voucher: voucher.publicKey, run }, wait: 1 };
}

const devices = (): readonly Device[] =>
  Array.from({ length: SEATS }, (_, i) => newDevice(`client ${i}`));

/** All of them play a round; each draws what its place says. */
const playAll = (
  all: readonly Device[],
  around: Surroundings,
  tell: (place: number) => Surroundings['tell'] = () => undefined,
): Promise<readonly PromiseSettledResult<Ending>[]> =>
  Promise.allSettled(
    all.map((me, place) => {
      const told = tell(place);
      return takePart(me, () => dots(place), { ...around, ...(told && { tell: told }) });
    }),
  );

/** A small drawing, another one for each: few enough pixels that nothing is scaled down. */
const dots = (place: number): Float64Array =>
  Float64Array.from({ length: LENGTH }, (_, i) => (i % 16 <= place % 4 && i < 16 * 6 ? 1 : 0));

const sumOf = (drawings: readonly Float64Array[]): number[] =>
  Array.from({ length: LENGTH }, (_, i) => drawings.reduce((sum, one) => sum + (one[i] ?? 0), 0));

const endingOf = (settled: PromiseSettledResult<Ending> | undefined): Ending => {
  if (settled?.status !== 'fulfilled') throw settled?.reason;
  return settled.value;
};

const verdictOf = (settled: PromiseSettledResult<Ending> | undefined) => {
  const ending = endingOf(settled);
  if ('refused' in ending) throw new Error(ending.refused);
  return ending.verdict;
};

const viewOf = async (): Promise<View> =>
  (await fetch(`${server.url}/api/view`)).json() as Promise<View>;

test('without noise the sum is exact: over who stayed, and each device checks it for itself', async () => {
  const around = await serve(undefined, 3_000);
  const all = devices();
  const settled = await playAll(all, around, (place) => (step) => {
    if (place === 3 && step === 'mask') throw new Error('gone before its upload');
  });
  const exact = sumOf(all.map((_, place) => dots(place)).filter((_, place) => place !== 3));
  for (const [place, one] of settled.entries()) {
    if (place === 3) continue;
    const { valid, sum, statement } = verdictOf(one);
    expect(valid).toBe(true);
    expect(Array.from(sum?.ink as ArrayLike<number>)).toEqual(exact);
    expect(statement?.contributors).not.toContain('client 3');
  }
  const { clients, log } = await viewOf();
  const dropped = clients.filter((one) => one.dropped !== undefined);
  expect(dropped.map((one) => `${one.name} ${one.dropped}`)).toEqual(['client 3 mask']);
  expect(log.map(({ phase, messages }) => `${phase} ${messages}`)).toEqual([
    'advertise 10',
    'share 10',
    'mask 9',
    'confirm 9',
    'unmask 9',
  ]);
  // Whoever was not there comes to the same verdict, and only with the right voucher.
  expect((await checkRound(1, around)).sum).toEqual(verdictOf(settled[0]).sum);
  const other = { ...around, agreement: { voucher: inMemorySigner().publicKey, run: undefined } };
  await expect(checkRound(1, other)).rejects.toThrow(/roster/);
  // A page that insists on noise would not have taken part.
  const wary = { ...around, agreement: { voucher: voucher.publicKey, run: RUN } };
  await expect(checkRound(1, wary)).rejects.toThrow(/noise|privacy/);
});

test('with noise both ledgers pay, and a round too many is refused on both sides', async () => {
  const around = await serve(RUN);
  const all = devices();
  const spent: number[] = [];
  for (let round = 1; round <= RUN.rounds; round++) {
    const [first] = await playAll(all, around);
    const { valid, sum, statement } = verdictOf(first);
    expect(valid).toBe(true);
    expect(statement?.noise).toEqual({ epsilon: RUN.epsilon, delta: RUN.delta });
    expect(Array.from(sum?.ink as ArrayLike<number>)).not.toEqual(
      sumOf(all.map((_, i) => dots(i))),
    );
    await expect.poll(async () => (await viewOf()).ledger?.rounds).toBe(round);
    const { ledger } = await viewOf();
    expect(ledger).toMatchObject({ budget: RUN.epsilon, of: RUN.rounds });
    expect(ledger?.deviation).toBeGreaterThan(1);
    spent.push(ledger?.epsilon as number);
  }
  expect(spent[0]).toBeGreaterThan(0);
  expect(spent[1]).toBeGreaterThan(spent[0] as number);
  expect(spent[1]).toBeLessThanOrEqual(RUN.epsilon);

  // The coordinator's ledger refuses the third round before anybody has said a word in it.
  for (const one of await playAll(all, around)) {
    expect(one).toMatchObject({ status: 'rejected', reason: { code: 'budget-exceeded' } });
  }
  expect(await viewOf()).toMatchObject({ stage: 'spent', reason: expect.stringMatching(/spent/) });
  // It begins a new run, with other people: those of the old one are kept out by their own ledgers.
  const [first, second] = all as [Device, Device];
  for (const me of devices().slice(2)) takePart(me, () => dots(0), around).catch(() => {});
  const refused = await Promise.all(
    [first, second].map((me) =>
      takePart(me, () => expect.unreachable('it was asked to draw'), around),
    ),
  );
  for (const one of refused)
    expect(one).toEqual({ refused: expect.stringMatching(/of the budget/) });
}, 60_000);

test('garbage, replays and strangers get typed refusals, and the round does not notice', async () => {
  const around = await serve(undefined);
  const all = devices();
  const own = globalThis.fetch;
  const problems: Problem[] = [];
  const post = async (path: string, body: BodyInit, type = 'application/octet-stream') => {
    const headers = { 'content-type': type, prefer: 'wait=0' };
    const response = await own(`${server.url}${path}`, { method: 'POST', body, headers });
    expect(response.headers.get('content-type')).toMatch(/problem\+json/);
    const said = (await response.json()) as Problem;
    expect(said.status).toBe(response.status);
    problems.push(said);
    return `${said.status} ${said.code}`;
  };
  const at = '/api/rounds/1/messages';
  const harass = async (advert: Message, next: Message): Promise<void> => {
    const forged = next.slice();
    forged[forged.length - 5] = (forged[forged.length - 5] as number) ^ 1;
    expect(await post(at, forged)).toBe('403 bad-signature');
    expect(await post(at, new Uint8Array(200).fill(7))).toMatch(/^400 /);
    expect(await post(at, next.subarray(0, 50))).toBe('400 truncated');
    expect(await post(at, new Uint8Array(2 ** 16 + 1))).toMatch(/^413 /);
    expect(await post(at, '{}', 'application/json')).toMatch(/^400 /);
    expect(await post(at, 'x', 'text/plain')).toMatch(/^415 /);
    expect(await post('/api/rounds/99/messages', advert)).toBe('404 no-such-round');
    expect(await post('/api/rounds/x/messages', advert)).toMatch(/^400 /);
    expect(await post('/api/rounds/1/nothing', advert)).toBe('404 not-found');
    expect(await post('/api/seats', '{"name":"Eve"', 'application/json')).toMatch(/^400 /);
    expect(await post('/api/seats', '{"name":"Eve"}', 'application/json')).toMatch(/^400 /);
    expect(await post(at, Uint8Array.from([...advert, 0]))).toBe('400 trailing-bytes');
  };

  // One upload is held back while strangers are busy, so that all of it falls into one phase.
  const sent: Message[] = [];
  const seen = new Set<string>();
  let harassed: Promise<void> | undefined;
  globalThis.fetch = async (url, init) => {
    const isOurs = String(url).startsWith(server.url);
    if (isOurs && init?.body instanceof Uint8Array && !seen.has(init.body.join())) {
      seen.add(init.body.join());
      sent.push(Uint8Array.from(init.body));
      if (sent.length === 2 * SEATS + 3) {
        harassed = harass(sent[0] as Message, sent.at(-1) as Message);
        await harassed;
      }
    }
    return own(url, init);
  };
  try {
    for (const one of await playAll(all, around)) {
      const { valid, sum } = verdictOf(one);
      expect(valid).toBe(true);
      expect(Array.from(sum?.ink as ArrayLike<number>)).toEqual(sumOf(all.map((_, i) => dots(i))));
    }
    await harassed;
    expect(problems).toHaveLength(12);
    expect((await viewOf()).refused.length).toBeGreaterThan(2);
    // The round is over; and in the next one every message of this one is a stranger.
    const last = sent.at(-1) as Message;
    expect(await post(at, last.slice(0, -1))).toBe('410 round-over');
    const again = playAll(devices(), around);
    const whereIs = async (): Promise<string> => {
      const { round, stage } = await viewOf();
      return `${round} ${stage}`;
    };
    await expect.poll(whereIs).toMatch(/^2 (?!lobby)/);
    expect(await post('/api/rounds/2/messages', last)).toMatch(/^4\d\d (wrong-round|round-over)/);
    expect((await again).every(({ status }) => status === 'fulfilled')).toBe(true);
  } finally {
    globalThis.fetch = own;
  }
  expect(problems.every(({ detail }) => detail.length > 0)).toBe(true);
}, 60_000);

test('a seat is for who has the key; who goes leaves it, and two of one name are told apart', async () => {
  const around = await serve(undefined);
  const kim = inMemorySigner();
  const seat = (name: string, proof: Uint8Array, signal?: AbortSignal): Promise<Response> =>
    fetch(`${server.url}/api/seats`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', prefer: 'wait=0' },
      body: JSON.stringify({
        name,
        publicKey: bytesToHex(kim.publicKey),
        proof: bytesToHex(proof),
        simulated: false,
      }),
      ...(signal && { signal }),
    });
  expect((await seat('Kim', await inMemorySigner().sign(seatProof('Kim')))).status).toBe(403);
  expect((await seat('Eve', await kim.sign(seatProof('Kim')))).status).toBe(403);
  expect((await seat('<b>', await kim.sign(seatProof('<b>')))).status).toBe(400);
  expect((await seat('Å'.normalize('NFD'), await kim.sign(seatProof('Å')))).status).toBe(400);
  expect((await viewOf()).seated).toBe(0);
  expect((await seat('Kim', await kim.sign(seatProof('Kim')))).status).toBe(202);
  await expect.poll(async () => (await viewOf()).seated).toBe(1);
  // It does not ask again.
  await expect.poll(async () => (await viewOf()).seated, { timeout: 5_000 }).toBe(0);

  const settled = await playAll(
    devices().map((me, i) => ({ ...me, name: i < 3 ? 'Kim' : me.name })),
    around,
  );
  expect(verdictOf(settled[0]).statement?.contributors.slice().sort().slice(0, 3)).toEqual([
    'Kim',
    'Kim (2)',
    'Kim (3)',
  ]);

  // Whoever is between two requests when the round begins has the plan with the next one.
  await expect.poll(async () => (await viewOf()).round).toBe(2);
  expect((await seat('Kim', await kim.sign(seatProof('Kim')))).status).toBe(202);
  const others = devices().slice(1);
  for (const me of others) takePart(me, () => dots(0), around).catch(() => {});
  await expect.poll(async () => (await viewOf()).stage).toBe('advertise');
  const late = await seat('Kim', await kim.sign(seatProof('Kim')));
  expect(late.status).toBe(200);
  const { roster } = readDrawingPlan(new Uint8Array(await late.arrayBuffer()), around.agreement);
  expect(roster.clients.map(({ id }) => id)).toContain('Kim');
});

test('files, and nothing else, come with the policy; whoever waits is told when the server closes', async () => {
  const around = await serve(undefined);
  const home = await fetch(server.url);
  expect(await home.text()).toBe('the page');
  for (const path of ['', '/api/view', '/none', '/api/rounds/1/plan']) {
    const { headers } = await fetch(`${server.url}${path}`);
    expect(headers.get('content-security-policy'), path).toContain("default-src 'self'");
    expect(headers.get('x-content-type-options'), path).toBe('nosniff');
  }
  for (const path of ['/../package.json', '/%2e%2e/package.json', '/..%2fpackage.json', '/.git'])
    expect((await fetch(`${server.url}${path}`)).status, path).toBe(404);
  const waiting = takePart(newDevice('Kim'), () => sketch('heart', 0), { ...around, wait: 20 });
  const told = expect(waiting).rejects.toMatchObject({ code: 'closing' });
  await expect.poll(async () => (await viewOf()).seated).toBe(1);
  await server.close();
  await told;
  await serve(undefined);
});

test('the one command serves the page with a lobby full of neighbours, and ends when it is told to', async () => {
  await serve(undefined);
  const main = new URL('../../examples/06-live-round/main.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, ['--conditions=@veilsum/source', main, '0'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  try {
    const [said] = (await once(child.stdout, 'data')) as [Buffer];
    const [url] = /http:\S+/.exec(String(said)) as RegExpExecArray;
    expect(await (await fetch(url)).text()).toContain('<h1>One picture by many hands</h1>');
    const seated = async () => ((await (await fetch(`${url}/api/view`)).json()) as View).seated;
    await expect.poll(seated, { timeout: 20_000 }).toBe(23);
  } finally {
    child.kill('SIGINT');
  }
  expect(await ended).toEqual([0, null]);
});
