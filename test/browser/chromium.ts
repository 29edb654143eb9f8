/** The Chromium that the machine has; nothing is downloaded. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The first Chromium on PATH. */
function found(): string {
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

/** How to start it. */
export const chromium: { readonly executablePath: string; readonly args: string[] } = {
  executablePath: found(),
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
};
