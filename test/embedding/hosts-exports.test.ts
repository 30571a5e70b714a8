/**
 * The hosts of examples/core that no test here can run, for want of their toolchains, call the core as it is: a changed
 * export is found here, and not only where all hosts are built (`npm run embedding`).
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import * as layout from '../../src/numbers/core.js';
import * as smallNumbers from '../../src/numbers/small.js';
import { exportedParameters } from '../engine/support/wasm-sections.mjs';
import { readHost } from './host-calls.js';

const LANGUAGES = ['c', 'go', 'java', 'python', 'rust'];
const HOSTS = LANGUAGES.map((language) => ({
  language,
  ...readHost(fileURLToPath(new URL(`../../examples/core/${language}`, import.meta.url))),
}));
const CORE = await readFile(new URL('../../dist/core.wasm', import.meta.url));

test.each(HOSTS)('the host in $language calls each export with the parameters that it has', ({ calls }) => {
  const parameters = exportedParameters(CORE);
  const wrong = calls
    .map(({ name, given, where }) => ({ where, name, given: given.join(), takes: parameters.get(name)?.join() }))
    .filter(({ given, takes }) => given !== takes);
  expect(wrong).toEqual([]);
});

test.each(HOSTS)('the host in $language reads numbers that each core has', ({ numbers }) => {
  expect([...numbers].filter((name) => !(name in layout) || !(name in smallNumbers))).toEqual([]);
});

test.each(HOSTS)('the host in $language calls what the small core has, too', async ({ calls }) => {
  const small = exportedParameters(await readFile(new URL('../../dist/core.small.wasm', import.meta.url)));
  expect(calls.map(({ name }) => name).filter((name) => !small.has(name))).toEqual([]);
});

test('all of them play the same steps by the same calls', () => {
  const sets = HOSTS.map(({ calls }) => [...new Set(calls.map(({ name }) => name))].sort());
  const [first] = sets;
  expect(first?.length).toBeGreaterThan(30);
  for (const [i, set] of sets.entries()) expect(set, LANGUAGES[i]).toEqual(first);
});

test('what the core needs of them is memory, and one function', async () => {
  expect(WebAssembly.Module.imports(new WebAssembly.Module(CORE))).toEqual([
    { module: 'host', name: 'heldBack', kind: 'function' },
  ]);
  const threads = await readFile(new URL('../../dist/core.threads.wasm', import.meta.url));
  expect(
    WebAssembly.Module.imports(new WebAssembly.Module(threads)).map(({ module, name }) => `${module}.${name}`),
  ).toEqual(['host.heldBack', 'env.memory']);
});
