/** Runs of seeds as tests, counted; the two files of rounds are two halves, for two workers. */
import { expect, test } from 'vitest';
import { LIES } from './hostile.ts';
import { PHASES } from './model.ts';
import { play } from './play.ts';
import { drawStory } from './story.ts';
import { type Tally, table, total } from './tally.ts';

/** Set to a seed that failed: only that round is played. */
const REPLAY = 'VEILSUM_MODEL_SEED';

/** Rounds in one test, so that a run shows where it is and a hang is told from a slow machine. */
const BATCH = 125;

/** Plays the round of a seed. @throws Error naming the seed if model and reality differ. */
async function playSeed(seed: number, tally: Tally): Promise<void> {
  try {
    await play(await drawStory(seed), tally);
  } catch (error) {
    throw new Error(`the round of seed ${seed} failed (replay: ${REPLAY}=${seed}): ${error}`, {
      cause: error,
    });
  }
}

/** Declares the tests of the seeds from `from` up to before `to`, and one of what they held. */
export function modelTests(from: number, to: number): void {
  const tally: Tally = {};
  const replay = process.env[REPLAY];
  if (replay !== undefined) {
    const seed = Number(replay);
    test.runIf(seed >= from && seed < to)(`the round of seed ${seed}`, () => playSeed(seed, tally));
    return;
  }
  for (let first = from; first < to; first += BATCH) {
    const end = Math.min(first + BATCH, to);
    test(`rounds ${first} to ${end - 1} end as the model says`, { timeout: 600_000 }, async () => {
      for (let seed = first; seed < end; seed++) await playSeed(seed, tally);
    });
  }
  test('nothing was left out', () => {
    console.log(table(tally));
    expectCounts(tally, to - from);
  });
}

/** The outcomes that the stories must all lead to: a rule that never bites is not tested. */
const OUTCOMES = [
  'exact sum',
  'below-floor',
  'window-rule',
  'no-quorum',
  'below-threshold',
  'bad-share',
  'poisoned-sum',
];

function expectCounts(tally: Tally, rounds: number): void {
  const happened = (group: string, names: readonly string[]): void => {
    for (const name of names)
      expect(tally[group]?.[name] ?? 0, `${group}: ${name}`).toBeGreaterThan(0);
  };
  expect(total(tally, 'outcomes')).toBe(rounds);
  expect(tally.outcomes?.['exact sum']).toBeGreaterThanOrEqual(rounds / 4);
  expect(tally.rounds?.['sparse graph']).toBeGreaterThanOrEqual(rounds / 2);
  happened('outcomes', OUTCOMES);
  happened('rounds', ['sparse graph', 'complete graph']);
  happened('suites', ['x25519', 'x25519-mlkem768']);
  happened('models', ['active', 'semi-honest']);
  happened('clients', ['3', '4-11', '12-29', '30-59', '60']);
  for (const group of ['dropped', 'coordinator crashes', 'closed in vain', 'closed early']) {
    happened(group, PHASES);
  }
  happened('pruned', ['advertise', 'share']);
  const steps = ['share', 'mask', 'confirm', 'unmask'] as const;
  const crashes = ['restored', 'sent again', 'two copies', 'step done twice'];
  happened(
    'client crashes',
    steps.flatMap((step) => crashes.map((crash) => `${step}: ${crash}`)),
  );
  happened('client crashes', ['done: restored']);
  happened(
    'vanished',
    PHASES.flatMap((phase) => [`${phase} (silent)`, `${phase} (unsent)`]),
  );
  happened('hostile downlinks', [
    'truncated',
    "another's",
    'stale',
    'of another round',
    'flipped',
    'false',
  ]);
  happened('noise', [
    'duplicate',
    'truncated',
    'padded',
    'oversized',
    'flipped',
    'of another round',
    'of another phase',
    'by a stranger',
    'of nobody',
    'nonsense of a member',
    'nonsense of one who is out',
  ]);
  happened('lies', ['share: other seed', 'mask: poison']);
  happened(
    'lies',
    PHASES.flatMap((phase) => LIES[phase].map((kind) => `${phase}: ${kind}`)),
  );
  happened('second answers refused', ['advertise', 'share', 'mask']);
  happened('equal to a twin', ['result']);
}
