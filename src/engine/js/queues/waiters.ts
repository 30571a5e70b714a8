/**
 * Consumers that wait for a message, first come first served among those of the highest priority, and how they are
 * given a turn: our own through `onGranted`, those of another worker through that worker's inbox and doorbell. What
 * must hold: whoever makes messages ready grants turns before it lets go of the queue's lock; whoever finds the queue
 * empty registers under the same lock. So no message waits beside a waiting consumer unless a granted one is on its
 * way.
 */
import { ring } from '../memory/doorbell.js';
import { Feature, Node, NodePlace, Participant, participantAt, QueueCell } from '../memory/layout.js';
import { lock, unlock } from '../memory/lock.js';
import type { Memory } from '../memory/memory.js';
import { at32, word } from '../memory/views.js';

export class Waiters {
  readonly #memory: Memory;
  readonly #self: number;
  readonly #onGranted: (consumer: number) => void;

  /** `onGranted` is called under a queue's lock. */
  constructor(memory: Memory, self: number, onGranted: (consumer: number) => void) {
    this.#memory = memory;
    this.#self = self;
    this.#onGranted = onGranted;
  }

  /** A consumer's node, or 0 when there is no memory. */
  createNode(consumer: number, consumerPriority: number): number {
    const node = this.#memory.takeCell();
    if (node === 0) return 0;
    this.#memory.u32[word(node, Node.WORKER)] = this.#self;
    this.#memory.u32[word(node, Node.CONSUMER)] = consumer;
    this.#memory.u32[word(node, Node.CONSUMER_PRIORITY)] = consumerPriority;
    this.#memory.u32[word(node, Node.ABLE)] = 1;
    return node;
  }

