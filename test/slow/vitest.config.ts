/** The tests of `npm run test:slow`: minutes rather than seconds. */
import type { ViteUserConfig } from 'vitest/config';
import { shared } from '../../vitest.config.ts';

const config: ViteUserConfig = {
  ...shared,
  test: {
    ...shared.test,
    include: ['test/slow/**/*.slow.ts'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
};

export default config;
