/**
 * Taking in one message at the coordinator. What does not verify is refused and touches nobody's
 * standing; a peer's mistake is returned, never thrown.
 */
import { CodecError, ProtocolError } from '../../errors.ts';
import { equalBytes } from '../../internal/bytes.ts';
import { sha256 } from '../../internal/sha256.ts';
import { decodeEnvelope, type Envelope, type SignedHeader } from '../../wire/envelope.ts';
import { checkLattice, encodedLatticeLength } from '../codec.ts';
import { takeChunk } from './accept-chunk.ts';
import { answerLength, checkAnswer } from './answers.ts';
import {
  type CoordinatorLedger,
  type EncryptedCoordinator,
  idIn,
  keepFault,
  ledgerOf,
} from './coordinator-state.ts';
import { commitLength, isSaid, keyHashOf, speakersOf } from './messages.ts';
import {
  type EncryptedFault,
  type EncryptedPhase,
  type EncryptedUplink,
  phaseNumber,
  type Refuse,
} from './phases.ts';
import {
  checkRevealed,
  decodeJoin,
  decodeReveal,
  fitsHeader,
  hashOfJoins,
  type SignedReveal,
  setupLimits,
} from './setup-messages.ts';

/**
 * Takes in one message of the state's phase, from anyone.
 *
 * @param state of the phase
 * @param message bytes from outside; nothing of them is kept but copies
 * @returns nothing if it was taken (an envelope may come twice), else why it was refused; refusals also
 *   stand in the result
 * @throws UsageError `state-spent`; what the caller's store throws
 *
 * **Security**: nothing of a message reaches SEAL here. A chunk is refused at once unless it is what its
 * sender committed to, so foreign, altered and repeated ones cannot enter the sum.
 * **Cost**: one signature check; for a chunk two hashes and a look at each coefficient.
 */
export function acceptEncrypted<P extends EncryptedPhase>(
  state: EncryptedCoordinator<P>,
  message: EncryptedUplink<NoInfer<P>>,
): EncryptedFault | undefined {
  const ledger = ledgerOf(state);
  const fault =
    state.phase === 'upload'
      ? takeChunk(ledger, message)
      : takeMessage(ledger, state.phase, message);
  return fault && keepFault(ledger, fault);
}

function takeMessage(
  ledger: CoordinatorLedger,
  phase: Exclude<EncryptedPhase, 'upload'>,
  message: Uint8Array,
): EncryptedFault | undefined {
  const { plan } = ledger;
  const stranger: Refuse = (code, text) => Object.freeze({ phase, code, message: text });
  let envelope: Envelope;
  let reveal: SignedReveal | undefined;
  try {
    if (phase === 'reveal') reveal = decodeReveal(plan, message, plan.holders.clients.length);
    envelope = reveal?.said ?? decodeEnvelope(message, limitsOf(ledger, phase));
  } catch (error) {
    if (error instanceof CodecError) return stranger(error.code, error.message);
    throw error;
  }
  const { sender } = envelope;
  const roster = speakersOf(plan, phase);
  if (sender >= roster.clients.length) {
    return stranger(
      'not-on-roster',
      `message: got roster position ${sender}, expected one below ${roster.clients.length}`,
    );
  }
  const id = idIn(roster, sender);
  const refuse: Refuse = (code, text) =>
    Object.freeze({ phase, code, message: `message in the name of "${id}": ${text}`, claimed: id });
  if (!equalBytes(envelope.roundId, plan.roundId)) return refuse('wrong-round', 'another round');
  if (envelope.phase !== phaseNumber(phase)) {
    const expected = phaseNumber(phase);
    return refuse('wrong-phase', `got phase number ${envelope.phase}, expected ${expected}`);
  }
  if (!isSaid(plan, phase, envelope)) {
    return refuse('bad-signature', 'its signature does not verify');
  }
  // The signature is over hashes of what stands beside the header; others may have changed that.
  const everybody = plan.holders.clients.map((_, i) => i);
  if (reveal !== undefined && !fitsHeader(plan, reveal, everybody)) {
    return refuse(
      'not-committed',
      'its key share or a box is another one than it signed the hash of',
    );
  }
  const accuse: Refuse = (code, text) =>
    Object.freeze({ phase, code, message: `"${id}": ${text}`, culprit: id, claimed: id });
  const before = saidBefore(ledger, phase, sender);
  if (before !== undefined) {
    const isSame =
      equalBytes(before.header, envelope.header) &&
      equalBytes(before.payloadDigest, envelope.payloadDigest);
    return isSame ? undefined : accuse('equivocation', 'signed two messages; the first stands');
  }
  return TAKE[phase](ledger, envelope, accuse, reveal);
}

const saidBefore = (
  { joins, reveals, keys, commits, roots, closes, answers }: CoordinatorLedger,
  phase: Exclude<EncryptedPhase, 'upload'>,
  sender: number,
): Pick<Envelope, 'header' | 'payloadDigest'> | undefined =>
  ({
    join: () => joins.get(sender),
    reveal: () => reveals.get(sender)?.said,
    key: () => keys.get(sender),
    commit: () => commits.get(sender)?.said,
    root: () => roots.get(sender),
    close: () => closes.get(sender),
    open: () => answers.get(sender)?.said,
  })[phase]();

