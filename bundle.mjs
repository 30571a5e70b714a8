/**
 * Puts the command and what each thread starts with into a file of its own, with what it loads later in chunks: a thread
 * that loads sixty modules one by one takes tens of milliseconds longer to start. And `leveret/core` into one file that
 * imports nothing, for runtimes that know no packages. They take the places of what `tsc` wrote there; the other modules
 * stay as they are, for those who import one of them. What must hold: everything lies as deep as the modules that look
 * for a file beside them do (the cores, package.json): the threads one folder deep, so that `../` leads to `dist` from
 * them and from the chunks, and `core.js` in `dist` itself. Names stay, but the twin's: stacks can be read.
 */
import { chmodSync, copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build, transformSync } from 'esbuild';
import { ENTRIES, leaveOut, plainModules } from './examples/packaging/npm/contents.mjs';
import { buildPage } from './src/ui/build.mjs';

process.chdir(fileURLToPath(new URL('.', import.meta.url)));
rmSync('dist/chunks', { recursive: true, force: true });

const [COMMAND, BROKER, WORKER, MANAGEMENT, STANDBY, ...OTHERS] = ENTRIES;
/**
 * What a group has in common it has once: else the package would be twice as large. The command stands apart, since each
 * file that a thread loads makes it start a little later.
 */
const GROUPS = [
  [BROKER, WORKER, MANAGEMENT, STANDBY],
  [COMMAND, ...OTHERS],
];
const TWIN = 'chunks/js-engine';

/** The twin is large and seldom asked for: all groups have the same one. @type {import('esbuild').Plugin} */
const sharesTwin = {
  name: 'shares-twin',
  setup: ({ onResolve }) =>
    onResolve({ filter: /\/js\/engine\.js$/ }, () => ({ path: `../${TWIN}.js`, external: true })),
};

/** @type {import('esbuild').BuildOptions} */
const modules = {
  outdir: 'dist',
  bundle: true,
  format: 'esm',
  // Read by source-stack.ts alone, and not in the package.
  sourcemap: 'external',
  minifyWhitespace: true,
  minifySyntax: true,
  logLevel: 'warning',
};
/** @type {import('esbuild').BuildOptions} */
const threads = {
  ...modules,
  chunkNames: 'chunks/[name]-[hash]',
  splitting: true,
  platform: 'node',
  target: 'node20.12',
  // What package.json names as dependencies is loaded from node_modules.
  packages: 'external',
};

/** @param {string} name */
const source = (name) => `src/${name}.ts`;

// Its names take half of its room.
await build({ ...threads, minifyIdentifiers: true, entryPoints: { [TWIN]: source('engine/js/engine') } });
for (const group of GROUPS) {
  const entryPoints = Object.fromEntries(group.map((name) => [name, source(name)]));
  await build({ ...threads, entryPoints, plugins: [sharesTwin] });
}
await build({ ...modules, entryPoints: [source('core')], platform: 'neutral', target: 'es2022' });
// What `tsc` does not take: `leveret/testing` for require.
for (const file of ['index.cjs', 'index.d.cts']) copyFileSync(`src/testing/${file}`, `dist/testing/${file}`);
// Packages of other kinds than npm's link to it as it is.
chmodSync(`dist/${COMMAND}.js`, 0o755);
await buildPage();
// Their comments are in the sources, and what programs are told of them in the declarations.
for (const file of plainModules().map((path) => `dist/${path}`)) {
  writeFileSync(file, transformSync(readFileSync(file, 'utf8'), { minifyWhitespace: true }).code);
}
leaveOut();
