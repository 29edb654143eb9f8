/**
 * Twenty clients learn digits; some vanish. The coordinator publishes the sum and its bundle, and a
 * stranger who knows nothing but the roster's root checks it from the command line. Then the coordinator
 * tries to publish something else.
 */
import { noNoise } from 'veilsum';
import { type Trust, trustIn } from 'veilsum/verify';
import { fastCurve, pedersen } from 'veilsum/zk';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadDigits, pick } from '../../../examples/digits/data.ts';
import { FIELDS } from '../../../examples/digits/digits-round.ts';
import {
  initialWeights,
  PARAMETERS,
  startTensorFlow,
  trainLocally,
} from '../../../examples/digits/model.ts';
import { packInto, unpackInto } from '../../../src/ring/packing.ts';
import { decodeBundle } from '../../../src/round/bundle/format.ts';
import { termsOf } from '../../../src/round/plan.ts';
import { decodeMaskHeader, encodeMaskHeader } from '../../../src/secagg/messages.ts';
import { headerHash } from '../../../src/secagg/signed.ts';
import type { Terms } from '../../../src/secagg/terms.ts';
import { fromBitmap, toBitmap } from '../../../src/wire/bitmap.ts';
import { committedPlanFor, party, play } from '../../support/round.ts';
import { verified } from '../../verify/run-command.ts';
import { changed } from '../../verify/support.ts';

const CLIENTS = 20;
/** Who vanishes, and before which answer. */
const VANISHES = new Map([
  ['client-3', 'share'],
  ['client-8', 'mask'],
  ['client-15', 'unmask'],
] as const);

let bundle: Uint8Array;
let trust: Trust;
let terms: Terms;
let sum: Float64Array;
beforeAll(async () => {
  await startTensorFlow();
  const digits = await loadDigits();
  const people = await party(CLIENTS);
  await using curve = await fastCurve();
  const plan = committedPlanFor(people, {
    fields: FIELDS,
    trust: { corrupt: 0.1, absent: 0.2 },
    noise: noNoise(),
    commitments: pedersen(curve === undefined ? {} : { curve }),
  });
  const start = initialWeights(3);
  const training = { epochs: 1, batchSize: 10, learningRate: 0.3 };
  const { result } = await play(people, plan, {
    inputs: (id) => {
      const i = people.ids.indexOf(id);
      const own = pick(
        digits,
        Array.from({ length: 30 }, (_, j) => 200 * j + i),
      );
      return { update: trainLocally(start, own, { ...training, seed: [i] }), tally: [30, i] };
    },
    vanish: (id) => VANISHES.get(id as never),
  });
  bundle = result.bundle as Uint8Array;
  // The stranger knows the roster, not the plan.
  const { plan: _, ...known } = trustIn(plan);
  trust = known;
  terms = termsOf(plan as never);
  sum = result.sum.update;
  expect(result.contributors).toHaveLength(CLIENTS - 2);
}, 180_000);

const verdictOn = (bytes: Uint8Array) => verified(bytes, JSON.stringify(trust));

test('a stranger verifies the sum of 25,450 numbers', () => {
  expect(PARAMETERS).toBeGreaterThanOrEqual(25_000);
  const { code, out } = verdictOn(bundle);
  expect(out).toMatch(/^VALID\n/);
  expect(code).toBe(0);
  expect(out).toContain('contributors  18 of 20 invited');
  expect(out).toContain(`update: ${PARAMETERS} numbers`);
  expect(out).toContain(`sum: ${Number((sum[0] as number).toPrecision(6))} `);
});

/** The ring sum of the updates, with one part of it changed. */
function withSum(packed: readonly Uint8Array[], change: (sum: Uint32Array) => void) {
  const { length, modulusBits } = terms.fields[0] as Terms['fields'][number];
  const words = new Uint32Array(length);
  unpackInto(words, packed[0] as Uint8Array, modulusBits);
  change(words);
  const out = new Uint8Array((packed[0] as Uint8Array).length);
  packInto(out, words, modulusBits);
  return [out, ...packed.slice(1)];
}

describe('the coordinator publishes something else, and the stranger is told what is wrong', () => {
  const refused = (bytes: Uint8Array, ...reasons: readonly RegExp[]): void => {
    expect(verdictOn(bundle).code, 'the honest one').toBe(0);
    const { code, out } = verdictOn(bytes);
    expect(out).toMatch(/^NOT VALID\n/);
    expect(code).toBe(1);
    for (const reason of reasons) expect(out).toMatch(reason);
  };

  test('one element is another', () => {
    const one = changed(bundle, ({ aggregate }) => ({
      aggregate: withSum(aggregate, (words) => {
        words[20_000] = (words[20_000] as number) ^ 1;
      }),
    }));
    refused(one, /does-not-open: field "update" \(chunk 4\)/);
  });

  test('a client is dropped', () => {
    const parts = decodeBundle(bundle);
    const u3 = fromBitmap(parts.u3, CLIENTS, 'U3');
    const gone = u3[5] as number;
    const dropped = changed(bundle, ({ absent, signatures, signers, contributors }) => {
      const share = { ...(contributors[5] as (typeof contributors)[number]).share, sender: gone };
      const u2 = fromBitmap(parts.u2, CLIENTS, 'U2');
      const before = u2.filter((index) => index < gone && !u3.includes(index)).length;
      const signed = fromBitmap(signers, CLIENTS, 'signers');
      const kept = signed.filter((index) => index !== gone);
      return {
        u3: toBitmap(
          u3.filter((index) => index !== gone),
          CLIENTS,
        ),
        contributors: contributors.filter((_, i) => i !== 5),
        absent: Buffer.concat([
          absent.subarray(0, 32 * before),
          headerHash(terms, 'share', share),
          absent.subarray(32 * before),
        ]),
        signers: toBitmap(kept, CLIENTS),
        signatures: Buffer.concat(
          kept.map((index) => signatures.subarray(64 * signed.indexOf(index)).subarray(0, 64)),
        ),
      };
    });
    refused(dropped, /no-quorum: got 0 confirmations/, /does-not-open: field "update"/);
  });

  test('a client is counted twice', () => {
    const repeated = changed(bundle, ({ contributors }) => ({
      contributors: contributors.map((entry, i) => (i === 7 ? contributors[6] : entry) as never),
    }));
    refused(repeated, /bad-signature: client "client-9"/, /does-not-open: field "update"/);
  });

  test('a commitment is replaced', () => {
    const replaced = changed(bundle, ({ contributors }) => {
      const [first, second] = contributors.map(({ mask }) => decodeMaskHeader(terms, mask.header));
      const header = encodeMaskHeader({
        u2Hash: (first as NonNullable<typeof first>).u2Hash,
        commitments: (second as NonNullable<typeof second>).commitments,
      });
      return {
        contributors: contributors.map((said, i) =>
          i === 0 ? { ...said, mask: { ...said.mask, header } } : said,
        ),
      };
    });
    refused(
      replaced,
      /bad-commitment: client "client-0"/,
      /bad-signature: client "client-0"/,
      /does-not-open: field "update"/,
    );
  });
});
