/** The core stays as small as it is: whoever lets it grow sees where, and says so by `npm run core-sizes`. */
import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const TABLE = new URL('core-functions.json', import.meta.url);
const CORE = new URL('../../../dist/core.wasm', import.meta.url);
const SMALL_CORE = new URL('../../../dist/core.small.wasm', import.meta.url);
/** What the whole may have, and what the one without a log, in octets. */
const CORE_MAX = 64 * 1024;
const SMALL_CORE_MAX = 40 * 1024;
/** By how many octets a function, and all of them together, may grow unseen. */
const FUNCTION_GROWTH = 64;
const GROWTH = 256;

type Sizes = Readonly<Record<string, number>>;

function total(sizes: Sizes): number {
  return Object.values(sizes).reduce((sum, size) => sum + size, 0);
}

test('no function of the core has grown without its size being written down', async () => {
  // Compiled in a process of its own: the compiler needs another working directory, and seconds.
  const script = `
    import { measureFunctions } from ${JSON.stringify(new URL('core-sizes.mjs', import.meta.url).href)};
    console.log(JSON.stringify(await measureFunctions()));
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script]);
  const now: Sizes = JSON.parse(stdout);
  const known: Sizes = JSON.parse(await readFile(TABLE, 'utf8'));
  const growths = Object.entries(now).map(([name, size]) => ({ name, by: size - (known[name] ?? 0) }));
  const most = total(now) > total(known) + GROWTH ? 0 : FUNCTION_GROWTH;
  const grown = growths.filter(({ by }) => by > most).sort((a, b) => b.by - a.by);
  expect(grown.map(({ name, by }) => `${name} grew by ${by} octets`)).toEqual([]);
});

test.each([
  { name: 'core.wasm', core: CORE, most: CORE_MAX },
  { name: 'core.small.wasm', core: SMALL_CORE, most: SMALL_CORE_MAX },
])('$name has the size that the page on embedding speaks of', async ({ name, core, most }) => {
  const { size } = await stat(core);
  expect(size).toBeLessThanOrEqual(most);
  const page = await readFile(new URL('../../../docs/embedding.md', import.meta.url), 'utf8');
  const [, told] = new RegExp(`\`${name}\` has (\\d+) KB`).exec(page) ?? [];
  expect(Math.abs(Number(told) - size / 1000)).toBeLessThan(1.5);
});
