/**
 * Puts the command, the broker's thread and the worker thread into a file each, with what they share in chunks: a thread
 * that loads sixty modules one by one takes tens of milliseconds longer to start. And `leveret/core` into one file that
 * imports nothing, for runtimes that know no packages. They take the places of what `tsc` wrote there; the other modules
 * stay as they are, for those who import one of them. What must hold: everything lies as deep as the modules that look
 * for a file beside them do (the cores, package.json): the threads one folder deep, so that `../` leads to `dist` from
 * them and from the chunks, and `core.js` in `dist` itself.
 */
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

process.chdir(fileURLToPath(new URL('.', import.meta.url)));
rmSync('dist/chunks', { recursive: true, force: true });

/** @type {import('esbuild').BuildOptions} */
const modules = { outdir: 'dist', bundle: true, format: 'esm', sourcemap: true, logLevel: 'warning' };

await build({
  ...modules,
  entryPoints: {
    'cli/main': 'src/cli/main.ts',
    'node/broker-thread': 'src/node/broker-thread.ts',
    'worker/worker-thread': 'src/worker/worker-thread.ts',
    'management/management-thread': 'src/management/management-thread.ts',
    'spans/exporter-thread': 'src/spans/exporter-thread.ts',
    'perf/load-thread': 'src/perf/load-thread.ts',
  },
  chunkNames: 'chunks/[name]-[hash]',
  splitting: true,
  platform: 'node',
  target: 'node20.12',
  // What package.json names as dependencies is loaded from node_modules.
  packages: 'external',
});
await build({ ...modules, entryPoints: ['src/core.ts'], platform: 'neutral', target: 'es2022' });
