/**
 * Real rounds in one process, stage by stage: every message is made by a client's own step and taken
 * in by the coordinator's, so what is timed in between is what a user's round would do.
 */
import { randomBytes } from 'node:crypto';
import {
  clientId,
  inMemorySigner,
  type Signer,
  type SuiteName,
  signRoster,
  suite,
  verifySignature,
  x25519KeyPair,
  x25519SharedSecret,
} from 'veilsum/identity';
import {
  accept,
  advertise,
  begin,
  type ClientState,
  type CloseOf,
  type CoordinatorState,
  close,
  confirm,
  type Downlink,
  type Downlinks,
  type GraphParameters,
  graphParameters,
  mask,
  type Next,
  type Phase,
  share,
  type Terms,
  termsOfRound,
  type Uplink,
  unmask,
} from 'veilsum/secagg';
import { latticeLayout } from '../src/lattice/layout.ts';
import { latticeShape } from '../src/lattice/parameters.ts';
import type { LatticeForm } from '../src/secagg/terms.ts';

/** b of every benchmarked vector: 16-bit values of up to 255 clients, or so. */
export const MODULUS_BITS = 24;

/** The model that all clients received. */
export const CONTEXT: Uint8Array = new Uint8Array(32).fill(7);

/** A round that is about to begin. */
export type Stage = {
  readonly terms: Terms;
  readonly ids: readonly string[];
  readonly signers: readonly Signer[];
  /** Bytes that each client has sent so far, by roster position. */
  readonly sent: number[];
};

/** Parameters as a plan with γ = δ = 0.1 derives them. */
export const planned = (clients: number, coordinator: 'active' | 'semi-honest'): GraphParameters =>
  graphParameters({ clients, corrupt: '0.1', absent: '0.1', coordinator });

/**
 * Parameters made by hand for an exact degree: the smallest ring on which everybody has `degree`
 * neighbours, with the usual threshold of two thirds of them and nobody absent.
 */
export const withDegree = (degree: number): GraphParameters => ({
  clients: degree + 2,
  coordinator: 'semi-honest',
  corruptCount: 0,
  absentCount: 0,
  degree,
  threshold: Math.ceil((2 * degree) / 3),
  window: 0,
  quorumBase: 0,
  defaultFloor: degree + 2,
  complete: false,
});

/** How the vector is hidden. */
export type Masks = 'pairwise' | 'lattice';

/** Lattice masks for sums as wide as those of the pairwise ring. */
function latticeFor(clients: number, length: number): LatticeForm {
  const shape = latticeShape({ clients, length, low: 0, high: 2 ** MODULUS_BITS - 1 });
  return { layout: latticeLayout([shape], clients), fields: [0] };
}

/** Invites fresh clients, whose keys nobody has seen yet. */
export async function stage(
  parameters: GraphParameters,
  length: number,
  suiteName: SuiteName = 'x25519',
  masks: Masks = 'pairwise',
): Promise<Stage> {
  const ids = Array.from({ length: parameters.clients }, (_, i) => `client-${i}`);
  const signers = ids.map(() => inMemorySigner());
  const roster = await signRoster(
    ids.map((id, i) => ({ id: clientId(id), publicKey: (signers[i] as Signer).publicKey })),
    inMemorySigner(),
  );
  const terms = termsOfRound({
    planHash: randomBytes(32),
    beacon: new Uint8Array(0),
    roster,
    suite: suite(suiteName),
    coordinator: parameters.coordinator,
    parameters,
    floor: parameters.defaultFloor,
    fields: [{ name: 'update', length, modulusBits: MODULUS_BITS }],
    ...(masks === 'lattice' ? { lattice: latticeFor(parameters.clients, length) } : {}),
  });
  return { terms, ids, signers, sent: ids.map(() => 0) };
}

/** Client states by roster position; a client that has left has none. */
export type Cast<N extends Next> = ReadonlyMap<number, ClientState<N>>;

/** Everybody advertises; nothing is delivered yet. */
export async function adverts(
  at: Stage,
): Promise<{ readonly cast: Cast<'share'>; readonly messages: readonly Uplink<'advertise'>[] }> {
  const cast = new Map<number, ClientState<'share'>>();
  const messages: Uplink<'advertise'>[] = [];
  for (const [i, signer] of at.signers.entries()) {
    const { next, message } = await advertise(at.terms, signer, { context: CONTEXT });
    cast.set(i, next);
    messages.push(message);
    at.sent[i] = message.length;
  }
  return { cast, messages };
}

