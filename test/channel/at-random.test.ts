/**
 * The program's channel and amqplib on one broker: what the one gets the other would have got, step by step; and together
 * they lose nothing, get nothing twice, and keep the order.
 */
import amqp from 'amqplib';
import { expect, test } from 'vitest';
import type { Channel, Message } from '../../src/index.js';
import { useNames } from '../support/names.js';
import { deferred, PATIENCE_MS, within } from '../support/waiting.js';
import { useChannels } from './support/channels.js';

const { broker, open } = useChannels();
const name = useNames(() => broker().broker);

/** Mulberry32. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function seeded(what: string): (below: number) => number {
  const seed = Number(process.env.LEVERET_SEED ?? Date.now() % 2 ** 31);
  console.info(`${what}: repeat with LEVERET_SEED=${seed}`);
  return randomFrom(seed);
}

/** What was got: text, whether it came before, how many are left, one of its properties. */
type Got = readonly [string, boolean, number | null, string | undefined] | null;

/** One client, as far as steps at random use it. */
interface Client {
  publish(queue: string, body: string, messageId: string | undefined, persistent: boolean): Promise<string>;
  get(queue: string): Promise<readonly [Got, unknown]>;
  ack(message: unknown, multiple: boolean): void;
  nack(message: unknown, multiple: boolean, requeue: boolean): void;
  count(queue: string): Promise<number>;
  purge(queue: string): Promise<number>;
  close(): Promise<void>;
}

async function byChannel(): Promise<Client> {
  const channel = await open();
  return {
    publish: (queue, body, messageId, persistent) =>
      channel.publish('', queue, body, { ...(messageId === undefined ? {} : { messageId }), persistent }).then(
        () => 'taken',
        () => 'refused',
      ),
    get: async (queue) => {
      const got = await channel.get(queue);
      if (got === null) return [null, null];
      return [[got.body.toString(), got.redelivered, got.messageCount, got.properties.messageId], got];
    },
    ack: (message, multiple) => channel.ack(message as Message, { multiple }),
    nack: (message, multiple, requeue) => channel.nack(message as Message, { multiple, requeue }),
    count: async (queue) => (await channel.declareQueue(queue, { passive: true })).messageCount,
    purge: (queue) => channel.purgeQueue(queue),
    close: () => channel.close(),
  };
}

async function byAmqplib(): Promise<Client> {
  const connection = await amqp.connect(broker().broker.url);
  const channel = await connection.createConfirmChannel();
  return {
    publish: (queue, body, messageId, persistent) =>
      new Promise((resolve) => {
        const options = { ...(messageId === undefined ? {} : { messageId }), persistent };
        channel.publish('', queue, Buffer.from(body), options, (error) => resolve(error ? 'refused' : 'taken'));
      }),
    get: async (queue) => {
      const got = await channel.get(queue);
      if (got === false) return [null, null];
      const { redelivered, messageCount } = got.fields;
      return [[got.content.toString(), redelivered, messageCount, got.properties.messageId], got];
    },
    ack: (message, multiple) => channel.ack(message as amqp.GetMessage, multiple),
    nack: (message, multiple, requeue) => channel.nack(message as amqp.GetMessage, multiple, requeue),
    count: async (queue) => (await channel.checkQueue(queue)).messageCount,
    purge: async (queue) => (await channel.purgeQueue(queue)).messageCount,
    close: () => connection.close(),
  };
}

const STEPS = 600;

