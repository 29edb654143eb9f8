/**
 * What everybody agreed on beforehand. Clients and the server share this file; none of it is asked of the
 * server, and a plan that says otherwise is refused.
 */
import { type Plan, type RealField, real, type SkellamNoise, type Trust } from 'veilsum';
import { type ReviewedPlan, readPlan } from 'veilsum/client';
import { pedersen } from 'veilsum/zk';
import { CLIP, LENGTH } from './drawing.ts';

/** What a client sends. With 9 bits a full pixel is 51 steps exactly, so nothing of it is rounded. */
export const FIELDS: { readonly ink: RealField } = {
  ink: real({ length: LENGTH, clip: { norm: 'l2', bound: CLIP }, bits: 9 }),
};

/** One in ten may tell the coordinator all it knows; one in four may vanish. */
export const TRUST: Trust = { corrupt: 0.1, absent: 0.25 };

/** How drawings are committed to: one object, for it keeps what it has computed. */
export const COMMITMENTS: ReturnType<typeof pedersen> = pedersen();

/** The price of a run of rounds, for one person and all that it draws in them. */
export type Run = { readonly epsilon: number; readonly delta: number; readonly rounds: number };

/** What a client knows beforehand, and holds every plan against. */
export type Agreement = {
  /** 32 bytes: who vouches for the clients. */
  readonly voucher: Uint8Array;
  /** The most that a run may cost; nothing for exact sums, which protect nobody. */
  readonly run: Run | undefined;
};

/** A plan of this example. Where the agreement has no price, it has no noise either, whatever its type says. */
export type DrawingPlan = Plan<typeof FIELDS, SkellamNoise, typeof COMMITMENTS>;

/** The same, after a client has read it. */
export type ReviewedDrawingPlan = ReviewedPlan<typeof FIELDS, SkellamNoise, typeof COMMITMENTS>;

/** Reads a plan as every client does: it is refused where it is not what was agreed on. */
export function readDrawingPlan(
  bytes: Uint8Array,
  { voucher, run }: Agreement,
): ReviewedDrawingPlan {
  const policy = { voucher, fields: FIELDS, commitments: COMMITMENTS };
  if (run === undefined) return readPlan(bytes, policy) as unknown as ReviewedDrawingPlan;
  const privacy = { epsilon: run.epsilon, delta: run.delta };
  return readPlan(bytes, { ...policy, privacy }) as ReviewedDrawingPlan;
}

/** What a round's plan is called: which run of the server, which round, and what is drawn. */
export type RoundName = { readonly run: string; readonly round: number; readonly theme: string };

export const nameOfRound = ({ run, round, theme }: RoundName): string =>
  `drawings/${run}/${round}/${theme}`;

export function readRoundName(id: string): RoundName {
  const [, run = '', round = '', theme = ''] = id.split('/');
  return { run, round: Number(round), theme };
}
