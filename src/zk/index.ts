/**
 * Proofs that anybody can check: commitments whose sum opens, a Groth16 verifier that needs no prover,
 * and both together, commitments to updates that are in bounds. See README.md beside this file.
 */
export {
  type AggregateClaim,
  type AggregateInputs,
  aggregateInputs,
  aggregateStatement,
  commitmentsRoot,
  contextScalar,
  randomSalt,
  updateCommitment,
} from './aggregate.ts';
export * from './commitment/index.ts';
export {
  type ContractOptions,
  encodeProofCalldata,
  insecureVerifierContractForTestingOnly,
  proofWords,
  verifierContract,
} from './contract.ts';
export type { PairingBackend } from './groth16/backend.ts';
export {
  insecureVerifyingKeyForTestingOnly,
  type VerifyingKey,
  verifyingKey,
} from './groth16/key.ts';
export { GROTH16_VERSION, type KeySetup, MAX_PUBLICS, PROOF_BYTES } from './groth16/layout.ts';
export { noblePairing } from './groth16/noble-backend.ts';
export {
  keyFromSnarkjs,
  keyToSnarkjs,
  proofFromSnarkjs,
  proofToSnarkjs,
  publicsFromSnarkjs,
  publicsToSnarkjs,
} from './groth16/snarkjs-json.ts';
export {
  type Groth16BatchVerdict,
  type Groth16Item,
  type Groth16Verdict,
  type InvalidReason,
  verifyBatch,
  verifyGroth16,
} from './groth16/verify.ts';
export { wasmPairing } from './groth16/wasm-backend.ts';
export { proveAggregate, updateProver } from './prover/circuits.ts';
export {
  openProver,
  type ProvedStatement,
  type ProveOptions,
  type Prover,
  type ProverOptions,
  type ProvingArtefacts,
  type ProvingProgress,
} from './prover/prover.ts';
export type { CircuitInputs, CircuitNumber, SignalValue } from './prover/witness.ts';
export {
  type CeremonyTools,
  checkedPowersOfTau,
  contributeToProvingKey,
  finishProvingKey,
  type PowersOfTau,
  type ProvingKeyVerdict,
  startProvingKey,
  verifyProvingKey,
} from './setup/ceremony.ts';
export type { CurveModule } from './setup/fixed-base.ts';
export {
  type InsecureKeys,
  insecureDevelopmentSetupForTestingOnly,
} from './setup/insecure-setup.ts';
export { isInsecureProvingKey, keyFromProvingKey } from './setup/zkey.ts';
export { type FastCurve, type FastCurveOptions, fastCurve } from './snark.ts';
export {
  insecureUpdateKeyForTestingOnly,
  type UpdateKey,
  type UpdateKeyOptions,
  updateBases,
  updateKey,
} from './update/key.ts';
export { UPDATE_PROOF_BYTES } from './update/layout.ts';
export {
  type ProvedUpdate,
  proveUpdate,
  type SecretUpdate,
  type UpdateProver,
} from './update/prove.ts';
export { type ProvenUpdates, provenUpdates } from './update/scheme.ts';
export { contributeToUpdateKey, startUpdateKey } from './update/setup.ts';
export { type UpdateTerms, updateChunkId, updateChunks } from './update/statement.ts';
export {
  type UpdateCulprit,
  type UpdateFault,
  type UpdateItem,
  type UpdatesVerdict,
  verifyUpdates,
} from './update/verify.ts';
export type { UpdateInputs } from './update/witness.ts';
