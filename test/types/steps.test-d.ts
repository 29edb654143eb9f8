/** The order of the steps, the phase of a message and the fields of a plan are types: what is wrong does not compile. */
import { expectTypeOf } from 'vitest';
import * as client from '../../src/client.ts';
import * as coordinator from '../../src/coordinator.ts';
import type { Receipt } from '../../src/dp/ledger/receipt.ts';
import {
  integer,
  type NoNoise,
  noNoise,
  type Plan,
  plan,
  type Roster,
  real,
  type Signer,
  type Weighted,
  type WeightedMean,
  weightedMean,
} from '../../src/index.ts';
import {
  type CommitmentScheme,
  type ProvenUpdates,
  pedersen,
  provenUpdates,
  type UpdateKey,
  type UpdateProver,
} from '../../src/zk/index.ts';
import { durableClaim, emptyDisk } from '../support/durable-claim.ts';

export async function steps(
  bytes: Uint8Array,
  roster: Roster,
  signer: Signer,
  voucher: Uint8Array,
): Promise<void> {
  const context = new Uint8Array(32);
  const trust = { corrupt: 0.1, absent: 0.2, coordinator: 'active' } as const;
  const fields = {
    votes: integer({ length: 3, min: 0, max: 9 }),
    update: real({ length: 4, clip: { norm: 'l2', bound: 1 } }),
    model: weightedMean({ length: 2, clip: { norm: 'linf', bound: 1 }, maxWeight: 10 }),
  };
  const made = plan({ id: 'a', fields, roster, trust, noise: noNoise() });
  expectTypeOf(made).toEqualTypeOf<Plan<typeof fields>>();
  // @ts-expect-error a plan needs a noise, if only noNoise()
  plan({ id: 'a', fields, roster, trust });
  // @ts-expect-error no such coordinator model
  plan({ id: 'a', fields, roster, trust: { ...trust, coordinator: 'evil' }, noise: noNoise() });
  // @ts-expect-error no such suite
  plan({ id: 'a', fields, roster, trust, suite: 'rsa', noise: noNoise() });
  // @ts-expect-error a plan does not change
  made.floor = 2;

  // A client takes part under a plan that it has read under its own policy, and no other.
  const read = client.readPlan(bytes, { voucher, fields });
  // @ts-expect-error the coordinator's plan, unreviewed
  await client.advertise(made, signer, { context });
  // @ts-expect-error the plan's bytes, unread
  await client.advertise(bytes, signer, { context });
  // @ts-expect-error the model's hash is not optional
  await client.advertise(read, signer, {});

  const one = await client.advertise(read, signer, { context });
  expectTypeOf(one.message).toEqualTypeOf<client.Uplink<'advertise'>>();
  const first = coordinator.begin(made, { context });
  const second = coordinator.close(first);
  expectTypeOf(second.next).toEqualTypeOf<coordinator.CoordinatorState<'share', typeof fields>>();
  const adverts = second.downlinks.get(roster.clients[0]?.id as never) as client.Downlink<'share'>;
  const two = await client.share(one.next, adverts);
  const third = coordinator.close(second.next);
  const shares = [...third.downlinks.values()][0] as client.Downlink<'mask'>;
  const inputs = { votes: [1, 2, 3], update: [0, 0, 0, 0], model: { values: [0, 0], weight: 1 } };
  const three = await client.mask(two.next, shares, inputs);
  expectTypeOf(three.clipped).toEqualTypeOf<readonly string[]>();
  const fourth = coordinator.close(third.next);
  const survivors = [...fourth.downlinks.values()][0] as client.Downlink<'confirm'>;
  const four = await client.confirm(three.next, survivors);
  const fifth = coordinator.close(fourth.next);
  const quorum = [...fifth.downlinks.values()][0] as client.Downlink<'unmask'>;
  const five = await client.unmask(four.next, quorum);

  // Steps out of order, again, or too early.
  // @ts-expect-error mask before share
  await client.mask(one.next, shares, inputs);
  // @ts-expect-error confirm before mask
  await client.confirm(two.next, survivors);
  // @ts-expect-error unmask before confirm
  await client.unmask(three.next, quorum);
  // @ts-expect-error share after share
  await client.share(two.next, adverts);
  // @ts-expect-error nothing after unmask
  await client.unmask(five.next, quorum);
  // @ts-expect-error a coordinator's state is no client's
  await client.share(second.next, adverts);

  // The downlink of another phase, and an uplink.
  // @ts-expect-error the downlink of mask into share
  await client.share(one.next, shares);
  // @ts-expect-error the downlink of share into mask
  await client.mask(two.next, adverts, inputs);
  // @ts-expect-error the downlink of unmask into confirm
  await client.confirm(three.next, quorum);
  // @ts-expect-error the downlink of confirm into unmask
  await client.unmask(four.next, survivors);
  // @ts-expect-error what a client says is not what it is sent
  await client.share(one.next, two.message);

  // The message of another phase, and a downlink.
  coordinator.accept(first, one.message);
  coordinator.accept(second.next, two.message);
  coordinator.accept(third.next, three.message);
  coordinator.accept(fourth.next, four.message);
  coordinator.accept(fifth.next, five.message);
  // Bytes fresh from a socket fit everywhere: they are checked at run time.
  coordinator.accept(fifth.next, bytes);
  // @ts-expect-error an advert in share
  coordinator.accept(second.next, one.message);
  // @ts-expect-error a share in advertise
  coordinator.accept(first, two.message);
  // @ts-expect-error a confirmation in mask
  coordinator.accept(third.next, four.message);
  // @ts-expect-error a masked vector in confirm
  coordinator.accept(fourth.next, three.message);
  // @ts-expect-error a masked vector in unmask
  coordinator.accept(fifth.next, three.message);
  // @ts-expect-error a downlink
  coordinator.accept(fifth.next, quorum);

  // Inputs go by the names and kinds of the fields.
  const { votes, update, model } = inputs;
  // @ts-expect-error a field is missing
  await client.mask(two.next, shares, { votes, update });
  // @ts-expect-error a field is misspelt
  await client.mask(two.next, shares, { votes, updates: update, model });
  // @ts-expect-error a field too many
  await client.mask(two.next, shares, { votes, update, model, more: votes });
  // @ts-expect-error a weighted mean needs a weight
  await client.mask(two.next, shares, { votes, update, model: { values: [0, 0] } });
  // @ts-expect-error a vector is no weighted input
  await client.mask(two.next, shares, { votes, update, model: [0, 0] });
  // @ts-expect-error a weighted input is no vector
  await client.mask(two.next, shares, { votes: model, update, model });
  // @ts-expect-error text is no number
  await client.mask(two.next, shares, { votes: ['1', '2', '3'], update, model });
  // @ts-expect-error no inputs
  await client.mask(two.next, shares);
  await client.mask(two.next, shares, {
    votes: new Int32Array(3),
    update: new Float64Array(4),
    model,
  });
  expectTypeOf<Parameters<typeof client.mask<typeof fields>>[2]>().toEqualTypeOf<{
    readonly votes: ArrayLike<number>;
    readonly update: ArrayLike<number>;
    readonly model: Weighted;
  }>();

  // Only unmask closes into a sum.
  // @ts-expect-error closing confirm gives a state, no sum
  coordinator.close(fourth.next).next.sum;
  // @ts-expect-error closing mask neither
  coordinator.close(third.next).next.sum;
  // @ts-expect-error accumulators are for unmask only
  coordinator.close(fourth.next, [coordinator.createAccumulator(made.shapes)]);
  const result = coordinator.close(fifth.next, [coordinator.createAccumulator(made.shapes)]).next;
  expectTypeOf(result.sum).toEqualTypeOf<{
    readonly votes: readonly number[];
    readonly update: Float64Array;
    readonly model: WeightedMean;
  }>();
  // @ts-expect-error no such field
  result.sum.vote;
  // @ts-expect-error results do not change
  result.contributors = [];
  // @ts-expect-error there are no downlinks after unmask
  coordinator.close(fifth.next).downlinks;
  // @ts-expect-error the result is no state
  coordinator.accept(result, five.message);

  // A restored state must be narrowed by what comes next.
  const restored = client.restore(read, bytes, { signer, claim: durableClaim(emptyDisk()) });
  // @ts-expect-error which step comes next is not known yet
  await client.confirm(restored, survivors);
  if (restored.next === 'confirm') await client.confirm(restored, survivors);
  if (restored.next === 'mask') {
    // @ts-expect-error narrowed, and still with the plan's fields
    await client.mask(restored, shares, { votes });
    await client.mask(restored, shares, inputs);
  }
  const back = coordinator.restore(made, bytes);
  // @ts-expect-error which phase it is in is not known yet
  coordinator.close(back).next.sum.votes;
  if (back.phase === 'unmask') {
    expectTypeOf(coordinator.close(back).next.sum.votes).toEqualTypeOf<readonly number[]>();
  }

  // A state is a handle: nothing of it can be reached.
  // @ts-expect-error no seed
  one.next.maskingSeed;
  // @ts-expect-error no contents
  first.ledger;
}