/** Delivers messages and closes the phase. Throws if the coordinator refuses one. */
export function deliver<P extends Exclude<Phase, 'unmask'>>(
  state: CoordinatorState<P>,
  messages: Iterable<Uplink<P>>,
): CloseOf<P> {
  take(state, messages);
  return close(state);
}

/** Delivers messages. */
export function take<P extends Phase>(
  state: CoordinatorState<P>,
  messages: Iterable<Uplink<P>>,
): void {
  for (const message of messages) {
    const fault = accept(state, message as never);
    if (fault !== undefined) throw new Error(`benchmark round: ${fault.message}`);
  }
}

/** A benchmark's client: position i holds the vector whose every element is i + element mod 256. */
export function vectorOf(at: Stage, i: number): Uint32Array {
  const { length } = at.terms.fields[0] as { length: number };
  const vector = new Uint32Array(length);
  for (let j = 0; j < length; j++) vector[j] = i + (j & 255);
  return vector;
}

const steps = {
  share: (_: Stage, __: number, state: ClientState<'share'>, down: Downlink<'share'>) =>
    share(state, down),
  mask: (at: Stage, i: number, state: ClientState<'mask'>, down: Downlink<'mask'>) =>
    mask(state, down, [vectorOf(at, i)]),
  confirm: (_: Stage, __: number, state: ClientState<'confirm'>, down: Downlink<'confirm'>) =>
    confirm(state, down),
  unmask: (_: Stage, __: number, state: ClientState<'unmask'>, down: Downlink<'unmask'>) =>
    unmask(state, down),
} as const;

type Following = { share: 'mask'; mask: 'confirm'; confirm: 'unmask'; unmask: 'done' };

/** All clients answer, except those for whom `isGone` holds. */
export async function answers<P extends keyof Following>(
  at: Stage,
  phase: P,
  cast: Cast<P>,
  downlinks: Downlinks<P>,
  isGone: (i: number) => boolean = () => false,
): Promise<{ readonly cast: Cast<Following[P]>; readonly messages: readonly Uplink<P>[] }> {
  const next = new Map<number, ClientState<Following[P]>>();
  const messages: Uplink<P>[] = [];
  for (const [i, state] of cast) {
    const down = downlinkOf(at, downlinks, i);
    if (down === undefined || isGone(i)) continue;
    const stepped = await steps[phase](at, i, state as never, down as never);
    next.set(i, stepped.next as ClientState<Following[P]>);
    messages.push(stepped.message as Uplink<P>);
    at.sent[i] = (at.sent[i] as number) + stepped.message.length;
  }
  return { cast: next, messages };
}

/** What the coordinator has for the client at a position. */
export const downlinkOf = <P extends Phase>(
  at: Stage,
  downlinks: Downlinks<P>,
  i: number,
): Downlink<P> | undefined => downlinks.get(clientId(at.ids[i] as string));

/** A round up to the moment when all confirmations were taken in. */
export async function untilConfirmed(
  at: Stage,
  isGone: (i: number) => boolean,
): Promise<{
  readonly confirming: CoordinatorState<'confirm'>;
  readonly cast: Cast<'unmask'>;
  readonly messages: readonly Uplink<'confirm'>[];
}> {
  const first = await adverts(at);
  const sharing = deliver(begin(at.terms, { context: CONTEXT }), first.messages);
  const second = await answers(at, 'share', first.cast, sharing.downlinks);
  const masking = deliver(sharing.next, second.messages);
  const third = await answers(at, 'mask', second.cast, masking.downlinks, isGone);
  const confirming = deliver(masking.next, third.messages);
  const fourth = await answers(at, 'confirm', third.cast, confirming.downlinks);
  return { confirming: confirming.next, ...fourth };
}

/** As many public keys of either kind as the library remembers. */
const STRANGERS = 16_384;

/**
 * Makes the library forget the X25519 keys it has met, as if its process were new: it remembers a
 * bounded number, and here so many strangers come by that all others fall out. Takes seconds.
 */
export function forgetAgreementKeys(): void {
  const pair = x25519KeyPair(randomBytes(32));
  for (let i = 0; i < STRANGERS; i++) x25519SharedSecret(pair, stranger());
}

/** The same for the Ed25519 keys. */
export function forgetIdentityKeys(): void {
  const message = new Uint8Array(1);
  const signature = randomBytes(64);
  signature[63] = 0; // S below the group order, or the key would not be looked at.
  for (let i = 0; i < STRANGERS; i++) verifySignature(stranger(), message, signature);
}

/** Random bytes that are canonical as a public key of either kind. */
function stranger(): Uint8Array {
  const key = randomBytes(32);
  key[31] = (key[31] as number) & 0x3f;
  return key;
}
