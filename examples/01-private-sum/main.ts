import { clientId, inMemorySigner, integer, noNoise, plan, planBytes, signRoster } from 'veilsum';
import * as client from 'veilsum/client';
import * as coordinator from 'veilsum/coordinator';

const all = ['al', 'bo', 'cy', 'di', 'ed'].map((id) => ({ id: clientId(id), ...inMemorySigner() }));
const voucher = inMemorySigner(); // says who is who; in real life this is not the coordinator
const roster = await signRoster(all, voucher);
const fields = { votes: integer({ length: 3, min: 0, max: 9 }) }; // what each of them sends
const trust = { corrupt: 0.2, absent: 0.2 }; // one of the five may be a spy, one may vanish
const lunch = plan({ id: 'lunch/1', fields, roster, trust, noise: noNoise() });
async function* device(me: (typeof all)[number]): AsyncGenerator<Uint8Array, void, Uint8Array> {
  const reviewed = client.readPlan(planBytes(lunch), { voucher: voucher.publicKey, fields });
  const a = await client.advertise(reviewed, me, { context: lunch.hash });
  const b = await client.share(a.next, yield a.message); // a message leaves, its answer comes back
  if (me.id === 'ed') return; // his battery is empty
  const c = await client.mask(b.next, yield b.message, { votes: [1, 2, 7] });
  const d = await client.confirm(c.next, yield c.message);
  yield (await client.unmask(d.next, yield d.message)).message;
}
const devices = new Map(all.map((me) => [me.id, device(me)]));
async function phase<P extends coordinator.Phase>(at: coordinator.Opened<P, typeof fields>) {
  for (const [id, messages] of devices) {
    const { value } = await messages.next(at.downlinks.get(id) ?? new Uint8Array());
    if (value) coordinator.accept(at.next, value);
  }
  return coordinator.close(at.next);
}
const begun = { next: coordinator.begin(lunch, { context: lunch.hash }), downlinks: new Map() };
const { next: result } = await phase(begun).then(phase).then(phase).then(phase).then(phase);
console.log(result.sum.votes, result.contributors.join(' ')); // [ 4, 8, 28 ] al bo cy di
