/** Draws the story of one round: who is invited, under which rules, and what befalls each of them. */
import {
  CapacityError,
  clientId,
  type Fields,
  noNoise,
  type Plan,
  plan,
  type Roster,
  type Signer,
  type SuiteName,
  signerFromPrivateKey,
  signRoster,
} from '../../src/index.ts';
import { termsOf } from '../../src/round/plan.ts';
import type { Next } from '../../src/secagg/client/state.ts';
import { type Dice, dice } from './dice.ts';
import { LIES } from './hostile.ts';
import { PHASES, type Phase } from './model.ts';
import { drawFields } from './numbers.ts';

/** How a client's process ends and comes back around one step. */
export type Crash = 'restored' | 'sent again' | 'step done twice' | 'two copies';

/** A downlink that is not the client's own, whole and true one. */
export type Trap = 'truncated' | "another's" | 'stale' | 'of another round' | 'flipped' | 'false';

/** What befalls one client. */
export type Fate = {
  /** For good: before answering in this phase, or with its answer still unsent. */
  readonly vanishes?: { readonly phase: Phase; readonly unsent: boolean };
  /** Its answer of this phase arrives after everybody's patience has ended once. */
  readonly slow?: Phase;
  readonly lies?: { readonly phase: Phase; readonly kind: string };
  readonly crashes: Readonly<Partial<Record<Next, Crash>>>;
  readonly traps: Readonly<Partial<Record<Phase, Trap>>>;
  /** Gives wrong inputs first. */
  readonly fumbles: boolean;
};

/** A round to be played. */
export type Story = {
  readonly seed: number;
  readonly plan: Plan<Fields>;
  readonly signers: readonly Signer[];
  readonly voucher: Uint8Array;
  readonly fates: readonly Fate[];
  /** Chance that a hostile message comes in beside each honest one. */
  readonly noise: number;
  /** Chance of a crash of the coordinator at each message. */
  readonly coordinatorCrashes: number;
  readonly hasTwin: boolean;
  /** Closes as soon as it can, and so cuts some clients off. */
  readonly impatient: boolean;
};

const STEPS = ['share', 'mask', 'confirm', 'unmask', 'done'] as const;
const LIES_TOO = { ...LIES, share: [...LIES.share, 'other seed'], mask: [...LIES.mask, 'poison'] };

type Party = {
  readonly roster: Roster;
  readonly voucher: Uint8Array;
  readonly signers: readonly Signer[];
};

const parties = new Map<number, Promise<Party>>();

/** The n clients of all rounds with n clients; their keys are always the same. */
function partyOf(n: number): Promise<Party> {
  let party = parties.get(n);
  if (party === undefined) {
    party = makeParty(n);
    parties.set(n, party);
  }
  return party;
}

async function makeParty(n: number): Promise<Party> {
  const keys = dice(n);
  const signers = Array.from({ length: n }, () => signerFromPrivateKey(keys.bytes(32)));
  const voucher = signerFromPrivateKey(keys.bytes(32));
  const entries = signers.map(({ publicKey }, i) => ({ id: clientId(`client-${i}`), publicKey }));
  return { signers, voucher: voucher.publicKey, roster: await signRoster(entries, voucher) };
}

/** Draws a whole story from a seed: even seeds play on sparse graphs, odd ones on complete graphs. */
export async function drawStory(seed: number): Promise<Story> {
  const d = dice(seed);
  const isSparse = seed % 2 === 0;
  const suite: SuiteName = d.chance(0.4) ? 'x25519-mlkem768' : 'x25519';
  for (let attempt = 0; ; attempt++) {
    // The smallest sparse graph has four clients; every now and then it is the largest round.
    const n = seed % 250 === 0 ? 60 : Math.max(isSparse ? 4 : 3, drawSize(d, suite));
    const { roster, signers, voucher } = await partyOf(n);
    const made = tryPlan(() =>
      plan({
        id: `model/${seed}/${attempt}`,
        roster,
        fields: drawFields(d),
        trust: {
          corrupt: d.pick([0, 0, 0.05, 0.1, 0.2]),
          absent: d.pick([0, 0.1, 0.2, 0.25, 0.3, 0.34, 0.4]),
          coordinator: d.chance(0.5) ? 'active' : 'semi-honest',
        },
        ...(d.chance(0.5) ? { floor: d.int(Math.ceil(n / 2), n) } : {}),
        suite,
        noise: noNoise(),
      }),
    );
    if (made === undefined || made.parameters.complete === isSparse) continue;
    return {
      seed,
      plan: made,
      signers,
      voucher,
      fates: drawFates(d, made),
      noise: d.pick([0, 0.1, 0.3]),
      coordinatorCrashes: d.pick([0, 0.05, 0.3]),
      hasTwin: d.chance(0.4),
      impatient: d.chance(0.1),
    };
  }
}

