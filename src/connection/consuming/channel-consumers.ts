/**
 * The consumers of one channel, the one for direct replies among them: from basic.consume to the cancel, whoever sends
 * that. What must hold: the coordinator knows of each consumer before the client does, and of its end before the client
 * does; the core holds those alone that are active.
 *
 * This folder is about the messages that a client gets; channels import it, and connections for what consumers are
 * called.
 */

import { randomBytes } from 'node:crypto';
import { type AmqpError, channelError, replyCode } from '../../amqp/errors.js';
import { type Method, type MethodName, type MethodOf, methodId } from '../../amqp/protocol.js';
import { EMPTY_TABLE, type FieldTable } from '../../amqp/table.js';
import { encodeText } from '../../amqp/text.js';
import { consumerTimeoutOf } from '../../broker/arguments/consumer-arguments.js';
import { REPLY_TO } from '../../broker/requests/names.js';
import type { Granted, QueueId } from '../../broker/requests/requests.js';
import { accessQueue, rightRefusal } from '../../broker/topology/access.js';
import type { Channel as CoreChannel } from '../../engine/engine.js';
import { failure, timedOut } from '../errors/errors.js';
import { consumerDeletedHeaders, consumerHeaders } from '../events/client-events.js';
import type { ConsumerRow, HeldRow } from '../inspection/rows.js';
import type { Publisher } from '../publishing/publisher.js';
import type { Session } from '../session/session.js';
import type { DeliveryTap } from './delivery-tap.js';
import { LiveConsumer } from './live-consumer.js';

type Consume = MethodOf<'basic.consume'>;

/** The consumer for direct replies, and its queue's name. */
interface ReplyConsumer {
  readonly tag: string;
  readonly queue: string;
}

/** Between a channel's number and a tag, in the names that the coordinator knows. */
const NAME_SEPARATOR = ':';

/** The channel of a consumer, by the name that the coordinator knows it by. */
export function channelOf(name: string): number {
  return Number(name.slice(0, name.indexOf(NAME_SEPARATOR)));
}

export class ChannelConsumers {
  readonly #session: Session;
  readonly #number: number;
  readonly #core: CoreChannel;
  readonly #publisher: Publisher;
  readonly #consumers = new Map<string, LiveConsumer>();
  #reply: ReplyConsumer | null = null;
  #ended = false;
  /** Tags of consumers that were cancelled, of which the client is told when its method is answered; null: at once. */
  #untold: string[] | null = null;
  /** Limit of consumers that are yet to come; 0 = none. */
  #prefetch = 0;

  constructor(session: Session, number: number, core: CoreChannel, publisher: Publisher) {
    this.#session = session;
    this.#number = number;
    this.#core = core;
    this.#publisher = publisher;
  }

  /** Those of queues. */
  get count(): number {
    const hasReply = this.#reply !== null && this.#consumers.has(this.#reply.tag);
    return this.#consumers.size - (hasReply ? 1 : 0);
  }

  /** The queue of a consumer; null: there is none, or it is for direct replies. */
  queueOf(tag: string): string | null {
    return this.#consumers.get(tag)?.queueName ?? null;
  }

