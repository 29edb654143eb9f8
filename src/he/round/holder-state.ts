/** A holder's state: what it holds between two steps, how a step runs, and how it is saved. */
import { CodecError, UsageError } from '../../errors.ts';
import type { Signer } from '../../identity/signer.ts';
import { equalBytes, toHex, wipe } from '../../internal/bytes.ts';
import { vault } from '../../internal/spent.ts';
import { decode, encode } from '../../wire/cbor.ts';
import { bytes, integer, list, tuple } from '../../wire/fields.ts';
import type { Seal } from '../handles.ts';
import { dataPrimes } from '../parameters.ts';
import { type HolderClaim, isRefusal } from './claims.ts';
import { type HolderKey, keyHolderKey } from './key-holder.ts';
import { memberHolderKey } from './member-holder.ts';
import { commitLength, HASH } from './messages.ts';
import { type EncryptedRound, isKeyHolder } from './plan.ts';

/** The steps that a holder can be about to do, in their order. */
const STEPS = ['root', 'close', 'open', 'done'] as const;

/** One of them. */
export type HolderStep = (typeof STEPS)[number];

/** A holder between two steps; `next` is what it does next. Each step consumes it. */
export type EncryptedHolder<Next extends HolderStep = HolderStep> = {
  readonly role: 'holder';
  readonly next: Next;
};

/** Everything behind a holder's state. */
export type HolderContents = {
  readonly plan: EncryptedRound;
  readonly signer: Signer;
  readonly claim: HolderClaim;
  /** Whether the caller gave the claim store. */
  readonly durable: boolean;
  readonly self: number;
  readonly next: HolderStep;
  readonly key: HolderKey;
  readonly keyHash: Uint8Array;
  /** From `close` on: the root header that it signed, and what each client committed to. */
  readonly root: Uint8Array;
  readonly commits: ReadonlyMap<number, Uint8Array>;
  /** From `open` on: the close header that it signed. */
  readonly close: Uint8Array;
};

const states = vault<HolderContents>('holder');

/** A fresh handle for these contents. */
export const holderOf = <Next extends HolderStep>(
  contents: HolderContents & { readonly next: Next },
): EncryptedHolder<Next> =>
  states.put(
    Object.freeze({ role: 'holder', next: contents.next }) as EncryptedHolder<Next>,
    contents,
  );

/** What a step gives: the next state, and a message for the coordinator. */
export type Stepped<Next extends HolderStep, Message extends Uint8Array> = {
  readonly next: EncryptedHolder<Next>;
  readonly message: Message;
};

/**
 * Runs a step: takes the state, works, and puts it back if the work failed before anything left.
 *
 * ⚠ A refused claim ends the holder: another copy of it has gone on. A `state-spent` of somebody else,
 * such as a coordinator that `fetch` asks, does not.
 */
export async function holderStep<Step extends HolderStep, Result>(
  state: EncryptedHolder<Step>,
  step: Step,
  work: (contents: HolderContents) => Promise<Result>,
): Promise<Result> {
  const contents = states.peek(state);
  if (contents.next !== step) {
    throw new UsageError(
      'wrong-type',
      `holder: got a state for "${contents.next}", expected one for "${step}"`,
    );
  }
  states.take(state);
  try {
    return await work(contents);
  } catch (error) {
    if (isRefusal(error)) wipe(contents.key.secret);
    else states.put(state, contents);
    throw error;
  }
}

/**
 * Lets go of a holder whose round is over before its answer: overwrites its part of the key.
 *
 * @param state any; consumed
 * @throws UsageError `state-spent`
 */
export const forgetHolder = (state: EncryptedHolder): void => wipe(states.take(state).key.secret);

/** The holder's place on the roster. @throws UsageError `unknown-id` */
export function holderPosition({ holders }: EncryptedRound, signer: Signer): number {
  const key = toHex(signer.publicKey);
  const self = holders.clients.findIndex(({ publicKey }) => toHex(publicKey) === key);
  if (self >= 0) return self;
  throw new UsageError(
    'unknown-id',
    'signer: got a key that is not on the roster of holders, expected that of a holder',
  );
}