type Take = (
  ledger: CoordinatorLedger,
  envelope: Envelope,
  accuse: Refuse,
  reveal: SignedReveal | undefined,
) => EncryptedFault | undefined;

/** What is kept of a message without a payload: that, and its digest, still are views of the message. */
const bare = ({ sender, header, payloadDigest, signature }: SignedHeader): SignedHeader => ({
  sender,
  header,
  payloadDigest: payloadDigest.slice(),
  signature,
});

/** What is asked of a signed message of each phase. */
const TAKE: Readonly<Record<Exclude<EncryptedPhase, 'upload'>, Take>> = {
  join: ({ joins }, said, accuse) => {
    try {
      decodeJoin(said.header);
    } catch (error) {
      return blamed(error, accuse);
    }
    joins.set(said.sender, bare(said));
    return undefined;
  },
  reveal: ({ plan, joins, reveals }, { sender }, accuse, reveal) => {
    const headers = plan.holders.clients.map((_, i) => (joins.get(i) as SignedHeader).header);
    const { commitment } = decodeJoin(headers[sender] as Uint8Array);
    try {
      const all = headers.map((_, i) => i);
      checkRevealed(
        plan,
        { hash: hashOfJoins(plan, headers), commitment },
        reveal as SignedReveal,
        all,
      );
    } catch (error) {
      return blamed(error, accuse);
    }
    reveals.set(sender, reveal as SignedReveal);
    return undefined;
  },
  key: (ledger, { payload, ...said }, accuse) => {
    const { plan } = ledger;
    try {
      const { set } = plan.sum;
      checkLattice({ kind: 'public-key', set, roundId: plan.roundId, index: 0 }, payload);
    } catch (error) {
      return blamed(error, accuse);
    }
    const isHash = equalBytes(said.header, keyHashOf(plan, payload));
    if (!isHash) return accuse('bad-key', 'got another hash than that of its key');
    // A committee's was added up when the reveals were closed.
    if (ledger.keyHash.length > 0 && !equalBytes(ledger.keyHash, said.header)) {
      return accuse('bad-key', 'got another public key than the revealed parts add up to');
    }
    ledger.publicKey = payload.slice();
    ledger.keyHash = said.header;
    ledger.keys.set(said.sender, said);
    return undefined;
  },
  commit: ({ plan, keyHash, commits }, envelope, accuse) => {
    const { payload, ...said } = envelope;
    if (!equalBytes(said.header, keyHash)) return accuse('bad-key', 'encrypted to another key');
    if (payload.length !== commitLength(plan)) {
      return accuse(
        'malformed',
        `got ${payload.length} bytes of hashes, expected ${commitLength(plan)}`,
      );
    }
    const there = new Uint8Array(plan.sum.ciphertexts);
    const hashes = payload.slice();
    commits.set(said.sender, { said, hashes, there, count: 0 });
    return undefined;
  },
  root: ({ rootHeader, roots }, said, accuse) => {
    if (!equalBytes(said.header, rootHeader) || said.payload.length > 0) {
      return accuse('inconsistent-survivors', 'signed another root than it was shown');
    }
    roots.set(said.sender, bare(said));
    return undefined;
  },
  close: ({ closeHeader, closes }, said, accuse) => {
    if (!equalBytes(said.header, closeHeader) || said.payload.length > 0) {
      return accuse('inconsistent-survivors', 'signed another closing than it was shown');
    }
    closes.set(said.sender, bare(said));
    return undefined;
  },
  open: ({ plan, closeHeader, active, answers }, { payload, ...said }, accuse) => {
    if (!active.includes(said.sender)) return accuse('not-expected', 'it is not to open this sum');
    if (!equalBytes(said.header, sha256(closeHeader))) {
      return accuse('inconsistent-survivors', 'answered another closing');
    }
    const length = answerLength(plan);
    if (payload.length !== length * plan.sum.ciphertexts) {
      return accuse('malformed', `got ${payload.length} bytes of answers`);
    }
    try {
      for (let index = 0; index < plan.sum.ciphertexts; index++) {
        checkAnswer(plan, index, payload.subarray(index * length, (index + 1) * length));
      }
    } catch (error) {
      return blamed(error, accuse);
    }
    answers.set(said.sender, { said, payload: payload.slice() });
    return undefined;
  },
};

/** A signer's mistake as a fault; anything else is ours. */
function blamed(error: unknown, accuse: Refuse): EncryptedFault {
  if (error instanceof CodecError || error instanceof ProtocolError) {
    return accuse(error.code, error.message);
  }
  throw error;
}

function limitsOf(
  { plan }: CoordinatorLedger,
  phase: Exclude<EncryptedPhase, 'upload'>,
): { readonly header: number; readonly payload: number } {
  if (phase === 'join' || phase === 'reveal') return setupLimits(plan);
  const header = 160 + plan.clients.clients.length;
  const payload = {
    key: encodedLatticeLength(plan.sum.set, 'public-key'),
    commit: commitLength(plan),
    root: 0,
    close: 0,
    open: plan.sum.ciphertexts * answerLength(plan),
  }[phase];
  return { header, payload };
}
