/**
 * Puts the command and what each thread starts with into a file of its own, with what it loads later in chunks: a thread
 * that loads sixty modules one by one takes tens of milliseconds longer to start. And `leveret/core` into one file that
 * imports nothing, for runtimes that know no packages. They take the places of what `tsc` wrote there; the other modules
 * stay as they are, for those who import one of them. What must hold: everything lies as deep as the modules that look
 * for a file beside them do (the cores, package.json): the threads one folder deep, so that `../` leads to `dist` from
 * them and from the chunks, and `core.js` in `dist` itself.
 */
import { copyFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { buildPage } from './src/ui/build.mjs';

process.chdir(fileURLToPath(new URL('.', import.meta.url)));
rmSync('dist/chunks', { recursive: true, force: true });

const THREADS = [
  'cli/main',
  'node/broker-thread',
  'worker/worker-thread',
  'management/management-thread',
  'spans/exporter-thread',
  'perf/load-thread',
  'bench/engine-thread',
  'bench/contender-thread',
  'bench/broker-process',
];

/** @type {import('esbuild').BuildOptions} */
const modules = { outdir: 'dist', bundle: true, format: 'esm', sourcemap: true, logLevel: 'warning' };

// Each by itself: a thread that loads forty files of what it shares with others starts tens of milliseconds later.
for (const name of THREADS) {
  await build({
    ...modules,
    entryPoints: { [name]: `src/${name}.ts` },
    chunkNames: 'chunks/[name]-[hash]',
    splitting: true,
    platform: 'node',
    target: 'node20.12',
    // What package.json names as dependencies is loaded from node_modules.
    packages: 'external',
  });
}
await build({ ...modules, entryPoints: ['src/core.ts'], platform: 'neutral', target: 'es2022' });
// What `tsc` does not take: `leveret/testing` for require.
for (const file of ['index.cjs', 'index.d.cts']) copyFileSync(`src/testing/${file}`, `dist/testing/${file}`);
await buildPage();
