/** A round with noise that stands still before mask, so that a test can hand its clients anything. */
import {
  type Fields,
  type InputsOf,
  type Plan,
  planBytes,
  type Result,
  type Signer,
} from 'veilsum';
import * as client from 'veilsum/client';
import * as coordinator from 'veilsum/coordinator';
import type { Receipt } from '../../../src/dp/ledger/receipt.ts';
import type { DistributedNoise } from '../../../src/round/noise.ts';
import { durableClaim, emptyDisk } from '../../support/durable-claim.ts';
import { CONTEXT, type Party } from '../../support/round.ts';

/** Clients before mask, and how to go on from there. */
export type Waiting<F extends Fields> = {
  readonly plan: Plan<F, DistributedNoise>;
  /** One client's mask; throws what the library throws. */
  readonly mask: (id: string, inputs: unknown, receipt: unknown) => Promise<void>;
  /** The rest of the round, for those whose mask went out. */
  readonly finish: () => Promise<Result<F>>;
};

/** Plays the first two phases. */
export async function waiting<F extends Fields>(
  people: Party,
  plan: Plan<F, DistributedNoise>,
  receipt: Receipt,
): Promise<Waiting<F>> {
  type D = DistributedNoise;
  const { epsilon, delta } = plan.noise;
  const reviewed = client.readPlan<F>(planBytes(plan), {
    voucher: people.voucher.publicKey,
    coordinator: plan.trust.coordinator,
    corrupt: 0,
    fields: plan.fields,
    privacy: { epsilon, delta },
  });
  const take = (fault: unknown): void => {
    if (fault !== undefined) throw fault;
  };
  const c1 = coordinator.begin(plan, { context: CONTEXT, receipt } as never);
  const s2 = new Map<string, client.ClientState<'share', F, D>>();
  for (const id of people.ids) {
    const signer = people.signers.get(id) as Signer;
    const claim = durableClaim(emptyDisk());
    const { next, message } = await client.advertise(reviewed, signer, { context: CONTEXT, claim });
    s2.set(id, next);
    take(coordinator.accept(c1, message));
  }
  const c2 = coordinator.close(c1);
  const s3 = new Map<string, client.ClientState<'mask', F, D>>();
  for (const [id, downlink] of c2.downlinks) {
    const { next, message } = await client.share(
      s2.get(id) as client.ClientState<'share', F, D>,
      downlink,
    );
    s3.set(id, next);
    take(coordinator.accept(c2.next, message));
  }
  const c3 = coordinator.close(c2.next);
  const s4 = new Map<string, client.ClientState<'confirm', F, D>>();

  const mask = async (id: string, inputs: unknown, paid: unknown): Promise<void> => {
    const { next, message } = await client.mask(
      s3.get(id) as client.ClientState<'mask', F, D>,
      c3.downlinks.get(id as never) as client.Downlink<'mask'>,
      inputs as InputsOf<F>,
      { receipt: paid } as never,
    );
    s4.set(id, next);
    take(coordinator.accept(c3.next, message));
  };
  const finish = async (): Promise<Result<F>> => {
    const c4 = coordinator.close(c3.next);
    const s5 = new Map<string, client.ClientState<'unmask', F, D>>();
    for (const [id, downlink] of c4.downlinks) {
      const { next, message } = await client.confirm(
        s4.get(id) as client.ClientState<'confirm', F, D>,
        downlink,
      );
      s5.set(id, next);
      take(coordinator.accept(c4.next, message));
    }
    const c5 = coordinator.close(c4.next);
    for (const [id, downlink] of c5.downlinks) {
      const { message } = await client.unmask(
        s5.get(id) as client.ClientState<'unmask', F, D>,
        downlink,
      );
      take(coordinator.accept(c5.next, message));
    }
    return (coordinator.close(c5.next) as unknown as { readonly next: Result<F> }).next;
  };
  return { plan, mask, finish };
}
