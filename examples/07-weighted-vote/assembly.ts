/** The vote itself: one round with commitments, so that everybody can check the count afterwards. */
import {
  clientId,
  type IntegerField,
  inMemorySigner,
  integer,
  noNoise,
  plan,
  planBytes,
  signRoster,
  type WeightedMeanField,
  weightedMean,
} from 'veilsum';
import * as client from 'veilsum/client';
import * as coordinator from 'veilsum/coordinator';
import { type BundleVerdict, trustIn, verifyBundle } from 'veilsum/verify';
import { pedersen } from 'veilsum/zk';
import { type Ballot, CHOICES, countsOf, MOTIONS } from './register.ts';

type Questions = { readonly motions: IntegerField; readonly mark: WeightedMeanField };

/** What comes out, for everybody to see. */
export type Count = {
  /** For each motion the shares for, against and abstaining. */
  readonly tallies: readonly (readonly number[])[];
  /** The mean mark, weighted by shares. */
  readonly mark: number;
  readonly voted: readonly string[];
  /** What a share holder's own check of the bundle says. */
  readonly verdict: BundleVerdict;
};

/**
 * Holds the vote.
 *
 * @param register - shares of all that are invited
 * @param ballots - of those who vote; others are invited and never answer
 */
export async function vote(
  register: ReadonlyMap<string, number>,
  ballots: ReadonlyMap<string, Ballot>,
): Promise<Count> {
  const maxShares = Math.max(...register.values());
  const fields: Questions = {
    motions: integer({ length: MOTIONS.length * CHOICES.length, min: 0, max: maxShares }),
    mark: weightedMean({ length: 1, clip: { norm: 'linf', bound: 10 }, maxWeight: maxShares }),
  };
  const people = [...register.keys()].map((name) => ({ id: clientId(name), ...inMemorySigner() }));
  const registrar = inMemorySigner();
  const ballotPaper = plan({
    id: 'assembly/2026',
    fields,
    roster: await signRoster(people, registrar),
    trust: { corrupt: 0.2, absent: 0.2 },
    noise: noNoise(),
    commitments: pedersen(),
  });

  async function* voter(
    me: (typeof people)[number],
    ballot: Ballot,
  ): AsyncGenerator<Uint8Array, void, Uint8Array> {
    const policy = { voucher: registrar.publicKey, fields, commitments: pedersen() };
    const paper = client.readPlan(planBytes(ballotPaper), policy);
    const shares = register.get(me.id) as number;
    const a = await client.advertise(paper, me, { context: paper.hash });
    const b = await client.share(a.next, yield a.message, {
      motions: countsOf(shares, ballot),
      mark: { values: [ballot.mark], weight: shares },
    });
    const c = await client.mask(b.next, yield b.message);
    const d = await client.confirm(c.next, yield c.message);
    yield (await client.unmask(d.next, yield d.message)).message;
  }

  const voters = new Map(
    people.flatMap((me) => {
      const ballot = ballots.get(me.id);
      return ballot === undefined ? [] : [[me.id, voter(me, ballot)] as const];
    }),
  );
  async function phase<P extends coordinator.Phase>(
    at: coordinator.Opened<P, Questions>,
  ): Promise<coordinator.CloseOf<P, Questions>> {
    for (const [id, messages] of voters) {
      const { value } = await messages.next(at.downlinks.get(id) ?? new Uint8Array());
      if (value) coordinator.accept(at.next, value);
    }
    return coordinator.close(at.next);
  }
  const begun = {
    next: coordinator.begin(ballotPaper, { context: ballotPaper.hash }),
    downlinks: new Map(),
  };
  const { next: result } = await phase(begun).then(phase).then(phase).then(phase).then(phase);
  // Any share holder does this at home, with the bundle and the registrar's list.
  const verdict = await verifyBundle(result.bundle as Uint8Array, trustIn(ballotPaper));
  const { motions, mark } = result.sum;
  const tallies = MOTIONS.map((_, m) =>
    CHOICES.map((_, c) => Number(motions[m * CHOICES.length + c])),
  );
  return { tallies, mark: mark.mean[0] as number, voted: result.contributors, verdict };
}
