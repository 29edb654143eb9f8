/** What everybody may see of a host, as one record that changes; who waits for a change is told. */
import type { ClientId } from 'veilsum';
import type { Phase } from 'veilsum/coordinator';
import type { Listener } from './hosted-round.ts';
import type { Seen, Spending, View } from './messages.ts';

/** The record, and what changes it. */
export type Board = Listener & {
  readonly view: () => View;
  /** Waits for a view that is not of this version, for so many milliseconds at most. */
  readonly change: (version: number, atMost: number) => Promise<void>;
  readonly lobby: (round: number, theme: string) => void;
  /** @param left milliseconds until the lobby closes; nothing while it waits for somebody real */
  readonly seats: (seated: number, left: number | undefined) => void;
  readonly begin: (clients: readonly Pick<Seen, 'name' | 'simulated'>[]) => void;
  readonly spend: (ledger: Spending | undefined) => void;
  readonly end: (stage: 'result' | 'failed' | 'spent', reason?: string) => void;
};

/** Faults that are shown of one round: anybody can cause them. */
const MOST_FAULTS = 20;

/** @param patience of a phase, in milliseconds */
export function openBoard(seats: number, patience: number): Board {
  let view: View = {
    version: 1,
    stage: 'lobby',
    round: 0,
    theme: '',
    seats,
    seated: 0,
    left: undefined,
    clients: [],
    log: [],
    refused: [],
    ledger: undefined,
    reason: undefined,
  };
  let ends: number | undefined;
  const waiting = new Set<() => void>();
  const change = (to: Partial<View>, left: number | undefined = undefined): void => {
    if (left !== undefined) ends = performance.now() + left;
    view = { ...view, ...to, version: view.version + 1 };
    for (const tell of waiting) tell();
  };
  const now = (): View => ({
    ...view,
    left: ends === undefined ? undefined : Math.max(0, Math.round(ends - performance.now())),
  });
  const changeClients = (to: (one: Seen) => Partial<Seen>): void =>
    change({ clients: view.clients.map((one) => ({ ...one, ...to(one) })) });

  return {
    view: now,
    change: (version, atMost) =>
      new Promise((resolve) => {
        // A version that was never given is one of an earlier start of the server.
        if (view.version !== version) return resolve();
        const tell = (): void => {
          clearTimeout(timer);
          waiting.delete(tell);
          resolve();
        };
        const timer = setTimeout(tell, atMost).unref();
        waiting.add(tell);
      }),
    lobby: (round, theme) => {
      ends = undefined;
      change({ stage: 'lobby', round, theme, seated: 0, reason: undefined });
    },
    seats: (seated, left) => {
      const isOpen = left !== undefined;
      if (seated === view.seated && isOpen === (ends !== undefined)) return;
      if (!isOpen) ends = undefined;
      change({ seated }, left);
    },
    begin: (clients) =>
      change({
        clients: clients.map((one) => ({
          ...one,
          done: 0,
          dropped: undefined,
          bytes: 0,
          upload: undefined,
        })),
        log: [],
        refused: [],
      }),
    spend: (ledger) => change({ ledger }),
    end: (stage, reason) => {
      ends = undefined;
      change({ stage, reason });
    },
    onPhase: (phase: Phase) => change({ stage: phase }, patience),
    onMessage: (from: ClientId, _phase, bytes, upload) =>
      changeClients((one) =>
        one.name !== from
          ? {}
          : {
              done: one.done + 1,
              bytes: one.bytes + bytes,
              upload: upload === undefined ? one.upload : Buffer.from(upload).toString('base64'),
            },
      ),
    onFault: ({ code, culprit }) =>
      change({ refused: [...view.refused, { code, culprit }].slice(-MOST_FAULTS) }),
    onClosed: (phase, missing, log) => {
      changeClients((one) =>
        missing.includes(one.name as ClientId) ? { dropped: one.dropped ?? phase } : {},
      );
      change({ log: [...view.log, log] });
    },
  };
}
