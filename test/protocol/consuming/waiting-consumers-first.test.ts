/**
 * What was published goes to the consumers that waited for it, whatever is asked next: in one write, on one channel, as
 * RabbitMQ has it.
 */
import { describe, expect, test } from 'vitest';
import { type BrokerOptions, useBroker } from '../../support/broker.js';
import { useNames } from '../../support/names.js';
import { bodies, type RawChannel } from '../../support/raw-channel.js';
import { useRawConnections } from '../../support/raw-connections.js';

const ROUNDS = 100;

/** Who asks, and who waits for messages of the queue. */
interface Pair {
  readonly asking: RawChannel;
  readonly consuming: RawChannel;
}

describe.each([1, 2])('with %i workers', (workers) => {
  const broker = useBroker({ workers } satisfies BrokerOptions);
  const name = useNames(broker);
  const { connect } = useRawConnections(broker);

  /** A connection goes to the worker that has the fewest. */
  const PLACES: Readonly<Record<string, () => Promise<Pair>>> = {
    'on its own channel': async () => {
      const channel = await (await connect()).openChannel();
      return { asking: channel, consuming: channel };
    },
    'on another connection': async () => {
      const [asking, consuming] = [await connect(), await connect()];
      return { asking: await asking.openChannel(), consuming: await consuming.openChannel() };
    },
  };

  describe.each(Object.entries(PLACES))('a consumer %s', (_, pair) => {
    /** Publishes a message in one write with what `ask` sends, a hundred times; the consumer must have it each time. */
    async function rounds(
      messages: number,
      ask: (channel: RawChannel, queue: string) => void,
      answer: (channel: RawChannel, queue: string) => Promise<unknown>,
    ): Promise<void> {
      const { asking, consuming } = await pair();
      const queue = name();
      await asking.call('queue.declare', { queue });
      await consuming.consume(queue, { noAck: true });
      for (let round = 0; round < ROUNDS; round++) {
        const published = Array.from({ length: messages }, (_, i) => `${round}.${i}`);
        for (const body of published) asking.publish('', queue, body);
        ask(asking, queue);
        await answer(asking, queue);
        expect(bodies(await consuming.deliver(messages))).toEqual(published);
      }
      expect(consuming.deliveries.waiting).toEqual([]);
    }

    test.each([1, 20])('has %i messages before basic.get looks for one', async (messages) => {
      await rounds(
        messages,
        (channel, queue) => channel.send('basic.get', { queue, noAck: true }),
        async (channel) => expect((await channel.replies.next('an answer')).name).toBe('basic.get-empty'),
      );
    });

    test.each([1, 20])('has %i messages before queue.purge drops what is left', async (messages) => {
      await rounds(
        messages,
        (channel, queue) => channel.send('queue.purge', { queue }),
        async (channel) => expect((await channel.expect('queue.purge-ok')).messageCount).toBe(0),
      );
    });

    test.each([true, false])('has its message before it is counted by a declaration (passive: %s)', async (passive) => {
      await rounds(
        1,
        (channel, queue) => channel.send('queue.declare', { queue, passive }),
        async (channel) => expect((await channel.expect('queue.declare-ok')).messageCount).toBe(0),
      );
    });

    test('has its message before another one begins', async () => {
      const tags: string[] = [];
      await rounds(
        1,
        (channel, queue) => channel.send('basic.consume', { queue, consumerTag: 'late', noAck: true }),
        async (channel) => {
          await channel.expect('basic.consume-ok');
          await channel.call('basic.cancel', { consumerTag: 'late' });
          for (const { consumerTag } of channel.deliveries.waiting) tags.push(consumerTag);
        },
      );
      expect(tags).not.toContain('late');
    });

    test('has its message before its queue is found empty and deleted', async () => {
      const { asking, consuming } = await pair();
      for (let round = 0; round < ROUNDS; round++) {
        const queue = name();
        await asking.call('queue.declare', { queue });
        await consuming.consume(queue, { noAck: true });
        asking.publish('', queue, `${round}`);
        asking.send('queue.delete', { queue, ifEmpty: true });
        expect((await asking.expect('queue.delete-ok')).messageCount).toBe(0);
        expect(bodies(await consuming.deliver(1))).toEqual([`${round}`]);
      }
    });

    test('has what another consumer gave back before basic.get looks for it', async () => {
      const { asking, consuming } = await pair();
      const queue = name();
      await asking.call('queue.declare', { queue });
      await asking.call('basic.qos', { prefetchCount: 1 });
      for (let round = 0; round < ROUNDS; round++) {
        asking.publish('', queue, `${round}`);
        const got = await asking.get(queue);
        const consumerTag = await consuming.consume(queue, { noAck: true });
        asking.send('basic.nack', { deliveryTag: got?.deliveryTag ?? 0n, requeue: true });
        asking.send('basic.get', { queue, noAck: true });
        expect((await asking.replies.next('an answer')).name).toBe('basic.get-empty');
        expect(bodies(await consuming.deliver(1))).toEqual([`${round}`]);
        await consuming.call('basic.cancel', { consumerTag });
      }
    });
  });

  test('consumers of all workers have what they may hold before basic.get takes the next', async () => {
    const asking = await (await connect()).openChannel();
    const consuming = [await (await connect()).openChannel(), await (await connect()).openChannel()];
    const queue = name();
    await asking.call('queue.declare', { queue });
    for (const channel of consuming) {
      await channel.call('basic.qos', { prefetchCount: 3 });
      await channel.consume(queue);
    }
    for (let round = 0; round < ROUNDS; round++) {
      for (let i = 0; i < 8; i++) asking.publish('', queue, `${i}`);
      asking.send('basic.get', { queue, noAck: true });
      await asking.expect('basic.get-ok');
      expect(bodies([await asking.gets.next('the seventh')])).toEqual(['6']);
      expect((await asking.call('queue.purge', { queue })).messageCount).toBe(1);
      for (const channel of consuming) {
        const last = (await channel.deliver(3)).at(-1);
        channel.send('basic.ack', { deliveryTag: last?.deliveryTag ?? 0n, multiple: true });
        await channel.sync();
      }
    }
  });

  test('a consumer has its message before it is cancelled', async () => {
    const channel = await (await connect()).openChannel();
    const queue = name();
    await channel.call('queue.declare', { queue });
    for (let round = 0; round < ROUNDS; round++) {
      await channel.consume(queue, { consumerTag: 'c', noAck: true });
      channel.log.length = 0;
      channel.publish('', queue, `${round}`);
      await channel.call('basic.cancel', { consumerTag: 'c' });
      expect(channel.log).toEqual(['basic.deliver', 'basic.cancel-ok']);
      expect(bodies(await channel.deliver(1))).toEqual([`${round}`]);
    }
  });

  test('consumers have their messages before their channel gets a limit', async () => {
    const channel = await (await connect()).openChannel();
    const queue = name();
    await channel.call('queue.declare', { queue });
    await channel.consume(queue);
    for (let round = 0; round < ROUNDS; round++) {
      for (let i = 0; i < 5; i++) channel.publish('', queue, `${round}`);
      await channel.call('basic.qos', { prefetchCount: 1, global: true });
      const last = (await channel.deliver(5)).at(-1);
      channel.send('basic.ack', { deliveryTag: last?.deliveryTag ?? 0n, multiple: true });
      await channel.call('basic.qos', { prefetchCount: 0, global: true });
    }
  });
});
