/**
 * One encrypted round from beginning to end: what a hospital does, and what the coordinator does with
 * it. The members' steps are in committee.ts.
 */
import type { ClientId } from 'veilsum';
import {
  acceptEncrypted,
  checkCommitted,
  chunkOf,
  closeClosing,
  closeCommits,
  closeKey,
  closeRoot,
  closeUploads,
  type EncryptedClient,
  type EncryptedRound,
  encryptedRound,
  encryptForRound,
  fetchHalf,
  type OpenedSum,
  openedSum,
  readEncryptedRound,
  type Seal,
} from 'veilsum/he';
import type { Enrolment } from '../digits/enrolment.ts';
import { formCommittee, openTogether, signClosings, signRoots } from './committee.ts';
import { CLIP, LENGTH } from './hospitals.ts';

/** Who is in a round: the hospitals, and the committee. */
export type Parties = {
  readonly hospitals: Enrolment;
  readonly committee: Enrolment;
};

/** Who is not there when it matters. */
export type Absent = {
  /** Hospitals that commit, and never upload. */
  readonly afterCommit: readonly ClientId[];
  /** Members that have signed everything, and are gone when the sum is to be opened. */
  readonly atOpening: readonly ClientId[];
};

/** What a round came to, and what it cost. */
export type MeanRound = {
  readonly plan: EncryptedRound;
  readonly result: OpenedSum;
  readonly mean: Float64Array;
  /** Milliseconds: of one hospital and one member on average, of the coordinator in all. */
  readonly ms: { readonly hospital: number; readonly member: number; readonly coordinator: number };
  /** Bytes that a hospital in the sum sends, and that each opening member fetches. */
  readonly bytes: { readonly hospital: number; readonly member: number };
};

/** Members that open together. */
export const THRESHOLD = 3;

/**
 * The plan: facts only, veilsum derives the rest.
 *
 * @param scheme `bfv` sums whole numbers exactly, `ckks` reals approximately
 */
export const planOf = ({ hospitals, committee }: Parties, scheme: 'bfv' | 'ckks'): EncryptedRound =>
  encryptedRound({
    name: `encrypted-mean/${scheme}`,
    clients: hospitals.roster,
    holders: committee.roster,
    threshold: THRESHOLD,
    floor: Math.ceil(0.75 * hospitals.signers.size),
    length: LENGTH,
    clip: CLIP,
    precision: scheme === 'bfv' ? 0 : 1e-4,
    scheme,
  });

/** Plays a round among these parties, with each hospital's vector. */
export async function meanRound(
  parties: Parties,
  seal: Seal,
  scheme: 'bfv' | 'ckks',
  vectors: ReadonlyMap<ClientId, Float64Array>,
  absent: Absent,
): Promise<MeanRound> {
  const { hospitals, committee } = parties;
  const published = planOf(parties, scheme);
  // Nobody believes the coordinator: each party reads the plan, and knows beforehand who vouches for whom.
  const plan = readEncryptedRound(published.bytes, {
    clientVoucher: hospitals.voucher,
    holderVoucher: committee.voucher,
    floor: 2,
    threshold: THRESHOLD,
  });
  const spent = { hospital: 0, member: 0, coordinator: 0 };
  const sent = new Map<ClientId, number>();
  let fetched = 0;
  const timed = async <T>(who: keyof typeof spent, work: () => T | Promise<T>): Promise<T> => {
    const start = performance.now();
    const value = await work();
    spent[who] += performance.now() - start;
    return value;
  };

  // The key. The coordinator only passes on what members say; that little counts as theirs.
  const formed = await timed('member', () => formCommittee(plan, seal, committee.signers));
  const key = await timed('coordinator', () => closeKey(formed.coordinator));

  // A hospital encrypts, commits, and could go to lunch.
  const waiting = new Map<ClientId, EncryptedClient<'root'>>();
  for (const [id, signer] of hospitals.signers) {
    const values = vectors.get(id) as Float64Array;
    const committed = await timed('hospital', () =>
      encryptForRound(plan, seal, signer, key.downlink, values),
    );
    waiting.set(id, committed.next);
    sent.set(id, committed.message.length);
    await timed('coordinator', () => acceptEncrypted(key.next, committed.message));
  }

  // The members sign the root of all commitments; from here on nobody can add one.
  const commits = await timed('coordinator', () => closeCommits(key.next));
  const rooted = await timed('member', () =>
    signRoots(formed.members, commits.next, commits.downlink),
  );
  const uploads = await timed('coordinator', () => closeRoot(commits.next));

  // Only now are ciphertexts shown, one after the other.
  for (const [id, state] of waiting) {
    if (absent.afterCommit.includes(id)) continue;
    const downlink = uploads.downlinks.get(id) as Uint8Array;
    const client = await timed('hospital', () => checkCommitted(state, downlink));
    for (let index = 0; index < plan.sum.ciphertexts; index++) {
      const chunk = chunkOf(client, index);
      sent.set(id, (sent.get(id) as number) + chunk.length);
      await timed('coordinator', () => acceptEncrypted(uploads.next, chunk));
    }
  }

  // The coordinator picks three that are there, and all that are there sign it.
  const there = [...committee.signers.keys()].filter((id) => !absent.atOpening.includes(id));
  const closing = await timed('coordinator', () =>
    closeUploads(uploads.next, there.slice(0, THRESHOLD)),
  );
  const closed = await timed('member', () => signClosings(rooted, closing.next, closing.downlink));
  const opening = await timed('coordinator', () => closeClosing(closing.next));
  const active = new Map([...closed].filter(([id]) => opening.active.includes(id)));
  await timed('member', () =>
    openTogether(active, opening.next, opening.downlink, async (...which) => {
      const half = await fetchHalf(opening.next, ...which);
      fetched += half.length;
      return half;
    }),
  );
  const result = await timed('coordinator', () => openedSum(opening.next, seal));

  return {
    plan,
    result,
    mean: result.sums.map((sum) => sum / result.contributors.length),
    ms: {
      hospital: spent.hospital / waiting.size,
      member: spent.member / committee.signers.size,
      coordinator: spent.coordinator,
    },
    bytes: { hospital: Math.max(...sent.values()), member: fetched / active.size },
  };
}
