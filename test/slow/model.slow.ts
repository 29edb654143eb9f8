/** Eight thousand more random rounds against the model: half an hour on two cores. */
import { modelTests } from '../model/shard.ts';

modelTests(2_000, 10_000);
