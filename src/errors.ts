/**
 * Every error that veilsum throws, on one page.
 *
 * The rule: your own mistake throws; a peer's mistake is *returned* to whoever can go on without
 * that peer (a coordinator's `accept` returns a fault) and *thrown* at whoever cannot (a client).
 * A message says what was wrong, what was got and what was expected, and never holds a secret value.
 */

/** What an error may carry beside its message: public facts only, never a secret value. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

/** Codes of {@link UsageError}: the caller's program is wrong; mend it. */
export type UsageCode =
  | 'out-of-range'
  | 'wrong-length'
  | 'wrong-type'
  | 'not-finite'
  | 'unknown-id'
  | 'duplicate-id'
  | 'state-spent'
  | 'claim-required'
  | 'disposed';

/** Codes of {@link CapacityError}: the numbers do not fit; choose others (the message names some). */
export type CapacityCode =
  | 'ring-overflow'
  | 'too-many-shares'
  | 'graph-infeasible'
  | 'floor-unreachable'
  | 'noise-too-large'
  | 'too-many-bits';

/** Codes of {@link CodecError}: bytes from outside are not a message; drop them. */
export type CodecCode =
  | 'truncated'
  | 'trailing-bytes'
  | 'unknown-version'
  | 'non-canonical'
  | 'too-large'
  | 'malformed'
  | 'wrong-round'
  | 'wrong-phase'
  | 'wrong-recipient';

/** Codes of {@link ProtocolError}: a peer broke the protocol and the round cannot go on here. */
export type ProtocolCode =
  | 'below-threshold'
  | 'below-floor'
  | 'no-quorum'
  | 'window-rule'
  | 'inconsistent-survivors'
  | 'bad-downlink'
  | 'missing-neighbour'
  | 'bad-signature'
  | 'bad-key'
  | 'bad-share'
  | 'bad-commitment'
  | 'bad-proof'
  | 'bad-roster'
  | 'bad-beacon'
  | 'beacon-too-late'
  | 'model-mismatch'
  | 'poisoned-sum'
  | 'lattice-key'
  | 'lattice-residual'
  | 'plan-refused';

/** Codes of {@link PrivacyError}: the request would cost more privacy than it may. */
export type PrivacyCode =
  | 'budget-exceeded'
  | 'unsound-parameters'
  | 'unsupported-event'
  | 'ledger-tampered'
  | 'receipt-required';

/** Codes of {@link ProofError}: what proofs are made with is not what was pinned; do not trust it. */
export type ProofCode = 'artifact-hash-mismatch';

/** Codes of {@link DependencyError}: the environment lacks something; install it. */
export type DependencyCode = 'peer-missing' | 'peer-version' | 'runtime-unsupported';

/** The closed union of all error codes. */
export type ErrorCode =
  | UsageCode
  | CapacityCode
  | CodecCode
  | ProtocolCode
  | PrivacyCode
  | ProofCode
  | DependencyCode;

/** The common base: `code` is from a closed union, `details` holds public facts. */
export class VeilsumError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;
  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message);
    this.name = new.target.name;
    this.code = code;
    this.details = details;
  }
}

/** The caller's mistake; nothing was sent and no state was spent, unless the code is `state-spent`. */
export class UsageError extends VeilsumError {
  declare readonly code: UsageCode;
  constructor(code: UsageCode, message: string, details?: ErrorDetails) {
    super(code, message, details);
  }
}

/** Numbers that do not fit; `details` (and the message) name numbers that would. */
export class CapacityError extends VeilsumError {
  declare readonly code: CapacityCode;
  constructor(code: CapacityCode, message: string, details?: ErrorDetails) {
    super(code, message, details);
  }
}

/** Bytes from outside that are not what they should be. Dropping them is always safe. */
export class CodecError extends VeilsumError {
  declare readonly code: CodecCode;
  constructor(code: CodecCode, message: string, details?: ErrorDetails) {
    super(code, message, details);
  }
}

/** Who is to blame: the coordinator, or clients by id. */
export type Culprit = 'coordinator' | { readonly client: string };

/** A peer's fault that ends the round for whoever sees this error. */
export class ProtocolError extends VeilsumError {
  declare readonly code: ProtocolCode;
  readonly culprits: readonly Culprit[];
  constructor(
    code: ProtocolCode,
    message: string,
    culprits: readonly Culprit[] = [],
    details?: ErrorDetails,
  ) {
    super(code, message, details);
    this.culprits = culprits;
  }
}

/** A request that the privacy rules refuse. */
export class PrivacyError extends VeilsumError {
  declare readonly code: PrivacyCode;
  constructor(code: PrivacyCode, message: string, details?: ErrorDetails) {
    super(code, message, details);
  }
}

/** Files of a circuit, or a proof, that are not to be trusted. */
export class ProofError extends VeilsumError {
  declare readonly code: ProofCode;
  constructor(code: ProofCode, message: string, details?: ErrorDetails) {
    super(code, message, details);
  }
}

/** Something that the environment does not have. */
export class DependencyError extends VeilsumError {
  declare readonly code: DependencyCode;
  constructor(code: DependencyCode, message: string, details?: ErrorDetails) {
    super(code, message, details);
  }
}
