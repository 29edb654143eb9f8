/** A worker that proves and says what came of it. */
import { attempts } from './prover-work.ts';

postMessage(await attempts());
