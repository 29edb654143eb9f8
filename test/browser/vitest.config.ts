/**
 * The tests of `npm run test:browser`, all in the Chromium that the machine has: the sources in a page
 * of Vitest's, and bundles in pages of their own, which a test in Node opens.
 */
import { playwright } from '@vitest/browser-playwright';
import type { TestProjectConfiguration, ViteUserConfig } from 'vitest/config';
import { shared } from '../../vitest.config.ts';
import { chromium } from './chromium.ts';

const inPage: TestProjectConfiguration = {
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
    exclude: ['snarkjs'],
  },
  test: {
    name: 'page',
    include: ['test/browser/*.test.ts'],
    testTimeout: 60_000,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({ launchOptions: chromium }),
      instances: [{ browser: 'chromium' }],
    },
  },
};

const fromNode: TestProjectConfiguration = {
  ...shared,
  test: {
    name: 'csp',
    include: ['test/browser/csp/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
};

const config: ViteUserConfig = {
  ...shared,
  test: { ...shared.test, projects: [inPage, fromNode] },
};

export default config;
