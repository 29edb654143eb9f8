/**
 * All that a client of the round does: the page's worker runs it in a browser, a test in Node. It talks to
 * the coordinator over HTTP and believes it nothing.
 */
import { inMemorySigner } from 'veilsum';
import {
  checkCommitted,
  chunkOf,
  encryptForRound,
  liveHandles,
  readEncryptedRound,
  type Seal,
} from 'veilsum/he';

/** What is going on, for people: `share` of the way is done, from 0 to 1. */
export type Told = { readonly text: string; readonly share: number };

/** What came out of a round. */
export type Outcome = {
  readonly contributors: readonly string[];
  readonly missing: readonly string[];
  readonly sums: readonly number[];
  readonly assumptions: readonly string[];
};

/** Where a client contributes, and whom it trusts. */
export type Contributing = {
  /** The server, for instance `http://127.0.0.1:8080`. */
  readonly server: string;
  /** 32 bytes: who vouches for clients and members. Known beforehand, never asked of the server. */
  readonly voucher: Uint8Array;
  readonly seal: Seal;
  readonly tell: (told: Told) => void;
};

/** A client's own demands: fewer contributors, or fewer members that open, and it stays out. */
const POLICY = { floor: 3, threshold: 3 };

/**
 * Takes part in a round of its own.
 *
 * @param values one number a pixel
 * @returns the sum, as the coordinator tells it
 */
export async function contribute(
  values: ArrayLike<number>,
  { server, voucher, seal, tell }: Contributing,
): Promise<Outcome> {
  const signer = inMemorySigner();
  tell({ text: 'Enrolling', share: 0.05 });
  const planned = await ask(`${server}/enrol`, signer.publicKey);
  const plan = readEncryptedRound(planned, {
    ...POLICY,
    clientVoucher: voucher,
    holderVoucher: voucher,
  });
  const at = `${server}/rounds/${hex(plan.roundId)}`;

  tell({ text: 'Waiting for the key of the committee', share: 0.1 });
  const key = await ask(`${at}/key`);
  tell({ text: `Encrypting ${values.length} numbers`, share: 0.2 });
  const committed = await encryptForRound(plan, seal, signer, key, values);
  tell({ text: 'Committing to the ciphertexts', share: 0.5 });
  await ask(`${at}/commit`, committed.message);

  tell({ text: 'Waiting until all have committed', share: 0.55 });
  const ready = checkCommitted(committed.next, await ask(`${at}/root`));
  const count = plan.sum.ciphertexts;
  for (let index = 0; index < count; index++) {
    tell({
      text: `Sending ciphertext ${index + 1} of ${count}`,
      share: 0.6 + (0.3 * index) / count,
    });
    await ask(`${at}/chunk`, chunkOf(ready, index));
  }
  if (liveHandles(seal) !== 0) throw new Error('something of SEAL was left behind');

  tell({ text: 'Waiting for the committee to open the sum', share: 0.9 });
  const outcome = JSON.parse(new TextDecoder().decode(await ask(`${at}/sum`))) as Outcome;
  tell({ text: `The sum of ${outcome.contributors.length} drawings is open`, share: 1 });
  return outcome;
}

/** One request; the answer comes when the coordinator has it. */
async function ask(url: string, message?: Uint8Array): Promise<Uint8Array> {
  const body = message as Uint8Array<ArrayBuffer> | undefined;
  const response = await fetch(url, body === undefined ? {} : { method: 'POST', body });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return new Uint8Array(await response.arrayBuffer());
}

const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
