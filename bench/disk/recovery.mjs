/**
 * How fast a full log is read: every checksum verified and the queue rebuilt, then every message streamed.
 */

import { LocalDirectory } from '../../dist/store/log/local-directory.js';
import { LogWriter } from '../../dist/store/log/log-writer.js';
import { recover } from '../../dist/store/recovery/recovery.js';
import { built } from './writer.mjs';

const PER_BATCH = 256;

/**
 * @param {string} path @param {number} messages @param {number} size of a body
 * @returns {Promise<{ title: string, rate: number, messages: number }[]>}
 */
export async function runRecovery(path, messages, size) {
  const directory = await LocalDirectory.at(path);
  const empty = await recover(directory);
  const start = empty.start(0);
  const writer = new LogWriter({ directory, writerNumber: 0, start, onEvent: () => undefined, durability: 'os' });
  let octets = 0;
  for (let written = 0; written < messages; written += PER_BATCH) {
    const batch = built(size, PER_BATCH, writer.takeMessageIds(PER_BATCH));
    octets += batch.octets;
    await writer.append(batch);
  }
  await writer.close();

  let begun = performance.now();
  const recovered = await recover(directory);
  const scan = (performance.now() - begun) / 1000;
  begun = performance.now();
  let streamed = 0;
  const target = Buffer.from(new SharedArrayBuffer(1 << 20));
  for (const { source } of recovered.queues) {
    while (source.remaining > 0) streamed += (await source.fill(1024, target)).messages;
  }
  const stream = (performance.now() - begun) / 1000;
  if (streamed < messages) throw new Error(`${messages - streamed} messages were not recovered`);
  return [
    { title: 'verified, queues rebuilt', seconds: scan },
    { title: 'messages streamed', seconds: stream },
    { title: 'both', seconds: scan + stream },
  ].map(({ title, seconds }) => ({ title, rate: octets / 1e6 / seconds, messages: streamed / seconds }));
}
