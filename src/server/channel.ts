/**
 * One open channel: the methods that the core does not take. Owns the channel's consumers, its prefetch for consumers to
 * come, and the name of the queue declared last. What must hold: methods are handled one after the other; one that must wait
 * returns a promise, and the connection hands over nothing more until it is kept.
 */
import { randomBytes } from 'node:crypto';
import { channelError, replyCode } from '../amqp/errors.js';
import { type ClientMethod, type Method, type MethodName, type MethodOf, methodId } from '../amqp/protocol.js';
import { encodeText } from '../amqp/text.js';
import { accessQueue } from '../broker/access.js';
import type { Channel as CoreChannel, Consumer as CoreConsumer, Queue } from '../engine/engine.js';
import type { Subscription } from './consumers.js';
import type { Outcome } from './intake.js';
import { failure, refusalError } from './refusal.js';
import type { Granted, Session } from './session.js';
import { isNowait, isTopologyMethod, queueNamed, replyTo, requestOf, type TopologyMethod } from './topology-methods.js';

/** What a channel handles: the rest belongs to the connection. */
export type ChannelMethod = Exclude<
  ClientMethod,
  { name: `connection.${string}` | `channel.${'open' | 'close' | 'close-ok'}` }
>;

export class Channel {
  readonly number: number;
  readonly core: CoreChannel;
  readonly #session: Session;
  readonly #consumers = new Map<string, LiveConsumer>();
  #state: 'open' | 'closing' = 'open';
  /** Limit of consumers that are yet to come; 0 = none. */
  #prefetch = 0;
  #lastQueue: string | null = null;

  constructor(session: Session, number: number, core: CoreChannel) {
    this.#session = session;
    this.number = number;
    this.core = core;
  }

  /** True after the broker has sent channel.close: only the close methods count now. */
  get closing(): boolean {
    return this.#state === 'closing';
  }

  /** Ends the channel's work: requeues, cancels. Returns when the coordinator knows too. */
  async close(reason: MethodName): Promise<void> {
    const consumers = this.abandon();
    if (consumers.length > 0) await this.#session.ask(reason, { op: 'cancel', consumers });
  }

  /** Ends the channel's work in the core; returns the names of its consumers at the coordinator. */
  abandon(): string[] {
    this.#state = 'closing';
    this.#session.host.engine.closeChannel(this.core);
    const names = [...this.#consumers.keys()].map((tag) => this.#consumerName(tag));
    for (const consumer of this.#consumers.values()) this.#session.host.consumers.remove(consumer);
    this.#consumers.clear();
    return names;
  }

  /** Handles a method. Throws (or rejects with) the error that closes channel or connection. */
  handle(method: ChannelMethod): Outcome {
    if (isTopologyMethod(method)) return this.#changeTopology(method);
    switch (method.name) {
      case 'channel.flow':
        if (!method.active) throw failure(method, replyCode.NOT_IMPLEMENTED, 'active=false');
        this.#send({ name: 'channel.flow-ok', active: true });
        return undefined;
      case 'access.request':
        this.#send({ name: 'access.request-ok', ticket: 1 });
        return undefined;
      case 'basic.qos':
        return this.#setPrefetch(method);
      case 'basic.consume':
        return this.#consume(method);
      case 'basic.cancel':
        return this.#cancel(method);
      case 'basic.get':
        return this.#get(method);
      case 'basic.recover':
      case 'basic.recover-async':
        return this.#recover(method);
      case 'confirm.select':
        this.#session.host.engine.setConfirm(this.core);
        if (!method.nowait) this.#send({ name: 'confirm.select-ok' });
        return undefined;
      case 'basic.ack':
      case 'basic.nack':
      case 'basic.reject':
        // The core takes all but those that name no delivery.
        throw channelError(
          replyCode.PRECONDITION_FAILED,
          `unknown delivery tag ${method.deliveryTag}`,
          methodId(method.name),
        );
      case 'basic.publish':
        // The core takes all but those that are to be delivered at once.
        throw failure(method, replyCode.NOT_IMPLEMENTED, 'immediate=true');
      case 'tx.select':
      case 'tx.commit':
      case 'tx.rollback':
        throw failure(method, replyCode.NOT_IMPLEMENTED, 'transactions are not implemented');
      default:
        return method satisfies never;
    }
  }

  async #changeTopology(method: TopologyMethod): Promise<void> {
    const granted = await this.#session.ask(method.name, requestOf(method, this.#session.vhost, this.#lastQueue));
    if (method.name === 'queue.declare') this.#lastQueue = granted.queue ?? method.queue;
    if (!isNowait(method)) this.#send(replyTo(method, granted));
  }

  #setPrefetch(method: MethodOf<'basic.qos'>): undefined {
    if (method.prefetchSize !== 0) {
      throw failure(method, replyCode.NOT_IMPLEMENTED, `prefetch_size!=0 (${method.prefetchSize})`);
    }
    if (method.global) this.#session.host.engine.setChannelPrefetch(this.core, method.prefetchCount);
    else this.#prefetch = method.prefetchCount;
    this.#send({ name: 'basic.qos-ok' });
  }

