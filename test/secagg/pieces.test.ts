/** What a hostile review found at the unmask work, each as a test. */
import { integer } from 'veilsum';
import * as coordinator from 'veilsum/coordinator';
import { describe, expect, test } from 'vitest';
import { coordinatorAt, record } from '../scenario/bad-input/recording.ts';
import { party, planFor } from '../support/round.ts';

const code = (code: string) => expect.objectContaining({ code });

describe('a round that lost a client', async () => {
  const people = await party(6);
  const facts = {
    fields: { votes: integer({ length: 2, min: 0, max: 9 }) },
    trust: { corrupt: 0, absent: 0.2 },
  };
  const inputs = () => ({ votes: [5, 9] });
  const vanish = (id: string) => (id === 'client-5' ? ('mask' as const) : undefined);
  const recording = await record(people, planFor(people, facts), inputs, vanish);
  const other = await record(people, planFor(people, facts), inputs, vanish);
  type State = coordinator.CoordinatorState<'unmask', typeof facts.fields>;
  const unmasking = (of = recording): State => {
    const at = coordinatorAt(of, 'unmask') as State;
    for (const message of of.phases.unmask.uplinks.values()) coordinator.accept(at, message);
    return at;
  };
  const run = (pieces: readonly coordinator.Piece[], fields: coordinator.UnmaskWork['fields']) => {
    const accumulator = coordinator.createAccumulator(fields);
    for (const piece of pieces) coordinator.runPieceInto(accumulator, piece);
    return accumulator;
  };

  test('work of two cuts never passes for complete', () => {
    const state = unmasking();
    // Of four edges: 3 and 1, then 2 and 2. Mixed, one would be taken away twice, or not at all.
    const first = coordinator.unmaskWork(state, { pieceWords: 6 });
    const second = coordinator.unmaskWork(state, { pieceWords: 4 });
    const isEdges = ({ name }: coordinator.Piece): boolean => name.startsWith('edges/');
    expect(first.pieces.filter(isEdges).length).toBe(2);
    expect(second.pieces.filter(isEdges).length).toBe(2);
    const rest = second.pieces.filter((piece) => !isEdges(piece));
    for (let i = 0; i < 2; i++) {
      for (let j = 0; j < 2; j++) {
        const mixed = [
          ...rest,
          first.pieces.filter(isEdges)[i] as coordinator.Piece,
          ...second.pieces.filter(isEdges).filter((_, at) => at !== j),
        ];
        expect(() => coordinator.close(state, [run(mixed, first.fields)])).toThrow(
          code('unknown-id'),
        );
      }
    }
    const { next } = coordinator.close(state, [run(second.pieces, second.fields)]);
    expect(next.sum.votes).toEqual([25, 45]);
  });

  test('nor does work of another round', () => {
    const [state, elsewhere] = [unmasking(), unmasking(other)];
    coordinator.unmaskWork(state);
    const { fields, pieces } = coordinator.unmaskWork(elsewhere);
    expect(() => coordinator.close(state, [run(pieces, fields)])).toThrow(code('unknown-id'));
  });

  test('a piece that fails may be run again: it was not counted', () => {
    const state = unmasking();
    const { fields, pieces } = coordinator.unmaskWork(state);
    const accumulator = coordinator.createAccumulator(fields);
    for (const piece of pieces) {
      const short = { ...piece, shares: piece.shares.subarray(1) };
      expect(() => coordinator.runPieceInto(accumulator, short)).toThrow(code('wrong-length'));
      if (piece.opens.secret === 'masking') {
        const [edge, ...rest] = piece.opens.edges;
        const bad = { ...(edge as (typeof rest)[number]), maskingKey: new Uint8Array(32) };
        const opens = { ...piece.opens, edges: [...rest, bad] };
        expect(() => coordinator.runPieceInto(accumulator, { ...piece, opens })).toThrow(
          code('bad-key'),
        );
      }
      expect(accumulator.holds.has(piece.name)).toBe(false);
      coordinator.runPieceInto(accumulator, piece);
    }
    expect(coordinator.close(state, [accumulator]).next.sum.votes).toEqual([25, 45]);
  });

  test('an accumulator whose piece failed halfway is never finalised', () => {
    const state = unmasking();
    const { fields, pieces } = coordinator.unmaskWork(state);
    const accumulator = coordinator.createAccumulator(fields);
    const sum = accumulator.sums[0] as Uint32Array;
    const broken = { ...accumulator, sums: [new Proxy(sum, {})] };
    // A proxy is no vector for the kernel: the masks cannot be applied.
    expect(() => coordinator.runPieceInto(broken, pieces[0] as coordinator.Piece)).toThrow();
    for (const piece of pieces.slice(1)) coordinator.runPieceInto(accumulator, piece);
    expect(() => coordinator.close(state, [accumulator])).toThrow(/half an addend/);
  });

  test('what is no accumulator is refused before anything is added', () => {
    const state = unmasking();
    const { fields, pieces } = coordinator.unmaskWork(state);
    const whole = run(pieces, fields);
    const into = coordinator.createAccumulator(fields);
    const damaged: readonly object[] = [
      { ...whole, sums: [] },
      { ...whole, sums: [new Uint32Array(1)] },
      { ...whole, sums: [[1, 2]] },
      { ...whole, sums: [new Float64Array(2)] },
      { ...whole, holds: [...whole.holds] },
      { ...whole, unopened: new Set(['self/99']) },
    ];
    for (const one of damaged) {
      expect(() => coordinator.mergeInto(into, one as coordinator.Accumulator)).toThrow(
        code('wrong-type'),
      );
      expect(() => coordinator.close(state, [one as coordinator.Accumulator])).toThrow(
        code('wrong-type'),
      );
    }
    expect([...into.holds]).toEqual([]);
    expect([...(into.sums[0] as Uint32Array)]).toEqual([0, 0]);
    expect(coordinator.close(state, [whole]).next.sum.votes).toEqual([25, 45]);
  });

  test('a saved coordinator whose sum and headers disagree is refused', () => {
    const [early, late] = [coordinatorAt(recording, 'mask'), coordinatorAt(recording, 'mask')];
    for (const message of recording.phases.mask.uplinks.values()) {
      coordinator.accept(late, message as never);
    }
    const [a, b] = [coordinator.save(early), coordinator.save(late)].map((saved) =>
      Buffer.from(saved),
    ) as [Buffer, Buffer];
    expect(a.length).toBeLessThan(b.length);
    // The name of an upload in the stored sum becomes another client's.
    const name = Buffer.from('upload/4');
    const at = b.indexOf(name);
    expect(at).toBeGreaterThan(0);
    b.write('upload/5', at);
    expect(() => coordinator.restore(recording.plan, b)).toThrow(code('malformed'));
  });
});
