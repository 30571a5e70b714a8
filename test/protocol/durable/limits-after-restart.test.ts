/** Limits across a restart: those of users and vhosts hold again, and what is stored comes back whatever they say. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { isReferee } from '../../support/broker.js';
import { startEmbedded } from '../../support/embedded.js';
import { RawClient } from '../../support/raw-client.js';

const directory = mkdtempSync(join(tmpdir(), 'leveret-limits-'));
afterAll(() => rmSync(directory, { recursive: true }));

test.skipIf(isReferee)('limits are kept, and what is there beyond them comes back', async () => {
  const first = await startEmbedded(directory);
  await first.embedded.administration.setLimits('user', 'guest', { 'max-channels': 1, 'max-connections': 2 });
  await first.embedded.administration.setLimits('vhost', '/', { 'max-queues': -1 });
  const before = await (await RawClient.open(first.broker)).openChannel();
  for (const queue of ['a', 'b']) {
    await before.call('queue.declare', { queue, durable: true });
    await before.call('exchange.declare', { exchange: queue, type: 'fanout', durable: true });
    await before.call('queue.bind', { queue, exchange: queue });
  }
  await first.embedded.administration.saved();
  await first.embedded.stop();

  const none = { queueMaxPerVhost: 0, exchangeMaxPerVhost: 0, bindingMaxPerVhost: 0 };
  const { embedded, broker } = await startEmbedded(directory, { limits: none });
  try {
    const limits = { 'max-channels': 1, 'max-connections': 2 };
    expect(await embedded.administration.limits('user', 'guest')).toEqual(limits);
    const client = await RawClient.open(broker);
    const channel = await client.openChannel(1);
    for (const queue of ['a', 'b']) {
      await channel.call('queue.declare', { queue, durable: true });
      await channel.call('exchange.declare', { exchange: queue, type: 'fanout', durable: true });
      await channel.call('queue.bind', { queue, exchange: queue });
    }
    // What is set for the vhost comes before what the node allows each.
    await channel.call('queue.declare', { queue: 'more' });
    const other = await RawClient.open(broker);
    other.channel(1).send('channel.open');
    expect((await other.failure()).replyText).toContain('maximum allowed user limit of (1)');
    await embedded.administration.clearLimits('vhost', '/');
    channel.send('queue.declare', { queue: 'too many' });
    expect((await channel.failure()).replyText).toContain("queue limit in vhost '/' (0) is reached");
    client.cut();
  } finally {
    await embedded.stop();
  }
});
