/**
 * A page that encrypts: build it, serve it, and open it in a browser.
 *
 *     node --conditions=@veilsum/source examples/encrypted-page/main.ts
 *
 * Where to look: client.ts is all that the page does for the sum, hosted-round.ts the other side.
 */
import { join, resolve } from 'node:path';
import { inMemorySigner } from 'veilsum';
import { openSeal } from 'veilsum/he';
import { say } from '../digits/terminal.ts';
import { buildPage } from './build.ts';
import { servePage } from './server.ts';

const folder = join(resolve('demo-output'), 'encrypted-page');
const voucher = inMemorySigner();
await buildPage(folder, voucher.publicKey);
const seal = await openSeal();
const port = Number(process.argv[2] ?? 8080);
const { url } = await servePage(folder, { seal, voucher, patience: 60_000 }, port);
say(`Open ${url} in a browser, draw, and send. Ctrl+C ends it.`);
