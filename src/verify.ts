/**
 * The verifier's door: `import { verifyBundle } from 'veilsum/verify'`.
 *
 * Whoever is handed a proof bundle checks with it, without the coordinator, that a sum is the sum of
 * what exactly the listed clients committed to. It needs no prover and no proving library.
 */
export { BUNDLE_VERSION, PROVEN_BUNDLE_VERSION } from './round/bundle/format.ts';
export { readTrust, type Trust, trustIn } from './round/bundle/trust.ts';
export type {
  BundleCheck,
  BundleFault,
  BundleReason,
  BundleStatement,
  BundleVerdict,
  ProofsStatement,
} from './round/bundle/verdict.ts';
export { type VerifyOptions, verifyBundle } from './round/bundle/verify.ts';
