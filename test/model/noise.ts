/** What comes in beside the messages of a phase. */
import type { Delivery } from './actor.ts';
import { forgery, nonsense } from './hostile.ts';
import type * as model from './model.ts';
import type { Round } from './round.ts';
import type { Actor, Stage } from './stage.ts';
import { count } from './tally.ts';

/** What else comes in: copies, forgeries, old messages, and members who may not speak. */
export async function noise(
  { story, dice: d, tally, model: of, ids, past }: Round,
  { terms, spoken }: Stage,
  actors: readonly Actor[],
  phase: model.Phase,
  deliveries: readonly Delivery[],
): Promise<readonly Delivery[]> {
  const more: Delivery[] = [];
  for (const old of past) {
    if (!d.chance(story.noise / 4)) continue;
    count(tally, 'noise', 'of another phase');
    more.push({ ...old, isSlow: false });
  }
  past.push(...deliveries.filter(({ said }) => said.phase === phase));
  for (const delivery of deliveries) {
    if (delivery.said.phase !== phase || !d.chance(story.noise)) continue;
    if (d.chance(0.3)) {
      count(tally, 'noise', 'duplicate');
      more.push({ ...delivery, isSlow: false });
      continue;
    }
    const { sender } = delivery.said;
    const { signer } = actors[sender] as Actor;
    const { kind, forged, bytes } = await forgery(d, terms, {
      phase,
      message: delivery.bytes,
      signer,
    });
    count(tally, 'noise', kind);
    more.push({ bytes, said: { sender, phase, name: kind, forged }, isSlow: false });
  }
  for (let sender = 0; sender < ids.length; sender++) {
    if (!d.chance(story.noise / 4)) continue;
    const isMember = of.expected[phase].has(sender);
    // A member's nonsense excludes it if it comes first, and is a second message if it comes later.
    if (isMember && (!spoken.has(sender) || !d.chance(0.2))) continue;
    count(tally, 'noise', isMember ? 'nonsense of a member' : 'nonsense of one who is out');
    const { signer } = actors[sender] as Actor;
    const bytes = await nonsense(terms, phase, sender, signer, d);
    const wrong = phase === 'confirm' ? 'inconsistent-survivors' : 'malformed';
    more.push({ bytes, said: { sender, phase, name: 'nonsense', wrong }, isSlow: false });
  }
  return more;
}
