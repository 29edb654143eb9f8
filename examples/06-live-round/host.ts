/**
 * The coordinator's life: a lobby, a round, its result, and again, as long as its ledger pays. It knows
 * nothing of HTTP; server.ts carries requests here.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ClientId,
  clientId,
  noNoise,
  plan,
  planBytes,
  type Result,
  type Signer,
  signRoster,
  skellam,
} from 'veilsum';
import { inMemoryStorage, type Ledger, openLedger, type Receipt, readOdometer } from 'veilsum/dp';
import { verifySignature } from 'veilsum/identity';
import {
  COMMITMENTS,
  type DrawingPlan,
  FIELDS,
  nameOfRound,
  type Run,
  TRUST,
} from './agreement.ts';
import { THEMES } from './drawing.ts';
import { type HostedRound, hostRound, type Pace } from './hosted-round.ts';
import { hexToBytes, type SeatRequest, seatProof } from './messages.ts';
import { problem } from './problem.ts';
import { type Board, openBoard } from './view.ts';

/** What a host is given. */
export type Hosting = {
  /** Signs the rosters; here the server has it, elsewhere somebody who knows the people. */
  readonly voucher: Signer;
  /** What a run may cost; nothing for exact sums. */
  readonly run: Run | undefined;
  /** Clients of a round, always as many: the price depends on it. */
  readonly seats: number;
  readonly pace: Pace & {
    /** From the first visitor to the first phase, in milliseconds. */
    readonly lobby: number;
    /** How long a result is shown before the next lobby opens. */
    readonly result: number;
  };
};

/** What requests come to. */
export type Host = {
  /** Keeps a seat for a while; the promise is for the plan, once the round begins. */
  readonly seat: (request: SeatRequest, forMilliseconds: number) => Promise<Uint8Array>;
  /** Gives a seat up. */
  readonly leave: (request: SeatRequest) => void;
  /** @throws a problem where the message is refused */
  readonly take: (round: number, message: Uint8Array) => Promise<Uint8Array>;
  /** The plan of a round that began, or the proof bundle of one that ended well. */
  readonly published: (round: number, what: 'plan' | 'bundle') => Uint8Array;
  readonly board: Pick<Board, 'view' | 'after'>;
  /** Ends the round that runs: whoever waits is told. */
  readonly close: () => Promise<void>;
};

/** Somebody who waits for a round to begin. */
type Waiting = {
  readonly request: SeatRequest;
  readonly answer: PromiseWithResolvers<Uint8Array>;
  /** On the clock of `performance`: who has not asked again by then is gone. */
  until: number;
};

/** A round that began. */
type Kept = {
  readonly hosted: HostedRound;
  readonly plan: Uint8Array;
  bundle: Uint8Array | undefined;
};

/** Rounds whose plan and proof are kept: the oldest makes room. */
const MOST_KEPT = 8;

/** Seats that are kept for people who wait, at most. */
const MOST_WAITING = 200;

