/** All files of test/vectors/protocol as they should be. */
import { areNeighbours } from '../../../src/secagg/graph.ts';
import { commitmentFaults, faultsOf } from './faults.ts';
import { planVectors } from './plans.ts';
import { playRound } from './play.ts';
import { primitiveVectors } from './primitives.ts';
import { type Recorded, recorded } from './recorded.ts';
import { refusalsOf } from './refusals.ts';
import { ROUND_NAMES, stageOf } from './stage.ts';
import type { Refusal } from './types.ts';

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
      ...(await sparseRefusals(round('sparse'))),
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

/** Those that only a sparse graph knows, of a client whose non-neighbours are all in U3. */
async function sparseRefusals(of: Recorded): Promise<readonly Refusal[]> {
  const { graph } = of.terms;
  const { u3, clients } = of.vector;
  const isFit = (i: number): boolean =>
    clients.every(({ index }) => areNeighbours(graph, i, index) || u3.includes(index));
  const index = u3.find((i) => isFit(i) && clients[i]?.unmask !== undefined) as number;
  const from = u3.find((i) => areNeighbours(graph, index, i)) as number;
  return refusalsOf(of, index, from, (what) => /ring|not in U2|too few neighbours/.test(what));
}

const MADE = 'node --conditions=@veilsum/source test/protocol/make-vectors.ts';

/** JSON, one value a line, arrays of numbers on one. */
const pretty = (value: unknown): string =>
  `${JSON.stringify(value, undefined, 1).replace(/\[[-\d\s,.e+]*\]/g, (list) => list.replace(/\s+/g, ' '))}\n`;
