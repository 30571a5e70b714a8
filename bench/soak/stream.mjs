/**
 * One strand of the soak: queue after queue is declared, filled, consumed while it fills or afterwards, and deleted;
 * beside some lies another that gets the same messages, which nobody consumes, and that is purged or deleted with them.
 */
import { Account } from './account.mjs';
import { open } from './connections.mjs';
import { Consumer } from './consumer.mjs';
import { publishAll } from './publisher.mjs';

const MESSAGES_MIN = 500;
const MESSAGES_MAX = 5_000;
const DURABLE = 0.7;
const BYSTANDER = 0.3;
const PURGED = 0.5;
/** How often consuming begins when all is published. */
const LATE = 0.3;

/**
 * @typedef {{ url: string, exchange: string, name: string, random: import('./random.mjs').Random, tally:
 * import('./tally.mjs').Tally }} Story
 */

/**
 * @param {Story} story
 * @param {() => boolean} isOver
 */
export async function runStream(story, isOver) {
  const connection = await open(story.url);
  const channel = await connection.createChannel();
  for (let number = 1; !isOver(); number++) {
    await runQueue(story, channel, `${story.name}-${number}`);
    story.tally.queues++;
  }
  await connection.close();
}

/**
 * @param {Story} story
 * @param {import('amqplib').Channel} channel
 * @param {string} queue
 */
async function runQueue({ url, exchange, random, tally }, channel, queue) {
  const messages = random.between(MESSAGES_MIN, MESSAGES_MAX);
  const account = new Account(queue, messages);
  const bystander = random.chance(BYSTANDER) ? `${queue}-bystander` : null;
  for (const name of bystander === null ? [queue] : [queue, bystander]) {
    await channel.assertQueue(name, { durable: random.chance(DURABLE) });
    await channel.bindQueue(name, exchange, queue);
  }
  const consumer = new Consumer({ url, queue, account, random, tally });
  const isLate = random.chance(LATE);
  if (!isLate) await consumer.start();
  await publishAll({ url, exchange, key: queue, messages, account, random, tally });
  if (isLate) await consumer.start();
  await consumer.finish();
  if (bystander !== null) {
    if (random.chance(PURGED)) await channel.purgeQueue(bystander);
    await channel.deleteQueue(bystander);
  }
  await channel.deleteQueue(queue);
}
