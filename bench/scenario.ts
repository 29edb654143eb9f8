/**
 * Whole rounds: what everybody together spends, in time and in bytes, for clients × elements × dropout;
 * and how that grows with the vector and with the number of clients.
 */
import {
  begin,
  beginUpload,
  close,
  feedUpload,
  finishUpload,
  openStaging,
  type Upload,
} from 'veilsum/secagg';
import {
  type Book,
  openBook,
  progress,
  type Report,
  settle,
  stopwatch,
  timing,
} from './harness.ts';
import {
  adverts,
  answers,
  CONTEXT,
  deliver,
  MODULUS_BITS,
  planned,
  type Stage,
  stage,
  take,
  withDegree,
} from './rehearsal.ts';

/** Measures this room: about three minutes. */
export async function scenario(options: { readonly long: boolean }): Promise<Report> {
  const book = openBook();
  progress('scenario: warming up');
  await roundOf(await stage(withDegree(6), 50_000), 0);
  for (const clients of [20, 50, 100]) {
    for (const length of clients === 100 ? [100_000] : [100_000, 1_000_000]) {
      for (const dropout of [0, 0.1]) await wholeRound(book, clients, length, dropout);
    }
  }
  if (options.long) {
    for (const dropout of [0, 0.1]) await wholeRound(book, 100, 1_000_000, dropout);
  }
  await growth(book);
  await memory(book);
  return book.report();
}

type Spent = {
  /** Milliseconds of all clients together, and of the coordinator. */
  readonly clients: number;
  readonly coordinator: number;
  /** Bytes that the busiest client sent; bytes that all of them received. */
  readonly sent: number;
  readonly received: number;
};

/** Plays a round in which every so many clients vanish after share and before mask. */
async function roundOf(at: Stage, dropout: number): Promise<Spent> {
  const every = dropout === 0 ? Number.POSITIVE_INFINITY : Math.round(1 / dropout);
  const isGone = (i: number): boolean => i % every === every - 1;
  const spent = { clients: 0, coordinator: 0, received: 0 };
  const client = async <T>(work: () => Promise<T>): Promise<T> => {
    const [ms, value] = await stopwatch(work);
    spent.clients += ms;
    return value;
  };
  const coordinator = async <T>(work: () => T): Promise<T> => {
    const [ms, value] = await stopwatch(work);
    spent.coordinator += ms;
    return value;
  };
  const handOut = <D extends ReadonlyMap<unknown, Uint8Array>>(downlinks: D): D => {
    for (const { length } of downlinks.values()) spent.received += length;
    return downlinks;
  };
  const first = await client(() => adverts(at));
  const sharing = await coordinator(() =>
    deliver(begin(at.terms, { context: CONTEXT }), first.messages),
  );
  const second = await client(() => answers(at, 'share', first.cast, handOut(sharing.downlinks)));
  const masking = await coordinator(() => deliver(sharing.next, second.messages));
  const third = await client(() =>
    answers(at, 'mask', second.cast, handOut(masking.downlinks), isGone),
  );
  const confirming = await coordinator(() => deliver(masking.next, third.messages));
  const fourth = await client(() =>
    answers(at, 'confirm', third.cast, handOut(confirming.downlinks)),
  );
  const unmasking = await coordinator(() => deliver(confirming.next, fourth.messages));
  const fifth = await client(() =>
    answers(at, 'unmask', fourth.cast, handOut(unmasking.downlinks)),
  );
  const { next } = await coordinator(() => {
    take(unmasking.next, fifth.messages);
    return close(unmasking.next);
  });
  check(at, isGone, next.sums[0] as Uint32Array);
  return { ...spent, sent: Math.max(...at.sent) };
}

/** The sum is the plain sum of those who stayed; see `vectorOf`. */
function check(at: Stage, isGone: (i: number) => boolean, sum: Uint32Array): void {
  const inside = at.ids.map((_, i) => i).filter((i) => !isGone(i));
  const positions = inside.reduce((total, i) => total + i, 0);
  const wrong = sum.findIndex((word, j) => word !== positions + inside.length * (j & 255));
  if (wrong >= 0) throw new Error(`benchmark round: element ${wrong} of the sum is wrong`);
}

