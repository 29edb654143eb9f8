/**
 * From a plan and what came of it to the round's record. Whatever could say something about a person beyond
 * the round's public facts is dropped here: sums, names, and the texts of faults, which hold names.
 */
import { ProtocolError, UsageError } from '../../errors.ts';
import type { EncryptedRound, OpenedSum } from '../../he/index.ts';
import { toHex } from '../../internal/bytes.ts';
import { sha256 } from '../../internal/sha256.ts';
import { VERSION } from '../../internal/version.ts';
import type { Phase } from '../../secagg/phases.ts';
import { assumptionsOf } from '../assumptions.ts';
import type { Field } from '../fields.ts';
import { type AnyPlan, planBytes } from '../plan.ts';
import type { Result } from '../result.ts';
import type { FieldRecord, MaskedSetting, NoiseRecord, RoundRecord } from './facts.ts';
import { readRecord } from './read-record.ts';

/**
 * The record of a masked round.
 *
 * @param plan from `plan()` or `readPlan()`
 * @param result what the round gave; the error that ended it; or nothing, where neither is known
 * @returns frozen and plain JSON; one to three kilobytes
 * @throws UsageError `wrong-type` (no plan; neither result nor error), `unknown-id` (a result that cannot be
 *   of this plan)
 *
 * **Security**: holds no sum, no client's name and no key, but the plan's id and the names of its fields.
 */
export function roundRecord(plan: AnyPlan, result?: Result | ProtocolError): RoundRecord {
  planBytes(plan);
  const failure = result instanceof ProtocolError ? result : undefined;
  const opened = result === undefined || result instanceof ProtocolError ? undefined : result;
  if (opened !== undefined) assertOf(plan, opened);
  return readRecord('roundRecord', {
    round: plan.id,
    plan: toHex(plan.hash),
    library: VERSION,
    outcome: opened ? 'opened' : failure ? 'failed' : 'unknown',
    reason: failure?.code ?? null,
    setting: settingOf(plan),
    invited: plan.parameters.clients,
    floor: plan.floor,
    contributors: opened?.contributors.length ?? null,
    lost: lostOf(opened?.dropped ?? []),
    refused: refusedOf(opened?.refused ?? []),
    fields: Object.entries(plan.fields).map(([name, field]) => fieldOf(name, field, opened)),
    noise: noiseOf(plan, opened),
    assumptions: assumptionsOf(plan),
    transcript: opened === undefined ? null : headOf(opened),
    bundle: opened?.bundle === undefined ? null : toHex(sha256(opened.bundle)),
  });
}

/**
 * The record of an encrypted round that was opened.
 *
 * @param round from `encryptedRound()` or `readEncryptedRound()` of `veilsum/he`
 * @param opened what the round gave
 * @returns frozen and plain JSON; such a round has no noise, no phases that lose clients and no transcript
 * @throws CodecError `malformed` for something else than these two
 */
export function encryptedRecord(round: EncryptedRound, opened: OpenedSum): RoundRecord {
  const { sum, clients, holders, threshold, corrupt, quorum, floor } = round;
  return readRecord('encryptedRecord', {
    // A name may hold what is not to be seen.
    round: round.name.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '\ufffd'),
    plan: toHex(round.roundId),
    library: VERSION,
    outcome: 'opened',
    reason: null,
    setting: {
      protection: 'encryption',
      holders: holders.clients.length,
      threshold,
      corrupt,
      quorum,
      set: sum.set.name,
    },
    invited: clients.clients.length,
    floor,
    contributors: opened.contributors.length,
    lost: [],
    refused: refusedOf(opened.refused),
    fields: [
      {
        ...plainField,
        name: 'sum',
        kind: 'real',
        length: sum.length,
        clip: { norm: 'linf', bound: sum.clip },
      },
    ],
    noise: null,
    assumptions: opened.assumptions.map(({ code, text }) => ({ code, text })),
    transcript: null,
    bundle: null,
  });
}

