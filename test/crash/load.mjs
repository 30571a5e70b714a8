/**
 * What clients do to a broker while it lives: publishers with confirms and with transactions, consumers that
 * acknowledge, requeue and hold. What must hold: everything that is sent is in the account before it is, and everything
 * that the broker says right after.
 */
import { bodyOf, confirmed } from './account.mjs';
import { Connection, Gone } from './client.mjs';

/** @typedef {import('./account.mjs').Entry} Entry */
/** @typedef {import('./account.mjs').QueueAccount} QueueAccount */
/** @typedef {import('../../bench/soak/random.mjs').Random} Random */
/** @typedef {{ exchange: string, key: string, queues: string[], priorities: number }} Target */

export const MARKS = 'marks';
/** @type {readonly Target[]} */
const TARGETS = [
  { exchange: '', key: 'q0', queues: ['q0'], priorities: 0 },
  { exchange: '', key: 'q1', queues: ['q1'], priorities: 0 },
  { exchange: '', key: 'q2', queues: ['q2'], priorities: 0 },
  { exchange: 'fan', key: '', queues: ['f0', 'f1'], priorities: 0 },
  { exchange: '', key: 'p', queues: ['p'], priorities: 5 },
];
/** @type {Target} */
const BULK = { exchange: '', key: 'bulk', queues: ['bulk'], priorities: 0 };
export const QUEUES = [...TARGETS.flatMap(({ queues }) => queues), ...BULK.queues];
const CONFIRM = 1;
const WINDOW = 300;
/** More than one publisher sends in one life. */
const LIFE = 1_000_000;

/** Sends messages and enters them. */
class Source {
  #number;

  /**
   * @param {string} publisher @param {number} life @param {Map<string, QueueAccount>} accounts @param {Random} random
   */
  constructor(publisher, life, accounts, random) {
    // Numbers go up from life to life, so that order is held to across them.
    this.#number = life * LIFE;
    this.publisher = publisher;
    this.accounts = accounts;
    this.random = random;
  }

  #size() {
    const { random } = this;
    if (random.chance(0.003)) return random.between(100_000, 300_000);
    if (random.chance(0.05)) return random.between(1_000, 20_000);
    return random.chance(0.1) ? 0 : random.between(1, 1_000);
  }

  /** @param {Connection} connection @param {Target} target @returns {Entry[]} */
  publish(connection, target, size = this.#size()) {
    const { random, publisher } = this;
    const number = this.#number++;
    const id = `${publisher}:${number}:${size}`;
    const persistent = !random.chance(0.1);
    const priority = random.between(0, target.priorities);
    const message = { id, publisher, number, size, persistent, priority };
    const entries = target.queues.map((queue) => /** @type {QueueAccount} */ (this.accounts.get(queue)).sent(message));
    connection.publish(CONFIRM, target.exchange, target.key, { id, body: bodyOf(number, size), persistent, priority });
    return entries;
  }
}

/** Resolves when the event loop has been round: what came meanwhile was taken. */
const breath = () => new Promise((resolve) => setImmediate(resolve));

/**
 * Publishes until the broker is gone or so many are confirmed.
 * @param {number} port @param {Source} source @param {(random: Random) => Target} choose @param {{ most?: number, size?: number, pace?: number, stopped: boolean }} how
 */
async function publishConfirmed(port, source, choose, how) {
  const connection = await Connection.open(port);
  await connection.call(CONFIRM, 'confirm.select', {});
  /** @type {Entry[][]} */
  const waiting = [];
  let done = 0;
  connection.onConfirm = (_, tag, multiple) => {
    if (!multiple) confirmed(waiting[tag] ?? []);
    else for (let each = done + 1; each <= tag; each++) confirmed(waiting[each] ?? []);
    done = Math.max(done, tag);
  };
  for (let next = 1; next <= (how.most ?? Number.POSITIVE_INFINITY) && !connection.closed && !how.stopped; next++) {
    waiting[next] = source.publish(connection, choose(source.random), how.size);
    if (next % (how.pace ?? 20) === 0) await breath();
    while (next - done > (how.size === undefined ? WINDOW : 5_000) && !connection.closed) await breath();
  }
  return connection;
}

/** @param {number} port @param {Source} source @param {{ stopped: boolean }} how */
async function publishCommitted(port, source, how) {
  const connection = await Connection.open(port);
  await connection.call(CONFIRM, 'tx.select', {});
  while (!connection.closed && !how.stopped) {
    const count = source.random.between(1, 40);
    /** @type {Entry[]} */
    const entries = [];
    for (let each = 0; each < count; each++) entries.push(...source.publish(connection, chosen(source.random)));
    if (source.random.chance(0.1)) {
      await connection.call(CONFIRM, 'tx.rollback', {});
      for (const entry of entries)
        for (const queue of source.accounts.values())
          if (queue.entries.get(entry.id) === entry) queue.gone(entry, 'rolled back');
    } else {
      await connection.call(CONFIRM, 'tx.commit', {});
      confirmed(entries);
    }
  }
}

