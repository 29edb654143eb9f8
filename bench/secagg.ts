/** The masked sum: what a client and a coordinator spend on a round, in time and in bytes. */
import type { SuiteName } from 'veilsum/identity';
import {
  begin,
  close,
  type Downlink,
  type GraphParameters,
  mask,
  saveCoordinator,
  share,
  unmask,
} from 'veilsum/secagg';
import { decodeEnvelope } from 'veilsum/wire';
import { encodeAdvertsDownlink } from '../src/secagg/downlinks.ts';
import { neighbours } from '../src/secagg/graph.ts';
import {
  type Book,
  interleave,
  openBook,
  progress,
  type Report,
  settle,
  stopwatch,
  timing,
} from './harness.ts';
import { rawAgreements, rawKeystream, rawVerifications } from './native.ts';
import {
  adverts,
  answers,
  CONTEXT,
  deliver,
  downlinkOf,
  forgetIdentityKeys,
  type Masks,
  MODULUS_BITS,
  planned,
  type Stage,
  stage,
  take,
  untilConfirmed,
  vectorOf,
  withDegree,
} from './rehearsal.ts';
import {
  latticeAdding,
  latticeBytes,
  latticeMemory,
  latticeUnmask,
  latticeVectors,
} from './secagg-lattice.ts';
import { maskThreads } from './threads.ts';
import { type BeforeUnmask, digest, threadStage, unmaskStage } from './unmask.ts';

const SHORT = 100_000;
const TINY = 100;
const LONG = 1_000_000;

/** The most that a client's mask step may take at d = 10^6, in ms, by degree. */
const MASK_BOUNDS: Readonly<Record<number, number>> = { 42: 75, 100: 170 };

/** The most that unmask may take on two threads among 500, in ms, by length. */
const THREAD_BOUNDS: Readonly<Record<number, number>> = { [SHORT]: 450, [LONG]: 3_000 };

/** Measures this room: some eight minutes, with `long` some more. */
export async function secagg(options: { readonly long: boolean }): Promise<Report> {
  const book = openBook();
  progress('secagg: warming up');
  await clientStages(openBook(), 10, SHORT, 3, []);
  for (const degree of [20, 42, 50, 100]) {
    const shares: ShareSample[] = [];
    for (const length of [SHORT, LONG]) {
      progress(`secagg: client share and mask, k=${degree}, d=${length}`);
      const isBound = length === LONG && MASK_BOUNDS[degree] !== undefined;
      const samples = isBound ? 7 : degree === 100 ? 3 : 6;
      await clientStages(book, degree, length, samples, shares);
    }
    shareStage(book, degree, shares);
  }
  await wholeRound(book, planned(50, 'active'), SHORT, 3);
  await wholeRound(book, planned(100, 'active'), SHORT, 3);
  await wholeRound(book, planned(100, 'active'), LONG, 2);
  progress('secagg: masks on one thread and on two');
  await maskThreads(book, LONG);
  const many = planned(500, 'semi-honest');
  await wholeRound(book, many, SHORT, 3, { threads: THREAD_BOUNDS });
  const pairwise = await wholeRound(book, many, LONG, 2, { threads: THREAD_BOUNDS });
  await latticeVectors(book);
  await latticeAdding(book, LONG);
  await latticeMemory(book);
  await latticeBytes(book, many, LONG);
  const lattice = await untilAnswered(book, many, LONG, 'x25519', 'lattice');
  await latticeUnmask(book, `n=500,k=${many.degree},d=${LONG}`, { pairwise, lattice }, 9);
  if (options.long) {
    await wholeRound(book, many, SHORT, 3, { suite: 'x25519-mlkem768', threads: {} });
    await wholeRound(book, planned(500, 'active'), SHORT, 3, { threads: {} });
  }
  for (const suite of ['x25519', 'x25519-mlkem768'] as const) {
    for (const degree of [20, 50, 100]) await clientBytes(book, suite, degree);
  }
  return book.report();
}

/** One share step of a client that meets its neighbours' keys for the first time, one of a client that does not, and what bounds them. */
export type ShareSample = Readonly<Record<'share' | 'bound' | 'known' | 'knownBound', number>>;

