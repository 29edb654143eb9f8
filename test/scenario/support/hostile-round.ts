/**
 * A veilsum round in which the clients are veilsum's, called through its public API, and the
 * coordinator is the story's: it collects what clients say and may tell each of them something else.
 * Downlinks are built from what was really signed, as a coordinator that wants to be believed must.
 */
import {
  type Fields,
  type IntegerField,
  integer,
  type Plan,
  planBytes,
  type Result,
  type Signer,
  type Trust,
} from 'veilsum';
import * as client from 'veilsum/client';
import * as coordinator from 'veilsum/coordinator';
import { concat, equalBytes } from '../../../src/internal/bytes.ts';
import { termsOf } from '../../../src/round/plan.ts';
import { type Contents, contentsOf, type Next, stateOf } from '../../../src/secagg/client/state.ts';
import {
  encodeAdvertsDownlink,
  encodeQuorumDownlink,
  encodeSharesDownlink,
  encodeSurvivorsDownlink,
  type SharesDownlink,
} from '../../../src/secagg/downlinks.ts';
import { neighbours } from '../../../src/secagg/graph.ts';
import { shareHash } from '../../../src/secagg/keys.ts';
import {
  decodeParts,
  decodeShareHeader,
  decodeSharePart,
  decodeUnmaskHeader,
  encodeParts,
  encodeShareHeader,
  encodeSharePart,
  type ShareHeader,
  type SharePart,
} from '../../../src/secagg/messages.ts';
import { PHASES, type Phase } from '../../../src/secagg/phases.ts';
import { headerHash, signMessage } from '../../../src/secagg/signed.ts';
import { u2Leaf } from '../../../src/secagg/survivors.ts';
import { idAt, type Terms } from '../../../src/secagg/terms.ts';
import { toBitmap } from '../../../src/wire/bitmap.ts';
import { decodeEnvelope, type Envelope } from '../../../src/wire/envelope.ts';
import { inclusionPath, merkleRoot, merkleTree } from '../../../src/wire/merkle.ts';
import { CONTEXT, type Party, party, planFor } from '../../support/round.ts';
import { inputOf, type Kind, range } from './naive-sum.ts';

/** The one field of these rounds. */
export type Votes = { readonly votes: IntegerField };
export const fields: Votes = { votes: integer({ length: 4, min: 0, max: 1_000 }) };

/** A small sparse graph of the active model: n=30, γ=δ=0.05 gives k=6, t=4, w=1, A=1. */
export const smallActive: Trust = { corrupt: '0.05', absent: '0.05', coordinator: 'active' };

/** The smallest: n=12, γ=0.1, δ=0.2 gives k=8, t=5, w=1, A=1, floor and quorum 10. */
export const tinyActive: Trust = { corrupt: '0.1', absent: '0.2', coordinator: 'active' };

/** A round under way; what clients said and where they stand, by roster index. */
export type HostileRound = {
  readonly people: Party;
  readonly plan: Plan<Votes>;
  readonly reviewed: client.ReviewedPlan<Votes>;
  readonly terms: Terms;
  readonly signers: readonly Signer[];
  readonly everybody: readonly number[];
  readonly states: Map<number, client.ClientState<Next, Votes>>;
  readonly messages: Readonly<Record<Phase, Map<number, Uint8Array>>>;
  readonly said: Readonly<Record<Phase, Map<number, Envelope>>>;
  /** What a client's step threw; it says nothing more after that. */
  readonly left: Map<number, unknown>;
};

/** Reads a plan under the weakest policy that its own facts allow. */
export const review = <F extends Fields>(people: Party, plan: Plan<F>): client.ReviewedPlan<F> =>
  client.readPlan<F>(planBytes(plan), {
    voucher: people.voucher.publicKey,
    coordinator: plan.trust.coordinator,
    corrupt: 0,
    fields: plan.fields,
  });

