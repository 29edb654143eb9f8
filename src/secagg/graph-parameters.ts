/**
 * Degree, threshold, window and quorum of a round, derived from facts: how many clients are invited,
 * which share of them may be corrupt, which may be absent, and what the coordinator may do.
 *
 * Client and coordinator both derive them and compare; every decision here is exact or made of
 * exactly rounded operations (hypergeometric.ts), so no engine comes to another result.
 *
 * **Source**: Bell, Bonawitz, Gascón, Lepoint, Raykova, "Secure Single-Server Aggregation with
 * (Poly)Logarithmic Overhead", CCS 2020, ePrint 2020/704, sections 3 and 4; window rule and quorum
 * are veilsum's own and explained in the README of this room.
 */
import { CapacityError, UsageError } from '../errors.ts';
import { assertInteger } from '../internal/assert.ts';
import { greatestLower, hypergeometric, leastUpper, lowerTailWithin } from './hypergeometric.ts';
import { BILLION, billionthsOf, countOf, rateOf } from './rational.ts';

/** 2^−(σ+1): σ = 40 bits of security, halved between the two bad events of a graph. */
const SECURITY_BOUND = 2 ** -41;

/** 2^−η: η = 20 bits of correctness. */
const CORRECTNESS_BOUND = 2 ** -20;

/** γ + δ, or γ + 2δ, may be at most 0.9 for a sparse graph. In billionths. */
const SPARSE_RATE_LIMIT = 900_000_000;

/** The most clients the derivation takes; one round has up to about 10^4. */
export const MAX_CLIENTS = 1_000_000;

/** The most shares a dealer can make (GF(2^16) without zero). */
const MAX_SHARES = 65_535;

/** What the coordinator may do: follow the protocol but look, or lie to anyone in any phase. */
export type CoordinatorModel = 'semi-honest' | 'active';

/** The facts that the parameters follow from. */
export type GraphFacts = {
  /** Clients on the roster, from 3 to 10^6. */
  readonly clients: number;
  /** γ: the share that may be corrupt, a decimal from 0 to below 1 (see `countOf`). */
  readonly corrupt: number | string;
  /** δ: the share that may be absent at any point of the round, a decimal from 0 to below 1. */
  readonly absent: number | string;
  readonly coordinator: CoordinatorModel;
};

/** Everything about the graph of a round but its permutation. Frozen. */
export type GraphParameters = {
  readonly clients: number;
  readonly coordinator: CoordinatorModel;
  /** A = ⌊γn⌋. */
  readonly corruptCount: number;
  /** D = ⌊δn⌋. */
  readonly absentCount: number;
  /** k: neighbours of each client; even on a sparse graph, n − 1 on a complete one. */
  readonly degree: number;
  /** t: shares that open a secret. */
  readonly threshold: number;
  /** w: every k/2 ring positions in a row hold at least w + 1 survivors. 0 where no rule applies. */
  readonly window: number;
  /** Q0 = ⌊(n+A)/2⌋ + 1: two sets this large share an honest client. 0 in the semi-honest model. */
  readonly quorumBase: number;
  /** n − D: the floor where the caller names none. */
  readonly defaultFloor: number;
  /** Whether everybody is everybody's neighbour (and counts itself). */
  readonly complete: boolean;
};

/** Facts of the bare search: the same rates, and the papers' names of the models. */
export type SearchFacts = Omit<GraphFacts, 'coordinator'> & {
  readonly model: 'semi-honest' | 'semi-malicious';
};

/** Degree and threshold of a sparse graph. */
export type SearchResult = { readonly degree: number; readonly threshold: number };

/** What has to hold of a degree beyond the search of the paper. */
type Candidate = SearchResult & { readonly survivorsAtLeast: number };

/**
 * The smallest even degree, with its threshold, of a sparse random Harary graph that meets 40 bits
 * of security and 20 bits of correctness; `undefined` where no degree below n − 1 does. This is the
 * published search alone, without veilsum's window rule; {@link graphParameters} is what rounds use.
 *
 * @throws UsageError `out-of-range`, `wrong-type`, `not-finite`
 *
 * **Source**: ePrint 2020/704, Theorems 3.10 and 4.9 as tightened to exact hypergeometric tails.
 * **Cost**: one to two distributions a degree; about 0.2 s at the largest degrees (k ≈ 9,400).
 */
export function searchParameters(facts: SearchFacts): SearchResult | undefined {
  if (facts.model !== 'semi-honest' && facts.model !== 'semi-malicious') {
    throw new UsageError(
      'out-of-range',
      `model: got ${String(facts.model)}, expected 'semi-honest' or 'semi-malicious'`,
    );
  }
  const { corruptCount, absentCount } = counts(facts);
  const found = search(facts, corruptCount, absentCount, facts.model, () => true);
  return found && { degree: found.degree, threshold: found.threshold };
}

