/** All files of test/vectors/protocol as they should be. */
import { commitmentFaults, faultsOf } from './faults.ts';
import { planVectors } from './plans.ts';
import { playRound } from './play.ts';
import { primitiveVectors } from './primitives.ts';
import { type Recorded, recorded, refusalsOf } from './refusals.ts';
import { ROUND_NAMES, stageOf } from './stage.ts';

/** The files, by name. */
export async function vectorFiles(): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  const put = (name: string, value: unknown): void => void files.set(`${name}.json`, pretty(value));
  const rounds = new Map<string, Recorded>();
  for (const name of ROUND_NAMES) {
    const stage = await stageOf(name);
    const vector = await playRound(stage);
    put(`round-${name}`, vector);
    rounds.set(name, recorded(stage, vector));
  }
  const round = (name: string): Recorded => rounds.get(name) as Recorded;
  put('refusals', {
    source: 'true downlinks of the rounds, changed in one place; refused by veilsum’s own client',
    made: MADE,
    cases: [
      ...(await refusalsOf(round('x25519'), 0, 1)),
      ...(await refusalsOf(round('hybrid'), 0, 2, (what) => /coefficient/.test(what))),
      ...(await refusalsOf(round('sparse'), 0, 1, (what) =>
        /ring|not in U2|neighbours/.test(what),
      )),
      ...(await refusalsOf(round('committed'), 1, 2, (what) => /commitments/.test(what))),
    ],
  });
  put('faults', {
    source: 'uplinks of the rounds, changed and signed anew; refused by veilsum’s own coordinator',
    made: MADE,
    cases: [...(await faultsOf(round('x25519'))), ...(await commitmentFaults(round('committed')))],
  });
  put('plans', await planVectors(MADE));
  put('primitives', await primitiveVectors(MADE));
  return files;
}

const MADE = 'node --conditions=@veilsum/source test/protocol/make-vectors.ts';

/** JSON, one value a line, arrays of numbers on one. */
const pretty = (value: unknown): string =>
  `${JSON.stringify(value, undefined, 1).replace(/\[[-\d\s,.e+]*\]/g, (list) => list.replace(/\s+/g, ' '))}\n`;