/** Where a plan asks for commitments, `share` takes the inputs and `mask` takes none; else the other way round. */
export async function committed(
  bytes: Uint8Array,
  roster: Roster,
  signer: Signer,
  voucher: Uint8Array,
): Promise<void> {
  const context = new Uint8Array(32);
  const trust = { corrupt: 0.1, absent: 0.2 } as const;
  const fields = { votes: integer({ length: 3, min: 0, max: 9 }) };
  const facts = { id: 'a', fields, roster, trust, noise: noNoise() };
  const made = plan({ ...facts, commitments: pedersen() });
  expectTypeOf(made).toEqualTypeOf<Plan<typeof fields, NoNoise, CommitmentScheme>>();
  // @ts-expect-error a name is no scheme
  plan({ ...facts, commitments: 'pedersen' });

  const read = client.readPlan(bytes, { voucher, fields, commitments: pedersen() });
  const bare = client.readPlan(bytes, { voucher, fields });
  const one = await client.advertise(read, signer, { context });
  const other = await client.advertise(bare, signer, { context });
  const adverts: client.Downlink<'share'> = bytes;
  const shares: client.Downlink<'mask'> = bytes;
  const inputs = { votes: [1, 2, 3] };

  const two = await client.share(one.next, adverts, inputs);
  expectTypeOf(two.clipped).toEqualTypeOf<readonly string[]>();
  const plain = await client.share(other.next, adverts);
  // @ts-expect-error no inputs
  await client.share(one.next, adverts);
  // @ts-expect-error other inputs
  await client.share(one.next, adverts, { counts: [1] });
  // @ts-expect-error a plan without commitments takes them later
  await client.share(other.next, adverts, inputs);
  // @ts-expect-error and says later what was clipped
  plain.clipped;

  const three = await client.mask(two.next, shares);
  await client.mask(plain.next, shares, inputs);
  // @ts-expect-error they were given at share
  await client.mask(two.next, shares, inputs);
  // @ts-expect-error a plan without commitments takes them here
  await client.mask(plain.next, shares);
  // @ts-expect-error what was clipped was said at share
  three.clipped;
  const four = await client.confirm(three.next, bytes);
  await client.unmask(four.next, bytes);

  // With noise, the receipt goes where the inputs go.
  const noisy = client.readPlan(bytes, {
    voucher,
    fields,
    privacy: { epsilon: 1, delta: 1e-6 },
    commitments: pedersen(),
  });
  const claim = durableClaim(emptyDisk());
  const first = await client.advertise(noisy, signer, { context, claim });
  // @ts-expect-error no receipt
  await client.share(first.next, adverts, inputs);
  const second = await client.share(first.next, adverts, inputs, { receipt: {} as Receipt });
  await client.mask(second.next, shares);
  // @ts-expect-error a second receipt
  await client.mask(second.next, shares, { receipt: {} as Receipt });

  const result = coordinator.close(coordinator.begin(made, { context })).next;
  expectTypeOf(result).toEqualTypeOf<coordinator.CoordinatorState<'share', typeof fields>>();
}

