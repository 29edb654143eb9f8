/** Reads a round's record strictly, from JSON or from whoever just made it: one door for both. */
import type { Assumption } from '../assumptions.ts';
import {
  eventOf,
  finite,
  hex,
  listOf,
  malformed,
  matching,
  objectOf,
  oneOf,
  orNull,
  type Read,
  text,
  whole,
  yesOrNo,
} from './check.ts';
import type {
  EncryptedSetting,
  FieldRecord,
  MaskedSetting,
  NoiseRecord,
  RoundRecord,
} from './facts.ts';

/** More fields, or kinds of refusals, than any round has. */
const MOST = 10_000;

/**
 * Reads a record.
 *
 * @param where what to call it in an error
 * @param value of what JSON can hold
 * @returns a frozen copy
 * @throws CodecError `malformed`; PrivacyError `unsupported-event`
 */
export const readRecord: Read<RoundRecord> = (where, value) => {
  const code = codeOf();
  const record = objectOf<RoundRecord>({
    round: text(128),
    plan: hex(64),
    library: readVersion,
    outcome: oneOf('opened', 'failed', 'unknown'),
    reason: orNull(code),
    setting: readSetting,
    invited: whole,
    floor: whole,
    contributors: orNull(whole),
    lost: listOf(objectOf<RoundRecord['lost'][number]>({ phase: code, clients: whole }), 16),
    refused: listOf(
      objectOf<RoundRecord['refused'][number]>({ phase: code, code, messages: whole }),
      MOST,
    ),
    fields: listOf(readField, MOST),
    noise: orNull(readNoise),
    assumptions: listOf(objectOf<Assumption>({ code, text: text(100_000) }), 64),
    transcript: orNull(
      objectOf<NonNullable<RoundRecord['transcript']>>({ size: whole, root: hex(64) }),
    ),
    bundle: orNull(hex(64)),
  })(where, value);
  assertAgrees(where, record);
  return record;
};

/** Facts of one record that cannot all be true. */
function assertAgrees(where: string, record: RoundRecord): void {
  const { outcome, reason, invited, floor, contributors, lost, noise, transcript, bundle } = record;
  const rest = [transcript, bundle, noise?.honestSurvivors ?? null];
  const isOfOutcome =
    contributors === null
      ? outcome !== 'opened' && rest.every((fact) => fact === null)
      : outcome === 'opened' && floor <= contributors && contributors <= invited;
  if (!isOfOutcome || (reason === null) === (outcome === 'failed')) {
    throw malformed(where, 'contributors, reason and transcript that fit the outcome');
  }
  const gone = lost.reduce((sum, { clients }) => sum + clients, 0);
  if (gone > invited || (noise?.honestSurvivors ?? 0) > (contributors ?? 0)) {
    throw malformed(where, 'no more clients than there were');
  }
}

/** A version, and not a word more. */
export const readVersion: Read<string> = matching(
  /^\d{1,6}\.\d{1,6}\.\d{1,6}(-[0-9A-Za-z.-]{1,40})?$/,
  'a version',
);

const readFraction: Read<string> = matching(
  /^\d{1,6}(\.\d{1,17})?(e-\d{1,3})?$/,
  'a decimal number',
);

const codeOf = (): Read<string> =>
  matching(/^[a-z][a-z0-9-]{0,63}$/, 'a code of lower-case letters, digits and hyphens');

const readField: Read<FieldRecord> = (where, value) =>
  objectOf<FieldRecord>({
    name: matching(/^[a-z][A-Za-z0-9_-]{0,63}$/, 'the name of a field'),
    kind: oneOf('real', 'integer', 'weighted-mean'),
    length: whole,
    clip: orNull(
      objectOf<NonNullable<FieldRecord['clip']>>({ norm: oneOf('l2', 'linf'), bound: finite(0) }),
    ),
    range: orNull(objectOf<NonNullable<FieldRecord['range']>>({ min: finite(), max: finite() })),
    maxWeight: orNull(whole),
    public: yesOrNo,
    deviation: orNull(finite(0)),
  })(where, value);

const readNoise: Read<NoiseRecord> = (where, value) =>
  objectOf<NoiseRecord>({
    mechanism: oneOf('skellam', 'discrete-gaussian'),
    unit: oneOf('client'),
    neighbours: oneOf('zero-out'),
    epsilon: finite(0),
    delta: readDelta,
    rounds: whole,
    replaceOneEpsilon: orNull(finite(0)),
    multiplier: readFraction,
    honestSurvivorsMin: whole,
    honestSurvivors: orNull(whole),
    wrapProbability: finite(0),
    event: eventOf,
  })(where, value);

/** Above 0 and below 1: what accountants take. */
const readDelta: Read<number> = (where, value) => {
  const delta = finite(Number.MIN_VALUE)(where, value);
  if (delta < 1) return delta;
  throw malformed(where, 'a number below 1');
};

const readSetting: Read<RoundRecord['setting']> = (where, value) =>
  (value as MaskedSetting | null)?.protection === 'masks'
    ? readMasked(where, value)
    : readEncrypted(where, value);

const readMasked: Read<MaskedSetting> = (where, value) =>
  objectOf<MaskedSetting>({
    protection: oneOf('masks'),
    coordinator: oneOf('active', 'semi-honest'),
    corrupt: readFraction,
    absent: readFraction,
    corruptCount: whole,
    absentCount: whole,
    degree: whole,
    threshold: whole,
    quorum: whole,
    suite: text(32),
    beacon: orNull(
      objectOf<NonNullable<MaskedSetting['beacon']>>({
        chain: text(128),
        round: whole,
        marginMs: whole,
      }),
    ),
    commitments: orNull(text(32)),
  })(where, value);

const readEncrypted: Read<EncryptedSetting> = (where, value) =>
  objectOf<EncryptedSetting>({
    protection: oneOf('encryption'),
    holders: whole,
    threshold: whole,
    corrupt: whole,
    quorum: whole,
    set: text(64),
  })(where, value);
