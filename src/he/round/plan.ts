/**
 * The plan of an encrypted round: who may contribute, who opens, how the sum is encrypted. Its bytes
 * are facts alone; all that follows from them is worked out again by whoever reads them. The round id
 * is their hash, and stands in every message.
 */
import { CodecError, ProtocolError, UsageError } from '../../errors.ts';
import { type Roster, type RosterEntry, readRoster, rosterBytes } from '../../identity/roster.ts';
import { assertBytes, assertInteger } from '../../internal/assert.ts';
import { equalBytes, lengthPrefixed, toHex, utf8 } from '../../internal/bytes.ts';
import { randomBytes } from '../../internal/random.ts';
import { sha256 } from '../../internal/sha256.ts';
import { decode, encode } from '../../wire/cbor.ts';
import { bytes, integer, text, tuple } from '../../wire/fields.ts';
import { type EncryptedSumPlan, planEncryptedSum } from '../plan.ts';

/** The facts of an encrypted round. */
export type EncryptedRoundFacts = {
  /** For people, 1 to 64 characters. */
  readonly name: string;
  /** Who may contribute. */
  readonly clients: Roster;
  /**
   * Who opens the sum: one key holder, or a committee of 2 to 20. Nobody of them is a client, and the
   * coordinator is none of them.
   */
  readonly holders: Roster;
  /** How many holders open together, 1 for a key holder; from 2 for a committee. */
  readonly threshold: number;
  /**
   * How many holders may sign two different things, 0 to `threshold − 1`, which is the default. Less
   * needs fewer signatures; with more such holders than this, two different sums could be opened.
   */
  readonly corrupt?: number;
  /** The fewest contributors of a sum, 2 to the number of clients. */
  readonly floor: number;
  /** Coordinates of each vector. */
  readonly length: number;
  /** The greatest magnitude of a coordinate. */
  readonly clip: number;
  /** See `planEncryptedSum`. */
  readonly precision: number;
  /** Only sets of this scheme. */
  readonly scheme?: 'bfv' | 'ckks';
  /** 16 to 32 bytes that no other round of these parties has; default: 16 random ones. */
  readonly nonce?: Uint8Array;
};

/** A planned round: all of it public. Frozen. */
export type EncryptedRound = Readonly<Required<Pick<EncryptedRoundFacts, 'name' | 'clients'>>> & {
  readonly holders: Roster;
  readonly threshold: number;
  readonly corrupt: number;
  readonly floor: number;
  /** Holders that must sign a root or a closing: any two such groups share one that signs but once. */
  readonly quorum: number;
  /** Parameters, packing and number of ciphertexts. */
  readonly sum: EncryptedSumPlan;
  /** Canonical CBOR, for every party. */
  readonly bytes: Uint8Array;
  /** SHA-256 over a label and the bytes. */
  readonly roundId: Uint8Array;
};

/** What a party insists on, whatever the coordinator wrote into the plan. */
export type EncryptedRoundPolicy = {
  /** 32 bytes: who must have signed the roster of clients, and that of holders. */
  readonly clientVoucher: Uint8Array;
  readonly holderVoucher: Uint8Array;
  /** The least floor, and the least threshold, that this party takes part under. */
  readonly floor: number;
  readonly threshold: number;
  /**
   * The least `corrupt` of a plan; default: its `threshold − 1`. With less, fewer holders than the
   * threshold have two sums opened that differ by one vector.
   */
  readonly corrupt?: number;
};

const VERSION = 1;
const MOST_HOLDERS = 20;
const MOST_NAME = 64;
const MOST_BYTES = 4 * 2 ** 20;
const SCHEMES = ['bfv', 'ckks'] as const;

/**
 * Plans an encrypted round.
 *
 * @param facts see {@link EncryptedRoundFacts}
 * @throws UsageError `out-of-range`, `wrong-type`, `wrong-length`, `not-finite`; `duplicate-id` if a
 *   party stands on both rosters
 * @throws CapacityError `ring-overflow` if no parameter set will do
 *
 * **Security**: two rounds with the same bytes are one round; keys are never used in two.
 */
export function encryptedRound(facts: EncryptedRoundFacts): EncryptedRound {
  const { name, clients, holders, threshold, floor, length, clip, precision, scheme } = facts;
  const { nonce = randomBytes(16), corrupt = threshold - 1 } = facts;
  const clientBytes = rosterBytes(clients);
  const holderBytes = rosterBytes(holders);
  const [n, members] = [clients.clients.length, holders.clients.length];
  assertBytes('encryptedRound: nonce', nonce);
  assertInteger('encryptedRound: bytes of the nonce', nonce.length, 16, 32);
  if (typeof name !== 'string' || name.length < 1 || name.length > MOST_NAME) {
    throw new UsageError(
      'out-of-range',
      `encryptedRound: name: expected 1 to ${MOST_NAME} characters`,
    );
  }
  assertInteger('encryptedRound: holders', members, 1, MOST_HOLDERS);
  assertInteger('encryptedRound: threshold', threshold, Math.min(2, members), members);
  assertInteger('encryptedRound: corrupt', corrupt, 0, threshold - 1);
  assertInteger('encryptedRound: floor', floor, 2, n);
  const both = onBoth(clients, holders);
  if (both !== undefined) {
    throw new UsageError(
      'duplicate-id',
      `encryptedRound: got "${both}" on both rosters, expected no client among the holders`,
      { client: both },
    );
  }
  const keys = members === 1 ? 'key-holder' : { members };
  const request = { clients: n, length, clip, precision, keys } as const;
  const sum = planEncryptedSum({ ...request, ...(scheme && { scheme }) });
  const encoded = encode([
    VERSION,
    name,
    nonce,
    clientBytes,
    holderBytes,
    threshold,
    corrupt,
    floor,
    length,
    float(clip),
    float(precision),
    scheme === undefined ? 0 : 1 + SCHEMES.indexOf(scheme),
  ]);
  return Object.freeze({
    name,
    clients,
    holders,
    threshold,
    corrupt,
    floor,
    quorum: Math.floor((members + corrupt) / 2) + 1,
    sum,
    bytes: encoded,
    roundId: sha256(lengthPrefixed(utf8('veilsum/v1 encrypted round'), encoded)),
  });
}