/** k X25519 agreements and k Ed25519 verifications, and nothing else. */
const asymmetric = (degree: number, keys: 'new' | 'known'): number =>
  rawAgreements(degree, keys) + rawVerifications(degree, keys);

/** A client before mask: its state, its downlink and its vector. */
type BeforeMask = Parameters<typeof mask>;

/**
 * A round with an exact degree up to mask. Timed is the share step of two clients: one that meets its
 * neighbours' keys for the first time as in a process of its own, and one that does not. Nothing but
 * these two stays in memory.
 */
async function untilMask(
  degree: number,
  length: number,
  shares: ShareSample[],
): Promise<readonly [BeforeMask, BeforeMask]> {
  const at = await stage(withDegree(degree), length);
  const first = await adverts(at);
  const [one, two] = [0, 1].map((i) => first.cast.get(i)) as [ShareState, ShareState];
  const rest = new Map([...first.cast].filter(([i]) => i > 1));

  const bound = asymmetric(degree, 'new');
  // Handed over by hand: a coordinator in this process would meet the identity keys first.
  const early = advertsFor(at, 0, first.messages);
  const [ms, firstShared] = await stopwatch(() => share(one, early));
  const sharing = deliver(begin(at.terms, { context: CONTEXT }), first.messages);
  const knownBound = asymmetric(degree, 'known');
  const down = downlinkOf(at, sharing.downlinks, 1) as Downlink<'share'>;
  const [known, secondShared] = await stopwatch(() => share(two, down));
  shares.push({ share: ms, bound, known, knownBound });

  const others = await answers(at, 'share', rest, sharing.downlinks);
  const messages = [firstShared.message, secondShared.message, ...others.messages];
  const { downlinks } = deliver(sharing.next, messages);
  const before = (i: number, state: BeforeMask[0]): BeforeMask => [
    state,
    downlinkOf(at, downlinks, i) as BeforeMask[1],
    [vectorOf(at, i)],
  ];
  return [before(0, firstShared.next), before(1, secondShared.next)];
}

type ShareState = Parameters<typeof share>[0];

/** Share and mask of one client: the first in its round to do the step, and the second. */
async function clientStages(
  book: Book,
  degree: number,
  length: number,
  samples: number,
  shares: ShareSample[],
): Promise<void> {
  const known: number[] = [];
  const times = await interleave(samples, {
    ours: async () => {
      const sample = await maskSample(degree, length, shares);
      known.push(sample.known);
      return sample.mask;
    },
    keystream: () => {
      if (length === LONG) settle();
      return rawKeystream(degree + 1, 4 * length);
    },
  });
  const name = `secagg/client/mask/k=${degree},d=${length}`;
  const against = `${name}/keystream`;
  book.time(against, times.keystream);
  const bound = length === LONG ? MASK_BOUNDS[degree] : undefined;
  book.time(name, times.ours, [against, times.keystream], bound);
  book.time(`${name}/keys-known`, timing(known), [against, times.keystream]);
}

/**
 * Milliseconds of the mask steps of two clients: one that meets its neighbours' keys for the first time, and
 * one that does not. On the way their share steps.
 */
export async function maskSample(
  degree: number,
  length: number,
  shares: ShareSample[],
): Promise<{ readonly mask: number; readonly known: number }> {
  const small = length === LONG ? await smallRound(degree) : [];
  const [one, two] = await untilMask(degree, length, shares);
  await settleWarm(small.slice(0, WARM_UPS));
  const [ms] = await stopwatch(() => mask(...one));
  await settleWarm(small.slice(WARM_UPS));
  const [known] = await stopwatch(() => mask(...two));
  return { mask: ms, known };
}

/** Clients of a small round that mask before a long step is timed. */
const WARM_UPS = 8;

