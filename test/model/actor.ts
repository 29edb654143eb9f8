/** One client of a story: answers each phase, through whatever befalls it there. */
import * as client from '../../src/client.ts';
import { type Signer, UsageError, VeilsumError } from '../../src/index.ts';
import { mask as maskWords } from '../../src/secagg/client/mask.ts';
import type { Next } from '../../src/secagg/client/state.ts';
import { durableClaim, emptyDisk } from '../support/durable-claim.ts';
import { LIES, type Lie, lie, memoryOf, patched } from './hostile.ts';
import type { Phase, Said } from './model.ts';
import { drawContribution, spoil } from './numbers.ts';
import { type Actor, attempt, must, run, type Stage, type Stepped, sameBytes } from './stage.ts';
import type { Crash, Fate } from './story.ts';
import { count } from './tally.ts';
import { springTrap } from './traps.ts';

/** A message on its way. */
export type Delivery = {
  readonly bytes: Uint8Array;
  readonly said: Said;
  readonly isSlow: boolean;
};

export const actorOf = (stage: Stage, index: number, signer: Signer, fate: Fate): Actor => ({
  index,
  signer,
  disk: emptyDisk(),
  fate,
  state: undefined,
  contribution: drawContribution(stage.dice, stage.plan.fields),
});

/** The state as another process would find it. */
function reborn(stage: Stage, actor: Actor, saved: Uint8Array): client.ClientState {
  const claim = durableClaim(actor.disk);
  return client.restore(stage.plan, saved, { signer: actor.signer, claim });
}

/**
 * What a client sends in a phase; nothing where it does not.
 *
 * @param said - what the model knows of an honest answer.
 */
export async function answer(
  stage: Stage,
  actor: Actor,
  phase: Phase,
  said: Said,
): Promise<readonly Delivery[]> {
  const { fate } = actor;
  const vanishes = fate.vanishes?.phase === phase ? fate.vanishes : undefined;
  if (vanishes?.unsent === false) return gone(stage, actor, phase);
  const made =
    phase === 'advertise' ? await enter(stage, actor) : await goOn(stage, actor, phase, said);
  if (made === undefined) return gone(stage, actor, phase);
  const { stepped, sends = 1, changes } = made;
  actor.state = stepped.next;
  await crashAtEnd(stage, actor, stepped.message);
  let delivery: Delivery = {
    bytes: stepped.message,
    said: { ...said, ...changes },
    isSlow: fate.slow === phase,
  };
  if (fate.lies?.phase === phase) {
    delivery = await lieInstead(stage, actor, fate.lies.kind, delivery);
  } else {
    stage.spoken.set(actor.index, stepped.message);
  }
  if (vanishes?.unsent) return gone(stage, actor, phase, 'unsent');
  if (sends === 0) return gone(stage, actor, phase);
  return Array.from({ length: sends }, () => delivery);
}

function gone(stage: Stage, actor: Actor, phase: Phase, how = 'silent'): readonly Delivery[] {
  count(stage.tally, 'vanished', `${phase} (${how})`);
  actor.state = undefined;
  return [];
}

type Made = {
  readonly stepped: Stepped;
  readonly sends?: number;
  readonly changes?: Partial<Said>;
};

async function enter(stage: Stage, actor: Actor): Promise<Made> {
  const { plan, context, dice } = stage;
  const enterOnce = () =>
    client.advertise(plan, actor.signer, { context, claim: durableClaim(actor.disk) });
  const stepped = await enterOnce();
  if (dice.chance(0.05)) {
    const again = await attempt(enterOnce);
    must(isSpent(again), 'a second advert of one identity left');
    count(stage.tally, 'second answers refused', 'advertise');
  }
  return { stepped };
}

const isSpent = (got: unknown): boolean => got instanceof UsageError && got.code === 'state-spent';

