/**
 * Consumers that keep a message for longer than they may: it goes back, and they are cancelled.
 */
import { describe, expect, test } from 'vitest';
import { table } from '../../../src/amqp/table.js';
import { isReferee, useBroker } from '../../support/broker.js';
import { closing } from '../../support/methods.js';
import { useNames } from '../../support/names.js';
import { useRawConnections } from '../../support/raw-connections.js';

describe.runIf(!isReferee)('a consumer with a timeout', () => {
  const broker = useBroker();
  const name = useNames(broker);
  const { openChannel } = useRawConnections(broker);
  const args = table({ 'x-consumer-timeout': 300 });

  test('loses what it keeps for longer, and is told that it is cancelled', async () => {
    const slow = await openChannel();
    const queue = name();
    await slow.call('queue.declare', { queue });
    await slow.consume(queue, { consumerTag: 'slow', arguments: args });
    for (const body of ['a', 'b']) slow.publish('', queue, body);
    await slow.deliver(2);
    slow.send('basic.ack', { deliveryTag: 1n });
    expect(await slow.cancels.next('the cancel')).toBe('slow');
    const other = await openChannel();
    expect(await other.get(queue, true)).toMatchObject({ redelivered: true, body: Buffer.from('b') });
    expect(await other.counts(queue)).toEqual({ ready: 0, consumers: 0 });
    // The channel goes on, and can consume anew.
    await slow.consume(queue, { consumerTag: 'slow' });
  });

  test('closes its channel when it could not be told', async () => {
    const slow = await openChannel({ capabilities: { consumer_cancel_notify: false } });
    const queue = name();
    await slow.call('queue.declare', { queue });
    await slow.consume(queue, { arguments: args });
    slow.publish('', queue, 'x');
    await slow.deliver(1);
    const text =
      'delivery acknowledgement on channel 1 timed out. Timeout value used: 300 ms. ' +
      'This timeout value can be configured, see consumers doc guide to learn more';
    expect(await slow.failure()).toEqual(closing(406, text));
    const other = await openChannel();
    expect(await other.get(queue, true)).toMatchObject({ redelivered: true });
    await slow.client.ping();
  });

  test('stays as long as it acknowledges in time', async () => {
    const quick = await openChannel();
    const { queue } = await quick.call('queue.declare', { exclusive: true });
    await quick.consume(queue, { arguments: args });
    const end = Date.now() + 900;
    for (let tag = 1n; Date.now() < end; tag++) {
      quick.publish('', queue, 'x');
      await quick.deliver(1);
      quick.send('basic.ack', { deliveryTag: tag });
    }
    await quick.sync();
    expect(quick.cancels.waiting).toEqual([]);
  });

  test('is not needed: what was got counts by the timeout of its queue, and costs the channel', async () => {
    const slow = await openChannel();
    const other = await openChannel();
    const queue = name();
    await other.call('queue.declare', { queue, arguments: args });
    for (const body of ['a', 'b']) other.publish('', queue, body);
    await other.sync();
    for (const deliveryTag of [1n, 2n]) expect(await slow.get(queue, false)).toMatchObject({ deliveryTag });
    slow.send('basic.ack', { deliveryTag: 1n });
    const text =
      'delivery acknowledgement on channel 1 timed out. Timeout value used: 300 ms. ' +
      'This timeout value can be configured, see consumers doc guide to learn more';
    expect(await slow.failure()).toEqual(closing(406, text));
    expect(await other.get(queue, true)).toMatchObject({ redelivered: true, body: Buffer.from('b') });
  });
});
