/**
 * One open channel: the methods that the core does not take. Owns the channel's consumers, its publishing side, and the
 * name of the queue declared last. What must hold: methods are handled one after the other; one that must wait returns
 * a promise, and the connection hands over nothing more until it is kept.
 */
import { replyCode } from '../amqp/errors.js';
import type { ClientMethod, Method, MethodName, MethodOf } from '../amqp/protocol.js';
import {
  type Granted,
  isRequestAhead,
  type QueueId,
  type Request,
  type RequestAhead,
} from '../broker/requests/requests.js';
import { accessForGet } from '../broker/topology/access.js';
import {
  CHANNEL_COUNTERS,
  ChannelCounter,
  type Channel as CoreChannel,
  Counter,
  type Message,
} from '../engine/engine.js';
import { ChannelConsumers } from './consuming/channel-consumers.js';
import { GotDeliveries } from './consuming/got-deliveries.js';
import { failure, refusalError, timedOut, tooManyUnacked } from './errors/errors.js';
import type { Depth, Row } from './inspection/rows.js';
import { Publisher } from './publishing/publisher.js';
import { replay } from './publishing/replay.js';
import { consumersFirst } from './session/precedence.js';
import type { Session } from './session/session.js';
import { isNowait, isTopologyMethod, queueNamed, replyTo, requestOf, type TopologyMethod } from './topology-methods.js';
import type { Outcome } from './transport/reader.js';

/** What a channel handles: the rest belongs to the connection. */
export type ChannelMethod = Exclude<
  ClientMethod,
  { name: `connection.${string}` | `channel.${'open' | 'close' | 'close-ok'}` }
>;

export class Channel {
  readonly number: number;
  readonly core: CoreChannel;
  readonly #session: Session;
  readonly #publisher: Publisher;
  readonly #consumers: ChannelConsumers;
  readonly #got: GotDeliveries;
  #state: 'open' | 'closing' = 'open';
  #lastQueue: string | null = null;
  #globalPrefetch = 0;

  constructor(session: Session, number: number, core: CoreChannel) {
    this.#session = session;
    this.number = number;
    this.core = core;
    this.#got = new GotDeliveries(session.host.engine, core);
    this.#publisher = new Publisher(session, number, core);
    this.#consumers = new ChannelConsumers(session, number, core, this.#publisher);
  }

  /** True after the broker has sent channel.close: only the close methods count now. */
  get closing(): boolean {
    return this.#state === 'closing';
  }

  /** Ends the channel's work: requeues, cancels. Returns when the coordinator knows too. */
  async close(reason: MethodName): Promise<void> {
    const { consumers, replyQueue } = this.abandon();
    if (replyQueue !== null) await this.#session.ask(reason, { op: 'reply.close', queue: replyQueue });
    if (consumers.length > 0) await this.#session.ask(reason, { op: 'cancel', consumers });
  }

  /** Ends the channel's work in the core; returns what the coordinator knows of it. */
  abandon(): ReturnType<ChannelConsumers['end']> {
    // While it is known yet whose deliveries are on their way.
    this.#consumers.departFromTap();
    this.#state = 'closing';
    this.#publisher.end();
    this.#session.host.engine.closeChannel(this.core);
    return this.#consumers.end();
  }

  /** The queue of a consumer; null: it is of none that others see. */
  queueOf(tag: string): string | null {
    return this.#consumers.queueOf(tag);
  }

  /** When the message of a delivery came (ms since the Unix epoch); 0: it is acknowledged, or there is no such one. */
  arrivalOf(deliveryTag: number): number {
    return this.closing ? 0 : this.#session.host.engine.deliveryArrival(this.core, deliveryTag);
  }

  /** Answers `Stop.MESSAGE`. */
  onMessage(message: Message): Outcome {
    return this.#publisher.onMessage(message);
  }

  /** A consumer of a queue that stood by is to consume, if it is one of this channel. */
  activate(consumer: string, queue: QueueId): void {
    this.#consumers.activate(consumer, queue);
  }

