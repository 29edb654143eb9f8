/**
 * Seen elsewhere: a key pair is serialised, and the private half goes out under the name of the public
 * one. Nothing fails: the sums are right, and everybody can read everything.
 */

import { clientId, type Signer, signerFromPrivateKey, signRoster } from 'veilsum';
import { expect, test } from 'vitest';
import { utf8 } from '../../../src/internal/bytes.ts';
import { randomBytes } from '../../../src/internal/random.ts';
import { deriveKey } from '../../../src/prg/hkdf.ts';
import { termsOf } from '../../../src/round/plan.ts';
import { maskingKeyPair, sealingKeyPair } from '../../../src/secagg/keys.ts';
import { decodeAdvert } from '../../../src/secagg/messages.ts';
import { PHASES } from '../../../src/secagg/phases.ts';
import { decode } from '../../../src/wire/cbor.ts';
import { decodeEnvelope } from '../../../src/wire/envelope.ts';
import { type Party, planFor } from '../../support/round.ts';
import { FIELDS, inputsOf, smallTrust } from '../bad-input/fixture.ts';
import { record } from '../bad-input/recording.ts';
import { type Secret, secretsOfSaved } from '../bad-input/secrets.ts';

/** Names of the secrets of which twelve bytes in a row are in a message. */
function sent(messages: readonly Uint8Array[], secrets: readonly Secret[]): readonly string[] {
  const all = Buffer.concat(messages);
  return secrets.flatMap(({ name, bytes }) =>
    [0, 10, 20].some((at) => all.includes(Buffer.from(bytes.subarray(at, at + 12)))) ? [name] : [],
  );
}

test('the naive advert: the search finds the key in it', () => {
  const privateKey = randomBytes(32);
  const pair = { publicKey: randomBytes(32), privateKey };
  const advert = Buffer.concat([Buffer.from('pk='), pair.privateKey]);
  expect(sent([advert], [{ name: 'private key', bytes: privateKey }])).toEqual(['private key']);
  expect(sent([Buffer.from(pair.publicKey)], [{ name: 'private key', bytes: privateKey }])).toEqual(
    [],
  );
});

test.each(['x25519', 'x25519-mlkem768'] as const)(
  'ours, %s: no private half goes anywhere',
  async (suite) => {
    const ids = ['client-0', 'client-1', 'client-2', 'client-3', 'client-4'];
    const identities = ids.map((id) => ({ id, key: randomBytes(32) }));
    const signers = new Map<string, Signer>(
      identities.map(({ id, key }) => [id, signerFromPrivateKey(key)]),
    );
    const voucher = signerFromPrivateKey(randomBytes(32));
    const clients = ids.map((id) => ({
      id: clientId(id),
      publicKey: (signers.get(id) as Signer).publicKey,
    }));
    const people: Party = { ids, signers, voucher, roster: await signRoster(clients, voucher) };
    const plan = planFor(people, { fields: FIELDS, trust: smallTrust, suite });
    const terms = termsOf(plan);
    const recording = await record(people, plan, inputsOf);

    const seeds = ids.flatMap((id) =>
      secretsOfSaved(recording.phases.mask.states.get(id) as Uint8Array),
    );
    const derived = seeds.flatMap(({ name, bytes }): readonly Secret[] => {
      const role = name.startsWith('masking') ? 'masking' : 'sealing';
      if (!/^(masking|sealing)Seed/.test(name)) return [];
      const pairSeed = deriveKey(bytes, [utf8(role), terms.roundId]);
      const part = (label: string, length: number) =>
        deriveKey(pairSeed, [utf8('agreement key'), utf8(suite), utf8(label)], length);
      return [
        { name: `${role} pair seed`, bytes: pairSeed },
        { name: `${role} X25519 private key`, bytes: part('x25519', 32) },
        { name: `${role} ML-KEM seed`, bytes: part('ml-kem-768', 64) },
      ];
    });
    const secrets: readonly Secret[] = [
      ...seeds.filter(({ name }) => !name.startsWith('ownShare')), // revealed in the last phase
      ...derived,
      ...identities.map(({ id, key }) => ({ name: `identity of ${id}`, bytes: key })),
    ];
    expect(secrets.length).toBeGreaterThan(5 * 3 + 5 * 6);
    const messages = PHASES.flatMap((phase) => [
      ...recording.phases[phase].uplinks.values(),
      ...recording.phases[phase].downlinks.values(),
    ]);
    expect(messages.length).toBe(5 * 5 + 4 * 5);
    expect(sent(messages, secrets)).toEqual([]);

    // What goes out as a public key is one: the pair's own, and each of a client's two another.
    for (const id of ids) {
      const state = recording.phases.share.states.get(id) as Uint8Array;
      const { memory } = decode(state, { what: 'state', maxBytes: 1e6 }) as unknown as {
        memory: { sealingSeed: Uint8Array; maskingSeed: Uint8Array };
      };
      const message = recording.phases.advertise.uplinks.get(id) as Uint8Array;
      const advert = decodeAdvert(
        terms,
        decodeEnvelope(message, { header: 1e5, payload: 0 }).header,
      );
      expect(advert.sealingKey).toEqual(sealingKeyPair(terms, memory.sealingSeed).publicKey);
      expect(advert.maskingKey).toEqual(maskingKeyPair(terms, memory.maskingSeed).publicKey);
      expect(advert.maskingKey).not.toEqual(advert.sealingKey);
    }
  },
);
