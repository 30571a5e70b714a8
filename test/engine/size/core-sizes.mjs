/**
 * How many octets each function of core.wasm has: by a build that differs from it only in having the functions' names.
 * `npm run core-sizes` writes the table that core-size.test.ts holds the core to.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';
import { CORE_BUILD } from '../../../assembly/small-builds.mjs';
import { reader, sections } from '../support/wasm-sections.mjs';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
export const TABLE = fileURLToPath(new URL('core-functions.json', import.meta.url));
const CUSTOM = 0;
const CODE = 10;
const FUNCTION_NAMES = 1;

/** Of each function's body, in the order of the module. @param {Uint8Array} octets */
function bodySizes(octets) {
  return sections(octets, CODE).flatMap((section) => {
    const { number, bytes } = reader(section);
    return Array.from({ length: number() }, () => bytes().length);
  });
}

/** Of functions by their number, imported ones first. @param {Uint8Array} octets @returns {Map<number, string>} */
function functionNames(octets) {
  for (const section of sections(octets, CUSTOM)) {
    const { text, rest } = reader(section);
    if (text() !== 'name') continue;
    for (const names of sections(rest(), FUNCTION_NAMES, 0)) {
      const { number, text } = reader(names);
      return new Map(Array.from({ length: number() }, () => [number(), text()]));
    }
  }
  throw new Error('a module without names');
}

/** By name, in the order of the names. @returns {Promise<Record<string, number>>} */
export async function measureFunctions() {
  const folder = mkdtempSync(join(tmpdir(), 'leveret-sizes-'));
  try {
    const file = join(folder, 'core.wasm');
    const options = [...CORE_BUILD, '--debug', '--outFile', file];
    process.chdir(ROOT);
    const { error, stderr } = await asc.main(options);
    if (error) throw new Error(String(stderr));
    const octets = readFileSync(file);
    const imported = WebAssembly.Module.imports(new WebAssembly.Module(octets)).length;
    const names = functionNames(octets);
    const sizes = bodySizes(octets).map((size, i) => [names.get(imported + i) ?? String(i), size]);
    return Object.fromEntries(sizes.sort(([a], [b]) => (a < b ? -1 : 1)));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(TABLE, `${JSON.stringify(await measureFunctions(), null, 2)}\n`);
}
