/** Plays a story on the real thing, with the model beside it after every message. */
import * as client from '../../src/client.ts';
import * as coordinator from '../../src/coordinator.ts';
import { planBytes } from '../../src/index.ts';
import { termsOf } from '../../src/round/plan.ts';
import { actorOf, answer, type Delivery } from './actor.ts';
import { dice } from './dice.ts';
import * as model from './model.ts';
import { noise } from './noise.ts';
import { finish } from './opening.ts';
import {
  closePhase,
  countDropped,
  ends,
  hearAll,
  type Round,
  refusesToClose,
  takeCensus,
} from './round.ts';
import type { Actor, Downlinks, Stage } from './stage.ts';
import type { Story } from './story.ts';
import { count, type Tally } from './tally.ts';

/** Plays a whole round and counts it. Throws where model and reality differ. */
export async function play(story: Story, tally: Tally): Promise<void> {
  const { plan } = story;
  const d = dice(story.seed ^ 0x5eed);
  const context = d.bytes(32);
  const terms = termsOf(plan);
  const downlinks: Downlinks = {};
  const stage: Stage = {
    dice: d,
    tally,
    plan: client.readPlan(planBytes(plan), {
      voucher: story.voucher,
      coordinator: plan.trust.coordinator,
      corrupt: 0,
      fields: plan.fields,
    }),
    terms,
    context,
    downlinks,
    spoken: new Map(),
  };
  const round: Round = {
    story,
    dice: d,
    tally,
    model: model.begin({
      ...plan.parameters,
      active: plan.trust.coordinator === 'active',
      floor: plan.floor,
      quorum: plan.quorum,
      ring: [...terms.graph.at],
    }),
    ids: plan.roster.clients.map(({ id }) => id),
    faults: [],
    past: [],
    announced: [],
    state: coordinator.begin(plan, { context }),
    twin: story.hasTwin ? coordinator.begin(plan, { context }) : undefined,
  };
  const actors = story.signers.map((signer, i) =>
    actorOf(stage, i, signer, story.fates[i] as Actor['fate']),
  );

  let late: readonly Delivery[] = [];
  for (const phase of model.PHASES) {
    stage.spoken.clear();
    const deliveries: Delivery[] = [...late];
    for (const index of d.shuffle([...round.model.expected[phase]])) {
      const actor = actors[index] as Actor;
      if (phase !== 'advertise' && actor.state === undefined) continue;
      const said = honest(round.model, phase, index);
      deliveries.push(...(await answer(stage, actor, phase, said)));
    }
    deliveries.push(...(await noise(round, stage, actors, phase, deliveries)));
    const inTime = d.shuffle(deliveries.filter(({ isSlow }) => !isSlow));
    let slow = deliveries.filter(({ isSlow }) => isSlow);
    const unheard = hearAll(round, inTime);
    if (model.obstacle(round.model) !== undefined && slow.length > 0) {
      refusesToClose(round);
      count(tally, 'closed after waiting for the slow', phase);
      hearAll(round, d.shuffle(slow));
      slow = [];
    }
    late = [...slow, ...unheard];
    countDropped(round);
    const obstacle = model.obstacle(round.model);
    if (obstacle !== undefined) {
      refusesToClose(round);
      ends(round, obstacle);
      return;
    }
    if (phase === 'unmask') {
      finish(round, actors);
      return;
    }
    takeCensus(round);
    downlinks[next(phase)] = closePhase(round);
  }
}

const next = (phase: model.Phase): model.Phase =>
  model.PHASES[model.PHASES.indexOf(phase) + 1] as model.Phase;

/** What the model knows of an honest answer. */
function honest(of: model.Model, phase: model.Phase, index: number): model.Said {
  const said = { sender: index, phase, name: `${phase} of ${index}` };
  if (phase === 'advertise') return { ...said, keys: [`${index}/sealing`, `${index}/masking`] };
  return phase === 'unmask' ? { ...said, ...model.answerOf(of, index) } : said;
}