/**
 * Reads a plan from its bytes, strictly, and works out again what follows from them.
 *
 * @param encoded the coordinator's `bytes`
 * @param policy what the reader insists on
 * @throws CodecError for bytes that are no plan, or not the only bytes of one
 * @throws ProtocolError `bad-roster` if another voucher signed a roster; `plan-refused` if the plan
 *   asks for less than the policy, or cannot be
 *
 * **Security**: the rosters are the trust in a round: who writes a plan with holders of its own choice
 * opens what it likes. So both vouchers are asked for. So is the quorum: a plan whose `corrupt` is less than
 * the policy's needs too few signatures for a closing to be the only one.
 */
export function readEncryptedRound(
  encoded: Uint8Array,
  policy: EncryptedRoundPolicy,
): EncryptedRound {
  const what = 'encrypted round';
  const of = tuple(decode(encoded, { what, maxBytes: MOST_BYTES }), 12, what);
  const version = integer(of[0], 0, 2 ** 32 - 1, `${what}: version`);
  if (version !== VERSION) {
    throw new CodecError(
      'unknown-version',
      `${what}: got version ${version}, expected ${VERSION}`,
      { version },
    );
  }
  const whole = (at: number, field: string): number =>
    integer(of[at], 0, 2 ** 28, `${what}: ${field}`);
  const scheme = SCHEMES[integer(of[11], 0, 2, `${what}: scheme`) - 1];
  const size = { min: 1, max: MOST_BYTES };
  const facts: EncryptedRoundFacts = {
    name: text(of[1], MOST_NAME, `${what}: name`),
    nonce: bytes(of[2], { min: 16, max: 32 }, `${what}: nonce`),
    clients: readRoster(bytes(of[3], size, `${what}: clients`), policy.clientVoucher),
    holders: readRoster(bytes(of[4], size, `${what}: holders`), policy.holderVoucher),
    threshold: whole(5, 'threshold'),
    corrupt: whole(6, 'corrupt'),
    floor: whole(7, 'floor'),
    length: whole(8, 'length'),
    clip: unfloat(bytes(of[9], 8, `${what}: clip`)),
    precision: unfloat(bytes(of[10], 8, `${what}: precision`)),
    ...(scheme && { scheme }),
  };
  const plan = planned(facts);
  if (!equalBytes(plan.bytes, encoded)) {
    throw new CodecError('non-canonical', `${what}: got other bytes than its facts have`);
  }
  const { floor, threshold, corrupt = plan.threshold - 1 } = policy;
  if (!(plan.floor >= floor && plan.threshold >= threshold && plan.corrupt >= corrupt)) {
    throw new ProtocolError(
      'plan-refused',
      `${what}: got floor ${plan.floor}, threshold ${plan.threshold} and corrupt ${plan.corrupt}, expected at least ${floor}, ${threshold} and ${corrupt}`,
      ['coordinator'],
    );
  }
  return plan;
}

/** Facts that do not fit together are the writer's mistake here, not the reader's. */
function planned(facts: EncryptedRoundFacts): EncryptedRound {
  try {
    return encryptedRound(facts);
  } catch (error) {
    throw new ProtocolError(
      'plan-refused',
      `encrypted round: got facts that make no plan (${(error as Error).message})`,
      ['coordinator'],
    );
  }
}

/** Somebody whose id or key is on both rosters. */
function onBoth(clients: Roster, holders: Roster): string | undefined {
  const keyOf = ({ publicKey }: RosterEntry): string => toHex(publicKey);
  const ids = new Set(clients.clients.map(({ id }) => id));
  const keys = new Set(clients.clients.map(keyOf));
  return holders.clients.find((holder) => ids.has(holder.id) || keys.has(keyOf(holder)))?.id;
}

/** IEEE 754, eight bytes, most significant first: the same on every machine. */
function float(value: number): Uint8Array {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setFloat64(0, value);
  return out;
}

const unfloat = (of: Uint8Array): number =>
  new DataView(of.buffer, of.byteOffset, of.byteLength).getFloat64(0);

/** Whether the round's sum is opened by one key holder. */
export const isKeyHolder = ({ holders }: EncryptedRound): boolean => holders.clients.length === 1;
