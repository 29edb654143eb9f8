/**
 * A live round: a page on which anybody can draw, a coordinator over HTTP, and the sum of all drawings.
 *
 *     node --conditions=@veilsum/source examples/06-live-round/main.ts
 *
 * Open the address that it prints, in several tabs if you like, and close one in the middle of a round.
 * The port is an argument; `exact` as a second one leaves the noise out.
 *
 * Where to look: device.ts is all that a client does, hosted-round.ts the coordinator's side of a round.
 */
import { join, resolve } from 'node:path';
import { inMemorySigner } from 'veilsum';
import { say } from '../digits/terminal.ts';
import type { Agreement } from './agreement.ts';
import { buildPage } from './build.ts';
import { startNeighbours } from './neighbours.ts';
import { serveRounds } from './server.ts';

const SEATS = 24;
const [port = '8080', exact] = process.argv.slice(2);
const folder = join(resolve('demo-output'), 'live-round');
const voucher = inMemorySigner();
const run = exact === 'exact' ? undefined : { epsilon: 8, delta: 1e-5, rounds: 3 };
const agreement: Agreement = { voucher: voucher.publicKey, run };

await buildPage(folder, agreement);
const pace = { lobby: 6_000, least: 1_500, patience: 10_000, result: 15_000 };
const server = await serveRounds(folder, { voucher, run, seats: SEATS, pace }, Number(port));
const end = startNeighbours(SEATS - 1, { server: server.url, agreement, vanishing: 1 });
say(`Open ${server.url} in a browser, draw, and join. Ctrl+C ends it.`);

process.once('SIGINT', async () => {
  await end();
  await server.close();
});
