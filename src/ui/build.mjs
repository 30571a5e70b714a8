/**
 * Builds the web page into `dist/ui`: checks its types, has Vite bundle it, and leaves each file by brotli and by
 * gzip alone: as they are served, and a package need not hold each a third time. Nothing is done while neither its sources nor the packages have changed. What must hold:
 * the same sources become the same files.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SOURCES = join(ROOT, 'src/ui');
const BUILT = join(ROOT, 'dist/ui');
/** Says of which sources the page was built. */
const STAMP = join(BUILT, '.sources');

export async function buildPage() {
  const sources = digestOfSources();
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === sources) return;
  execFileSync(process.execPath, [createRequire(import.meta.url).resolve('typescript/bin/tsc'), '-p', SOURCES], {
    stdio: 'inherit',
  });
  // Loaded when it is needed: that takes longer than all else where nothing has changed.
  const { build } = await import('vite');
  await build({
    root: SOURCES,
    configFile: false,
    envDir: false,
    // Below a proxy's path, too.
    base: './',
    logLevel: 'warn',
    build: {
      outDir: BUILT,
      emptyOutDir: true,
      target: 'es2022',
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
    },
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  });
  for (const name of filesIn(BUILT)) {
    const bytes = readFileSync(join(BUILT, name));
    const quality = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
    writeFileSync(join(BUILT, `${name}.br`), brotliCompressSync(bytes, { params: quality }));
    writeFileSync(join(BUILT, `${name}.gz`), gzipSync(bytes, { level: 9 }));
    rmSync(join(BUILT, name));
  }
  writeFileSync(STAMP, sources);
}

function digestOfSources() {
  const digest = createHash('sha256').update(readFileSync(join(ROOT, 'package-lock.json')));
  for (const name of filesIn(SOURCES)) digest.update(`\0${name}\0`).update(readFileSync(join(SOURCES, name)));
  return digest.digest('hex');
}

/** @param {string} folder */
function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}
