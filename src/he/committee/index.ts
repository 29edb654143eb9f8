/**
 * The cryptography of a committee, from its key to a decryption: pure functions on words, without
 * messages or signatures. In order: `beginMemberKey`, `commitmentOf`, `checkReveal`,
 * `collectivePublicKey`; `dealSecret`, `receiveDealt`; `beginOpening`, `partialOpen`; and at the
 * coordinator a combiner.
 */
export { type Combiner, exactCombiner, realCombiner } from './combining.ts';
export {
  beginMemberKey,
  checkReveal,
  collectivePublicKey,
  commitmentOf,
  commonPolynomial,
  type MemberKey,
  MOST_MEMBERS,
} from './member-key.ts';
export { bytesOf } from './modular.ts';
export { beginOpening, type Opening, partialOpen } from './opening.ts';
export { type Committee, dealSecret, type MemberShare, receiveDealt } from './sharing.ts';
