/**
 * The log's writer under load: messages of one size, so many octets on their way at a time; everything is done as soon
 * as it is written, so that dead files are written anew, as in a broker that runs for long.
 */

import { LogMemory } from '../../dist/log/log-memory.js';
import { BatchBuilder } from '../../dist/store/log/batch.js';
import { inFile } from '../../dist/store/log/file-location.js';
import { LocalDirectory } from '../../dist/store/log/local-directory.js';
import { LogWriter } from '../../dist/store/log/log-writer.js';
import { Reclaimer } from '../../dist/store/reclaim.js';
import { recover } from '../../dist/store/recovery/recovery.js';
import { median } from '../support/median.mjs';

/** @typedef {import('../../dist/log/commit-log.js').Batch} Batch */

/**
 * A batch as a core makes it: records that lie ready in its memory, and only want the seed of their file. @implements
 * {Batch}
 */
class ReadyBatch {
  messageOctets = 0;

  /** @param {LogMemory} memory @param {number} octets @param {number} messages @param {Uint8Array} places */
  constructor(memory, octets, messages, places) {
    this.places = places;
    this.memory = memory;
    this.octets = octets;
    this.messages = messages;
  }

  /** @param {import('../../dist/log/log-memory.js').Seed} seed */
  stamp(seed) {
    this.memory.setSeed(seed);
    this.memory.stamp(0, this.octets);
    return [this.memory.bytes.subarray(0, this.octets)];
  }

  facts() {
    return this.places;
  }

  release() {}
}

/** @param {number} octets @returns {import('../../dist/store/log/batch.js').StoredMessage} */
function messageOf(octets) {
  const frame = Buffer.alloc(octets + 8, 'x');
  frame.writeUInt8(3, 0);
  frame.writeUInt32BE(octets, 3);
  frame.writeUInt8(0xce, octets + 7);
  const key = Buffer.from('\0\x01q', 'latin1');
  return { bodySize: octets, arrival: 0, key, header: Buffer.alloc(22), frames: [frame] };
}

/** @type {Map<number, import('../../dist/store/log/batch.js').StoredMessage>} */
const made = new Map();

/** @param {number} size of a body @param {number} messages @param {number} first id */
export function built(size, messages, first) {
  const message = made.get(size) ?? messageOf(size);
  made.set(size, message);
  const batch = new BatchBuilder();
  const ids = Array.from({ length: messages }, (_, i) => first + i);
  for (const id of ids) batch.message(id, message);
  batch.enqueue(1, first, 0, ids);
  return batch;
}

/**
 * @param {{ path: string, size: number, perBatch: number, window: number, batches: number, ready: boolean }} load
 * window: batches that are on their way at a time.
 * @returns {Promise<{ rate: number, median: number }>} millions of octets a second, ms an append
 */
export async function runWriter({ path, size, perBatch, window, batches, ready }) {
  const directory = await LocalDirectory.at(path);
  const recovered = await recover(directory);
  const { files } = recovered;
  const heard = (/** @type {import('../../dist/log/commit-log.js').LogEvent} */ event) => {
    if (event.type === 'passed') return;
    const place = inFile(event.location);
    const file = files.file(0, place.file);
    if (event.type === 'closed') file.closed = true;
    else file.octets = place.end;
  };
  const writer = new LogWriter({ directory, writerNumber: 0, start: recovered.start(0), onEvent: heard });
  // No place is ever entered there: what is written is dead at once.
  const reclaimer = new Reclaimer({ directory, writer, files, liveness: recovered.ledger });
  const memories = Array.from({ length: window }, () => readyMemory(size, perBatch));
  const times = [];
  let octets = 0;
  const run = async (/** @type {number} */ slot, /** @type {number} */ count) => {
    for (let i = 0; i < count; i++) {
      const first = writer.takeMessageIds(perBatch);
      const { memory, octets: length, places } = /** @type {ReturnType<typeof readyMemory>} */ (memories[slot]);
      /** @type {Batch} */
      const batch = ready ? new ReadyBatch(memory, length, perBatch, places) : built(size, perBatch, first);
      octets += batch.octets;
      const begun = performance.now();
      await writer.append(batch);
      times.push(performance.now() - begun);
      await reclaimer.step();
    }
  };
  const go = (/** @type {number} */ total) =>
    Promise.all(memories.map((_, slot) => run(slot, Math.ceil(total / window))));
  await go(batches / 2);
  times.length = 0;
  octets = 0;
  const begun = performance.now();
  await go(batches);
  const seconds = (performance.now() - begun) / 1000;
  await writer.close();
  return { rate: octets / 1e6 / seconds, median: median(times) };
}

/** @param {number} size @param {number} messages */
function readyMemory(size, messages) {
  const batch = built(size, messages, 0);
  const [bytes] = batch.stamp({ low: 0, high: 0 });
  if (bytes === undefined) throw new Error('an empty batch');
  const memory = new LogMemory(bytes.length);
  memory.bytes.set(bytes);
  return { memory, octets: bytes.length, places: batch.facts() };
}