  /** How an operator sees it. */
  *rows(depth: Depth): Generator<Row> {
    const { engine } = this.#session.host;
    yield {
      kind: 'channel',
      number: this.number,
      state: this.closing ? 'closing' : 'running',
      prefetch: this.#consumers.prefetch,
      globalPrefetch: this.#globalPrefetch,
      unacknowledged: engine.unackedCount(this.core),
      unconfirmed: engine.unconfirmedCount(this.core),
      ...this.#publisher.row,
      consumers: this.#consumers.count,
      counts: CHANNEL_COUNTERS.map((counter) => engine.countedOf(this.core, counter)),
      activeAt: engine.activeAt(this.core),
      held: depth === 'consumers' ? this.#consumers.held() : [],
    };
    if (depth === 'consumers') yield* this.#consumers.rows();
  }

  /** Adds what it has counted to sums. */
  addCounts(sums: number[]): void {
    const { engine } = this.#session.host;
    for (const counter of CHANNEL_COUNTERS) sums[counter] = (sums[counter] ?? 0) + engine.countedOf(this.core, counter);
  }

  /** Rights have been taken away. */
  recheckRights(): void {
    if (!this.closing) this.#consumers.cancelForbidden();
  }

  /** Time has passed: a delivery may have been kept for too long. */
  tick(now: number): void {
    if (this.closing) return;
    const timeout = this.#got.overdue(now);
    if (timeout !== null) throw timedOut(this.number, timeout);
    this.#consumers.expire(now);
  }

