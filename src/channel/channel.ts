/**
 * This folder is for messages without a socket: the program that embeds a broker speaks AMQP with it over shared memory.
 * Only src/node imports it, when the first channel is opened.
 *
 * Here: a channel, as programs have it. Each has a connection of its own, so that what closes it, and what holds it up,
 * concerns no other one. What must hold: rights, limits, alarms and errors are those of any client, since the broker
 * knows it as one.
 */
import { EventEmitter } from 'node:events';
import type { MethodOf } from '../amqp/protocol.js';
import { EMPTY_TABLE, type FieldTable, table } from '../amqp/table.js';
import { Confirms } from './confirms.js';
import { CallbackSink, Consumers, LoopSink, type Sink } from './consumers.js';
import { Conversation } from './conversation.js';
import { ChannelClosedError } from './errors.js';
import type { Message, ReturnedMessage } from './message.js';
import type {
  Arguments,
  ChannelOptions,
  ConsumeOptions,
  ExchangeOptions,
  PublishOptions,
  QueueOptions,
  QueueState,
} from './options.js';
import { PropertyEncoder } from './properties.js';

/** What a channel tells without being asked. */
export interface ChannelEvents {
  /** A message that was published as `mandatory` went to no queue. Comes before its confirm. */
  returned: [message: ReturnedMessage];
  /** The broker has ended a consumer: its queue was deleted, say. */
  cancelled: [consumerTag: string];
  /** What is published waits, since memory or disk is short. */
  blocked: [reason: string];
  unblocked: [];
}

/** A loop's prefetch, where none is given. */
const LOOP_PREFETCH = 256;

export class Channel extends EventEmitter<ChannelEvents> {
  readonly #conversation: Conversation;
  readonly #confirms = new Confirms();
  readonly #consumers = new Consumers();
  readonly #properties = new PropertyEncoder();
  #confirmsPublishes = false;
  /** Those who wait for room. */
  #waitingForRoom: { resolve(): void; reject(error: Error): void }[] = [];
  /** The prefetch of consumers to come. */
  #prefetch = 0;
  /**
   * Resolves when the program has closed the channel. Rejects with a `ChannelError` when the broker has, and with a
   * `ChannelClosedError` when the broker itself has ended.
   */
  readonly closed: Promise<void>;