/** A result that was made under another plan would put false facts into the record. */
function assertOf(plan: AnyPlan, result: Result): void {
  const { contributors, assumptions, privacy, transcript } = result;
  if (!Array.isArray(contributors) || transcript === undefined) {
    throw new UsageError(
      'wrong-type',
      'roundRecord: result: expected what closing the last phase gave, or the ProtocolError that it threw',
    );
  }
  const known = new Set<string>(plan.roster.clients.map(({ id }) => id));
  const isOf =
    contributors.every((id) => known.has(id)) &&
    contributors.length >= plan.floor &&
    JSON.stringify(assumptions) === JSON.stringify(assumptionsOf(plan)) &&
    JSON.stringify(privacy?.event) === JSON.stringify(plan.privacy?.event);
  if (isOf) return;
  throw new UsageError(
    'unknown-id',
    `roundRecord: got a result of another plan, expected one of ${JSON.stringify(plan.id)}`,
    { plan: plan.id },
  );
}

function settingOf({ trust, parameters, quorum, suite, commitments }: AnyPlan): MaskedSetting {
  const { corruptCount, absentCount, degree, threshold } = parameters;
  const { coordinator, corrupt, absent, beacon } = trust;
  return {
    protection: 'masks',
    coordinator,
    corrupt,
    absent,
    corruptCount,
    absentCount,
    degree,
    threshold,
    quorum,
    suite,
    beacon:
      beacon === undefined
        ? null
        : { chain: beacon.chain, round: beacon.round, marginMs: beacon.marginMs },
    commitments: commitments?.name ?? null,
  };
}

const plainField = {
  clip: null,
  range: null,
  maxWeight: null,
  public: false,
  deviation: null,
} as const;

function fieldOf(name: string, field: Field, result: Result | undefined): FieldRecord {
  const { kind, length } = field;
  const common = {
    ...plainField,
    name,
    kind,
    length,
    public: field.public === true,
    deviation: result?.privacy?.deviations[name] ?? null,
  };
  if (field.kind === 'integer') return { ...common, range: { min: field.min, max: field.max } };
  const clip = { norm: field.clip.norm, bound: field.clip.bound };
  return field.kind === 'real'
    ? { ...common, clip }
    : { ...common, clip, maxWeight: field.maxWeight };
}

function noiseOf({ noise, privacy }: AnyPlan, result: Result | undefined): NoiseRecord | null {
  if (noise.kind === 'none' || privacy === undefined) return null;
  const { mechanism, unit, neighbours, epsilon, delta, rounds } = privacy;
  const { replaceOneEpsilon, multiplier, honestSurvivorsMin, wrapProbability, event } = privacy;
  return {
    mechanism,
    unit,
    neighbours,
    epsilon,
    delta,
    rounds,
    replaceOneEpsilon: Number.isFinite(replaceOneEpsilon) ? replaceOneEpsilon : null,
    multiplier,
    honestSurvivorsMin,
    honestSurvivors: result?.privacy?.ofSurvivors.honest ?? null,
    wrapProbability,
    event,
  };
}

/** Counts by phase, in the order in which the phases come up. */
function lostOf(dropped: readonly { readonly phase: Phase }[]): RoundRecord['lost'] {
  const counts = new Map<Phase, number>();
  for (const { phase } of dropped) counts.set(phase, (counts.get(phase) ?? 0) + 1);
  return [...counts].map(([phase, clients]) => ({ phase, clients }));
}

/** Counts by phase and code: a fault's own text names clients. */
function refusedOf(
  faults: readonly { readonly phase: string; readonly code: string }[],
): RoundRecord['refused'] {
  const counts = new Map<string, { phase: string; code: string; messages: number }>();
  for (const { phase, code } of faults) {
    const key = `${phase} ${code}`;
    const before = counts.get(key) ?? { phase, code, messages: 0 };
    counts.set(key, { phase, code, messages: before.messages + 1 });
  }
  return [...counts.values()];
}

const headOf = ({ transcript: { size, root } }: Result): RoundRecord['transcript'] => ({
  size,
  root: toHex(root),
});
