/** Encrypted sums: SEAL behind guards, the wire form of what is encrypted, and parameters. */

export type { Polynomials } from './blob.ts';
export {
  decodeLattice,
  encodedLatticeLength,
  encodeLattice,
  LATTICE_VERSION,
  type LatticeExpectation,
  type LatticeKind,
} from './codec.ts';
export { liveHandles, type Seal } from './handles.ts';
export {
  type ParameterSet,
  type ParameterSetName,
  parameterSet,
  parameterSets,
} from './parameters.ts';
export {
  type EncryptedSumPlan,
  type EncryptedSumRequest,
  type KeyHolders,
  planEncryptedSum,
} from './plan.ts';
export { acceptEncrypted } from './round/accept.ts';
export type { HolderClaim } from './round/claims.ts';
export {
  checkCommitted,
  chunkOf,
  type EncryptedClient,
  encryptForRound,
} from './round/client.ts';
export {
  type CommitteeMember,
  joinCommittee,
  receiveShares,
  revealShare,
} from './round/committee.ts';
export {
  closeClosing,
  closeCommits,
  closeRoot,
  closeUploads,
  fetchHalf,
} from './round/coordinator.ts';
export {
  beginCommitteeRound,
  beginEncryptedRound,
  closeJoins,
  closeKey,
  closeReveals,
} from './round/coordinator-setup.ts';
export type { ChunkStore, EncryptedCoordinator } from './round/coordinator-state.ts';
export {
  type FetchHalf,
  type HolderOptions,
  openSum,
  signClose,
  signRoot,
  startKeyHolder,
} from './round/holder.ts';
export {
  type EncryptedHolder,
  forgetHolder,
  type HolderStep,
  restoreHolder,
  type Stepped,
  saveHolder,
} from './round/holder-state.ts';
export type { Half } from './round/key-holder.ts';
export { openedSum } from './round/opened-sum.ts';
export type {
  EncryptedDownlink,
  EncryptedFault,
  EncryptedFaultCode,
  EncryptedPhase,
  EncryptedUplink,
} from './round/phases.ts';
export {
  type EncryptedRound,
  type EncryptedRoundFacts,
  type EncryptedRoundPolicy,
  encryptedRound,
  readEncryptedRound,
} from './round/plan.ts';
export { type EncryptedAssumption, encryptedAssumptions, type OpenedSum } from './round/result.ts';
export { openSeal, type SealOptions } from './seal.ts';
