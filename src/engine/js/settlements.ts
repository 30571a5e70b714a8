/**
 * Acknowledging, rejecting and giving back what a channel holds. Deliveries of one queue are gathered to a run, so that
 * the queue is locked once for many. What must hold: runs are flushed before the call into the engine ends, and
 * deliveries go back in the order of their tags.
 */
import type { Channel, Consumer } from './connection.js';
import type { Queues } from './queues.js';
import { Entry } from './unacked.js';

export type Outcome = 'settle' | 'reject' | 'give back';

const RUN_MAX = 256;

export class Settlements {
  readonly #queues: Queues;
  readonly #onCredit: (channel: Channel) => void;
  readonly #entry = new Entry<Consumer>();
  readonly #run = new Uint32Array(RUN_MAX);
  #count = 0;
  #queue = 0;
  #outcome: Outcome = 'settle';

  /** `onCredit`: consumers of the channel may take more. */
  constructor(queues: Queues, onCredit: (channel: Channel) => void) {
    this.#queues = queues;
    this.#onCredit = onCredit;
  }

  /** One delivery, or all up to one; false when there is no such delivery, and nothing was done. */
  settle(channel: Channel, tag: number, multiple: boolean, outcome: Outcome): boolean {
    return multiple ? this.upTo(channel, tag, outcome) : this.one(channel, tag, outcome);
  }

  /** One delivery; false when the tag is not outstanding. */
  one(channel: Channel, tag: number, outcome: Outcome): boolean {
    if (!channel.unacked.take(tag, this.#entry)) return false;
    this.#gather(channel, outcome);
    this.#giveCredit(channel);
    return true;
  }

  /** All deliveries up to a tag that is outstanding itself, 0 meaning all; false when it is not. */
  upTo(channel: Channel, tag: number, outcome: Outcome): boolean {
    if (tag === 0) {
      this.all(channel, outcome);
      return true;
    }
    const { unacked } = channel;
    if (!unacked.has(tag)) return false;
    while (unacked.firstTag <= tag) this.#settleFirst(channel, outcome);
    this.#giveCredit(channel);
    return true;
  }

  /** Gives back what a consumer holds, in order. */
  giveBackOf(consumer: Consumer): void {
    const { channel } = consumer;
    for (let tag = channel.unacked.firstTagOf(consumer); tag !== 0; tag = channel.unacked.firstTagOf(consumer)) {
      channel.unacked.take(tag, this.#entry);
      this.#gather(channel, 'give back');
    }
    this.#giveCredit(channel);
  }

  all(channel: Channel, outcome: Outcome): void {
    while (channel.unacked.count > 0) this.#settleFirst(channel, outcome);
    this.#giveCredit(channel);
  }

  flush(): void {
    if (this.#count === 0) return;
    const count = this.#count;
    this.#count = 0;
    switch (this.#outcome) {
      case 'settle':
        return this.#queues.settle(this.#queue, this.#run, count);
      case 'reject':
        return this.#queues.reject(this.#queue, this.#run, count);
      case 'give back':
        return this.#queues.giveBack(this.#queue, this.#run, count);
    }
  }

  #settleFirst(channel: Channel, outcome: Outcome): void {
    channel.unacked.takeFirst(this.#entry);
    this.#gather(channel, outcome);
  }

  /** Lets consumers take more that could not: what goes back to their queues is there before they look. */
  #giveCredit(channel: Channel): void {
    if (channel.withoutCredit === 0) return;
    this.flush();
    this.#onCredit(channel);
  }

  /** Puts the entry into the run and gives its consumer the credit back. */
  #gather(channel: Channel, outcome: Outcome): void {
    const { slot, consumer } = this.#entry;
    this.#entry.consumer = null;
    const queue = this.#queues.queueOf(slot);
    if (queue !== this.#queue || outcome !== this.#outcome || this.#count === RUN_MAX) this.flush();
    this.#queue = queue;
    this.#outcome = outcome;
    this.#run[this.#count++] = slot;
    if (consumer === null) return;
    consumer.used--;
    channel.used--;
  }
}
