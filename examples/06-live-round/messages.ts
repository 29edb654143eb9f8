/** What goes over HTTP beside the protocol's own messages, as both ends see it. */
import type { Phase } from 'veilsum/coordinator';

/** A device asks for a seat in the next round. */
export type SeatRequest = {
  /** 1 to 20 characters; two of one name are told apart by a number. */
  readonly name: string;
  /** Ed25519, in hex. */
  readonly publicKey: string;
  /** Signature on {@link seatProof}, in hex: nobody takes a seat with somebody else's key. */
  readonly proof: string;
  /** For the lobby, which waits for somebody real, and for the picture of the round. Nothing else. */
  readonly simulated: boolean;
};

/** What a device signs to be seated. */
export const seatProof = (name: string): Uint8Array =>
  new TextEncoder().encode(`veilsum example 06: a seat for ${name}`);

/** What is wrong with a request (RFC 9457, `application/problem+json`). */
export type Problem = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** Stable; a fault's code where the protocol refused. */
  readonly code: string;
  readonly detail: string;
};

/** Where the host is: in the lobby, in a phase, or done with a round. */
export type Stage = 'lobby' | Phase | 'result' | 'failed' | 'spent';

/** A client of the round, as everybody may see it. */
export type Seen = {
  readonly name: string;
  readonly simulated: boolean;
  /** Phases that its messages were taken in for, 0 to 5. */
  readonly done: number;
  /** The phase that it was missing in; it is out from there on. */
  readonly dropped: Phase | undefined;
  /** Bytes that it has sent. */
  readonly bytes: number;
  /** What it uploaded, in base64, one byte a pixel: the top bits of each masked number. */
  readonly upload: string | undefined;
};

/** A phase that is over. */
export type Logged = {
  readonly phase: Phase;
  readonly milliseconds: number;
  readonly messages: number;
  readonly expected: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
};

/** Everything that a page shows, except the sum, which comes in a proof. */
export type View = {
  /** Counts changes: who has seen this one asks for what comes after. */
  readonly version: number;
  readonly stage: Stage;
  /** The round that is played, or was played last, or for which the lobby is open. */
  readonly round: number;
  readonly theme: string;
  readonly seats: number;
  readonly seated: number;
  /** Milliseconds until the stage ends at the latest, when this was sent; nothing if it is open. */
  readonly left: number | undefined;
  readonly clients: readonly Seen[];
  readonly log: readonly Logged[];
  /** Messages that were refused in this round, by the code of the fault. */
  readonly refused: readonly { readonly code: string; readonly culprit: string | undefined }[];
  readonly ledger: Spending | undefined;
  /** Why the round failed, or was not begun. */
  readonly reason: string | undefined;
};

/** What the coordinator's ledger has paid. */
export type Spending = {
  readonly epsilon: number;
  readonly budget: number;
  readonly delta: number;
  readonly rounds: number;
  readonly of: number;
  /** Standard deviation of the noise in each pixel of the sum, if a round was opened. */
  readonly deviation: number | undefined;
};

export const bytesToHex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

export const hexToBytes = (hex: string): Uint8Array =>
  Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
