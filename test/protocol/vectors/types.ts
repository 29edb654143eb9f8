/** The shape of the files in test/vectors/protocol that hold whole rounds. */

/** Short bytes: lower-case hex. */
export type Hex = string;

/** Long bytes: base64 with padding (RFC 4648 §4). */
export type Base64 = string;

/** One uplink, and the downlink that it answers. */
export type StepVector = {
  /** Absent for `advertise`. */
  readonly downlink?: Base64;
  readonly uplink: Base64;
};

/** What a client drew, by what it is for. */
export type AdvertiseVector = StepVector & { readonly sealingSeed: Hex; readonly maskingSeed: Hex };
export type ShareVector = StepVector & {
  readonly selfSeed: Hex;
  /** c_1 … c_(t−1), 32 bytes each, one after the other. */
  readonly selfCoefficients: Hex;
  readonly maskingCoefficients: Hex;
  /** Hybrid: of each peer's sealing ciphertext, in order. */
  readonly sealingCoins: readonly Hex[];
};

/** How a client came from its inputs to its vectors. */
export type EncodingVector = {
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Of each field the four bytes for each coordinate that decided the last try of rounding. */
  readonly rounding: readonly Hex[];
  /** Of each field the encoded words, without noise. */
  readonly exact: readonly (readonly number[])[];
  /** Of each field the noise that was drawn. */
  readonly noise: readonly (readonly number[])[];
  /** With commitments: of each field the blindings of its values, then of its noise. */
  readonly blindings?: readonly (readonly Hex[])[];
  readonly commitments?: Hex;
  /** What is masked: words mod 2^32, the last of them the limbs of blindings where there are some. */
  readonly vectors: readonly (readonly number[])[];
};

/** With lattice masks: what the client drew for them when it masked. */
export type LatticeVector = {
  /** G·2,048 coefficients. */
  readonly secrets: readonly number[];
  /** Of each field under such a mask one for each coefficient. */
  readonly errors: readonly (readonly number[])[];
};

/** One client of a round; steps that it did not take are absent. */
export type ClientVector = {
  readonly index: number;
  readonly id: string;
  readonly privateKey: Hex;
  readonly publicKey: Hex;
  readonly encoding: EncodingVector;
  readonly advertise?: AdvertiseVector;
  readonly share?: ShareVector;
  readonly mask?: StepVector & { readonly lattice?: LatticeVector };
  readonly confirm?: StepVector;
  readonly unmask?: StepVector;
};

/** A whole round. */
export type RoundVector = {
  readonly source: string;
  readonly made: string;
  readonly about: string;
  readonly voucher: Hex;
  readonly plan: Base64;
  readonly planHash: Hex;
  /** No bytes where the plan names none. */
  readonly beacon: Hex;
  readonly context: Hex;
  readonly roundId: Hex;
  /** Ring position → index. */
  readonly ring: readonly number[];
  readonly u1: readonly number[];
  readonly u2: readonly number[];
  readonly u3: readonly number[];
  readonly clients: readonly ClientVector[];
  /** Of each vector the sum over U3, mod 2^b. */
  readonly ringSums: readonly (readonly number[])[];
  /** The same as numbers, by field. */
  readonly sums: Readonly<Record<string, unknown>>;
  readonly transcript: { readonly size: number; readonly root: Hex };
};

/** A downlink that a client must refuse. */
export type Refusal = {
  readonly what: string;
  /** File of the round, without its ending. */
  readonly round: string;
  readonly client: number;
  /** The phase that the client is about to answer; its steps before are those of the round. */
  readonly phase: 'share' | 'mask' | 'confirm' | 'unmask';
  readonly downlink: Base64;
  readonly code: string;
  /** Whether it has left the round, or may wait for another downlink. */
  readonly leaves: boolean;
};

/** An uplink that a coordinator must refuse. */
export type Fault = {
  readonly what: string;
  readonly round: string;
  readonly phase: 'advertise' | 'share' | 'mask' | 'confirm' | 'unmask';
  /** Clients whose recorded uplinks of this phase were taken in before; those of earlier phases all were. */
  readonly after: readonly number[];
  readonly uplink: Base64;
  readonly code: string;
  /** Whether a signature proves who did it. */
  readonly proven: boolean;
};