/** @param {Random} random */
function chosen(random) {
  return /** @type {Target} */ (TARGETS[random.between(0, TARGETS.length - 1)]);
}

/**
 * Consumes from some queues: acknowledges, requeue, holds. A mark that is confirmed says that all acknowledgements
 * before it are on disk.
 * @param {number} port @param {Map<string, QueueAccount>} accounts @param {readonly string[]} queues @param {Random} random @param {(error: Error) => void} fail
 */
async function consume(port, accounts, queues, random, fail) {
  const connection = await Connection.open(port, queues.length + 1);
  const marking = queues.length + 1;
  await connection.call(marking, 'confirm.select', {});
  /** Acknowledged before each mark. @type {[QueueAccount, Entry][][]} */
  const marks = [];
  /** @type {[QueueAccount, Entry][]} */
  let acked = [];
  let done = 0;
  const held = queues.map(() => /** @type {Map<number, Entry>} */ (new Map()));
  connection.onConfirm = (_, tag) => {
    for (; done < tag; done++)
      for (const [queue, entry] of marks[done] ?? [])
        if (entry.state === 'acked') queue.gone(entry, 'acknowledged, on disk');
  };
  connection.onDelivery = (delivery) => {
    const { channel, tag } = delivery;
    const queue = /** @type {QueueAccount} */ (accounts.get(/** @type {string} */ (queues[channel - 1])));
    try {
      const unacked = /** @type {Map<number, Entry>} */ (held[channel - 1]);
      const entry = queue.delivered(delivery);
      unacked.set(tag, entry);
      if (random.chance(0.04)) {
        entry.outstanding = false;
        unacked.delete(tag);
        connection.send(channel, 'basic.nack', { deliveryTag: BigInt(tag), multiple: false, requeue: true });
      } else if (random.chance(0.05)) {
        for (const each of unacked.values()) settle(queue, each);
        unacked.clear();
        connection.send(channel, 'basic.ack', { deliveryTag: BigInt(tag), multiple: true });
      } else if (random.chance(0.9)) {
        settle(queue, entry);
        unacked.delete(tag);
        connection.send(channel, 'basic.ack', { deliveryTag: BigInt(tag), multiple: false });
      }
      if (acked.length >= 40) {
        marks.push(acked);
        acked = [];
        connection.publish(marking, '', MARKS, { id: 'mark', body: bodyOf(0, 0), persistent: true, priority: 0 });
      }
    } catch (error) {
      fail(/** @type {Error} */ (error));
      connection.cut();
    }
  };
  /** @param {QueueAccount} queue @param {Entry} entry */
  const settle = (queue, entry) => {
    entry.state = 'acked';
    entry.outstanding = false;
    acked.push([queue, entry]);
  };
  for (const [index, queue] of queues.entries()) {
    await connection.call(index + 1, 'basic.qos', {
      prefetchSize: 0,
      prefetchCount: random.between(1, 300),
      global: false,
    });
    await connection.call(index + 1, 'basic.consume', { queue, consumerTag: `c${index}` });
  }
  return connection;
}

/**
 * Starts everything; what ends because the broker does is no fault.
 * @param {number} port @param {Map<string, QueueAccount>} accounts @param {Random} random
 * @param {{ life: number, bulk: number, how: { stopped: boolean }, fail: (error: Error) => void }} plan
 */
export function startLoad(port, accounts, random, { life, bulk, how, fail }) {
  /** @type {Set<Connection>} */
  const open = new Set();
  /** @param {Promise<Connection | void>} work */
  const until = (work) =>
    work.then(
      (connection) => {
        if (connection) open.add(connection);
      },
      (error) => {
        if (!(error instanceof Gone)) fail(error);
      },
    );
  /** @param {string} name */
  const source = (name) => new Source(name, life, accounts, random);
  const work = [];
  for (const name of ['a', 'b']) work.push(until(publishConfirmed(port, source(name), chosen, how)));
  work.push(until(publishCommitted(port, source('t'), how)));
  const groups = [
    ['q0', 'p', 'f0'],
    ['q1', 'q2', 'f1'],
  ].filter(() => random.chance(0.8));
  for (const queues of groups) work.push(until(consume(port, accounts, queues, random, fail)));
  const filled =
    bulk === 0
      ? Promise.resolve()
      : until(
          publishConfirmed(port, source('bulk'), () => BULK, { most: bulk, size: 1_024, pace: 200, stopped: false }),
        );
  if (random.chance(0.15)) work.push(until(purge(port, accounts, random)));
  return { filled, open, work };
}

/** @param {number} port @param {Map<string, QueueAccount>} accounts @param {Random} random */
async function purge(port, accounts, random) {
  const connection = await Connection.open(port);
  const queue = QUEUES[random.between(0, QUEUES.length - 2)];
  const account = accounts.get(/** @type {string} */ (queue));
  account?.purging();
  await connection.call(1, 'queue.purge', { queue });
  account?.purged();
}
