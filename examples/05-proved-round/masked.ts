/**
 * A masked round whose clients prove that their updates are in bounds. The coordinator sees no update, and
 * refuses by name who does not prove.
 */
import { clientId, inMemorySigner, noNoise, plan, planBytes, real, signRoster } from 'veilsum';
import * as client from 'veilsum/client';
import * as coordinator from 'veilsum/coordinator';
import { type Trust, trustIn } from 'veilsum/verify';
import {
  fastCurve,
  insecureUpdateKeyForTestingOnly,
  openProver,
  provenUpdates,
  type UpdateInputs,
  type UpdateProver,
  updateProver,
} from 'veilsum/zk';
import { insecureKeys, updateKeyFrom } from './keys.ts';

/** Values of an update: two chunks of the smallest circuit. */
export const LENGTH = 32;

/** What the coordinator publishes, and what whoever knows the plan holds it against. */
export type Published = {
  readonly bundle: Uint8Array;
  readonly trust: Trust;
  readonly contributors: readonly string[];
  readonly refused: readonly string[];
};

/**
 * Plays the round.
 *
 * @param updates - each client's, by its name
 * @param cheat - who commits to one update and proves another
 */
export async function provedRound(
  updates: ReadonlyMap<string, readonly number[]>,
  cheat: string,
): Promise<Published> {
  const keys = await insecureKeys('update-16');
  await using curve = await fastCurve({ singleThread: true });
  const key = await insecureUpdateKeyForTestingOnly(updateKeyFrom(keys), { curve });
  const commitments = provenUpdates({ key });

  const voucher = inMemorySigner();
  const people = [...updates.keys()].map((name) => ({ id: clientId(name), ...inMemorySigner() }));
  const fields = { update: real({ length: LENGTH, clip: { norm: 'l2', bound: 1 }, bits: 12 }) };
  const made = plan({
    id: 'proved/1',
    fields,
    roster: await signRoster(people, voucher),
    trust: { corrupt: 0.17, absent: 0.34 },
    noise: noNoise(),
    commitments,
  });

  await using prover = await openProver();
  const honest = updateProver(prover, keys.artefacts);
  /** Proves something that is true of another vector. */
  const dishonest: UpdateProver = (inputs) => honest(withoutValues(inputs));

  async function* device(
    me: (typeof people)[number],
  ): AsyncGenerator<Uint8Array, void, Uint8Array> {
    const policy = { voucher: voucher.publicKey, fields, commitments };
    const reviewed = client.readPlan(planBytes(made), policy);
    const a = await client.advertise(reviewed, me, { context: reviewed.hash });
    const inputs = { update: updates.get(me.id) as readonly number[] };
    const own = { prover: me.id === cheat ? dishonest : honest };
    const b = await client.share(a.next, yield a.message, inputs, own);
    const c = await client.mask(b.next, yield b.message);
    const d = await client.confirm(c.next, yield c.message);
    yield (await client.unmask(d.next, yield d.message)).message;
  }

  const devices = new Map(people.map((me) => [me.id, device(me)]));
  async function phase<P extends coordinator.Phase>(
    at: coordinator.Opened<P, typeof fields>,
  ): Promise<coordinator.CloseOf<P, typeof fields>> {
    for (const [id, messages] of devices) {
      const { value } = await messages.next(at.downlinks.get(id) ?? new Uint8Array());
      // Who is refused hears no more of the round, and would only time out.
      if (value && coordinator.accept(at.next, value) !== undefined) devices.delete(id);
    }
    return coordinator.close(at.next);
  }
  const begun = { next: coordinator.begin(made, { context: made.hash }), downlinks: new Map() };
  const { next: result } = await phase(begun).then(phase).then(phase).then(phase).then(phase);
  return {
    bundle: result.bundle as Uint8Array,
    trust: trustIn(made),
    contributors: result.contributors,
    refused: result.refused.map(({ code, culprit }) => `${culprit} (${code})`),
  };
}

/**
 * A witness of zeros in the update's place. Zero has the bytes 0 and 128 in the circuit's offset form, and m
 * counts how often each byte comes.
 */
function withoutValues(inputs: UpdateInputs): UpdateInputs {
  const { length } = inputs.x;
  return {
    ...inputs,
    x: inputs.x.map(() => '0'),
    hi: inputs.hi.map(() => '128'),
    m: inputs.m.map((_, byte) => (byte === 0 || byte === 128 ? String(length) : '0')),
  };
}
