/** What a verifier says of a bundle: what it found wrong, what it checked, and what nobody has checked. */
import type { ClientId } from '../../identity/roster.ts';
import { toHex } from '../../internal/bytes.ts';
import type { Terms } from '../../secagg/terms.ts';
import type { UpdateKey } from '../../zk/update/key.ts';
import type { Field, Fields, SumsOf } from '../fields.ts';
import type { AnyPlan } from '../plan.ts';
import { provenFields, provenSchemeOf } from '../proven-fields.ts';
import type { Trust } from './trust.ts';

/** Why a bundle is refused. */
export type BundleFault =
  /** The bytes are no bundle of this version, or hold something that is not what it should be. */
  | 'malformed'
  /** The roster is not the trusted one. */
  | 'wrong-roster'
  /** The plan is not the trusted one, does not hold, or asks for no commitments. */
  | 'wrong-plan'
  /** The beacon's value is not the trusted one, or one too many or too few. */
  | 'wrong-beacon'
  /** The plan lets clients put in more than is trusted. */
  | 'wrong-bounds'
  /** Fewer contributors than the plan or the trust asks for. */
  | 'below-floor'
  /** The sets of clients do not fit each other. */
  | 'bad-survivors'
  /** What a client is said to have signed, it did not sign in this round. */
  | 'bad-signature'
  /** A contributor masked under another list of participants. */
  | 'other-u2'
  /** Commitments are not those whose hash the client shared before any were revealed, or no points. */
  | 'bad-commitment'
  /** Too few confirmed these contributors and these commitments. */
  | 'no-quorum'
  /** The sum lies outside of what the contributors could have put in. */
  | 'out-of-bounds'
  /** The commitments do not add up to the sum. */
  | 'does-not-open'
  /** The update key is not the trusted one, does not hold, or is marked insecure; or there is none. */
  | 'wrong-key'
  /** A contributor's values are not proven to be in bounds. */
  | 'not-proven';

/** One thing that is wrong. `code` is stable, `text` is for people. */
export type BundleReason = {
  readonly code: BundleFault;
  readonly text: string;
  /** Whose part it is, where it is one client's. */
  readonly client?: ClientId;
  readonly field?: string;
};

/** One thing that was checked, or that was not. `code` is stable, `text` is for people. */
export type BundleCheck = { readonly code: string; readonly text: string };

/** What a bundle is about, in its own words. */
export type BundleStatement = {
  /** The plan's name for the round. */
  readonly id: string;
  /** Hexadecimal. */
  readonly planHash: string;
  readonly roundId: string;
  readonly rosterRoot: string;
  readonly invited: number;
  readonly contributors: readonly ClientId[];
  /** How many confirmations the bundle brings, and how many the plan asks for. */
  readonly confirmed: number;
  readonly quorum: number;
  readonly fields: readonly { readonly name: string; readonly says: string }[];
  /** The price of the noise in the sum; nothing without. */
  readonly noise: { readonly epsilon: number; readonly delta: number } | undefined;
  /** What the values are proven under; nothing where there are no proofs of bounds. */
  readonly proofs: ProofsStatement | undefined;
};

/** The key of proofs of bounds, and what they are bound to besides. */
export type ProofsStatement = {
  /** Hash of the update key, hexadecimal. */
  readonly key: string;
  /** Values in a chunk. */
  readonly chunk: number;
  /** How many parties multiplied secrets into the key's σ. */
  readonly contributions: number;
  /** Whether the key says of itself that its secrets may be known. */
  readonly insecure: boolean;
  /** Hash of the model that the clients were sent, hexadecimal: all of them proved under this one. */
  readonly context: string;
};

/** What came of a verification. Frozen. */
export type BundleVerdict = {
  readonly valid: boolean;
  /** Nothing where it is valid. */
  readonly reasons: readonly BundleReason[];
  /** What was checked, and held. */
  readonly checked: readonly BundleCheck[];
  /** What no bundle of this kind shows. */
  readonly notChecked: readonly BundleCheck[];
  /** As far as the bundle could be read. Believe it only of a valid one. */
  readonly statement: BundleStatement | undefined;
  /** The sums, by field, as numbers; of a valid bundle only. */
  readonly sum: SumsOf<Fields> | undefined;
};

/** Names of the checks. */
export type CheckName =
  | 'form'
  | 'plan'
  | 'roster'
  | 'round'
  | 'contributors'
  | 'signatures'
  | 'commitments'
  | 'quorum'
  | 'bounds'
  | 'opening'
  | 'proofs';

/** The checks, in their order. */
export const CHECKS: Readonly<Record<CheckName, string>> = {
  form: 'The bundle is the one canonical encoding of what it says.',
  plan: 'The plan holds: its derived numbers follow from its facts.',
  roster: "The roster is the trusted one, with its voucher's signature.",
  round: 'Plan and beacon give the round id that everything below is signed under.',
  contributors: 'The contributors are among the participants, and at least as many as asked for.',
  signatures:
    'Each contributor signed its part of the masked round, under one list of participants.',
  commitments:
    "Each contributor's commitments are those whose hash it had shared before any commitment was revealed.",
  quorum: 'A quorum of the contributors confirmed these contributors and commitments.',
  bounds: 'As integers, the sums are within what that many contributors can put in.',
  opening: 'The commitments add up to exactly these sums.',
  proofs:
    "Every contributor's values are in bounds: each has 16 bits at most, and each chunk of them the squared norm at most that the plan derives from its clips.",
};

