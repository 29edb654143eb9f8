/**
 * Masked uploads from many front doors to one coordinator. A front door takes a client's bytes, however
 * slowly they come, puts them into Redis and announces them; the coordinator fetches them in ranges.
 *
 * Nothing is sealed here: an upload is masked and signed. Whatever comes twice, or was changed on the way,
 * the coordinator's own checks see to, as if it came straight from a socket.
 */
import { createHash } from 'node:crypto';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import type { Fields } from 'veilsum';
import {
  abandonUpload,
  beginUpload,
  type CoordinatorState,
  type Fault,
  feedUpload,
  finishUpload,
  openStaging,
} from 'veilsum/coordinator';
import { KEPT_MS } from './machine.ts';

/** All that a job carries: the hash of an upload, hexadecimal. */
export type UploadName = { readonly upload: string };

/** What became of an upload; `gone` if it was taken in before, and is no longer in Redis. */
export type Taken = Fault['code'] | 'taken' | 'gone';

/** Bytes that the coordinator fetches at a time. */
const RANGE = 262_144;

/** Uploads under way at a time: as much memory as so many of them. */
const PLACES = 8;

const queueOf = (round: string): string => `veilsum-uploads-${round}`;
const placeOf = (round: string, { upload }: UploadName): string =>
  `veilsum:${round}:upload:${upload}`;

/** A machine that talks to clients. */
export type FrontDoor = {
  /** Puts an upload into Redis and announces it. To do it again, here or elsewhere, changes nothing. */
  readonly passOn: (upload: Uint8Array) => Promise<UploadName>;
  readonly close: () => Promise<void>;
};

/**
 * Opens a front door.
 *
 * @param url the address of a Redis.
 * @param round id of the round, hexadecimal.
 */
export function openFrontDoor(url: string, round: string): FrontDoor {
  const redis = new Redis(url);
  const queue = new Queue<UploadName>(queueOf(round), { connection: { url } });
  return {
    passOn: async (upload) => {
      const name = { upload: createHash('sha256').update(upload).digest('hex') };
      await redis.set(placeOf(round, name), Buffer.from(upload), 'PX', KEPT_MS);
      await queue.add('upload', name, ANNOUNCED);
      return name;
    },
    close: async () => {
      await queue.close();
      redis.disconnect();
    },
  };
}

/** Redis, or the coordinator, may be away for a moment. */
const ANNOUNCED = {
  attempts: 5,
  backoff: { type: 'fixed', delay: 500 },
  removeOnComplete: true,
} as const;

/** A coordinator that takes in what front doors pass on. */
export type Intake = {
  /** Takes in nothing more, and drops what is still announced. Call it before the phase is closed. */
  readonly close: () => Promise<void>;
};

/**
 * Takes in uploads until it is closed.
 *
 * @param state of that round. Eight uploads are under way at a time.
 * @param url the address of a Redis.
 * @param round id of the round, hexadecimal.
 * @param told called for each delivery.
 *
 * **Cost**: eight packed uploads of memory, besides the accumulator.
 */
export function openIntake<F extends Fields>(
  state: CoordinatorState<'mask', F>,
  url: string,
  round: string,
  told: (taken: Taken) => void,
): Intake {
  const redis = new Redis(url);
  const staging = openStaging(state, { places: PLACES });
  const handle = async (place: string): Promise<Taken> => {
    const length = await redis.strlen(place);
    if (length === 0) return 'gone';
    const upload = beginUpload(staging);
    if (upload === undefined) throw new Error('all places are taken'); // The queue tries again.
    try {
      for (let at = 0; at < length; at += RANGE) {
        const chunk = await redis.getrangeBuffer(place, at, at + RANGE - 1);
        if (chunk.length === 0) {
          abandonUpload(upload); // Another delivery of it was faster.
          return 'gone';
        }
        const fault = feedUpload(upload, chunk);
        if (fault !== undefined) return fault.code;
      }
    } catch (error) {
      abandonUpload(upload);
      throw error;
    }
    return finishUpload(upload)?.code ?? 'taken';
  };
  const worker = new Worker<UploadName, Taken>(
    queueOf(round),
    async ({ data }) => {
      const place = placeOf(round, data);
      const taken = await handle(place);
      await redis.del(place);
      told(taken);
      return taken;
    },
    { connection: { url }, concurrency: PLACES },
  );
  worker.on('error', () => {});
  return {
    close: async () => {
      await worker.close();
      const queue = new Queue(queueOf(round), { connection: { url } });
      await queue.obliterate({ force: true });
      await queue.close();
      redis.disconnect();
    },
  };
}
