/**
 * What every benchmark is made of: samples taken in turns, so that whatever else the machine does hits
 * both sides of a comparison alike, and records with fixed names.
 */
import { availableParallelism, cpus, loadavg } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** One line of the result. The keys are fixed; the names are listed in `bench/README.md`. */
export type BenchRecord = {
  readonly name: string;
  /** Median of the samples for times; exact for counts; a quotient of two medians for `x`. */
  readonly value: number;
  /** `x`: the value is the ratio itself, and so is the bound. */
  readonly unit: 'ms' | 'bytes' | 'x' | 'rows';
  /** What the value is held against, measured in the same run; `null` if nothing. */
  readonly against: string | null;
  /** value / what it is held against, medians of interleaved samples; `null` without `against`. */
  readonly ratio: number | null;
  /** The most that an issue allows for the value, in its unit; `null` where none does. */
  readonly bound: number | null;
  /** value ≤ bound; `null` without a bound. */
  readonly holds: boolean | null;
};

/** A figure that somebody else's code reached at another time: to be read, not divided by. */
export type Elsewhere = {
  readonly name: string;
  readonly value: number;
  readonly unit: 'ms';
  readonly source: string;
};

/** Somebody else's program that took turns with ours: its name and the versions of all that it runs on. */
export type Peer = Readonly<Record<string, string | boolean | null>>;

/** What a room reports. `least` holds the smallest sample of a time, by record name. */
export type Report = {
  readonly records: readonly BenchRecord[];
  readonly least: ReadonlyMap<string, number>;
  readonly elsewhere: readonly Elsewhere[];
  /** Who else was measured in the same run. */
  readonly peers?: readonly Peer[];
};

/** Times in milliseconds. */
export type Timing = { readonly median: number; readonly min: number; readonly samples: number };

/** Median and minimum of some samples. */
export function timing(samples: readonly number[]): Timing {
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  const median = sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
  return { median, min: sorted[0] as number, samples: sorted.length };
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/**
 * Collects garbage, so that a sample does not pay for what was prepared before it. What a sample
 * allocates itself is collected on its own time. Only for samples of a tenth of a second and more: the
 * engine drops compiled code along with the garbage.
 */
export const settle = (): void => collect();

/** Milliseconds that `work` takes, and what it gives. */
export async function stopwatch<T>(work: () => T | Promise<T>): Promise<readonly [number, T]> {
  const start = performance.now();
  const value = await work();
  return [performance.now() - start, value];
}

/** One way of doing a thing; answers how long it took, so that its preparation does not count. */
export type Side = (sample: number) => number | Promise<number>;

/**
 * Takes turns: sample 0 of every side, then sample 1 of every side in the opposite order, and so on.
 *
 * @param warmUps - samples that are taken first and thrown away; their numbers are negative.
 */
export async function interleave<const K extends string>(
  samples: number,
  sides: Readonly<Record<K, Side>>,
  warmUps = 0,
): Promise<Readonly<Record<K, Timing>>> {
  const names = Object.keys(sides) as K[];
  const taken = new Map<K, number[]>(names.map((name) => [name, []]));
  for (let sample = -warmUps; sample < samples; sample++) {
    for (const name of sample % 2 === 0 ? names : names.toReversed()) {
      const ms = await sides[name](sample);
      if (sample >= 0) taken.get(name)?.push(ms);
    }
  }
  return Object.fromEntries(names.map((name) => [name, timing(taken.get(name) ?? [])])) as Record<
    K,
    Timing
  >;
}

/** Collects what a room measures. */
export type Book = {
  /** A time; with `against`, its ratio to another timing of the same run; with the bound that is set. */
  readonly time: (
    name: string,
    of: Timing,
    against?: readonly [string, Timing],
    bound?: number,
  ) => void;
  /**
   * How many times as long as something else of the same run a thing may take: the record's value is
   * the ratio of the two medians, and the bound is on that.
   */
  readonly ratio: (
    name: string,
    ours: Timing,
    against: readonly [string, Timing],
    bound: number,
  ) => void;
  /** A count of bytes, with the bound that an issue sets. */
  readonly bytes: (name: string, value: number, bound: number | null, against?: string) => void;
  /** Any other count, exact, with the bound that an issue sets. */
  readonly count: (name: string, value: number, unit: 'rows', bound?: number) => void;
  /** A count of bytes held against another count. */
  readonly bytesAgainst: (name: string, value: number, against: readonly [string, number]) => void;
  readonly elsewhere: (name: string, ms: number, source: string) => void;
  readonly report: () => Report;
};

/** An empty book. */
export function openBook(): Book {
  const records: BenchRecord[] = [];
  const least = new Map<string, number>();
  const elsewhere: Elsewhere[] = [];
  return {
    time: (name, of, against, bound) => {
      least.set(name, of.min);
      records.push({
        name,
        value: rounded(of.median),
        unit: 'ms',
        against: against?.[0] ?? null,
        ratio: against === undefined ? null : rounded(of.median / against[1].median),
        bound: bound ?? null,
        holds: bound === undefined ? null : of.median <= bound,
      });
    },
    ratio: (name, ours, [against, theirs], bound) => {
      const ratio = ours.median / theirs.median;
      const [value, most] = [rounded(ratio), rounded(bound)];
      const holds = ratio <= bound;
      records.push({ name, value, unit: 'x', against, ratio: value, bound: most, holds });
    },
    bytes: (name, value, bound, against) => {
      const isBound = bound !== null && against !== undefined;
      records.push({
        name,
        value,
        unit: 'bytes',
        against: isBound ? against : null,
        ratio: isBound ? rounded(value / bound) : null,
        bound,
        holds: bound === null ? null : value <= bound,
      });
    },
    count: (name, value, unit, bound) => {
      const holds = bound === undefined ? null : value <= bound;
      const exact = { against: null, ratio: null, bound: bound ?? null, holds };
      records.push({ name, value: rounded(value), unit, ...exact });
    },
    bytesAgainst: (name, value, [against, other]) => {
      const ratio = rounded(value / other);
      records.push({ name, value, unit: 'bytes', against, ratio, bound: null, holds: null });
    },
    elsewhere: (name, value, source) => elsewhere.push({ name, value, unit: 'ms', source }),
    report: () => ({ records, least, elsewhere }),
  };
}

/** The machine as it is now. */
export const machine = (): {
  readonly cpu: string;
  readonly cores: number;
  readonly platform: string;
  readonly node: string;
  readonly openssl: string;
  readonly load: readonly number[];
} => ({
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: availableParallelism(),
  platform: `${process.platform}-${process.arch}`,
  node: process.version,
  openssl: process.versions.openssl ?? 'none',
  load: loadavg().map((load) => Math.round(load * 100) / 100),
});

/** Three significant digits, or whole numbers: more would be noise. */
function rounded(value: number): number {
  return value >= 1000 ? Math.round(value) : Number(value.toPrecision(3));
}

/** Says what is being done, and when; on stderr, so that the table stays alone on stdout. */
export const progress = (text: string): void =>
  void process.stderr.write(`${(performance.now() / 1000).toFixed(0).padStart(4)} s  ${text}\n`);
