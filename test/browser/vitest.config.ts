/**
 * The tests of `npm run test:browser`, with the Chromium that the machine has: files beside this one run
 * inside it on the sources, those in `pages` run in Node and open built pages in it.
 */
import { playwright } from '@vitest/browser-playwright';
import type { ViteUserConfig } from 'vitest/config';
import { shared } from '../../vitest.config.ts';
import { chromiumOptions } from './chromium.ts';

const inside: ViteUserConfig = {
  ...shared,
  // Named here, since Vite reloads the page when it comes upon a dependency in mid-run.
  optimizeDeps: {
    include: [
      '@noble/ciphers/chacha.js',
      '@noble/curves/abstract/curve.js',
      '@noble/curves/abstract/hash-to-curve.js',
      '@noble/curves/bn254.js',
      '@noble/curves/ed25519.js',
      '@noble/hashes/hkdf.js',
      '@noble/hashes/sha2.js',
      '@noble/post-quantum/ml-kem.js',
      'cborg',
      'cborg/length',
    ],
    // It finds its WebAssembly beside its own code, which must stay where it is.
    exclude: ['node-seal', 'snarkjs'],
  },
  test: {
    name: 'inside',
    include: ['test/browser/*.test.ts'],
    testTimeout: 60_000,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({ launchOptions: chromiumOptions() }),
      instances: [{ browser: 'chromium' }],
    },
  },
};

const pages: ViteUserConfig = {
  ...shared,
  test: {
    name: 'pages',
    include: ['test/browser/pages/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
};

const config: ViteUserConfig = {
  root: import.meta.dirname,
  test: { ...shared.test, projects: [inside, pages] },
};

export default config;
