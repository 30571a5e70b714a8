/**
 * The run queue: this worker's consumers that may pull, their credit, and where they wait when they cannot go on.
 * What must hold: a runnable consumer is in the run queue once; a consumer that leaves its turn with messages ready
 * passes it on; equal consumers get equal shares, since a turn takes a share and then goes to the end of the line.
 */

import { EXPIRED_A_TURN, SHARE_EVEN_MIN, SHARE_MAX, SHARE_PART } from '../../../numbers/core.js';
import { Fifo } from '../memory/fifo.js';
import { QueueCell } from '../memory/layout.js';
import type { Memory } from '../memory/memory.js';
import type { Clock } from '../memory/messages.js';
import { word } from '../memory/views.js';
import { CLAIM_MAX } from '../queues/claim.js';
import type { Queues } from '../queues/queues.js';
import type { Waiters } from '../queues/waiters.js';
import { type Channel, type Connection, Consumer } from './connection.js';
import type { Deliveries } from './deliveries.js';
import { momentOf } from './held.js';
import type { Output } from './output.js';

/** Turns in one call of `serve`: bounds how long sockets wait for it. */
const TURNS_MAX = 128;

export class Scheduler {
  readonly #memory: Memory;
  readonly #queues: Queues;
  readonly #waiters: Waiters;
  readonly #deliveries: Deliveries;
  readonly #output: Output;
  readonly #clock: Clock;
  readonly #runnable = new Fifo<Consumer>();
  readonly #consumers = new Map<number, Consumer>();
  #lastId = 0;

  constructor(memory: Memory, queues: Queues, waiters: Waiters, deliveries: Deliveries, output: Output, clock: Clock) {
    this.#memory = memory;
    this.#queues = queues;
    this.#waiters = waiters;
    this.#deliveries = deliveries;
    this.#output = output;
    this.#clock = clock;
  }

  add(channel: Channel, queue: number, tag: Uint8Array, noAck: boolean, prefetch: number, priority: number): number {
    const id = ++this.#lastId;
    const node = this.#waiters.createNode(id, priority);
    if (node === 0) return 0;
    const consumer = new Consumer(id, channel, queue, node, tag, noAck, prefetch);
    this.#consumers.set(id, consumer);
    channel.consumers.add(consumer);
    this.#queues.join(queue, node, priority);
    this.#beAble(consumer);
    return id;
  }

  find(id: number): Consumer | undefined {
    return this.#consumers.get(id);
  }

  remove(consumer: Consumer): void {
    const { state, queue, node, channel } = consumer;
    consumer.state = 'dead';
    this.#consumers.delete(consumer.id);
    channel.consumers.delete(consumer);
    if (state === 'without credit') channel.withoutCredit--;
    this.#waiters.setAble(node, false);
    const ours = this.#queues.leave(queue, node);
    // In the inbox lies a turn that was granted.
    if (!ours || consumer.owesGrant) this.#queues.endGrant(queue);
    if (!ours || state === 'runnable') this.#queues.passOn(queue);
    // A node in the inbox is freed when the inbox is emptied.
    if (ours) this.#memory.freeCell(node);
  }

  /** A consumer was given a turn; false when it is gone. */
  grant(id: number): boolean {
    const consumer = this.#consumers.get(id);
    if (consumer === undefined) return false;
    consumer.granted = true;
    consumer.owesGrant = true;
    this.#run(consumer);
    return true;
  }

  /**
   * The channel holds less than before: those who stand without credit may go on, those first that have waited longest
   * for it.
   */
  onCredit(channel: Channel): void {
    if (channel.withoutCredit === 0) return;
    for (const consumer of channel.consumers) {
      if (consumer.state !== 'without credit' || consumer.credit() === 0) continue;
      channel.withoutCredit--;
      this.#beAble(consumer);
    }
  }

  onRoom(connection: Connection): void {
    // Who can fill a box alone would be the first to find room each time.
    for (const consumer of connection.withoutRoom) if (consumer.state === 'without room') this.#run(consumer);
    for (const consumer of connection.servedWithoutRoom) if (consumer.state === 'without room') this.#run(consumer);
    connection.withoutRoom.length = 0;
    connection.servedWithoutRoom.length = 0;
  }

  /** Lets runnable consumers pull in turn; true when some are left. */
  serve(): boolean {
    this.#waiters.drainInbox((id) => this.grant(id));
    this.#output.retryStalled();
    for (let turns = 0; turns < TURNS_MAX; turns++) {
      const consumer = this.#runnable.shift();
      if (consumer === undefined) break;
      if (consumer.state === 'runnable') this.#turn(consumer);
    }
    this.#queues.shorten();
    return this.hasWork();
  }

  hasWork(): boolean {
    return this.#runnable.length > 0 || this.#waiters.hasInbox() || this.#queues.hasLong();
  }

