/**
 * Grinding for a graph.
 *
 * Who is whose neighbour follows from the plan, and the coordinator makes the plan. It tries one plan
 * after the other, with another id or another order of the roster, until the victim is surrounded by
 * corrupt clients; nobody sees the plans that it threw away. In a small round with a low degree that
 * takes it a second, and the victim's neighbours then hold all shares of the victim's secrets.
 *
 * Rule (secagg.md, Graph, Beacon): the graph is drawn from the plan and a public random value that
 * comes after it. A client records the plan while the named round is still to come by its own clock,
 * refuses a plan first seen later, and verifies the value through a function of its own.
 */

import { plan as makePlan, noNoise, planBytes, type Signer, type Trust } from 'veilsum';
import { advertise, type BeaconPort, readPlan, witness } from 'veilsum/client';
import { describe, expect, test } from 'vitest';
import { equalBytes, lengthPrefixed, u32, utf8 } from '../../../src/internal/bytes.ts';
import { sha256 } from '../../../src/internal/sha256.ts';
import { assumptionsOf } from '../../../src/round/assumptions.ts';
import { termsOf } from '../../../src/round/plan.ts';
import { buildGraph, type Graph } from '../../../src/secagg/graph.ts';
import { graphParameters } from '../../../src/secagg/graph-parameters.ts';
import { CONTEXT, party } from '../../support/round.ts';
import { fields, smallActive } from '../support/hostile-round.ts';
import {
  collude,
  emptyBook,
  inputOf,
  naiveRound,
  naiveUpload,
  near,
  openSum,
} from '../support/naive-sum.ts';

/** Thirty clients of degree 4, far below what six corrupt ones call for: this is a naive plan. */
const small = {
  ...graphParameters({ clients: 30, corrupt: '0', absent: '0.05', coordinator: 'active' }),
  degree: 4,
};
const corrupt = new Set([0, 1, 2, 3, 4, 5]);
const victim = 20;
const isSurrounded = (graph: Graph): boolean =>
  near(graph, victim).every((index) => corrupt.has(index));
const planHash = (id: number): Uint8Array => sha256(utf8(`votes/${id}`));
const roundId = (id: number, beacon: Uint8Array): Uint8Array =>
  sha256(lengthPrefixed(planHash(id), beacon));

/** The first plan whose graph, drawn from what the coordinator knows, surrounds the victim. */
function grind(draw: (id: number) => Graph): { readonly id: number; readonly graph: Graph } {
  for (let id = 0; id < 30_000; id++) {
    const graph = draw(id);
    if (isSurrounded(graph)) return { id, graph };
  }
  throw new Error('no plan found');
}

/** Whether the corrupt clients, with nobody else's answer, open the victim. */
function opened(graph: Graph): number[] | undefined {
  const round = naiveRound(graph, 3);
  const book = emptyBook();
  collude(round, book, corrupt);
  return openSum(round, book, new Map([[victim, naiveUpload(round, victim)]]), [victim]);
}

test('a naive coordinator finds a plan that opens the victim', () => {
  const draw = (id: number): Graph => buildGraph(small, planHash(id));
  const { id, graph } = grind(draw);
  expect(id).toBeGreaterThan(0); // not the first, honest one
  expect(opened(draw(0))).toBeUndefined();
  expect(opened(graph)).toEqual(inputOf(victim));
});

test('the same plan, found for any guess of the beacon, is a random one under the true value', () => {
  const guess = sha256(utf8('guess'));
  const { id } = grind((tried) => buildGraph(small, roundId(tried, guess)));
  const graph = buildGraph(small, roundId(id, sha256(utf8('what the beacon said'))));
  expect(isSurrounded(graph)).toBe(false);
  expect(opened(graph)).toBeUndefined();
});

describe('veilsum', async () => {
  const people = await party(30);
  const voucher = people.voucher.publicKey;
  const signer = people.signers.get('client-3') as Signer;
  /** A chain with a round every three seconds. */
  const beaconAt = (round: number): Uint8Array => sha256(lengthPrefixed(utf8('chain'), u32(round)));
  const port: BeaconPort = {
    timeMs: (_, round) => 3_000 * round,
    verify: (_, round, value) => equalBytes(value, beaconAt(round)),
  };
  const beacon = { chain: 'drums', round: 1_000, marginMs: 60_000 };
  const planned = (id: string, trust: Trust) =>
    readPlan(planBytes(makePlan({ id, roster: people.roster, noise: noNoise(), fields, trust })), {
      voucher,
    });
  const plan = planned('votes/1', { ...smallActive, beacon });
  const early = 3_000 * 1_000 - 60_001;
  const enter = (evidence: object) =>
    advertise(plan, signer, {
      context: CONTEXT,
      beacon: {
        receipt: witness(plan, { port, nowMs: early }),
        value: beaconAt(1_000),
        port,
        ...evidence,
      },
    });

  test('draws the graph from the value, so no plan settles it', () => {
    const [one, other] = [1_000, 1_001].map((round) => termsOf(plan, beaconAt(round)));
    expect(one?.roundId).not.toEqual(other?.roundId);
    expect([...(one?.graph.at ?? [])]).not.toEqual([...(other?.graph.at ?? [])]);
  });

  test('refuses a plan first seen within the margin, by the client’s own clock', () => {
    expect(witness(plan, { port, nowMs: early }).seenMs).toBe(early);
    for (const nowMs of [early + 1, 3_000_000, 4_000_000]) {
      expect(() => witness(plan, { port, nowMs })).toThrow(
        expect.objectContaining({ code: 'beacon-too-late', culprits: ['coordinator'] }),
      );
    }
    expect(() => witness(plan, { port, nowMs: Number.NaN })).toThrow(
      expect.objectContaining({ code: 'not-finite' }),
    );
  });

  test('refuses a receipt that is late, or of another plan, or none', async () => {
    const late = { plan: witness(plan, { port, nowMs: early }).plan, seenMs: early + 1 };
    await expect(enter({ receipt: late })).rejects.toMatchObject({
      code: 'beacon-too-late',
      culprits: ['coordinator'],
    });
    // The ground plan: in everything like the one that was seen, but for its id.
    const ground = planned('votes/2', { ...smallActive, beacon });
    const receipt = witness(ground, { port, nowMs: early });
    await expect(enter({ receipt })).rejects.toMatchObject({ code: 'wrong-type' });
    await expect(advertise(plan, signer, { context: CONTEXT })).rejects.toMatchObject({
      code: 'wrong-type',
    });
  });

  test('refuses a value that the chain did not give for this round', async () => {
    for (const value of [beaconAt(999), beaconAt(1_001), new Uint8Array(32), new Uint8Array(0)]) {
      await expect(enter({ value })).rejects.toMatchObject({
        code: 'bad-beacon',
        culprits: ['coordinator'],
      });
    }
  });

  test('enters with a receipt in time and the true value', async () => {
    const { message } = await enter({});
    expect(message.length).toBeGreaterThan(100);
  });

  test('says so where there is no beacon, and a policy may insist on one', () => {
    const bare = planned('votes/3', smallActive);
    const codes = (of: Parameters<typeof assumptionsOf>[0]) =>
      assumptionsOf(of).map(({ code }) => code);
    expect(codes(bare)).toContain('no-beacon');
    expect(codes(plan)).toContain('beacon');
    expect(codes(plan)).not.toContain('no-beacon');
    expect(() => readPlan(planBytes(bare), { voucher, beacon: 'required' })).toThrow(
      expect.objectContaining({ code: 'plan-refused', culprits: ['coordinator'] }),
    );
  });
});