/** Invites `clients` clients; nothing has been said. */
export async function hostileRound(
  clients: number,
  trust: Trust = smallActive,
  floor?: number,
  of: Votes = fields,
): Promise<HostileRound> {
  const people = await party(clients);
  const plan = planFor(people, { fields: of, trust, ...(floor === undefined ? {} : { floor }) });
  const maps = <T>() =>
    Object.fromEntries(PHASES.map((phase) => [phase, new Map<number, T>()])) as Record<
      Phase,
      Map<number, T>
    >;
  return {
    people,
    plan,
    reviewed: review(people, plan),
    terms: termsOf(plan),
    signers: people.ids.map((id) => people.signers.get(id) as Signer),
    everybody: range(clients),
    states: new Map(),
    messages: maps<Uint8Array>(),
    said: maps<Envelope>(),
    left: new Map(),
  };
}

const wide = { header: 1_000_000, payload: 1_000_000 };

/** One client's step; what it throws is kept in `left`. */
export async function act(
  round: HostileRound,
  phase: Phase,
  index: number,
  downlink: Uint8Array,
  options: { readonly context?: Uint8Array; readonly claim?: client.Claim } = {},
): Promise<void> {
  const state = round.states.get(index) as never;
  const bytes = downlink as never;
  const votes = inputOf(index);
  const { context = CONTEXT, claim } = options;
  const steps = {
    advertise: () =>
      client.advertise(round.reviewed, round.signers[index] as Signer, {
        context,
        ...(claim === undefined ? {} : { claim }),
      }),
    share: () => client.share<Votes>(state, bytes),
    mask: () => client.mask<Votes>(state, bytes, { votes }),
    confirm: () => client.confirm<Votes>(state, bytes),
    unmask: () => client.unmask<Votes>(state, bytes),
  };
  try {
    const { next, message } = await steps[phase]();
    round.states.set(index, next);
    heard(round, phase, index, message);
  } catch (error) {
    round.states.delete(index);
    round.left.set(index, error);
  }
}

/** Keeps a message as the coordinator hears it. */
export function heard(round: HostileRound, phase: Phase, index: number, message: Uint8Array): void {
  round.messages[phase].set(index, message);
  round.said[phase].set(index, decodeEnvelope(message, wide));
}

/** Every client advertises. */
export async function advertiseAll(
  round: HostileRound,
  options: (index: number) => Parameters<typeof act>[4] = () => ({}),
): Promise<void> {
  for (const index of round.everybody) {
    await act(round, 'advertise', index, new Uint8Array(0), options(index));
  }
}

/** Every client that is still there takes its step, told what `downlink` says. */
export async function actAll(
  round: HostileRound,
  phase: Exclude<Phase, 'advertise'>,
  downlink: (index: number) => Uint8Array,
  who: Iterable<number> = round.everybody,
): Promise<void> {
  for (const index of who) {
    if (round.states.get(index)?.next === phase) await act(round, phase, index, downlink(index));
  }
}

/** Advertise and share, honestly. */
export async function untilShared(round: HostileRound): Promise<void> {
  await advertiseAll(round);
  await actAll(round, 'share', (to) => advertsFor(round, to));
}

/** A client's neighbours within a set, ascending. */
export const nearIn = (
  { terms }: HostileRound,
  index: number,
  members: Iterable<number>,
): number[] => {
  const all = new Set(members);
  return neighbours(terms.graph, index)
    .map((neighbour) => neighbour.index)
    .filter((other) => all.has(other))
    .sort((a, b) => a - b);
};

const saidBy = (round: HostileRound, phase: Phase, index: number): Envelope =>
  round.said[phase].get(index) as Envelope;

/** The neighbours' adverts, of those in `members`. */
export const advertsFor = (
  round: HostileRound,
  to: number,
  members: Iterable<number> = round.said.advertise.keys(),
): Uint8Array =>
  encodeAdvertsDownlink(round.terms, to, {
    adverts: nearIn(round, to, members).map((index) => saidBy(round, 'advertise', index)),
  });

