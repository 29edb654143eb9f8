/** The worker of the page: the whole client runs here, so that the page itself never stands still. */
import type { BundleVerdict } from 'veilsum/verify';
import type { Agreement } from './agreement.ts';
import { checkRound, newDevice, type Step, type Surroundings, takePart } from './device.ts';
import { hexToBytes } from './messages.ts';

/** What the page asks for. */
export type Task =
  | { readonly kind: 'join'; readonly name: string; readonly drawing: Float64Array }
  /** A round that others played. */
  | { readonly kind: 'check'; readonly round: number }
  /** Forgets key and ledger. */
  | { readonly kind: 'renew' };

/** What the worker says. */
export type Report =
  | { readonly kind: 'step'; readonly step: Step; readonly as: string }
  | { readonly kind: 'verdict'; readonly round: number; readonly verdict: BundleVerdict }
  /** A ledger did not pay: this client's own, or the coordinator's. */
  | { readonly kind: 'refused'; readonly why: string; readonly whose: 'own' | 'coordinator' }
  | { readonly kind: 'failed'; readonly why: string };

/** Put in when the page is built: see build.ts. */
declare const AGREED: { readonly voucher: string; readonly run: Agreement['run'] | null };

const around: Surroundings = {
  server: globalThis.location.origin,
  agreement: { voucher: hexToBytes(AGREED.voucher), run: AGREED.run ?? undefined },
  wait: 1,
  tell: (step, as) => report({ kind: 'step', step, as }),
};
let me: ReturnType<typeof newDevice> | undefined;

function report(message: Report): void {
  postMessage(message);
}

async function answer(task: Task): Promise<Report | undefined> {
  if (task.kind === 'renew') {
    me = undefined;
    return undefined;
  }
  if (task.kind === 'check') {
    const { round } = task;
    return { kind: 'verdict', round, verdict: await checkRound(round, around) };
  }
  if (me?.name !== task.name) me = { ...(me ?? newDevice(task.name)), name: task.name };
  const ending = await takePart(me, () => task.drawing, around);
  return 'refused' in ending
    ? { kind: 'refused', why: ending.refused, whose: 'own' }
    : { kind: 'verdict', ...ending };
}

globalThis.onmessage = async ({ data }: MessageEvent<Task>): Promise<void> => {
  try {
    const said = await answer(data);
    if (said !== undefined) report(said);
  } catch (error) {
    const { message, code } = error as { readonly message: string; readonly code?: string };
    if (code === 'budget-exceeded') report({ kind: 'refused', why: message, whose: 'coordinator' });
    else report({ kind: 'failed', why: message });
  }
};
