/**
 * The round as plain sets, without any cryptography: who may speak, what the coordinator answers, who
 * is in U1, U2, U3, whether a phase can close, and under which name it fails. The tests hold the real
 * thing against it after every message.
 *
 * Neighbourhoods, cores and windows are computed here from the ring order, the slow and obvious way.
 */

export const PHASES = ['advertise', 'share', 'mask', 'confirm', 'unmask'] as const;

export type Phase = (typeof PHASES)[number];

/** The numbers of a plan, and its roster positions in the order of the ring. */
export type Rules = {
  readonly clients: number;
  readonly active: boolean;
  readonly corruptCount: number;
  readonly complete: boolean;
  readonly degree: number;
  readonly threshold: number;
  readonly window: number;
  readonly floor: number;
  readonly quorum: number;
  readonly ring: readonly number[];
};

/** What a message is, in so far as it matters. */
export type Said = {
  readonly sender: number;
  readonly phase: Phase;
  /** Equal names mean equal signed bytes. */
  readonly name: string;
  /** Refused before it is anybody's own doing: the fault's code, `*` for any. */
  readonly forged?: string;
  /** What the coordinator finds wrong with the content of a validly signed message. */
  readonly wrong?: string;
  /** Names of the two keys of an advert. */
  readonly keys?: readonly string[];
  /** The dealers of whom an unmask message reveals a share that is good. */
  readonly reveals?: readonly number[];
  /** The dealers whose boxes it says did not open. */
  readonly reports?: readonly number[];
  /** Holders who cannot use this dealer's part: its box or hash does not hold. */
  readonly shut?: readonly number[];
  /** The dealer's shares give another secret than the published one: which of the two. */
  readonly crooked?: 'self' | 'masking';
};

/** What is said of a message: the code of a fault and whom it accuses, or nothing. */
export type Heard = { readonly code: string; readonly culprit?: number } | undefined;

/** Everything that the coordinator knows; mutable. */
export type Model = {
  readonly rules: Rules;
  phase: Phase;
  /** Who may speak in each phase. */
  readonly expected: Record<Phase, ReadonlySet<number>>;
  readonly taken: Record<Phase, Map<number, Said>>;
  excluded: Set<number>;
  readonly keyOwners: Map<string, number>;
};

const record = <T>(of: () => T): Record<Phase, T> =>
  Object.fromEntries(PHASES.map((phase) => [phase, of()])) as Record<Phase, T>;

/** A round in which nothing has happened. */
export function begin(rules: Rules): Model {
  const expected = record<ReadonlySet<number>>(() => new Set());
  expected.advertise = new Set(rules.ring);
  const taken = record(() => new Map<number, Said>());
  return {
    rules,
    phase: 'advertise',
    expected,
    taken,
    excluded: new Set(),
    keyOwners: new Map(),
  };
}

export const u2 = (model: Model): ReadonlySet<number> => model.expected.mask;
export const u3 = (model: Model): ReadonlySet<number> => model.expected.confirm;

/** The neighbours of a roster position on the ring. */
export function neighboursOf(rules: Rules, index: number): ReadonlySet<number> {
  const { ring, clients, complete, degree } = rules;
  if (complete) return new Set(ring.filter((other) => other !== index));
  const at = ring.indexOf(index);
  const near = new Set<number>();
  for (let step = 1; step <= degree / 2; step++) {
    near.add(ring[(at + step) % clients] as number);
    near.add(ring[(at - step + clients) % clients] as number);
  }
  return near;
}

const nearIn = (rules: Rules, index: number, members: ReadonlySet<number>): number =>
  [...neighboursOf(rules, index)].filter((other) => members.has(other)).length;

/** On a complete graph a client counts itself. */
const suffices = (rules: Rules, near: number): boolean =>
  near + (rules.complete ? 1 : 0) >= rules.threshold;

/** What is left when members with too few neighbours leave, and again, until nobody has to. */
export function core(rules: Rules, members: ReadonlySet<number>): ReadonlySet<number> {
  const stays = [...members].filter((index) => suffices(rules, nearIn(rules, index, members)));
  return stays.length === members.size ? members : core(rules, new Set(stays));
}

/** Every k/2 consecutive places of the ring hold more than `window` members. */
export function keepsWindows(rules: Rules, members: ReadonlySet<number>): boolean {
  if (!rules.active || rules.complete) return true;
  return rules.ring.every((_, start) => {
    let held = 0;
    for (let step = 0; step < rules.degree / 2; step++) {
      if (members.has(rules.ring[(start + step) % rules.clients] as number)) held++;
    }
    return held > rules.window;
  });
}

