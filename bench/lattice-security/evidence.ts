/** All attacks on all our instances, the levels that follow, and how much room is left. */
import { dualDistinguish, dualGuess, dualLuckiest } from './dual.ts';
import { mostCoordinates, proofLoss } from './hint.ts';
import { primalGuess, primalMeet } from './hybrid.ts';
import {
  DEGREE,
  DRAWN_WIDTH,
  FIRST_PRIME,
  type Instance,
  LOG_MODULUS,
  ours,
  PROVEN_WIDTH,
  SECOND_PRIME,
  suite,
} from './instances.ts';
import {
  type CostModel,
  coreSvp,
  coreSvpQuantum,
  costModel,
  costModels,
  SIEVE_LIST,
} from './models.ts';
import { type Attack, primalDecode, primalLuckiest, primalUnique } from './primal.ts';
import { references } from './references.ts';

/** The level that the suite is meant to have, in bits. */
export const TARGET = 128;

/** A round of 2^16 clients with 8 secrets each, every secret in 2,048 rotations. */
const CLIENTS = 2 ** 16;
const SECRETS = 8;
const TARGETS: number = Math.log2(CLIENTS * SECRETS * DEGREE);

/** Every attack that is modelled. */
export const attacksOn = (instance: Instance, model: CostModel): readonly Attack[] => [
  primalUnique(instance, model),
  primalDecode(instance, model),
  primalGuess(instance, model),
  primalMeet(instance, model),
  dualDistinguish(instance, model),
  dualGuess(instance, model, false),
  dualGuess(instance, model, true),
];

/** The cheapest of them: its cost is the level. */
export const cheapest = (attacks: readonly Attack[]): Attack =>
  attacks.reduce((a, b) => (b.cost < a.cost ? b : a));

/** What many targets could give at most: see {@link primalLuckiest} and {@link dualLuckiest}. */
export const manyTargets = (instance: Instance, model: CostModel): readonly Attack[] => [
  primalLuckiest(instance, model, TARGETS),
  dualLuckiest(instance, model, TARGETS),
];

/** The level of an instance in a model, all attacks considered. */
export const levelOf = (instance: Instance, model: CostModel): number =>
  cheapest(attacksOn(instance, model)).cost;

/**
 * The largest modulus of the suite's degree and widths that keeps {@link TARGET} bits in that model, to 1/16 bit.
 */
export function largestModulus(model: CostModel): number {
  const holds = (sixteenths: number): boolean =>
    levelOf({ ...suite, logModulus: sixteenths / 16 }, model) >= TARGET;
  return largest(holds, 30 * 16, 70 * 16) / 16;
}

/** The smallest width, of secret and error alike, that keeps {@link TARGET} bits at the suite's modulus, to 1/16. */
export function smallestWidth(model: CostModel): number {
  const narrow = (width: number): Instance => ({ ...suite, secretWidth: width, errorWidth: width });
  return -largest((x) => levelOf(narrow(-x / 16), model) >= TARGET, -8 * 16, -8) / 16;
}

function largest(holds: (x: number) => boolean, from: number, to: number): number {
  let [works, fails] = [from, to];
  while (fails - works > 1) {
    const middle = (works + fails) >> 1;
    if (holds(middle)) works = middle;
    else fails = middle;
  }
  return works;
}

const rounded = (x: number, digits = 2): number => Number(x.toFixed(digits));

/** An attack as it is recorded. */
type Line = Attack & { readonly instance: string };

const line = (instance: Instance, attack: Attack): Line => ({
  instance: instance.name,
  ...attack,
  cost: rounded(attack.cost),
  chosen: Object.fromEntries(Object.entries(attack.chosen).map(([k, x]) => [k, rounded(x)])),
});

/** All that is recorded in `bench/results/lattice-security.json`. */
export type Evidence = {
  readonly suite: Readonly<Record<string, number>>;
  /** The levels to be printed beside the constants: whole bits, rounded down. */
  readonly claim: {
    readonly classical: number;
    readonly quantum: number;
    readonly manyTargets: number;
    readonly gates: number;
  };
  /** log2 of the vectors that the cheapest classical attack keeps in memory. */
  readonly memory: number;
  readonly proof: { readonly mostCoordinates: number; readonly loss: number };
  readonly attacks: readonly Line[];
  readonly bounds: readonly Line[];
  readonly room: readonly {
    readonly model: string;
    readonly level: number;
    readonly logModulus: number;
    readonly width: number;
  }[];
  readonly references: readonly {
    readonly instance: string;
    readonly family: string;
    readonly model: string;
    readonly published: number;
    readonly publishedBlock: number;
    readonly found: number;
    readonly block: number;
    readonly source: string;
  }[];
};

/** Models in which the other instances are shown beside the suite. */
const COMPARED: readonly CostModel[] = [coreSvp, costModel('matzov'), coreSvpQuantum];

/** Computes everything. **Cost** about ten seconds. */
export function evidence(): Evidence {
  const attacks = ours.flatMap((instance) =>
    (instance === suite ? costModels : COMPARED).flatMap((model) =>
      attacksOn(instance, model)
        .filter(({ cost }) => cost < Number.POSITIVE_INFINITY)
        .map((attack) => line(instance, attack)),
    ),
  );
  const bounds = costModels.flatMap((model) =>
    manyTargets(suite, model).map((attack) => line(suite, attack)),
  );
  const best = (model: CostModel, among: readonly Line[] = attacks): Line =>
    among
      .filter((attack) => attack.instance === suite.name && attack.model === model.name)
      .reduce((a, b) => (b.cost < a.cost ? b : a));
  return {
    suite: {
      degree: DEGREE,
      firstPrime: FIRST_PRIME,
      secondPrime: SECOND_PRIME,
      logModulus: rounded(LOG_MODULUS, 4),
      drawnWidth: DRAWN_WIDTH,
      provenWidth: PROVEN_WIDTH,
    },
    claim: {
      classical: Math.floor(best(coreSvp).cost),
      quantum: Math.floor(best(coreSvpQuantum).cost),
      manyTargets: Math.floor(best(coreSvp, bounds).cost),
      gates: Math.floor(best(costModel('matzov')).cost),
    },
    memory: rounded(SIEVE_LIST * best(coreSvp).block, 1),
    proof: {
      mostCoordinates: mostCoordinates(PROVEN_WIDTH),
      loss: rounded(proofLoss(CLIENTS, SECRETS), 1),
    },
    attacks,
    bounds,
    room: COMPARED.map((model) => ({
      model: model.name,
      level: best(model).cost,
      logModulus: largestModulus(model),
      width: smallestWidth(model),
    })),
    references: references.map(({ instance, attack, model, cost, block, source }) => {
      const found = attack(instance, model);
      return {
        instance: instance.name,
        family: found.family,
        model: model.name,
        published: cost,
        publishedBlock: block,
        found: rounded(found.cost),
        block: found.block,
        source,
      };
    }),
  };
}
