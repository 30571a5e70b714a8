/**
 * What a transactional channel has put off until it commits: messages, which stay in the core, and acknowledgements.
 * What must hold: a message is owned here until it is sent or the transaction is given up; a delivery is settled once,
 * whether it is put off or done.
 */
import type { Routed } from '../../broker/topology/routes.js';
import type { TopologyView } from '../../broker/topology/topology-view.js';
import type { Channel as CoreChannel, Engine, Queue } from '../../engine/engine.js';
import type { IncomingPublish } from './incoming-publish.js';

/** basic.ack (`requeue` null), nack or reject. */
export interface Settlement {
  readonly tag: number;
  readonly multiple: boolean;
  readonly requeue: boolean | null;
}

/** A queue by its name, or the hidden queue of an exchange. */
export type QueueName = string | { readonly waitingFor: string };

/**
 * A message with the names of the queues that it goes to: as RabbitMQ, it is routed when it comes, and finds its queues
 * at the commit.
 */
export interface Deferred extends Omit<Routed, 'queues' | 'histories'> {
  readonly incomingPublish: IncomingPublish;
  readonly queues: readonly QueueName[];
}

export class Transaction {
  readonly #engine: Engine;
  readonly #channel: CoreChannel;
  #publishes: Deferred[] = [];
  #sent = 0;
  #settlements: Settlement[] = [];
  /** The deliveries that are settled here: all up to a tag, and single ones. */
  #upTo = 0;
  readonly #single = new Set<number>();

  constructor(engine: Engine, channel: CoreChannel) {
    this.#engine = engine;
    this.#channel = channel;
  }

  publish(publish: Deferred): void {
    this.#publishes.push(publish);
  }

  /** The message that is to be sent next; it is owned here until `sent`. */
  get next(): Deferred | undefined {
    return this.#publishes[this.#sent];
  }

  /** How many messages of this commit have left. */
  get sentCount(): number {
    return this.#sent;
  }

  /** How many messages and acknowledgements are put off. */
  get size(): number {
    return this.#publishes.length - this.#sent;
  }

  get settlementCount(): number {
    return this.#settlements.length;
  }

  /** The next message has left. */
  sent(): void {
    this.#sent += 1;
  }

  /** False: there is no such delivery. */
  settle(settlement: Settlement): boolean {
    const { multiple, requeue } = settlement;
    const tag = multiple && settlement.tag === 0 ? this.#lastOpen() : settlement.tag;
    if (tag === 0) return multiple;
    if (!this.#isOpen(tag)) return false;
    if (multiple) this.#upTo = tag;
    else this.#single.add(tag);
    this.#settlements.push({ tag, multiple, requeue });
    return true;
  }

  /** All messages have left: settles what was put off, and begins anew. */
  complete(): void {
    // What was requeued meanwhile by basic.recover is not there any more.
    for (const { tag, multiple, requeue } of this.#settlements)
      this.#engine.settle(this.#channel, tag, multiple, requeue);
    this.rollBack();
  }

  /** Gives up what is left: messages are dropped, deliveries stay unacknowledged. */
  rollBack(): void {
    for (const { incomingPublish, remembered = [] } of this.#publishes.slice(this.#sent)) {
      this.#engine.releaseMessage(incomingPublish.message);
      for (const deduplication of remembered) deduplication.forget(incomingPublish.properties);
    }
    this.#publishes = [];
    this.#sent = 0;
    this.#settlements = [];
    this.#upTo = 0;
    this.#single.clear();
  }

  #isOpen(tag: number): boolean {
    return tag > this.#upTo && !this.#single.has(tag) && this.#engine.isUnacked(this.#channel, tag);
  }

  /** The highest delivery that can be settled; 0: there is none. */
  #lastOpen(): number {
    let tag = this.#engine.lastTag(this.#channel);
    while (tag > this.#upTo && !this.#isOpen(tag)) tag -= 1;
    return tag > this.#upTo ? tag : 0;
  }
}

/** The names by which the queues of a message are found again. */
export function namesOf(view: TopologyView, queues: readonly Queue[], incomingPublish: IncomingPublish): QueueName[] {
  // Queues for replies are reached by their names alone.
  return queues.map((ref) => {
    const exchange = view.exchangeByDelayedQueue(ref);
    if (exchange !== undefined) return { waitingFor: exchange.name };
    return view.queueByRef(ref)?.name ?? incomingPublish.routingKey;
  });
}

/** The queues that bear these names now. */
export function queuesNamed(view: TopologyView, vhost: string, names: readonly QueueName[]): Queue[] {
  return names.flatMap((name) => {
    if (typeof name !== 'string') return view.exchange(vhost, name.waitingFor)?.delayedQueue?.ref ?? [];
    return view.queue(vhost, name)?.ref ?? view.replyQueue(vhost, name) ?? [];
  });
}
