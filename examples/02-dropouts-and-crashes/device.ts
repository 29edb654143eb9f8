/**
 * A client in a process of its own, which may be killed at any moment and started again.
 *
 * Its folder holds its identity key, its claims, and its state of the round under way. Each step is: work
 * the answer out (which claims it), put the new state on the disk, only then send. So whatever of it was
 * sent, it can go on from; and what may not have arrived, it sends again, the very same bytes.
 */
import { on } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { signerFromPrivateKey, VeilsumError } from 'veilsum';
import * as client from 'veilsum/client';
import { fileClaims, readIfThere, replaceFile } from './durable.ts';
import { type Errand, FIELDS, type FromDevice, type ToDevice } from './errand.ts';

const errand = JSON.parse(process.argv[2] as string) as Errand;
const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const stateFile = join(errand.folder, 'state');
const signer = signerFromPrivateKey(await readFile(join(errand.folder, 'key')));
const claim = fileClaims(errand.folder);
const plan = client.readPlan(hex(errand.plan), { voucher: hex(errand.voucher), fields: FIELDS });

type State = ReturnType<typeof client.restore<typeof FIELDS>>;
type Answer = { readonly next: State; readonly message: Uint8Array };

const send = (what: FromDevice): void => void process.send?.(what);

/** Keeps the new state; only then the answer may leave. */
async function keepAndSend({ next, message }: Answer, phase: Errand['dieIn']): Promise<State> {
  await replaceFile(stateFile, client.save(next));
  if (errand.dieIn === phase) process.kill(process.pid, 'SIGKILL');
  send({ message });
  return next;
}

/** Where it was before it died, or the beginning. */
async function comeIn(): Promise<State> {
  const saved = await readIfThere(stateFile);
  if (saved === undefined) {
    const options = { context: hex(errand.context), claim };
    return keepAndSend(await client.advertise(plan, signer, options), 'advertise');
  }
  const state = client.restore(plan, saved, { signer, claim });
  send({ message: await client.resend(state) });
  return state;
}

async function answer(state: State, downlink: Uint8Array): Promise<Answer> {
  switch (state.next) {
    case 'share':
      return client.share(state, downlink as client.Downlink<'share'>);
    case 'mask':
      return client.mask(state, downlink as client.Downlink<'mask'>, { votes: errand.votes });
    case 'confirm':
      return client.confirm(state, downlink as client.Downlink<'confirm'>);
    case 'unmask':
      return client.unmask(state, downlink as client.Downlink<'unmask'>);
    case 'done':
      throw new Error('got a downlink, expected none: the round is over');
  }
}

try {
  let state = await comeIn();
  for await (const [{ downlink }] of on(process, 'message') as AsyncIterable<[ToDevice]>) {
    const phase = state.next;
    if (phase === 'done') break;
    state = await keepAndSend(await answer(state, downlink), phase);
    if (state.next === 'done') break;
  }
} catch (error) {
  if (!(error instanceof VeilsumError)) throw error;
  send({ left: error.message });
}
process.disconnect();
