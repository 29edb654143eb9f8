/** Downlinks that a client must refuse: true ones of the recorded rounds, changed in one place. */
import { CodecError, VeilsumError } from 'veilsum';
import { advertCases, formCases } from './early-cases.ts';
import { base64 } from './hex.ts';
import { quorumCases, survivorCases } from './late-cases.ts';
import { ANSWERS, entered, type Stepped, stepped } from './play.ts';
import { bytesIn, type Case, type Recorded } from './recorded.ts';
import type { Seeded } from './seeded.ts';
import { shareCases } from './share-cases.ts';
import type { Actor } from './stage.ts';
import type { Refusal } from './types.ts';

type Answering = (typeof ANSWERS)[number];

/** A client as it was before it answered a phase. */
async function before({ stage, vector }: Recorded, index: number, phase: Answering) {
  const actor = stage.actors[index] as Actor;
  let last: Seeded<Stepped> = await entered(stage, actor);
  for (const earlier of ANSWERS.slice(0, ANSWERS.indexOf(phase))) {
    const downlink = bytesIn(vector.clients[index]?.[earlier]?.downlink);
    last = await stepped(stage, actor, earlier, last.value.next, downlink);
  }
  return { actor, state: last.value.next };
}

/** Gives a changed downlink to this library's client, and writes down how it refuses. */
async function refusal(
  of: Recorded,
  index: number,
  phase: Answering,
  [what, code, downlink]: Case,
): Promise<Refusal> {
  const { actor, state } = await before(of, index, phase);
  let got: unknown;
  try {
    await stepped(of.stage, actor, phase, state, downlink);
  } catch (error) {
    got = error;
  }
  if (!(got instanceof VeilsumError) || got.code !== code) {
    throw new Error(`${what}: expected ${code}, got ${got}`);
  }
  const { name: round } = of.stage;
  const leaves = !(got instanceof CodecError);
  return {
    what,
    round: `round-${round}`,
    client: index,
    phase,
    downlink: base64(downlink),
    code,
    leaves,
  };
}

/** All refusals of a round, of one client in every phase; `from` is a neighbour of it in U3. */
export async function refusalsOf(
  of: Recorded,
  index: number,
  from: number,
  wanted: (what: string) => boolean = () => true,
): Promise<readonly Refusal[]> {
  const first = bytesIn(of.vector.clients[index]?.share?.downlink);
  const cases: readonly (readonly [Answering, readonly Case[]])[] = [
    ['share', [...formCases(first), ...(await advertCases(of, index, from))]],
    ['mask', await shareCases(of, index, from)],
    ['confirm', survivorCases(of, index)],
    ['unmask', await quorumCases(of, index, from)],
  ];
  const out: Refusal[] = [];
  for (const [phase, list] of cases) {
    for (const one of list.filter(([what]) => wanted(what))) {
      out.push(await refusal(of, index, phase, one));
    }
  }
  return out;
}
