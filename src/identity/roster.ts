/**
 * The roster: who may take part, under which identity key, in which order, signed by somebody who
 * vouches for them. Everything else in a round names clients by their place on it.
 *
 *     [ version, [[id, public key], …], voucher's public key, signature ]      canonical CBOR
 */
import { CodecError, ProtocolError, UsageError } from '../errors.ts';
import { assertBytes } from '../internal/assert.ts';
import { equalBytes, lengthPrefixed, toHex, utf8 } from '../internal/bytes.ts';
import { sha256 } from '../internal/sha256.ts';
import { decode, encode } from '../wire/cbor.ts';
import { bytes, integer, list, text, tuple } from '../wire/fields.ts';
import { CLIENT_ID_MAX_BYTES, type ClientId, faultOfId } from './client-id.ts';
import {
  ED25519_PUBLIC_KEY_LENGTH,
  ED25519_SIGNATURE_LENGTH,
  isValidIdentityKey,
  verifySignature,
} from './ed25519.ts';
import { type Signer, signWith } from './signer.ts';

export { CLIENT_ID_MAX_BYTES, type ClientId, clientId } from './client-id.ts';

/** One line of a roster. */
export type RosterEntry = {
  readonly id: ClientId;
  /** 32 bytes, Ed25519. */
  readonly publicKey: Uint8Array;
};

/** A signed list of clients; made by {@link signRoster} or {@link readRoster} only. */
export type Roster = {
  /** In the order that gives each client its index. */
  readonly clients: readonly RosterEntry[];
  /** 32 bytes: the Ed25519 public key of whoever vouches for the list. */
  readonly voucher: Uint8Array;
  /** 64 bytes. */
  readonly signature: Uint8Array;
};

/** The most clients that a roster may have. */
export const ROSTER_MAX_CLIENTS = 10_000;

const VERSION = 1;

/** Heads, both keys and the signature; then per client an id, a key and three heads. */
const MAX_BYTES = 128 + ROSTER_MAX_CLIENTS * (CLIENT_ID_MAX_BYTES + ED25519_PUBLIC_KEY_LENGTH + 5);

/** What was computed when a roster was checked; a roster that is not here was not checked. */
type Known = { readonly hash: Uint8Array; readonly indices: ReadonlyMap<string, number> };
const known = new WeakMap<Roster, Known>();

const listOf = (clients: readonly RosterEntry[]): [ClientId, Uint8Array][] =>
  clients.map(({ id, publicKey }) => [id, publicKey]);

const signedContent = (clients: readonly RosterEntry[]): Uint8Array =>
  lengthPrefixed(utf8('veilsum/v1 roster'), encode(listOf(clients)));

/** A broken rule, and whose entry breaks it. */
type Fault = {
  readonly kind: 'id' | 'key' | 'duplicate-id' | 'duplicate-key';
  readonly says: string;
  readonly client: string;
};

/** The first entry that may not stand on a roster. */
function faultOf(clients: readonly RosterEntry[]): Fault | undefined {
  const ids = new Set<string>();
  const keys = new Map<string, string>();
  for (const { id: client, publicKey } of clients) {
    const badId = faultOfId(client);
    if (badId !== undefined) return { kind: 'id', client, says: `an id that is ${badId}` };
    if (ids.has(client)) return { kind: 'duplicate-id', client, says: `"${client}" twice` };
    ids.add(client);
    if (!isValidIdentityKey(publicKey)) {
      return { kind: 'key', client, says: `no valid Ed25519 key for "${client}"` };
    }
    const key = toHex(publicKey);
    const other = keys.get(key);
    if (other !== undefined) {
      return { kind: 'duplicate-key', client, says: `one key for "${other}" and "${client}"` };
    }
    keys.set(key, client);
  }
  return undefined;
}

/** Copies and freezes what has been checked, and remembers it. */
function admit(
  clients: readonly RosterEntry[],
  voucher: Uint8Array,
  signature: Uint8Array,
): Roster {
  const entries = clients.map(({ id, publicKey }) =>
    Object.freeze({ id, publicKey: Uint8Array.from(publicKey) }),
  );
  const roster: Roster = Object.freeze({
    clients: Object.freeze(entries),
    voucher: Uint8Array.from(voucher),
    signature: Uint8Array.from(signature),
  });
  known.set(roster, {
    hash: sha256(lengthPrefixed(utf8('veilsum/v1 roster hash'), voucher, encode(listOf(entries)))),
    indices: new Map(entries.map(({ id }, index) => [id, index])),
  });
  return roster;
}

function knownOf(roster: Roster): Known {
  const found = known.get(roster);
  if (found === undefined) {
    throw new UsageError(
      'wrong-type',
      'roster: got one put together by hand, expected one from signRoster or readRoster',
    );
  }
  return found;
}

/**
 * Signs a list of clients.
 *
 * **Security**: whoever signs vouches that each key belongs to a different participant. Nothing in
 * a round can make up for a roster on which one party stands a hundred times.
 * **Cost**: 0.1 ms a client, for checking its key. Asynchronous because a signer may be.
 *
 * @param list - 1 to 10,000 entries with distinct ids (see {@link clientId}) and keys; the order is kept and signed
 * @param voucher - who vouches
 * @throws UsageError `out-of-range` (number of clients, an invalid id or key, a signer whose
 *   signature does not verify), `duplicate-id`, `wrong-type`, `wrong-length`
 */
