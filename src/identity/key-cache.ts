/**
 * A bounded memory of what was made from public key bytes. Turning bytes into a platform key costs
 * more than some operations with it, and a round uses each key many times.
 */

/** Enough for every roster key (at most 10,000) with room to spare; about 2 kB each. */
const LIMIT = 16_384;

/**
 * Wraps `make` so that equal bytes give the value made first; the oldest entry leaves when full.
 *
 * **Security**: for public bytes only: the lookup compares in variable time and the cache forgets
 * nothing on purpose.
 *
 * @param make - pure function of the bytes; what it throws is not remembered
 * @param limit - the most entries kept, 1 or more
 */
export function cachedByBytes<Value>(
  make: (bytes: Uint8Array) => Value,
  limit: number = LIMIT,
): (bytes: Uint8Array) => Value {
  const made = new Map<string, Value>();
  return (bytes) => {
    const key = String.fromCharCode(...bytes);
    const known = made.get(key);
    if (known !== undefined) return known;
    const value = make(bytes);
    if (made.size >= limit) made.delete(made.keys().next().value as string);
    made.set(key, value);
    return value;
  };
}
