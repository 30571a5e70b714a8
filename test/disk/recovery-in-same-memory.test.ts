/** What ran in a memory starts again in it: queues come back as they were, and take no more of it. */
import { expect, test } from 'vitest';
import { table } from '../../src/amqp/table.js';
import { isReferee } from '../support/broker.js';
import { cleanUp, confirmed, directory, drain, open, PERSISTENT, start } from '../support/kept-data.js';

cleanUp();

/** In 32 MiB there is room for them and what they hold, but not for a page more of each. */
const QUEUES = 3_600;

test.skipIf(isReferee)('many queues with a message each start again in the same memory', async () => {
  const data = directory();
  const memory = '32M';
  const first = await start(data, { memory, workers: 1 });
  const channel = await open(first);
  for (let i = 0; i < QUEUES; i++) {
    const declared = { queue: `q${i}`, durable: true };
    if (i % 200 === 199) await channel.call('queue.declare', declared);
    else channel.send('queue.declare', { ...declared, nowait: true });
  }
  await channel.call('queue.declare', {
    queue: 'ranked',
    durable: true,
    arguments: table({ 'x-max-priority': 3 }),
  });
  await channel.call('queue.declare', { queue: 'long', durable: true });
  await channel.call('confirm.select');
  for (let i = 0; i < QUEUES; i++) channel.publish('', `q${i}`, `${i}`, { properties: PERSISTENT });
  for (let i = 0; i < 4; i++) channel.publish('', 'ranked', `${i}`, { properties: { ...PERSISTENT, priority: i } });
  for (let i = 0; i < 1_200; i++) channel.publish('', 'long', `${i}`, { properties: PERSISTENT });
  await confirmed(channel, QUEUES + 4 + 1_200);
  await first.stop('SIGKILL');

  const again = await open(await start(data, { memory, workers: 1 }));
  for (let i = 0; i < QUEUES; i += 100) expect(await drain(again, `q${i}`)).toEqual([[`${i}`, true]]);
  expect((await drain(again, 'ranked')).map(([body]) => body)).toEqual(['3', '2', '1', '0']);
  expect((await drain(again, 'long')).map(([body]) => body)).toEqual(Array.from({ length: 1_200 }, (_, i) => `${i}`));
});
