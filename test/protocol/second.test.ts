/**
 * A second implementation, written from PROTOCOL.md with no code of the library, says what the library
 * says: it reproduces every uplink of the recorded rounds, and takes part in fresh ones.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { advertise, confirm, type Dealing, type Me, mask, share, unmask } from './second/client.ts';
import { commitAll } from './second/commitments.ts';
import { encoded } from './second/inputs.ts';
import { vectorsOf } from './second/messages.ts';
import { readPlan } from './second/plan.ts';
import type { ClientVector, RoundVector } from './vectors/types.ts';

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const base64 = (text = ''): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));

const folder = join(import.meta.dirname, '../vectors/protocol');
const rounds = readdirSync(folder)
  .filter((name) => name.startsWith('round-'))
  .map((name): [string, RoundVector] => [
    name,
    JSON.parse(readFileSync(join(folder, name), 'utf8')) as RoundVector,
  ]);

const dealingOf = (of: NonNullable<ClientVector['share']>): Dealing => ({
  selfSeed: hex(of.selfSeed),
  selfCoefficients: hex(of.selfCoefficients),
  maskingCoefficients: hex(of.maskingCoefficients),
  sealingCoins: of.sealingCoins.map(hex),
});

test('it imports nothing of the library', () => {
  const files = readdirSync(join(import.meta.dirname, 'second'));
  expect(files).toContain('client.ts');
  for (const file of files) {
    const text = readFileSync(join(import.meta.dirname, 'second', file), 'utf8');
    const imported = [...text.matchAll(/from '([^']+)'/g)].map((match) => match[1] as string);
    const own = /^(\.\/|node:|@noble\/|\.\.\/\.\.\/reference\/svdw\.ts)/;
    expect(imported.filter((name) => !own.test(name))).toEqual([]);
  }
});

describe.each(rounds)('%s', (_, vector) => {
  const round = readPlan(base64(vector.plan), hex(vector.voucher), hex(vector.beacon));

  test('the plan gives round id, ring and vectors', () => {
    expect(round.planHash).toEqual(hex(vector.planHash));
    expect(round.roundId).toEqual(hex(vector.roundId));
    expect(round.graph.at).toEqual(vector.ring);
    const lengths = vector.ringSums.map((sum) => sum.length);
    expect(vectorsOf(round).map(({ d }) => d)).toEqual(lengths);
  });

  test.each(vector.clients)('the inputs of client $index become its vectors', ({ encoding }) => {
    const { inputs, rounding, exact, noise, vectors, blindings, commitments } = encoding;
    for (const [i, field] of round.fields.entries()) {
      expect(encoded(field, inputs[field.name], hex(rounding[i] as string), round)).toEqual(
        exact[i],
      );
      const whole = Uint32Array.from(
        exact[i] as number[],
        (word, j) => word + (noise[i]?.[j] as number),
      );
      expect([...whole]).toEqual(vectors[i]);
      if (field.variances.length === 0) expect(noise[i]?.every((e) => e === 0)).toBe(true);
    }
    if (blindings === undefined) return;
    const own = blindings.map((list) => list.map(hex));
    const made = commitAll(round, exact, noise, own);
    expect(Buffer.from(made.commitments).toString('hex')).toBe(commitments);
    expect(made.limbs).toEqual(vectors.at(-1));
  });

  test.each(vector.clients)('every uplink of client $index, byte for byte', (of) => {
    const { index, privateKey, encoding } = of;
    const me: Me = { round, index, privateKey: hex(privateKey), context: hex(vector.context) };
    if (of.advertise === undefined) return;
    const one = advertise(me, hex(of.advertise.sealingSeed), hex(of.advertise.maskingSeed));
    expect(one.message).toEqual(base64(of.advertise.uplink));
    if (of.share === undefined) return;
    const commitments = hex(encoding.commitments ?? '');
    const dealing = dealingOf(of.share);
    const two = share(me, one.next, base64(of.share.downlink), dealing, commitments);
    expect(two.message).toEqual(base64(of.share.uplink));
    if (of.mask === undefined) return;
    const three = mask(me, two.next, base64(of.mask.downlink), encoding.vectors);
    expect(three.message).toEqual(base64(of.mask.uplink));
    if (of.confirm === undefined) return;
    const four = confirm(me, three.next, base64(of.confirm.downlink));
    expect(four.message).toEqual(base64(of.confirm.uplink));
    if (of.unmask === undefined) return;
    const five = unmask(me, four.next, base64(of.unmask.downlink));
    expect(five.message).toEqual(base64(of.unmask.uplink));
  });
});
