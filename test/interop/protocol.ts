/** What crosses between the two threads of an interop round: bytes by client id, and nothing else. */

export type Setup = {
  readonly side: 'clients' | 'coordinator';
  readonly plan: Uint8Array;
  readonly voucher: Uint8Array;
  /** Private identity keys by client id; the coordinator's side gets none. */
  readonly identities: ReadonlyMap<string, Uint8Array>;
};

/** Downlinks to the clients' side, uplinks to the coordinator's side. */
export type ToWorker = { readonly call: number; readonly bytes: ReadonlyMap<string, Uint8Array> };

export type ToMain = {
  readonly call: number | 'ready';
  readonly bytes: ReadonlyMap<string, Uint8Array>;
};

/** Takes the other side's bytes of one phase, and gives its own of the next. */
export type Side = (
  bytes: ReadonlyMap<string, Uint8Array>,
) => Promise<ReadonlyMap<string, Uint8Array>>;