  async #consume(method: MethodOf<'basic.consume'>): Promise<void> {
    const tag = method.consumerTag === '' ? `amq.ctag-${randomBytes(16).toString('base64url')}` : method.consumerTag;
    if (this.#consumers.has(tag)) {
      throw failure(method, replyCode.NOT_ALLOWED, `attempt to reuse consumer tag '${tag}'`);
    }
    const { vhost } = this.#session;
    const queue = queueNamed(method, this.#lastQueue);
    const { exclusive, arguments: args } = method;
    const consumer = this.#consumerName(tag);
    const request = { op: 'consume', vhost, queue, consumer, exclusive, arguments: args } as const;
    const granted = await this.#session.ask(method.name, request);
    this.#session.sendTogether(() => {
      if (!method.nowait) this.#send({ name: 'basic.consume-ok', consumerTag: tag });
      this.#addConsumer(method, tag, queue, granted);
    });
  }

  /** A consumer of ours stands by no more. */
  activate(name: string): void {
    for (const [tag, consumer] of this.#consumers) {
      if (this.#consumerName(tag) !== name || consumer.core !== 0) continue;
      consumer.start();
      this.#session.host.turn.serveNow();
    }
  }

  /** What consume-ok announces: a consumer whose turn counts from before the client knows of it. */
  #addConsumer(method: MethodOf<'basic.consume'>, tag: string, queue: string, granted: Granted): void {
    const { host, id, vhost } = this.#session;
    const access = accessQueue(host.view, id, vhost, queue);
    if (!access.ok) {
      // Deleted since the coordinator answered: nobody but us knows that there is a consumer to tell.
      this.#notifyCancelled(tag);
      return;
    }
    const { ref } = access.queue;
    const prefetch = this.#prefetch;
    const start = (): CoreConsumer => {
      const rank = granted.priority ?? 0;
      const core = host.engine.addConsumer(this.core, ref, encodeText(tag), method.noAck, prefetch, rank);
      if (core === 0) throw failure(method, replyCode.RESOURCE_ERROR, 'no memory for a consumer');
      return core;
    };
    const consumer = new LiveConsumer(ref, start, () => this.#queueDeleted(tag));
    if (granted.active !== false) consumer.start();
    this.#consumers.set(tag, consumer);
    host.consumers.add(consumer);
    host.turn.serveNow();
  }

  async #cancel(method: MethodOf<'basic.cancel'>): Promise<void> {
    const tag = method.consumerTag;
    const consumer = this.#consumers.get(tag);
    if (consumer !== undefined) {
      this.#drop(tag, consumer);
      await this.#session.ask(method.name, { op: 'cancel', consumers: [this.#consumerName(tag)] });
    }
    if (!method.nowait) this.#send({ name: 'basic.cancel-ok', consumerTag: tag });
  }

  /** The coordinator has deleted a consumer's queue, and the consumer with it. */
  #queueDeleted(tag: string): void {
    const consumer = this.#consumers.get(tag);
    if (consumer === undefined) return;
    this.#drop(tag, consumer);
    this.#notifyCancelled(tag);
  }

  #notifyCancelled(tag: string): void {
    if (!this.#session.capabilities.consumerCancelNotify) return;
    this.#send({ name: 'basic.cancel', consumerTag: tag, nowait: true });
  }

  #drop(tag: string, consumer: LiveConsumer): void {
    this.#consumers.delete(tag);
    this.#session.host.consumers.remove(consumer);
    if (consumer.core !== 0) this.#session.host.engine.cancelConsumer(consumer.core);
  }

  #get(method: MethodOf<'basic.get'>): Outcome {
    const busy = this.#session.outputIdle();
    if (busy !== null) return busy.then(() => this.#getNow(method));
    this.#getNow(method);
    return undefined;
  }

  #getNow(method: MethodOf<'basic.get'>): void {
    const { host, vhost, id } = this.#session;
    const access = accessQueue(host.view, id, vhost, queueNamed(method, this.#lastQueue));
    if (!access.ok) throw refusalError(access.refusal, method.name);
    if (!host.engine.get(this.core, access.queue.ref, method.noAck)) this.#send({ name: 'basic.get-empty' });
  }

  #recover(method: MethodOf<'basic.recover'> | MethodOf<'basic.recover-async'>): undefined {
    if (!method.requeue) throw failure(method, replyCode.NOT_IMPLEMENTED, 'requeue=false');
    this.#session.host.engine.recover(this.core);
    if (method.name === 'basic.recover') this.#send({ name: 'basic.recover-ok' });
  }

  #send(method: Method): void {
    this.#session.send(this.number, method);
  }

  /** The name by which the coordinator knows a consumer: unique within the connection. */
  #consumerName(tag: string): string {
    return `${this.number}:${tag}`;
  }
}

class LiveConsumer implements Subscription {
  readonly #start: () => CoreConsumer;
  #core: CoreConsumer = 0;

  constructor(
    readonly queue: Queue,
    start: () => CoreConsumer,
    readonly queueDeleted: () => void,
  ) {
    this.#start = start;
  }

  /** 0 while it stands by. */
  get core(): CoreConsumer {
    return this.#core;
  }

  start(): void {
    this.#core = this.#start();
  }
}
