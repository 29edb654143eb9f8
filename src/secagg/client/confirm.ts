/** Step 4: check who is in U3 and sign it, once. */
import { fromBitmap } from '../../wire/bitmap.ts';
import { verifyInclusion } from '../../wire/merkle.ts';
import { decodeSurvivorsDownlink } from '../downlinks.ts';
import { encodeConfirmHeader } from '../messages.ts';
import type { Downlink } from '../phases.ts';
import { signMessage } from '../signed.ts';
import { hashOfU3, keepsWindows } from '../survivors.ts';
import { sizeOf, type Terms } from '../terms.ts';
import { blame } from './blame.ts';
import { type ClientState, type Stepped, step } from './state.ts';

/**
 * Confirms the survivors.
 *
 * @throws ProtocolError blaming the coordinator: this client or its upload missing from U3, U3 not
 * within U2, below the floor, or against the window rule. @throws CodecError if the bytes are no
 * downlink. **Cost**: O(n) for the window rule, one signature.
 */
export const confirm = (
  state: ClientState<'confirm'>,
  downlink: Downlink<'confirm'>,
): Promise<Stepped<'confirm', 'unmask'>> =>
  step(state, 'confirm', 'unmask', async ({ terms, self, memory, signer }) => {
    const content = decodeSurvivorsDownlink(terms, self, downlink);
    const members = fromBitmap(content.u3, sizeOf(terms), 'U3');
    const u2 = new Set(fromBitmap(memory.u2, sizeOf(terms), 'U2'));
    const rank = members.indexOf(self);
    if (rank < 0) throw blame('inconsistent-survivors', 'U3: this client is missing from it');
    const isOwn = verifyInclusion({
      root: content.headersRoot,
      leaf: memory.maskHash,
      index: rank,
      size: members.length,
      path: content.ownPath,
    });
    if (!isOwn) {
      throw blame('inconsistent-survivors', 'U3: the own upload does not match what was sent');
    }
    if (!members.every((index) => u2.has(index))) {
      throw blame('inconsistent-survivors', 'U3: it holds clients that are not in U2');
    }
    checkSurvivors(terms, members);
    const header = encodeConfirmHeader({
      u2Hash: memory.u2Hash,
      u3Hash: hashOfU3(terms, content.u3),
      headersRoot: content.headersRoot,
    });
    const { message } = await signMessage(terms, 'confirm', self, signer, header);
    const { ownShare, u2: u2Bitmap, u2Hash, promises, held } = memory;
    const u3 = content.u3.slice();
    const sets = { u2: u2Bitmap, u2Hash, u3, confirmHeader: header };
    return { message, memory: { ownShare, ...sets, promises, held } };
  });

/** ⚠ Floor and window rule. */
function checkSurvivors(terms: Terms, members: readonly number[]): void {
  if (members.length < terms.floor) {
    throw blame(
      'below-floor',
      `U3: got ${members.length} survivors, expected at least the floor of ${terms.floor}`,
    );
  }
  if (!keepsWindows(terms, members)) {
    throw blame(
      'window-rule',
      `U3: some ${terms.parameters.degree / 2} consecutive ring positions hold fewer than ${terms.parameters.window + 1} survivors`,
    );
  }
}
