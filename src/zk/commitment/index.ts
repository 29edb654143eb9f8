/** Pedersen commitments to vectors of integers, and the check that a sum opens their sum. */
export {
  type BasesOptions,
  CHUNK_VALUES,
  type CommitmentBases,
  commitmentBases,
} from './bases.ts';
export {
  addBlindings,
  BLINDING_BYTES,
  blindingLimbCount,
  blindingLimbs,
  freshBlinding,
  joinLimbs,
} from './blinding.ts';
export { addCommitments, chunkCount, commitmentBytes, commitVector } from './commit.ts';
export {
  type CommittedGroup,
  type OpeningClaim,
  type OpeningFault,
  type OpeningVerdict,
  openSum,
} from './open.ts';
