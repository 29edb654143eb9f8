/**
 * Saving and restoring a coordinator, at any time. It holds nothing that is secret from itself, and
 * what it sends depends on what came in and nothing else, so a restored coordinator may simply go on.
 *
 * What is stored is what came in: signed headers, payloads, the accumulator. Reading takes them in
 * again through the same strict decoders.
 */
import { CodecError } from '../../errors.ts';
import { clientId, faultOfId } from '../../identity/client-id.ts';
import { equalBytes } from '../../internal/bytes.ts';
import { type CborValue, decode, encode } from '../../wire/cbor.ts';
import type { SignedHeader } from '../../wire/envelope.ts';
import { bytes, integer, list, record, text, tuple } from '../../wire/fields.ts';
import { accumulatorBytes, readAccumulator } from '../accumulator.ts';
import type { Fault, FaultCode } from '../fault.ts';
import {
  decodeAdvert,
  decodeParts,
  decodeShareHeader,
  decodeSharePart,
  decodeUnmaskHeader,
  encodeParts,
} from '../messages.ts';
import { PHASES, type Phase } from '../phases.ts';
import { proofsLength, sizeOf, type Terms } from '../terms.ts';
import { keepFault } from './accept.ts';
import { emptyLedger } from './begin.ts';
import {
  type CoordinatorState,
  coordinatorStateOf,
  type Ledger,
  ledgerOf,
  type Taken,
} from './state.ts';
import { indexKeys, uploadName } from './take-in.ts';

const VERSION = 2;

const KEYS = [
  'version',
  'phase',
  'roundId',
  'beacon',
  'context',
  'adverts',
  'shares',
  'masks',
  'proofs',
  'confirms',
  'answers',
  'skipped',
  'accumulator',
  'members',
  'u2Hash',
  'confirmHeader',
  'pieceWords',
  'excluded',
  'faults',
  'transcript',
];

const packSaid = ({ sender, header, payloadDigest, signature }: SignedHeader): CborValue => [
  sender,
  header,
  payloadDigest,
  signature,
];

const packAll = (taken: Taken<object>): CborValue =>
  [...taken.values()].map(({ said }) => packSaid(said));

/**
 * A coordinator state's bytes; the state stays usable.
 *
 * **Cost**: everything that came in so far, with the accumulator at 4 bytes an element.
 */
export function saveCoordinator(state: CoordinatorState): Uint8Array {
  const ledger = ledgerOf(state);
  return encode({
    version: VERSION,
    phase: state.phase,
    roundId: ledger.terms.roundId,
    beacon: ledger.terms.beacon,
    context: ledger.context,
    adverts: packAll(ledger.adverts),
    shares: [...ledger.shares.values()].map(({ said, parts }) => [
      packSaid(said),
      encodeParts(parts.map(({ encoded }) => encoded)),
    ]),
    masks: packAll(ledger.masks),
    proofs: [...ledger.masks.values()].map(({ proofs }) => proofs),
    confirms: packAll(ledger.confirms),
    answers: packAll(ledger.answers),
    skipped: skippedShares(ledger),
    accumulator: accumulatorBytes(ledger.accumulator),
    members: [ledger.u1, ledger.u2, ledger.u3, ledger.u4],
    u2Hash: ledger.u2Hash,
    confirmHeader: ledger.confirmHeader,
    pieceWords: ledger.pieceWords,
    excluded: [...ledger.excluded],
    faults: ledger.faults.map((fault) =>
      encode([
        fault.phase,
        fault.code,
        fault.message,
        fault.culprit ?? null,
        fault.claimed ?? null,
      ]),
    ),
    transcript: ledger.transcript.entries,
  });
}

/** Shares that were skipped for failing their hash: [holder, dealers…]. */
const skippedShares = (ledger: Ledger): CborValue =>
  [...ledger.answers].flatMap(([holder, { said, answer }]) => {
    const kept = new Set(answer.shares.map(({ dealer }) => dealer));
    const all = decodeUnmaskHeader(ledger.terms, said.header).shares;
    const gone = all.map(({ dealer }) => dealer).filter((dealer) => !kept.has(dealer));
    return gone.length === 0 ? [] : [[holder, ...gone]];
  });

/** The beacon value that a saved state was made under; no bytes where there was none. */
export const beaconOfSavedCoordinator = (saved: Uint8Array): Uint8Array =>
  bytes(fieldsOf(saved).beacon, { min: 0, max: 1_024 }, 'saved coordinator: beacon').slice();

function fieldsOf(saved: Uint8Array): Readonly<Record<string, CborValue>> {
  const what = 'saved coordinator';
  const of = record(decode(saved, { what, maxBytes: saved.length }), KEYS, what);
  const version = integer(of.version, 0, 0xffff_ffff, `${what}: version`);
  if (version !== VERSION) {
    throw new CodecError('unknown-version', `${what}: got version ${version}, expected ${VERSION}`);
  }
  return of;
}

/**
 * Restores a coordinator.
 *
 * @throws CodecError if the bytes are no saved coordinator of this round.
 *
 * **Security**: the bytes are believed to be the caller's own; signatures are not checked again.
 * **Cost**: the bytes are written once more and compared.
 */
