/**
 * The steps of a committee's member until it is a holder with a part of the key.
 *
 *     joinCommittee → CommitteeMember<'reveal'> → revealShare → <'key'> → receiveShares → EncryptedHolder<'root'>
 *
 * All commit to their part of the public key before anyone reveals one. With it each deals its secret
 * to all, so that any `threshold` of them open, and fewer learn nothing. Nobody is missing here: a
 * member that drops out before the key is signed ends the round, before any client has done anything.
 */
import { CodecError, ProtocolError, UsageError } from '../../errors.ts';
import { openBox, sealBox } from '../../identity/sealed-box.ts';
import type { AgreementKeyPair } from '../../identity/suite.ts';
import { concat, equalBytes, u32, utf8, wipe } from '../../internal/bytes.ts';
import { randomBytes } from '../../internal/random.ts';
import { vault } from '../../internal/spent.ts';
import { deriveKey } from '../../prg/hkdf.ts';
import { decode, encode } from '../../wire/cbor.ts';
import { decodeEnvelope } from '../../wire/envelope.ts';
import { bytes, list } from '../../wire/fields.ts';
import type { Polynomials } from '../blob.ts';
import { decodeLattice, encodeLattice } from '../codec.ts';
import {
  beginMemberKey,
  bytesOf,
  commitmentOf,
  dealSecret,
  type MemberKey,
  receiveDealt,
} from '../committee/index.ts';
import type { Seal } from '../handles.ts';
import { type HolderOptions, startHolder } from './holder.ts';
import { holderPosition, type Stepped } from './holder-state.ts';
import { memberHolderKey, secretOf } from './member-holder.ts';
import { say } from './messages.ts';
import type { EncryptedDownlink, EncryptedUplink } from './phases.ts';
import { type EncryptedRound, isKeyHolder } from './plan.ts';
import {
  boxSuite,
  checkRevealed,
  decodeJoin,
  decodeReveal,
  encodeJoin,
  encodePublicKey,
  encodeRevealHeader,
  hashOfJoins,
  type Join,
  requireAll,
  revealLength,
  setupLimits,
} from './setup-messages.ts';

/** A member between two steps of the setup; each step consumes it. It cannot be saved. */
export type CommitteeMember<Next extends 'reveal' | 'key' = 'reveal' | 'key'> = {
  readonly role: 'member';
  readonly next: Next;
};

type Contents = {
  readonly plan: EncryptedRound;
  readonly seal: Seal;
  readonly options: HolderOptions;
  readonly self: number;
  readonly boxes: AgreementKeyPair;
  readonly key: MemberKey;
  /** Its part of the public key, on the wire. */
  readonly share: Uint8Array;
  /** What it said in the phase `join`. */
  readonly header: Uint8Array;
  /** From `key` on. */
  readonly joins: readonly Join[];
  readonly joinsHash: Uint8Array;
};

const states = vault<Contents>('committee member');

const memberOf = <Next extends 'reveal' | 'key'>(
  next: Next,
  contents: Contents,
): CommitteeMember<Next> => states.put(Object.freeze({ role: 'member', next }), contents);

/** Takes a state for good: a failure in the setup ends the round for this member. */
async function setupStep<Next extends 'reveal' | 'key', Result>(
  state: CommitteeMember<Next>,
  next: Next,
  work: (contents: Contents) => Promise<Result>,
): Promise<Result> {
  if (state.next !== next) {
    throw new UsageError('wrong-type', `committee member: expected a state for "${next}"`);
  }
  const contents = states.take(state);
  try {
    return await work(contents);
  } catch (error) {
    contents.key[Symbol.dispose]();
    boxSuite.wipe(contents.boxes);
    throw error;
  }
}

/**
 * Makes a member's part of the key and commits to it.
 *
 * @param plan from `readEncryptedRound`, with a committee
 * @param seal from `openSeal`; no handle outlives a call
 * @param options who the member is, and its claim store
 * @throws UsageError `wrong-type` if the plan has a lone key holder; `unknown-id`
 *
 * **Cost**: some 40 ms.
 */
