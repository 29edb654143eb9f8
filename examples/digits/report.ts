/** What the demo prints. */
import type { ClientId, Fields } from 'veilsum';
import type { FinishedRound } from './secure-round.ts';
import { textTable } from './table.ts';

/** The table of one round: a row for each phase. */
export function roundTable({ result, meter }: FinishedRound<Fields>): string {
  const rows = [...meter.costs].map(([phase, cost]) => {
    const dropped = result.dropped.filter((one) => one.phase === phase).map(({ id }) => id);
    const refused = result.refused
      .filter((fault) => fault.phase === phase)
      .map(({ code, claimed }) => `${claimed ?? 'unknown'}: ${code}`);
    return [
      phase,
      `${cost.arrived} of ${cost.clients}`,
      Math.round(cost.bytesUp / Math.max(1, cost.arrived)),
      Math.round(cost.bytesDown / Math.max(1, cost.clients)),
      (cost.clientMs / Math.max(1, cost.clients)).toFixed(1),
      cost.coordinatorMs.toFixed(1),
      dropped.join(', '),
      refused.join(', '),
    ];
  });
  return textTable(TITLES, rows);
}

const TITLES = ['phase', 'answered', 'up', 'down', 'client', 'coord.', 'dropped', 'refused'];

/** A share in [0, 1] as a percentage. */
export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** Shows what is going on, on one line that is overwritten; in a file or pipe it says nothing. */
export function progress(text: string): void {
  if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${text}`);
}

/** Ids, or nobody. */
export const names = (ids: readonly ClientId[]): string => ids.join(', ') || 'nobody';