/** Opens the lobby. */
export function openHost({ voucher, run, seats, pace }: Hosting): Host {
  const closing = new AbortController();
  const { signal } = closing;
  const lobby = new Map<string, Waiting>();
  const kept = new Map<number, Kept>();
  const board = openBoard(seats, pace.patience);
  let round = 0;

  const pause = (milliseconds: number): Promise<void> => sleep(milliseconds, undefined, { signal });

  /** Waits until all seats are taken, one of them by somebody real, and gives them out. */
  async function gather(): Promise<readonly Waiting[]> {
    let since: number | undefined;
    for (;;) {
      const now = performance.now();
      for (const [key, { until }] of lobby) if (until < now) lobby.delete(key);
      const all = [...lobby.values()];
      const visitors = all.filter(({ request }) => !request.simulated);
      since = visitors.length === 0 ? undefined : (since ?? now);
      const left = since === undefined ? undefined : Math.max(0, since + pace.lobby - now);
      board.seats(Math.min(seats, all.length), left);
      if (left === 0 && all.length >= seats) {
        const simulated = all.filter(({ request }) => request.simulated);
        const seated = [...visitors, ...simulated].slice(0, seats);
        for (const { request } of seated) lobby.delete(request.publicKey);
        return seated;
      }
      await pause(50);
    }
  }

  /** The plan of a round: facts only. Two of one name are told apart. */
  async function draw(seated: readonly Waiting[], id: string): Promise<DrawingPlan> {
    const names = new Map<string, number>();
    const entries = seated.map(({ request: { name, publicKey } }) => {
      const before = names.get(name) ?? 0;
      names.set(name, before + 1);
      const unique = before === 0 ? name : `${name} (${before + 1})`;
      return { id: clientId(unique), publicKey: hexToBytes(publicKey) };
    });
    const roster = await signRoster(entries, voucher);
    const facts = { id, fields: FIELDS, roster, trust: TRUST, commitments: COMMITMENTS };
    return run === undefined
      ? (plan({ ...facts, noise: noNoise() }) as unknown as DrawingPlan)
      : plan({ ...facts, noise: skellam(run) });
  }

  /** A run of rounds: it ends when its ledger does not pay any more. */
  async function playRun(name: string): Promise<void> {
    let ledger: Ledger | undefined;
    board.spend(undefined);
    for (;;) {
      round += 1;
      const theme = THEMES[(round - 1) % THEMES.length] as string;
      board.lobby(round, theme);
      const seated = await gather();
      const made = await draw(seated, nameOfRound({ run: name, round, theme }));
      let receipt: Receipt | undefined;
      if (run !== undefined) {
        const { event, neighbours } = made.privacy;
        ledger ??= await openLedger(inMemoryStorage(), {
          budget: { epsilon: run.epsilon, delta: run.delta },
          neighbours,
          expecting: { event, count: run.rounds },
        });
        const paid = await ledger.admit({ round: made.id, plan: made.hash, event });
        if (!paid.admitted) {
          refuse(seated, paid.message);
          board.end('spent', paid.message);
          await pause(pace.result);
          return;
        }
        receipt = paid;
      }
      const failed = await play(made, seated, receipt).then(
        (result) => {
          if (run === undefined || ledger === undefined) return undefined;
          board.spend({
            epsilon: readOdometer(ledger).epsilon,
            budget: run.epsilon,
            delta: run.delta,
            rounds: ledger.head().count,
            of: run.rounds,
            deviation: result.privacy?.deviations.ink,
          });
        },
        (error: unknown) => error as Error,
      );
      signal.throwIfAborted();
      board.end(failed === undefined ? 'result' : 'failed', failed?.message);
      await pause(pace.result);
    }
  }

  const refuse = (seated: readonly Waiting[], why: string): void => {
    for (const { answer } of seated) answer.reject(problem(409, 'budget-exceeded', why));
  };

  async function play(
    made: DrawingPlan,
    seated: readonly Waiting[],
    receipt: Receipt | undefined,
  ): Promise<Result<typeof FIELDS>> {
    const isSimulated = new Map<ClientId, boolean>(
      seated.map(({ request }, i) => [
        (made.roster.clients[i] as { readonly id: ClientId }).id,
        request.simulated,
      ]),
    );
    board.begin([...isSimulated].map(([name, simulated]) => ({ name, simulated })));
    const hosted = hostRound(made, receipt, pace, board);
    const published: Kept = { hosted, plan: planBytes(made), bundle: undefined };
    kept.set(round, published);
    if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value as number);
    signal.addEventListener('abort', hosted.stop, { once: true });
    for (const { answer } of seated) answer.resolve(published.plan);
    try {
      const result = await hosted.result;
      published.bundle = result.bundle;
      return result;
    } finally {
      signal.removeEventListener('abort', hosted.stop);
    }
  }

  const life = (async (): Promise<void> => {
    // No two rounds share a name, of whatever run of whichever start of the server.
    for (;;) await playRun(crypto.randomUUID().slice(0, 8));
  })().catch((error: unknown) => {
    const why = signal.aborted ? 'the server is closing' : String(error);
    for (const { answer } of lobby.values()) answer.reject(problem(503, 'closing', why));
    lobby.clear();
    if (!signal.aborted) board.end('failed', why);
  });

  return {
    board,
    seat: (request, forMilliseconds) => {
      checkSeat(request);
      if (signal.aborted) throw problem(503, 'closing', 'the server is closing');
      const until = performance.now() + forMilliseconds;
      const before = lobby.get(request.publicKey);
      if (before !== undefined) {
        before.until = until;
        return before.answer.promise;
      }
      if (lobby.size >= MOST_WAITING) throw problem(503, 'full', 'too many people are waiting');
      const answer = Promise.withResolvers<Uint8Array>();
      answer.promise.catch(() => {}); // whoever asked may be gone
      lobby.set(request.publicKey, { request, answer, until });
      return answer.promise;
    },
    leave: ({ publicKey }) => {
      lobby.delete(publicKey);
    },
    take: async (which, message) => {
      const hosted = kept.get(which)?.hosted;
      if (hosted === undefined) throw problem(404, 'no-such-round', `there is no round ${which}`);
      return hosted.take(message);
    },
    published: (which, what) => {
      const found = kept.get(which)?.[what];
      if (found === undefined)
        throw problem(404, 'not-there', `round ${which} has no ${what} here`);
      return found;
    },
    close: async () => {
      closing.abort();
      await life;
    },
  };
}

function checkSeat({ name, publicKey, proof }: SeatRequest): void {
  try {
    clientId(`${name} (9999)`); // as long as a name gets where two are told apart
  } catch (error) {
    throw problem(400, 'bad-name', (error as Error).message);
  }
  if (!verifySignature(hexToBytes(publicKey), seatProof(name), hexToBytes(proof))) {
    throw problem(
      403,
      'bad-proof',
      'a seat: the request is not signed with the key that it brings',
    );
  }
}