export async function joinCommittee(
  plan: EncryptedRound,
  seal: Seal,
  options: HolderOptions,
): Promise<{
  readonly next: CommitteeMember<'reveal'>;
  readonly message: EncryptedUplink<'join'>;
}> {
  if (isKeyHolder(plan)) {
    throw new UsageError('wrong-type', 'joinCommittee: got a plan with a lone key holder');
  }
  const self = holderPosition(plan, options.signer);
  const { roundId, sum } = plan;
  const { set } = sum;
  const seed = randomBytes(32);
  const boxes = boxSuite.keyPair(seed);
  wipe(seed);
  const key = beginMemberKey(seal, set, roundId);
  const share = encodeLattice({ kind: 'key-share', set, roundId, index: self }, bytesOf(key.share));
  const commitment = commitmentOf(roundId, self, share);
  const header = encodeJoin({ commitment, boxKey: boxes.publicKey });
  const { message } = await say(plan, 'join', self, options.signer, header);
  const nothing = { joins: [], joinsHash: new Uint8Array(0) };
  const contents = { plan, seal, options, self, boxes, key, share, header, ...nothing };
  return { next: memberOf('reveal', contents), message };
}

/**
 * Reveals the part of the key, and deals its secret to all members, sealed to each.
 *
 * @param state from {@link joinCommittee}; consumed
 * @param downlink the coordinator's word for the phase `reveal`: what all members committed to
 * @throws ProtocolError `bad-downlink`, `bad-signature`, `inconsistent-survivors` (this member's own
 *   commitment is another)
 * @throws CodecError if the bytes are no downlink
 * @throws UsageError `state-spent`, `wrong-type`
 */
export const revealShare = (
  state: CommitteeMember<'reveal'>,
  downlink: EncryptedDownlink<'reveal'>,
): Promise<{
  readonly next: CommitteeMember<'key'>;
  readonly message: EncryptedUplink<'reveal'>;
}> =>
  setupStep(state, 'reveal', async (contents) => {
    const { plan, self, options, key, share, boxes, header } = contents;
    const members = plan.holders.clients.length;
    const limits = setupLimits(plan);
    const each = limits.header + 256;
    const maxBytes = 16 + members * (each + 8);
    const said = list(decode(downlink, { what: 'joins', maxBytes }), members, 'joins').map((item) =>
      decodeEnvelope(bytes(item, { min: 1, max: each }, 'joins'), limits),
    );
    requireAll(plan, 'join', said);
    if (!equalBytes((said[self] as { header: Uint8Array }).header, header)) {
      throw new ProtocolError(
        'inconsistent-survivors',
        'joins: got another commitment of this member, expected its own',
        ['coordinator'],
      );
    }
    const joins = said.map((one) => decodeJoin(one.header));
    const headers = said.map((one) => one.header);
    const joinsHash = hashOfJoins(plan, headers);
    const dealt = dealSecret(key, { members, threshold: plan.threshold });
    let sealed: readonly Uint8Array[];
    try {
      sealed = dealt.map((words, to) => boxFor(plan, boxes, self, to, joins, words));
    } finally {
      wipe(...dealt.map(({ area }) => area));
    }
    const signed = encodeRevealHeader({ joinsHash, share, boxes: sealed });
    const { message } = await say(plan, 'reveal', self, options.signer, signed);
    return {
      next: memberOf('key', { ...contents, joins, joinsHash }),
      message: encode([message, share, sealed]),
    };
  });

/**
 * Opens what the others dealt, adds up the public key, and signs it.
 *
 * @param state from {@link revealShare}; consumed
 * @param downlink the coordinator's word for the phase `key` for this member
 * @returns the signed public key, and the state of a holder
 * @throws ProtocolError `bad-downlink`, `bad-signature`, `bad-key`, `inconsistent-survivors`: the
 *   coordinator's; `bad-share` naming a member whose box does not open, and only this one can tell
 * @throws CodecError if the bytes are no downlink
 * @throws UsageError `state-spent`, also if this identity signed another key in the round; `wrong-type`
 */