/** A message reaches the coordinator. */
export function hear(model: Model, said: Said): Heard {
  const { phase } = model;
  const isStray = said.phase !== phase;
  // Signatures are looked at last: they cost the most.
  if (said.forged === 'bad-signature') return { code: isStray ? 'wrong-phase' : said.forged };
  if (said.forged !== undefined) return { code: said.forged };
  if (isStray) return { code: 'wrong-phase' };
  const culprit = said.sender;
  const before = model.taken[phase].get(said.sender);
  if (before !== undefined) {
    return before.name === said.name ? undefined : { code: 'equivocation', culprit };
  }
  if (model.excluded.has(said.sender)) return { code: 'excluded', culprit };
  if (!model.expected[phase].has(said.sender)) return { code: 'not-expected', culprit };
  // Whoever copies a key may come first, so it is not known who did it.
  if (said.keys?.some((key) => model.keyOwners.has(key))) return { code: 'bad-key' };
  const { wrong = '' } = said;
  if (wrong !== '') model.excluded.add(said.sender);
  // Bad shares are skipped, and the good ones of the same answer are kept.
  if (wrong === '' || said.reveals !== undefined) {
    model.taken[phase].set(said.sender, said);
    for (const key of said.keys ?? []) model.keyOwners.set(key, said.sender);
  }
  return wrong === '' ? undefined : { code: wrong, culprit };
}

/** Who is in, were the phase closed now. */
export function members(model: Model): ReadonlySet<number> {
  const { phase, rules } = model;
  const answered = new Set(model.taken[phase].keys());
  return phase === 'advertise' || phase === 'share' ? core(rules, answered) : answered;
}

/** Holders of good shares of a dealer that have come in, the dealer itself included. */
function holdersOf(model: Model, dealer: number): number {
  let count = 0;
  for (const [holder, { reveals }] of model.taken.unmask) {
    const own = holder === dealer && u3(model).has(dealer);
    if (own || reveals?.includes(dealer)) count++;
  }
  return count;
}

/** Fewest members with whom the phase can be closed. */
export function least({ phase, rules }: Model): number {
  if (phase === 'mask') return rules.floor;
  return phase === 'unmask' ? rules.threshold : rules.quorum;
}

const TOO_FEW: Readonly<Record<Phase, string>> = {
  advertise: 'below-floor',
  share: 'below-floor',
  mask: 'below-floor',
  confirm: 'no-quorum',
  unmask: 'below-threshold',
};

/** The name under which closing the phase fails now, if it does. */
export function obstacle(model: Model): string | undefined {
  const { rules, phase } = model;
  const now = members(model);
  if (now.size < least(model)) return TOO_FEW[phase];
  if (phase === 'mask' && !keepsWindows(rules, now)) return 'window-rule';
  const isOpen = (dealer: number): boolean => holdersOf(model, dealer) >= rules.threshold;
  return phase === 'unmask' && ![...u2(model)].every(isOpen) ? 'below-threshold' : undefined;
}

/** Who says that a dealer's box did not open. */
export const reportersOf = (model: Model, dealer: number): readonly number[] =>
  [...model.taken.unmask]
    .filter(([, { reports }]) => reports?.includes(dealer))
    .map(([holder]) => holder);

/** Whom a failing close accuses: a dealer with too few shares, reported by more than may be corrupt. */
export function accused(model: Model): readonly number[] {
  const { rules, phase } = model;
  if (phase !== 'unmask' || members(model).size < rules.threshold) return [];
  const short = [...u2(model)].sort((a, b) => a - b);
  const dealer = short.find((index) => holdersOf(model, index) < rules.threshold);
  if (dealer === undefined) return [];
  return reportersOf(model, dealer).length > Math.max(rules.corruptCount, 1) ? [dealer] : [];
}

/** The dealers of bad shares that stand in the way of the sum, once all shares are there. */
export const crookedDealers = (model: Model): readonly number[] =>
  [...u2(model)]
    .filter((dealer) => {
      const kind = u3(model).has(dealer) ? 'self' : 'masking';
      return model.taken.share.get(dealer)?.crooked === kind;
    })
    .sort((a, b) => a - b);

/**
 * Who may speak in the next phase: the members; of those who confirmed, the ones whom enough of their
 * neighbours back, since no other can answer.
 */
function next(model: Model): ReadonlySet<number> {
  const { rules, phase } = model;
  const now = members(model);
  if (phase !== 'confirm') return now;
  return new Set([...now].filter((index) => suffices(rules, nearIn(rules, index, now))));
}

/** Closes the phase, which must be possible. */
export function close(model: Model): void {
  const following = PHASES[PHASES.indexOf(model.phase) + 1];
  if (following === undefined || obstacle(model) !== undefined) throw new Error('cannot close');
  model.expected[following] = next(model);
  model.phase = following;
  model.excluded = new Set();
}

/** Of which dealers an honest client reveals a share, and which boxes it reports as closed. */
export function answerOf(model: Model, holder: number): Pick<Said, 'reveals' | 'reports'> {
  const isShut = (dealer: number): boolean =>
    model.taken.share.get(dealer)?.shut?.includes(holder) ?? false;
  const dealers = [...neighboursOf(model.rules, holder)].filter((of) => u2(model).has(of));
  return { reveals: dealers.filter((of) => !isShut(of)), reports: dealers.filter(isShut) };
}

/** Who did not complete which phase, as [position, phase], in order. */
export function dropped(model: Model): readonly (readonly [number, Phase])[] {
  return PHASES.flatMap((phase, at) => {
    const next = PHASES[at + 1];
    const after = next === undefined ? new Set(model.taken.unmask.keys()) : model.expected[next];
    return [...model.expected[phase]]
      .filter((index) => !after.has(index))
      .sort((a, b) => a - b)
      .map((index) => [index, phase] as const);
  });
}
