/**
 * A second implementation, written from PROTOCOL.md with no code of the library, says byte for byte what
 * the library says in the recorded rounds, and refuses what it refuses.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { base64, hex, meIn, PHASES, ROUND_FILES, roundOf, stepped, vectors } from './read.ts';
import { decode } from './second/cbor.ts';
import { commitAll } from './second/commitments.ts';
import { encoded } from './second/inputs.ts';
import { headerHash, vectorsOf } from './second/messages.ts';
import { readPlan } from './second/plan.ts';
import { H, HLP, merkleRoot } from './second/primitives.ts';
import type { Refused } from './second/refused.ts';
import type { ClientVector, Refusal, RoundVector } from './vectors/types.ts';

/** What a piece of work refuses with. */
function refused(work: () => unknown): Pick<Refused, 'code' | 'leaves'> | undefined {
  try {
    work();
  } catch (error) {
    const { code, leaves } = error as Refused;
    if (code === undefined) throw error;
    return { code, leaves };
  }
  return undefined;
}

test('it imports nothing of the library', () => {
  const files = readdirSync(join(import.meta.dirname, 'second'));
  expect(files).toContain('client.ts');
  for (const file of files) {
    const text = readFileSync(join(import.meta.dirname, 'second', file), 'utf8');
    const imported = [...text.matchAll(/(?:from |import\()'([^']+)'/g)].map((match) => match[1]);
    const own = /^(\.\/|node:|@noble\/|\.\.\/\.\.\/reference\/svdw\.ts)/;
    expect(imported.filter((name) => !own.test(name as string))).toEqual([]);
  }
});

describe.each(ROUND_FILES)('%s', (file) => {
  const vector = vectors<RoundVector>(file);
  const round = roundOf(vector);

  test('the plan gives round id, ring and vectors', () => {
    expect(round.planHash).toEqual(hex(vector.planHash));
    expect(round.roundId).toEqual(hex(vector.roundId));
    expect(round.graph.at).toEqual(vector.ring);
    const lengths = vector.ringSums.map((sum) => sum.length);
    expect(vectorsOf(round).map(({ d }) => d)).toEqual(lengths);
  });

  test('its transcript is that of the uplinks, and its sum that of U3', () => {
    const entries = [HLP('veilsum/v1 transcript', round.roundId)];
    for (const [i, phase] of PHASES.entries()) {
      for (const { [phase]: step } of vector.clients.filter((client) => client[phase])) {
        const [, , , sender, header, signature, payload] = decode(base64(step?.uplink), 1e6) as [
          number,
          number,
          Uint8Array,
          number,
          Uint8Array,
          Uint8Array,
          Uint8Array,
        ];
        const digest = payload.length === 0 ? payload : H(payload);
        const hash = headerHash(round, i + 1, { sender, header, digest, signature });
        entries.push(HLP(phase, hash));
      }
    }
    expect(entries.length).toBe(vector.transcript.size);
    expect(merkleRoot(entries)).toEqual(hex(vector.transcript.root));
    for (const [i, { b }] of vectorsOf(round).entries()) {
      const sum = vector.ringSums[i]?.map((_, j) =>
        vector.u3.reduce(
          (all, index) =>
            (all + (vector.clients[index]?.encoding.vectors[i]?.[j] as number)) % 2 ** b,
          0,
        ),
      );
      expect(sum).toEqual(vector.ringSums[i]);
    }
  });

  test.each(vector.clients)('the inputs of client $index become its vectors', ({ encoding }) => {
    const { inputs, rounding, exact, noise, vectors: all, blindings, commitments } = encoding;
    for (const [i, field] of round.fields.entries()) {
      const words = encoded(field, inputs[field.name], hex(rounding[i] as string), round);
      expect(words).toEqual(exact[i]);
      const whole = Uint32Array.from(words, (word, j) => word + (noise[i]?.[j] as number));
      expect([...whole]).toEqual(all[i]);
      if (field.variances.length === 0) expect(noise[i]?.every((e) => e === 0)).toBe(true);
    }
    if (blindings === undefined) return;
    const own = blindings.map((list) => list.map(hex));
    const made = commitAll(round, exact, noise, own);
    expect(Buffer.from(made.commitments).toString('hex')).toBe(commitments);
    expect(made.limbs).toEqual(all.at(-1));
  });

  test.each(vector.clients)('every uplink of client $index, byte for byte', (of) => {
    const me = meIn(vector, of);
    let state: unknown;
    for (const phase of PHASES) {
      if (of[phase] === undefined) return;
      const { message, next } = stepped(me, of, phase, state);
      expect(message).toEqual(base64(of[phase].uplink));
      state = next;
    }
  });
});

const { cases } = vectors<{ cases: readonly Refusal[] }>('refusals');

test.each(cases)('refuses $what ($round, $phase): $code', (of) => {
  const vector = vectors<RoundVector>(of.round);
  const client = vector.clients[of.client] as ClientVector;
  const me = meIn(vector, client);
  let state: unknown;
  for (const phase of PHASES.slice(0, PHASES.indexOf(of.phase))) {
    state = stepped(me, client, phase, state).next;
  }
  const got = refused(() => stepped(me, client, of.phase, state, base64(of.downlink)));
  expect(got).toEqual({ code: of.code, leaves: of.leaves });
});

test('the refusals hold every code of a client but those of plans', () => {
  const codes = new Set(cases.map(({ code }) => code));
  const page = readFileSync(join(import.meta.dirname, '../../src/secagg/PROTOCOL.md'), 'utf8');
  const [, table = ''] = page.split('\n## 12 Codes\n');
  const rows =
    table
      .split('\n## ')[0]
      ?.split('\n')
      .filter((row) => row.startsWith('| `')) ?? [];
  const named = [rows[0], rows[2]].flatMap((row) =>
    [...((row as string).split('|')[1] as string).matchAll(/`([^`]+)`/g)].map((match) => match[1]),
  );
  expect(named.length).toBeGreaterThan(15);
  // A downlink that is too long would take as many bytes.
  expect(named.filter((code) => !codes.has(code as string))).toEqual(['too-large']);
});

type Plans = {
  readonly voucher: string;
  readonly accepted: readonly { readonly what: string; readonly plan: string }[];
  readonly refused: readonly {
    readonly what: string;
    readonly plan: string;
    readonly code: string;
  }[];
};
const plans = vectors<Plans>('plans');
const voucher = hex(plans.voucher);

test.each(plans.accepted)('reads a plan: $what', ({ plan }) => {
  expect(refused(() => readPlan(base64(plan), voucher))).toBeUndefined();
});

test.each(plans.refused)('refuses a plan: $what: $code', ({ plan, code }) => {
  expect(refused(() => readPlan(base64(plan), voucher))?.code).toBe(code);
});
