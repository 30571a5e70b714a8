/**
 * A well-behaved client beside the hostile ones: whatever they do, it must be served as ever.
 */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect } from 'vitest';
import type { Broker } from '../../support/broker.js';
import type { RawChannel } from '../../support/raw-channel.js';
import { RawClient } from '../../support/raw-client.js';

export interface Neighbour {
  /** Sends itself a message that only the right bytes will do for. */
  isServed(): Promise<void>;
}

/** Connects before the file's tests, and asserts after them that nothing has happened to it. */
export function useNeighbour(broker: () => Broker): Neighbour {
  let channel: RawChannel | undefined;
  let queue = '';

  async function isServed(): Promise<void> {
    if (channel === undefined) throw new Error('the neighbour is there only while tests run');
    expect(broker().alive).toBe(true);
    const body = randomBytes(5_000);
    channel.publish('', queue, body);
    const [delivery] = await channel.deliver(1);
    expect(delivery?.body.equals(body)).toBe(true);
  }

  beforeAll(async () => {
    const client = await RawClient.open(broker());
    channel = await client.openChannel();
    ({ queue } = await channel.call('queue.declare', { exclusive: true }));
    await channel.consume(queue, { noAck: true });
  });
  afterAll(async () => {
    await isServed();
    await channel?.client.close();
  });
  return { isServed };
}