async function goOn(
  stage: Stage,
  actor: Actor,
  phase: Exclude<Phase, 'advertise'>,
  said: Said,
): Promise<Made | undefined> {
  const { dice, tally, plan } = stage;
  const { fate } = actor;
  const downlink = stage.downlinks[phase]?.get(actor.index) as Uint8Array;
  let state = actor.state as client.ClientState;
  const trap = fate.traps[phase];
  if (trap !== undefined) {
    count(tally, 'hostile downlinks', trap);
    const sprung = await springTrap({ ...stage, phase, trap, actor, state });
    if (sprung === 'left') return undefined;
    if (sprung !== 'unharmed')
      return { stepped: sprung, changes: { wrong: 'inconsistent-survivors' } };
  }
  if (phase === 'mask' && fate.fumbles) {
    const inputs = spoil(dice, plan.fields, actor.contribution.inputs);
    const refused = await attempt(() => run(phase, state, downlink, inputs));
    must(refused instanceof UsageError, `wrong inputs: got ${refused}`);
    count(tally, 'wrong inputs', refused.code);
  }
  const isLying = fate.lies?.phase === phase;
  if (isLying && fate.lies?.kind === 'other seed') {
    count(tally, 'lies', 'share: other seed');
    return otherSeed(stage, actor, state, downlink, said);
  }
  if (isLying && fate.lies?.kind === 'poison') {
    count(tally, 'lies', 'mask: poison');
    return poison(stage, actor, state, downlink);
  }
  const crash = isLying ? undefined : fate.crashes[phase];
  if (crash === undefined) {
    return { stepped: await run(phase, state, downlink, actor.contribution.inputs) };
  }
  count(tally, 'client crashes', `${phase}: ${crash}`);
  const before = client.save(state);
  switch (crash) {
    case 'restored':
      state = reborn(stage, actor, before);
      return { stepped: await run(phase, state, downlink, actor.contribution.inputs) };
    case 'sent again': {
      const stepped = await run(phase, state, downlink, actor.contribution.inputs);
      return { stepped: await sentAgain(stage, actor, stepped), sends: 2 };
    }
    case 'step done twice':
      return doneTwice(stage, actor, phase, before, downlink);
    case 'two copies':
      return twoCopies(stage, actor, phase, before, downlink);
  }
}

/** The next state was stored before its message left; the message is asked for again. */
async function sentAgain(stage: Stage, actor: Actor, stepped: Stepped): Promise<Stepped> {
  const next = reborn(stage, actor, client.save(stepped.next));
  must(sameBytes(await client.resend(next), stepped.message), 'resend gave other bytes');
  return { next, message: stepped.message };
}

/** The crash came after the answer was claimed and before the next state was stored. */
async function doneTwice(
  stage: Stage,
  actor: Actor,
  phase: Exclude<Phase, 'advertise'>,
  before: Uint8Array,
  downlink: Uint8Array,
): Promise<Made> {
  const { inputs } = actor.contribution;
  const lost = await run(phase, reborn(stage, actor, before), downlink, inputs);
  const again = await attempt(() => run(phase, reborn(stage, actor, before), downlink, inputs));
  if (again instanceof VeilsumError) {
    must(isSpent(again) && phase === 'share', `the step done again: got ${again}`);
    count(stage.tally, 'second answers refused', phase);
    return { stepped: lost, sends: 0 };
  }
  must(sameBytes(again.message, lost.message), 'a step done twice gave two answers');
  return { stepped: again, sends: 2 };
}

