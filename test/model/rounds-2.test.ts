/** A thousand random rounds, each held against the model after every message. */
import { modelTests } from './shard.ts';

modelTests(1000, 2000);
