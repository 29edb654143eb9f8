/**
 * Differential privacy: what was done (events), what it costs (accountants), how much noise it takes, the
 * noise itself (samplers, mechanisms), and what may still be spent (the ledger).
 */
export type { DeltaPrice, Price } from './accountants/price.ts';
export { RDP_ORDERS } from './accountants/rdp.ts';
export { type CalibrationTarget, calibrate } from './calibrate.ts';
export {
  type DistributedParameters,
  type DistributedRequest,
  distributedParameters,
  scaleFor,
} from './distributed-parameters.ts';
export { type Accountant, deltaFor, epsilon } from './epsilon.ts';
export {
  approximate,
  assertEvent,
  composed,
  type DpEvent,
  discreteGaussian,
  discreteLaplace,
  distributedDiscreteGaussian,
  type EventFields,
  gaussian,
  laplace,
  type Neighbours,
  poissonSampled,
  randomisedResponse,
  repeated,
  sampledWithoutReplacement,
  skellam,
  treeAggregation,
  zeroConcentrated,
} from './events.ts';
export { type AdmitRequest, type Ledger, type LedgerOptions, openLedger } from './ledger/ledger.ts';
export type { Budget, Expectation } from './ledger/lines.ts';
export { readOdometer } from './ledger/odometer.ts';
export type { LedgerHead, Receipt, Refusal } from './ledger/receipt.ts';
export { inMemoryStorage, type LedgerStorage } from './ledger/storage.ts';
export {
  type AdaptiveClip,
  type AdaptiveRound,
  adaptiveClip,
  adaptiveRound,
  nextClip,
  withinClip,
} from './mechanisms/adaptive-clip.ts';
export { addDiscreteGaussian, addDiscreteLaplace, type Release } from './mechanisms/central.ts';
export { clipInto, clipLayersInto, type Layers, layersOf } from './mechanisms/clipping.ts';
export { respondAtRandom } from './mechanisms/local-response.ts';
export type { NoiseDistribution } from './sampler/distributions.ts';
export { addNoiseInto, type DrawOptions, drawInto } from './sampler/draw.ts';
export { type NoiseTable, noiseTable } from './sampler/noise-tables.ts';
export { integerL1Norm, roundedL2Norm, sumNoiseMultiplier } from './sensitivity.ts';