/** Two processes restore one state and answer at once: at most one message gets out. */
async function twoCopies(
  stage: Stage,
  actor: Actor,
  phase: Exclude<Phase, 'advertise'>,
  before: Uint8Array,
  downlink: Uint8Array,
): Promise<Made> {
  const { dice, plan, tally } = stage;
  const own = actor.contribution;
  const both = [own, dice.chance(0.5) ? own : drawContribution(dice, plan.fields)];
  const got = await Promise.all(
    both.map(async (contribution) => {
      const stepped = await attempt(() =>
        run(phase, reborn(stage, actor, before), downlink, contribution.inputs),
      );
      return { contribution, stepped };
    }),
  );
  const out = got.flatMap(({ contribution, stepped }) =>
    stepped instanceof VeilsumError ? [] : [{ contribution, stepped }],
  );
  const [first, second] = out;
  must(first !== undefined, 'neither of two copies could answer');
  if (second === undefined) {
    must(
      got.some(({ stepped }) => isSpent(stepped)),
      'the second copy failed for another reason',
    );
    count(tally, 'second answers refused', phase);
  } else {
    must(phase !== 'share', 'two copies dealt shares');
    must(sameBytes(first.stepped.message, second.stepped.message), 'two answers to one phase left');
  }
  actor.contribution = first.contribution;
  return { stepped: first.stepped, sends: out.length };
}

/** A crash after the very last step. */
async function crashAtEnd(stage: Stage, actor: Actor, message: Uint8Array): Promise<void> {
  const crash: Crash | undefined = actor.fate.crashes.done;
  const state = actor.state as client.ClientState<Next>;
  if (state.next !== 'done' || crash === undefined) return;
  count(stage.tally, 'client crashes', `done: ${crash}`);
  actor.state = (await sentAgain(stage, actor, { next: state, message })).next;
}

/** Deals shares of another masking seed than the advertised key grew from. */
async function otherSeed(
  stage: Stage,
  actor: Actor,
  state: client.ClientState,
  downlink: Uint8Array,
  said: Said,
): Promise<Made> {
  const by = { signer: actor.signer, claim: durableClaim(actor.disk) };
  const { maskingSeed } = memoryOf(state) as { maskingSeed: Uint8Array };
  const other = patched(stage.plan, state, { maskingSeed: stage.dice.bytes(32) }, by);
  const stepped = await run(said.phase as 'share', other, downlink, actor.contribution.inputs);
  const next = patched(stage.plan, stepped.next, { maskingSeed }, by);
  return { stepped: { next, message: stepped.message }, changes: { crooked: 'masking' } };
}

/** Masks words that no honest input encodes to. */
async function poison(
  stage: Stage,
  actor: Actor,
  state: client.ClientState,
  downlink: Uint8Array,
): Promise<Made> {
  const { dice, terms } = stage;
  const words = terms.fields.map(({ length }) =>
    Uint32Array.from({ length }, () => dice.int(0, 2 ** 32 - 1)),
  );
  const stepped = await maskWords(state as never, downlink, words);
  const bigints = words.map((field) => Array.from(field, BigInt));
  actor.contribution = { ...actor.contribution, words: bigints };
  return { stepped };
}

/** Signs a lie in place of the honest message. */
async function lieInstead(
  stage: Stage,
  actor: Actor,
  kind: string,
  honest: Delivery,
): Promise<Delivery> {
  const { phase } = honest.said;
  if (!LIES[phase].includes(kind)) return honest;
  count(stage.tally, 'lies', `${phase}: ${kind}`);
  const told: Lie = await lie(kind, {
    dice: stage.dice,
    terms: stage.terms,
    signer: actor.signer,
    honest: honest.bytes,
    other: [...stage.spoken.values()].at(-1),
  });
  const { bytes, patch, ...changes } = told;
  if (patch !== undefined && actor.state !== undefined) {
    const by = { signer: actor.signer, claim: durableClaim(actor.disk) };
    actor.state = patched(stage.plan, actor.state, patch, by);
  }
  // Without the private keys a thief cannot go on, even where it was faster than its victim.
  if (kind === 'stolen keys') actor.state = undefined;
  // A refused answer reveals nothing.
  const { reveals: _, reports: __, ...said } = honest.said;
  return { ...honest, bytes, said: { ...said, name: `${said.name}, but ${kind}`, ...changes } };
}
