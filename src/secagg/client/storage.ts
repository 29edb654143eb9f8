/**
 * Saving and restoring a client between two steps, and sending its last answer again.
 *
 * ⚠ A saved state can be restored twice; only the caller's durable claim store keeps the two from
 * answering twice. So a state without such a store cannot be saved: its client leaves the round after
 * a crash.
 */
import { CodecError, UsageError } from '../../errors.ts';
import type { Signer } from '../../identity/signer.ts';
import { equalBytes } from '../../internal/bytes.ts';
import { type CborValue, decode, encode } from '../../wire/cbor.ts';
import { bytes, integer, list, record, text } from '../../wire/fields.ts';
import type { Claim } from '../claim.ts';
import { SEED_LENGTH } from '../keys.ts';
import { messageLimits } from '../messages.ts';
import { PHASES, type Uplink } from '../phases.ts';
import { commitmentsLength, identityKeyAt, proofsLength, sizeOf, type Terms } from '../terms.ts';
import { vectorsLength } from './committed.ts';
import {
  type ClientState,
  type Contents,
  claimAnswer,
  contentsOf,
  type Memory,
  type Next,
  type Promised,
  stateOf,
} from './state.ts';

/** The format of a saved state. */
const VERSION = 3;

const STEPS: readonly Next[] = ['share', 'mask', 'confirm', 'unmask', 'done'];

/**
 * The state's bytes, for durable storage *before* its message leaves. The state stays usable.
 *
 * @throws UsageError `claim-required` if the round was entered without the caller's own claim store;
 * `state-spent`.
 *
 * **Security**: the bytes hold this client's secrets of the round; between share and mask of a round
 * with commitments also its vectors, noise and all, since a vector that were encoded anew would not be
 * the one that was committed to. Encrypt them at rest, and delete them after the round.
 */
export function save(state: ClientState): Uint8Array {
  const contents = contentsOf(state);
  if (!contents.durable) {
    throw new UsageError(
      'claim-required',
      'save: this round was entered without a claim store of the caller; pass { claim } to advertise, ' +
        'or leave the round after a crash',
    );
  }
  return encode({
    version: VERSION,
    next: contents.next,
    roundId: contents.terms.roundId,
    beacon: contents.terms.beacon,
    self: contents.self,
    context: contents.context,
    message: contents.message,
    memory: contents.memory as unknown as CborValue,
  });
}

/** The beacon value that a saved state was made under; no bytes where there was none. */
export const beaconOfSaved = (saved: Uint8Array): Uint8Array =>
  bytes(fieldsOf(saved).beacon, { min: 0, max: 1_024 }, 'saved state: beacon').slice();

/**
 * Restores a saved state.
 *
 * @param options.claim - the same durable store as when it was saved.
 * @throws CodecError if the bytes are no saved state of this round; UsageError `unknown-id` if the
 * signer is another client.
 */
export function restore(
  terms: Terms,
  saved: Uint8Array,
  options: { readonly signer: Signer; readonly claim: Claim },
): ClientState {
  const of = fieldsOf(saved);
  const roundId = bytes(of.roundId, 32, 'saved state: round id');
  if (!equalBytes(roundId, terms.roundId)) {
    throw new CodecError('wrong-round', 'saved state: it belongs to another round');
  }
  const self = integer(of.self, 0, sizeOf(terms) - 1, 'saved state: roster position');
  if (!equalBytes(identityKeyAt(terms, self), options.signer.publicKey)) {
    throw new UsageError('unknown-id', 'signer: it is not the client whose state was saved');
  }
  const next = text(of.next, 16, 'saved state: next step') as Next;
  if (!STEPS.includes(next)) throw new CodecError('malformed', 'saved state: unknown step');
  const contents = {
    terms,
    self,
    signer: options.signer,
    claim: options.claim,
    durable: true,
    context: bytes(of.context, 32, 'saved state: context').slice(),
    message: bytes(
      of.message,
      { min: 1, max: longestMessage(terms) },
      'saved state: message',
    ).slice(),
    next,
    memory: readMemory[next](terms, of.memory as CborValue),
  };
  return stateOf(contents as Contents);
}

/**
 * The last answer once more, the very same bytes, for when it may not have arrived.
 *
 * @throws UsageError `state-spent` if the claim store knows of another answer.
 */
export async function resend(state: ClientState): Promise<Uplink> {
  const contents = contentsOf(state);
  const at = contents.next === 'done' ? PHASES.length : PHASES.indexOf(contents.next);
  await claimAnswer(contents, PHASES[at - 1] as (typeof PHASES)[number], contents.message);
  return contents.message.slice();
}

const longestMessage = (terms: Terms): number =>
  Math.max(
    ...PHASES.map((phase) => {
      const { header, payload } = messageLimits(terms, phase);
      return header + payload + 256;
    }),
  );

function fieldsOf(saved: Uint8Array): Readonly<Record<string, CborValue>> {
  const what = 'saved state';
  const keys = ['version', 'next', 'roundId', 'beacon', 'self', 'context', 'message', 'memory'];
  const of = record(decode(saved, { what, maxBytes: saved.length }), keys, what);
  const version = integer(of.version, 0, 0xffff_ffff, `${what}: version`);
  if (version !== VERSION) {
    throw new CodecError('unknown-version', `${what}: got version ${version}, expected ${VERSION}`);
  }
  return of;
}

