/**
 * What the Debian package takes of the dependencies: what runs on this kind of machine, and the licences. What is for other
 * systems, for those who change a dependency, and what nobody loads (commands, documents, tests) stays out.
 */
import { chmodSync, closeSync, existsSync, openSync, readdirSync, readSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

const RUNS = /\.([cm]?js|json|node|wasm)$/;
const LICENCE = /^(licen[cs]e|notice|copying)/i;
const OTHER_LIBC = /musl/;
/** Folders of a package's own, by name; below them such a name may be a module's. */
const USELESS =
  /^(\..*|tests?|__tests__|spec|fixtures|docs?|bench(marks?)?|examples?|integration|scripts|tools|vendor|native|dependencies)$/;

/** Leaves in a `node_modules` what is run, readable by all. @param {string} folder */
export function trimModules(folder) {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    if (!existsSync(path)) continue;
    if (!isWanted(entry, path)) rmSync(path, { recursive: true });
    else if (entry.isFile()) chmodSync(path, 0o644);
  }
  // The deepest first.
  for (const entry of entries.reverse().filter((one) => one.isDirectory())) {
    const path = join(entry.parentPath, entry.name);
    if (existsSync(path) && readdirSync(path).length === 0) rmdirSync(path);
  }
}

/** @param {import('node:fs').Dirent} entry @param {string} path */
function isWanted(entry, path) {
  if (entry.isDirectory()) return !(existsSync(join(dirname(path), 'package.json')) && USELESS.test(entry.name));
  if (!entry.isFile() || entry.name.startsWith('.')) return false;
  if (LICENCE.test(entry.name)) return true;
  return RUNS.test(entry.name) && !OTHER_LIBC.test(path) && !isCommand(path);
}

/** Whether it begins as scripts do that are run by their name: nothing loads these. @param {string} path */
function isCommand(path) {
  const begin = Buffer.alloc(2);
  const file = openSync(path, 'r');
  readSync(file, begin);
  closeSync(file);
  return begin.toString('latin1') === '#!';
}
