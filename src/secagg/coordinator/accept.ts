/**
 * Taking in one message. What does not verify is refused without touching the standing of the client
 * whose name it bears; a validly signed wrong message excludes its signer from the phase.
 */
import { CodecError, ProtocolError } from '../../errors.ts';
import type { ClientId } from '../../identity/roster.ts';
import { equalBytes } from '../../internal/bytes.ts';
import { decodeEnvelope, type Envelope } from '../../wire/envelope.ts';
import type { Fault, FaultCode } from '../fault.ts';
import { messageLimits } from '../messages.ts';
import { type Phase, phaseNumber, type Uplink } from '../phases.ts';
import { headerHash, isSigned } from '../signed.ts';
import { idAt, sizeOf } from '../terms.ts';
import { type CoordinatorState, isAmong, type Ledger, ledgerOf, standingIn } from './state.ts';
import { ownerOfKey, takeIn } from './take-in.ts';

/**
 * Takes in one client's message of the state's phase.
 *
 * @returns nothing if it was taken (or is the same message again), else the fault. Faults also stand
 * in the result's `refused`: those with a culprit once for each phase and code, of the others the
 * first 1,024 + 4 n, so that a flood neither fills memory nor hides a proven fault.
 * @throws UsageError `state-spent` only.
 *
 * **Cost**: one signature check, after hashing the payload; a mask message also unpacks and adds its
 * vector. Bytes that are too long, or of another round or phase, are refused before the check.
 */
export function accept<P extends Phase>(
  state: CoordinatorState<P>,
  message: Uplink<NoInfer<P>>,
): Fault | undefined {
  const ledger = ledgerOf(state);
  const fault = take(ledger, state.phase, message);
  if (fault !== undefined) keepFault(ledger, fault);
  return fault;
}

/**
 * Keeps a fault for the result. Anybody can send what does not verify, so only so many of those are
 * kept; what a signature proves is kept once for each phase, client and code, and so is bounded too.
 */
export function keepFault({ terms, faults, provenFaults }: Ledger, fault: Fault): void {
  if (fault.culprit === undefined) {
    if (faults.length - provenFaults.size < 1_024 + 4 * sizeOf(terms)) faults.push(fault);
    return;
  }
  const key = `${fault.phase} ${fault.code} ${fault.culprit}`;
  if (provenFaults.has(key)) return;
  provenFaults.add(key);
  faults.push(fault);
}

function take(ledger: Ledger, phase: Phase, message: Uint8Array): Fault | undefined {
  let envelope: Envelope;
  try {
    envelope = decodeEnvelope(message, largestMessage(ledger));
  } catch (error) {
    if (error instanceof CodecError) return refusal(phase, error.code, error.message);
    throw error;
  }
  return strangerFault(ledger, phase, envelope) ?? takeEnvelope(ledger, phase, envelope);
}

/** A fault that no signature proves. */
export const refusal = (phase: Phase, code: FaultCode, text: string, claimed?: ClientId): Fault =>
  Object.freeze({ phase, code, message: text, ...(claimed === undefined ? {} : { claimed }) });

/** Why a message cannot be one of this phase of this round, as far as its first bytes tell. */
export function strangerFault(
  { terms }: Ledger,
  phase: Phase,
  envelope: Pick<Envelope, 'phase' | 'roundId' | 'sender'>,
): Fault | undefined {
  const { sender } = envelope;
  const refuse = (code: FaultCode, text: string, claimed?: ClientId): Fault =>
    refusal(phase, code, text, claimed);
  if (sender >= sizeOf(terms)) {
    return refuse(
      'not-on-roster',
      `message: got roster position ${sender}, expected one below ${sizeOf(terms)}`,
    );
  }
  const id = idAt(terms, sender);
  if (!equalBytes(envelope.roundId, terms.roundId)) {
    return refuse('wrong-round', `message in the name of "${id}": it belongs to another round`, id);
  }
  if (envelope.phase !== phaseNumber(phase)) {
    return refuse(
      'wrong-phase',
      `message in the name of "${id}": got phase number ${envelope.phase}, expected ${phaseNumber(phase)}`,
      id,
    );
  }
  return undefined;
}

/** Takes in a message of which {@link strangerFault} knows nothing. Nothing of its payload is kept. */
export function takeEnvelope(ledger: Ledger, phase: Phase, envelope: Envelope): Fault | undefined {
  const { terms } = ledger;
  const { sender } = envelope;
  const id = idAt(terms, sender);
  if (!isSigned(terms, phase, envelope)) {
    const text = `message in the name of "${id}": its signature does not verify`;
    return refusal(phase, 'bad-signature', text, id);
  }
  // From here on it is the sender's own doing.
  const accuse = (code: FaultCode, text: string): Fault =>
    Object.freeze({ phase, code, message: `client "${id}": ${text}`, culprit: id, claimed: id });
  const { expected, taken } = standingIn(ledger, phase);
  const before = taken.get(sender);
  if (before !== undefined) {
    const isSame = equalBytes(
      headerHash(terms, phase, before.said),
      headerHash(terms, phase, envelope),
    );
    return isSame
      ? undefined
      : accuse('equivocation', 'signed a second, different message; the first stands');
  }
  if (ledger.excluded.has(sender)) return accuse('excluded', 'signed a wrong message before');
  if (!isAmong(expected, sender)) return accuse('not-expected', `is not part of phase "${phase}"`);
  const owner = phase === 'advertise' ? ownerOfKey(ledger, envelope) : undefined;
  if (owner !== undefined) {
    // Whoever copies a key may be the first to arrive: neither is proven to be the culprit.
    return refusal(
      phase,
      'bad-key',
      `advert of "${id}": a key repeats one of client "${owner}"`,
      id,
    );
  }
  try {
    checkSize(ledger, phase, envelope);
    takeIn[phase](ledger, envelope);
    return undefined;
  } catch (error) {
    if (!(error instanceof CodecError || error instanceof ProtocolError)) throw error;
    ledger.excluded.add(sender);
    return accuse(error.code, error.message);
  }
}

/** What its neighbours' decoders would not take must not be passed on to them. */
function checkSize({ terms }: Ledger, phase: Phase, { header, payload }: Envelope): void {
  const limits = messageLimits(terms, phase);
  if (header.length > limits.header || payload.length > limits.payload) {
    throw new CodecError(
      'too-large',
      `message: got ${header.length} bytes of header and ${payload.length} of payload, expected at most ${limits.header} and ${limits.payload}`,
    );
  }
}

/** A message of another phase gets a clearer fault than "too large", so the cap is that of any. */
function largestMessage({ terms }: Ledger): { header: number; payload: number } {
  const limits = (['advertise', 'share', 'mask', 'confirm', 'unmask'] as const).map((phase) =>
    messageLimits(terms, phase),
  );
  return {
    header: Math.max(...limits.map(({ header }) => header)),
    payload: Math.max(...limits.map(({ payload }) => payload)),
  };
}