const seed = (value: CborValue | undefined, what: string): Uint8Array =>
  bytes(value, SEED_LENGTH, `saved state: ${what}`);

const upTo = (value: CborValue | undefined, max: number, what: string): Uint8Array =>
  bytes(value, { min: 0, max }, `saved state: ${what}`);

/** What is there only where the terms ask for commitments, and then of one length. */
const ofCommitted = (
  terms: Terms,
  value: CborValue | undefined,
  length: number,
  what: string,
): Uint8Array =>
  bytes(value, terms.commitments === undefined ? 0 : length, `saved state: ${what}`).slice();

function readPromises(terms: Terms, value: CborValue | undefined): readonly Promised[] {
  const what = 'saved state: promises';
  return list(value, terms.parameters.degree, what).map((entry) => {
    const of = record(entry, ['index', 'promise'], what);
    return {
      index: integer(of.index, 0, sizeOf(terms) - 1, what),
      promise: bytes(of.promise, terms.commitments === undefined ? 0 : 32, what),
    };
  });
}

function readHeld(terms: Terms, value: CborValue | undefined) {
  return list(value, terms.parameters.degree, 'saved state: shares').map((entry) => {
    const of = record(entry, ['dealer', 'self', 'masking'], 'saved state: shares');
    return {
      dealer: integer(of.dealer, 0, sizeOf(terms) - 1, 'saved state: dealer'),
      self: seed(of.self, 'share'),
      masking: seed(of.masking, 'share'),
    };
  });
}

const peerKeys = [
  'index',
  'sealingKey',
  'maskingKey',
  'advertHash',
  'maskingCiphertext',
  'maskingKemSecret',
];

const maskKeys = [
  'sealingSeed',
  'maskingSeed',
  'selfSeed',
  'ownShare',
  'advertHash',
  'shareHash',
  'peers',
  'vectors',
  'commitments',
  'proofs',
];

const readMemory: {
  readonly [N in Next]: (terms: Terms, value: CborValue) => Memory[N];
} = {
  share: (_, value) => {
    const of = record(value, ['sealingSeed', 'maskingSeed', 'advertHash'], 'saved state');
    return {
      sealingSeed: seed(of.sealingSeed, 'sealing seed'),
      maskingSeed: seed(of.maskingSeed, 'masking seed'),
      advertHash: seed(of.advertHash, 'advert hash'),
    };
  },
  mask: (terms, value) => {
    const of = record(value, maskKeys, 'saved state');
    const { publicKeyLength, ciphertextLength } = terms.suite;
    const peers = list(of.peers, terms.parameters.degree, 'saved state: peers').map((entry) => {
      const peer = record(entry, peerKeys, 'saved state: peer');
      return {
        index: integer(peer.index, 0, sizeOf(terms) - 1, 'saved state: peer'),
        sealingKey: upTo(peer.sealingKey, publicKeyLength, 'sealing key'),
        maskingKey: upTo(peer.maskingKey, publicKeyLength, 'masking key'),
        advertHash: seed(peer.advertHash, 'advert hash'),
        maskingCiphertext: upTo(peer.maskingCiphertext, ciphertextLength, 'ciphertext'),
        maskingKemSecret: upTo(peer.maskingKemSecret, 32, 'KEM secret'),
      };
    });
    return {
      sealingSeed: seed(of.sealingSeed, 'sealing seed'),
      maskingSeed: seed(of.maskingSeed, 'masking seed'),
      selfSeed: seed(of.selfSeed, 'self seed'),
      ownShare: seed(of.ownShare, 'own share'),
      advertHash: seed(of.advertHash, 'advert hash'),
      shareHash: seed(of.shareHash, 'share hash'),
      peers,
      vectors: ofCommitted(terms, of.vectors, vectorsLength(terms), 'vectors'),
      commitments: ofCommitted(terms, of.commitments, commitmentsLength(terms), 'commitments'),
      proofs: ofCommitted(terms, of.proofs, proofsLength(terms), 'proofs'),
    };
  },
  confirm: (terms, value) => {
    const keys = ['ownShare', 'u2', 'u2Hash', 'maskHash', 'promises', 'held'];
    const of = record(value, keys, 'saved state');
    return {
      ownShare: seed(of.ownShare, 'own share'),
      u2: upTo(of.u2, sizeOf(terms), 'U2'),
      u2Hash: seed(of.u2Hash, 'H(U2)'),
      maskHash: seed(of.maskHash, 'mask hash'),
      promises: readPromises(terms, of.promises),
      held: readHeld(terms, of.held),
    };
  },
  unmask: (terms, value) => {
    const keys = ['ownShare', 'u2', 'u2Hash', 'u3', 'confirmHeader', 'promises', 'held'];
    const of = record(value, keys, 'saved state');
    return {
      ownShare: seed(of.ownShare, 'own share'),
      u2: upTo(of.u2, sizeOf(terms), 'U2'),
      u2Hash: seed(of.u2Hash, 'H(U2)'),
      u3: upTo(of.u3, sizeOf(terms), 'U3'),
      confirmHeader: upTo(of.confirmHeader, 256, 'confirm header'),
      promises: readPromises(terms, of.promises),
      held: readHeld(terms, of.held),
    };
  },
  done: (_, value) => {
    record(value, [], 'saved state');
    return {};
  },
};
