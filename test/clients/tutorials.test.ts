/**
 * What the RabbitMQ tutorials teach, told with each client library: whoever learned on them finds the same here.
 */
import { describe, expect, test } from 'vitest';
import { useBroker } from '../support/broker.js';
import { useNames } from '../support/names.js';
import { Inbox } from '../support/waiting.js';
import type { ClientChannel, Delivery } from './support/client.js';
import { clients } from './support/clients.js';
import { collect, texts, useConnections } from './support/connections.js';

const broker = useBroker({ workers: 2 });
const name = useNames(broker);

describe.each(clients)('$name', (client) => {
  const connect = useConnections(client, broker);
  const openChannel = async (): Promise<ClientChannel> => (await connect()).openChannel();

  test('1, hello world: what is sent to a queue is received from it', async () => {
    const sender = await openChannel();
    const receiver = await openChannel();
    const { queue } = await sender.declareQueue(name('hello'));
    await sender.publish('', queue, Buffer.from('Hello World!'));
    const inbox = await collect(receiver, queue, { noAck: true });
    expect((await inbox.next('the greeting')).body.toString()).toBe('Hello World!');
  });

  test('2, work queue: idle workers get tasks round-robin', async () => {
    const boss = await openChannel();
    const { queue } = await boss.declareQueue(name('tasks'), { durable: true });
    const taken = new Inbox<string>();
    for (const worker of ['first', 'second', 'third']) {
      const channel = await openChannel();
      await channel.consume(queue, () => taken.push(worker), { noAck: true });
      // After a round trip it is known to be idle, so before the next one.
      await channel.declareQueue(queue, { passive: true });
    }
    const takers: string[] = [];
    for (let task = 0; task < 9; task++) {
      await boss.publish('', queue, Buffer.from('task'), { deliveryMode: 2 });
      takers.push(await taken.next('somebody to take the task'));
    }
    const round = ['first', 'second', 'third'];
    expect(takers).toEqual([...round, ...round, ...round]);
  });

  test('2, work queue: with prefetch 1 a worker holds one task at a time, and the others do the rest', async () => {
    const boss = await openChannel();
    const { queue } = await boss.declareQueue(name('tasks'), { durable: true });
    const stuck = await openChannel();
    await stuck.prefetch(1);
    const stuckInbox = await collect(stuck, queue);
    await boss.publish('', queue, Buffer.from('stuck'));
    await stuckInbox.next('the first task');

    const busy = await openChannel();
    await busy.prefetch(1);
    const busyInbox = await collect(busy, queue);
    const tasks = Array.from({ length: 20 }, (_, index) => `task ${index}`);
    for (const task of tasks) await boss.publish('', queue, Buffer.from(task));
    const done: string[] = [];
    while (done.length < tasks.length) {
      const delivery = await busyInbox.next('the next task');
      expect(busyInbox.waiting).toEqual([]);
      done.push(delivery.body.toString());
      delivery.ack();
    }
    expect(done).toEqual(tasks);
    expect(stuckInbox.waiting).toEqual([]);
  });

  test('2, work queue: the task of a worker that dies goes to another', async () => {
    const boss = await openChannel();
    const { queue } = await boss.declareQueue(name('tasks'), { durable: true });
    const dying = await client.connect(broker().url);
    const dyingInbox = await collect(await dying.openChannel(), queue);
    await boss.publish('', queue, Buffer.from('precious'));
    await dyingInbox.next('the task');
    const other = await collect(await openChannel(), queue);
    await dying.close();
    const rescued = await other.next('the task of the dead worker');
    expect(rescued.body.toString()).toBe('precious');
    expect(rescued.redelivered).toBe(true);
    rescued.ack();
  });

  test('3, publish/subscribe: every subscriber with a queue of its own gets every message', async () => {
    const publisher = await openChannel();
    const logs = name('logs');
    await publisher.declareExchange(logs, 'fanout');
    await publisher.publish(logs, '', Buffer.from('nobody listens yet'));
    const subscribers = await Promise.all([subscribe(logs, ['']), subscribe(logs, ['']), subscribe(logs, [''])]);
    await publisher.publish(logs, '', Buffer.from('first'));
    await publisher.publish(logs, '', Buffer.from('second'));
    for (const { inbox, queue } of subscribers) {
      expect(queue).toMatch(/^amq\.gen-[\w-]{22}$/);
      expect(texts(await inbox.take(2, 'log lines'))).toEqual(['first', 'second']);
    }
  });

  test('4, routing: a direct exchange gives each queue the keys that it is bound with', async () => {
    const publisher = await openChannel();
    const logs = name('direct-logs');
    await publisher.declareExchange(logs, 'direct');
    const errors = await subscribe(logs, ['error']);
    const everything = await subscribe(logs, ['info', 'warning', 'error']);
    for (const severity of ['info', 'error', 'debug', 'warning', 'error']) {
      await publisher.publish(logs, severity, Buffer.from(severity));
    }
    expect(texts(await everything.inbox.take(4, 'log lines'))).toEqual(['info', 'error', 'warning', 'error']);
    expect(texts(await errors.inbox.take(2, 'errors'))).toEqual(['error', 'error']);
  });

  test('5, topics: * stands for one word and # for any number of them', async () => {
    const publisher = await openChannel();
    const topics = name('topics');
    await publisher.declareExchange(topics, 'topic');
    const orange = await subscribe(topics, ['*.orange.*']);
    const rabbits = await subscribe(topics, ['*.*.rabbit', 'lazy.#']);
    const animals = [
      'quick.orange.rabbit',
      'lazy.orange.elephant',
      'quick.orange.fox',
      'lazy.brown.fox',
      'lazy.pink.rabbit',
      'quick.brown.fox',
      'orange',
      'quick.orange.new.rabbit',
      'lazy.orange.new.rabbit',
      'lazy',
    ];
    for (const animal of animals) await publisher.publish(topics, animal, Buffer.from(animal));
    expect(texts(await orange.inbox.take(3, 'orange animals'))).toEqual(animals.slice(0, 3));
    expect(texts(await rabbits.inbox.take(6, 'rabbits and the lazy'))).toEqual([
      'quick.orange.rabbit',
      'lazy.orange.elephant',
      'lazy.brown.fox',
      'lazy.pink.rabbit',
      'lazy.orange.new.rabbit',
      'lazy',
    ]);
  });

  test('6, RPC: replies find their way by reply queue and correlation id', async () => {
    const server = await openChannel();
    const { queue: requests } = await server.declareQueue(name('rpc'));
    await server.prefetch(1);
    await server.consume(requests, (request) => {
      const answer = Buffer.from(String(fibonacci(Number(request.body))));
      const { replyTo = '', correlationId = '' } = request.properties;
      void server.publish('', replyTo, answer, { correlationId });
      request.ack();
    });

    const caller = await openChannel();
    const { queue: replyTo } = await caller.declareQueue('', { exclusive: true });
    const replies = await collect(caller, replyTo, { noAck: true });
    const numbers = [30, 10, 20];
    for (const n of numbers) {
      await caller.publish('', requests, Buffer.from(String(n)), { replyTo, correlationId: `fib ${n}` });
    }
    const answers = await replies.take(3, 'replies');
    expect(answers.map((reply) => [reply.properties.correlationId, reply.body.toString()])).toEqual([
      ['fib 30', '832040'],
      ['fib 10', '55'],
      ['fib 20', '6765'],
    ]);
  });

  test('7, publisher confirms: one by one, in batches and all at once', async () => {
    const publisher = await (await connect()).openConfirmChannel();
    const { queue } = await publisher.declareQueue(name('confirms'));
    for (let i = 0; i < 10; i++) await publisher.publish('', queue, Buffer.from('one by one'));
    for (let batch = 0; batch < 5; batch++) await publishMany(publisher, queue, 20);
    await publishMany(publisher, queue, 1000);
    expect(await publisher.declareQueue(queue, { passive: true })).toMatchObject({ messageCount: 1110 });
  });

  async function publishMany(publisher: ClientChannel, queue: string, count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => publisher.publish('', queue, Buffer.from('many'))));
  }

  /** A temporary queue with a name from the broker, bound and consumed from. */
  async function subscribe(
    exchange: string,
    keys: readonly string[],
  ): Promise<{ queue: string; inbox: Inbox<Delivery> }> {
    const channel = await openChannel();
    const { queue } = await channel.declareQueue('', { exclusive: true });
    for (const key of keys) await channel.bindQueue(queue, exchange, key);
    return { queue, inbox: await collect(channel, queue, { noAck: true }) };
  }
});

function fibonacci(n: number): number {
  let [a, b] = [0, 1];
  for (let i = 0; i < n; i++) [a, b] = [b, a + b];
  return a;
}
