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
import {
  inMemoryStorage,
  type Ledger,
  openLedger,
  type Receipt,
  type Refusal,
  readOdometer,
} from 'veilsum/dp';
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
import { type Lobby, openLobby, type Seated } from './lobby.ts';
import { hexToBytes } from './messages.ts';
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
  readonly lobby: Pick<Lobby, 'ask' | 'leave'>;
  /** @throws a problem where the message is refused */
  readonly take: (round: number, message: Uint8Array) => Promise<Uint8Array>;
  /** The plan of a round that began, or the proof bundle of one that ended well. */
  readonly published: (round: number, what: 'plan' | 'bundle') => Uint8Array;
  readonly board: Pick<Board, 'view' | 'change'>;
  /** Ends the round that runs: whoever waits is told. */
  readonly close: () => Promise<void>;
};

/** A round that began. */
type Kept = {
  readonly hosted: HostedRound;
  readonly plan: Uint8Array;
  bundle: Uint8Array | undefined;
};

/** Rounds whose plan and proof are kept: the oldest makes room. */
const MOST_KEPT = 8;

/** Begins. */
export function openHost({ voucher, run, seats, pace }: Hosting): Host {
  const closing = new AbortController();
  const { signal } = closing;
  const kept = new Map<number, Kept>();
  const board = openBoard(seats, pace.patience);
  const lobby = openLobby({ seats, patience: pace.lobby, signal, onChange: board.seats });
  let round = 0;
  let ledger: Ledger | undefined;

  const pause = (milliseconds: number): Promise<void> => sleep(milliseconds, undefined, { signal });

  /** The plan of a round: facts only. Two of one name are told apart. */
  async function draw(seated: readonly Seated[], id: string): Promise<DrawingPlan> {
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
    ledger = undefined;
    board.spend(undefined);
    for (;;) {
      round += 1;
      const theme = THEMES[(round - 1) % THEMES.length] as string;
      board.lobby(round, theme);
      const seated = await lobby.gather();
      if (!(await playOnce(seated, name, theme))) return;
    }
  }

  /** Draws up a plan, pays for it, and plays it. @returns whether there may be another round in this run */
  async function playOnce(
    seated: readonly Seated[],
    name: string,
    theme: string,
  ): Promise<boolean> {
    try {
      const made = await draw(seated, nameOfRound({ run: name, round, theme }));
      const paid = run === undefined ? undefined : await pay(made, run);
      if (paid?.admitted === false) {
        const refused = Promise.reject(problem(409, paid.code, paid.message));
        for (const { tell } of seated) tell(refused);
        board.end('spent', paid.message);
        await pause(pace.result);
        return false;
      }
      const result = await play(made, seated, paid);
      if (run !== undefined) tellSpent(run, result);
      board.end('result');
    } catch (error) {
      signal.throwIfAborted();
      const why = (error as Error).message;
      if (kept.get(round) === undefined) {
        const failed = Promise.reject(problem(503, 'round-given-up', why));
        for (const { tell } of seated) tell(failed);
      }
      board.end('failed', why);
    }
    await pause(pace.result);
    return true;
  }

  /** Asks the coordinator's ledger, which is opened with the first plan of a run. */
  async function pay({ id, hash, privacy }: DrawingPlan, of: Run): Promise<Receipt | Refusal> {
    const { event, neighbours } = privacy;
    ledger ??= await openLedger(inMemoryStorage(), {
      budget: { epsilon: of.epsilon, delta: of.delta },
      neighbours,
      expecting: { event, count: of.rounds },
    });
    return ledger.admit({ round: id, plan: hash, event });
  }

  const tellSpent = ({ epsilon, delta, rounds }: Run, { privacy }: Result<typeof FIELDS>): void => {
    if (ledger === undefined) return;
    board.spend({
      epsilon: readOdometer(ledger).epsilon,
      budget: epsilon,
      delta,
      rounds: ledger.head().count,
      of: rounds,
      deviation: privacy?.deviations.ink,
    });
  };

  async function play(
    made: DrawingPlan,
    seated: readonly Seated[],
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
    for (const { tell } of seated) tell(Promise.resolve(published.plan));
    try {
      const result = await hosted.result;
      published.bundle = result.bundle;
      return result;
    } finally {
      signal.removeEventListener('abort', hosted.stop);
    }
  }

  // No two rounds share a name, of whatever run of whichever start of the server. It ends when it is closed.
  const life = (async (): Promise<void> => {
    for (;;) await playRun(crypto.randomUUID().slice(0, 8));
  })().catch(lobby.close);

  return {
    board,
    lobby,
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
