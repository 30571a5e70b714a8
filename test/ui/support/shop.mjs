/**
 * A small shop that goes on, so that the page has something to show: orders that are worked on as they come, and
 * thumbnails whose worker is too slow. It is what the pictures show, and what the walk over all pages looks at.
 */
import { setTimeout as after } from 'node:timers/promises';
import amqplib from 'amqplib';

const TURN_MS = 50;

/** What is sold: its queue, the key of its messages, messages each turn as sold and as one consumer takes them. */
const WORK = [
  { queue: 'orders', key: 'order.placed', sold: 60, done: 70, consumers: 4 },
  { queue: 'invoices', key: 'order.paid', sold: 40, done: 50, consumers: 2 },
  { queue: 'emails', key: 'customer.*', sold: 25, done: 30, consumers: 2 },
  { queue: 'thumbnails', key: 'picture.added', sold: 12, done: 8, consumers: 1 },
];

/**
 * Goes on until `closing`; returns once it has begun, with what waits for its end. `share`: of the messages, how many.
 * @param {string} url @param {AbortSignal} closing @param {number} [share] @returns {Promise<{ ended: Promise<void> }>}
 */
export async function openShop(url, closing, share = 1) {
  const connection = await amqplib.connect(url, { clientProperties: { connection_name: 'shop' } });
  connection.on('error', () => {});
  const channel = await connection.createConfirmChannel();
  await channel.assertExchange('shop', 'topic');
  /** @type {(() => Promise<void>)[]} */
  const workers = [];
  for (const { queue, key, done, consumers } of WORK) {
    await channel.assertQueue(queue, { arguments: { 'x-max-length': 100_000 } });
    await channel.bindQueue(queue, 'shop', key);
    for (let one = 0; one < consumers; one++) workers.push(await work(url, queue, (done / consumers) * share));
  }
  const sell = async () => {
    for (let turn = 0; !closing.aborted; turn++) {
      const swing = 1 + Math.sin(turn / 200) / 3;
      for (const { key, sold } of WORK) {
        const body = Buffer.from(JSON.stringify({ number: turn, customer: 'Ann', total: 42 }));
        const options = { contentType: 'application/json', persistent: true, headers: { shop: 'north' } };
        for (let one = 0; one < sold * swing * share; one++)
          channel.publish('shop', key.replace('*', 'wrote'), body, options);
      }
      await after(TURN_MS);
    }
    for (const end of workers) await end();
    await connection.close();
  };
  return { ended: sell() };
}

/** A consumer that does so many messages each turn; returns what ends it. @param {string} url @param {string} queue @param {number} each */
async function work(url, queue, each) {
  const connection = await amqplib.connect(url, { clientProperties: { connection_name: `${queue} worker` } });
  connection.on('error', () => {});
  const channel = await connection.createChannel();
  await channel.prefetch(Math.ceil(each));
  /** @type {Set<NodeJS.Timeout>} */
  const inWork = new Set();
  await channel.consume(queue, (message) => {
    if (message === null) return;
    const done = setTimeout(() => {
      inWork.delete(done);
      channel.ack(message);
    }, TURN_MS);
    inWork.add(done);
  });
  return async () => {
    for (const one of inWork) clearTimeout(one);
    await channel.close();
    for (const one of inWork) clearTimeout(one);
    await connection.close();
  };
}