  /**
   * Whether the consumer could take a message, now or when it gets its turn. Set to false before its turn is passed on.
   */
  setAble(node: number, able: boolean): void {
    Atomics.store(this.#memory.u32, word(node, Node.ABLE), able ? 1 : 0);
  }

  /** A consumer of the queue has come, or goes. Under the queue's lock. */
  join(queue: number, node: number): void {
    const { u32 } = this.#memory;
    const first = at32(u32, word(queue, QueueCell.FIRST_PEER));
    u32[word(node, Node.PEER_NEXT)] = first;
    u32[word(node, Node.PEER_PREVIOUS)] = 0;
    if (first !== 0) u32[word(first, Node.PEER_PREVIOUS)] = node;
    u32[word(queue, QueueCell.FIRST_PEER)] = node;
  }

  leave(queue: number, node: number): void {
    const { u32 } = this.#memory;
    const next = at32(u32, word(node, Node.PEER_NEXT));
    const previous = at32(u32, word(node, Node.PEER_PREVIOUS));
    if (next !== 0) u32[word(next, Node.PEER_PREVIOUS)] = previous;
    u32[previous === 0 ? word(queue, QueueCell.FIRST_PEER) : word(previous, Node.PEER_NEXT)] = next;
  }

  /** Whether a consumer of a higher priority could take what is there. Under the queue's lock. */
  isHigherAble(queue: number, node: number): boolean {
    const { u32 } = this.#memory;
    const consumerPriority = this.#consumerPriority(node);
    let peer = at32(u32, word(queue, QueueCell.FIRST_PEER));
    for (; peer !== 0; peer = at32(u32, word(peer, Node.PEER_NEXT))) {
      if (this.#consumerPriority(peer) > consumerPriority && Atomics.load(u32, word(peer, Node.ABLE)) === 1)
        return true;
    }
    return false;
  }

  /** Whether any consumer could take what is there. Under the queue's lock. */
  isAnyAble(queue: number): boolean {
    const { u32 } = this.#memory;
    let peer = at32(u32, word(queue, QueueCell.FIRST_PEER));
    while (peer !== 0 && Atomics.load(u32, word(peer, Node.ABLE)) === 0) peer = at32(u32, word(peer, Node.PEER_NEXT));
    return peer !== 0;
  }

  /** Gives the first who waits a turn if it is of a higher priority. Under the queue's lock. */
  grantAbove(queue: number, node: number): void {
    const first = at32(this.#memory.u32, word(queue, QueueCell.FIRST_WAITER));
    if (first !== 0 && this.#consumerPriority(first) > this.#consumerPriority(node)) this.grant(queue, 1);
  }

  #consumerPriority(node: number): number {
    return at32(this.#memory.u32, word(node, Node.CONSUMER_PRIORITY)) | 0;
  }

  /**
   * Puts a consumer behind those of its priority, or back to the place that it had among them. Under the queue's lock.
   */
  register(queue: number, node: number, back: boolean): void {
    const { u32 } = this.#memory;
    if (!back) u32[word(node, Node.PLACE)] = Atomics.add(u32, word(queue, QueueCell.PLACES), 1);
    // Usually all have one priority: the place is at one of the ends, or near the first.
    let left = back ? 0 : at32(u32, word(queue, QueueCell.LAST_WAITER));
    let right = back ? at32(u32, word(queue, QueueCell.FIRST_WAITER)) : 0;
    for (; left !== 0 && !this.#isBefore(left, node); left = at32(u32, word(left, Node.PREVIOUS))) right = left;
    for (; right !== 0 && this.#isBefore(right, node); right = at32(u32, word(right, Node.NEXT))) left = right;
    u32[word(node, Node.WHERE)] = NodePlace.WAITERS;
    this.#join(queue, left, node);
    this.#join(queue, node, right);
    Atomics.add(u32, word(queue, QueueCell.WAITING), 1);
  }

  #isBefore(one: number, other: number): boolean {
    const [higher, lower] = [this.#consumerPriority(one), this.#consumerPriority(other)];
    if (higher !== lower) return higher > lower;
    const { u32 } = this.#memory;
    return ((at32(u32, word(one, Node.PLACE)) - at32(u32, word(other, Node.PLACE))) | 0) < 0;
  }

  /** Takes a node back from the waiters. False: it is in the inbox, which frees it. Under the queue's lock. */
  withdraw(queue: number, node: number): boolean {
    const { u32 } = this.#memory;
    const where = at32(u32, word(node, Node.WHERE));
    if (where === NodePlace.WAITERS) this.#unlink(queue, node);
    return where !== NodePlace.INBOX;
  }

  /** How many have a turn for what is there, but for whoever asks. */
  turnsOfOthers(queue: number, hasTurn: boolean): number {
    return Atomics.load(this.#memory.u32, word(queue, QueueCell.GRANTS)) - (hasTurn ? 1 : 0);
  }

  /**
   * Gives up to `count` of those who wait a turn, but no more than there are messages for which nobody has one yet.
   * Where there are consumer priorities, who is granted one may have to stand back. Under the queue's lock.
   */
  grantFor(queue: number, count: number, ready: number): void {
    const priorities = (at32(this.#memory.u32, word(queue, QueueCell.BITS)) & Feature.CONSUMER_PRIORITIES) !== 0;
    this.grant(queue, priorities ? count : Math.min(count, ready - this.turnsOfOthers(queue, false)));
  }

  /** Gives up to `count` of those who wait a turn, unless the queue is paused. Under the queue's lock. */
  grant(queue: number, count: number): void {
    const { u32 } = this.#memory;
    if ((at32(u32, word(queue, QueueCell.BITS)) & Feature.PAUSED) !== 0) return;
    for (let granted = 0; granted < count; granted++) {
      const node = at32(u32, word(queue, QueueCell.FIRST_WAITER));
      if (node === 0) return;
      this.#unlink(queue, node);
      Atomics.add(u32, word(queue, QueueCell.GRANTS), 1);
      const worker = at32(u32, word(node, Node.WORKER));
      if (worker === this.#self) this.#onGranted(at32(u32, word(node, Node.CONSUMER)));
      else this.#send(worker, node);
    }
  }

  /**
   * Messages can be claimed that could not before: those who wait get a turn, and those workers hear of it that wait in
   * another way. Under the queue's lock.
   */
  welcome(queue: number, count: number): void {
    this.grantFor(queue, count, at32(this.#memory.u32, word(queue, QueueCell.READY)));
    if (Atomics.exchange(this.#memory.u32, word(queue, QueueCell.AWAITED), 0) === 0) return;
    for (let worker = 0; worker < this.#memory.workers; worker++) ring(this.#memory, worker);
  }

  hasInbox(): boolean {
    return Atomics.load(this.#memory.u32, word(participantAt(this.#self), Participant.INBOX_FIRST)) !== 0;
  }

  /** Empties our inbox; `deliver` says whether the consumer still lives. */
  drainInbox(deliver: (consumer: number) => boolean): void {
    if (!this.hasInbox()) return;
    const { u32, i32 } = this.#memory;
    const record = participantAt(this.#self);
    lock(i32, word(record, Participant.INBOX_LOCK));
    let node = at32(u32, word(record, Participant.INBOX_FIRST));
    Atomics.store(u32, word(record, Participant.INBOX_FIRST), 0);
    u32[word(record, Participant.INBOX_LAST)] = 0;
    unlock(i32, word(record, Participant.INBOX_LOCK));
    while (node !== 0) {
      const next = at32(u32, word(node, Node.NEXT));
      u32[word(node, Node.WHERE)] = NodePlace.OWNER;
      if (!deliver(at32(u32, word(node, Node.CONSUMER)))) this.#memory.freeCell(node);
      node = next;
    }
  }

  #send(worker: number, node: number): void {
    const { u32, i32 } = this.#memory;
    const record = participantAt(worker);
    u32[word(node, Node.WHERE)] = NodePlace.INBOX;
    u32[word(node, Node.NEXT)] = 0;
    lock(i32, word(record, Participant.INBOX_LOCK));
    const last = at32(u32, word(record, Participant.INBOX_LAST));
    if (last === 0) Atomics.store(u32, word(record, Participant.INBOX_FIRST), node);
    else u32[word(last, Node.NEXT)] = node;
    u32[word(record, Participant.INBOX_LAST)] = node;
    unlock(i32, word(record, Participant.INBOX_LOCK));
    ring(this.#memory, worker);
  }

  #unlink(queue: number, node: number): void {
    const { u32 } = this.#memory;
    u32[word(node, Node.WHERE)] = NodePlace.OWNER;
    this.#join(queue, at32(u32, word(node, Node.PREVIOUS)), at32(u32, word(node, Node.NEXT)));
    Atomics.sub(u32, word(queue, QueueCell.WAITING), 1);
  }

  /** Makes two nodes neighbours; 0 stands for the end of the list on that side. */
  #join(queue: number, left: number, right: number): void {
    const { u32 } = this.#memory;
    u32[left === 0 ? word(queue, QueueCell.FIRST_WAITER) : word(left, Node.NEXT)] = right;
    u32[right === 0 ? word(queue, QueueCell.LAST_WAITER) : word(right, Node.PREVIOUS)] = left;
  }
}
