/**
 * The publishing side of one channel: what becomes of the messages that the core hands over, at once, with confirms, or
 * at the commit of a transaction. What must hold: a message that waits, for memory or for the client to read, is owned
 * here, and is let go of when the channel ends meanwhile; a return goes before the confirm that `Engine.publish`
 * counts.
 *
 * This folder is about the messages that a client sends; channels import it, and what ends with them.
 */
import { type AmqpError, channelError, replyCode } from '../../amqp/errors.js';
import { type MethodName, type MethodOf, methodId } from '../../amqp/protocol.js';
import { mayImpersonate, mayRepublish } from '../../broker/access/principal.js';
import { remember } from '../../broker/history/remember.js';
import { routingKeys } from '../../broker/routing/carbon-copies.js';
import { topicRefusal } from '../../broker/topology/access.js';
import type { Routed } from '../../broker/topology/routes.js';
import { ChannelCounter, type Channel as CoreChannel, ExchangeCounter, type Message } from '../../engine/engine.js';
import { PORTION_WORK } from '../../event-loop/rounds.js';
import { refusalError } from '../errors/errors.js';
import type { Faults } from '../faults/faults.js';
import type { ChannelRow } from '../inspection/rows.js';
import { tellOfPublish } from '../message-spans.js';
import type { Session } from '../session/session.js';
import { tracePublish } from '../tracing.js';
import type { Outcome } from '../transport/reader.js';
import { type IncomingPublish, takeIncomingPublish } from './incoming-publish.js';
import { namesOf, queuesNamed, Transaction } from './transaction.js';

const NO_ROUTE = new TextEncoder().encode('NO_ROUTE');

/** Messages of a commit that are sent in one turn. */
const COMMIT_PORTION = 256;

type Settling = MethodOf<'basic.ack'> | MethodOf<'basic.nack'> | MethodOf<'basic.reject'>;

/** Where a message leads, and who knows that it was here. */
type Way = Omit<Routed, 'histories'>;

export class Publisher {
  readonly #session: Session;
  readonly #number: number;
  readonly #core: CoreChannel;
  #mode: 'plain' | 'confirm' | Transaction = 'plain';
  /** A message that waits to be sent. */
  #waiting: { readonly incomingPublish: IncomingPublish; readonly way: Way } | null = null;
  #ended = false;
  /** Where replies to this channel go; null: it has not asked for any. */
  replyQueue: string | null = null;

  constructor(session: Session, number: number, core: CoreChannel) {
    this.#session = session;
    this.#number = number;
    this.#core = core;
  }

