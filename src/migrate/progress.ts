/** What has been moved, by queues, for whoever watches; it is read as it stands, and decides nothing. */
import { type QueueName, queueText } from './plan.js';

export type QueueState = 'waiting' | 'moving' | 'done' | 'left';

export interface QueueProgress extends QueueName {
  state: QueueState;
  /** Messages that are at the target and acknowledged at the source. */
  moved: number;
  octets: number;
  /** Of these, those that may be at the target twice, and say so. */
  doubtful: number;
  /** What came again and was there. */
  repeated: number;
  /** Messages at the source when they were last counted, and `moved` at that time. */
  ready: number;
  movedThen: number;
  /** Why something is left; null: nothing is, or nothing is known of it. */
  reason: string | null;
}

export class Progress {
  readonly queues = new Map<string, QueueProgress>();

  of(queue: QueueName): QueueProgress {
    const key = queueText(queue);
    let found = this.queues.get(key);
    if (found === undefined) {
      const { vhost, name } = queue;
      const none = { moved: 0, octets: 0, doubtful: 0, repeated: 0, ready: 0, movedThen: 0 };
      found = { vhost, name, state: 'waiting', ...none, reason: null };
      this.queues.set(key, found);
    }
    return found;
  }

  get total(): Total {
    const total = { moved: 0, octets: 0, doubtful: 0, repeated: 0, left: 0, done: 0 };
    for (const queue of this.queues.values()) {
      total.moved += queue.moved;
      total.octets += queue.octets;
      total.doubtful += queue.doubtful;
      total.repeated += queue.repeated;
      total.left += leftIn(queue);
      if (queue.state === 'done') total.done += 1;
    }
    return total;
  }
}

export interface Total {
  readonly moved: number;
  readonly octets: number;
  readonly doubtful: number;
  readonly repeated: number;
  /** Messages that are still to come, as far as is known. */
  readonly left: number;
  /** Queues that are empty. */
  readonly done: number;
}

export function leftIn({ ready, moved, movedThen }: QueueProgress): number {
  return Math.max(0, ready - (moved - movedThen));
}