  /** All consumers are about to go. */
  departFromTap(): void {
    if (this.#consumers.size === 0) return;
    const tap = this.#session.deliveryTap();
    if (tap !== null) for (const [tag, consumer] of this.#consumers) this.#depart(tap, tag, consumer);
  }

  #depart(tap: DeliveryTap, tag: string, { queueName }: LiveConsumer): void {
    const { host, core } = this.#session;
    if (queueName !== null && !host.engine.outputIdle(core)) tap.depart(this.#number, tag, queueName);
  }

  /** How an operator sees them. */
  *rows(): Generator<ConsumerRow> {
    for (const [tag, consumer] of this.#consumers) {
      const row = consumer.row(tag);
      if (row !== null) yield row;
    }
  }

  /** How an operator sees what the channel holds. */
  held(): HeldRow[] {
    const tags = new Map([...this.#consumers].map(([tag, consumer]) => [consumer.core, tag]));
    return this.#session.host.engine
      .heldBy(this.#core)
      .map(({ consumer, queue, count, since }) => ({ tag: tags.get(consumer) ?? null, queue, count, since }));
  }

  get prefetch(): number {
    return this.#prefetch;
  }

  set prefetch(count: number) {
    this.#prefetch = count;
  }

  /**
   * The channel's work has ended in the core: returns the names of its consumers at the coordinator, and its reply
   * queue.
   */
  end(): { readonly consumers: string[]; readonly replyQueue: string | null } {
    this.#ended = true;
    const consumers = [...this.#consumers].flatMap(([tag, { isReply }]) => (isReply ? [] : [this.#nameOf(tag)]));
    const replyQueue = this.#reply?.queue ?? null;
    for (const [tag, consumer] of this.#consumers) {
      this.#session.host.consumers.remove(consumer);
      this.#tellOfEnd(tag, consumer, false);
    }
    this.#consumers.clear();
    this.#reply = null;
    return { consumers, replyQueue };
  }

  /**
   * Answers a method, and only then tells the client of consumers of this channel that went meanwhile: those that the
   * method itself has taken the queue of.
   */
  async answerFirst(answer: () => Promise<void>): Promise<void> {
    const untold: string[] = [];
    this.#untold = untold;
    try {
      await answer();
    } finally {
      this.#untold = null;
    }
    // A channel that is closed says nothing more.
    if (this.#ended) return;
    for (const tag of untold) this.#notifyCancelled(tag);
  }

  async consume(method: Consume, queue: string): Promise<void> {
    const tag = method.consumerTag === '' ? `amq.ctag-${randomBytes(16).toString('base64url')}` : method.consumerTag;
    if (this.#consumers.has(tag)) {
      throw failure(method, replyCode.NOT_ALLOWED, `attempt to reuse consumer tag '${tag}'`);
    }
    const { consumerMaxPerChannel: most } = this.#session.host.limits;
    if (this.#consumers.size >= most) {
      throw failure(method, replyCode.NOT_ALLOWED, `reached maximum (${most}) of consumers per channel`);
    }
    if (queue === REPLY_TO) return this.#consumeReplies(method, tag);
    const { vhost } = this.#session;
    const { exclusive, arguments: args } = method;
    const consumer = this.#nameOf(tag);
    const request = { op: 'consume', vhost, queue, consumer, exclusive, arguments: args } as const;
    const granted = await this.#session.ask(method.name, request);
    if (this.#ended) return this.#session.tell({ op: 'cancel', consumers: [consumer] });
    this.#session.sendTogether(() => {
      if (!method.nowait) this.#send({ name: 'basic.consume-ok', consumerTag: tag });
      this.#begin(method, tag, queue, granted);
    });
  }

  async cancel(method: MethodOf<'basic.cancel'>): Promise<void> {
    const tag = method.consumerTag;
    const consumer = this.#consumers.get(tag);
    if (consumer !== undefined) {
      this.#drop(tag, consumer, true);
      if (consumer.isReply) await this.#closeReplies(method.name);
      else await this.#session.ask(method.name, { op: 'cancel', consumers: [this.#nameOf(tag)] });
    }
    if (!method.nowait) this.#send({ name: 'basic.cancel-ok', consumerTag: tag });
  }

  /**
   * A consumer that stood by is to consume, in the turn that follows, with all others that were told so; nothing
   * happens when it is none of ours.
   */
  activate(name: string, queue: QueueId): void {
    const consumer = this.#consumers.get(name.slice(name.indexOf(NAME_SEPARATOR) + 1));
    if (consumer === undefined || !consumer.isOf(queue) || consumer.isActive) return;
    if (!consumer.start()) throw noMemory();
  }

  /** Gives back what consumers have kept for too long; they are cancelled. Throws when the client could not be told. */
  expire(now: number): void {
    for (const [tag, consumer] of this.#consumers) {
      const timeout = consumer.overdue(now);
      if (timeout === null) continue;
      if (!this.#session.capabilities.consumerCancelNotify) throw timedOut(this.#number, timeout);
      consumer.requeueDeliveries();
      this.#cancel(tag, consumer);
    }
  }

  /** Cancels those that may no longer read their queue. What was delivered is still theirs to acknowledge. */
  cancelForbidden(): void {
    for (const [tag, consumer] of this.#consumers) {
      if (consumer.queueName !== null && !this.#mayRead(consumer.queueName)) this.#cancel(tag, consumer);
    }
  }

  #mayRead(name: string): boolean {
    const { principal, vhost } = this.#session;
    return rightRefusal(principal, 'read', { kind: 'queue', vhost, name }) === null;
  }

  /** Ends a consumer that the client has not cancelled. */
  #cancel(tag: string, consumer: LiveConsumer): void {
    this.#drop(tag, consumer);
    this.#session.tell({ op: 'cancel', consumers: [this.#nameOf(tag)] });
    this.#notifyCancelled(tag);
  }

  /** What consume-ok announces: a consumer whose turn counts from before the client knows of it. */
  #begin(method: Consume, tag: string, queue: string, granted: Granted): void {
    const { host, id, vhost } = this.#session;
    const access = accessQueue(host.view, id, vhost, queue);
    if (!access.ok || access.queue.id !== granted.queueId) {
      // Deleted since the coordinator answered, whoever has its name by now: nobody but us knows that there is a
      // consumer to tell.
      this.#notifyCancelled(tag);
      return;
    }
    if (!this.#mayRead(queue)) {
      // The right has gone since.
      this.#session.tell({ op: 'cancel', consumers: [this.#nameOf(tag)] });
      this.#notifyCancelled(tag);
      return;
    }
    const consumer = new LiveConsumer(host.engine, {
      channel: this.#core,
      queue: access.queue,
      ref: access.queue.ref,
      tag: encodeText(tag),
      noAck: method.noAck,
      prefetch: this.#prefetch,
      exclusive: method.exclusive,
      priority: granted.priority ?? 0,
      arguments: method.arguments,
      timeout: consumerTimeoutOf(method.arguments),
      onQueueDeleted: () => this.#queueDeleted(tag),
    });
    if (granted.active !== false && !consumer.start()) throw noMemory();
    this.#add(tag, consumer);
  }

  /** The consumer for replies: its queue is nobody else's. */
  async #consumeReplies(method: Consume, tag: string): Promise<void> {
    if (!method.noAck) throw precondition('reply consumer cannot acknowledge');
    if (this.#reply !== null) throw precondition('reply consumer already set');
    const { vhost, host } = this.#session;
    const { queue = '', ref = 0 } = await this.#session.ask(method.name, { op: 'reply.open', vhost });
    if (this.#ended) return this.#session.tell({ op: 'reply.close', queue });
    // It went with its vhost, and the connection is going, too; names of reply queues are never used twice.
    if (host.view.replyQueue(vhost, queue) === undefined) return;
    this.#reply = { tag, queue };
    this.#publisher.replyQueue = queue;
    this.#session.sendTogether(() => {
      if (!method.nowait) this.#send({ name: 'basic.consume-ok', consumerTag: tag });
      const consumer = new LiveConsumer(host.engine, {
        channel: this.#core,
        queue: null,
        ref,
        tag: encodeText(tag),
        noAck: true,
        prefetch: 0,
        exclusive: false,
        priority: 0,
        arguments: method.arguments,
        timeout: null,
        onQueueDeleted: () => this.#replyQueueClosed(tag),
      });
      if (!consumer.start()) throw noMemory();
      this.#add(tag, consumer);
    });
  }

  async #closeReplies(method: MethodName): Promise<void> {
    const reply = this.#reply;
    this.#reply = null;
    this.#publisher.replyQueue = null;
    if (reply !== null) await this.#session.ask(method, { op: 'reply.close', queue: reply.queue });
  }

  #add(tag: string, consumer: LiveConsumer): void {
    this.#consumers.set(tag, consumer);
    this.#session.host.consumers.add(consumer);
    this.#tell('consumer.created', tag, consumer, (row) => consumerHeaders(this.#session, this.#number, row));
    this.#session.host.eventLoop.serveNow();
  }

  /** The coordinator has deleted a consumer's queue, and the consumer with it. */
  #queueDeleted(tag: string): void {
    const consumer = this.#consumers.get(tag);
    if (consumer === undefined) return;
    this.#drop(tag, consumer);
    this.#notifyCancelled(tag);
  }

  /** The vhost is gone, and the connection will be told. */
  #replyQueueClosed(tag: string): void {
    const consumer = this.#consumers.get(tag);
    if (consumer !== undefined) this.#drop(tag, consumer);
  }

