/** The tests of `npm run test:dist`: the packed tarball, as its users get it. Needs `npm run build`. */
import type { ViteUserConfig } from 'vitest/config';
import { closingLine } from '../reporter.ts';

// Nothing shared with the other configurations: here `veilsum` must never mean the sources.
const config: ViteUserConfig = {
  root: new URL('../../', import.meta.url).pathname,
  test: {
    include: ['test/dist/**/*.test.ts'],
    globalSetup: ['test/dist/install.ts'],
    reporters: ['default', closingLine],
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 300_000,
  },
};

export default config;
