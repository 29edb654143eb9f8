/** A thread of the pool: runs pieces of unmask work into an accumulator of its own; see host.ts. */
import { randomBytes } from 'node:crypto';
import type { MessagePort } from 'node:worker_threads';
import { Tinypool } from 'tinypool';
import {
  type Accumulator,
  createAccumulator,
  type Piece,
  portableCopy,
  runPieceInto,
  type UnmaskWork,
} from 'veilsum/coordinator';
import { x25519KeyPair, x25519SharedSecret } from 'veilsum/identity';
import { addStreamsInto } from 'veilsum/prg';

/** One thread's part of a job. */
export type Job = {
  readonly fields: UnmaskWork['fields'];
  /** Brings batches of pieces, an empty one at the end, and takes how many pieces of each are done. */
  readonly port: MessagePort;
  /** One shared word; not 0 once the job is to be dropped. */
  readonly stop: Int32Array;
};

/** Runs batches until an empty one comes. Gives the accumulator, or nothing if it was told to stop. */
export const runBatches = ({ fields, port, stop }: Job): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const accumulator = createAccumulator(fields);
    const isStopped = (): boolean => Atomics.load(stop, 0) !== 0;
    const end = (settle: () => void): void => {
      settle();
      port.removeAllListeners('message').close();
      for (const sum of accumulator.sums) sum.fill(0);
    };
    port.on('message', (batch: readonly Piece[]) => {
      try {
        for (const piece of batch) {
          if (!isStopped()) runPieceInto(accumulator, piece);
        }
        if (isStopped()) end(() => resolve(undefined));
        else if (batch.length > 0) port.postMessage(batch.length);
        else end(() => resolve(handedOver(accumulator)));
      } catch (error) {
        end(() => reject(error));
      } finally {
        // These are this thread's copies, and nobody needs them any more.
        for (const { shares } of batch) shares.fill(0);
      }
    });
  });

/** A copy whose words move to the other thread without being copied again. */
function handedOver(accumulator: Accumulator): unknown {
  const copy = portableCopy(accumulator);
  return Tinypool.move({
    [Tinypool.transferableSymbol]: copy.sums.map(({ buffer }) => buffer),
    [Tinypool.valueSymbol]: copy,
  } as never);
}

/** Does a little of all that a piece consists of, on numbers that mean nothing. */
export function warmUp(): void {
  const fields = [{ name: 'warm-up', length: 65_536, modulusBits: 32 }];
  const accumulator = createAccumulator(fields);
  const keys = Array.from({ length: 32 }, () => ({ key: randomBytes(32), subtract: true }));
  for (let i = 0; i < 4; i++) addStreamsInto(accumulator.sums[0] as Uint32Array, keys);
  for (let i = 0; i < 200; i++) {
    runPieceInto(accumulator, closedPiece(`self/${i}`, fields));
    const mine = x25519KeyPair(randomBytes(32));
    x25519SharedSecret(mine, x25519KeyPair(randomBytes(32)).publicKey);
  }
}

/** A piece whose shares open nothing: it ends once that is seen. */
const closedPiece = (name: string, fields: UnmaskWork['fields']): Piece => ({
  name,
  round: {
    suite: 'x25519',
    roundId: new Uint8Array(32),
    context: new Uint8Array(32),
    fields,
  },
  dealer: { index: 0, id: 'nobody' as Piece['dealer']['id'] },
  shares: new Uint8Array(randomBytes(32 * 32)),
  weights: new Uint16Array(32).fill(1),
  shareCount: 64,
  opens: { secret: 'self', commitment: new Uint8Array(32) },
});