export async function signRoster(
  list: readonly { readonly id: string; readonly publicKey: Uint8Array }[],
  voucher: Signer,
): Promise<Roster> {
  const clients = list as readonly RosterEntry[]; // Plain strings until they are checked below.
  if (clients.length < 1 || clients.length > ROSTER_MAX_CLIENTS) {
    throw new UsageError(
      'out-of-range',
      `roster: got ${clients.length} clients, expected 1 to ${ROSTER_MAX_CLIENTS}`,
    );
  }
  for (const { publicKey } of clients) assertBytes('roster key', publicKey, 32);
  const fault = faultOf(clients);
  if (fault !== undefined) {
    const code = fault.kind.startsWith('duplicate') ? 'duplicate-id' : 'out-of-range';
    throw new UsageError(code, `roster: got ${fault.says}, expected distinct valid ids and keys`, {
      client: fault.client,
    });
  }
  // Copied before the await: what is signed is what was checked. A Buffer's `slice` would be no copy.
  const entries = clients.map(({ id, publicKey }) => ({
    id,
    publicKey: new Uint8Array(publicKey),
  }));
  const message = signedContent(entries);
  const signature = await signWith(voucher, message);
  if (!verifySignature(voucher.publicKey, message, signature)) {
    throw new UsageError(
      'out-of-range',
      'roster voucher: got a signature that does not verify, expected one under its public key',
    );
  }
  return admit(entries, voucher.publicKey, signature);
}

/**
 * The roster's bytes, for sending and storing.
 *
 * @throws UsageError `wrong-type` if the roster was put together by hand
 */
export function rosterBytes(roster: Roster): Uint8Array {
  knownOf(roster);
  return encode([VERSION, listOf(roster.clients), roster.voucher, roster.signature]);
}

/**
 * Reads a roster and checks all of it: form, signature, ids and keys.
 *
 * **Security**: without `voucher` this only proves that *somebody* signed the list. Give the key
 * that you trust, or compare `roster.voucher` yourself. The signature is checked before the keys,
 * so bytes from nowhere cost little.
 * **Cost**: 0.1 ms a client; 1 MB at most.
 *
 * @param encoded - what {@link rosterBytes} gave
 * @param voucher - the 32-byte public key that must have signed
 * @throws CodecError every code but `wrong-…`
 * @throws ProtocolError `bad-roster`: another voucher, a wrong signature, or a client with a
 *   duplicate id, duplicate key or invalid key (then the client is the culprit)
 */
export function readRoster(encoded: Uint8Array, voucher?: Uint8Array): Roster {
  if (voucher !== undefined) assertBytes('voucher key', voucher, ED25519_PUBLIC_KEY_LENGTH);
  const fields = tuple(decode(encoded, { what: 'roster', maxBytes: MAX_BYTES }), 4, 'roster');
  const version = integer(fields[0], 0, 0xffff_ffff, 'roster version');
  if (version !== VERSION) {
    throw new CodecError('unknown-version', `roster: got version ${version}, expected ${VERSION}`, {
      version,
    });
  }
  const clients = list(fields[1], ROSTER_MAX_CLIENTS, 'roster clients').map((entry) => {
    const pair = tuple(entry, 2, 'roster entry');
    return {
      id: text(pair[0], CLIENT_ID_MAX_BYTES, 'roster id') as ClientId,
      publicKey: bytes(pair[1], ED25519_PUBLIC_KEY_LENGTH, 'roster key'),
    };
  });
  if (clients.length === 0) {
    throw new CodecError('malformed', 'roster: got no clients, expected at least one');
  }
  const signedBy = bytes(fields[2], ED25519_PUBLIC_KEY_LENGTH, 'roster voucher');
  const signature = bytes(fields[3], ED25519_SIGNATURE_LENGTH, 'roster signature');
  if (voucher !== undefined && !equalBytes(signedBy, voucher)) {
    throw badRoster('another voucher', 'the one that was asked for');
  }
  if (!verifySignature(signedBy, signedContent(clients), signature)) {
    throw badRoster('a signature that does not verify', "its voucher's signature");
  }
  const fault = faultOf(clients);
  if (fault?.kind === 'id') {
    throw new CodecError('malformed', `roster: got ${fault.says}, expected valid ids`);
  }
  if (fault !== undefined) {
    throw badRoster(fault.says, 'distinct ids and distinct valid keys', fault.client);
  }
  return admit(clients, signedBy, signature);
}

const badRoster = (got: string, expected: string, client?: string): ProtocolError =>
  new ProtocolError(
    'bad-roster',
    `roster: got ${got}, expected ${expected}`,
    client === undefined ? [] : [{ client }],
  );

/**
 * The 32-byte hash of voucher, clients and their order; not of the signature, of which some signers
 * make a new one each time.
 *
 * @throws UsageError `wrong-type` if the roster was put together by hand
 */
export const rosterHash = (roster: Roster): Uint8Array => knownOf(roster).hash.slice();

/**
 * The place of a client on the roster, from 0; `undefined` if it is not on it. One look-up.
 *
 * @throws UsageError `wrong-type` if the roster was put together by hand
 */
export const rosterIndex = (roster: Roster, id: ClientId): number | undefined =>
  knownOf(roster).indices.get(id);
