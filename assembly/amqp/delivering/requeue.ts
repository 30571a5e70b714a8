/**
 * Requeueing deliveries, and rejecting them. A queue with rules may let them die instead.
 */
import { isLogging, placeRequeued } from '../../log/journal';
import { REQUEUED } from '../../memory/counters';
import { Message } from '../../memory/message';
import { CLASSIC, unknownKind } from '../../queue/chain/kinds';
import { DELIVERY_LIMIT, deadLetterOrDrop, REJECTED } from '../../queue/rules/dead-letters';
import { checkLength } from '../../queue/rules/length';
import {
  blockOf,
  countAt,
  indexOf,
  LOGGED,
  logPosition,
  Queue,
  queueOf,
  REDELIVERED,
  REQUEUES_MAX,
  REQUEUES_ONE,
  REQUEUES_SHIFT,
  Slot,
} from '../../queue/chain/queue';
import { putBack } from '../../queue/chain/requeued';
import { addBytes, BYTES, COUNTED, featuresOf, LENGTH, ruling } from '../../queue/chain/features';
import { settle } from '../../queue/chain/settle';
import { grant } from '../../queue/consumers/waiters';

/** Requeues a claimed slot, or settles it when the queue is being deleted. */
export function requeue(slot: Slot): void {
  const queue = queueOf(slot);
  if (queue.kind != CLASSIC) unknownKind();
  if (queue.retired) {
    settle(slot);
    return;
  }
  if (queue.features) {
    requeueRuled(queue, slot);
    return;
  }
  countAt(queue, REQUEUED, 1);
  putBack(queue, slot, REDELIVERED);
  grant(queue, 1);
}

/** `priority` is the queue or its child. */
function requeueRuled(priority: Queue, slot: Slot): void {
  const queue = ruling(priority);
  if (queue.retired) {
    settle(slot);
    return;
  }
  const features = queue.features;
  if (features & COUNTED) {
    const requeues = slot.state >> REQUEUES_SHIFT;
    if (<f64>requeues >= featuresOf(queue).deliveryLimit) {
      deadLetterOrDrop(queue, slot, DELIVERY_LIMIT);
      return;
    }
    if (requeues < REQUEUES_MAX) {
      slot.state += REQUEUES_ONE;
      if (slot.state & LOGGED && isLogging())
        placeRequeued(priority.logId, logPosition(blockOf(slot), indexOf(slot)), requeues + 1);
    }
  }
  if (features & BYTES) addBytes(queue, changetype<Message>(slot.message).bodySize);
  countAt(queue, REQUEUED, 1);
  putBack(priority, slot, REDELIVERED);
  grant(queue, 1);
  if (features & LENGTH) checkLength(queue);
}

/** A delivery is rejected for good. */
export function reject(slot: Slot): void {
  const queue = queueOf(slot);
  if (queue.kind != CLASSIC) unknownKind();
  deadLetterOrDrop(ruling(queue), slot, REJECTED);
}