  #notifyCancelled(tag: string): void {
    if (!this.#session.capabilities.consumerCancelNotify) return;
    if (this.#untold !== null) {
      this.#untold.push(tag);
      return;
    }
    this.#send({ name: 'basic.cancel', consumerTag: tag, nowait: true });
  }

  /** `isCancelled`: by the client. */
  #drop(tag: string, consumer: LiveConsumer, isCancelled = false): void {
    const tap = this.#session.deliveryTap();
    if (tap !== null) this.#depart(tap, tag, consumer);
    this.#consumers.delete(tag);
    this.#session.host.consumers.remove(consumer);
    this.#tellOfEnd(tag, consumer, isCancelled);
    consumer.end();
  }

  #tellOfEnd(tag: string, consumer: LiveConsumer, isCancelled: boolean): void {
    this.#tell('consumer.deleted', tag, consumer, (row) =>
      consumerDeletedHeaders(this.#session, this.#number, row, isCancelled),
    );
  }

  /** Of consumers of direct replies nobody hears. */
  #tell(name: string, tag: string, consumer: LiveConsumer, headers: (row: ConsumerRow) => FieldTable): void {
    if (consumer.isReply) return;
    this.#session.host.announce(name, () => {
      const row = consumer.row(tag);
      return row === null ? EMPTY_TABLE : headers(row);
    });
  }

  #send(method: Method): void {
    this.#session.send(this.#number, method);
  }

  /** The name by which the coordinator knows a consumer: unique within the connection. */
  #nameOf(tag: string): string {
    return `${this.#number}${NAME_SEPARATOR}${tag}`;
  }
}

function precondition(explanation: string): AmqpError {
  return channelError(replyCode.PRECONDITION_FAILED, explanation, methodId('basic.consume'));
}

function noMemory(): AmqpError {
  return failure({ name: 'basic.consume' }, replyCode.RESOURCE_ERROR, 'no memory for a consumer');
}