/**
 * Derives the parameters of a round's graph: sparse where a degree below n − 1 meets the bounds,
 * else complete.
 *
 * In the active model the degree is the smallest even one that meets the semi-malicious search *and*
 * lets the window rule pass random absences with 20 bits of correctness. In both models the expected
 * survivors among a client's neighbours reach the threshold; the bare search misses that where no
 * client is corrupt (t is then raised from 1 to 2 after the search).
 *
 * @throws UsageError `out-of-range`, `wrong-type`, `not-finite`
 * @throws CapacityError `floor-unreachable` (n − D survivors cannot meet threshold or quorum),
 *   `graph-infeasible` (only a complete graph would do and it needs too many shares); the message
 *   names the largest rate that fits.
 *
 * **Security**: with at most A corrupt clients, chosen before the graph is known, every honest
 * client has fewer than t corrupt neighbours and the honest survivors stay connected, but for a
 * probability of 2^−40. A = ⌊γn⌋ may be 0: such a plan withstands the coordinator alone and no
 * corrupt client. In the active model 2t ≥ k + t1 + 1 (t1: most corrupt neighbours), which with the
 * client's own share is not strict; it is the quorum that keeps a client's two secrets apart.
 *
 * **Source**: ePrint 2020/704; see the file's head.
 * **Cost**: as `searchParameters`, one more distribution a degree in the active model.
 */
export function graphParameters(facts: GraphFacts): GraphParameters {
  const { clients: n, coordinator } = facts;
  if (coordinator !== 'semi-honest' && coordinator !== 'active') {
    throw new UsageError(
      'out-of-range',
      `coordinator: got ${String(coordinator)}, expected 'semi-honest' or 'active'`,
    );
  }
  const { corruptCount, absentCount } = counts(facts);
  const active = coordinator === 'active';
  const quorumBase = active ? Math.floor((n + corruptCount) / 2) + 1 : 0;
  const common = {
    clients: n,
    coordinator,
    corruptCount,
    absentCount,
    quorumBase,
    defaultFloor: n - absentCount,
  };

  let window = 0;
  const found = search(
    facts,
    corruptCount,
    absentCount,
    active ? 'semi-malicious' : 'semi-honest',
    ({ degree, threshold, survivorsAtLeast }) => {
      if (survivorsAtLeast < threshold) return false;
      if (!active) return true;
      const half = degree / 2;
      window = leastUpper(hypergeometric(n, corruptCount, half), SECURITY_BOUND / n);
      const survivors = hypergeometric(n, n - absentCount, half);
      return lowerTailWithin(survivors, window, n, CORRECTNESS_BOUND);
    },
  );
  const parameters: GraphParameters = found
    ? { ...common, degree: found.degree, threshold: found.threshold, window, complete: false }
    : {
        ...common,
        degree: n - 1,
        // A threshold of one would make every share the secret itself.
        threshold: Math.max(n - absentCount, active ? quorumBase : corruptCount + 1, 2),
        window: 0,
        complete: true,
      };
  if (parameters.complete) assertCompleteFits(parameters);
  return Object.freeze(parameters);
}

/**
 * How many confirmations an unmasking needs: the floor, and in the active model at least Q0.
 *
 * @param floor fewest contributors to a sum, see {@link checkFloor}.
 */
export const quorum = (parameters: GraphParameters, floor: number): number =>
  Math.max(floor, parameters.quorumBase);

/**
 * The least floor that a plan with these parameters may name; may exceed n, then none fits.
 *
 * Semi-honest, sparse: more than D clients may vanish before the floor stops a round, and the bound
 * on connectivity was met for D. So the floor has to be such that the bound still holds with
 * n − floor absent. (At n=20, γ=0.1, δ=0.2 the degree is 8; with ten absent, which a floor of 4 would
 * let pass, the honest survivors fall apart in one round out of twenty, and the coordinator learns
 * the sum of each part.) In the active model the window rule sees to that.
 *
 * **Cost**: O(k log n) at most.
 */
