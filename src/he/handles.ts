/**
 * Handles: the only form in which SEAL's objects leave the adapter. Each is counted, is given back
 * by `Symbol.dispose` (so `using` works), and refuses to be used after that. What lies behind a
 * handle is in a WeakMap, so no log or JSON of it shows anything.
 */
import { UsageError } from '../errors.ts';
import type { Guard } from './guard.ts';
import type {
  RawCiphertext,
  RawContext,
  RawDecryptor,
  RawEncoder,
  RawEncryptor,
  RawEvaluator,
  RawObject,
  RawPlaintext,
  RawPublicKey,
  RawSecretKey,
  SealModule,
} from './module.ts';

/** An open instance of SEAL: its own WebAssembly memory, one thread. Frozen. */
export type Seal = { readonly version: '7.0.0' };

/** The kinds of handles, and what is behind each. */
type RawOf = {
  readonly context: RawContext;
  readonly encoder: RawEncoder;
  readonly encryptor: RawEncryptor;
  readonly decryptor: RawDecryptor;
  readonly evaluator: RawEvaluator;
  readonly plaintext: RawPlaintext;
  readonly ciphertext: RawCiphertext;
  readonly 'public-key': RawPublicKey;
  readonly 'secret-key': RawSecretKey;
};
export type HandleKind = keyof RawOf;

/** One object of SEAL. Dispose of it, or its memory is lost until the instance is. */
export type Handle<Kind extends HandleKind> = {
  readonly kind: Kind;
  /** Gives the memory back; a second time does nothing. */
  readonly [Symbol.dispose]: () => void;
};

/** What the adapter knows of an instance. */
export type Inside = { readonly module: SealModule; readonly guard: Guard; live: number };

/** Any of them. */
export type AnyHandle = Handle<HandleKind>;

type Entry = { readonly seal: Seal; raw: RawObject | undefined };

const insides = new WeakMap<object, Inside>();
const entries = new WeakMap<object, Entry>();

/** Makes the public token of an instance. */
export function sealOf(module: SealModule, guard: Guard): Seal {
  const seal: Seal = Object.freeze({ version: '7.0.0' });
  insides.set(seal, { module, guard, live: 0 });
  return seal;
}

/** What is behind an instance's token. @throws UsageError `wrong-type` */
export function insideOf(seal: Seal): Inside {
  const inside = insides.get(seal);
  if (inside === undefined) {
    throw new UsageError('wrong-type', 'seal: got something else, expected what openSeal gave');
  }
  return inside;
}

/**
 * How many handles of this instance are not yet disposed of: 0 when all work is done.
 *
 * @param seal from `openSeal`
 * @throws UsageError `wrong-type`
 */
export const liveHandles = (seal: Seal): number => insideOf(seal).live;

/** Puts a raw object behind a fresh handle with these public facts beside it. */
export function adopt<Kind extends HandleKind, Facts extends object>(
  seal: Seal,
  kind: Kind,
  raw: RawOf[Kind],
  facts: Facts,
): Handle<Kind> & Facts {
  const inside = insideOf(seal);
  const entry: Entry = { seal, raw };
  const handle = Object.freeze({
    ...facts,
    kind,
    [Symbol.dispose]: (): void => {
      const { raw } = entry;
      if (raw === undefined) return;
      entry.raw = undefined;
      inside.live--;
      inside.guard.run('dispose', () => raw.delete());
    },
  });
  inside.live++;
  entries.set(handle, entry);
  return handle;
}

/** What is behind a handle. @throws UsageError `disposed`, `wrong-type` */
export function rawOf<Kind extends HandleKind>(handle: Handle<Kind>, kind: Kind): RawOf[Kind] {
  const entry = entries.get(handle);
  if (entry === undefined || handle.kind !== kind) {
    throw new UsageError(
      'wrong-type',
      `${kind}: got something else, expected a handle of a ${kind}`,
    );
  }
  if (entry.raw === undefined) {
    throw new UsageError(
      'disposed',
      `${kind}: got a handle after its disposal, expected a live one`,
    );
  }
  return entry.raw as RawOf[Kind];
}

/** The instance that a handle belongs to. @throws UsageError `wrong-type` */
export function sealBehind(handle: AnyHandle): Seal {
  const entry = entries.get(handle);
  if (entry === undefined) {
    throw new UsageError('wrong-type', 'handle: got something else, expected a handle');
  }
  return entry.seal;
}

/**
 * The instance that all of these handles belong to; SEAL would follow a pointer into foreign memory.
 *
 * @throws UsageError `wrong-type` if they belong to several
 */
export function sealOfAll(first: AnyHandle, ...others: readonly AnyHandle[]): Seal {
  const seal = sealBehind(first);
  for (const handle of others) {
    if (sealBehind(handle) !== seal) {
      throw new UsageError('wrong-type', 'handles: got those of two instances, expected one');
    }
  }
  return seal;
}

/** Runs `call` with a register for objects that nobody needs after it; they are freed in any case. */
export function scoped<Result>(
  seal: Seal,
  what: string,
  call: (module: SealModule, own: <Raw extends RawObject>(raw: Raw) => Raw) => Result,
): Result {
  const { module, guard } = insideOf(seal);
  const owned: RawObject[] = [];
  const own = <Raw extends RawObject>(raw: Raw): Raw => {
    owned.push(raw);
    return raw;
  };
  try {
    return guard.run(what, () => call(module, own));
  } finally {
    guard.run(what, () => {
      for (const raw of owned.reverse()) raw.delete();
    });
  }
}
