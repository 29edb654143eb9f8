/** What a call throws, as a veilsum error; a test that expects a throw fails without one. */
import { VeilsumError } from '../../src/errors.ts';

export const caught = (call: () => unknown): VeilsumError => {
  try {
    call();
  } catch (error) {
    if (error instanceof VeilsumError) return error;
    throw error;
  }
  throw new Error('expected a throw, got none');
};
