/**
 * Exchanges that hold messages back: RabbitMQ knows them as a plugin, here they are built in.
 */
import { describe, expect, test } from 'vitest';
import { type FieldValue, type PlainObject, table } from '../../../src/amqp/table.js';
import { isReferee, useBroker } from '../../support/broker.js';
import { useNames } from '../../support/names.js';
import { bodies, type RawChannel } from '../../support/raw-channel.js';
import { useRawConnections } from '../../support/raw-connections.js';

const TEN_YEARS_MS = 315_360_000_000;

describe.runIf(!isReferee)('a delayed exchange', () => {
  const broker = useBroker();
  const name = useNames(broker);
  const { openChannel } = useRawConnections(broker);

  interface Scenario {
    readonly channel: RawChannel;
    readonly exchange: string;
    /** Bound to the exchange with its own name as key. */
    readonly queue: string;
  }

  async function scenario(type = 'direct'): Promise<Scenario> {
    const channel = await openChannel();
    const exchange = name('delayed');
    const args = table({ 'x-delayed-type': type });
    await channel.call('exchange.declare', { exchange, type: 'x-delayed-message', arguments: args });
    const { queue } = await channel.call('queue.declare', { exclusive: true });
    await channel.call('queue.bind', { queue, exchange, routingKey: queue });
    return { channel, exchange, queue };
  }

  function publish(
    { channel, exchange, queue }: Scenario,
    body: string,
    delay: FieldValue | number,
    more: PlainObject = {},
  ): void {
    const value: FieldValue = typeof delay === 'number' ? { type: 'I', value: delay } : delay;
    const headers = new Map(table(more)).set('x-delay', value);
    channel.publish(exchange, queue, body, { properties: { headers, contentType: 'text/plain' } });
  }

  test('holds a message back for as long as its header says', async () => {
    const delayed = await scenario();
    const start = Date.now();
    publish(delayed, 'x', 120, { kept: true });
    expect(await delayed.channel.counts(delayed.queue)).toMatchObject({ ready: 0 });
    await delayed.channel.consume(delayed.queue, { noAck: true });
    const [message] = await delayed.channel.deliver(1);
    expect(Date.now() - start).toBeGreaterThanOrEqual(119);
    expect(message).toMatchObject({ exchange: delayed.exchange, routingKey: delayed.queue, body: Buffer.from('x') });
    expect(message?.properties.contentType).toBe('text/plain');
    expect(message?.properties.headers).toEqual(
      new Map(table({ kept: true })).set('x-delay', { type: 'I', value: -120 }),
    );
  });

  test('sends messages on in the order of their time, then of their coming', async () => {
    const delayed = await scenario();
    await delayed.channel.consume(delayed.queue, { noAck: true });
    for (let i = 0; i < 300; i++) publish(delayed, `late ${i}`, 2_000);
    for (let i = 0; i < 300; i++) publish(delayed, `soon ${i}`, 200);
    const expected = ['soon', 'late'].flatMap((time) => Array.from({ length: 300 }, (_, i) => `${time} ${i}`));
    expect(bodies(await delayed.channel.deliver(600))).toEqual(expected);
  });

  test('lets a message pass at once that is not to be held back', async () => {
    const delayed = await scenario();
    const { channel, exchange, queue } = delayed;
    await channel.consume(queue, { noAck: true });
    channel.publish(exchange, queue, 'without');
    publish(delayed, 'zero', 0);
    publish(delayed, 'negative', -5);
    expect(bodies(await channel.deliver(3))).toEqual(['without', 'zero', 'negative']);
  });

  test.each<FieldValue>([
    { type: 'l', value: 20n },
    { type: 's', value: 20 },
    { type: 'i', value: 20 },
    { type: 'S', value: '20' },
    { type: 'd', value: 20 },
  ])('reads the delay %o', async (delay) => {
    const delayed = await scenario();
    await delayed.channel.consume(delayed.queue, { noAck: true });
    publish(delayed, 'x', delay);
    const [message] = await delayed.channel.deliver(1);
    expect(message?.properties.headers?.get('x-delay')).toEqual({ type: 'I', value: -20 });
  });

  test('confirms a message when it takes it, and does not call it unroutable', async () => {
    const { channel, exchange, queue } = await scenario();
    await channel.call('confirm.select');
    const headers = table({ 'x-delay': 60_000 });
    channel.publish(exchange, queue, 'x', { mandatory: true, properties: { headers } });
    channel.publish(exchange, 'nowhere', 'y', { mandatory: true });
    expect(await channel.returns.next('the return')).toMatchObject({ body: Buffer.from('y') });
    const { deliveryTag, multiple } = await channel.confirms.next('the confirm');
    if (deliveryTag === 1n) expect(await channel.confirms.next('the other')).toMatchObject({ deliveryTag: 2n });
    else expect([deliveryTag, multiple]).toEqual([2n, true]);
    expect(await channel.counts(queue)).toMatchObject({ ready: 0 });
  });

  test('holds on to messages whose publisher is gone', async () => {
    const { channel, exchange, queue } = await scenario('fanout');
    await channel.consume(queue, { noAck: true });
    const publisher = await openChannel();
    await publisher.call('confirm.select');
    publisher.publish(exchange, '', Buffer.alloc(300_000, 'x'), { properties: { headers: table({ 'x-delay': 150 }) } });
    await publisher.confirms.next('the confirm');
    publisher.client.cut();
    expect((await channel.deliver(1))[0]?.body.length).toBe(300_000);
  });

  test('waits for years when it is asked to', async () => {
    const delayed = await scenario();
    await delayed.channel.call('confirm.select');
    publish(delayed, 'x', { type: 'l', value: BigInt(TEN_YEARS_MS) });
    publish(delayed, 'y', 2 ** 31 - 1);
    publish(delayed, 'z', 50);
    await delayed.channel.consume(delayed.queue, { noAck: true });
    expect(bodies(await delayed.channel.deliver(1))).toEqual(['z']);
    expect(await delayed.channel.counts(delayed.queue)).toMatchObject({ ready: 0 });
  });

  test('takes what it holds back along when it is deleted', async () => {
    const delayed = await scenario();
    const { channel, exchange, queue } = delayed;
    await channel.consume(queue, { noAck: true });
    publish(delayed, 'lost', 50);
    await channel.call('exchange.delete', { exchange });
    const args = table({ 'x-delayed-type': 'direct' });
    await channel.call('exchange.declare', { exchange, type: 'x-delayed-message', arguments: args });
    await channel.call('queue.bind', { queue, exchange, routingKey: queue });
    publish(delayed, 'kept', 100);
    expect(bodies(await channel.deliver(1))).toEqual(['kept']);
  });

  test('routes by the bindings that are there when the time has come', async () => {
    const delayed = await scenario();
    const { channel, exchange } = delayed;
    publish({ ...delayed, queue: 'later' }, 'x', 100);
    const { queue } = await channel.call('queue.declare', { exclusive: true });
    await channel.call('queue.bind', { queue, exchange, routingKey: 'later' });
    await channel.consume(queue, { noAck: true });
    expect(bodies(await channel.deliver(1))).toEqual(['x']);
  });

  test('holds back what a transaction publishes from the commit on', async () => {
    const delayed = await scenario();
    const { channel, queue } = delayed;
    await channel.consume(queue, { noAck: true });
    await channel.call('tx.select');
    publish(delayed, 'dropped', 10);
    await channel.call('tx.rollback');
    publish(delayed, 'kept', 20);
    await channel.call('tx.commit');
    expect(bodies(await channel.deliver(1))).toEqual(['kept']);
  });

  test('holds dead letters back', async () => {
    const { channel, exchange, queue } = await scenario('fanout');
    const args = table({ 'x-dead-letter-exchange': exchange });
    const { queue: work } = await channel.call('queue.declare', { exclusive: true, arguments: args });
    await channel.consume(queue, { noAck: true });
    channel.publish('', work, 'x', { properties: { headers: table({ 'x-delay': 80 }) } });
    await channel.consume(work, { consumerTag: 'worker' });
    const [message] = await channel.deliver(1);
    const start = Date.now();
    channel.send('basic.reject', { deliveryTag: message?.deliveryTag ?? 0n, requeue: false });
    const [letter] = await channel.deliver(1);
    expect(Date.now() - start).toBeGreaterThanOrEqual(79);
    expect(letter).toMatchObject({ exchange, routingKey: work, body: Buffer.from('x') });
    expect(letter?.properties.headers?.has('x-death')).toBe(true);
  });
});