export const receiveShares = (
  state: CommitteeMember<'key'>,
  downlink: EncryptedDownlink<'key'>,
): Promise<Stepped<'root', EncryptedUplink<'key'>>> =>
  setupStep(state, 'key', async (contents) => {
    const { plan, seal, self, options, boxes, joins, joinsHash } = contents;
    const { set } = plan.sum;
    const members = plan.holders.clients.length;
    const each = revealLength(plan, 1) + 64;
    const maxBytes = 16 + members * (each + 8);
    const reveals = list(decode(downlink, { what: 'reveals', maxBytes }), members, 'reveals').map(
      (item) => decodeReveal(plan, bytes(item, { min: 1, max: each }, 'reveals'), 1),
    );
    requireAll(
      plan,
      'reveal',
      reveals.map(({ said }) => said),
    );
    // All of them before any box is opened.
    for (const [from, reveal] of reveals.entries()) {
      const { commitment } = joins[from] as Join;
      checkRevealed(plan, { hash: joinsHash, commitment }, reveal, [self]);
    }
    const publicKey = encodePublicKey(
      plan,
      reveals.map(({ share }) => share),
    );
    const dealt: Polynomials[] = [];
    try {
      for (const [from, reveal] of reveals.entries()) {
        dealt.push(opened(plan, boxes, from, self, joins, reveal.boxes[0] as Uint8Array));
      }
    } catch (error) {
      wipe(...dealt.map(({ area }) => area));
      throw error;
    }
    boxSuite.wipe(boxes);
    const committee = { members, threshold: plan.threshold };
    using received = receiveDealt(set, committee, self, dealt);
    const key = memberHolderKey(plan, seal, self, secretOf(received));
    return startHolder(plan, options, key, publicKey);
  });

/** What a box is bound to beside its key: who deals to whom, in which round, with which keys. */
const bindingOf = (
  { roundId }: EncryptedRound,
  from: number,
  to: number,
  joins: readonly Join[],
): readonly Uint8Array[] => [
  utf8('dealt share'),
  roundId,
  u32(from),
  u32(to),
  (joins[from] as Join).boxKey,
  (joins[to] as Join).boxKey,
];

/** Seals a dealt share to a member; the share is the caller's to wipe. */
function boxFor(
  plan: EncryptedRound,
  own: AgreementKeyPair,
  from: number,
  to: number,
  joins: readonly Join[],
  share: Polynomials,
): Uint8Array {
  const { roundId, sum } = plan;
  const head = { kind: 'dealt-share', set: sum.set, roundId, index: to } as const;
  const plaintext = encodeLattice(head, bytesOf(share));
  const { boxKey } = joins[to] as Join;
  const { ciphertext, kemSecret } = boxSuite.encapsulate(boxKey);
  const shared = boxSuite.sharedSecret(own, boxKey, kemSecret);
  const key = deriveKey(shared, [...bindingOf(plan, from, to, joins), ciphertext], 32);
  const box = concat(ciphertext, sealBox(key, plaintext, roundId));
  wipe(plaintext, kemSecret, shared, key);
  return box;
}

/** Opens the box that a member sealed to this one. @throws ProtocolError `bad-share` */
function opened(
  plan: EncryptedRound,
  own: AgreementKeyPair,
  from: number,
  to: number,
  joins: readonly Join[],
  box: Uint8Array,
): Polynomials {
  const { roundId, sum, holders } = plan;
  const ciphertext = box.subarray(0, boxSuite.ciphertextLength);
  const kemSecret = boxSuite.decapsulate(own, ciphertext);
  const shared = boxSuite.sharedSecret(own, (joins[from] as Join).boxKey, kemSecret);
  const key = deriveKey(shared, [...bindingOf(plan, from, to, joins), ciphertext], 32);
  const plaintext = openBox(key, box.subarray(ciphertext.length), roundId);
  wipe(kemSecret, shared, key);
  const client = holders.clients[from]?.id as string;
  try {
    if (plaintext === undefined) throw new CodecError('malformed', 'a box that does not open');
    return decodeLattice({ kind: 'dealt-share', set: sum.set, roundId, index: to }, plaintext);
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    throw new ProtocolError(
      'bad-share',
      `dealt share of "${client}": got ${error.message}, expected one for this member`,
      [{ client }],
    );
  } finally {
    wipe(plaintext);
  }
}