async function wholeRound(
  book: Book,
  clients: number,
  length: number,
  dropout: number,
): Promise<void> {
  const name = `scenario/round/n=${clients},d=${length},dropped=${dropout * 100}%`;
  progress(name);
  const parameters = planned(clients, 'active');
  const found: Spent[] = [];
  for (let i = 0; i < 3; i++) {
    const at = await stage(parameters, length);
    settle();
    found.push(await roundOf(at, dropout));
  }
  const of = (what: keyof Spent) => found.map((spent) => spent[what]);
  book.time(`${name}/per-client`, timing(of('clients').map((ms) => ms / clients)));
  book.time(`${name}/coordinator`, timing(of('coordinator')));
  book.bytes(`${name}/sent-by-a-client`, Math.max(...of('sent')), null);
  book.bytes(
    `${name}/received-by-a-client`,
    Math.round(Math.max(...of('received')) / clients),
    null,
  );
}

/** The round at k = 10 takes a + b · d: b between 10^6 and 10^7, held against b between 10^5 and 10^6. */
async function growth(book: Book): Promise<void> {
  const lengths = [100_000, 1_000_000, 10_000_000];
  const found = new Map<number, number[]>(lengths.map((length) => [length, []]));
  for (let i = 0; i < 7; i++) {
    for (const length of lengths) {
      progress(`scenario: growth, d=${length}`);
      const at = await stage(withDegree(10), length);
      settle();
      const { clients, coordinator } = await roundOf(at, 0);
      found.get(length)?.push(clients + coordinator);
    }
  }
  const [short, middle, long] = lengths.map((length) => timing(found.get(length) ?? []));
  if (short === undefined || middle === undefined || long === undefined) return;
  for (const [i, of] of [short, middle, long].entries()) {
    book.time(`scenario/growth/k=10,d=${lengths[i]}`, of);
  }
  const slope = (a: typeof short, b: typeof short, elements: number) =>
    timing([((b.median - a.median) / elements) * 1_000_000]);
  const lower = slope(short, middle, 900_000);
  const upper = slope(middle, long, 9_000_000);
  book.time('scenario/growth/per-million,10^5-to-10^6', lower);
  book.time('scenario/growth/per-million,10^6-to-10^7', upper);
  const against = ['scenario/growth/per-million,10^5-to-10^6', lower] as const;
  book.ratio('scenario/growth/linear', upper, against, 1.15);
}

/** What a coordinator with two places takes while n uploads come in chunks, beyond those places. */
async function memory(book: Book): Promise<void> {
  const length = 1_000_000;
  for (const clients of [10, 40]) {
    progress(`scenario: memory while accepting, n=${clients}`);
    const at = await stage({ ...withDegree(6), clients, defaultFloor: clients }, length);
    const first = await adverts(at);
    const sharing = deliver(begin(at.terms, { context: CONTEXT }), first.messages);
    const second = await answers(at, 'share', first.cast, sharing.downlinks);
    const masking = deliver(sharing.next, second.messages);
    // All uploads are there before, as on the network: what grows is the coordinator's.
    const uploads = await answers(at, 'mask', second.cast, masking.downlinks);
    const staging = openStaging(masking.next, { places: 2 });
    settle();
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    for (const message of uploads.messages) {
      receive(staging, message);
      settle();
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }
    if (close(masking.next).downlinks.size !== clients)
      throw new Error('memory: an upload is missing');
    const packed = (length * MODULUS_BITS) / 8;
    book.bytes(
      `scenario/coordinator/memory-growth/n=${clients},d=${length}`,
      Math.max(0, most),
      packed,
      'bound',
    );
  }
}

function receive(staging: ReturnType<typeof openStaging>, message: Uint8Array): void {
  const upload = beginUpload(staging) as Upload;
  for (let at = 0; at < message.length; at += 65_536) {
    if (feedUpload(upload, message.subarray(at, at + 65_536)) !== undefined) {
      throw new Error('memory: an upload was refused');
    }
  }
  if (finishUpload(upload) !== undefined) throw new Error('memory: an upload was refused');
}
