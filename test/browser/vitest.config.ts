/** The tests of `npm run test:browser`: the sources in the Chromium that the machine has. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { playwright } from '@vitest/browser-playwright';
import type { ViteUserConfig } from 'vitest/config';
import { shared } from '../../vitest.config.ts';

/** The first Chromium on PATH; nothing is downloaded. */
function chromium(): string {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
      try {
        accessSync(join(folder, name), constants.X_OK);
        return join(folder, name);
      } catch {
        // Not here.
      }
    }
  }
  throw new Error('no Chromium on PATH: install it (on Debian: apt-get install chromium)');
}

const config: ViteUserConfig = {
  ...shared,
  // Named here, since Vite reloads the page when it comes upon a dependency in mid-run.
  optimizeDeps: {
    include: [
      '@noble/ciphers/chacha.js',
      '@noble/curves/abstract/hash-to-curve.js',
      '@noble/curves/bn254.js',
      '@noble/curves/ed25519.js',
      '@noble/hashes/hkdf.js',
      '@noble/hashes/sha2.js',
      '@noble/post-quantum/ml-kem.js',
      'cborg',
      'cborg/length',
    ],
  },
  test: {
    ...shared.test,
    include: ['test/browser/**/*.test.ts'],
    testTimeout: 60_000,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({
        launchOptions: {
          executablePath: chromium(),
          args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
        },
      }),
      instances: [{ browser: 'chromium' }],
    },
  },
};

export default config;
