/**
 * What one client can do that is a lot of work for the worker it is on. What must hold: what is measured is `act` alone;
 * whatever it needs is there before.
 */
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { encodeContent, encodeFrame, encodeMethod, FrameType } from '../../dist/amqp/frames.js';
import { table } from '../../dist/amqp/table.js';
import { Connection, wholeMethod } from '../support/connection.mjs';

/** @typedef {{ port: number, httpPort: number, scale: number }} Place `scale`: 1, or less for a smoke test */
/** `stop` ends an `act` that goes on until then; `end` lets go of what is left. @typedef {{ act(): Promise<unknown>, stop?: () => void, end?: () => Promise<unknown> }} Flood */
/** `rounds`: how often it is prepared and done; 0: it is done for a time. @typedef {{ name: string, rounds: number, prepare(place: Place): Promise<Flood> }} FloodKind */

const CHUNK = 65_536;
const BODY = Buffer.alloc(16, 'x');
const FRAME = 131_072 - 8;
const LONG = 120 * 1024 * 1024;
const FANOUT_QUEUES = 1_500;
const PURGED = 10_000_000;
const QUEUES = 10_000;
/** Each of them is told to the disk. */
const DURABLE_QUEUES = 2_000;
const UNACKED = 100_000;
/** Between two looks whether a flood is over: the looks are not to be one. */
const LOOK_MS = 20;
/** Methods that are on their way at a time. */
const AHEAD = 500;
/** What waits in a queue at most, should its consumer be slow. */
const LENGTH_MAX = table({ 'x-max-length': 100_000 });

/** @type {readonly FloodKind[]} */
export const FLOODS = [
  { name: 'small messages', rounds: 0, prepare: smallMessages },
  { name: `fanout to ${FANOUT_QUEUES} queues`, rounds: 0, prepare: fanout },
  { name: 'messages of 120 MB', rounds: 0, prepare: longMessages },
  { name: 'purge of 10 million', rounds: 2, prepare: (place) => purge(place, PURGED, false) },
  { name: 'purge of a million, logged', rounds: 3, prepare: (place) => purge(place, PURGED / 10, true) },
  { name: 'deletion of 10 million', rounds: 2, prepare: deletion },
  { name: '10,000 queues declared', rounds: 2, prepare: declarations },
  { name: '10,000 queues deleted', rounds: 4, prepare: deletions },
  { name: '10,000 exclusive queues cut', rounds: 4, prepare: exclusive },
  { name: '2,000 durable queues deleted', rounds: 1, prepare: durableDeletions },
  { name: 'a vhost of 10,000 queues deleted', rounds: 3, prepare: vhost },
  { name: 'nack of 100,000', rounds: 8, prepare: nack },
  { name: 'ack of 100,000', rounds: 8, prepare: ack },
  { name: 'recover of 100,000', rounds: 8, prepare: recover },
  { name: 'cancel and close with 100,000', rounds: 8, prepare: cancel },
  { name: 'a cut with 100,000', rounds: 8, prepare: cut },
  { name: 'commit of 100,000', rounds: 4, prepare: commit },
  { name: 'expiry of a million', rounds: 2, prepare: expiry },
  { name: 'listings of 10,000 queues', rounds: 0, prepare: listings },
];

/** @param {Error} error */
function failed(error) {
  console.error(error);
  process.exit(1);
}

/** @param {Place} place */
async function opened({ port }) {
  const connection = await Connection.open(port, failed);
  await connection.openChannel();
  return connection;
}

/** Publishes one after the other, whole, as often as fits in a chunk. @param {number} channel @param {string} exchange @param {string} routingKey @param {object} [properties] */
function chunkOf(channel, exchange, routingKey, properties = {}) {
  const one = Buffer.concat([
    encodeMethod(channel, wholeMethod('basic.publish', { exchange, routingKey })),
    encodeContent(channel, properties, BODY, 4096),
  ]);
  const count = Math.floor(CHUNK / one.length);
  return { bytes: Buffer.concat(Array.from({ length: count }, () => one)), count, one };
}

