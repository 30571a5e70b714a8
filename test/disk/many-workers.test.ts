/** A broker with as many workers as a large machine has CPUs: all of them serve, and all of them keep logs. */
import { expect, test } from 'vitest';
import { isReferee, startBroker } from '../support/broker.js';
import { afterwards, cleanUp, confirmed, directory, drain, open, PERSISTENT, start } from '../support/kept-data.js';

cleanUp();

const WORKERS = 128;
/** So many threads take their time on a machine with few CPUs. */
const START_MS = 120_000;
const OPTIONS = { workers: WORKERS, memory: '1G', patience: START_MS };

test.skipIf(isReferee)('128 workers keep what each confirmed, also for fewer', { timeout: 2 * START_MS }, async () => {
  const data = directory();
  const broker = await start(data, OPTIONS);
  const channels = [];
  // Each goes to the worker that has the fewest.
  for (let i = 0; i < WORKERS; i++) channels.push(await open(broker));
  await channels[0]?.call('queue.declare', { queue: 'kept', durable: true });
  for (const [i, channel] of channels.entries()) {
    await channel.call('confirm.select');
    channel.publish('', 'kept', `${i}`, { properties: PERSISTENT });
    await confirmed(channel, 1);
  }
  await broker.stop();
  const again = await open(await start(data));
  expect((await drain(again, 'kept')).map(([body]) => body)).toEqual(Array.from({ length: WORKERS }, (_, i) => `${i}`));
});

test.skipIf(isReferee)('128 workers start where nothing is kept', { timeout: 2 * START_MS }, async () => {
  const broker = await startBroker(OPTIONS);
  afterwards(() => broker.stop('SIGKILL'));
  const channel = await open(broker);
  const { queue } = await channel.call('queue.declare', { exclusive: true });
  channel.publish('', queue, 'here');
  await channel.sync();
  expect((await channel.get(queue, true))?.body.toString()).toBe('here');
  expect(await broker.stop()).toMatchObject({ code: 0 });
});
