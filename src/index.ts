/**
 * The front door of veilsum: plans, fields, identities and errors. The steps are in `veilsum/client`
 * and `veilsum/coordinator`.
 */
export * from './errors.ts';
export {
  type ClientId,
  clientId,
  type Roster,
  type RosterEntry,
  readRoster,
  rosterBytes,
  signRoster,
} from './identity/roster.ts';
export {
  inMemorySigner,
  type Signer,
  signerFromCryptoKey,
  signerFromPrivateKey,
  webCryptoSigner,
} from './identity/signer.ts';
export type { SuiteName } from './identity/suite.ts';
export type { Clip } from './ring/fixed-point.ts';
export type { Assumption } from './round/assumptions.ts';
export type { Commitments } from './round/commitment-layout.ts';
export {
  type Field,
  type Fields,
  type InputsOf,
  type IntegerField,
  integer,
  type MaskChoice,
  publicField,
  type RealField,
  real,
  type SumsOf,
  type Weighted,
  type WeightedMean,
  type WeightedMeanField,
  weightedMean,
} from './round/fields.ts';
export {
  type DiscreteGaussianNoise,
  type DistributedNoise,
  discreteGaussian,
  type Noise,
  type NoNoise,
  noNoise,
  type PrivacyTarget,
  type SkellamNoise,
  skellam,
} from './round/noise.ts';
export {
  type AnyPlan,
  type BeaconFacts,
  type Plan,
  type PlanFacts,
  plan,
  planBytes,
  type Trust,
} from './round/plan.ts';
export type { PlannedPrivacy, Stretch } from './round/price.ts';
export type { ChargedPrivacy } from './round/privacy.ts';
export type { Result } from './round/result.ts';
export type { GraphParameters } from './secagg/graph-parameters.ts';
