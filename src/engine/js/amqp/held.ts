/** What a channel holds unacknowledged, looked at by whoever wants to know. */
import { MOMENT_STEP } from '../../../numbers/core.js';
import type { Held } from '../../engine.js';
import type { Channel } from './connection.js';

/** The clock as it is noted of deliveries: the core has one word for it. */
export function momentOf(now: number): number {
  return Math.max(1, Math.floor(now / MOMENT_STEP)) * MOMENT_STEP;
}

/** `queueOf`: the queue of a slot. One entry for each consumer, and for each queue that basic.get has taken from. */
export function heldBy(channel: Channel, queueOf: (slot: number) => number): Held[] {
  const found = new Map<object | number, { -readonly [Key in keyof Held]: Held[Key] }>();
  channel.unacked.each((slot, consumer, since) => {
    const queue = consumer === null ? queueOf(slot) : consumer.queue;
    const known = found.get(consumer ?? queue);
    if (known === undefined) {
      const id = consumer === null || consumer.state === 'dead' ? 0 : consumer.id;
      found.set(consumer ?? queue, { consumer: id, queue, count: 1, since });
    } else known.count++;
  });
  return [...found.values()];
}
