/** The build: ES modules that stay readable, one entry for each sub-path of package.json. */
import type { Options } from 'tsup';

const config: Options = {
  entry: [
    'src/index.ts',
    'src/client.ts',
    'src/coordinator.ts',
    'src/verify.ts',
    'src/report.ts',
    'src/command-line.ts',
    'src/secagg/index.ts',
    'src/dp/index.ts',
    'src/he/index.ts',
    'src/zk/index.ts',
    'src/ring/index.ts',
    'src/identity/index.ts',
    'src/wire/index.ts',
    'src/prg/index.ts',
  ],
  outDir: 'dist',
  format: 'esm',
  target: 'es2024',
  platform: 'neutral',
  splitting: true,
  treeshake: false,
  minify: false,
  sourcemap: true,
  clean: true,
  // Dependencies stay imports; whoever installs veilsum gets (and audits) them as packages.
  skipNodeModulesBundle: true,
  // TypeScript 6 warns of `baseUrl`, which the declaration bundler still sets.
  dts: { compilerOptions: { ignoreDeprecations: '6.0' } },
};

export default config;
