/** The tests of `npm test`: everything in the Node pool that needs neither a build nor a browser. */
import { defaultServerConditions } from 'vite';
import { configDefaults, defineConfig, type ViteUserConfig } from 'vitest/config';
import { ClosingLine } from './test/reporter.ts';

/** What every run shares: `veilsum` means the sources, two workers, and the closing line for CI. */
export const shared: ViteUserConfig = {
  root: import.meta.dirname,
  ssr: { resolve: { conditions: ['@veilsum/source', ...defaultServerConditions] } },
  test: {
    maxWorkers: 2,
    reporters: ['default', new ClosingLine()],
  },
};

export default defineConfig({
  ...shared,
  test: {
    ...shared.test,
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, 'test/dist/**', 'test/browser/**'],
    testTimeout: 20_000,
  },
});