/** Publishes so many, and waits until all are there. @param {Connection} connection @param {string} queue @param {number} count @param {object} [properties] */
async function fill(connection, queue, count, properties) {
  const chunk = chunkOf(connection.channel, '', queue, properties);
  for (let left = count; left > 0; left -= chunk.count) {
    await connection.write(chunk.bytes.subarray(0, Math.min(left, chunk.count) * chunk.one.length));
  }
  await connection.call('queue.declare', { queue, passive: true });
}

/** Calls for each, some of them ahead. @param {number} count @param {(i: number) => Promise<unknown>} call */
async function calls(count, call) {
  /** @type {Promise<unknown>[]} */
  let ahead = [];
  for (let i = 0; i < count; i++) {
    ahead.push(call(i));
    if (ahead.length < AHEAD) continue;
    await Promise.all(ahead);
    ahead = [];
  }
  await Promise.all(ahead);
}

/** Writes until it is told to stop. @param {(isOver: () => boolean) => Promise<unknown>} write @param {Connection[]} connections */
function lasting(write, connections) {
  let over = false;
  return {
    act: () => write(() => over),
    stop: () => {
      over = true;
    },
    end: async () => {
      for (const connection of connections) connection.cut();
    },
  };
}

/** @param {Place} place */
async function smallMessages(place) {
  const [publisher, consumer] = [await opened(place), await opened(place)];
  const queue = 'flooded';
  await publisher.call('queue.declare', { queue, autoDelete: true, arguments: LENGTH_MAX });
  await consumer.call('basic.consume', { queue, noAck: true });
  consumer.deafen();
  const { bytes } = chunkOf(publisher.channel, '', queue);
  return lasting(
    async (isOver) => {
      while (!isOver()) await publisher.write(bytes);
    },
    [publisher, consumer],
  );
}

/** @param {Place} place */
async function fanout(place) {
  const [publisher, consumer] = [await opened(place), await opened(place)];
  const exchange = 'flooding';
  await publisher.call('exchange.declare', { exchange, type: 'fanout', autoDelete: true });
  await calls(FANOUT_QUEUES, async (i) => {
    const queue = `fanned-${i}`;
    const declared = consumer.call('queue.declare', { queue, autoDelete: true, arguments: LENGTH_MAX });
    const bound = consumer.call('queue.bind', { queue, exchange });
    const consumed = consumer.call('basic.consume', { queue, noAck: true });
    await Promise.all([declared, bound, consumed]);
  });
  consumer.deafen();
  const { bytes } = chunkOf(publisher.channel, exchange, '');
  return lasting(
    async (isOver) => {
      while (!isOver()) await publisher.write(bytes);
    },
    [publisher, consumer],
  );
}

/** @param {Place} place */
async function longMessages(place) {
  const [publisher, consumer] = [await opened(place), await opened(place)];
  const queue = 'long';
  await publisher.call('queue.declare', { queue, autoDelete: true });
  await consumer.call('basic.consume', { queue, noAck: true });
  consumer.deafen();
  const { channel } = publisher;
  const head = encodeMethod(channel, wholeMethod('basic.publish', { routingKey: queue }));
  // The head of a content without a body, and the length that it is to have.
  const header = Buffer.from(encodeContent(channel, {}, new Uint8Array(0), FRAME));
  header.writeBigUInt64BE(BigInt(LONG), 7 + 4);
  const frame = encodeFrame(FrameType.BODY, channel, Buffer.alloc(FRAME, 'x'));
  const last = encodeFrame(FrameType.BODY, channel, Buffer.alloc(LONG % FRAME, 'x'));
  return lasting(
    async (isOver) => {
      while (!isOver()) {
        await publisher.write(Buffer.concat([head, header]));
        for (let left = LONG; left >= FRAME; left -= FRAME) await publisher.write(frame);
        await publisher.write(last);
      }
    },
    [publisher, consumer],
  );
}

