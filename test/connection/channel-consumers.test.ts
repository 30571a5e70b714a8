/**
 * Consumers whose queue changes hands while the coordinator's answer is on its way: what counts is the queue that they
 * were registered with, not its name.
 */
import { expect, test } from 'vitest';
import type { Method, MethodOf } from '../../src/amqp/protocol.js';
import { EMPTY_TABLE } from '../../src/amqp/table.js';
import { GUEST } from '../../src/broker/access/accounts.js';
import { principalOfUser } from '../../src/broker/access/principal.js';
import { REPLY_TO } from '../../src/broker/requests/names.js';
import type { Change, Granted, QueueId, Request } from '../../src/broker/requests/requests.js';
import { TopologyView } from '../../src/broker/topology/topology-view.js';
import { ChannelConsumers } from '../../src/connection/consuming/channel-consumers.js';
import type { Publisher } from '../../src/connection/publishing/publisher.js';
import { ConsumerRegistry } from '../../src/connection/session/queue-consumers.js';
import type { Session } from '../../src/connection/session/session.js';
import type { Queue } from '../../src/engine/engine.js';
import { deferred } from '../support/waiting.js';

const VHOST = '/';
const QUEUE = 'q';

/**
 * A worker and a connection, as far as a channel's consumers see them. The test answers for the coordinator, when it
 * likes.
 */
class Stage {
  readonly view = new TopologyView();
  readonly registry = new ConsumerRegistry();
  readonly asked: Request[] = [];
  readonly sent: Method[] = [];
  /** The queues that the core has consumers of. */
  readonly consumed: Queue[] = [];
  readonly consumers: ChannelConsumers;
  #answer = deferred<Granted>();

  constructor() {
    const engine = {
      addConsumer: (_channel: number, queue: Queue) => this.consumed.push(queue),
      cancelConsumer: (consumer: number) => void this.consumed.splice(consumer - 1, 1),
    };
    const eventLoop = { serveNow: () => false };
    const session = {
      id: 1,
      vhost: VHOST,
      principal: principalOfUser(this.view.accounts, GUEST),
      capabilities: { consumerCancelNotify: true },
      host: {
        engine,
        eventLoop,
        view: this.view,
        consumers: this.registry,
        limits: { consumerMaxPerChannel: 2 },
        announce: () => {},
      },
      send: (_channel: number, method: Method) => void this.sent.push(method),
      deliveryTap: () => null,
      sendTogether: (work: () => void) => work(),
      tell: (request: Request) => void this.asked.push(request),
      ask: (_method: string, request: Request) => {
        this.asked.push(request);
        this.#answer = deferred<Granted>();
        return this.#answer.promise;
      },
    };
    // The few calls that consumers make.
    this.consumers = new ChannelConsumers(session as unknown as Session, 1, 0, {} as Publisher);
  }

  consume(queue: string = QUEUE, fields: Partial<MethodOf<'basic.consume'>> = {}): Promise<void> {
    return this.consumers.consume(
      {
        name: 'basic.consume',
        queue,
        consumerTag: 'c',
        noLocal: false,
        noAck: true,
        exclusive: false,
        nowait: false,
        arguments: EMPTY_TABLE,
        ...fields,
      },
      queue,
    );
  }

  answer(fields: Partial<Granted>): void {
    this.#answer.resolve({ ok: true, ...fields });
  }

  /** A change comes, as the worker applies it. */
  apply(change: Change): void {
    this.view.apply(change);
    if (change.kind === 'queue.deleted' || change.kind === 'reply.closed') this.registry.queueDeleted(change.ref);
  }

  declare(id: QueueId, ref: Queue): void {
    this.apply({
      kind: 'queue.declared',
      ...{ vhost: VHOST, queue: QUEUE, id, ref, logId: 0, owner: null, cacheMemory: null },
      ...{ durable: false, autoDelete: false, arguments: EMPTY_TABLE },
      settings: {
        deadLetterExchange: null,
        deadLetterRoutingKey: null,
        keepsDeadLetters: false,
        consumerTimeout: null,
      },
    });
  }

  delete(ref: Queue): void {
    this.apply({ kind: 'queue.deleted', vhost: VHOST, queue: QUEUE, ref });
  }

  get told(): string[] {
    return this.sent.map(({ name }) => name);
  }
}

test('a consumer begins with the queue that it was registered with', async () => {
  const stage = new Stage();
  stage.declare(1, 70);
  const consuming = stage.consume();
  stage.answer({ queueId: 1, active: true });
  await consuming;
  expect(stage.told).toEqual(['basic.consume-ok']);
  expect(stage.consumed).toEqual([70]);
});

test.each([
  ['another queue has its name', 71],
  ['another queue has its name, and its memory', 70],
])('a consumer is cancelled when its queue is gone before it begins: %s', async (_, ref) => {
  const stage = new Stage();
  stage.declare(1, 70);
  const consuming = stage.consume();
  stage.delete(70);
  stage.declare(2, ref);
  stage.answer({ queueId: 1, active: true });
  await consuming;
  expect(stage.told).toEqual(['basic.consume-ok', 'basic.cancel']);
  expect(stage.consumed).toEqual([]);
});

test('a consumer is cancelled when its queue is gone before it begins: nothing has its name', async () => {
  const stage = new Stage();
  stage.declare(1, 70);
  const consuming = stage.consume();
  stage.delete(70);
  stage.answer({ queueId: 1, active: true });
  await consuming;
  expect(stage.told).toEqual(['basic.consume-ok', 'basic.cancel']);
});

test('a consumer that stands by takes over in its own queue only', async () => {
  const stage = new Stage();
  stage.declare(1, 70);
  const first = stage.consume();
  stage.answer({ queueId: 1, active: false });
  await first;
  // It was to take over, but its queue was faster to go; its client consumes anew under the same tag.
  stage.delete(70);
  stage.declare(2, 70);
  const second = stage.consume();
  stage.answer({ queueId: 2, active: false });
  await second;
  stage.consumers.activate('1:c', 1);
  expect(stage.consumed).toEqual([]);
  stage.consumers.activate('1:c', 2);
  expect(stage.consumed).toEqual([70]);
});

test('a reply queue that went with its vhost before its consumer began is not consumed from', async () => {
  const stage = new Stage();
  const consuming = stage.consume(REPLY_TO);
  stage.answer({ queue: 'reply', ref: 70 });
  await consuming;
  expect(stage.consumed).toEqual([]);
  expect(stage.told).toEqual([]);
});

test('a reply queue that goes with its vhost leaves no consumer in the core, before its memory is used again', async () => {
  const stage = new Stage();
  stage.apply({ kind: 'reply.opened', vhost: VHOST, queue: 'reply', ref: 70 });
  const consuming = stage.consume(REPLY_TO);
  stage.answer({ queue: 'reply', ref: 70 });
  await consuming;
  expect(stage.consumed).toEqual([70]);
  stage.apply({ kind: 'reply.closed', vhost: VHOST, queue: 'reply', ref: 70 });
  expect(stage.consumed).toEqual([]);
});

test('a consumer that would be one too many is refused before anybody is asked', async () => {
  const stage = new Stage();
  stage.declare(1, 70);
  for (const consumerTag of ['a', 'b']) {
    const consuming = stage.consume(QUEUE, { consumerTag });
    stage.answer({ queueId: 1, active: true });
    await consuming;
  }
  const text = 'NOT_ALLOWED - reached maximum (2) of consumers per channel';
  await expect(stage.consume(QUEUE, { consumerTag: 'c' })).rejects.toMatchObject({ code: 530, text });
  expect(stage.asked).toHaveLength(2);
});
