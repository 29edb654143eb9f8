/** A client of the protocol, step by step. It imports nothing of the library. */
export { advertise, share } from './deal.ts';
export { confirm, unmask } from './finish.ts';
export { mask } from './mask.ts';
export type { Advertised, Confirmed, Masked, Me, Said, Shared } from './state.ts';
