/** Contexts: a parameter set, checked by SEAL, and the hashes that name its levels. */
import { UsageError } from '../errors.ts';
import type { Level } from './blob.ts';
import { adopt, type Handle, insideOf, type Seal, scoped } from './handles.ts';
import type { RawContext, RawParmsId } from './module.ts';
import { dataPrimes, type ParameterSet } from './parameters.ts';

/** A context and its two levels that matter to sums. */
export type Context = Handle<'context'> & {
  readonly scheme: 'bfv' | 'ckks';
  /** Where ciphertexts are. */
  readonly data: Level;
  /** Where keys are: the special prime too, always in NTT form. */
  readonly key: Level;
};

/** What SEAL makes a context of. */
export type ContextParameters = {
  readonly scheme: 'bfv' | 'ckks';
  /** 1024 to 32768, a power of two. */
  readonly degree: number;
  /** Distinct, each 1 modulo 2 · degree; if there are several, the last one is special. */
  readonly primes: readonly bigint[];
  /** For `bfv` sums are modulo 2^plainBits. */
  readonly plainBits: number;
};

/**
 * The context of a parameter set; SEAL checks that it has 128 bits of security.
 *
 * @throws UsageError `out-of-range` if SEAL refuses the set
 */
export const contextFor = (seal: Seal, set: ParameterSet): Context =>
  makeContext(seal, set, dataPrimes(set).length, true);

/**
 * A context whose security nobody checks, for arithmetic on polynomials that a sound context made
 * secure.
 *
 * **Security**: never encrypt anything under a key of such a context alone.
 * @throws UsageError `out-of-range`
 */
export const unsafeHelperContext = (seal: Seal, parameters: ContextParameters): Context =>
  makeContext(seal, parameters, Math.max(1, parameters.primes.length - 1), false);

function makeContext(
  seal: Seal,
  { scheme, degree, primes, plainBits }: ContextParameters,
  dataCount: number,
  checked: boolean,
): Context {
  const { raw, data, key } = scoped(seal, 'context', (module, own) => {
    const parameters = own(new module.EncryptionParameters(module.SchemeType[scheme]));
    const moduli = own(new module.VectorModulus());
    for (const prime of primes) moduli.push_back(own(new module.Modulus(prime)));
    parameters.setPolyModulusDegree(degree);
    parameters.setCoeffModulus(moduli);
    if (scheme === 'bfv') {
      parameters.setPlainModulus(own(new module.Modulus(1n << BigInt(plainBits))));
    }
    const { tc128, none } = module.SecLevelType;
    // No levels below the data level: nothing here switches down, and each takes its time to make.
    const made = new module.SEALContext(parameters, false, checked ? tc128 : none);
    return {
      raw: made,
      data: made.parametersSet() ? hashOf(own(made.firstParmsId())) : undefined,
      key: made.parametersSet() ? hashOf(own(made.keyParmsId())) : undefined,
    };
  });
  if (data === undefined || key === undefined) {
    freed(seal, raw);
    throw new UsageError(
      'out-of-range',
      `context: got parameters that SEAL refuses (degree ${degree}, ${primes.length} primes), expected sound ones${checked ? ' of 128 bits of security' : ''}`,
      { degree, primes: primes.length },
    );
  }
  return adopt(seal, 'context', raw, {
    scheme,
    data: Object.freeze({
      parmsId: data,
      degree,
      primes: Object.freeze(primes.slice(0, dataCount)),
      ntt: scheme === 'ckks',
    }),
    key: Object.freeze({ parmsId: key, degree, primes: Object.freeze([...primes]), ntt: true }),
  });
}

const freed = (seal: Seal, raw: RawContext): void =>
  insideOf(seal).guard.run('context', () => raw.delete());

/** Four words of eight bytes, least significant byte first: openSeal refuses other machines. */
const hashOf = (id: RawParmsId): Uint8Array => bytesOf(id.values());

const bytesOf = (words: BigUint64Array): Uint8Array =>
  new Uint8Array(words.buffer, words.byteOffset, words.byteLength).slice();
