/**
 * Taking in one message. What does not verify is refused without touching the standing of the client
 * whose name it bears; a validly signed wrong message excludes its signer from the phase.
 */
import { CodecError, type ProtocolCode, ProtocolError } from '../../errors.ts';
import type { ClientId } from '../../identity/roster.ts';
import { equalBytes, toHex } from '../../internal/bytes.ts';
import { decodeEnvelope, type Envelope } from '../../wire/envelope.ts';
import { merkleRoot } from '../../wire/merkle.ts';
import { addUpload, checkUpload } from '../accumulator.ts';
import type { Fault, FaultCode } from '../fault.ts';
import { areNeighbours, neighbours } from '../graph.ts';
import { type Advert, encapsulates, shareHash } from '../keys.ts';
import {
  decodeAdvert,
  decodeMaskHeader,
  decodeParts,
  decodeShareHeader,
  decodeSharePart,
  decodeUnmaskHeader,
  messageLimits,
  type RevealedShare,
} from '../messages.ts';
import { type Phase, phaseNumber, type Uplink } from '../phases.ts';
import { headerHash, isSigned } from '../signed.ts';
import { idAt, sizeOf } from '../terms.ts';
import {
  type CoordinatorState,
  type Dealt,
  type Ledger,
  ledgerOf,
  partFor,
  standingIn,
} from './state.ts';

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
  const { terms } = ledger;
  const refuse = (code: FaultCode, text: string, claimed?: ClientId): Fault =>
    Object.freeze({ phase, code, message: text, ...(claimed === undefined ? {} : { claimed }) });

  let envelope: Envelope;
  try {
    envelope = decodeEnvelope(message, largestMessage(ledger));
  } catch (error) {
    if (error instanceof CodecError) return refuse(error.code, error.message);
    throw error;
  }
  const { sender } = envelope;
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
  if (!isSigned(terms, phase, envelope)) {
    return refuse(
      'bad-signature',
      `message in the name of "${id}": its signature does not verify`,
      id,
    );
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
    return refuse('bad-key', `advert of "${id}": a key repeats one of client "${owner}"`, id);
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

/** Binary search in an ascending list. */
export function isAmong(sorted: readonly number[], value: number): boolean {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return sorted[low] === value;
}

const wrong = (code: ProtocolCode, text: string): ProtocolError => new ProtocolError(code, text);

/** The header (and payload) without the rest of the message's buffer. */
const saidOf = ({ sender, header, payloadDigest, signature }: Envelope) => ({
  sender,
  header: header.slice(),
  payloadDigest: payloadDigest.slice(),
  signature: signature.slice(),
});

/** What each phase checks of a validly signed message before it is taken in. */
const takeIn: Readonly<Record<Phase, (ledger: Ledger, message: Envelope) => void>> = {
  advertise: (ledger, message) => {
    const { terms } = ledger;
    const said = saidOf(message);
    const advert = decodeAdvert(terms, said.header);
    if (!equalBytes(advert.context, ledger.context)) {
      throw wrong(
        'model-mismatch',
        'received another model (context hash) than the coordinator sent out',
      );
    }
    const keys = [advert.sealingKey, advert.maskingKey];
    for (const key of keys) {
      if (!terms.suite.checkPublicKey(key)) throw wrong('bad-key', 'a key is not valid');
    }
    const [sealing, masking] = halvesOf(advert);
    if (sealing === masking) throw wrong('bad-key', 'both keys are the same');
    indexKeys(ledger, message.sender, advert);
    ledger.adverts.set(message.sender, { said, advert });
  },

  share: (ledger, message) => {
    const { terms, u1 } = ledger;
    const said = saidOf(message);
    const header = decodeShareHeader(terms, said.header);
    const encodedParts = decodeParts(terms, message.payload.slice());
    if (
      encodedParts.length !== header.partCount ||
      !equalBytes(merkleRoot(encodedParts), header.partsRoot)
    ) {
      throw wrong('bad-share', 'its parts do not match their signed root');
    }
    const expected = neighbours(terms.graph, message.sender)
      .map(({ index }) => index)
      .filter((index) => isAmong(u1, index))
      .sort((a, b) => a - b);
    const parts = encodedParts.map((encoded) => ({
      encoded,
      part: decodeSharePart(terms, encoded),
    }));
    if (
      parts.length !== expected.length ||
      parts.some(({ part }, i) => part.holder !== expected[i])
    ) {
      throw wrong(
        'bad-share',
        `got ${parts.length} parts, expected one for each of ${expected.length} neighbours, in order`,
      );
    }
    for (const { part } of parts) {
      const needs =
        terms.suite.ciphertextLength > 0 && encapsulates(terms, message.sender, part.holder);
      if (part.maskingCiphertext.length > 0 !== needs) {
        throw wrong(
          'bad-share',
          `its part for "${idAt(terms, part.holder)}" has a ciphertext too many or too few`,
        );
      }
    }
    ledger.shares.set(message.sender, { said, header, parts });
  },

  mask: (ledger, message) => {
    const { terms } = ledger;
    const said = saidOf(message);
    const header = decodeMaskHeader(said.header);
    checkUpload(terms.fields, message.payload);
    if (!equalBytes(header.u2Hash, ledger.u2Hash)) {
      throw wrong('inconsistent-survivors', 'masked under another U2 than the announced one');
    }
    addUpload(ledger.accumulator, uploadName(message.sender), message.payload);
    ledger.masks.set(message.sender, { said });
  },

  confirm: (ledger, message) => {
    if (!equalBytes(message.header, ledger.confirmHeader)) {
      throw wrong('inconsistent-survivors', 'confirmed other survivors than the announced ones');
    }
    ledger.confirms.set(message.sender, { said: saidOf(message) });
  },

  unmask: (ledger, message) => {
    const { terms, u2 } = ledger;
    const said = saidOf(message);
    const answer = decodeUnmaskHeader(terms, said.header);
    const dealers = answer.shares.map(({ dealer }) => dealer);
    const expected = u2.filter((index) => areNeighbours(terms.graph, message.sender, index));
    if (dealers.length !== expected.length || dealers.some((dealer, i) => dealer !== expected[i])) {
      throw wrong(
        'bad-share',
        `answered for ${dealers.length} dealers, expected one share for each of ${expected.length} neighbours, in order`,
      );
    }
    const { sender } = message;
    const own = ledger.shares.get(sender)?.header.ownHash;
    if (
      own === undefined ||
      !equalBytes(shareHash(terms, 'self', sender, sender, answer.own), own)
    ) {
      throw wrong('bad-share', 'its own share fails its own hash');
    }
    const bad = answer.shares.filter((revealed) => !isPinned(ledger, sender, revealed));
    const shares = answer.shares.filter((revealed) => !bad.includes(revealed));
    ledger.answers.set(sender, { said, answer: { ...answer, shares } });
    if (bad.length > 0) {
      const names = bad.slice(0, 8).map(({ dealer }) => `"${idAt(terms, dealer)}"`);
      if (bad.length > 8) names.push(`${bad.length - 8} more`);
      throw wrong(
        'bad-share',
        `its shares of ${names.join(', ')} fail the dealers' hashes; they are skipped`,
      );
    }
  },
};

/** The X25519 halves of an advert's keys: equal halves are as bad as equal keys. */
const halvesOf = (advert: Advert): readonly [string, string] => [
  toHex(advert.sealingKey.subarray(0, 32)),
  toHex(advert.maskingKey.subarray(0, 32)),
];

/** Who advertised one of these keys before, if anybody. */
function ownerOfKey({ terms, keyOwners }: Ledger, message: Envelope): ClientId | undefined {
  let advert: Advert;
  try {
    advert = decodeAdvert(terms, message.header);
  } catch {
    return undefined; // Refused for its form below.
  }
  const owner = halvesOf(advert)
    .map((half) => keyOwners.get(half))
    .find((index) => index !== undefined);
  return owner === undefined ? undefined : idAt(terms, owner);
}

/** Remembers whose an advert's keys are. */
export function indexKeys(ledger: Ledger, owner: number, advert: Advert): void {
  for (const half of halvesOf(advert)) ledger.keyOwners.set(half, owner);
}

/** The accumulator's name for a client's upload. */
export const uploadName = (index: number): string => `upload/${index}`;

/**
 * Whether a revealed share is the one that its dealer dealt. An honest holder checked that when it
 * opened the box, and reveals none that fails: so it is the holder who lies here.
 */
function isPinned(ledger: Ledger, holder: number, { dealer, share }: RevealedShare): boolean {
  if (share === undefined) return true;
  const kind = isAmong(ledger.u3, dealer) ? 'self' : 'masking';
  const part = partFor(ledger.shares.get(dealer) as Dealt, holder);
  const hash = kind === 'self' ? part?.selfHash : part?.maskingHash;
  return (
    hash !== undefined && equalBytes(shareHash(ledger.terms, kind, dealer, holder, share), hash)
  );
}
