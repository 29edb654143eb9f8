/** Small rounds with commitments, their bundles, and ways to spoil them. */
import {
  type Fields,
  type InputsOf,
  type IntegerField,
  integer,
  noNoise,
  type Plan,
  planBytes,
  publicField,
  type RealField,
  real,
  type Signer,
  skellam,
  type WeightedMeanField,
  weightedMean,
} from 'veilsum';
import * as client from 'veilsum/client';
import * as coordinator from 'veilsum/coordinator';
import { inMemoryStorage, openLedger } from 'veilsum/dp';
import { type Trust, trustIn, verifyBundle } from 'veilsum/verify';
import { type CommitmentScheme, type FastCurve, pedersen } from 'veilsum/zk';
import { type Bundle, decodeBundle, encodeBundle } from '../../src/round/bundle/format.ts';
import { CONTEXT, committedPlanFor, type Party, play, type Script } from '../support/round.ts';

/** A finished round and what its verifier trusts. */
export type Proven = {
  readonly people: Party;
  readonly plan: Plan<Fields, never, CommitmentScheme>;
  readonly bundle: Uint8Array;
  readonly trust: Trust;
  readonly sum: Readonly<Record<string, unknown>>;
};

/** One field, one element: the smallest bundle there is. */
export const TINY: { readonly votes: IntegerField } = {
  votes: integer({ length: 1, min: 0, max: 9 }),
};

/** Every kind of field; the longest has two chunks. */
export const KINDS: {
  readonly votes: IntegerField;
  readonly update: RealField;
  readonly model: WeightedMeanField;
} = {
  votes: integer({ length: 3, min: -2, max: 9 }),
  update: real({ length: 4_100, clip: { norm: 'l2', bound: 1 } }),
  model: weightedMean({ length: 4, clip: { norm: 'linf', bound: 1 }, maxWeight: 10 }),
};

/** Plays a round without noise. */
export async function proven<const F extends Fields>(
  people: Party,
  fields: F,
  script: Script<F>,
): Promise<Proven> {
  const plan = committedPlanFor(people, {
    fields,
    trust: { corrupt: 0.2, absent: 0.25 },
    noise: noNoise(),
    commitments: pedersen(),
  });
  const { result } = await play(people, plan, script);
  return finished(people, plan, result);
}

/** The same with noise: one field that stays as it is, one that is spread, one that is public. */
export async function provenWithNoise(people: Party): Promise<Proven> {
  const plan = committedPlanFor(people, {
    fields: {
      counts: integer({ length: 2, min: 0, max: 5 }),
      update: real({ length: 300, clip: { norm: 'l2', bound: 1 } }),
      size: publicField(integer({ length: 1, min: 0, max: 100 })),
    },
    trust: { corrupt: 0.2, absent: 0.25 },
    noise: skellam({ epsilon: 4, delta: 1e-5 }),
    commitments: pedersen(),
  });
  const { result } = await play(people, plan, {
    inputs: () => ({ counts: [1, 5], update: new Float64Array(300).fill(0.05), size: [7] }),
    receipt: async () => {
      const ledger = await openLedger(inMemoryStorage(), {
        budget: { epsilon: 4, delta: 1e-5 },
        neighbours: plan.privacy.neighbours,
        expecting: { event: plan.privacy.event, count: 1 },
      });
      const { event } = plan.privacy;
      const receipt = await ledger.admit({ round: plan.id, plan: plan.hash, event });
      if (!receipt.admitted) throw new Error(receipt.message);
      return receipt;
    },
  });
  return finished(people, plan, result);
}

/** A round under a beacon: every step of every client, nobody vanishes, in the hybrid suite. */
export async function provenWithBeacon(people: Party, value: Uint8Array): Promise<Proven> {
  const plan = committedPlanFor(people, {
    fields: TINY,
    trust: {
      corrupt: 0.2,
      absent: 0.25,
      beacon: { chain: 'a chain', round: 7, marginMs: 60_000 },
    },
    suite: 'x25519-mlkem768',
    noise: noNoise(),
    commitments: pedersen(),
  });
  const reviewed = client.readPlan(planBytes(plan), {
    voucher: people.voucher.publicKey,
    fields: TINY,
    commitments: pedersen(),
  });
  const port: client.BeaconPort = { timeMs: () => 1e9, verify: () => true };
  const beacon = { port, value, receipt: client.witness(reviewed, { port, nowMs: 0 }) };
  async function* device(id: string): AsyncGenerator<Uint8Array, void, Uint8Array> {
    const signer = people.signers.get(id) as Signer;
    const a = await client.advertise(reviewed, signer, { context: CONTEXT, beacon });
    const b = await client.share(a.next, yield a.message, { votes: [2] });
    const c = await client.mask(b.next, yield b.message);
    const d = await client.confirm(c.next, yield c.message);
    yield (await client.unmask(d.next, yield d.message)).message;
  }
  const devices = new Map(people.ids.map((id) => [id, device(id)]));
  async function phase<P extends coordinator.Phase>(
    at: coordinator.Opened<P, typeof TINY>,
  ): Promise<coordinator.CloseOf<P, typeof TINY>> {
    const downlinks: ReadonlyMap<string, Uint8Array> = at.downlinks;
    for (const [id, messages] of devices) {
      const { value: said } = await messages.next(downlinks.get(id) ?? new Uint8Array());
      if (said) coordinator.accept(at.next, said);
    }
    return coordinator.close(at.next);
  }
  const begun = coordinator.begin(plan, { context: CONTEXT, beacon: value });
  const { next: result } = await phase({ next: begun, downlinks: new Map() })
    .then(phase)
    .then(phase)
    .then(phase)
    .then(phase);
  return finished(people, plan, result);
}

const finished = (
  people: Party,
  plan: object,
  { bundle, sum }: { readonly bundle: Uint8Array | undefined; readonly sum: object },
): Proven => {
  const made = plan as Proven['plan'];
  return {
    people,
    plan: made,
    bundle: bundle as Uint8Array,
    trust: trustIn(made),
    sum: sum as Readonly<Record<string, unknown>>,
  };
};

/** The inputs of {@link KINDS}. */
export const kindsInputs = (): InputsOf<typeof KINDS> => ({
  votes: [1, -2, 9],
  update: Float64Array.from({ length: 4_100 }, (_, i) => (i % 2 === 0 ? 0.01 : -0.012)),
  model: { values: [0, 1, -1, 0.5], weight: 3 },
});

/** The bundle with some of its parts changed. */
export const changed = (
  bundle: Uint8Array,
  change: (parts: Bundle) => Partial<Bundle>,
): Uint8Array => {
  const parts = decodeBundle(bundle);
  return encodeBundle({ ...parts, ...change(parts) });
};

/** The codes of a refusal, each once; none for a valid bundle. */
export async function codesOf(
  bundle: Uint8Array,
  trust: Trust,
  curve?: FastCurve,
): Promise<readonly string[]> {
  const verdict = await verifyBundle(bundle, trust, curve === undefined ? {} : { curve });
  if (verdict.valid !== (verdict.reasons.length === 0))
    throw new Error('a verdict without reasons');
  return [...new Set(verdict.reasons.map(({ code }) => code))].sort();
}
