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
export { openSeal, type SealOptions } from './seal.ts';