/** Where a plan asks for proofs of bounds, `share` needs a prover, and nothing else takes one. */
export async function proven(
  bytes: Uint8Array,
  roster: Roster,
  signer: Signer,
  voucher: Uint8Array,
  key: UpdateKey,
  prover: UpdateProver,
): Promise<void> {
  const context = new Uint8Array(32);
  const trust = { corrupt: 0.1, absent: 0.2 } as const;
  const fields = { votes: integer({ length: 3, min: 0, max: 9 }) };
  const commitments = provenUpdates({ key });
  const made = plan({ id: 'a', fields, roster, trust, noise: noNoise(), commitments });
  expectTypeOf(made).toEqualTypeOf<Plan<typeof fields, NoNoise, ProvenUpdates>>();
  // @ts-expect-error a key is no scheme
  plan({ id: 'a', fields, roster, trust, noise: noNoise(), commitments: key });
  // @ts-expect-error its bytes are no key
  provenUpdates({ key: bytes });

  const read = client.readPlan(bytes, { voucher, fields, commitments });
  expectTypeOf(read.commitments).toEqualTypeOf<ProvenUpdates>();
  const plain = client.readPlan(bytes, { voucher, fields, commitments: pedersen() });
  const one = await client.advertise(read, signer, { context });
  const other = await client.advertise(plain, signer, { context });
  const adverts: client.Downlink<'share'> = bytes;
  const shares: client.Downlink<'mask'> = bytes;
  const inputs = { votes: [1, 2, 3] };
  const two = await client.share(one.next, adverts, inputs, { prover });
  // @ts-expect-error no prover
  await client.share(one.next, adverts, inputs);
  // @ts-expect-error no prover among the options
  await client.share(one.next, adverts, inputs, {});
  // @ts-expect-error a plan without proofs takes none
  await client.share(other.next, adverts, inputs, { prover });
  await client.mask(two.next, shares);
  // @ts-expect-error proofs were made before
  await client.mask(two.next, shares, inputs, { prover });
}
