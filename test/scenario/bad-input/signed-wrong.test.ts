/**
 * A client signs something wrong. Its signature proves who did it: it is named and left out of the
 * phase, whatever it says later, and the round ends with the exact sum of the others. What somebody
 * else says in its name proves nothing and costs it nothing.
 */

import type { Signer } from 'veilsum';
import * as coordinator from 'veilsum/coordinator';
import { describe, expect, test } from 'vitest';
import { concat } from '../../../src/internal/bytes.ts';
import { termsOf } from '../../../src/round/plan.ts';
import type { Advert } from '../../../src/secagg/keys.ts';
import { decodeAdvert, encodeAdvert } from '../../../src/secagg/messages.ts';
import { PHASES, type Phase } from '../../../src/secagg/phases.ts';
import { signMessage } from '../../../src/secagg/signed.ts';
import { decodeEnvelope, type Envelope, encodeEnvelope } from '../../../src/wire/envelope.ts';
import { smallRound, sumOf } from './fixture.ts';
import { coordinatorAt, playOn } from './recording.ts';

const CULPRIT = 'client-3';
const INDEX = 3;
const read = (message: Uint8Array): Envelope =>
  decodeEnvelope(message, { header: 1e6, payload: 1e6 });

describe.each(['x25519', 'x25519-mlkem768'] as const)('suite %s', async (suite) => {
  const recording = await smallRound(suite);
  const { people, plan } = recording;
  const terms = termsOf(plan);
  const others = people.ids.filter((id) => id !== CULPRIT);
  const signer = people.signers.get(CULPRIT) as Signer;
  const honest = (phase: Phase, id: string = CULPRIT): Uint8Array =>
    recording.phases[phase].uplinks.get(id) as Uint8Array;
  const sign = async (phase: Phase, header: Uint8Array, payload?: Uint8Array) =>
    (await signMessage(terms, phase, INDEX, signer, header, payload)).message;

  test.each(PHASES)('%s: every cut of what it says, signed anew', async (phase) => {
    const said = read(honest(phase));
    const wrongs: Uint8Array[] = [];
    const stride = said.header.length > 1_000 ? 37 : 1;
    for (let length = 0; length < said.header.length; length += stride) {
      wrongs.push(await sign(phase, said.header.subarray(0, length), said.payload));
    }
    wrongs.push(await sign(phase, concat(said.header, Uint8Array.of(0)), said.payload));
    if (said.payload.length > 0) {
      wrongs.push(await sign(phase, said.header, concat(said.payload, Uint8Array.of(0))));
    }
    for (
      let length = 0;
      length < said.payload.length;
      length += said.payload.length > 1_000 ? 97 : 7
    ) {
      wrongs.push(await sign(phase, said.header, said.payload.subarray(0, length)));
    }
    for (const wrong of wrongs) {
      const fault = coordinator.accept(coordinatorAt(recording, phase), wrong as never);
      expect(fault, 'a wrong message was taken').toMatchObject({ phase, culprit: CULPRIT });
    }
    // One of them, then the honest one: it comes too late, and the others go on.
    const at = coordinatorAt(recording, phase);
    coordinator.accept(at, wrongs[0] as never);
    expect(coordinator.accept(at, honest(phase) as never)).toMatchObject({
      code: 'excluded',
      culprit: CULPRIT,
    });
    expect(coordinator.census(at).accepted).toEqual([]);
    const result = await playOn(recording, phase, at);
    const isIn = phase === 'confirm' || phase === 'unmask';
    const contributors = isIn ? people.ids : others;
    expect(result.contributors).toEqual(contributors);
    expect(result.sum).toEqual(sumOf(contributors));
    expect(result.dropped).toEqual([{ id: CULPRIT, phase }]);
    expect(result.refused.filter(({ culprit }) => culprit === CULPRIT).length).toBeGreaterThan(1);
  });

  test.each(PHASES)('%s: a flip of any byte, signed anew, never spoils the sum', async (phase) => {
    const said = read(honest(phase));
    const stride = said.header.length > 500 ? 61 : 5;
    for (let i = 0; i < said.header.length; i += stride) {
      const header = said.header.slice();
      header[i] = (header[i] as number) ^ (1 << (i % 8));
      const at = coordinatorAt(recording, phase);
      const fault = coordinator.accept(at, (await sign(phase, header, said.payload)) as never);
      if (fault === undefined) continue;
      expect(fault).toMatchObject({ phase, culprit: CULPRIT, claimed: CULPRIT });
    }
  });

  test('messages of another round, phase or version prove nothing', async () => {
    const other = await smallRound(suite);
    for (const phase of PHASES) {
      const at = coordinatorAt(recording, phase);
      const faultOf = (message: Uint8Array) => coordinator.accept(at, message as never);
      const replay = other.phases[phase].uplinks.get(CULPRIT) as Uint8Array;
      expect(faultOf(replay)).toMatchObject({ code: 'wrong-round', claimed: CULPRIT });
      for (const another of PHASES.filter((p) => p !== phase)) {
        const early = faultOf(honest(another));
        expect(early).toMatchObject({ code: 'wrong-phase', claimed: CULPRIT });
        expect(early?.culprit).toBeUndefined();
        // The same content, signed for another phase, under this phase's number.
        const relabelled = { ...read(honest(another)), phase: PHASES.indexOf(phase) + 1 };
        expect(faultOf(encodeEnvelope(relabelled))).toMatchObject({ code: 'bad-signature' });
      }
      const mine = { ...read(honest(phase)), roundId: terms.roundId };
      const moved = { ...read(replay), roundId: terms.roundId };
      expect(faultOf(encodeEnvelope(moved))).toMatchObject({ code: 'bad-signature' });
      const version = honest(phase).slice();
      expect(version[1]).toBe(1);
      version[1] = 2;
      expect(faultOf(version)).toMatchObject({ code: 'unknown-version' });
      expect(faultOf(encodeEnvelope({ ...mine, sender: 5 }))).toMatchObject({
        code: 'not-on-roster',
      });
      for (const sender of [0, 1, 2, 4]) {
        const fault = faultOf(encodeEnvelope({ ...mine, sender }));
        expect(fault).toMatchObject({ code: 'bad-signature', claimed: `client-${sender}` });
        expect(fault?.culprit).toBeUndefined();
      }
      expect(coordinator.census(at).accepted).toEqual([]);
      const result = await playOn(recording, phase, at);
      expect(result.sum).toEqual(sumOf(people.ids));
    }
  });

  test('the same message twice is once; a second, different one is named, and the first stands', async () => {
    const said = read(honest('advertise'));
    const advert = decodeAdvert(terms, said.header);
    const swapped = { ...advert, sealingKey: advert.maskingKey, maskingKey: advert.sealingKey };
    const at = coordinatorAt(recording, 'advertise');
    expect(coordinator.accept(at, honest('advertise') as never)).toBeUndefined();
    expect(coordinator.accept(at, honest('advertise') as never)).toBeUndefined();
    const second = await sign('advertise', encodeAdvert(swapped));
    expect(coordinator.accept(at, second as never)).toMatchObject({
      code: 'equivocation',
      culprit: CULPRIT,
    });
    const result = await playOn(recording, 'advertise', at);
    expect(result.sum).toEqual(sumOf(people.ids));
    expect(result.contributors).toEqual(people.ids);
  });

  describe('keys', () => {
    const own = decodeAdvert(terms, read(honest('advertise')).header);
    const theirs = decodeAdvert(terms, read(honest('advertise', 'client-0')).header);
    const rest = own.sealingKey.subarray(32);
    /** RFC 7748 and its errata: every u of low order, and what is congruent to one below 2^256. */
    const lowOrder = [
      '00'.repeat(32),
      `01${'00'.repeat(31)}`,
      'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
      '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
      `ec${'ff'.repeat(30)}7f`,
      `ed${'ff'.repeat(30)}7f`,
      `ee${'ff'.repeat(30)}7f`,
      `${'00'.repeat(31)}80`,
      `01${'00'.repeat(30)}80`,
      `${'ff'.repeat(32)}`,
    ].map((hex) =>
      concat(
        Uint8Array.from(hex.match(/../g) as string[], (h) => Number.parseInt(h, 16)),
        rest,
      ),
    );
    const cases: readonly (readonly [string, Partial<Advert>])[] = [
      ...lowOrder.map((key, i) => [`low order ${i} for masks`, { maskingKey: key }] as const),
      ...lowOrder.map((key, i) => [`low order ${i} for seals`, { sealingKey: key }] as const),
      ['one key for both', { sealingKey: own.maskingKey }],
      ...(suite === 'x25519'
        ? []
        : ([
            [
              'an ML-KEM key whose coefficients are not reduced',
              { sealingKey: own.sealingKey.slice().fill(0xff, 32, 64) },
            ],
          ] as const)),
    ];

    test.each(cases)('%s: refused, its sender named; the others go on', async (_, change) => {
      const at = coordinatorAt(recording, 'advertise');
      coordinator.accept(at, honest('advertise', 'client-0') as never);
      const message = await sign('advertise', encodeAdvert({ ...own, ...change }));
      expect(coordinator.accept(at, message as never)).toMatchObject({
        code: 'bad-key',
        culprit: CULPRIT,
      });
      if (change !== cases[0]?.[1] && change !== cases.at(-1)?.[1]) return;
      const result = await playOn(recording, 'advertise', at);
      expect(result.contributors).toEqual(others);
      expect(result.sum).toEqual(sumOf(others));
    });

    const copies: readonly (readonly [string, Partial<Advert>])[] = [
      ["another client's masking key", { maskingKey: theirs.maskingKey }],
      ["another client's sealing key", { sealingKey: theirs.sealingKey }],
      ["another client's masking key for seals", { sealingKey: theirs.maskingKey }],
      [
        'half of one key in another',
        { sealingKey: concat(theirs.sealingKey.subarray(0, 32), rest) },
      ],
    ];

    test.each(copies)('%s: refused, but the copy may have come first', async (_, change) => {
      const copy = await sign('advertise', encodeAdvert({ ...own, ...change }));
      const original = honest('advertise', 'client-0');
      for (const [first, second, claimed] of [
        [original, copy, CULPRIT],
        [copy, original, 'client-0'],
      ] as const) {
        const at = coordinatorAt(recording, 'advertise');
        expect(coordinator.accept(at, first as never)).toBeUndefined();
        const fault = coordinator.accept(at, second as never);
        expect(fault).toMatchObject({ code: 'bad-key', claimed });
        expect(fault).not.toHaveProperty('culprit'); // else whoever copies would frame the owner
      }
    });
  });
});
