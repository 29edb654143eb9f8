/** The types that a sub-path offers, as text: API Extractor's report of its bundled declarations. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';

const NAME = 'api';
/** Quiet where nothing is wrong: links and missing comments are typedoc's and the linter's matter. */
const silent = { default: { logLevel: ExtractorLogLevel.None } };

/**
 * Reports the declarations behind one file.
 *
 * @param library - folder of the package
 * @param types - its declarations for the sub-path, as package.json has them
 */
export function apiReport(library: string, types: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'veilsum-api-'));
  const entry = join(library, types);
  try {
    const config = ExtractorConfig.prepare({
      configObject: {
        projectFolder: library,
        mainEntryPointFilePath: entry,
        compiler: {
          overrideTsconfig: {
            compilerOptions: {
              target: 'es2024',
              lib: ['es2024', 'esnext.disposable', 'dom'],
              module: 'nodenext',
              moduleResolution: 'nodenext',
              strict: true,
              skipLibCheck: true,
              types: [],
            },
            files: [entry],
          },
        },
        apiReport: {
          enabled: true,
          reportFileName: `${NAME}.api.md`,
          reportFolder: folder,
          reportTempFolder: folder,
        },
        docModel: { enabled: false },
        dtsRollup: { enabled: false },
        tsdocMetadata: { enabled: false },
        messages: { extractorMessageReporting: silent, tsdocMessageReporting: silent },
      },
      configObjectFullPath: undefined,
      packageJsonFullPath: join(library, 'package.json'),
    });
    const problems: string[] = [];
    Extractor.invoke(config, {
      localBuild: true,
      messageCallback: (message) => {
        const isMissing = message.messageId === 'console-api-report-created';
        if (message.logLevel === 'error' || (message.logLevel === 'warning' && !isMissing)) {
          problems.push(message.text);
        }
        message.handled = true;
      },
    });
    if (problems.length > 0) throw new Error(`${types}: ${problems.join('; ')}`);
    return readFileSync(join(folder, `${NAME}.api.md`), 'utf8');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
