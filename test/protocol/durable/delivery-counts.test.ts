/**
 * How often a message was requeued is known after a restart, so that one that nobody can handle does not go round for
 * ever.
 */
import { describe, expect, test } from 'vitest';
import { table } from '../../../src/amqp/table.js';
import { isReferee } from '../../support/broker.js';
import { cleanUp, confirmed, directory, open, PERSISTENT, start } from '../../support/kept-data.js';
import type { RawChannel } from '../../support/raw-channel.js';

const LIMITED = table({ 'x-queue-type': 'quorum', 'x-delivery-limit': 4 });

describe.runIf(!isReferee)('after a restart', () => {
  cleanUp();

  async function publish(channel: RawChannel, bodies: readonly string[]): Promise<void> {
    await channel.call('confirm.select');
    for (const body of bodies) channel.publish('', 'limited', body, { properties: PERSISTENT });
    await confirmed(channel, bodies.length);
  }

  /** Gets the first message and gives it back; its count, or null: there is none. */
  async function requeue(channel: RawChannel): Promise<number | null> {
    const got = await channel.get('limited');
    if (got === null) return null;
    channel.send('basic.nack', { deliveryTag: got.deliveryTag, requeue: true });
    await channel.sync();
    const count = got.properties.headers?.get('x-delivery-count');
    return count === undefined ? 0 : Number(count.value);
  }

  test('a message goes on counting its deliveries, and dies at the limit', async () => {
    const data = directory();
    const counts: (number | null)[] = [];
    for (let life = 0; life < 3; life++) {
      const broker = await start(data);
      const channel = await open(broker);
      if (life === 0) {
        await channel.call('queue.declare', { queue: 'limited', durable: true, arguments: LIMITED });
        await publish(channel, ['poison']);
      }
      for (let i = 0; i < 2; i++) counts.push(await requeue(channel));
      await broker.stop();
    }
    expect(counts).toEqual([0, 1, 2, 3, 4, null]);
  });

  test('that was an idle one, and after a crash, it counts on from what is written', async () => {
    const data = directory();
    const first = await start(data);
    const channel = await open(first);
    await channel.call('queue.declare', { queue: 'limited', durable: true, arguments: LIMITED });
    await publish(channel, ['poison', 'other']);
    for (let i = 0; i < 2; i++) await requeue(channel);
    // What is confirmed later is written later.
    channel.publish('', 'limited', 'last', { properties: PERSISTENT });
    await confirmed(channel, 3);
    await first.stop('SIGKILL');
    await (await start(data)).stop();
    await (await start(data)).stop();
    expect(await requeue(await open(await start(data)))).toBe(2);
  });
});