  /**
   * A consumer that could not is able to take messages from now on. What is too old dies first: it does not go to one
   * that was not able when it came. From then on age counts by the time when the consumer became able, since it would
   * have got all that has come.
   */
  #beAble(consumer: Consumer): void {
    const all = this.#queues.expire(consumer.queue, EXPIRED_A_TURN) < EXPIRED_A_TURN;
    // What comes within this millisecond comes after.
    consumer.ableSince = all ? this.#clock.now - 1 : this.#clock.now;
    this.#run(consumer);
  }

  #run(consumer: Consumer): void {
    consumer.state = 'runnable';
    this.#waiters.setAble(consumer.node, true);
    this.#runnable.push(consumer);
  }

  /**
   * If a turn was granted, its queue hears that it was taken, when what it was for is claimed: so that who counts may find
   * more turns than messages meanwhile, and never less. Then true: who comes to the end of one looks whether another one
   * is to be granted.
   */
  #endTurn(consumer: Consumer): boolean {
    const { owesGrant } = consumer;
    consumer.owesGrant = false;
    if (owesGrant) this.#queues.endGrant(consumer.queue);
    return owesGrant;
  }

  #turn(consumer: Consumer): void {
    const { connection } = consumer.channel;
    const credit = consumer.credit();
    if (credit === 0) return this.#leaveWithoutCredit(consumer);
    const ready = this.#queues.ready(consumer.queue);
    // With nothing ready a pull of nothing registers the consumer, and no box is taken for it.
    if (ready > 0 && !this.#hasRoom(connection)) return this.#leaveWithoutRoom(consumer, false);
    const share = ready === 0 ? 0 : Math.min(credit, this.#share(consumer, ready));
    const claim = this.#deliveries.pull(consumer, share);
    connection.outbox.releaseEmpty();
    if (claim.count > 0) {
      consumer.granted = false;
      consumer.deliveredAt = momentOf(this.#clock.now);
      letSiblingsFirst(consumer);
    }
    const hadTurn = this.#endTurn(consumer);
    if (this.#isWaiting(consumer)) {
      if (hadTurn) this.#queues.lookAgain(consumer.queue);
      return;
    }
    if (claim.end === 'no room') return this.#leaveWithoutRoom(consumer, claim.count > 0);
    if (consumer.credit() === 0) return this.#leaveWithoutCredit(consumer);
    this.#run(consumer);
  }

  /** A pull may have put the consumer among the waiters. */
  #isWaiting(consumer: Consumer): boolean {
    return consumer.state === 'waiting';
  }

  #hasRoom(connection: Connection): boolean {
    if (connection.content.active) return false;
    if (connection.outbox.room() > 0) return true;
    this.#output.stall(connection);
    return false;
  }

  /**
   * How many messages a turn may take. What is ready when a round begins is shared evenly: each consumer may take its
   * share of it at once, and less until the round is over (assembly/amqp/delivering/deliver.ts).
   */
  #share(consumer: Consumer, ready: number): number {
    const { queue } = consumer;
    const consumers = this.#queues.consumers(queue);
    if (consumers <= 1) return CLAIM_MAX;
    const { u32 } = this.#memory;
    const even = Math.min(SHARE_MAX, Math.floor(ready / consumers));
    const head = Atomics.load(u32, word(queue, QueueCell.HEAD));
    let round = Atomics.load(u32, word(queue, QueueCell.ROUND_END));
    if ((round - head - 1) >>> 0 >= SHARE_MAX * consumers) {
      if (even < SHARE_EVEN_MIN) return 1;
      round = (head + even * consumers) >>> 0;
      Atomics.store(u32, word(queue, QueueCell.ROUND_SHARE), even);
      Atomics.store(u32, word(queue, QueueCell.ROUND_END), round);
    }
    if (consumer.round === round) return Math.max(1, Math.floor(even / SHARE_PART));
    consumer.round = round;
    return Atomics.load(u32, word(queue, QueueCell.ROUND_SHARE));
  }

  #leaveWithoutCredit(consumer: Consumer): void {
    consumer.state = 'without credit';
    consumer.granted = false;
    consumer.channel.withoutCredit++;
    this.#waiters.setAble(consumer.node, false);
    this.#endTurn(consumer);
    this.#queues.passOn(consumer.queue);
  }

  #leaveWithoutRoom(consumer: Consumer, served: boolean): void {
    const { connection } = consumer.channel;
    consumer.state = 'without room';
    consumer.granted = false;
    if (served) connection.servedWithoutRoom.push(consumer);
    else connection.withoutRoom.push(consumer);
    this.#waiters.setAble(consumer.node, false);
    this.#endTurn(consumer);
    this.#queues.passOn(consumer.queue);
  }
}

/**
 * The consumer has used credit that it shares with the others of its channel: they come before it when there is some
 * again.
 */
function letSiblingsFirst(consumer: Consumer): void {
  const { prefetch, consumers, unacked, unackedMax } = consumer.channel;
  if ((prefetch === 0 && unacked.count < unackedMax) || consumers.size === 1) return;
  consumers.delete(consumer);
  consumers.add(consumer);
}
