/** A browser worker that runs the checks of lattice masks. */
import { checkLattice } from '../lattice/agreement.ts';

globalThis.onmessage = ({ data }: MessageEvent<{ readonly vectors: unknown }>): void => {
  try {
    postMessage({ found: checkLattice(data.vectors) });
  } catch (error) {
    postMessage({ error: String(error) });
  }
};
