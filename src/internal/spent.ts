/**
 * Linear states: what a protocol step yields can be used once. The secrets live in a WeakMap behind
 * a frozen handle, so no log, `inspect` or JSON of the handle can show them, and a spent handle
 * refuses at run time what the types already refuse at compile time.
 */
import { UsageError } from '../errors.ts';

/** A place for the contents of linear handles of one kind. */
export type Vault<Contents> = {
  /** Puts `contents` behind `handle` and returns the handle. */
  readonly put: <H extends object>(handle: H, contents: Contents) => H;
  /** Looks without spending. @throws UsageError `state-spent` */
  readonly peek: (handle: object) => Contents;
  /** Takes the contents out; from now on the handle is spent. @throws UsageError `state-spent` */
  readonly take: (handle: object) => Contents;
};

/** Makes a vault; `what` names the kind of state in the error, e.g. "client state". */
export function vault<Contents>(what: string): Vault<Contents> {
  const contents = new WeakMap<object, Contents>();
  const peek = (handle: object): Contents => {
    const found = contents.get(handle);
    if (found === undefined) {
      throw new UsageError(
        'state-spent',
        `${what}: got one that was used already (or was not made by veilsum), expected the newest; ` +
          'each step consumes its state and yields the next one',
      );
    }
    return found;
  };
  return {
    put: (handle, secret) => {
      contents.set(handle, secret);
      return handle;
    },
    peek,
    take: (handle) => {
      const found = peek(handle);
      contents.delete(handle);
      return found;
    },
  };
}
