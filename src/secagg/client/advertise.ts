/** Step 1: fresh keys, and the advert that names them and the model that the client received. */
import { UsageError } from '../../errors.ts';
import { memoryClaim } from '../../identity/memory-claim.ts';
import type { Signer } from '../../identity/signer.ts';
import { assertBytes } from '../../internal/assert.ts';
import { equalBytes } from '../../internal/bytes.ts';
import { randomBytes } from '../../internal/random.ts';
import type { Claim } from '../claim.ts';
import { SEED_LENGTH, withKeyPairs } from '../keys.ts';
import { encodeAdvert } from '../messages.ts';
import { headerHash, signMessage } from '../signed.ts';
import type { Terms } from '../terms.ts';
import { type Contents, claimAnswer, type Stepped, stateOf } from './state.ts';

/** What a client brings to a round. */
export type AdvertiseOptions = {
  /** Hash of the model (or other context) that this client received; 32 bytes. */
  readonly context: Uint8Array;
  /** The caller's durable claim store; without it the client leaves the round after a crash. */
  readonly claim?: Claim | undefined;
};

/**
 * Enters a round under the roster's key of `signer`.
 *
 * @throws UsageError `unknown-id` if the roster has no such key; `state-spent` if this identity has
 * advertised in this round already.
 */
export async function advertise(
  terms: Terms,
  signer: Signer,
  options: AdvertiseOptions,
): Promise<Stepped<'advertise', 'share'>> {
  assertBytes('context', options.context, 32);
  const self = terms.roster.clients.findIndex(({ publicKey }) =>
    equalBytes(publicKey, signer.publicKey),
  );
  if (self < 0) {
    throw new UsageError(
      'unknown-id',
      'signer: its public key is not on the roster, expected the key of an invited client',
    );
  }
  const sealingSeed = randomBytes(SEED_LENGTH);
  const maskingSeed = randomBytes(SEED_LENGTH);
  const context = options.context.slice();
  const seeds = { sealingSeed, maskingSeed };
  const keys = withKeyPairs(terms, seeds, (sealing, masking) => ({
    sealingKey: sealing.publicKey,
    maskingKey: masking.publicKey,
  }));
  const header = encodeAdvert({ ...keys, context });
  const { message, said } = await signMessage(terms, 'advertise', self, signer, header);
  const contents: Contents<'share'> = {
    terms,
    self,
    signer,
    claim: options.claim ?? memoryClaim(signer.publicKey),
    durable: options.claim !== undefined,
    context,
    message,
    next: 'share',
    memory: { sealingSeed, maskingSeed, advertHash: headerHash(terms, 'advertise', said) },
  };
  await claimAnswer(contents, 'advertise', message);
  return { next: stateOf(contents), message };
}
