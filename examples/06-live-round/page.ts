/** The page: a person draws and joins, and everybody watches. All that is secret happens in the worker. */

import { openCircle } from './circle.ts';
import type { Report, Task } from './client-worker.ts';
import type { Stage, View } from './messages.ts';
import { openPad } from './pad.ts';
import {
  element,
  hideVerdict,
  say,
  showBudget,
  showLog,
  showSum,
  showTiles,
  showVerdict,
} from './panels.ts';

const EXPLAIN: Readonly<Record<Stage, string>> = {
  lobby:
    'Draw, give a name, and join. The round begins a few seconds after the first visitor joins.',
  advertise: 'Everybody makes fresh keys for this one round and publishes them.',
  share:
    'Everybody commits to a drawing, and deals sealed spare parts of its secrets to its neighbours, in case it vanishes.',
  mask: 'Everybody sends its drawing under masks. Each mask is shared by two: one adds it, the other subtracts it.',
  confirm: 'Everybody signs who is in the sum, so that the coordinator cannot tell two stories.',
  unmask:
    'Neighbours hand in the spare parts that they need to: masks come off the sum, and only off the sum.',
  result: 'The sum is out, with a proof. The next lobby opens soon.',
  failed: 'This round was given up: too few were left, so there is no sum at all.',
  spent: 'The budget of this run is spent: the coordinator’s ledger refuses another round.',
};

const NAMES = [
  'Kim',
  'Alex',
  'Sam',
  'Robin',
  'Noa',
  'Lou',
  'Sasha',
  'Jo',
  'Maxi',
  'Toni',
  'Nico',
  'Remi',
];

const WORDS: Readonly<Record<string, string>> = {
  seat: 'You are in the lobby.',
  advertise: 'Your keys are on their way.',
  share: 'Your drawing is committed to, your ledger has paid.',
  mask: 'Your masked drawing is on its way.',
  confirm: 'You signed who is in the sum.',
  unmask: 'You helped to take the masks away.',
  verify: 'You are checking the proof.',
};

const pad = openPad({
  canvas: element<HTMLCanvasElement>('pad'),
  ink: element('ink'),
  said: element('pad-said'),
});
const showCircle = openCircle(element('clients'));
const name = element<HTMLInputElement>('name');
const join = element<HTMLButtonElement>('join');
const worker = new Worker(new URL('./client-worker.ts', import.meta.url), { type: 'module' });

let view: View | undefined;
let seenAt = 0;
/** Whether this tab is in a round, or waits for one. */
let isIn = false;
/** The name under which this tab is in the round, or was in the last one. */
let own: string | undefined;
let verdictOf: number | undefined;
let checking: number | undefined;

name.value = NAMES[
  (crypto.getRandomValues(new Uint8Array(1))[0] as number) % NAMES.length
] as string;

const ask = (task: Task): void => worker.postMessage(task);

function setIn(to: boolean): void {
  isIn = to;
  join.disabled = to;
  name.disabled = to;
  pad.lock(to);
}

element<HTMLFormElement>('form').addEventListener('submit', (event) => {
  event.preventDefault();
  setIn(true);
  ask({ kind: 'join', name: name.value.trim().normalize('NFC'), drawing: pad.drawing() });
});
element('clear').addEventListener('click', () => pad.clear());
element('sketch').addEventListener('click', () => pad.stamp(view?.theme ?? ''));
element('smooth').addEventListener('change', showSum);
element('renew').addEventListener('click', () => {
  ask({ kind: 'renew' });
  element('renew').hidden = true;
  join.disabled = false;
  say('status', 'A new key, an empty ledger: somebody else, as far as anybody can tell.');
});

