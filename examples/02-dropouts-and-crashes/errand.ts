/** What a device and whoever starts it tell each other. */
import { type IntegerField, integer } from 'veilsum';
import type { Phase } from 'veilsum/coordinator';

/** What everybody agreed on beforehand. */
export const FIELDS: { readonly votes: IntegerField } = {
  votes: integer({ length: 3, min: 0, max: 9 }),
};

/** What a device is started with, as JSON in its first argument. */
export type Errand = {
  /** Where its key, its claims and its state are. */
  readonly folder: string;
  readonly votes: readonly number[];
  /** The plan's bytes, the voucher's key and the round's context, as hex. */
  readonly plan: string;
  readonly voucher: string;
  readonly context: string;
  /** For the story: it is killed in this phase, when its state is on the disk and nothing is sent yet. */
  readonly dieIn?: Phase;
};

/** From the coordinator. */
export type ToDevice = { readonly downlink: Uint8Array };

/** To the coordinator; or why the device has left the round. */
export type FromDevice = { readonly message: Uint8Array } | { readonly left: string };
