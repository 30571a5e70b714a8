/**
 * The core without threads, as another runtime would embed it: own memory, plain numbers, and one import, which only a
 * log calls.
 */
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { Stop } from '../../src/engine/engine.js';
import type { CoreFunctions } from '../../src/engine/wasm/exports.js';
import {
  MEBIBYTES_MAX,
  MEBIBYTES_MIN,
  PARTICIPANTS_MAX,
  RESULT_OUTPUT_BOX,
  RESULT_OUTPUT_LENGTH,
  RESULT_OUTPUT_OFFSET,
  RESULT_READ_OFFSET,
  RESULT_SCRATCH,
} from '../../src/numbers/core.js';
import { ack, publish, received } from './support/frames.js';
import { exportedParameters } from './support/wasm-sections.mjs';

const EXPORTS = new URL('../../src/engine/wasm/exports.ts', import.meta.url);
const CORE = new URL('../../dist/core.wasm', import.meta.url);
const SMALL_CORE = new URL('../../dist/core.small.wasm', import.meta.url);
const CORE_WITH_THREADS = new URL('../../dist/core.threads.wasm', import.meta.url);

const MEBIBYTES = 32;

/** Told of acknowledgements for which a log has no room. */
const heldBack = (): never => {
  throw new Error('nothing is logged here');
};

/** As much as a scan may do. */
const WORK = 1_000;

test('the core without threads takes a message in and gives it out', async () => {
  const { instance, module } = await WebAssembly.instantiate(await readFile(CORE), { host: { heldBack } });
  expect(WebAssembly.Module.imports(module)).toEqual([{ module: 'host', name: 'heldBack', kind: 'function' }]);
  const core = instance.exports as unknown as CoreFunctions;
  const memory = instance.exports.memory as WebAssembly.Memory;
  expect(core.initCore(MEBIBYTES, 2)).toBe(1);
  const bytes = new Uint8Array(memory.buffer);
  expect(core.joinCore(0, 1)).toBe(1);
  const results = new DataView(memory.buffer, core.participantAddress());
  const result = (offset: number): number => results.getUint32(offset, true);
  const scratch = result(RESULT_SCRATCH);
  const read = result(RESULT_READ_OFFSET);

  const queue = core.createQueue();
  const connection = core.openConnection(7, 0);
  const channel = core.openChannel(connection, 1);
  const message = publish(1, 'q', Buffer.from('embedded'));
  bytes.set(message, read);
  expect(core.ingest(connection, read, message.length, WORK)).toBe(Stop.ROUTE);
  new Uint32Array(memory.buffer)[scratch / 4] = queue;
  core.installRoute(connection, 1, 0, 0);
  expect(core.ingest(connection, read, message.length, WORK)).toBe(Stop.END);
  expect(core.readyCount(queue)).toBe(1);

  bytes.set(Buffer.from('tag'), scratch);
  core.addConsumer(channel, queue, 3, 0, 10, 0);
  core.serve();
  expect(core.nextOutput()).toBe(7);
  const offset = result(RESULT_OUTPUT_OFFSET);
  const length = result(RESULT_OUTPUT_LENGTH);
  expect(received(Buffer.from(bytes.slice(offset, offset + length)))).toEqual([
    { kind: 'delivery', channel: 1, tag: 1, redelivered: false, body: Buffer.from('embedded') },
  ]);
  core.written(connection, result(RESULT_OUTPUT_BOX));
  bytes.set(ack(1, 1), read);
  expect(core.ingest(connection, read, 21, WORK)).toBe(Stop.END);
  expect(core.unackedCount(channel)).toBe(0);
});

test('a memory that cannot be had, or is too small, and too many participants are refused', async () => {
  const small = await WebAssembly.instantiate(await readFile(CORE), { host: { heldBack } });
  const core = small.instance.exports as unknown as CoreFunctions;
  for (const [mebibytes, participants] of [
    [MEBIBYTES_MIN - 1, 2],
    [MEBIBYTES_MAX + 1, 2],
    [MEBIBYTES, 1],
    [MEBIBYTES, PARTICIPANTS_MAX + 1],
  ] as const)
    expect(core.initCore(mebibytes, participants)).toBe(0);
  expect(core.initCore(MEBIBYTES_MIN, 2)).toBe(1);
  expect(core.joinCore(0, 1)).toBe(1);
});

test('both binaries export the functions that the host names, with as many parameters, and no others', async () => {
  const text = await readFile(EXPORTS, 'utf8');
  const named = [...text.matchAll(/^ {2}(\w+)\(([^)]*)\)/gm)].map(([, name, given = '']) => [
    name,
    given.split(':').length - 1,
  ]);
  const alone = await WebAssembly.instantiate(await readFile(CORE), { host: { heldBack } });
  const shared = await WebAssembly.instantiate(await readFile(CORE_WITH_THREADS), {
    host: { heldBack },
    env: { memory: new WebAssembly.Memory({ initial: 2, maximum: 65_536, shared: true }) },
  });
  for (const { instance } of [alone, shared]) {
    const functions = Object.entries(instance.exports).filter(([, one]) => typeof one === 'function');
    expect(functions.map(([name, one]) => [name, (one as () => void).length]).sort()).toEqual(named.sort());
  }
});

test('the small core imports nothing, and exports functions of the core with the same parameters', async () => {
  const [whole, small] = await Promise.all([CORE, SMALL_CORE].map(async (file) => readFile(file)));
  if (!whole || !small) throw new Error('both were read');
  expect(WebAssembly.Module.imports(new WebAssembly.Module(small))).toEqual([]);
  const all = exportedParameters(whole);
  const some = exportedParameters(small);
  expect(some.size).toBeGreaterThan(60);
  for (const [name, parameters] of some) expect([name, parameters]).toEqual([name, all.get(name)]);
  for (const name of ['startLog', 'pageOut', 'browse', 'counted']) expect(some.has(name)).toBe(false);
});