export function restoreCoordinator(terms: Terms, saved: Uint8Array): CoordinatorState {
  const what = 'saved coordinator';
  const of = fieldsOf(saved);
  if (!equalBytes(bytes(of.roundId, 32, `${what}: round id`), terms.roundId)) {
    throw new CodecError('wrong-round', `${what}: it belongs to another round`);
  }
  const phase = text(of.phase, 16, `${what}: phase`) as Phase;
  if (!PHASES.includes(phase)) throw new CodecError('malformed', `${what}: unknown phase`);
  const n = sizeOf(terms);
  const ledger: Ledger = {
    ...emptyLedger(terms, bytes(of.context, 32, `${what}: context`).slice()),
    accumulator: readAccumulator(
      terms.wire,
      bytes(of.accumulator, { min: 1, max: saved.length }, `${what}: accumulator`),
    ),
    transcript: {
      entries: list(of.transcript, 6 * n + 16, `${what}: transcript`).map((entry) =>
        bytes(entry, 32, `${what}: transcript entry`).slice(),
      ),
    },
  };
  for (const said of readAll(of.adverts, n)) {
    const advert = decodeAdvert(terms, said.header);
    ledger.adverts.set(said.sender, { said, advert });
    indexKeys(ledger, said.sender, advert);
  }
  for (const entry of list(of.shares, n, `${what}: shares`)) {
    const [head, payload] = tuple(entry, 2, `${what}: share`);
    const said = readSaid(head, n);
    const encodedParts = decodeParts(
      terms,
      bytes(payload, { min: 1, max: saved.length }, `${what}: parts`).slice(),
    );
    ledger.shares.set(said.sender, {
      said,
      header: decodeShareHeader(terms, said.header),
      parts: encodedParts.map((encoded) => ({ encoded, part: decodeSharePart(terms, encoded) })),
    });
  }
  const masks = readAll(of.masks, n);
  const proofs = tuple(of.proofs, masks.length, `${what}: proofs`).map((value) =>
    bytes(value, proofsLength(terms), `${what}: proofs`).slice(),
  );
  for (const [i, said] of masks.entries()) {
    ledger.masks.set(said.sender, { said, proofs: proofs[i] as Uint8Array });
  }
  const { holds } = ledger.accumulator;
  const uploaded = [...ledger.masks.keys()].map(uploadName);
  if (holds.size !== uploaded.length || !uploaded.every((name) => holds.has(name))) {
    throw new CodecError(
      'malformed',
      `${what}: its sum holds other uploads than it has headers of`,
    );
  }
  for (const said of readAll(of.confirms, n)) ledger.confirms.set(said.sender, { said });
  const skipped = new Map(
    list(of.skipped, n, `${what}: skipped`).map((entry) => {
      const [holder, ...dealers] = readPositions(entry, n);
      return [holder, new Set(dealers)];
    }),
  );
  for (const said of readAll(of.answers, n)) {
    const answer = decodeUnmaskHeader(terms, said.header);
    const gone = skipped.get(said.sender);
    const shares = answer.shares.filter(({ dealer }) => !gone?.has(dealer));
    ledger.answers.set(said.sender, { said, answer: { ...answer, shares } });
  }
  const members = tuple(of.members, 4, `${what}: members`).map((value) => readPositions(value, n));
  [ledger.u1, ledger.u2, ledger.u3, ledger.u4] = members as [
    number[],
    number[],
    number[],
    number[],
  ];
  ledger.u2Hash = bytes(of.u2Hash, { min: 0, max: 32 }, `${what}: H(U2)`).slice();
  ledger.confirmHeader = bytes(of.confirmHeader, { min: 0, max: 256 }, `${what}: header`).slice();
  ledger.pieceWords = integer(of.pieceWords, 0, 2 ** 40, `${what}: piece words`);
  for (const index of readPositions(of.excluded, n)) ledger.excluded.add(index);
  for (const fault of list(of.faults, 2 ** 20, `${what}: faults`)) {
    keepFault(ledger, readFault(fault));
  }
  const state = coordinatorStateOf(phase, ledger);
  // What stood there twice, or in another order, was taken in all the same.
  if (!equalBytes(saveCoordinator(state), saved)) {
    throw new CodecError('non-canonical', `${what}: got other bytes than what is in them has`);
  }
  return state;
}

function readSaid(value: CborValue | undefined, n: number): SignedHeader {
  const what = 'saved coordinator: header';
  const [sender, header, digest, signature] = tuple(value, 4, what);
  return {
    sender: integer(sender, 0, n - 1, what),
    header: bytes(header, { min: 0, max: 2 ** 24 }, what).slice(),
    payloadDigest: bytes(digest, { min: 0, max: 32 }, what).slice(),
    signature: bytes(signature, 64, what).slice(),
  };
}

const readAll = (value: CborValue | undefined, n: number): readonly SignedHeader[] =>
  list(value, n, 'saved coordinator: headers').map((entry) => readSaid(entry, n));

const readPositions = (value: CborValue | undefined, n: number): number[] =>
  list(value, n + 1, 'saved coordinator: positions').map((index) =>
    integer(index, 0, n - 1, 'saved coordinator: position'),
  );

function readFault(value: CborValue): Fault {
  const what = 'saved coordinator: fault';
  const encoded = bytes(value, { min: 1, max: 8_192 }, what);
  const fields = tuple(decode(encoded, { what, maxBytes: 8_192 }), 5, what);
  const [phase, code, message, culprit, claimed] = fields;
  const id = (of: CborValue | undefined) => {
    if (of === null) return undefined;
    const name = text(of, 64, `${what}: id`);
    const wrong = faultOfId(name);
    if (wrong !== undefined) throw new CodecError('malformed', `${what}: id: got ${wrong}`);
    return clientId(name);
  };
  const [by, name] = [id(culprit), id(claimed)];
  return Object.freeze({
    phase: text(phase, 16, what) as Phase,
    code: text(code, 32, what) as FaultCode,
    message: text(message, 4_096, what),
    ...(by === undefined ? {} : { culprit: by }),
    ...(name === undefined ? {} : { claimed: name }),
  });
}