/** @param {Place} place @param {number} count @param {boolean} durable */
async function purge(place, count, durable) {
  const connection = await opened(place);
  const queue = `purged-${durable}`;
  await connection.call('queue.declare', { queue, durable });
  await fill(connection, queue, count * place.scale, durable ? { deliveryMode: 2 } : {});
  return {
    act: () => connection.call('queue.purge', { queue }),
    end: async () => {
      await connection.call('queue.delete', { queue });
      await connection.close();
    },
  };
}

/** @param {Place} place */
async function deletion(place) {
  const connection = await opened(place);
  const queue = 'deleted';
  await connection.call('queue.declare', { queue });
  await fill(connection, queue, PURGED * place.scale);
  return { act: () => connection.call('queue.delete', { queue }), end: () => connection.close() };
}

/** @param {Place} place */
async function declarations(place) {
  const connection = await opened(place);
  const count = QUEUES * place.scale;
  return {
    act: () => calls(count, (i) => connection.call('queue.declare', { queue: `declared-${i}` })),
    end: async () => {
      await calls(count, (i) => connection.call('queue.delete', { queue: `declared-${i}` }));
      await connection.close();
    },
  };
}

/** @param {Place} place */
async function deletions(place) {
  const connection = await opened(place);
  const count = QUEUES * place.scale;
  await calls(count, (i) => connection.call('queue.declare', { queue: `deleted-${i}` }));
  return {
    // All are asked at once.
    act: () =>
      Promise.all(Array.from({ length: count }, (_, i) => connection.call('queue.delete', { queue: `deleted-${i}` }))),
    end: () => connection.close(),
  };
}

/** @param {Place} place */
async function durableDeletions(place) {
  const connection = await opened(place);
  const count = DURABLE_QUEUES * place.scale;
  await calls(count, (i) => connection.call('queue.declare', { queue: `kept-${i}`, durable: true }));
  return {
    act: () =>
      Promise.all(Array.from({ length: count }, (_, i) => connection.call('queue.delete', { queue: `kept-${i}` }))),
    end: () => connection.close(),
  };
}

/** @param {Place} place */
async function exclusive(place) {
  const [connection, other] = [await opened(place), await opened(place)];
  const count = QUEUES * place.scale;
  const exchange = 'of-exclusive';
  await other.call('exchange.declare', { exchange, type: 'topic' });
  await calls(count, (i) => {
    const queue = `exclusive-${i}`;
    const declared = connection.call('queue.declare', { queue, exclusive: true });
    return Promise.all([declared, connection.call('queue.bind', { queue, exchange, routingKey: `a.*.${i}` })]);
  });
  return {
    act: async () => {
      connection.cut();
      // Its name is free again as soon as the last of them is gone.
      while (!(await isFree(place, `exclusive-${count - 1}`))) await pause(LOOK_MS);
    },
    end: async () => {
      await other.call('exchange.delete', { exchange });
      await other.close();
    },
  };
}

/** Whether no queue has a name. @param {Place} place @param {string} name */
async function isFree(place, name) {
  const answer = await ask(place, 'GET', `/api/queues/%2F/${name}`);
  return answer.status === 404;
}

/** @param {Place} place @param {string} method @param {string} path @param {string} [body] @returns {Promise<{ status: number, body: string }>} */
function ask({ httpPort }, method, path, body) {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const asked = request({ port: httpPort, host: '127.0.0.1', method, path, headers, auth: 'guest:guest' }, (answer) =>
      text(answer).then((told) => resolve({ status: answer.statusCode ?? 0, body: told }), reject),
    );
    asked.on('error', reject);
    asked.end(body);
  });
}

/** @param {Place} place */
async function vhost(place) {
  const name = 'flooded';
  await ask(place, 'PUT', `/api/vhosts/${name}`);
  const queues = Array.from({ length: QUEUES * place.scale }, (_, i) => {
    return { name: `of-vhost-${i}`, vhost: name, durable: true, auto_delete: false, arguments: {} };
  });
  const answer = await ask(place, 'POST', '/api/definitions', JSON.stringify({ queues }));
  if (answer.status >= 300) throw new Error(answer.body);
  return { act: () => ask(place, 'DELETE', `/api/vhosts/${name}`) };
}

