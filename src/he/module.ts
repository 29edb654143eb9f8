/**
 * The part of node-seal 7.0.0 that this room calls, as structural types of our own: nobody needs
 * node-seal's declarations to read ours. Every object lives in WebAssembly memory until `delete`.
 */

/** Anything that node-seal hands out. */
export type RawObject = { readonly delete: () => void };

/** What can be turned to bytes and back. Mode and context are mandatory. */
type Stored = RawObject & {
  readonly saveToArray: (mode: unknown) => Uint8Array;
  readonly loadFromArray: (context: RawContext, bytes: Uint8Array) => void;
};

export type RawParmsId = RawObject & { readonly values: () => BigUint64Array };
export type RawModulus = RawObject;
export type RawModuli = RawObject & { readonly push_back: (modulus: RawModulus) => void };
export type RawParameters = RawObject & {
  readonly setPolyModulusDegree: (degree: number) => void;
  readonly setCoeffModulus: (moduli: RawModuli) => void;
  readonly setPlainModulus: (modulus: RawModulus) => void;
};
export type RawContext = RawObject & {
  readonly parametersSet: () => boolean;
  readonly keyParmsId: () => RawParmsId;
  readonly firstParmsId: () => RawParmsId;
};
export type RawPlaintext = Stored & { readonly scale: () => number };
export type RawCiphertext = Stored & {
  readonly scale: () => number;
  readonly setScale: (scale: number) => void;
  readonly size: () => number;
};
export type RawPublicKey = Stored;
export type RawSecretKey = Stored;
export type RawKeyGenerator = RawObject & {
  readonly secretKey: () => RawSecretKey;
  readonly createPublicKey: () => RawPublicKey;
};
export type RawEncoder = RawObject & {
  readonly slotCount: () => number;
  readonly encode: (values: Float64Array, scale: number, out: RawPlaintext) => void;
  readonly decodeFloat64: (plaintext: RawPlaintext) => Float64Array;
};
export type RawEncryptor = RawObject & {
  readonly encrypt: (plaintext: RawPlaintext, out: RawCiphertext) => void;
  readonly encryptSymmetric: (plaintext: RawPlaintext, out: RawCiphertext) => void;
};
export type RawDecryptor = RawObject & {
  readonly decrypt: (ciphertext: RawCiphertext, out: RawPlaintext) => void;
};
export type RawEvaluator = RawObject & {
  readonly addInplace: (sum: RawCiphertext, term: RawCiphertext) => void;
  readonly addPlainInplace: (sum: RawCiphertext, term: RawPlaintext) => void;
  readonly negateInplace: (ciphertext: RawCiphertext) => void;
  readonly cipherTransformToNttInplace: (ciphertext: RawCiphertext) => void;
  readonly cipherTransformFromNttInplace: (ciphertext: RawCiphertext) => void;
};

/** The module, once it runs. */
export type SealModule = {
  readonly SchemeType: { readonly bfv: unknown; readonly ckks: unknown };
  readonly SecLevelType: { readonly none: unknown; readonly tc128: unknown };
  readonly ComprModeType: { readonly none: unknown };
  readonly CoeffModulus: { readonly Create: (degree: number, bits: Int32Array) => RawModuli };
  readonly Modulus: new (value: bigint) => RawModulus;
  readonly VectorModulus: new () => RawModuli;
  readonly EncryptionParameters: new (scheme: unknown) => RawParameters;
  readonly SEALContext: new (
    parameters: RawParameters,
    expandChain: boolean,
    security: unknown,
  ) => RawContext;
  readonly KeyGenerator: new (context: RawContext) => RawKeyGenerator;
  readonly PublicKey: new () => RawPublicKey;
  readonly SecretKey: new () => RawSecretKey;
  readonly Plaintext: new () => RawPlaintext;
  readonly Ciphertext: new () => RawCiphertext;
  readonly CKKSEncoder: new (context: RawContext) => RawEncoder;
  readonly Encryptor: new (
    context: RawContext,
    publicKey: RawPublicKey,
    ...secretKey: RawSecretKey[]
  ) => RawEncryptor;
  readonly Decryptor: new (context: RawContext, secretKey: RawSecretKey) => RawDecryptor;
  readonly Evaluator: new (context: RawContext) => RawEvaluator;
  readonly decrementExceptionRefcount: (exception: unknown) => void;
};
