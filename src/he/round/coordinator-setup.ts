/**
 * The coordinator until clients can encrypt: it passes on what holders say to each other, and their key.
 *
 *     beginCommitteeRound → closeJoins → closeReveals → closeKey
 *     beginEncryptedRound → closeKey                                  with a lone key holder
 */
import { UsageError } from '../../errors.ts';
import type { ClientId } from '../../identity/roster.ts';
import { encode } from '../../wire/cbor.ts';
import { encodeEnvelope } from '../../wire/envelope.ts';
import {
  advance,
  type ChunkStore,
  coordinatorIn,
  type EncryptedCoordinator,
  emptyLedger,
  ledgerOf,
  memoryStore,
  requireEnough,
  signedBy,
} from './coordinator-state.ts';
import { keyHashOf } from './messages.ts';
import { type EncryptedDownlink, type EncryptedPhase, phaseNumber } from './phases.ts';
import { type EncryptedRound, isKeyHolder } from './plan.ts';
import { encodePublicKey } from './setup-messages.ts';

/**
 * Begins a round with a lone key holder: its key can be taken in.
 *
 * @param plan from `encryptedRound`
 * @param store where chunks of ciphertext are kept, for instance on a disk; default: in memory
 * @throws UsageError `wrong-type` if the plan has a committee
 */
export const beginEncryptedRound = (
  plan: EncryptedRound,
  store: ChunkStore = memoryStore(),
): EncryptedCoordinator<'key'> => begun(plan, store, true, 'key');

/**
 * Begins a round with a committee: its members can join.
 *
 * @param plan from `encryptedRound`
 * @param store as for {@link beginEncryptedRound}
 * @throws UsageError `wrong-type` if the plan has a lone key holder
 */
export const beginCommitteeRound = (
  plan: EncryptedRound,
  store: ChunkStore = memoryStore(),
): EncryptedCoordinator<'join'> => begun(plan, store, false, 'join');

function begun<P extends EncryptedPhase>(
  plan: EncryptedRound,
  store: ChunkStore,
  alone: boolean,
  phase: P,
): EncryptedCoordinator<P> {
  if (isKeyHolder(plan) === alone) return coordinatorIn(phase, emptyLedger(plan, store));
  throw new UsageError(
    'wrong-type',
    `encrypted round: got a plan with ${alone ? 'a committee' : 'a lone key holder'}, expected the other kind`,
  );
}

/**
 * Ends the phase `join`.
 *
 * @param state consumed unless this throws
 * @returns the state that takes reveals, and the same downlink for every member
 * @throws ProtocolError `no-quorum` while a member has not joined: it needs all
 * @throws UsageError `state-spent`
 */
export function closeJoins(state: EncryptedCoordinator<'join'>): {
  readonly next: EncryptedCoordinator<'reveal'>;
  readonly downlink: EncryptedDownlink<'reveal'>;
} {
  const { plan, joins } = ledgerOf(state);
  requireEnough('no-quorum', 'members that joined', joins.size, plan.holders.clients.length);
  const { roundId } = plan;
  const phase = phaseNumber('join');
  const said = inOrder(joins).map((one) =>
    encodeEnvelope({ ...one, phase, roundId, payload: new Uint8Array(0) }),
  );
  return { next: advance(state, 'reveal'), downlink: encode(said) };
}

/**
 * Ends the phase `reveal`.
 *
 * @param state consumed unless this throws
 * @returns the state that takes signed keys, and a downlink for each member
 * @throws ProtocolError `no-quorum` while a member has not revealed: it needs all; `bad-key` if the parts
 *   make no key
 * @throws UsageError `state-spent`
 *
 * **Cost**: it adds up the public key itself, so that a member that signs another one is known for it.
 */
export function closeReveals(state: EncryptedCoordinator<'reveal'>): {
  readonly next: EncryptedCoordinator<'key'>;
  readonly downlinks: ReadonlyMap<ClientId, EncryptedDownlink<'key'>>;
} {
  const ledger = ledgerOf(state);
  const { plan, reveals } = ledger;
  const members = plan.holders.clients;
  requireEnough('no-quorum', 'members that revealed', reveals.size, members.length);
  const all = inOrder(reveals);
  ledger.publicKey = encodePublicKey(
    plan,
    all.map(({ share }) => share),
  );
  ledger.keyHash = keyHashOf(plan, ledger.publicKey);
  const downlinks = new Map(
    members.map(({ id }, to) => [
      id,
      encode(
        all.map(({ envelope, share, boxes }) =>
          encode([envelope, share, [boxes[to] as Uint8Array]]),
        ),
      ),
    ]),
  );
  return { next: advance(state, 'key'), downlinks };
}

const inOrder = <Said>(said: ReadonlyMap<number, Said>): readonly Said[] =>
  [...said].sort(([a], [b]) => a - b).map(([, one]) => one);

/**
 * Ends the phase `key`.
 *
 * @param state consumed unless this throws
 * @returns the state that takes commits, and the same downlink for every client
 * @throws ProtocolError `no-quorum` while a holder's signature is missing: it needs all
 * @throws UsageError `state-spent`
 */
export function closeKey(state: EncryptedCoordinator<'key'>): {
  readonly next: EncryptedCoordinator<'commit'>;
  readonly downlink: EncryptedDownlink<'commit'>;
} {
  const { plan, keys, publicKey } = ledgerOf(state);
  requireEnough('no-quorum', 'holders with a key', keys.size, plan.holders.clients.length);
  const { signatures } = signedBy(keys);
  return { next: advance(state, 'commit'), downlink: encode([publicKey, signatures]) };
}
