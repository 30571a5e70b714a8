/**
 * `npm run build`: the cores and the host, when something has changed since they were built; `build:core` and `build:host`
 * build in any case. What must hold: whatever the build reads or writes counts, by size and time, so that a file in `dist`
 * that somebody else has written is noticed too.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Says of what `dist` was built, and what it was then. */
const STAMP = 'dist/.built';
const READ = ['src', 'assembly', 'examples/packaging/npm', 'asconfig.json', 'tsconfig.json', 'bundle.mjs', 'build.mjs'];
const PACKAGES = ['package.json', 'package-lock.json'];

process.chdir(fileURLToPath(new URL('.', import.meta.url)));
if (!existsSync(STAMP) || readFileSync(STAMP, 'utf8') !== digest()) {
  for (const script of ['build:core', 'build:host']) {
    const { status } = spawnSync('npm', ['run', '--silent', script], {
      stdio: 'inherit',
      shell: process.platform === 'win32',
    });
    // It has said why.
    if (status !== 0) process.exit(status ?? 1);
  }
  writeFileSync(STAMP, digest());
}

function digest() {
  const digest = createHash('sha256').update(process.version);
  for (const path of [...READ, ...PACKAGES, 'dist'].flatMap(filesOf)) {
    const { size, mtimeMs } = statSync(path);
    digest.update(`${path} ${size} ${mtimeMs}\0`);
  }
  return digest.digest('hex');
}

/** The files at or below a path. @param {string} path */
function filesOf(path) {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return existsSync(path) ? [path] : [];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((file) => file !== join(STAMP))
    .sort();
}
