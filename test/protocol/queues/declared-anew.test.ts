/**
 * Queues that are deleted and declared anew while somebody is about to consume from them: whoever was registered with
 * the old one is told of its end, and gets nothing of the new one.
 */
import { describe, expect, test } from 'vitest';
import { table } from '../../../src/amqp/table.js';
import { useBroker } from '../../support/broker.js';
import { useNames } from '../../support/names.js';
import type { RawChannel } from '../../support/raw-channel.js';
import { useRawConnections } from '../../support/raw-connections.js';
import { eventually } from '../../support/waiting.js';

/** A connection goes to the worker that has the fewest: each of the first three has one to itself. */
const broker = useBroker({ workers: 3 });
const name = useNames(broker);
const { connect } = useRawConnections(broker);

const ROUNDS = 20;
/**
 * Small methods that keep a worker busy for a while, so that the answer to a consume of another connection of it waits.
 */
const NOISE = 3_000;

function makeNoise(noisy: RawChannel): void {
  for (let i = 0; i < NOISE; i++) noisy.send('basic.qos', { prefetchCount: i });
}

describe.each([
  ['a queue', {}],
  ['a queue with a single active consumer', { 'x-single-active-consumer': true }],
])('%s', (_, args) => {
  test('gives nothing to who was registered with a queue of its name before it, and that is told', async () => {
    const [client, owner, , other] = [await connect(), await connect(), await connect(), await connect()];
    const consuming = await client.openChannel();
    const making = await owner.openChannel();
    const noisy = await other.openChannel();
    const queue = name();
    const declare = { queue, arguments: table(args) };
    for (let round = 0; round < ROUNDS; round++) {
      await making.call('queue.declare', declare);
      consuming.send('basic.consume', { queue, consumerTag: 'c', noAck: true });
      makeNoise(noisy);
      await eventually(
        'the consumer to be registered',
        async () => (await making.counts(queue)).consumers,
        (consumers) => consumers === 1,
      );
      making.send('queue.delete', { queue });
      making.send('queue.declare', declare);
      await making.expect('queue.delete-ok');
      await making.expect('queue.declare-ok');
      making.publish('', queue, `${round}`);
      await consuming.expect('basic.consume-ok');
      expect(await consuming.cancels.next(`the cancel of round ${round}`)).toBe('c');
      expect(await making.counts(queue)).toEqual({ ready: 1, consumers: 0 });
      await consuming.sync();
      expect(consuming.deliveries.waiting).toEqual([]);
      making.send('queue.delete', { queue, ifUnused: true });
      expect(await making.expect('queue.delete-ok')).toMatchObject({ messageCount: 1 });
      await noisy.replies.take(NOISE, 'answers');
    }
  });
});
