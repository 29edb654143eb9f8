/** The masked sum on vectors of the ring: `veilsum/secagg`. Most users want `veilsum` instead. */
export {
  type Accumulator,
  accumulatorBytes,
  addUpload,
  copyAccumulator,
  createAccumulator,
  finalise,
  mergeInto,
  portableCopy,
  readAccumulator,
} from './accumulator.ts';
export type { Claim, ClaimVerdict } from './claim.ts';
export { type AdvertiseOptions, advertise } from './client/advertise.ts';
export type { Committed } from './client/committed.ts';
export { confirm } from './client/confirm.ts';
export { mask } from './client/mask.ts';
export { share } from './client/share.ts';
export { type ClientState, type Next, type Stepped, termsOfClient } from './client/state.ts';
export { beaconOfSaved, resend, restore, save } from './client/storage.ts';
export { unmask } from './client/unmask.ts';
export { accept } from './coordinator/accept.ts';
export { downlinks } from './coordinator/announce.ts';
export { begin, type CloseOf, close } from './coordinator/begin.ts';
export { type Census, census } from './coordinator/closable.ts';
export type { Closed } from './coordinator/close.ts';
export type { SignedRecord } from './coordinator/record.ts';
export type { CoordinatorState } from './coordinator/state.ts';
export { restoreCoordinator, saveCoordinator } from './coordinator/storage.ts';
export { type Outcome, type UnmaskWork, unmaskWork } from './coordinator/unmask.ts';
export {
  abandonUpload,
  beginUpload,
  feedUpload,
  finishUpload,
  openStaging,
  type Staging,
  type Upload,
} from './coordinator/uploads.ts';
export type { Fault, FaultCode } from './fault.ts';
export {
  type CoordinatorModel,
  type GraphFacts,
  type GraphParameters,
  graphParameters,
} from './graph-parameters.ts';
export { type Downlink, type Downlinks, PHASES, type Phase, type Uplink } from './phases.ts';
export {
  PIECE_WORDS,
  type Piece,
  type PieceEdge,
  type PieceRound,
  runPieceInto,
} from './pieces.ts';
export {
  type CommitmentForm,
  type FieldShape,
  type RoundFacts,
  type Terms,
  termsOfRound,
} from './terms.ts';
