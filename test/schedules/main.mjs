/** `npm run schedules -- --help`: bundles the search, and runs it. */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

process.chdir(fileURLToPath(new URL('../../', import.meta.url)));
const outfile = 'node_modules/.cache/schedules/main.mjs';
await build({
  entryPoints: ['test/schedules/main.ts'],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  packages: 'external',
  logLevel: 'error',
});
await import(new URL(`../../${outfile}`, import.meta.url).href);
