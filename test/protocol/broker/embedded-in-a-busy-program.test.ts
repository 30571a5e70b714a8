/** A program that embeds a broker may be as busy as it likes: the broker's threads do not wait for the program's. */
import { describe, expect, test } from 'vitest';
import { isReferee } from '../../support/broker.js';
import { Program } from '../../support/program.js';
import { bodies } from '../../support/raw-channel.js';
import { RawClient } from '../../support/raw-client.js';

describe.skipIf(isReferee)('a program whose thread is busy', () => {
  test('keeps no client of its broker from connecting, declaring, publishing and consuming', async () => {
    const program = new Program('busy-program.mjs');
    try {
      const broker = await program.broker();
      // One connection for each worker.
      const [publisher, consumer] = [await RawClient.open(broker), await RawClient.open(broker)];
      const channel = await consumer.openChannel();
      const { queue } = await channel.call('queue.declare', { exclusive: true });
      await channel.consume(queue, { noAck: true });
      const publishing = await publisher.openChannel();
      await publishing.call('confirm.select');
      publishing.publish('', queue, 'meanwhile');
      await publishing.confirms.next('the confirm');
      expect(bodies(await channel.deliver(1))).toEqual(['meanwhile']);

      program.send('.');
      const failures = [publisher, consumer].map((client) => client.failure());
      for (const failure of failures) expect(await failure).toMatchObject({ replyCode: 320 });
      expect(await program.line('the end of the broker')).toBe('closed');
      expect(await program.ended()).toBe(0);
    } finally {
      program.kill();
    }
  });
});
