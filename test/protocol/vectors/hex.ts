/** Bytes as text. */
import type { Base64, Hex } from './types.ts';

export const hex = (bytes: Uint8Array): Hex => Buffer.from(bytes).toString('hex');
export const base64 = (bytes: Uint8Array): Base64 => Buffer.from(bytes).toString('base64');
