/** Runs inside a page of its own, which forbids all but scripts of its origin: verifies what it is handed. */
import { readTrust, verifyBundle } from '../../src/verify.ts';

/** What the test hands in, and what it gets. */
export type Handed = {
  readonly bundle: Uint8Array;
  readonly trust: string;
  readonly answer: (verdict: unknown) => void;
};

const { bundle, trust, answer } = (window.parent as unknown as { readonly handed: Handed }).handed;

/** Whether the page's policy lets text become code. */
function evaluates(): boolean {
  try {
    return new Function('return true')() as boolean;
  } catch {
    return false;
  }
}

// Bytes of the page's own realm, as from its own socket.
const own = Uint8Array.from(bundle);
// At the end of the file stands a contributor's signature.
const changed = own.slice();
changed[changed.length - 40] = (changed[changed.length - 40] as number) ^ 1;
const good = await verifyBundle(own, readTrust(trust));
const bad = await verifyBundle(changed, readTrust(trust));
answer({ evaluates: evaluates(), good, bad });
