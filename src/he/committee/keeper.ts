/**
 * Where a member's secret words are between two steps: behind a frozen handle, so that no log or JSON
 * shows them; used once; wiped when the handle is disposed of.
 */
import { UsageError } from '../../errors.ts';
import { wipe } from '../../internal/bytes.ts';
import type { Words } from './modular.ts';

/** A handle and what its disposal does. */
type Kept<Facts> = Facts & { readonly [Symbol.dispose]: () => void };

/** A place for secrets of one kind. */
export type Keeper = {
  /** Puts words behind a fresh handle with these public facts. */
  readonly put: <Facts extends object>(facts: Facts, words: Words) => Kept<Facts>;
  /** Looks without spending. @throws UsageError `state-spent` */
  readonly peek: (handle: object) => Words;
  /** Takes the words out, to be wiped by the taker; the handle is spent. @throws UsageError `state-spent` */
  readonly take: (handle: object) => Words;
};

/** Makes a keeper; `what` names the kind of state in the error. */
export function keeper(what: string): Keeper {
  const kept = new WeakMap<object, Words>();
  const peek = (handle: object): Words => {
    const words = kept.get(handle);
    if (words === undefined) {
      throw new UsageError(
        'state-spent',
        `${what}: got one that was used or disposed of already (or was not made by veilsum), expected a fresh one`,
      );
    }
    return words;
  };
  return Object.freeze({
    put: <Facts extends object>(facts: Facts, words: Words): Kept<Facts> => {
      const handle = Object.freeze({
        ...facts,
        [Symbol.dispose]: (): void => {
          wipe(kept.get(handle));
          kept.delete(handle);
        },
      });
      kept.set(handle, words);
      return handle;
    },
    peek,
    take: (handle: object): Words => {
      const words = peek(handle);
      kept.delete(handle);
      return words;
    },
  });
}