/** The parts that a dealer dealt. */
export const partsOf = (round: HostileRound, dealer: number): SharePart[] =>
  decodeParts(round.terms, saidBy(round, 'share', dealer).payload).map((part) =>
    decodeSharePart(round.terms, part),
  );

/** U2 as told to one client, all proofs true; `tweak` may change what is sent. */
export function sharesFor(
  round: HostileRound,
  to: number,
  u2: readonly number[] = [...round.said.share.keys()].sort((a, b) => a - b),
  tweak: (content: SharesDownlink) => SharesDownlink = (content) => content,
): Uint8Array {
  const { terms } = round;
  const tree = merkleTree(
    u2.map((index) =>
      u2Leaf(
        index,
        headerHash(terms, 'advertise', saidBy(round, 'advertise', index)),
        headerHash(terms, 'share', saidBy(round, 'share', index)),
      ),
    ),
  );
  const pathOf = (index: number) => inclusionPath(tree, u2.indexOf(index));
  const content = {
    u2: toBitmap(u2, round.everybody.length),
    u2Root: tree.root,
    ownPath: u2.includes(to) ? pathOf(to) : [],
    neighbours: nearIn(round, to, u2).map((dealer) => {
      const encoded = decodeParts(terms, saidBy(round, 'share', dealer).payload);
      const partIndex = encoded.findIndex((part) => decodeSharePart(terms, part).holder === to);
      return {
        header: saidBy(round, 'share', dealer),
        partIndex,
        part: encoded[partIndex] as Uint8Array,
        partPath: inclusionPath(merkleTree(encoded), partIndex),
        u2Path: pathOf(dealer),
      };
    }),
  };
  return encodeSharesDownlink(terms, to, tweak(content));
}

/** U3 as told to one client, all proofs true. */
export function survivorsFor(
  round: HostileRound,
  to: number,
  u3: readonly number[] = [...round.said.mask.keys()].sort((a, b) => a - b),
): Uint8Array {
  const { terms } = round;
  const tree = merkleTree(
    u3.map((index) => headerHash(terms, 'mask', saidBy(round, 'mask', index))),
  );
  return encodeSurvivorsDownlink(terms, to, {
    u3: toBitmap(u3, round.everybody.length),
    headersRoot: tree.root,
    ownPath: u3.includes(to) ? inclusionPath(tree, u3.indexOf(to)) : [],
  });
}

/** Who confirmed exactly what `index` confirmed. */
export const agreeingWith = (round: HostileRound, index: number): number[] => {
  const { header } = saidBy(round, 'confirm', index);
  return [...round.said.confirm]
    .filter(([, said]) => equalBytes(said.header, header))
    .map(([other]) => other)
    .sort((a, b) => a - b);
};

/** Signatures and mask headers as told to one client. */
export const quorumFor = (
  round: HostileRound,
  to: number,
  signers: readonly number[] = agreeingWith(round, to),
  u3: Iterable<number> = round.said.mask.keys(),
): Uint8Array =>
  encodeQuorumDownlink(round.terms, to, {
    signers: toBitmap(signers, round.everybody.length),
    signatures: concat(...signers.map((index) => saidBy(round, 'confirm', index).signature)),
    maskHeaders: nearIn(round, to, u3).map((index) => saidBy(round, 'mask', index)),
  });

/** Every share that an unmask answer gave away: whose, which secret, and held by whom. */
export function revealed(
  round: HostileRound,
): readonly { dealer: number; holder: number; kind: Kind; share: Uint8Array }[] {
  const { terms } = round;
  return [...round.said.unmask].flatMap(([holder, { header }]) => {
    const answer = decodeUnmaskHeader(terms, header);
    const own = { dealer: holder, holder, kind: 'self' as const, share: answer.own };
    const others = answer.shares.flatMap(({ dealer, share }) => {
      if (share === undefined) return [];
      const part = partsOf(round, dealer).find((dealt) => dealt.holder === holder) as SharePart;
      const isSelf = equalBytes(shareHash(terms, 'self', dealer, holder, share), part.selfHash);
      return [{ dealer, holder, kind: isSelf ? ('self' as const) : ('masking' as const), share }];
    });
    return [own, ...others];
  });
}

