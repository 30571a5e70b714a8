/** The numbers that the core shares with its host: a core that was built from others is not loaded. */
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { instantiateCore } from '../../src/engine/wasm/wasm-core.js';
import { checkNumbers } from '../../src/numbers/check.js';
import * as coreNumbers from '../../src/numbers/core.js';
import * as logNumbers from '../../src/numbers/log.js';
import { withAnother } from './support/altered-module.js';

const CORE = new URL('../../dist/core.threads.wasm', import.meta.url);
const shared: Readonly<Record<string, number>> = { ...coreNumbers, ...logNumbers };

function load(module: WebAssembly.Module): void {
  instantiateCore(module, new WebAssembly.Memory({ initial: 2, maximum: 65536, shared: true }));
}

test('a core that was built from the same numbers is loaded', async () => {
  load(await WebAssembly.compile(await readFile(CORE)));
});

test('a core in which a number is another is refused, and the error says which', async () => {
  const core = await readFile(CORE);
  for (const name of ['STOP_TOPOLOGY', 'FRAME_MAX', 'RESULT_OUTPUT_BOX', 'UNIT_PIECE', 'RECORD_LEAD', 'SWEEP_DELAY']) {
    const other = new WebAssembly.Module(withAnother(name, core));
    expect(() => load(other)).toThrow(`the core was built for another host: ${name} is `);
  }
});

test('a module of the log in which a number is another is refused', async () => {
  const log = await readFile(new URL('../../dist/log.wasm', import.meta.url));
  const other = new WebAssembly.Module(withAnother('RECORD_GAP', log));
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  const { exports } = new WebAssembly.Instance(other, { env: { memory } });
  expect(() => checkNumbers(logNumbers, exports)).toThrow('RECORD_GAP is 8 there and 9 here');
});

test('each shared number is compared', () => {
  const exports = Object.fromEntries(
    Object.entries(shared).map(([name, value]) => [name, new WebAssembly.Global({ value: 'f64' }, value)]),
  );
  checkNumbers(shared, exports);
  for (const [name, value] of Object.entries(shared)) {
    const other = new WebAssembly.Global({ value: 'f64' }, value + 1);
    expect(() => checkNumbers(shared, { ...exports, [name]: other })).toThrow(`: ${name} is ${value + 1} there`);
    expect(() => checkNumbers(shared, { ...exports, [name]: undefined })).toThrow(`: ${name} is undefined there`);
  }
});
