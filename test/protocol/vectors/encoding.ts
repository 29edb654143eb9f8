/** How a client of a recorded round came from its inputs to its vectors. */
import { clientId } from '../../../src/identity/client-id.ts';
import { commitInputs, type Proving } from '../../../src/round/commitments.ts';
import { encodeExactly, encodeInputs } from '../../../src/round/encode.ts';
import type { CommitmentScheme } from '../../../src/zk/commitment/scheme.ts';
import { hex } from './hex.ts';
import { replayed, seeded } from './seeded.ts';
import type { Actor, Stage } from './stage.ts';
import type { EncodingVector, Hex } from './types.ts';

/** Where no proofs are asked for, nobody looks at who would make them. */
const UNPROVEN: Proving = {
  client: clientId('nobody'),
  roundId: new Uint8Array(32),
  context: new Uint8Array(32),
  prover: undefined,
};

/** What a client's inputs became, from what it drew. */
export async function encodingOf(
  stage: Stage,
  { index }: Actor,
  draws: readonly Uint8Array[],
): Promise<EncodingVector> {
  const { plan } = stage;
  const inputs = stage.inputs(index);
  const exact = await replayed(draws, () => encodeExactly(plan, inputs as never));
  const blindings: Hex[][] = [];
  const instead = (scheme: CommitmentScheme): CommitmentScheme => ({
    ...scheme,
    commit: async (values, bits) => {
      const made = await scheme.commit(values, bits);
      blindings.push(made.blindings.map(hex));
      return made;
    },
  });
  const { commitments: scheme } = plan;
  const whole = await replayed(draws, async () =>
    scheme?.name === 'pedersen'
      ? commitInputs({ ...plan, commitments: instead(scheme) }, inputs as never, UNPROVEN)
      : { ...encodeInputs(plan, inputs as never), commitments: undefined },
  );
  const { vectors, commitments } = whole.value;
  const tries = new Map(exact.draws.map((draw) => [draw.length, draw]));
  return {
    inputs,
    rounding: plan.shapes.slice(0, exact.value.vectors.length).map(({ name, length }) => {
      const of = plan.fields[name];
      const words = of?.kind === 'weighted-mean' ? length - 1 : length;
      return of?.kind === 'integer' ? '' : hex(tries.get(4 * words) as Uint8Array);
    }),
    exact: exact.value.vectors.map((words) => [...words]),
    noise: exact.value.vectors.map((words, i) =>
      Array.from(words, (word, j) => ((vectors[i]?.[j] as number) - word) | 0),
    ),
    ...(commitments && { blindings, commitments: hex(commitments) }),
    vectors: vectors.map((words) => [...words]),
  };
}

/** Draws for inputs that never left. */
export async function unsent(stage: Stage, actor: Actor): Promise<readonly Uint8Array[]> {
  const { plan } = stage;
  const inputs = stage.inputs(actor.index) as never;
  const name = `veilsum protocol vectors: ${stage.name}: client ${actor.index}: unsent`;
  const { draws } = await seeded<unknown>(name, () =>
    plan.commitments === undefined
      ? encodeInputs(plan, inputs)
      : commitInputs(plan, inputs, UNPROVEN),
  );
  return draws;
}
