/**
 * What of `dist` goes into the package: what can be reached from the names that package.json exports, from the command and
 * from the files of the threads. The other modules are for the tests, and stay out, as do source maps. `leaveOut` writes
 * that down in dist/.npmignore, at the end of each build. What must hold: what is not of `tsc` goes in, unless it is
 * named here.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const DIST = join(ROOT, 'dist');

/** What runs by itself: the command, and what threads and processes start from. */
export const ENTRIES = [
  'cli/main',
  'node/broker-thread',
  'worker/worker-thread',
  'management/management-thread',
  'management/standby-thread',
  'spans/exporter-thread',
  'cluster/replicator-thread',
  'perf/load-thread',
  'bench/engine-thread',
  'bench/contender-thread',
  'bench/broker-process',
];
/** For the build and for tests. */
const NEVER = ['.tsbuildinfo', '.built', '.sources', 'core.checking.wasm', '*.map'];
/** Not of `tsc`: the page is bundled by itself. */
const PAGE = 'ui';
const IMPORTED = /(?:\bfrom|\bimport|\brequire)\s*\(?\s*['"](\.[^'"]+)['"]/g;

/** The modules, or the declarations, that can be reached; paths in `dist`. @param {readonly string[]} starts */
function reached(starts) {
  const found = new Set(starts);
  // A set is walked to its end, with what is added meanwhile.
  for (const file of found) {
    for (const [, path = ''] of readFileSync(join(DIST, file), 'utf8').matchAll(IMPORTED)) {
      const module = join(dirname(file), path);
      const next = /\.d\.c?ts$/.test(file) ? module.replace(/\.(c?)js$/, '.d.$1ts') : module;
      if (existsSync(join(DIST, next))) found.add(next);
    }
  }
  return found;
}

/** All strings within package.json's `exports`. @param {unknown} exports @returns {string[]} */
function namesIn(exports) {
  return typeof exports === 'string' ? [exports] : Object.values(Object(exports)).flatMap(namesIn);
}

/** What goes in of modules and declarations, by its path in `dist`. */
function wanted() {
  const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const exported = namesIn(exports)
    .filter((path) => /\.c?[jt]s$/.test(path))
    .map((path) => relative('dist', path));
  return reached([...exported, ...ENTRIES.map((name) => `${name}.js`)]);
}

/** The modules of the package that are imported one by one, by their paths in `dist`. */
export function plainModules() {
  const bundled = ENTRIES.map((name) => `${name}.js`);
  return [...wanted()].filter((file) => /\.js$/.test(file) && !file.startsWith('chunks/') && !bundled.includes(file));
}

/** What stays out of the package, by its path in `dist`. */
export function leftOut() {
  const goesIn = wanted();
  const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' });
  const compiled = sources
    .filter((file) => /(?<!\.d)\.ts$/.test(file) && !file.startsWith(`${PAGE}/`))
    .flatMap((file) => [file.replace(/\.ts$/, '.js'), file.replace(/\.ts$/, '.d.ts')]);
  const known = new Set(compiled.filter((file) => existsSync(join(DIST, file))));
  // What a deleted source had left behind.
  const stale = readdirSync(DIST, { recursive: true, encoding: 'utf8' }).filter(
    (file) => /\.(js|d\.ts)$/.test(file) && isOfSources(file) && !known.has(file),
  );
  return [...new Set([...known, ...stale])].filter((file) => !goesIn.has(file)).sort();
}

/** What is not of `tsc`, and goes in. */
function others() {
  const files = readdirSync(DIST, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files
    .map(({ parentPath, name }) => relative(DIST, join(parentPath, name)))
    .filter((file) => !/\.(js|d\.ts|map)$/.test(file) || !isOfSources(file));
}

/** The folders that a file lies in, the outermost first. @param {string} file @returns {string[]} */
function foldersOf(file) {
  const folder = dirname(file);
  return folder === '.' ? [] : [...foldersOf(folder), folder];
}

/** Whether it is of `tsc`, be it of a source that is gone. @param {string} file */
function isOfSources(file) {
  return !file.startsWith(`${PAGE}/`) && !file.startsWith('chunks/');
}

/** A folder of which nothing goes in stands there as one: npm asks each line of each file. */
export function leaveOut() {
  const files = leftOut();
  const kept = new Set([...wanted(), ...others()].flatMap(foldersOf));
  const emptied = files.map((file) => foldersOf(file).find((folder) => !kept.has(folder)) ?? file);
  const lines = [...NEVER, ...[...new Set(emptied)].sort().map((path) => `/${path}`)];
  writeFileSync(join(DIST, '.npmignore'), `${lines.join('\n')}\n`);
}
