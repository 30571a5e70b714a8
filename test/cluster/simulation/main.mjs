/** `npm run cluster-simulation -- --seeds N`: bundles the simulation, and runs it. */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

process.chdir(fileURLToPath(new URL('../../../', import.meta.url)));
const outfile = 'node_modules/.cache/cluster-simulation/main.mjs';
await build({
  entryPoints: ['test/cluster/simulation/main.ts'],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  packages: 'external',
  logLevel: 'error',
  sourcemap: 'inline',
});
await import(new URL(`../../../${outfile}`, import.meta.url).href);
