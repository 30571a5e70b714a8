/**
 * The log of a node that follows: its lanes are written side by side, so a loss of power may leave a later message of one
 * lane without an earlier one of another. That one is told again.
 */
import { expect, test } from 'vitest';
import { endFile, openLogManager, openWriter, publish } from './support/logs.js';
import { recoveredQueues } from './support/messages.js';
import { SimulatedDirectory } from './support/simulated.js';

const QUEUE = 256;

test('what a lane lacks is held when it is told again, though another lane has what came behind it', async () => {
  const directory = new SimulatedDirectory();
  const before = await openLogManager(directory, { follows: true });
  const lane = openWriter(directory, { writerNumber: 1, onEvent: (event) => before.heard(1, event) });
  await publish(lane, QUEUE, 1, ['behind']);
  await lane.close();
  await before.close(null);

  const after = await openLogManager(directory, { follows: true });
  await publish(after.writer, QUEUE, 0, ['told again']);
  await endFile(after);
  // A file in which nothing is held would go.
  await after.reclaim();
  await after.close(null);

  const log = await openLogManager(directory);
  const entries = (await recoveredQueues(log)).get(QUEUE) ?? [];
  expect(entries.map(({ body }) => body)).toEqual(['told again', 'behind']);
  await log.close(null);
});
