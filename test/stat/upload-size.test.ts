/**
 * What a client uploads over the five phases together, in bytes, against the bounds that the project
 * promises: for d elements of b bits and k neighbours, 1.02·d·b/8 + 250·k + 1,000, and in the hybrid
 * suite 1,750·k + 3,000 more. For every client, wherever it stands on the roster.
 *
 * Small rounds are played and weighed. Of large ones, where a round takes minutes, every client's
 * messages are laid out with blanks in place of keys and shares; the small rounds show that this
 * gives the very same lengths.
 */
import { describe, expect, test } from 'vitest';
import { integer, type Plan, type SuiteName } from '../../src/index.ts';
import { termsOf } from '../../src/round/plan.ts';
import { neighbours } from '../../src/secagg/graph.ts';
import { encapsulates } from '../../src/secagg/keys.ts';
import {
  BOX_LENGTH,
  encodeAdvert,
  encodeConfirmHeader,
  encodeMaskHeader,
  encodeParts,
  encodeShareHeader,
  encodeSharePart,
  encodeUnmaskHeader,
} from '../../src/secagg/messages.ts';
import { sizeOf, type Terms, uploadLength } from '../../src/secagg/terms.ts';
import { encodeEnvelope } from '../../src/wire/envelope.ts';
import { party, planFor, play } from '../support/round.ts';

const LENGTH = 1_000;
/** One party of each size for both suites. */
const parties = new Map<number, ReturnType<typeof party>>();
const partyOf = (n: number): ReturnType<typeof party> => {
  const found = parties.get(n) ?? party(n);
  parties.set(n, found);
  return found;
};

const fields = { x: integer({ length: LENGTH, min: 0, max: 65_535 }) };
const blank = (length: number): Uint8Array => new Uint8Array(length);

/** Bytes of all that the client at a roster position uploads when nobody is missing. */
function laidOut(terms: Terms, index: number): number {
  const near = neighbours(terms.graph, index)
    .map((neighbour) => neighbour.index)
    .sort((a, b) => a - b);
  const { publicKeyLength, ciphertextLength } = terms.suite;
  const parts = near.map((holder) =>
    encodeSharePart({
      holder,
      box: blank(BOX_LENGTH),
      selfHash: blank(16),
      maskingHash: blank(16),
      sealingCiphertext: blank(ciphertextLength),
      maskingCiphertext: blank(encapsulates(terms, index, holder) ? ciphertextLength : 0),
    }),
  );
  const hash = blank(32);
  const says: readonly (readonly [Uint8Array, Uint8Array])[] = [
    [
      encodeAdvert({
        sealingKey: blank(publicKeyLength),
        maskingKey: blank(publicKeyLength),
        context: hash,
      }),
      blank(0),
    ],
    [
      encodeShareHeader({
        commitment: hash,
        ownHash: blank(16),
        partsRoot: hash,
        partCount: parts.length,
        commitments: blank(0),
      }),
      encodeParts(parts),
    ],
    [encodeMaskHeader({ u2Hash: hash, commitments: blank(0) }), blank(uploadLength(terms))],
    [
      encodeConfirmHeader({
        u2Hash: hash,
        u3Hash: hash,
        headersRoot: hash,
      }),
      blank(0),
    ],
    [
      encodeUnmaskHeader({ shares: near.map((dealer) => ({ dealer, share: hash })), own: hash }),
      blank(0),
    ],
  ];
  return says.reduce(
    (sum, [header, payload], i) =>
      sum +
      encodeEnvelope({
        phase: i + 1,
        roundId: hash,
        sender: index,
        header,
        signature: blank(64),
        payload,
      }).length,
    0,
  );
}

function boundOf(plan: Plan): number {
  const k = plan.parameters.degree;
  const b = plan.shapes[0]?.modulusBits as number;
  const hybrid = plan.suite === 'x25519' ? 0 : 1_750 * k + 3_000;
  return 1.02 * LENGTH * (b / 8) + 250 * k + 1_000 + hybrid;
}

const active = { corrupt: 0.1, coordinator: 'active' } as const;
const semiHonest = { corrupt: 0.05, absent: 0.05, coordinator: 'semi-honest' } as const;

describe.each(['x25519', 'x25519-mlkem768'] as const)('suite %s', (suite: SuiteName) => {
  test.each([
    { n: 20, trust: { ...active, absent: 0.4 }, degree: 19 },
    { n: 20, trust: semiHonest, degree: 4 },
    { n: 30, trust: semiHonest, degree: 4 },
  ])('$n clients of degree $degree, played: every client is within the bound', async (which) => {
    const people = await partyOf(which.n);
    const plan = planFor(people, { fields, trust: which.trust, suite });
    expect(plan.parameters.degree).toBe(which.degree);
    const sent = new Map<string, number>();
    const { result, left } = await play(people, plan, {
      inputs: () => ({ x: new Float64Array(LENGTH).fill(65_535) }),
      uplink: (_, id, message) => {
        sent.set(id, (sent.get(id) ?? 0) + message.length);
        return [message];
      },
    });
    expect([...left]).toEqual([]);
    expect(result.contributors).toEqual(people.ids);
    people.ids.forEach((id, index) => {
      expect(sent.get(id), id).toBeLessThanOrEqual(boundOf(plan));
      expect(sent.get(id), id).toBe(laidOut(termsOf(plan), index));
    });
  });

  test.each([
    { n: 60, trust: semiHonest, degree: 8 },
    { n: 60, trust: { ...active, absent: 0.43 }, degree: 59 },
    { n: 100, trust: { ...active, absent: 0.1 }, degree: 42 },
    { n: 100, trust: { ...active, absent: 0.43 }, degree: 99 },
    { n: 1_000, trust: { corrupt: 0.05, absent: 0.05 }, degree: 58 },
  ])('$n clients of degree $degree, laid out: every client is within the bound', async (which) => {
    const people = await partyOf(which.n);
    const plan = planFor(people, { fields, trust: which.trust, suite });
    expect(plan.parameters.degree).toBe(which.degree);
    const terms = termsOf(plan);
    const sizes = Array.from({ length: sizeOf(terms) }, (_, index) => laidOut(terms, index));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(boundOf(plan));
    expect(Math.min(...sizes)).toBeGreaterThan(0.6 * boundOf(plan));
  });
});