  /** The channel ends: what waits and what was put off is dropped. */
  end(): void {
    this.#ended = true;
    if (this.#waiting !== null) {
      const { incomingPublish, way } = this.#waiting;
      this.#session.host.engine.releaseMessage(incomingPublish.message);
      forget(way, incomingPublish);
    }
    this.#waiting = null;
    if (this.#mode instanceof Transaction) this.#mode.rollBack();
  }

  /** How an operator sees it. */
  get row(): Pick<ChannelRow, 'mode' | 'uncommitted' | 'acksUncommitted'> {
    if (this.#mode instanceof Transaction) {
      const { size, settlementCount } = this.#mode;
      return { mode: 'transactional', uncommitted: size, acksUncommitted: settlementCount };
    }
    return { mode: this.#mode, uncommitted: 0, acksUncommitted: 0 };
  }

  selectConfirm(): void {
    if (this.#mode instanceof Transaction) throw refused('cannot switch from tx to confirm mode', 'confirm.select');
    this.#mode = 'confirm';
    this.#session.host.engine.setConfirm(this.#core);
  }

  selectTransaction(): void {
    if (this.#mode === 'confirm') throw refused('cannot switch from confirm to tx mode', 'tx.select');
    if (this.#mode !== 'plain') return;
    const { engine } = this.#session.host;
    engine.setTransactional(this.#core);
    this.#mode = new Transaction(engine, this.#core);
  }

  /** Answers `Stop.MESSAGE`. */
  onMessage(message: Message): Outcome {
    const { host, principal, vhost } = this.#session;
    const { replyQueue } = this;
    const incomingPublish = takeIncomingPublish(
      host.engine,
      message,
      {
        user: principal.name,
        vhost,
        replyQueue,
        mayImpersonate: mayImpersonate(principal),
        mayRepublish: mayRepublish(principal),
      },
      (exchange) => host.view.exchange(vhost, exchange)?.republishes === true,
    );
    this.#checkCopies(incomingPublish);
    if (host.faults !== null) {
      host.faults.published(this.#session, incomingPublish);
      if (this.#mode === 'confirm' && host.faults.takeNack() && this.#refuse(message, host.faults)) return undefined;
    }
    const { histories, ...way } = host.view.routeMessage(incomingPublish);
    remember(host.engine, histories, incomingPublish);
    if (host.view.isTraced(vhost)) tracePublish(this.#session, this.#number, incomingPublish, way.queues);
    if (host.spans !== null) tellOfPublish(host.spans, this.#session, this.#number, incomingPublish);
    if (this.#mode instanceof Transaction) {
      const queues = namesOf(host.view, way.queues, incomingPublish);
      this.#mode.publish({ ...way, incomingPublish, queues });
      return undefined;
    }
    this.#waiting = { incomingPublish, way };
    const sent = this.#send(incomingPublish, way);
    if (typeof sent !== 'boolean') return sent.then(() => this.#left());
    this.#waiting = null;
    return undefined;
  }

  /** Answers with a basic.nack, as a test has asked for. False: there is no memory for that. */
  #refuse(message: Message, { settings }: Faults): boolean {
    return this.#session.host.engine.publish(this.#core, message, [settings.refusing]) !== null;
  }

  /** A right that goes by the routing key holds for carbon copies, too. */
  #checkCopies({ message, exchange, routingKey, properties }: IncomingPublish): void {
    const keys = routingKeys(routingKey, properties);
    if (keys.length === 1) return;
    const { host } = this.#session;
    const refusal = topicRefusal(host.view, 'write', this.#session, exchange, keys);
    if (refusal === null) return;
    host.engine.releaseMessage(message);
    throw refusalError(refusal, 'basic.publish');
  }

  /** An acknowledgement that the core does not take: it names no delivery, or belongs to a transaction. */
  settle(method: Settling): void {
    const multiple = method.name !== 'basic.reject' && method.multiple;
    const requeue = method.name === 'basic.ack' ? null : method.requeue;
    const settlement = { tag: Number(method.deliveryTag), multiple, requeue };
    if (this.#mode instanceof Transaction && this.#mode.settle(settlement)) return;
    throw refused(`unknown delivery tag ${method.deliveryTag}`, method.name);
  }

  /** Sends what was put off, a portion a turn, then settles. */
  async commit(): Promise<void> {
    const transaction = this.#transaction('tx.commit');
    const { engine, eventLoop } = this.#session.host;
    let complete = true;
    let before = engine.work;
    for (let next = transaction.next; next !== undefined; next = transaction.next) {
      if (!eventLoop.hasRoom) await this.#memory();
      if (this.#ended) return;
      const { incomingPublish } = next;
      const queues = queuesNamed(this.#session.host.view, incomingPublish.vhost, next.queues);
      const sent = this.#send(incomingPublish, { ...next, queues });
      if (!(typeof sent === 'boolean' ? sent : await sent)) complete = false;
      if (this.#ended) return;
      transaction.sent();
      if (transaction.sentCount % COMMIT_PORTION === 0 || (engine.work - before) >>> 0 >= PORTION_WORK) {
        await eventLoop.next();
        before = engine.work;
      }
      if (this.#ended) return;
    }
    transaction.complete();
    await this.#session.host.log?.durable();
    if (this.#ended) return;
    if (!complete) throw refused('partial tx completion', 'tx.commit');
  }

  rollBack(): void {
    this.#transaction('tx.rollback').rollBack();
  }

  #transaction(method: MethodName): Transaction {
    if (this.#mode instanceof Transaction) return this.#mode;
    throw refused('channel is not transactional', method);
  }

  #left(): void {
    if (!this.#ended) this.#waiting = null;
  }

  /** Sends a message on its way. False: a queue refused it. */
  #send(incomingPublish: IncomingPublish, way: Way): boolean | Promise<boolean> {
    const { queues, delays, isDuplicate } = way;
    // What has come before found its way then.
    if (queues.length > 0 || delays.length > 0 || isDuplicate || !incomingPublish.mandatory)
      return this.#enqueue(incomingPublish, way);
    const busy = this.#session.outputIdle();
    // It has not gone anywhere: it may come again when there is a way.
    forget(way, incomingPublish);
    return busy === null ? this.#return(incomingPublish) : busy.then(() => this.#return(incomingPublish));
  }

  #return(incomingPublish: IncomingPublish): boolean {
    const { engine } = this.#session.host;
    const { message } = incomingPublish;
    engine.returnMessage(this.#core, message, replyCode.NO_ROUTE, NO_ROUTE);
    engine.countOf(this.#core, ChannelCounter.RETURNED, 1);
    this.#count(incomingPublish, 0);
    return engine.publish(this.#core, message, []) ?? true;
  }

  #enqueue(incomingPublish: IncomingPublish, way: Way): boolean | Promise<boolean> {
    const { engine, view, delays: waitingRoom } = this.#session.host;
    const { queues, delays } = way;
    const { message, header, storedKey, vhost } = incomingPublish;
    // Before it is sent: then it is not ours any more.
    for (const delay of delays) waitingRoom.add(vhost, delay, { message, key: storedKey, header });
    const taken = engine.publish(this.#core, message, queues, header, storedKey);
    if (taken !== null) {
      if (queues.length === 0 && delays.length === 0) engine.countOf(this.#core, ChannelCounter.DROPPED, 1);
      this.#count(incomingPublish, queues.length);
      if (!taken) forget(way, incomingPublish);
      return taken;
    }
    const names = namesOf(view, queues, incomingPublish);
    return this.#whenMemory(() => {
      // A queue may be gone by then.
      return this.#enqueue(incomingPublish, {
        ...way,
        queues: queuesNamed(view, vhost, names),
        delays: [],
      });
    });
  }

  /** Counts for the exchange what the core does not send by itself. */
  #count({ vhost, exchange }: IncomingPublish, queues: number): void {
    const { engine, view } = this.#session.host;
    const entry = view.exchange(vhost, exchange);
    if (entry === undefined) return;
    engine.countIn(entry.counters, ExchangeCounter.PUBLISHED_IN, 1);
    if (queues > 0) engine.countIn(entry.counters, ExchangeCounter.PUBLISHED_OUT, queues);
  }

  async #whenMemory(work: () => boolean | Promise<boolean>): Promise<boolean> {
    await this.#memory();
    return this.#ended ? true : work();
  }

  async #memory(): Promise<void> {
    const { eventLoop } = this.#session.host;
    await new Promise<void>((resolve) => eventLoop.hold({ retry: resolve }));
    eventLoop.begin();
  }
}

/** The publisher is told that it was not taken, or hears nothing: it may send it again. */
function forget({ remembered = [] }: Pick<Way, 'remembered'>, { properties }: IncomingPublish): void {
  for (const deduplication of remembered) deduplication.forget(properties);
}

function refused(explanation: string, method: MethodName): AmqpError {
  return channelError(replyCode.PRECONDITION_FAILED, explanation, methodId(method));
}