worker.onerror = (event) => say('status', `It failed: ${event.message}`);
worker.onmessage = ({ data }: MessageEvent<Report>) => {
  if (data.kind === 'step') {
    own = data.as;
    say('status', WORDS[data.step] ?? '');
    return;
  }
  if (data.kind === 'verdict') {
    verdictOf = data.round;
    showVerdict(data.verdict);
    if (!isIn) return;
    say('status', 'Done: your drawing is in the sum.');
  } else if (data.kind === 'failed') {
    if (!isIn) return; // a round that is not there to be checked
    say('status', `You are out of this round: ${data.why}`);
  } else {
    const isOwn = data.whose === 'own';
    say(
      'status',
      isOwn
        ? 'Your own ledger refuses: your budget is spent. Your drawing has not left this tab.'
        : 'The coordinator’s ledger refuses: this run is spent. Another one begins soon, for whoever can still pay.',
    );
    element('status').title = data.why;
    element('renew').hidden = !isOwn;
    setIn(false);
    join.disabled = isOwn;
    return;
  }
  setIn(false);
};

/** Shows what has changed. */
function show(now: View): void {
  const before = view;
  view = now;
  seenAt = performance.now();
  say('theme', now.theme);
  for (const item of document.querySelectorAll<HTMLElement>('#stages li')) {
    const isNow = item.dataset.stage === now.stage;
    item.classList.toggle('now', isNow);
    const list = item.parentElement as HTMLElement;
    if (isNow && before?.stage !== now.stage)
      list.scrollLeft = item.offsetLeft - list.clientWidth / 3;
    if (isNow) item.setAttribute('aria-current', 'step');
    else item.removeAttribute('aria-current');
  }
  say(
    'explain',
    now.reason !== undefined && now.stage === 'failed'
      ? `${EXPLAIN.failed} (${now.reason})`
      : EXPLAIN[now.stage],
  );
  if (before !== undefined && now.stage === 'advertise' && before.stage !== now.stage)
    hideVerdict();
  showCircle(now, own);
  showTiles(now, own);
  showLog(now);
  showBudget(now);
  if (now.stage === 'result' && verdictOf !== now.round && !isIn && checking !== now.round) {
    checking = now.round;
    ask({ kind: 'check', round: now.round });
  }
}

/** What is in the middle of the circle changes with time, too. */
function tick(): void {
  if (view === undefined) return;
  const { stage, left, seats, seated, clients } = view;
  const rest = left === undefined ? undefined : Math.max(0, left - (performance.now() - seenAt));
  const at = ['advertise', 'share', 'mask', 'confirm', 'unmask'].indexOf(stage);
  say(
    'hub-stage',
    at < 0
      ? stage === 'lobby'
        ? 'Lobby'
        : stage === 'result'
          ? 'Done'
          : 'Stopped'
      : `Phase ${at + 1} of 5`,
  );
  if (at >= 0) {
    const there = clients.filter(({ dropped }) => dropped === undefined);
    const heard = there.filter(({ done }) => done > at).length;
    const waits = rest === undefined ? '' : `, ${Math.ceil(rest / 1_000)} s left`;
    say('hub-left', `${heard} of ${there.length} heard of${heard < there.length ? waits : ''}`);
  } else if (stage === 'lobby') {
    say(
      'hub-left',
      rest === undefined
        ? 'waits for a visitor'
        : rest > 0
          ? `begins in ${Math.ceil(rest / 1_000)} s`
          : `${seated} of ${seats} seats taken`,
    );
  } else say('hub-left', `round ${view.round}`);
}

/** Asks for what is new, for as long as the page is there. */
async function watch(): Promise<never> {
  for (;;) {
    try {
      const after = view === undefined ? '' : `?after=${view.version}`;
      const response = await fetch(`/api/view${after}`);
      if (!response.ok) throw new Error(String(response.status));
      show((await response.json()) as View);
    } catch {
      say('explain', 'The coordinator does not answer. Trying again.');
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
    await new Promise((resolve) => setTimeout(resolve, 60)); // changes of a moment come together
  }
}

setInterval(tick, 250);
void watch();
