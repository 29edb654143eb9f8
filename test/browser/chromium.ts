/** The Chromium that the machine has; nothing is downloaded. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** How Chromium is started: the first one on PATH, able to run as root and without a graphics card. */
export function chromiumOptions(): { readonly executablePath: string; readonly args: string[] } {
  const args = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'];
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
      try {
        accessSync(join(folder, name), constants.X_OK);
        return { executablePath: join(folder, name), args };
      } catch {
        // Not here.
      }
    }
  }
  throw new Error('no Chromium on PATH: install it (on Debian: apt-get install chromium)');
}
