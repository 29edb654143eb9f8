/** Commitments to vectors, and proofs that anybody can check without a prover. See README.md beside this file. */
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