/** Mostly few clients, for speed; now and then up to 60. */
function drawSize(d: Dice, suite: SuiteName): number {
  if (d.chance(0.97)) return d.int(3, 11);
  return suite === 'x25519' || d.chance(0.3) ? d.int(12, 60) : d.int(12, 30);
}

function tryPlan(make: () => Plan<Fields>): Plan<Fields> | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof CapacityError) return undefined;
    throw error;
  }
}

/** About as many mishaps as the plan allows for; in some rounds many more. */
function drawFates(d: Dice, made: Plan): readonly Fate[] {
  const { roster, parameters } = made;
  const n = roster.clients.length;
  const bad = d.chance(0.75) ? d.int(0, parameters.absentCount) : d.int(0, Math.ceil(n / 2));
  const unlucky = new Set(d.shuffle(roster.clients.map((_, i) => i)).slice(0, bad));
  const unrest = d.pick([0, 0.1, 0.3]);
  const gap = d.chance(0.3) ? gapInRing(d, made) : new Set();
  return roster.clients.map((_, i) => {
    const fate = drawFate(d, unlucky.has(i), unrest);
    if (!gap.has(i)) return fate;
    const { crashes, traps, fumbles } = fate;
    return { crashes, traps, fumbles, vanishes: { phase: 'mask', unsent: d.chance(0.4) } };
  });
}

/** As many neighbours on the ring as the window rule minds, where the floor would let them go. */
function gapInRing(d: Dice, made: Plan): ReadonlySet<number> {
  const { clients, degree, complete, coordinator } = made.parameters;
  const width = degree / 2;
  if (complete || coordinator !== 'active' || clients - width < made.floor) return new Set();
  const { at } = termsOf(made).graph;
  const start = d.int(0, clients - 1);
  return new Set(Array.from({ length: width }, (_, i) => at[(start + i) % clients] as number));
}

function drawFate(d: Dice, isUnlucky: boolean, unrest: number): Fate {
  const phase = d.pick(PHASES);
  const mishap = isUnlucky ? d.int(0, 9) : 10;
  const crashes: Partial<Record<Next, Crash>> = {};
  for (const step of STEPS) {
    if (!d.chance(unrest)) continue;
    // A share step that is done twice is a conflict: its client leaves, so it is a mishap.
    const kinds: Crash[] = ['restored', 'sent again', 'two copies'];
    if (step !== 'share' || isUnlucky) kinds.push('step done twice');
    crashes[step] = d.pick(kinds);
  }
  const traps: Partial<Record<Phase, Trap>> = {};
  for (const step of PHASES.slice(1)) {
    if (d.chance(unrest / 2)) {
      traps[step] = d.pick(['truncated', "another's", 'stale', 'of another round']);
    }
  }
  if (mishap === 9 && phase !== 'advertise') traps[phase] = d.pick(['flipped', 'false']);
  return {
    crashes,
    traps,
    fumbles: d.chance(unrest / 2),
    ...(mishap < 4 ? { vanishes: { phase, unsent: d.chance(0.4) } } : {}),
    ...(mishap === 4 ? { slow: phase } : {}),
    ...(mishap > 4 && mishap < 9 ? { lies: { phase, kind: d.pick(LIES_TOO[phase]) } } : {}),
  };
}
