/** A few things that are dear to make and public, kept for the next time. */

/**
 * A keeper of the `most` things that were asked for last.
 *
 * @param most from 1
 */
export function keeper<T>(most: number): (key: string, make: () => T) => T {
  const things = new Map<string, T>();
  return (key, make) => {
    const thing = things.has(key) ? (things.get(key) as T) : make();
    // A map keeps its order: last used, last in it.
    things.delete(key);
    things.set(key, thing);
    if (things.size > most) things.delete(things.keys().next().value as string);
    return thing;
  };
}