  /**
   * Handles a method, once consumers have what is theirs. Throws (or rejects with) the error that closes channel or
   * connection.
   */
  handle(method: ChannelMethod): Outcome {
    const pending = this.#letConsumersFirst(method);
    if (pending === null) return this.#handleNow(method);
    return pending.then(() => (this.closing ? undefined : this.#handleNow(method)));
  }

  /** Null unless the method must wait for them. */
  #letConsumersFirst(method: ChannelMethod): Promise<void> | null {
    const { host, vhost } = this.#session;
    switch (method.name) {
      case 'queue.declare':
      case 'queue.purge':
      case 'queue.delete':
      case 'basic.consume':
      case 'basic.get': {
        const queue = host.view.queue(vhost, method.queue === '' ? (this.#lastQueue ?? '') : method.queue);
        return queue === undefined ? null : consumersFirst(host, queue);
      }
      case 'basic.cancel':
        host.eventLoop.serveNow();
        return null;
      case 'basic.qos':
        // Its consumers had the limit before until now.
        if (method.global) host.eventLoop.serveNow();
        return null;
      default:
        return null;
    }
  }

  #handleNow(method: ChannelMethod): Outcome {
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
        return this.#consumers.consume(method, queueNamed(method, this.#lastQueue));
      case 'basic.cancel':
        return this.#consumers.cancel(method);
      case 'basic.get':
        return this.#get(method);
      case 'basic.recover':
      case 'basic.recover-async':
        return this.#recover(method);
      case 'confirm.select':
        this.#publisher.selectConfirm();
        if (!method.nowait) this.#send({ name: 'confirm.select-ok' });
        return undefined;
      case 'basic.ack':
      case 'basic.nack':
      case 'basic.reject':
        this.#publisher.settle(method);
        return undefined;
      case 'basic.publish':
        // The core takes all but those that are to be delivered at once.
        throw failure(method, replyCode.NOT_IMPLEMENTED, 'immediate=true');
      case 'tx.select':
        this.#publisher.selectTransaction();
        this.#send({ name: 'tx.select-ok' });
        return undefined;
      case 'tx.commit':
        return this.#waitFor('tx.commit', this.#commit());
      case 'tx.rollback':
        this.#publisher.rollBack();
        this.#send({ name: 'tx.rollback-ok' });
        return undefined;
      default:
        return method satisfies never;
    }
  }

  #changeTopology(method: TopologyMethod): Promise<void> {
    const request = requestOf(method, this.#session.vhost, this.#lastQueue);
    if (isRequestAhead(request)) return this.#askAhead(method, request);
    return this.#consumers.answerFirst(() => this.#answerTopology(method, request));
  }

  /**
   * Waits until the method is granted. It is answered when what it has changed is durable; a binding along which an
   * exchange sends what it remembers, when that is on its way: others see the queue by then, and nothing else is asked
   * meanwhile.
   */
  async #askAhead(method: TopologyMethod, request: RequestAhead): Promise<void> {
    let tell = (_answer: Granted): void => {};
    const durable = new Promise<Granted>((resolve) => {
      tell = resolve;
    });
    const granted = await this.#session.askAhead(this.number, request, (answer) => {
      if (answer.replays) tell(answer);
      else this.#answer(method, answer);
    });
    if (granted.replays) {
      const answer = await durable;
      await replay(this.#session, request, () => this.closing);
      if (!this.closing) this.#answer(method, answer);
    }
    if (method.name === 'queue.declare') this.#lastQueue = granted.queue ?? method.queue;
  }

  async #answerTopology(method: TopologyMethod, request: Request): Promise<void> {
    this.#answer(method, await this.#session.ask(method.name, request));
  }

  #answer(method: TopologyMethod, granted: Granted): void {
    if (!isNowait(method)) this.#send(replyTo(method, granted));
  }

  #setPrefetch(method: MethodOf<'basic.qos'>): undefined {
    if (method.prefetchSize !== 0) {
      throw failure(method, replyCode.NOT_IMPLEMENTED, `prefetch_size!=0 (${method.prefetchSize})`);
    }
    if (method.global) {
      this.#globalPrefetch = method.prefetchCount;
      this.#session.host.engine.setChannelPrefetch(this.core, method.prefetchCount);
    } else this.#consumers.prefetch = method.prefetchCount;
    this.#send({ name: 'basic.qos-ok' });
  }

  #get(method: MethodOf<'basic.get'>): Outcome {
    const busy = this.#session.outputIdle();
    if (busy !== null) return busy.then(() => this.#getNow(method));
    return this.#getNow(method);
  }

  #getNow(method: MethodOf<'basic.get'>): Outcome {
    if (this.closing) return undefined;
    const { host } = this.#session;
    const access = accessForGet(host.view, this.#session, queueNamed(method, this.#lastQueue));
    if (!access.ok) throw refusalError(access.refusal, method.name);
    const { ref } = access.queue;
    if (!host.eventLoop.mayDeliver) return this.#waitFor('basic.get', this.#getLater(method));
    const { unackedMaxPerChannel: most } = host.limits;
    if (!method.noAck && host.engine.unackedCount(this.core) >= most) throw tooManyUnacked(most);
    // It may come back between the two looks.
    for (let look = 0; look < 2; look++) {
      if (host.engine.get(this.core, ref, method.noAck)) {
        this.#session.expectGot(access.queue.name);
        if (!method.noAck) this.#got.add(access.queue, host.clock.elapsed());
        return undefined;
      }
      if (host.engine.awaitNext(ref)) return this.#waitFor('basic.get', this.#getLater(method));
    }
    // What was confirmed must be found, whoever publishes before it.
    if (!host.engine.isDrained(ref)) return this.#waitFor('basic.get', this.#getSoon(method));
    host.engine.countAt(ref, Counter.GOT_EMPTY, 1);
    host.engine.countOf(this.core, ChannelCounter.GOT_EMPTY, 1);
    this.#send({ name: 'basic.get-empty' });
    return undefined;
  }

  /** The next message is on its way back into memory, or nothing may be delivered for now. */
  async #getLater(method: MethodOf<'basic.get'>): Promise<void> {
    await this.#session.host.eventLoop.relief();
    if (!this.closing) await this.#get(method);
  }

  /** The next message is being published. */
  async #getSoon(method: MethodOf<'basic.get'>): Promise<void> {
    await this.#session.host.eventLoop.next();
    if (!this.closing) await this.#get(method);
  }

  async #commit(): Promise<void> {
    await this.#publisher.commit();
    this.#send({ name: 'tx.commit-ok' });
  }

  #waitFor(method: 'tx.commit' | 'basic.get', work: Promise<void>): undefined {
    this.#session.waitFor(this.number, method, work);
  }

  #recover(method: MethodOf<'basic.recover'> | MethodOf<'basic.recover-async'>): undefined {
    if (!method.requeue) throw failure(method, replyCode.NOT_IMPLEMENTED, 'requeue=false');
    this.#session.host.engine.recover(this.core);
    if (method.name === 'basic.recover') this.#send({ name: 'basic.recover-ok' });
  }

  #send(method: Method): void {
    // What was under way when the channel was closed is not answered any more.
    if (this.closing) return;
    this.#session.send(this.number, method);
  }
}
