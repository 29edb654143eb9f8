/** The tests of `npm test`: everything in the Node pool that needs neither a build nor a browser. */
import { configDefaults, type ViteUserConfig } from 'vitest/config';
import { closingLine } from './test/reporter.ts';

/** What every run shares: `veilsum` means the sources, two workers, and the closing line for CI. */
export const shared: ViteUserConfig = {
  root: import.meta.dirname,
  // Vite's own defaults, after ours.
  resolve: { conditions: ['@veilsum/source', 'module', 'browser', 'development|production'] },
  ssr: { resolve: { conditions: ['@veilsum/source', 'module', 'node', 'development|production'] } },
  test: {
    maxWorkers: 2,
    reporters: ['default', closingLine],
  },
};

const config: ViteUserConfig = {
  ...shared,
  test: {
    ...shared.test,
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, 'test/dist/**', 'test/browser/**'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
};

export default config;
