/**
 * Acknowledging, rejecting and requeueing what a channel holds. Deliveries of one queue are gathered to a run, so that
 * the queue is locked once for many. What must hold: runs are flushed before the call into the engine ends, and
 * deliveries go back in the order of their tags.
 */

import { ChannelCounter } from '../../engine.js';
import type { Clock } from '../memory/messages.js';
import type { Queues } from '../queues/queues.js';
import type { Channel, Consumer } from './connection.js';
import { momentOf } from './held.js';
import { Entry } from './unacked.js';
import type { Work } from './work.js';

export type Outcome = 'settle' | 'reject' | 'requeue';

/** What was settled of what was asked for. */
export type Settled = 'none' | 'some' | 'all';

const RUN_MAX = 256;

export class Settlements {
  readonly #queues: Queues;
  readonly #onCredit: (channel: Channel) => void;
  readonly #work: Work;
  readonly #clock: Clock;
  readonly #entry = new Entry<Consumer>();
  readonly #run = new Uint32Array(RUN_MAX);
  #count = 0;
  #queue = 0;
  #outcome: Outcome = 'settle';

  /** `onCredit`: consumers of the channel may take more. */
  constructor(queues: Queues, onCredit: (channel: Channel) => void, work: Work, clock: Clock) {
    this.#clock = clock;
    this.#queues = queues;
    this.#onCredit = onCredit;
    this.#work = work;
  }

  /** One delivery, or all up to one; false when there is no such delivery, and nothing was done. */
  settle(channel: Channel, tag: number, multiple: boolean, outcome: Outcome): boolean {
    // What a scan has left half done goes with it.
    channel.settleEnd = 0;
    let settled = this.settleSome(channel, tag, multiple, outcome);
    while (settled === 'some') settled = this.settleSome(channel, tag, multiple, outcome);
    return settled === 'all';
  }

  /** The same as far as the scan may work, but one at least; after 'some' it is to be asked again. */
  settleSome(channel: Channel, tag: number, multiple: boolean, outcome: Outcome): Settled {
    if (multiple && tag === 0) return this.#someOfAll(channel, outcome);
    if (!multiple) return this.one(channel, tag, outcome) ? 'all' : 'none';
    return channel.unacked.has(tag) ? this.#upTo(channel, tag, outcome) : 'none';
  }

  /** Of all that were outstanding when it began. */
  #someOfAll(channel: Channel, outcome: Outcome): Settled {
    if (channel.settleEnd === 0) channel.settleEnd = channel.lastTag + 1;
    const settled = this.#upTo(channel, channel.settleEnd - 1, outcome);
    if (settled === 'all') channel.settleEnd = 0;
    return settled;
  }

  /** One delivery; false when the tag is not outstanding. */
  one(channel: Channel, tag: number, outcome: Outcome): boolean {
    if (!channel.unacked.take(tag, this.#entry)) return false;
    this.#gather(channel, outcome);
    this.#giveCredit(channel);
    return true;
  }

  /** Deliveries up to a tag, oldest first: while some are left, that of the tag is outstanding. */
  #upTo(channel: Channel, tag: number, outcome: Outcome): Settled {
    const { unacked } = channel;
    while (unacked.count > 0 && unacked.firstTag <= tag) {
      this.#settleFirst(channel, outcome);
      this.#work.count(1);
      if (this.#work.isDone) break;
    }
    this.#giveCredit(channel);
    return unacked.count > 0 && unacked.firstTag <= tag ? 'some' : 'all';
  }

  /** Gives back what a consumer holds, in order. */
  requeueOf(consumer: Consumer): void {
    const { channel } = consumer;
    for (let tag = channel.unacked.firstTagOf(consumer); tag !== 0; tag = channel.unacked.firstTagOf(consumer)) {
      channel.unacked.take(tag, this.#entry);
      this.#gather(channel, 'requeue');
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
        return this.#queues.acknowledge(this.#queue, this.#run, count);
      case 'reject':
        return this.#queues.reject(this.#queue, this.#run, count);
      case 'requeue':
        return this.#queues.requeue(this.#queue, this.#run, count);
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
    channel.activeAt = this.#clock.now;
    if (outcome === 'settle') channel.count(ChannelCounter.ACKNOWLEDGED, 1);
    this.#run[this.#count++] = slot;
    if (consumer === null) return;
    if (outcome === 'settle') consumer.acknowledgedAt = momentOf(this.#clock.now);
    consumer.used--;
    channel.used--;
  }
}
