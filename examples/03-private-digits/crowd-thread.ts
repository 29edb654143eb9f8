/** A thread of simulated clients; see crowd.ts for the other end. {@link participate} is one client. */
import { parentPort, workerData } from 'node:worker_threads';
import { clientId, inMemorySigner, type Signer, type SkellamNoise } from 'veilsum';
import * as client from 'veilsum/client';
import { inMemoryStorage, type Ledger, openLedger, type Receipt } from 'veilsum/dp';
import type { Answer, Request, ThreadData } from './crowd.ts';
import { FIELDS, hashOf, TRUST, type UpdateFields, updateOf } from './learning.ts';
import type { SmallExamples } from './softmax.ts';

type Reviewed = client.ReviewedPlan<UpdateFields, SkellamNoise>;

/** One client, on its own device: its key, its digits, and what it has paid so far. */
type Device = {
  readonly signer: Signer;
  /** What it has answered; on a real device this is on its disk, as its ledger is. */
  readonly claim: client.Claim;
  readonly shard: SmallExamples;
  ledger: Ledger | undefined;
};

const { run, shards } = workerData as ThreadData;
const devices = new Map<string, Device>();
for (const [id, shard] of shards) {
  devices.set(id, { signer: inMemorySigner(), claim: claims(), shard, ledger: undefined });
}
let voucher: Uint8Array = new Uint8Array();
let rounds = new Map<string, ReturnType<typeof participate>>();
let vanishing: ReadonlyMap<string, string> = new Map();

/** One answer for each round and phase. */
function claims(): client.Claim {
  const answers = new Map<string, string>();
  return (roundId, phase, digest) => {
    const key = `${roundId} ${phase}`;
    const before = answers.get(key);
    if (before === undefined) answers.set(key, `${digest}`);
    return before === undefined ? 'first' : before === `${digest}` ? 'same' : 'conflict';
  };
}

/**
 * All that a client does in a round. A `yield` sends a message and waits for the coordinator's answer.
 * It pays when its own share is about to leave, and not before: what it does until then says nothing
 * about its digits.
 */
async function* participate(
  plan: Reviewed,
  me: Device,
  weights: Float64Array,
): AsyncGenerator<Uint8Array, void, Uint8Array> {
  const context = hashOf({ weights });
  const advertised = await client.advertise(plan, me.signer, { context, claim: me.claim });
  const shared = await client.share(advertised.next, yield advertised.message);
  const adverts = yield shared.message;
  const receipt = await pay(plan, me);
  if (receipt === undefined) return; // nothing left to spend: it leaves
  const inputs = { update: updateOf({ weights }, me.shard) };
  const masked = await client.mask(shared.next, adverts, inputs, { receipt });
  const confirmed = await client.confirm(masked.next, yield masked.message);
  const unmasked = await client.unmask(confirmed.next, yield confirmed.message);
  yield unmasked.message;
}

/** Has a client's own ledger pay for a round. */
async function pay(plan: Reviewed, me: Device): Promise<Receipt | undefined> {
  const { event, neighbours } = plan.privacy;
  me.ledger ??= await openLedger(inMemoryStorage(), {
    budget: { epsilon: run.epsilon, delta: run.delta },
    neighbours,
    expecting: { event, count: run.rounds },
  });
  const answer = await me.ledger.admit({ round: plan.id, plan: plan.hash, event });
  return answer.admitted ? answer : undefined;
}

/** Every client reads the plan for itself; here one reading serves those of a thread. */
const read = (bytes: Uint8Array): Reviewed =>
  client.readPlan<UpdateFields>(bytes, {
    voucher,
    fields: FIELDS,
    corrupt: TRUST.corrupt,
    coordinator: TRUST.coordinator,
    privacy: { epsilon: run.epsilon, delta: run.delta },
  }) as Reviewed;

async function answer(request: Request): Promise<unknown> {
  switch (request.kind) {
    case 'enrol':
      voucher = request.voucher;
      return [...devices].map(([id, { signer }]) => ({
        id: clientId(id),
        publicKey: signer.publicKey,
      }));
    case 'enter': {
      const plan = read(request.plan);
      vanishing = request.vanishing;
      rounds = new Map(
        [...devices].map(([id, me]) => [id, participate(plan, me, request.weights)]),
      );
      return undefined;
    }
    case 'step': {
      const { phase, downlinks } = request;
      for (const id of phase === 'advertise' ? rounds.keys() : downlinks.keys()) {
        if (vanishing.get(id) === phase) rounds.delete(id);
        const { value } = (await rounds.get(id)?.next(downlinks.get(id) ?? new Uint8Array())) ?? {};
        if (value) say({ message: value });
      }
      return undefined;
    }
    case 'askToPay': {
      const plan = read(request.plan);
      const receipts = await Promise.all([...devices.values()].map((me) => pay(plan, me)));
      return receipts.filter((receipt) => receipt !== undefined).length;
    }
  }
}

const say = (said: Answer): void => parentPort?.postMessage(said);

parentPort?.on('message', (request: Request) => {
  answer(request).then(
    (done) => say({ done }),
    (error: unknown) => say({ failed: String(error) }),
  );
});
