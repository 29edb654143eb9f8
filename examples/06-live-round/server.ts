/**
 * The server: hands out the built page, and carries requests to a host, with Fastify. A request that cannot
 * be answered yet is answered 202, "ask again": browsers give all tabs of one site six connections together,
 * so none of them may be held for long.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import files from '@fastify/static';
import fastify, { type FastifyError, type FastifyReply, type FastifyRequest } from 'fastify';
import { type Hosting, openHost } from './host.ts';
import type { Problem, SeatRequest } from './messages.ts';

/** A server that runs. */
export type LiveServer = {
  readonly url: string;
  /** Tells whoever waits, ends the round, and is done when all is closed. */
  readonly close: () => Promise<void>;
};

/** Nothing but the page's own files; WebAssembly may run, text may not become code. */
export const POLICY =
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

/** No message of a round is longer. */
const MOST_BYTES = 2 ** 16;

/** An answer is held back no longer than this, in seconds. */
const LONGEST_WAIT = 20;

const SEAT = {
  body: {
    type: 'object',
    required: ['name', 'publicKey', 'proof', 'simulated'],
    additionalProperties: false,
    properties: {
      name: { type: 'string', pattern: "^[\\p{L}\\p{N}][\\p{L}\\p{N} .'-]{0,19}$" },
      publicKey: { type: 'string', pattern: '^[0-9a-f]{64}$' },
      proof: { type: 'string', pattern: '^[0-9a-f]{128}$' },
      simulated: { type: 'boolean' },
    },
  },
};

const ROUND = {
  params: {
    type: 'object',
    properties: { round: { type: 'integer', minimum: 1, maximum: 2 ** 31 } },
  },
};

const AFTER = {
  querystring: { type: 'object', properties: { after: { type: 'integer', minimum: 0 } } },
};

type OfRound = { Params: { round: number } };

/**
 * Serves on 127.0.0.1.
 *
 * @param folder the built page
 * @param port 0 for any that is free
 */
export async function serveRounds(
  folder: string,
  hosting: Hosting,
  port: number = 0,
): Promise<LiveServer> {
  const host = openHost(hosting);
  const app = fastify({
    bodyLimit: MOST_BYTES,
    requestTimeout: 10_000,
    forceCloseConnections: true,
    ajv: { customOptions: { coerceTypes: true, removeAdditional: false } },
  });
  app.server.maxConnections = 500;
  app.removeContentTypeParser('text/plain');
  app.addContentTypeParser(
    'application/octet-stream',
    { parseAs: 'buffer' },
    (_request, body, done) => done(null, body),
  );
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers(HEADERS);
  });
  app.setErrorHandler((error: FastifyError, _request, reply) => refuse(reply, error));
  app.setNotFoundHandler((_request, reply) =>
    refuse(reply, { statusCode: 404, code: 'not-found', message: 'there is nothing here' }),
  );
  await app.register(files, { root: folder, cacheControl: false, etag: false });

  app.post<{ Body: SeatRequest }>('/api/seats', { schema: SEAT }, async (request, reply) => {
    const wait = waitOf(request);
    reply.raw.once('close', () => {
      if (!reply.raw.writableFinished) host.lobby.leave(request.body);
    });
    return sendBytes(reply, await host.lobby.ask(request.body, wait));
  });
  app.post<OfRound & { Body: Buffer }>(
    '/api/rounds/:round/messages',
    { schema: ROUND },
    (request, reply) => {
      const { body, params } = request;
      const message = Buffer.isBuffer(body) ? Uint8Array.from(body) : new Uint8Array();
      return held(reply, host.take(params.round, message), waitOf(request));
    },
  );
  for (const what of ['plan', 'bundle'] as const) {
    app.get<OfRound>(`/api/rounds/:round/${what}`, { schema: ROUND }, ({ params }, reply) =>
      sendBytes(reply, host.published(params.round, what)),
    );
  }
  app.get<{ Querystring: { after?: number } }>(
    '/api/view',
    { schema: AFTER },
    async (request, reply) => {
      const { after } = request.query;
      if (after !== undefined) await host.board.change(after, waitOf(request));
      return reply.send(host.board.view());
    },
  );

  const url = await app.listen({ port, host: '127.0.0.1' });
  return {
    url,
    close: async () => {
      await host.close();
      await app.close();
    },
  };
}

/** The seconds of a header `Prefer: wait=…` (RFC 7240), in milliseconds; 1 s unless said. */
function waitOf({ headers }: FastifyRequest): number {
  const [, seconds = '1'] = /^wait=(\d{1,4})$/.exec(String(headers.prefer ?? '')) ?? [];
  return 1_000 * Math.min(LONGEST_WAIT, Number(seconds));
}

/** Sends what is promised, or "not yet". */
async function held(
  reply: FastifyReply,
  promised: Promise<Uint8Array>,
  wait: number,
): Promise<FastifyReply> {
  const done = new AbortController();
  const late = sleep(wait, undefined, { ref: false, signal: done.signal }).catch(() => undefined);
  try {
    return sendBytes(reply, await Promise.race([promised, late]));
  } finally {
    done.abort();
  }
}

/** Sends bytes, or 202 if there are none yet: ask again. */
const sendBytes = (reply: FastifyReply, bytes: Uint8Array | undefined): FastifyReply =>
  bytes === undefined
    ? reply.code(202).send()
    : reply.type('application/octet-stream').send(Buffer.from(bytes));

/** Says what is wrong. What is the server's own fault is told in no detail. */
function refuse(
  reply: FastifyReply,
  { statusCode = 500, code, message }: Pick<FastifyError, 'statusCode' | 'code' | 'message'>,
): FastifyReply {
  const isOwn = statusCode >= 500 && !(statusCode === 503);
  const said: Problem = {
    type: 'about:blank',
    title: TITLES[statusCode] ?? 'Refused',
    status: statusCode,
    code: isOwn ? 'internal' : code,
    detail: isOwn ? 'something is wrong with the server' : message,
  };
  return reply.code(statusCode).type('application/problem+json').send(JSON.stringify(said));
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  403: 'Forbidden',
  404: 'Not found',
  409: 'Conflict',
  410: 'Gone',
  413: 'Too large',
  415: 'Unsupported type',
  500: 'Server error',
  503: 'Not now',
};
