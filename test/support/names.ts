/**
 * Names that no other test uses, and their removal from the broker when the file's tests are over.
 */
import { randomBytes } from 'node:crypto';
import amqp from 'amqplib';
import { afterAll } from 'vitest';
import type { Broker } from './broker.js';

/** Gives out names of queues and exchanges; whatever carries one is deleted after the file's tests. */
export function useNames(broker: () => Broker): (what?: string) => string {
  const run = randomBytes(4).toString('hex');
  const given: string[] = [];

  afterAll(async () => {
    if (given.length === 0 || !broker().alive) return;
    const model = await amqp.connect(broker().url);
    const channel = await model.createChannel();
    for (const name of given) {
      await channel.deleteQueue(name);
      await channel.deleteExchange(name);
    }
    await model.close();
  });

  return (what = 'test') => {
    const name = `${what}-${run}-${given.length}`;
    given.push(name);
    return name;
  };
}