  /** @internal Programs have theirs from `broker.channel()`. */
  constructor(rings: SharedArrayBuffer) {
    super();
    this.#conversation = new Conversation(rings, {
      onMessage: (message) => this.#consumers.deliver(message),
      onReturned: (message) => this.emit('returned', message),
      onConfirm: (deliveryTag, multiple, isTaken) => this.#confirms.settle(deliveryTag, multiple, isTaken),
      onCancelled: (consumerTag) => this.#onCancelled(consumerTag),
      onBlocked: (reason) => (reason === null ? this.emit('unblocked') : this.emit('blocked', reason)),
      onDrained: () => this.#onDrained(),
      onEnd: (error) => this.#onEnd(error),
    });
    this.closed = this.#conversation.over;
    // Whoever wants to know waits for it.
    this.closed.catch(() => {});
  }

  /** @internal */
  async open(vhost: string, { name = null, mode = 'confirm' }: OpenOptions): Promise<void> {
    await this.#conversation.open(vhost, name);
    this.#confirmsPublishes = mode === 'confirm';
    if (mode === 'confirm')
      await this.#conversation.ask({ name: 'confirm.select', nowait: false }, 'confirm.select-ok');
    else await this.#conversation.ask({ name: 'tx.select' }, 'tx.select-ok');
  }

  /** @internal There is no broker any more. */
  lost(error: Error): void {
    this.#conversation.lost(error);
  }

  // ── Publishing ───────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Publishes a message; '' is the default exchange, whose routing keys are names of queues. The body is copied. Resolves
   * when the broker has confirmed it: it is in all queues that it goes to, and on disk where it is to be kept. Rejects
   * with a `PublishRefusedError` when a queue refuses it.
   */
  publish(exchange: string, routingKey: string, body: Uint8Array | string, options?: PublishOptions): Promise<void> {
    if (!this.#confirmsPublishes)
      return Promise.reject(new ChannelClosedError('nothing is confirmed in a transaction: use send() and commit()'));
    try {
      this.#write(exchange, routingKey, body, options);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#confirms.expect();
  }

  /**
   * The same without a promise, for who does not wait for single confirms. False: more is under way than the broker
   * takes at the moment; whoever goes on nevertheless fills the program's own memory (`drained`).
   */
  send(exchange: string, routingKey: string, body: Uint8Array | string, options?: PublishOptions): boolean {
    this.#write(exchange, routingKey, body, options);
    this.#confirms.count();
    return !this.#conversation.outgoing.isHeld;
  }

  /** Resolves when the broker has taken what waits for it. */
  drained(): Promise<void> {
    const { failure } = this.#conversation;
    if (failure !== null) return Promise.reject(failure);
    if (!this.#conversation.outgoing.isHeld) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waitingForRoom.push({ resolve, reject });
    });
  }

  /**
   * Resolves when all is confirmed that was published until now. Rejects with a `PublishRefusedError` when some of it
   * was refused.
   */
  confirmed(): Promise<void> {
    const { failure } = this.#conversation;
    return failure === null ? this.#confirms.expectAll() : Promise.reject(failure);
  }

  #write(exchange: string, routingKey: string, body: Uint8Array | string, options?: PublishOptions): void {
    const { failure, outgoing } = this.#conversation;
    if (failure !== null) throw failure;
    const properties = this.#properties.encode(options);
    outgoing.publish(exchange, routingKey, options?.mandatory === true, properties, body);
  }

  // ── Consuming ────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Has a queue's messages come to a callback; resolves with the consumer's tag. Each message is to be acknowledged,
   * unless `noAck` is set. What the callback throws is an uncaught exception.
   */
  async consume(queue: string, onMessage: (message: Message) => unknown, options?: ConsumeOptions): Promise<string> {
    const consumerTag = options?.consumerTag ?? this.#consumers.newTag();
    const onCancelled = (): void => void this.emit('cancelled', consumerTag);
    await this.#consume(queue, consumerTag, new CallbackSink(onMessage, onCancelled), options ?? {});
    return consumerTag;
  }

  /**
   * A queue's messages, for a loop; the consumer is cancelled when the loop ends. Each message is to be acknowledged;
   * with `noAck` each is when the loop takes it. No more messages wait here than `prefetch` says, 256 if nothing is said.
   */
  async *messages(queue: string, options: ConsumeOptions = {}): AsyncGenerator<Message, void, void> {
    const { noAck = false, prefetch = LOOP_PREFETCH, consumerTag = this.#consumers.newTag() } = options;
    const loop = new LoopSink(consumerTag);
    await this.#consume(queue, consumerTag, loop, { ...options, prefetch, noAck: false });
    try {
      for (let message = await loop.next(); message !== null; message = await loop.next()) {
        if (noAck) this.ack(message);
        yield message;
      }
    } finally {
      if (this.#consumers.has(consumerTag)) await this.cancel(consumerTag);
      if (this.#conversation.failure === null) for (const message of loop.takeAll()) this.nack(message);
    }
  }

  async #consume(queue: string, consumerTag: string, sink: Sink, options: ConsumeOptions): Promise<void> {
    const { prefetch = 0, noAck = false, exclusive = false } = options;
    const consume: MethodOf<'basic.consume'> = {
      name: 'basic.consume',
      queue,
      consumerTag,
      noLocal: false,
      noAck,
      exclusive,
      nowait: false,
      arguments: asTable(options.arguments),
    };
    const limited = prefetch === this.#prefetch ? null : this.#limit(prefetch, false);
    const isNew = !this.#consumers.has(consumerTag);
    // Messages may come together with the answer.
    if (isNew) this.#consumers.add(consumerTag, sink);
    try {
      const consumed = this.#conversation.ask(consume, 'basic.consume-ok');
      await Promise.all([limited, consumed]);
    } catch (error) {
      if (isNew) this.#consumers.remove(consumerTag);
      throw error;
    }
  }

  /** So many messages may be unacknowledged at once, of consumers that come later, or on the whole channel. */
  async prefetch(count: number, { global = false }: { readonly global?: boolean } = {}): Promise<void> {
    await this.#limit(count, global);
  }

  async #limit(prefetchCount: number, global: boolean): Promise<void> {
    if (!global) this.#prefetch = prefetchCount;
    await this.#conversation.ask({ name: 'basic.qos', prefetchSize: 0, prefetchCount, global }, 'basic.qos-ok');
  }

  /** Ends a consumer. What was delivered to it can still be acknowledged. */
  async cancel(consumerTag: string): Promise<void> {
    await this.#conversation.ask({ name: 'basic.cancel', consumerTag, nowait: false }, 'basic.cancel-ok');
    this.#consumers.remove(consumerTag)?.onCancelled(false);
  }

  /** Takes one message out of a queue; null: it is empty. */
  get(queue: string, { noAck = false }: { readonly noAck?: boolean } = {}): Promise<Message | null> {
    return this.#conversation.get(queue, noAck);
  }

  /** A message is done with; with `multiple` all that came before it, too. */
  ack({ deliveryTag }: Delivered, { multiple = false }: { readonly multiple?: boolean } = {}): void {
    const { failure, outgoing } = this.#conversation;
    if (failure !== null) throw failure;
    outgoing.ack(deliveryTag, multiple);
  }

  /** Messages are not done with: they go back to their queue, or with `requeue` false are dropped or dead-lettered. */
  nack(
    { deliveryTag }: Delivered,
    { multiple = false, requeue = true }: { readonly multiple?: boolean; readonly requeue?: boolean } = {},
  ): void {
    this.#tell({ name: 'basic.nack', deliveryTag: BigInt(deliveryTag), multiple, requeue });
  }

  /** The same for one message, by AMQP's own method. */
  reject({ deliveryTag }: Delivered, { requeue = true }: { readonly requeue?: boolean } = {}): void {
    this.#tell({ name: 'basic.reject', deliveryTag: BigInt(deliveryTag), requeue });
  }

  #tell(method: MethodOf<'basic.nack'> | MethodOf<'basic.reject'>): void {
    const { failure } = this.#conversation;
    if (failure !== null) throw failure;
    this.#conversation.tell(method);
  }

  /** All that is unacknowledged goes back to its queues. */
  async recover(): Promise<void> {
    await this.#conversation.ask({ name: 'basic.recover', requeue: true }, 'basic.recover-ok');
  }

  // ── Transactions ─────────────────────────────────────────────────────────────────────────────────────────────

  /** What was published and acknowledged since the last one counts from now on. For the mode `transactions`. */
  async commit(): Promise<void> {
    await this.#conversation.ask({ name: 'tx.commit' }, 'tx.commit-ok');
  }

  /** What was published and acknowledged since the last commit does not count. */
  async rollback(): Promise<void> {
    await this.#conversation.ask({ name: 'tx.rollback' }, 'tx.rollback-ok');
  }

  // ── Queues and exchanges ─────────────────────────────────────────────────────────────────────────────────────

  /** Declares a queue; '' has the broker name it. */
  async declareQueue(queue = '', options: QueueOptions = {}): Promise<QueueState> {
    const { passive = false, exclusive = false, durable = !exclusive, autoDelete = false } = options;
    const bits = { passive, durable, exclusive, autoDelete, nowait: false };
    const answer = await this.#conversation.ask(
      { name: 'queue.declare', queue, ...bits, arguments: asTable(options.arguments) },
      'queue.declare-ok',
    );
    const { messageCount, consumerCount } = answer;
    return { queue: answer.queue, messageCount, consumerCount };
  }

  /** Deletes a queue; resolves with how many messages it had. */
  async deleteQueue(
    queue: string,
    { ifUnused = false, ifEmpty = false }: { readonly ifUnused?: boolean; readonly ifEmpty?: boolean } = {},
  ): Promise<number> {
    const deleted = { name: 'queue.delete', queue, ifUnused, ifEmpty, nowait: false } as const;
    return (await this.#conversation.ask(deleted, 'queue.delete-ok')).messageCount;
  }

  /** Drops what is ready in a queue; resolves with how many messages that were. */
  async purgeQueue(queue: string): Promise<number> {
    return (await this.#conversation.ask({ name: 'queue.purge', queue, nowait: false }, 'queue.purge-ok')).messageCount;
  }

  async bindQueue(queue: string, exchange: string, routingKey = '', given: Arguments = {}): Promise<void> {
    const binding = { queue, exchange, routingKey, nowait: false, arguments: asTable(given) };
    await this.#conversation.ask({ name: 'queue.bind', ...binding }, 'queue.bind-ok');
  }

  async unbindQueue(queue: string, exchange: string, routingKey = '', given: Arguments = {}): Promise<void> {
    const binding = { queue, exchange, routingKey, arguments: asTable(given) };
    await this.#conversation.ask({ name: 'queue.unbind', ...binding }, 'queue.unbind-ok');
  }

  /** `type`: `direct`, `fanout`, `topic`, `headers`, or another that the broker has. */
  async declareExchange(exchange: string, type = 'direct', options: ExchangeOptions = {}): Promise<void> {
    const { passive = false, durable = true, autoDelete = false, internal = false } = options;
    const bits = { passive, durable, autoDelete, internal, nowait: false };
    const declared = { name: 'exchange.declare', exchange, type, ...bits } as const;
    await this.#conversation.ask({ ...declared, arguments: asTable(options.arguments) }, 'exchange.declare-ok');
  }

  async deleteExchange(exchange: string, { ifUnused = false }: { readonly ifUnused?: boolean } = {}): Promise<void> {
    await this.#conversation.ask({ name: 'exchange.delete', exchange, ifUnused, nowait: false }, 'exchange.delete-ok');
  }

  /** Has messages of `source` go to the exchange `destination`, too. */
  async bindExchange(destination: string, source: string, routingKey = '', given: Arguments = {}): Promise<void> {
    const binding = { destination, source, routingKey, nowait: false, arguments: asTable(given) };
    await this.#conversation.ask({ name: 'exchange.bind', ...binding }, 'exchange.bind-ok');
  }

  async unbindExchange(destination: string, source: string, routingKey = '', given: Arguments = {}): Promise<void> {
    const binding = { destination, source, routingKey, nowait: false, arguments: asTable(given) };
    await this.#conversation.ask({ name: 'exchange.unbind', ...binding }, 'exchange.unbind-ok');
  }

  // ── The end ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** Closes the channel behind all that was said on it. What is unacknowledged goes back to its queues. */
  close(): Promise<void> {
    return this.#conversation.close();
  }

  /**
   * Leaves at once, whatever the broker has taken by then, as a client does whose connection is cut. For a channel that is
   * held up for want of memory, behind which `close` would wait, too.
   */
  abandon(): void {
    this.#conversation.lost(null);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #onCancelled(consumerTag: string): void {
    this.#consumers.remove(consumerTag)?.onCancelled(true);
  }

  #onDrained(): void {
    for (const { resolve } of this.#waitingForRoom.splice(0)) resolve();
  }

  #onEnd(error: Error | null): void {
    const reason = error ?? new ChannelClosedError();
    this.#confirms.refuseAll(reason);
    for (const { reject } of this.#waitingForRoom.splice(0)) reject(reason);
    this.#consumers.end(error);
  }
}

type OpenOptions = Pick<ChannelOptions, 'mode'> & { readonly name?: string | null };

/** By what a message is acknowledged. */
type Delivered = Pick<Message, 'deliveryTag'>;

function asTable(given: Arguments | undefined): FieldTable {
  return given === undefined ? EMPTY_TABLE : table(given);
}
