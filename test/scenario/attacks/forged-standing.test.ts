/**
 * Messages in somebody else's name.
 *
 * A naive coordinator keeps a list of clients that misbehaved, by the name that a message bears, and
 * hears nothing more from them. So whoever can put bytes on the wire can expel anybody: a few garbled
 * bytes under the victim's name, an old message of its own, or its very own signed header with another
 * payload behind it, sent before the victim's honest message arrives.
 *
 * Rule (secagg.md, Messages, the coordinator's side): a validly signed wrong message excludes its
 * signer; a message that does not verify under this round id, replays included, is refused without
 * touching the standing of the id it claims.
 */

import type { Fault, Phase } from 'veilsum/coordinator';
import { describe, expect, test } from 'vitest';
import { verifySignature } from '../../../src/identity/ed25519.ts';
import { inMemorySigner, type Signer, signWith } from '../../../src/identity/signer.ts';
import { utf8 } from '../../../src/internal/bytes.ts';
import { PHASES } from '../../../src/secagg/phases.ts';
import {
  decodeEnvelope,
  digestOfPayload,
  encodeEnvelope,
  signedContent,
} from '../../../src/wire/envelope.ts';
import { party, planFor, play } from '../../support/round.ts';
import { fields, tinyActive } from '../support/hostile-round.ts';
import { inputOf, range, sumOf } from '../support/naive-sum.ts';

type Spoken = { readonly name: string; readonly text: Uint8Array; readonly signature: Uint8Array };

/** A naive coordinator: whoever sends a bad message, by name, is out. */
function naiveCoordinator(keys: ReadonlyMap<string, Uint8Array>) {
  const expelled = new Set<string>();
  const heard = new Map<string, Uint8Array>();
  const accept = ({ name, text, signature }: Spoken): void => {
    if (expelled.has(name)) return;
    if (verifySignature(keys.get(name) as Uint8Array, text, signature)) heard.set(name, text);
    else expelled.add(name);
  };
  return { accept, heard };
}

test('a naive coordinator expels the victim on anybody’s word', async () => {
  const signers = new Map(['ann', 'ben', 'victim'].map((name) => [name, inMemorySigner()]));
  const { accept, heard } = naiveCoordinator(
    new Map([...signers].map(([name, { publicKey }]) => [name, publicKey])),
  );
  accept({ name: 'victim', text: utf8('hello'), signature: new Uint8Array(64) });
  for (const [name, signer] of signers) {
    const text = utf8(`I am ${name}`);
    accept({ name, text, signature: await signWith(signer, text) });
  }
  expect([...heard.keys()]).toEqual(['ann', 'ben']);
});

describe('veilsum', async () => {
  const people = await party(12);
  const facts = { fields, trust: tinyActive };
  const [plan, before] = [planFor(people, facts), planFor(people, facts)];
  const inputs = (id: string) => ({ votes: inputOf(Number(id.slice(7))) });
  const victim = 'client-5';
  const wide = { header: 100_000, payload: 100_000 };

  test('refuses forgeries, replays and swapped payloads, then takes the honest message', async () => {
    // A whole round before, listened to.
    const old = new Map<Phase, Uint8Array>();
    await play(people, before, {
      inputs,
      uplink: (phase, id, message) => {
        if (id === victim) old.set(phase, message);
        return [message];
      },
    });

    const stranger = inMemorySigner();
    const spoken = new Map<Phase, Uint8Array>();
    const expected: Pick<Fault, 'phase' | 'code'>[] = [];
    const { result, faults, left } = await play(people, plan, {
      inputs,
      uplink: (phase, id, message) => {
        if (id !== victim) return [message];
        const said = decodeEnvelope(message, wide);
        const changed = (change: object): Uint8Array => encodeEnvelope({ ...said, ...change });
        const previous = spoken.get(PHASES[PHASES.indexOf(phase) - 1] as Phase);
        const flipped = (bytes: Uint8Array): Uint8Array => {
          const copy = bytes.slice();
          copy[copy.length - 1] = (copy.at(-1) as number) ^ 1;
          return copy;
        };
        const other = stranger.sign(message) as Uint8Array;
        const attempts: (readonly [Fault['code'], Uint8Array])[] = [
          ['wrong-round', old.get(phase) as Uint8Array],
          ['bad-signature', changed({ signature: other })],
          ['bad-signature', changed({ signature: flipped(said.signature) })],
          ['bad-signature', changed({ header: flipped(said.header) })],
          // The victim's header and signature, with a payload that they do not pin.
          [
            'bad-signature',
            changed({
              payload: said.payload.length === 0 ? Uint8Array.of(1) : flipped(said.payload),
            }),
          ],
          // The old message, dressed up as one of this round.
          [
            'bad-signature',
            encodeEnvelope({
              ...decodeEnvelope(old.get(phase) as Uint8Array, wide),
              roundId: said.roundId,
            }),
          ],
          // Somebody else's message in the victim's name, and the victim's in somebody else's.
          ['bad-signature', changed({ sender: (said.sender + 1) % 12 })],
          ...(previous === undefined ? [] : [['wrong-phase', previous] as const]),
        ];
        for (const [code] of attempts) expected.push({ phase, code });
        spoken.set(phase, message);
        return [...attempts.map(([, bytes]) => bytes), message, message];
      },
    });
    expect([...left]).toEqual([]);
    expect(expected.length).toBe(7 * 5 + 4);
    expect(faults).toMatchObject(expected);
    for (const fault of faults) {
      expect(fault.culprit).toBeUndefined(); // nobody is accused of what nobody signed
      expect(['client-5', 'client-6']).toContain(fault.claimed);
    }
    expect(result.contributors).toContain(victim);
    expect(result.contributors).toContain('client-6');
    expect(result.dropped).toEqual([]);
    expect(result.sum.votes).toEqual(sumOf(range(12)));
  });

  test('a second, different message that the victim did sign: the first one stands', async () => {
    const twice = planFor(people, facts);
    let spoke = false;
    const signer = people.signers.get(victim) as Signer;
    const { result, faults } = await play(people, twice, {
      inputs,
      uplink: (phase, id, message) => {
        if (id !== victim || phase !== 'mask') return [message];
        spoke = true;
        const said = decodeEnvelope(message, wide);
        const payload = said.payload.map((byte) => byte & 0x7f);
        payload[0] = (said.payload[0] as number) ^ 1;
        const { roundId, phase: number } = said;
        const content = { ...said, payloadDigest: digestOfPayload(payload) };
        const signature = signer.sign(signedContent(roundId, number, content)) as Uint8Array;
        return [message, encodeEnvelope({ ...said, payload, signature })];
      },
    });
    expect(spoke).toBe(true);
    expect(faults).toMatchObject([{ phase: 'mask', code: 'equivocation', culprit: victim }]);
    expect(result.sum.votes).toEqual(sumOf(range(12)));
  });
});