/** A consumer that holds very many. @param {Place} place @param {string} queue */
async function holding(place, queue) {
  const connection = await opened(place);
  const count = UNACKED * place.scale;
  await connection.call('queue.declare', { queue });
  await fill(connection, queue, count);
  let [left, come] = [count, () => {}];
  connection.onDelivery = () => {
    if (--left === 0) come();
  };
  const all = () =>
    new Promise((resolve) => {
      left = count;
      come = () => resolve(undefined);
    });
  const first = all();
  await connection.call('basic.consume', { queue, consumerTag: queue });
  await first;
  const end = async () => {
    connection.cut();
    const other = await opened(place);
    await other.call('queue.delete', { queue });
    await other.close();
  };
  return { connection, all, end };
}

/** @param {Place} place */
async function nack(place) {
  const { connection, all, end } = await holding(place, 'nacked');
  return {
    act: () => {
      const again = all();
      connection.send('basic.nack', { deliveryTag: 0n, multiple: true, requeue: true });
      return again;
    },
    end,
  };
}

/** @param {Place} place */
async function recover(place) {
  const { connection, all, end } = await holding(place, 'recovered');
  return {
    act: () => {
      const again = all();
      connection.send('basic.recover', { requeue: true });
      return again;
    },
    end,
  };
}

/** @param {Place} place */
async function ack(place) {
  const { connection, end } = await holding(place, 'acknowledged');
  return {
    act: () => {
      connection.send('basic.ack', { deliveryTag: 0n, multiple: true });
      return connection.call('queue.declare', { queue: 'acknowledged', passive: true });
    },
    end,
  };
}

/** @param {Place} place */
async function cancel(place) {
  const { connection, end } = await holding(place, 'cancelled');
  return {
    act: async () => {
      await connection.call('basic.cancel', { consumerTag: 'cancelled' });
      await connection.openChannel();
      await connection.call('queue.declare', { queue: 'cancelled', passive: true });
    },
    end,
  };
}

/** @param {Place} place */
async function cut(place) {
  const { connection, end } = await holding(place, 'cut');
  const other = await opened(place);
  return {
    act: async () => {
      connection.cut();
      const count = UNACKED * place.scale;
      for (;;) {
        const { messageCount } = await other.call('queue.declare', { queue: 'cut', passive: true });
        if (messageCount === count) return;
        await pause(LOOK_MS);
      }
    },
    end: async () => {
      await end();
      await other.close();
    },
  };
}

/** @param {Place} place */
async function commit(place) {
  const connection = await opened(place);
  const queue = 'committed';
  await connection.call('queue.declare', { queue });
  await connection.call('tx.select');
  await fill(connection, queue, UNACKED * place.scale);
  return {
    act: () => connection.call('tx.commit'),
    end: async () => {
      await connection.call('queue.delete', { queue });
      await connection.close();
    },
  };
}

/** @param {Place} place */
async function expiry(place) {
  const connection = await opened(place);
  const queue = 'expired';
  await connection.call('queue.declare', { queue });
  const count = (PURGED / 10) * place.scale;
  await fill(connection, queue, count);
  return {
    // By a policy all of them are too old at once.
    act: async () => {
      const policy = { pattern: '^expired$', definition: { 'message-ttl': 1 }, 'apply-to': 'queues' };
      await ask(place, 'PUT', '/api/policies/%2F/old', JSON.stringify(policy));
      for (;;) {
        const { messageCount } = await connection.call('queue.declare', { queue, passive: true });
        if (messageCount === 0) return;
        await pause(LOOK_MS);
      }
    },
    end: async () => {
      await ask(place, 'DELETE', '/api/policies/%2F/old');
      await connection.call('queue.delete', { queue });
      await connection.close();
    },
  };
}

/** @param {Place} place */
async function listings(place) {
  const connection = await opened(place);
  await calls(QUEUES * place.scale, (i) => connection.call('queue.declare', { queue: `listed-${i}`, exclusive: true }));
  return lasting(
    async (isOver) => {
      while (!isOver()) await ask(place, 'GET', '/api/queues');
    },
    [connection],
  );
}