const VERSION = 1;

/**
 * A holder's state as bytes, for durable storage before its message leaves. The state stays usable.
 *
 * @param state any but a spent one
 * @throws UsageError `claim-required` without a claim store of the caller's; `state-spent`
 *
 * **Security**: the bytes hold the holder's part of the key: with enough of them every vector of the
 * round can be read. Encrypt them at rest, and delete them after the round.
 */
export function saveHolder(state: EncryptedHolder): Uint8Array {
  const { durable, plan, self, next, key, keyHash, root, commits, close } = states.peek(state);
  if (!durable) {
    throw new UsageError(
      'claim-required',
      'saveHolder: this holder has no claim store of the caller, expected one at its start; leave the round after a crash',
    );
  }
  const said = [...commits].map(([sender, hashes]) => [sender, hashes]);
  return encode([
    VERSION,
    plan.roundId,
    self,
    STEPS.indexOf(next),
    key.secret,
    keyHash,
    root,
    said,
    close,
  ]);
}

/**
 * Restores a saved holder.
 *
 * @param plan the round's
 * @param seal from `openSeal`
 * @param saved what {@link saveHolder} gave
 * @param options.signer the same identity as before
 * @param options.claim the same durable store as before: it is what keeps a restored copy from answering
 *   again
 * @returns the state; its `next` tells which step it waits for
 * @throws CodecError if the bytes are none, or of another round
 * @throws UsageError `unknown-id` if the signer is another holder
 */
export function restoreHolder(
  plan: EncryptedRound,
  seal: Seal,
  saved: Uint8Array,
  options: { readonly signer: Signer; readonly claim: HolderClaim },
): EncryptedHolder {
  const what = 'saved holder';
  const n = plan.clients.clients.length;
  const { set } = plan.sum;
  // A key holder's secret is modulo all primes, a member's share modulo those of ciphertexts.
  const primes = isKeyHolder(plan) ? set.primes : dataPrimes(set);
  const secretMax = 8 * set.degree * primes.length;
  const maxBytes = 1_024 + secretMax + n + n * (commitLength(plan) + 16);
  const of = tuple(decode(saved, { what, maxBytes }), 9, what);
  integer(of[0], VERSION, VERSION, `${what}: version`);
  if (!equalBytes(bytes(of[1], HASH, `${what}: round id`), plan.roundId)) {
    throw new CodecError('wrong-round', `${what}: got one of another round`);
  }
  const self = integer(of[2], 0, plan.holders.clients.length - 1, `${what}: position`);
  if (self !== holderPosition(plan, options.signer)) {
    throw new UsageError(
      'unknown-id',
      'restoreHolder: got the signer of another holder than was saved',
    );
  }
  const next = STEPS[integer(of[3], 0, STEPS.length - 1, `${what}: step`)] as HolderStep;
  const secret = bytes(of[4], secretMax, `${what}: secret`);
  let before = -1;
  const commits = list(of[7], n, `${what}: commits`).map((item) => {
    const pair = tuple(item, 2, `${what}: commit`);
    const sender = integer(pair[0], 0, n - 1, `${what}: sender`);
    if (sender <= before) {
      throw new CodecError('non-canonical', `${what}: commits out of order, or one client twice`);
    }
    before = sender;
    return [sender, bytes(pair[1], commitLength(plan), `${what}: hashes`)] as const;
  });
  return holderOf({
    plan,
    signer: options.signer,
    claim: options.claim,
    durable: true,
    self,
    next,
    key: isKeyHolder(plan)
      ? keyHolderKey(plan, seal, secret)
      : memberHolderKey(plan, seal, self, secret),
    keyHash: bytes(of[5], HASH, `${what}: key hash`),
    root: bytes(of[6], { min: 0, max: 128 }, `${what}: root`),
    commits: new Map(commits),
    close: bytes(of[8], { min: 0, max: 128 + n }, `${what}: close`),
  });
}