/** A round of the same degree, with vectors of next to nothing, up to mask. */
async function smallRound(degree: number): Promise<readonly BeforeMask[]> {
  const at = await stage(withDegree(degree), TINY);
  const first = await adverts(at);
  const sharing = deliver(begin(at.terms, { context: CONTEXT }), first.messages);
  const shared = await answers(at, 'share', first.cast, sharing.downlinks);
  const { downlinks } = deliver(sharing.next, shared.messages);
  return Array.from(
    { length: 2 * WARM_UPS },
    (_, i): BeforeMask => [
      shared.cast.get(i) as BeforeMask[0],
      downlinkOf(at, downlinks, i) as BeforeMask[1],
      [vectorOf(at, i)],
    ],
  );
}

/**
 * Collects garbage before a long step. The engine drops code that it compiled for objects which are gone
 * by then, so clients of a small round do the step first.
 */
async function settleWarm(small: readonly BeforeMask[]): Promise<void> {
  if (small.length === 0) return;
  settle();
  for (const before of small) await mask(...before);
}

function shareStage(book: Book, degree: number, shares: readonly ShareSample[]): void {
  const name = `secagg/client/share/k=${degree}`;
  const of = (what: keyof ShareSample) => timing(shares.map((sample) => sample[what]));
  const [against, againstKnown] = [`${name}/asymmetric`, `${name}/keys-known/asymmetric`];
  book.time(against, of('bound'));
  book.time(name, of('share'), [against, of('bound')]);
  book.time(againstKnown, of('knownBound'));
  book.time(`${name}/keys-known`, of('known'), [againstKnown, of('knownBound')]);
}

/** The downlink that the coordinator would send to a client if all adverts were in. */
function advertsFor(at: Stage, self: number, messages: readonly Uint8Array[]) {
  const near = neighbours(at.terms.graph, self).map(({ index }) => index);
  const limits = { header: 4096, payload: 0 };
  const said = near
    .sort((a, b) => a - b)
    .map((index) => decodeEnvelope(messages[index] as Uint8Array, limits));
  return encodeAdvertsDownlink(at.terms, self, { adverts: said });
}

/**
 * A whole round with its clients, and then the coordinator by itself, without their garbage.
 *
 * @param options.suite - X25519 unless the caller says otherwise.
 * @param options.threads - if unmask on worker threads is to be measured too: the bounds for two of them,
 * in ms by length, as far as there are any.
 */
async function wholeRound(
  book: Book,
  parameters: GraphParameters,
  length: number,
  samples: number,
  options: {
    readonly suite?: SuiteName;
    readonly threads?: Readonly<Record<number, number>>;
  } = {},
): Promise<BeforeUnmask> {
  const { suite = 'x25519', threads } = options;
  const { clients, degree } = parameters;
  const named = suite === 'x25519' ? '' : `${suite},`;
  const where = `${named}n=${clients},k=${degree},d=${length}`;
  progress(`secagg: whole round, ${where}`);
  const before = await untilAnswered(book, parameters, length, suite);
  const name = `secagg/coordinator/unmask/${where}`;
  await unmaskStage(book, name, before, samples, { isColdly: length === SHORT });
  if (threads !== undefined) await threadStage(book, name, before, threads[length]);
  return before;
}

/**
 * A round of which 10 % vanish after share and before mask, up to the moment when all answers are in.
 * On the way (for short vectors, since the length does not matter) verification of confirmations.
 */
export async function untilAnswered(
  book: Book,
  parameters: GraphParameters,
  length: number,
  suite: SuiteName,
  masks: Masks = 'pairwise',
): Promise<BeforeUnmask> {
  const at = await stage(parameters, length, suite, masks);
  const isGone = (i: number): boolean => i % 10 === 9;
  const confirmed = await untilConfirmed(at, isGone);
  const { confirming } = confirmed;
  const [acceptMs] = await stopwatch(() => take(confirming, confirmed.messages));
  const survivors = confirmed.messages.length;
  const closed = close(confirming);
  const answered =
    length === SHORT && suite === 'x25519'
      ? await quorum(book, at, closed, confirmed.cast, { survivors, acceptMs })
      : new Map<number, Uint8Array>();
  const rest = new Map([...confirmed.cast].filter(([i]) => !answered.has(i)));
  const last = await answers(at, 'unmask', rest, closed.downlinks);
  take(closed.next, [...answered.values(), ...last.messages] as never);
  return {
    terms: at.terms,
    saved: saveCoordinator(closed.next),
    digest: sumOfThoseLeft(at, isGone),
  };
}

