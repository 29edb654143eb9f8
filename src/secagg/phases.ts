/**
 * The five phases of a round and the types that keep them in order: a message or a state of one
 * phase does not fit where another is asked for, so a wrong order does not compile.
 */
import type { ClientId } from '../identity/roster.ts';

/** The phases in their order. The position (from 1) is the phase's number on the wire. */
export const PHASES = ['advertise', 'share', 'mask', 'confirm', 'unmask'] as const;

/** One of the five. */
export type Phase = (typeof PHASES)[number];

/** The phase's number on the wire. */
export const phaseNumber = (phase: Phase): number => PHASES.indexOf(phase) + 1;

declare const direction: unique symbol;

/**
 * Bytes from a client to the coordinator. Bytes fresh from a socket fit any phase (they are checked
 * at run time); bytes that a veilsum step made fit their own phase only.
 */
export type Uplink<P extends Phase = Phase> = Uint8Array & {
  readonly [direction]?: { readonly to: 'coordinator'; readonly phase: P };
};

/** Bytes from the coordinator to one client, answering which the client does phase `P`. */
export type Downlink<P extends Phase = Phase> = Uint8Array & {
  readonly [direction]?: { readonly to: 'client'; readonly phase: P };
};

/** Every client's own downlink. */
export type Downlinks<P extends Phase> = ReadonlyMap<ClientId, Downlink<P>>;