/** How many checks a bundle must pass: one more where the plan asks for proofs. */
export const checksOf = (plan: AnyPlan): number =>
  Object.keys(CHECKS).length - (provenSchemeOf(plan) === undefined ? 1 : 0);

/** What is left to trust, for a plan that was read; without one, what is so for any. */
export function notCheckedOf(plan: AnyPlan | undefined, trust: Trust): readonly BundleCheck[] {
  const proven = plan === undefined ? undefined : provenSchemeOf(plan);
  const list: BundleCheck[] = [
    ...(proven === undefined ? WITHOUT_PROOFS : withProofs(proven.key)),
    {
      code: 'inputs-true',
      text: 'Whether inputs mean what they should, e.g. come from honest training.',
    },
    {
      code: 'identities',
      text: 'Who is behind the keys on the roster, and that no party stands on it twice: its voucher says so.',
    },
    {
      code: 'selection',
      text: 'Whether clients that are not in the sum could have been: the coordinator may leave out whom it likes, above floor and quorum.',
    },
    {
      code: 'context',
      text: `Which model or question the clients were sent: they saw to it among themselves that all were sent the same${proven === undefined ? '' : ', and proved under its hash, which is in the statement'}.`,
    },
    {
      code: 'secrecy',
      text: 'That inputs stayed hidden. The bundle shows that the sum is right; what hides inputs is in the assumptions of the result.',
    },
    {
      code: 'assumptions',
      text: 'Discrete logarithms on BN254 are hard, SHA-256 is collision resistant, Ed25519 signatures cannot be forged.',
    },
  ];
  if (trust.plan === undefined) {
    list.push({
      code: 'plan',
      text: 'Whether this plan is the one that was agreed on: the trust pins no plan.',
    });
  }
  if (plan?.noise.kind !== undefined && plan.noise.kind !== 'none') {
    list.push({
      code: 'noise',
      text: 'Whether clients drew their noise honestly: it is committed to apart from the inputs, and no more is known of it. Proofs of bounds, where there are any, do not cover it.',
    });
  }
  if (plan?.trust.beacon !== undefined && trust.beacon === undefined) {
    const { chain, round } = plan.trust.beacon;
    list.push({
      code: 'beacon',
      text: `Whether the value is that of round ${round} of "${chain}".`,
    });
  }
  return Object.freeze(list.map((check) => Object.freeze(check)));
}

const WITHOUT_PROOFS: readonly BundleCheck[] = [
  {
    code: 'inputs-in-bounds',
    text: 'Whether single inputs keep to their bounds: there are no proofs of that here. A listed client can shift the sum as far as the ring is wide.',
  },
];

function withProofs(key: UpdateKey): readonly BundleCheck[] {
  const list = [
    {
      code: 'bounds-of-chunks',
      text: `Bounds beyond those that are proven: the norm of each chunk of ${key.values} values is, not that of a whole update of several chunks, nor the range of each value.`,
    },
    {
      code: 'setup',
      text: `That somebody in each step of the key's setup forgot what it drew (${key.contributions} gave to its σ): whoever knows it all proves anything, and opens commitments to other values.`,
    },
    {
      code: 'composition',
      text: 'That Groth16, commitments and range argument are sound together: there is an informal argument only, in the algebraic group model with a random oracle, and it awaits outside review.',
    },
  ];
  if (key.insecure) {
    list.push({
      code: 'insecure-key',
      text: 'Anything of bounds and sums: the key says of itself that its secrets may be known. It is for tests only.',
    });
  }
  return list;
}

/** The statement of a bundle whose plan was read. */
export const statementOf = (
  plan: AnyPlan,
  terms: Terms,
  rosterRoot: string,
  {
    contributors,
    confirmed,
    context,
  }: Pick<BundleStatement, 'contributors' | 'confirmed'> & {
    readonly context: Uint8Array | undefined;
  },
): BundleStatement =>
  Object.freeze({
    id: plan.id,
    planHash: toHex(plan.hash),
    roundId: toHex(terms.roundId),
    rosterRoot,
    invited: plan.roster.clients.length,
    contributors,
    confirmed,
    quorum: plan.quorum,
    fields: saysOfFields(plan),
    noise:
      plan.noise.kind === 'none'
        ? undefined
        : { epsilon: plan.noise.epsilon, delta: plan.noise.delta },
    proofs: proofsOf(plan, context),
  });

function proofsOf(plan: AnyPlan, context: Uint8Array | undefined): ProofsStatement | undefined {
  const key = provenSchemeOf(plan)?.key;
  if (key === undefined || context === undefined) return undefined;
  const { values: chunk, contributions, insecure } = key;
  const shown = { key: toHex(key.hash), chunk, contributions, insecure, context: toHex(context) };
  return Object.freeze(shown);
}

function saysOfFields(plan: AnyPlan): BundleStatement['fields'] {
  const proven = provenSchemeOf(plan) === undefined ? undefined : provenFields(plan);
  return Object.entries(plan.fields).map(([name, field], i) => {
    const of = proven?.[i];
    const more =
      of === undefined ? '' : `; ${of.chunks} chunks, each of squared norm ${of.normMax} at most`;
    return { name, says: `${saysOf(field)}${more}` };
  });
}

function saysOf(field: Field): string {
  if (field.kind === 'integer') {
    return `${field.length} integers from ${field.min} to ${field.max}`;
  }
  const { length, clip, bits } = field;
  const clipped = `clipped to ${clip.bound} (${clip.norm}), ${bits} bits`;
  return field.kind === 'real'
    ? `${length} numbers, ${clipped}`
    : `mean of ${length} numbers, ${clipped}, weights up to ${field.maxWeight}`;
}