test('each step has the outcome that it has by amqplib', async () => {
  const random = seeded('steps at random');
  const declaring = await open();
  const clients = [await byChannel(), await byAmqplib()];
  const queues: string[] = [];
  for (const _ of clients) {
    const queue = name();
    queues.push(queue);
    await declaring.declareQueue(queue, { arguments: { 'x-max-length': 30, 'x-overflow': 'reject-publish' } });
  }
  /** What each client holds, in the order in which it came. */
  const held: unknown[][] = clients.map(() => []);
  const both = <T>(step: (client: Client, queue: string, held: unknown[]) => Promise<T>): Promise<T[]> =>
    Promise.all(clients.map((client, index) => step(client, queues[index] ?? '', held[index] ?? [])));

  for (let index = 0; index < STEPS; index++) {
    const what = random(10);
    const [place, multiple, requeue, long] = [random(100), random(3) === 0, random(2) === 0, random(40) === 0];
    const step = async (client: Client, queue: string, own: unknown[]): Promise<unknown> => {
      const at = own.length === 0 ? 0 : place % own.length;
      if (what < 4) {
        const body = `${index}${long ? 'x'.repeat(200_000) : ''}`;
        return client.publish(queue, body, place % 3 === 0 ? `m${place}` : undefined, requeue);
      }
      if (what < 7) {
        const [seen, message] = await client.get(queue);
        if (message !== null) own.push(message);
        return seen;
      }
      if (what === 9) return place === 0 ? client.purge(queue) : client.count(queue);
      const [message] = own.slice(at, at + 1);
      if (message === undefined) return 'nothing is held';
      own.splice(multiple ? 0 : at, multiple ? at + 1 : 1);
      if (what === 7) client.ack(message, multiple);
      else client.nack(message, multiple, requeue);
      return client.count(queue);
    };
    const [ours, theirs] = await both(step);
    expect(ours, `step ${index}`).toEqual(theirs);
  }
  await Promise.all(clients.map((client) => client.close()));
});

const MESSAGES = 4000;

test('nothing is lost, nothing is done twice, and what was never delivered comes in order', async () => {
  const random = seeded('messages at random');
  const channel: Channel = await open();
  const connection = await amqp.connect(broker().broker.url);
  const theirs = await connection.createConfirmChannel();
  const queues = [name(), name(), name()];
  for (const queue of queues) await channel.declareQueue(queue);
  const done = new Set<string>();
  const all = deferred<void>();
  const faults: string[] = [];
  /** The last one of each publisher that each consumer has got from each queue for the first time. */
  const last = new Map<string, number>();

  /** Whether to be done with it. */
  const take = (consumer: string, body: string, redelivered: boolean): boolean => {
    const [publisher = '', queue = '', number = ''] = body.split(' ');
    const line = `${consumer} ${publisher} ${queue}`;
    if (!redelivered) {
      if ((last.get(line) ?? -1) >= Number(number)) faults.push(`${body} came behind ${last.get(line)} to ${consumer}`);
      last.set(line, Number(number));
    }
    if (random(5) === 0) return false;
    const key = `${publisher} ${number}`;
    if (done.has(key)) faults.push(`${key} was done twice`);
    done.add(key);
    if (done.size === 2 * MESSAGES) all.resolve();
    return true;
  };
  await theirs.prefetch(7);
  for (const queue of queues) {
    await channel.consume(
      queue,
      (message) => {
        if (take('channel', message.body.toString(), message.redelivered)) channel.ack(message);
        else if (random(2) === 0) channel.nack(message);
        else channel.reject(message);
      },
      { prefetch: 5 },
    );
    await theirs.consume(queue, (message) => {
      if (message === null) return;
      if (take('amqplib', message.content.toString(), message.fields.redelivered)) theirs.ack(message);
      else theirs.nack(message);
    });
  }
  const confirmed: Promise<void>[] = [];
  for (let index = 0; index < MESSAGES; index++) {
    const [own = '', other = ''] = [queues[random(3)], queues[random(3)]];
    const fill = random(50) === 0 ? ` ${'x'.repeat(random(300_000))}` : '';
    confirmed.push(channel.publish('', own, `channel ${own} ${index}${fill}`, { persistent: random(2) === 0 }));
    theirs.publish('', other, Buffer.from(`amqplib ${other} ${index}${fill}`));
    if (random(20) === 0) await Promise.all(confirmed.splice(0));
  }
  await Promise.all(confirmed);
  await theirs.waitForConfirms();
  await within(PATIENCE_MS, 'all messages', all.promise, () => `${done.size} of ${2 * MESSAGES}`);
  expect(faults).toEqual([]);
  await channel.close();
  await connection.close();
  const looking = await open();
  for (const queue of queues) expect(await looking.purgeQueue(queue)).toBe(0);
});