/** Of how many of `clients` the coordinator (with the corrupt ones) can open the kind of secret. */
export function openable(
  round: HostileRound,
  kind: Kind,
  corrupt: ReadonlySet<number> = new Set(),
): number[] {
  const { threshold } = round.terms.parameters;
  const answers = revealed(round);
  return round.everybody.filter((dealer) => {
    const holders = new Set(nearIn(round, dealer, corrupt));
    for (const answer of answers) {
      if (answer.dealer === dealer && answer.kind === kind) holders.add(answer.holder);
    }
    return corrupt.has(dealer) || holders.size >= threshold;
  });
}

/** Runs veilsum's own coordinator on what was said so far, up to and including a phase. */
export function honestUntil<P extends Phase>(
  round: HostileRound,
  phase: P,
  extra: (phase: Phase) => readonly Uint8Array[] = () => [],
): {
  readonly state: coordinator.CoordinatorState<P, Votes>;
  readonly faults: coordinator.Fault[];
} {
  const faults: coordinator.Fault[] = [];
  let state: coordinator.CoordinatorState<Phase, Votes> = coordinator.begin(round.plan, {
    context: CONTEXT,
  });
  for (;;) {
    for (const message of [...extra(state.phase), ...round.messages[state.phase].values()]) {
      const fault = coordinator.accept(state, message as never);
      if (fault !== undefined) faults.push(fault);
    }
    if (state.phase === phase) {
      return { state: state as coordinator.CoordinatorState<P, Votes>, faults };
    }
    state = coordinator.close(state as coordinator.CoordinatorState<'mask', Votes>).next;
  }
}

/** The result of a round whose five phases were all heard. */
export const resultOf = (round: HostileRound): Result<Votes> =>
  coordinator.close(honestUntil(round, 'unmask').state).next;

/** The client's id at a roster index. */
export const nameOf = ({ terms }: HostileRound, index: number): string => idAt(terms, index);

/**
 * A corrupt client deals anew: changes the parts and the header of its share message, signs what came
 * of it, and goes on with it as if it had been its own all along.
 */
export async function redeal(
  round: HostileRound,
  dealer: number,
  change: (
    parts: readonly SharePart[],
    header: ShareHeader,
  ) => { readonly parts?: readonly SharePart[]; readonly header?: Partial<ShareHeader> },
): Promise<void> {
  const { terms } = round;
  const before = decodeShareHeader(terms, saidBy(round, 'share', dealer).header);
  const dealt = change(partsOf(round, dealer), before);
  const encoded = (dealt.parts ?? partsOf(round, dealer)).map(encodeSharePart);
  const header = encodeShareHeader({
    ...before,
    partsRoot: merkleRoot(encoded),
    partCount: encoded.length,
    ...dealt.header,
  });
  const signer = round.signers[dealer] as Signer;
  const payload = encodeParts(encoded);
  const { message, said } = await signMessage(terms, 'share', dealer, signer, header, payload);
  heard(round, 'share', dealer, message);
  const contents = contentsOf(round.states.get(dealer) as never) as Contents<'mask'>;
  const memory = { ...contents.memory, shareHash: headerHash(terms, 'share', said) };
  round.states.set(dealer, stateOf({ ...contents, memory }) as never);
}

/** What a corrupt client hands to the coordinator: all that its state holds. */
export const secretsOf = <N extends Next>(round: HostileRound, index: number): Contents<N> =>
  contentsOf(round.states.get(index) as never) as Contents<N>;
