/**
 * Other people's code, measured in the same run as ours: the two take turns, sample by sample, at the same
 * number of clients, of neighbours and of elements. What is not the same stands in `bench/peers/README.md`.
 */
import {
  type Book,
  interleave,
  openBook,
  progress,
  type Report,
  settle,
  timing,
} from '../harness.ts';
import { planned } from '../rehearsal.ts';
import { maskSample, mostSent, type ShareSample, untilAnswered } from '../secagg.ts';
import { unmaskSample } from '../unmask.ts';
import { type ClientSample, type Flower, startFlower, type UnmaskSample } from './flower.ts';

const SHORT = 100_000;
const LONG = 1_000_000;

/** A round whose unmask is measured, and how often. */
type Whole = {
  readonly clients: number;
  readonly coordinator: 'active' | 'semi-honest';
  readonly samples: number;
};

const WHOLE: readonly Whole[] = [
  { clients: 50, coordinator: 'active', samples: 3 },
  { clients: 100, coordinator: 'active', samples: 3 },
];

/** Measured with `--long` alone: minutes for each sample. */
const LARGE: Whole = { clients: 500, coordinator: 'semi-honest', samples: 1 };

/**
 * Measures Flower's SecAgg+ beside our rounds.
 *
 * @param options.flower - path of a working copy of Flower.
 * @param options.python - the interpreter that runs it.
 * @param options.long - whether to measure 500 clients too.
 */
export async function peers(options: {
  readonly long: boolean;
  readonly flower?: string;
  readonly python: string;
}): Promise<Report> {
  const { flower: checkout, python } = options;
  if (checkout === undefined) throw new Error('peers: expected a working copy of Flower, got none');
  const book = openBook();
  const flower = await startFlower(checkout, python);
  try {
    progress('peers: Flower finds the mean of small rounds');
    await flower.check();
    progress('peers: warming up');
    await clientStages(openBook(), flower, 10, [SHORT], 2);
    for (const degree of [20, 42, 50, 100]) {
      await clientStages(book, flower, degree, [SHORT, LONG], degree === 100 ? 3 : 5);
    }
    for (const round of options.long ? [...WHOLE, LARGE] : WHOLE) {
      for (const length of [SHORT, LONG]) await unmaskStage(book, flower, round, length);
    }
    return { ...book.report(), peers: [flower.versions] };
  } finally {
    flower.stop();
  }
}

/** Share and mask of one client, and the bytes that it sends. */
async function clientStages(
  book: Book,
  flower: Flower,
  degree: number,
  lengths: readonly number[],
  samples: number,
): Promise<void> {
  const shares: ShareSample[] = [];
  const theirs: ClientSample[] = [];
  const threshold = Math.ceil((2 * degree) / 3);
  for (const length of lengths) {
    progress(`peers: client share and mask, k=${degree}, d=${length}`);
    const quantise: number[] = [];
    const times = await interleave(samples, {
      flower: async () => {
        const sample = await flower.client({ k: degree, t: threshold, d: length });
        theirs.push(sample);
        quantise.push(sample.quantiseMs);
        return sample.maskMs;
      },
      veilsum: async () => (await maskSample(degree, length, shares)).mask,
    });
    const where = `client/mask/k=${degree},d=${length}`;
    pair(book, where, times);
    book.time(`peers/flower/${where}/quantise`, timing(quantise));
  }
  pair(book, `client/share/k=${degree}`, {
    flower: timing(theirs.map(({ shareMs }) => shareMs)),
    veilsum: timing(shares.map(({ share }) => share)),
  });
  const splitting = timing(theirs.map(({ shamirMs }) => shamirMs));
  book.time(`peers/flower/client/share/k=${degree}/shamir`, splitting);
  const [{ bytes }] = theirs as [ClientSample];
  const against = `peers/flower/client/bytes/k=${degree},d=${SHORT}`;
  book.bytes(against, bytes, null);
  const ours = await mostSent('x25519', degree);
  book.bytesAgainst(`peers/veilsum/client/bytes/k=${degree},d=${SHORT}`, ours, [against, bytes]);
}

/** Closing unmask of a round of which 10 % vanished after share and before mask. */
async function unmaskStage(
  book: Book,
  flower: Flower,
  { clients, coordinator, samples }: Whole,
  length: number,
): Promise<void> {
  const parameters = planned(clients, coordinator);
  const { degree, threshold } = parameters;
  const where = `server/unmask/n=${clients},k=${degree},d=${length}`;
  progress(`peers: ${where}`);
  const before = await untilAnswered(openBook(), parameters, length, 'x25519');
  await flower.prepare({ n: clients, k: degree, t: threshold, d: length });
  const parts: UnmaskSample[] = [];
  const times = await interleave(samples, {
    flower: async () => {
      const sample = await flower.unmask();
      parts.push(sample);
      return sample.ms;
    },
    veilsum: async () => {
      settle();
      return await unmaskSample(before, { isColdly: true });
    },
  });
  pair(book, where, times);
  book.time(`peers/flower/${where}/shamir`, timing(parts.map(({ shamirMs }) => shamirMs)));
}

type Pair = Readonly<Record<'flower' | 'veilsum', ReturnType<typeof timing>>>;

function pair(book: Book, where: string, { flower, veilsum }: Pair): void {
  const against = `peers/flower/${where}`;
  book.time(against, flower);
  book.time(`peers/veilsum/${where}`, veilsum, [against, flower]);
}
