/**
 * All that a client does, over HTTP: the worker of a page runs it in a browser, the simulated neighbours in
 * Node. It believes the server nothing: the plan is held against what was agreed on, its own ledger pays, and
 * what comes out is a proof that it checks itself.
 */
import { inMemorySigner, type Signer } from 'veilsum';
import * as client from 'veilsum/client';
import { inMemoryStorage, type Ledger, openLedger, type Receipt } from 'veilsum/dp';
import { type BundleVerdict, trustIn, verifyBundle } from 'veilsum/verify';
import {
  type Agreement,
  type ReviewedDrawingPlan,
  readDrawingPlan,
  readRoundName,
} from './agreement.ts';
import { bytesToHex, type Problem, type SeatRequest, seatProof } from './messages.ts';

/** A person's device. It lives as long as a tab; a real one would keep all of this on its disk. */
export type Device = {
  readonly name: string;
  readonly signer: Signer;
  /** What it has answered already, by round and phase. */
  readonly claim: client.Claim;
  /** What its person has paid so far; opened with the first round's plan. */
  ledger: Ledger | undefined;
};

/** A device with fresh keys and an empty ledger: another person, as far as anybody can tell. */
export const newDevice = (name: string): Device => ({
  name,
  signer: inMemorySigner(),
  claim: claims(),
  ledger: undefined,
});

/** Where a device takes part, and what it is told beforehand. */
export type Surroundings = {
  /** The server, for instance `http://127.0.0.1:8080`. */
  readonly server: string;
  readonly agreement: Agreement;
  /** Whether the device owns up to being simulated. */
  readonly simulated?: boolean;
  /** Seconds for which the server may hold back an answer. Browsers share few connections among all tabs. */
  readonly wait: number;
  /** Hears what comes next, and as whom the round knows this device. */
  readonly tell?: (step: Step, as: string) => void;
};

/** What a device does next. */
export type Step = 'seat' | 'advertise' | 'share' | 'mask' | 'confirm' | 'unmask' | 'verify';

/** How a round ended for a device. */
export type Ending =
  | { readonly verdict: BundleVerdict; readonly round: number }
  /** Its own ledger did not pay: it left before anything of its drawing did. */
  | { readonly refused: string };

/**
 * Takes part in the next round.
 *
 * @param draw gives the drawing, one number from 0 to 1 a pixel, for what the round asks for
 * @throws an `Error` with the server's words where the round goes on without this device, or not at all
 */
export async function takePart(
  me: Device,
  draw: (theme: string) => ArrayLike<number>,
  around: Surroundings,
): Promise<Ending> {
  const { server, agreement } = around;
  around.tell?.('seat', me.name);
  const plan = readDrawingPlan(await takeSeat(me, around), agreement);
  const { round, theme } = readRoundName(plan.id);
  const key = bytesToHex(me.signer.publicKey);
  const entry = plan.roster.clients.find(({ publicKey }) => bytesToHex(publicKey) === key);
  const tell = (step: Step): void => around.tell?.(step, entry?.id ?? me.name);
  const send = (message: Uint8Array): Promise<Uint8Array> =>
    ask(`${server}/api/rounds/${round}/messages`, message, around.wait);

  tell('advertise');
  const { hash } = plan;
  const a = await client.advertise(plan, me.signer, { context: hash, claim: me.claim });
  const adverts = await send(a.message);
  const paid = await pay(me, plan, agreement);
  if (typeof paid === 'string') return { refused: paid };
  tell('share');
  const b = await client.share(a.next, adverts, { ink: draw(theme) }, { receipt: paid });
  const boxes = await send(b.message);
  tell('mask');
  const c = await client.mask(b.next, boxes);
  const contributors = await send(c.message);
  tell('confirm');
  const d = await client.confirm(c.next, contributors);
  const signatures = await send(d.message);
  tell('unmask');
  const e = await client.unmask(d.next, signatures);
  const bundle = await send(e.message);
  tell('verify');
  return { verdict: await verifyBundle(bundle, trustIn(plan)), round };
}

/** Checks a round that others played: the same verdict, from what the server hands to anybody. */
export async function checkRound(
  round: number,
  { server, agreement, wait }: Surroundings,
): Promise<BundleVerdict> {
  const at = `${server}/api/rounds/${round}`;
  const plan = readDrawingPlan(await ask(`${at}/plan`, undefined, wait), agreement);
  return verifyBundle(await ask(`${at}/bundle`, undefined, wait), trustIn(plan));
}

/** Asks for a seat, and has the plan once the round begins. */
async function takeSeat(
  { name, signer }: Device,
  { server, simulated = false, wait }: Surroundings,
): Promise<Uint8Array> {
  const request: SeatRequest = {
    name,
    publicKey: bytesToHex(signer.publicKey),
    proof: bytesToHex(await signer.sign(seatProof(name))),
    simulated,
  };
  return ask(`${server}/api/seats`, request, wait);
}

/** Has the device's own ledger pay for a round. A plan without noise, if that was agreed on, is free. */
async function pay(
  me: Device,
  plan: ReviewedDrawingPlan,
  { run }: Agreement,
): Promise<Receipt | string> {
  if (run === undefined) return undefined as unknown as Receipt;
  const { event, neighbours } = plan.privacy;
  me.ledger ??= await openLedger(inMemoryStorage(), {
    budget: { epsilon: run.epsilon, delta: run.delta },
    neighbours,
    expecting: { event, count: run.rounds },
  });
  const answer = await me.ledger.admit({ round: plan.id, plan: plan.hash, event });
  return answer.admitted ? answer : answer.message;
}

/** How often a request is made again that got no answer at all: nothing is counted twice. */
const TRIES = 3;

/**
 * One request. 202 means "not yet": the same message again fetches the answer, and is counted once. Whoever
 * has the message is its sender, so no other key to the answer is needed.
 */
async function ask(
  url: string,
  message: Uint8Array | object | undefined,
  wait: number,
): Promise<Uint8Array> {
  const isBytes = message instanceof Uint8Array;
  const init: RequestInit =
    message === undefined
      ? {}
      : {
          method: 'POST',
          body: isBytes ? (message as Uint8Array<ArrayBuffer>) : JSON.stringify(message),
        };
  const headers = {
    prefer: `wait=${wait}`,
    ...(message && { 'content-type': isBytes ? 'application/octet-stream' : 'application/json' }),
  };
  for (let failures = 0; ; ) {
    let response: Response;
    try {
      response = await fetch(url, { ...init, headers });
    } catch (error) {
      if (++failures === TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200 * failures));
      continue;
    }
    if (response.status === 202) continue;
    if (response.ok) return new Uint8Array(await response.arrayBuffer());
    const { code, detail } = (await response.json()) as Problem;
    throw Object.assign(new Error(detail), { code });
  }
}

/** One answer for each round and phase. On a real device this is a table on the disk. */
function claims(): client.Claim {
  const answers = new Map<string, string>();
  return (roundId, phase, digest) => {
    const key = `${roundId} ${phase}`;
    const before = answers.get(key);
    if (before === undefined) answers.set(key, `${digest}`);
    return before === undefined ? 'first' : before === `${digest}` ? 'same' : 'conflict';
  };
}
