/** The lobby: who waits for a round to begin, and how they hear of it over requests that are never held for long. */
import { setTimeout as sleep } from 'node:timers/promises';
import { clientId } from 'veilsum';
import { verifySignature } from 'veilsum/identity';
import { hexToBytes, type SeatRequest, seatProof } from './messages.ts';
import { problem } from './problem.ts';

/** Somebody who has a seat in the round that is about to begin. */
export type Seated = {
  readonly request: SeatRequest;
  /** Gives the plan, or a problem: at once, or when the device asks again. */
  readonly tell: (outcome: Promise<Uint8Array>) => void;
};

/** A lobby that is open. */
export type Lobby = {
  /**
   * Takes a seat, or keeps it.
   *
   * @param wait how long the caller waits for the plan, in milliseconds
   * @returns the plan; nothing if the round has not begun by then, and the device has to ask again soon
   * @throws a problem where the request does not hold
   */
  readonly ask: (request: SeatRequest, wait: number) => Promise<Uint8Array | undefined>;
  readonly leave: (request: SeatRequest) => void;
  /** Waits until all seats are taken, one of them by somebody real, and gives them out: visitors first. */
  readonly gather: () => Promise<readonly Seated[]>;
  readonly close: () => void;
};

/** How a lobby is run. */
export type LobbyOptions = {
  readonly seats: number;
  /** From the first visitor to the first phase, in milliseconds. */
  readonly patience: number;
  readonly signal: AbortSignal;
  /** Hears how many are there, and for how long the lobby is still open, if that is known. */
  readonly onChange: (seated: number, left: number | undefined) => void;
};

type Waiting = {
  readonly request: SeatRequest;
  /** Answers the request that waits just now, if one does. */
  answer: ((outcome: Promise<Uint8Array> | undefined) => void) | undefined;
  /** On the clock of `performance`: who has not asked again by then is gone. */
  readonly until: number;
};

/** A device has so long to ask again, in milliseconds. */
const GRACE = 2_000;

/** Seats that are kept, at most. */
const MOST_WAITING = 200;

const closing = () => problem(503, 'closing', 'the server is closing');

export function openLobby({ seats, patience, signal, onChange }: LobbyOptions): Lobby {
  const lobby = new Map<string, Waiting>();
  /** What became of those who were between two requests when it was decided. */
  const due = new Map<string, Promise<Uint8Array>>();

  const seatedOf = (key: string, waiting: Waiting): Seated => {
    lobby.delete(key);
    return {
      request: waiting.request,
      tell: (outcome) => {
        outcome.catch(() => {}); // whoever asked may be gone
        if (waiting.answer === undefined) due.set(key, outcome);
        else waiting.answer(outcome);
      },
    };
  };

  return {
    ask: async (request, wait) => {
      if (signal.aborted) throw closing();
      checkSeat(request);
      const { publicKey: key } = request;
      const decided = due.get(key);
      due.delete(key);
      if (decided !== undefined) return decided;
      const before = lobby.get(key);
      before?.answer?.(undefined);
      if (before === undefined && lobby.size >= MOST_WAITING) {
        throw problem(503, 'full', 'too many people are waiting');
      }
      return new Promise((resolve) => {
        const until = performance.now() + wait + GRACE;
        const waiting: Waiting = {
          request,
          until,
          answer: (outcome) => {
            clearTimeout(timer);
            waiting.answer = undefined;
            resolve(outcome as Promise<Uint8Array> | undefined);
          },
        };
        const timer = setTimeout(() => waiting.answer?.(undefined), wait);
        lobby.set(key, waiting);
      });
    },
    leave: ({ publicKey }) => {
      lobby.get(publicKey)?.answer?.(undefined);
      lobby.delete(publicKey);
    },
    gather: async () => {
      due.clear();
      for (let since: number | undefined; ; ) {
        const now = performance.now();
        for (const [key, { until }] of lobby) if (until < now) lobby.delete(key);
        const all = [...lobby];
        const visitors = all.filter(([, { request }]) => !request.simulated);
        since = visitors.length === 0 ? undefined : (since ?? now);
        const left = since === undefined ? undefined : Math.max(0, since + patience - now);
        onChange(Math.min(seats, all.length), left);
        if (left === 0 && all.length >= seats) {
          const simulated = all.filter(([, { request }]) => request.simulated);
          return [...visitors, ...simulated].slice(0, seats).map((one) => seatedOf(...one));
        }
        await sleep(50, undefined, { signal });
      }
    },
    close: () => {
      for (const { answer } of lobby.values()) answer?.(Promise.reject(closing()));
      lobby.clear();
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