export function leastFloor(parameters: GraphParameters): number {
  const { clients: n, corruptCount, threshold, quorumBase, defaultFloor } = parameters;
  const least = Math.max(corruptCount + 2, quorumBase, parameters.complete ? threshold : 0);
  if (parameters.complete || parameters.coordinator === 'active') return least;
  const holds = (floor: number): boolean =>
    staysConnected(n, corruptCount + n - floor, parameters.degree);
  let [low, high] = [least, Math.max(least, defaultFloor)];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * Refuses a floor that these parameters cannot hold or that leaves too few honest contributors.
 *
 * @param floor fewest contributors to a sum, in clients.
 * @throws UsageError `out-of-range` if the floor is not an integer from 1
 * @throws CapacityError `floor-unreachable`, naming the floors that fit
 */
export function checkFloor(parameters: GraphParameters, floor: number): void {
  assertInteger('floor', floor, 1, Number.MAX_SAFE_INTEGER);
  const { clients: n, corruptCount, threshold, quorumBase } = parameters;
  const least = leastFloor(parameters);
  if (floor >= least && floor <= n) return;
  const why =
    floor > n
      ? `there are only ${n} clients`
      : floor < corruptCount + 2
        ? `at most ${corruptCount} corrupt contributors must leave at least 2 honest ones`
        : floor < quorumBase
          ? `two quorums of ${n} clients, ${corruptCount} of them corrupt, share an honest one only from ${quorumBase}`
          : parameters.complete && floor < threshold
            ? `a complete graph opens nothing with fewer than ${threshold} survivors`
            : `with ${n - floor} absent the graph of degree ${parameters.degree} may fall apart`;
  const fits = least > n ? `no floor fits ${n} clients` : `expected from ${least} to ${n}`;
  throw new CapacityError('floor-unreachable', `floor: got ${floor}, ${fits}: ${why}`, {
    floor,
    least,
    most: n,
  });
}

/** A and D, from checked facts. */
function counts(facts: Omit<GraphFacts, 'coordinator'>): {
  corruptCount: number;
  absentCount: number;
} {
  assertInteger('clients', facts.clients, 3, MAX_CLIENTS);
  return {
    corruptCount: countOf(facts.corrupt, facts.clients),
    absentCount: countOf(facts.absent, facts.clients),
  };
}

/** The search of the paper, with a further condition on the candidate. */
function search(
  facts: Omit<GraphFacts, 'coordinator'>,
  corruptCount: number,
  absentCount: number,
  model: 'semi-honest' | 'semi-malicious',
  accepts: (candidate: Candidate) => boolean,
): Candidate | undefined {
  const n = facts.clients;
  const malicious = model === 'semi-malicious';
  const absences = billionthsOf(facts.absent) * (malicious ? 2 : 1);
  if (billionthsOf(facts.corrupt) + absences > SPARSE_RATE_LIMIT) return undefined;
  for (let degree = 2; degree < n - 1; degree += 2) {
    if (!staysConnected(n, corruptCount + absentCount, degree)) continue;
    // t1: more corrupt neighbours than this has no client, but for the bound; t2: fewer surviving
    // neighbours than this has no client, but for the bound.
    const corrupt = leastUpper(hypergeometric(n, corruptCount, degree), SECURITY_BOUND / n);
    // Where a coordinator may tell neighbours different things, honest ones split over both secrets.
    const t1 = malicious ? Math.ceil((corrupt + degree - 1.25) / 2) : corrupt;
    const alive = hypergeometric(n, n - absentCount, degree);
    const t2 = greatestLower(alive, CORRECTNESS_BOUND / n);
    if (t2 <= t1) continue;
    const found = { degree, threshold: Math.max(t1 + 1, 2), survivorsAtLeast: t2 };
    if (accepts(found)) return found;
  }
  return undefined;
}

/**
 * Whether the random ring keeps together, but for 2^−41, when `bad` random clients are taken out:
 * it falls apart only if two separate runs of k/2 positions are bad, and there are n(n−k−1)/2 pairs
 * of runs, each all bad with probability Π (bad−i)/(n−i) over i < k.
 */
function staysConnected(n: number, bad: number, degree: number): boolean {
  if (degree > bad) return true;
  let expected = (n * (n - degree - 1)) / 2;
  for (let i = 0; i < degree; i++) {
    expected *= (bad - i) / (n - i);
    // Factors are at most 1 from here on: once below, always below.
    if (expected < SECURITY_BOUND) return true;
  }
  return false;
}

/** Refuses a complete graph whose threshold the survivors cannot reach, or that is too large. */
function assertCompleteFits(parameters: GraphParameters): void {
  const { clients: n, threshold, absentCount, corruptCount, defaultFloor } = parameters;
  if (threshold > defaultFloor) {
    // As many as quorum and two honest contributors leave room for.
    const most = n - Math.max(parameters.quorumBase, corruptCount + 2);
    const fits =
      most < 0
        ? `no absent rate fits a corrupt rate of ${corruptCount}/${n}`
        : `the largest absent rate that fits is ${rateOf(most, n)} (${most} absent)`;
    throw new CapacityError(
      'floor-unreachable',
      `absent: got ${absentCount} of ${n} clients, which leaves ${defaultFloor} survivors where ` +
        `${threshold} are needed (${corruptCount} corrupt); ${fits}`,
      { clients: n, survivors: defaultFloor, threshold, absentAtMost: most },
    );
  }
  if (n > MAX_SHARES) {
    const weight = parameters.coordinator === 'active' ? '2·absent' : 'absent';
    throw new CapacityError(
      'graph-infeasible',
      `rates: no sparse graph fits, and a complete one of ${n} clients needs more than ` +
        `${MAX_SHARES} shares; expected corrupt + ${weight} ≤ ${SPARSE_RATE_LIMIT / BILLION}, ` +
        `or at most ${MAX_SHARES} clients`,
      { clients: n, clientsAtMost: MAX_SHARES },
    );
  }
}
