/**
 * The queues of the crash tests: declared, deleted now and then, and looked through while nobody else works with them.
 */
import { table } from '../../dist/amqp/table.js';
import { Connection } from './client.mjs';
import { MARKS, QUEUES } from './load.mjs';

/** @typedef {import('./account.mjs').QueueAccount} QueueAccount */
/** @typedef {import('./account.mjs').Entry} Entry */
/** @typedef {import('../../bench/soak/random.mjs').Random} Random */

/** Above it messages are taken, not only looked at: they need memory while nobody acknowledges them. */
const MANY = 5_000;
const LOOK_MS = 20_000;

/** @param {number} port @param {Map<string, QueueAccount>} accounts @param {Random} random */
export async function declare(port, accounts, random) {
  const connection = await Connection.open(port);
  if (random.chance(0.1)) {
    const queue = /** @type {string} */ (QUEUES[random.between(0, QUEUES.length - 2)]);
    await connection.call(1, 'queue.delete', { queue });
    accounts.get(queue)?.deleted();
  }
  for (const queue of [...QUEUES, MARKS]) {
    const fields = queue === 'p' ? { arguments: table({ 'x-max-priority': 5 }) } : {};
    await connection.call(1, 'queue.declare', { queue, durable: true, ...fields });
  }
  await connection.call(1, 'queue.purge', { queue: MARKS });
  await connection.call(1, 'exchange.declare', { exchange: 'fan', type: 'fanout', durable: true });
  for (const queue of ['f0', 'f1']) await connection.call(1, 'queue.bind', { queue, exchange: 'fan', routingKey: '' });
  connection.cut();
}

/**
 * Empties a queue that nobody works with.
 * @param {number} port @param {QueueAccount} account
 */
export async function empty(port, account) {
  const connection = await Connection.open(port);
  await connection.call(1, 'queue.purge', { queue: account.name });
  account.emptied();
  connection.cut();
}

/**
 * Looks at all messages of a queue; those of a long one, and sometimes of a short one, are acknowledged. Returns how
 * many there were.
 * @param {number} port @param {QueueAccount} account @param {Random} random @param {boolean} all whether all are acknowledged
 */
export async function look(port, account, random, all = false) {
  const connection = await Connection.open(port);
  const { name } = account;
  const { messageCount } = await connection.call(1, 'queue.declare', { queue: name, passive: true });
  const take = all || messageCount > MANY || random.chance(0.2);
  /** @type {Entry[]} */
  const seen = [];
  /** @type {Promise<void>} */
  const seenAll = new Promise((resolve, reject) => {
    const late = setTimeout(
      () =>
        reject(
          account.fault('any', `of ${messageCount} that are ready: ${seen.length} came, the last ${seen.at(-1)?.id}`),
        ),
      LOOK_MS,
    );
    connection.socket.on('close', () => reject(new Error(`closed while ${name} was looked at: ${connection.refusal}`)));
    connection.onDelivery = (delivery) => {
      try {
        seen.push(account.delivered(delivery));
        if (take && (seen.length % 100 === 0 || seen.length === messageCount)) {
          connection.send(1, 'basic.ack', { deliveryTag: BigInt(delivery.tag), multiple: true });
        }
        if (seen.length < messageCount) return;
        clearTimeout(late);
        resolve();
      } catch (error) {
        clearTimeout(late);
        reject(error);
      }
    };
    if (messageCount === 0) {
      clearTimeout(late);
      resolve();
    }
  });
  await connection.call(1, 'basic.qos', { prefetchSize: 0, prefetchCount: take ? 2_000 : 0, global: false });
  await connection.call(1, 'basic.consume', { queue: name, consumerTag: 'look' });
  await seenAll;
  const left = await connection.call(1, 'queue.declare', { queue: name, passive: true });
  if (left.messageCount !== 0)
    throw account.fault('any', `beside the ${messageCount} that were ready: ${left.messageCount} are`);
  account.verify(seen);
  for (const entry of seen) {
    entry.outstanding = false;
    if (take) entry.state = 'acked';
  }
  await connection.call(1, 'channel.close', { replyCode: 200, replyText: 'done' });
  connection.cut();
  return messageCount;
}
