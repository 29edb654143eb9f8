/** A thousand random rounds, each held against the model after every message. */
import { modelTests } from './shard.ts';

modelTests(0, 1000);