/** How many signatures a downlink of unmask makes its client verify: a quorum, and mask headers. */
const signaturesFor = (at: Stage, self: number, isGone: (i: number) => boolean): number =>
  at.terms.quorum + neighbours(at.terms.graph, self).filter(({ index }) => !isGone(index)).length;

/** Verification of confirmations: at the coordinator one each, at a client a quorum of them. */
async function quorum(
  book: Book,
  at: Stage,
  closed: Awaited<ReturnType<typeof close<'confirm'>>>,
  cast: Awaited<ReturnType<typeof untilConfirmed>>['cast'],
  { survivors, acceptMs }: { readonly survivors: number; readonly acceptMs: number },
): Promise<Map<number, Uint8Array>> {
  const where = `n=${at.ids.length},k=${at.terms.parameters.degree}`;
  const raw = timing([0, 1, 2].map(() => rawVerifications(survivors, 'known')));
  const acceptName = `secagg/coordinator/accept-confirm/${where}`;
  book.time(`${acceptName}/ed25519`, raw);
  book.time(acceptName, timing([acceptMs]), [`${acceptName}/ed25519`, raw]);

  const answered = new Map<number, Uint8Array>();
  const chosen = [...cast].slice(0, 10);
  for (const keys of ['new', 'known'] as const) {
    const name = `secagg/client/verify-quorum/${where}${keys === 'known' ? '/keys-known' : ''}`;
    const against = `${name}/ed25519`;
    const signatures = signaturesFor(at, (chosen[0] as [number, never])[0], (i) => i % 10 === 9);
    const times = await interleave(keys === 'new' ? 2 : 7, {
      ours: async () => {
        const [i, state] = chosen.shift() as (typeof chosen)[number];
        if (keys === 'new') forgetIdentityKeys();
        const down = downlinkOf(at, closed.downlinks, i) as never;
        const [ms, { message }] = await stopwatch(() => unmask(state, down));
        answered.set(i, message);
        at.sent[i] = (at.sent[i] as number) + message.length;
        return ms;
      },
      ed25519: () => rawVerifications(signatures, keys),
    });
    book.time(against, times.ed25519);
    book.time(name, times.ours, [against, times.ed25519]);
  }
  return answered;
}

/** The plain sum of the vectors of those who did not vanish. */
function sumOfThoseLeft(at: Stage, isGone: (i: number) => boolean): string {
  const inside = at.ids.map((_, i) => i).filter((i) => !isGone(i));
  const positions = inside.reduce((sum, i) => sum + i, 0);
  const { length } = at.terms.fields[0] as { length: number };
  const sum = new Uint32Array(length);
  for (let j = 0; j < length; j++) sum[j] = positions + inside.length * (j & 255);
  return digest(sum);
}

/** All that one client sends in a whole round, in bytes: the most that any client of the round sent. */
export async function mostSent(suite: SuiteName, degree: number): Promise<number> {
  const at = await stage(withDegree(degree), SHORT, suite);
  const confirmed = await untilConfirmed(at, () => false);
  take(confirmed.confirming, confirmed.messages);
  const closed = close(confirmed.confirming);
  const last = await answers(at, 'unmask', confirmed.cast, closed.downlinks);
  take(closed.next, last.messages);
  return Math.max(...at.sent);
}

async function clientBytes(book: Book, suite: SuiteName, degree: number): Promise<void> {
  progress(`secagg: bytes, ${suite}, k=${degree}`);
  const most = await mostSent(suite, degree);
  const vector = (SHORT * MODULUS_BITS) / 8;
  const beyond = 250 * degree + 1000 + (suite === 'x25519' ? 0 : 1750 * degree + 3000);
  const name = `secagg/client/bytes/${suite},k=${degree},d=${SHORT},b=${MODULUS_BITS}`;
  book.bytes(name, most, Math.floor(1.02 * vector) + beyond, 'bound');
  // Without the two per cent, which at this length would hide much.
  book.bytes(`${name}/beyond-vector`, most - vector, beyond, 'bound');
}
