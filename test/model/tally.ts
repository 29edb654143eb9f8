/** Counts what the rounds held. */

export type Tally = Record<string, Record<string, number>>;

export function count(tally: Tally, group: string, name: string, by = 1): void {
  tally[group] ??= {};
  const of = tally[group] as Record<string, number>;
  of[name] = (of[name] ?? 0) + by;
}

export const total = (tally: Tally, group: string): number =>
  Object.values(tally[group] ?? {}).reduce((sum, value) => sum + value, 0);

/** One line a group. */
export const table = (tally: Tally): string =>
  Object.entries(tally)
    .map(([group, of]) => {
      const counts = Object.entries(of).sort(([, a], [, b]) => b - a);
      return `${group}: ${counts.map(([name, value]) => `${name} ${value}`).join(' · ')}`;
    })
    .join('\n');
