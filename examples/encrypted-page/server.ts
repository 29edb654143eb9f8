/** The server: hands out the built page, and carries messages between it and a round. `node:http`, no more. */
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import type { Outcome } from './client.ts';
import { type HostedRound, type Hosting, hostRound } from './hosted-round.ts';

/** A server that runs. */
export type PageServer = {
  readonly url: string;
  readonly close: () => Promise<void>;
};

/** Nothing but the page's own files; WebAssembly may run, text may not become code. */
export const POLICY =
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.wasm': 'application/wasm',
};

/** No message of a round is longer. */
const MOST_BYTES = 2 ** 20;

/** Rounds that are kept: the oldest makes room. */
const MOST_ROUNDS = 4;

/** What a request comes to. */
type Answer = {
  readonly status: number;
  readonly type: string;
  readonly body: Uint8Array | string;
};

const bytesOf = (body: Uint8Array): Answer => ({
  status: 200,
  type: 'application/octet-stream',
  body,
});
const refusal = (status: number, body: string): Answer => ({ status, type: 'text/plain', body });
const NOT_FOUND = refusal(404, 'there is nothing here');

/**
 * Serves on 127.0.0.1.
 *
 * @param folder the built page; its files are read once
 * @param port 0 for any that is free
 */
export async function servePage(
  folder: string,
  hosting: Hosting,
  port: number = 0,
): Promise<PageServer> {
  const files = await filesIn(folder);
  const rounds = new Map<string, HostedRound>();

  const answerTo = async (request: IncomingMessage): Promise<Answer> => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    if (request.method === 'GET') {
      const file = files.get(pathname === '/' ? '/index.html' : pathname);
      if (file !== undefined) return file;
      if (pathname === '/favicon.ico') return { status: 204, type: 'image/x-icon', body: '' };
    }
    const message = request.method === 'POST' ? await bodyOf(request) : new Uint8Array(0);
    if (message === undefined) return refusal(413, `more than ${MOST_BYTES} bytes`);
    if (pathname === '/enrol') return enrol(message);
    const [, id = '', step = ''] = /^\/rounds\/([0-9a-f]{64})\/(\w+)$/.exec(pathname) ?? [];
    const round = rounds.get(id);
    return round === undefined ? NOT_FOUND : stepOf(round, step, message);
  };

  const enrol = async (publicKey: Uint8Array): Promise<Answer> => {
    const round = await hostRound(publicKey, hosting);
    rounds.set(Buffer.from(round.plan.roundId).toString('hex'), round);
    if (rounds.size > MOST_ROUNDS) rounds.delete(rounds.keys().next().value as string);
    return bytesOf(round.plan.bytes);
  };

  const server = createServer((request, response) => {
    answerTo(request)
      .catch((error: unknown) => refusal(409, String(error)))
      .then((answer) => send(response, answer));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The page's steps, by the names in its requests. */
async function stepOf(round: HostedRound, step: string, message: Uint8Array): Promise<Answer> {
  if (step === 'key' || step === 'root') return bytesOf(await round[step]());
  if (step === 'commit' || step === 'chunk') {
    const fault = await round[step](message);
    return fault === undefined ? bytesOf(new Uint8Array(0)) : refusal(409, fault.message);
  }
  if (step !== 'sum') return NOT_FOUND;
  const { contributors, missing, sums, assumptions } = await round.sum();
  const outcome: Outcome = {
    contributors,
    missing,
    sums: [...sums],
    assumptions: assumptions.map(({ text }) => text),
  };
  return { status: 200, type: 'application/json', body: JSON.stringify(outcome) };
}

async function filesIn(folder: string): Promise<ReadonlyMap<string, Answer>> {
  const files = new Map<string, Answer>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const type = TYPES[extname(path)] ?? 'application/octet-stream';
    files.set(path.slice(folder.length), { status: 200, type, body: await readFile(path) });
  }
  return files;
}

/** The body, or nothing if it is too long. */
async function bodyOf(request: IncomingMessage): Promise<Uint8Array | undefined> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > MOST_BYTES) return undefined;
    parts.push(part);
  }
  return Uint8Array.from(Buffer.concat(parts));
}

function send(response: ServerResponse, { status, type, body }: Answer): void {
  response.writeHead(status, {
    'content-type': type,
    'content-security-policy': POLICY,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
  });
  response.end(status === 204 ? undefined : body);
}
