/** A noisy plan runs with receipts only, and a plan without noise takes none: what is wrong does not compile. */
import { expectTypeOf } from 'vitest';
import * as client from '../../src/client.ts';
import * as coordinator from '../../src/coordinator.ts';
import type { Receipt, Refusal } from '../../src/dp/ledger/receipt.ts';
import {
  integer,
  type NoNoise,
  noNoise,
  type Plan,
  plan,
  type Roster,
  type Signer,
  type SkellamNoise,
  skellam,
} from '../../src/index.ts';
import { durableClaim, emptyDisk } from '../support/durable-claim.ts';

export async function noise(
  bytes: Uint8Array,
  roster: Roster,
  signer: Signer,
  voucher: Uint8Array,
  receipt: Receipt,
  answer: Receipt | Refusal,
): Promise<void> {
  const context = new Uint8Array(32);
  const claim = durableClaim(emptyDisk());
  const trust = { corrupt: 0.1, absent: 0.2 } as const;
  const fields = { votes: integer({ length: 3, min: 0, max: 9 }) };
  const noisy = plan({
    id: 'a',
    fields,
    roster,
    trust,
    noise: skellam({ epsilon: 1, delta: 1e-6 }),
  });
  expectTypeOf(noisy).toEqualTypeOf<Plan<typeof fields, SkellamNoise>>();
  const plain = plan({ id: 'a', fields, roster, trust, noise: noNoise() });
  expectTypeOf(plain).toEqualTypeOf<Plan<typeof fields, NoNoise>>();
  expectTypeOf(plain.privacy).toEqualTypeOf<undefined>();

  coordinator.begin(plain, { context });
  coordinator.begin(noisy, { context, receipt });
  // @ts-expect-error a noisy plan needs the coordinator's receipt
  coordinator.begin(noisy, { context });
  // @ts-expect-error an answer may be a refusal
  coordinator.begin(noisy, { context, receipt: answer });
  // @ts-expect-error a look-alike is none
  coordinator.begin(noisy, { context, receipt: { admitted: true, round: 'a' } });
  // @ts-expect-error there is nothing to pay for
  coordinator.begin(plain, { context, receipt });

  // Whoever names no price reads plans without noise, and whoever names one reads noisy ones.
  const silent = client.readPlan(bytes, { voucher, fields });
  const paying = client.readPlan(bytes, {
    voucher,
    fields,
    privacy: { epsilon: 1, delta: 1e-6 },
  });
  // @ts-expect-error a price has two numbers
  client.readPlan(bytes, { voucher, fields, privacy: { epsilon: 1 } });
  const down = bytes as never;
  const inputs = { votes: [1, 2, 3] };
  const without = await client.share(
    (await client.advertise(silent, signer, { context })).next,
    down,
  );
  const within = await client.share(
    (await client.advertise(paying, signer, { context, claim })).next,
    down,
  );
  await client.mask(without.next, down, inputs);
  await client.mask(within.next, down, inputs, { receipt });
  // @ts-expect-error a noisy plan needs the client's own receipt
  await client.mask(within.next, down, inputs);
  // @ts-expect-error an empty one is none
  await client.mask(within.next, down, inputs, {});
  // @ts-expect-error nor is a refusal
  await client.mask(within.next, down, inputs, { receipt: answer });
  // @ts-expect-error a client that could come back and answer again needs a claim store
  await client.advertise(paying, signer, { context });
  // Where noise is not ruled out, a receipt is needed.
  const open = plain as Plan<typeof fields, NoNoise> | Plan<typeof fields, SkellamNoise>;
  // @ts-expect-error it may be the noisy one
  coordinator.begin(open as Plan<typeof fields, NoNoise | SkellamNoise>, { context });
  // @ts-expect-error there is nothing to pay for
  await client.mask(without.next, down, inputs, { receipt });
}
