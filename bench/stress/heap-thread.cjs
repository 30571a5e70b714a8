/**
 * Loaded into each thread of the broker under stress, before anything of the broker's own (`node --require`, with
 * `--expose-gc`): every second the thread collects its garbage, and prints what JavaScript holds then. What must hold:
 * it keeps no thread alive, and says nothing to the broker's own threads.
 */
const { writeSync } = require('node:fs');
const { getHeapStatistics } = require('node:v8');
const { threadId } = require('node:worker_threads');

const EVERY_MS = 1_000;

setInterval(() => {
  globalThis.gc?.();
  writeSync(1, `thread ${threadId} holds ${getHeapStatistics().used_heap_size}\n`);
}, EVERY_MS).unref();
