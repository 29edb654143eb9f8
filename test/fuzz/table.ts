/** All that is fuzzed. */
import type { Target } from './target.ts';
import { heTargets } from './targets/he.ts';
import { identityTargets } from './targets/identity.ts';
import { roundTargets } from './targets/round.ts';
import { secaggTargets } from './targets/secagg.ts';
import { sumTargets } from './targets/sums.ts';
import { wireTargets } from './targets/wire.ts';
import { zkTargets } from './targets/zk.ts';

export const targets: readonly Target[] = [
  ...wireTargets,
  ...identityTargets,
  ...secaggTargets,
  ...sumTargets,
  ...roundTargets,
  ...heTargets,
  ...zkTargets,
];
