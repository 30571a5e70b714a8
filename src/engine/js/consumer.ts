/** A consumer: what it may take and where it stands. Private to the worker of its channel. */
import type { Channel } from './channel.js';

export type ConsumerState =
  /** In its queue's waiters or in our inbox. */
  | 'waiting'
  /** In the run queue. */
  | 'runnable'
  /** Has as many unacknowledged messages as it or its channel may have. */
  | 'without credit'
  /** Its connection's outbox is full. */
  | 'without room'
  | 'dead';

export class Consumer {
  state: ConsumerState = 'runnable';
  /** Unacknowledged deliveries. */
  used = 0;
  /** Whether it was given its turn because messages had come. If others took them, it waits in front again. */
  granted = false;
  /** Whether its queue still counts a turn that it was granted and has not taken. */
  owesGrant = false;

  constructor(
    readonly id: number,
    readonly channel: Channel,
    readonly queue: number,
    readonly node: number,
    readonly tag: Uint8Array,
    readonly noAck: boolean,
    readonly prefetch: number,
  ) {}

  /** How many messages it may take now. */
  credit(): number {
    if (this.noAck) return Number.POSITIVE_INFINITY;
    const own = this.prefetch === 0 ? Number.POSITIVE_INFINITY : this.prefetch - this.used;
    return Math.max(0, Math.min(own, this.channel.credit()));
  }
}
