/**
 * Giving deliveries back to their queue, and rejecting them. A queue with rules may let them die instead.
 */
import { isLogging, placeReturned } from '../../log/journal';
import { Message } from '../../memory/message';
import { DELIVERY_LIMIT, die, REJECTED } from '../../queue/rules/dead-letters';
import { checkLength } from '../../queue/rules/length';
import { blockOf, indexOf, LOGGED, logPosition, Queue, queueOf, REDELIVERED, RETURNS_MAX, RETURNS_ONE, RETURNS_SHIFT, Slot } from '../../queue/chain/queue';
import { putBack } from '../../queue/chain/requeued';
import { addBytes, BYTES, COUNTED, LENGTH, ruling } from '../../queue/chain/features';
import { settle } from '../../queue/chain/settle';
import { grant } from '../../queue/consumers/waiters';

/** Gives a claimed slot back to its queue, or settles it when the queue is being deleted. */
export function giveBack(slot: Slot): void {
  const queue = queueOf(slot);
  if (queue.retired) { settle(slot); return; }
  if (queue.traits) { giveBackRuled(queue, slot); return; }
  putBack(queue, slot, REDELIVERED);
  grant(queue, 1);
}

/** `level` is the queue or its child. */
function giveBackRuled(level: Queue, slot: Slot): void {
  const queue = ruling(level);
  if (queue.retired) { settle(slot); return; }
  const traits = queue.traits;
  if (traits & COUNTED) {
    const returns = slot.state >> RETURNS_SHIFT;
    if (returns >= queue.deliveryLimit) { die(queue, slot, DELIVERY_LIMIT); return; }
    if (returns < RETURNS_MAX) {
      slot.state += RETURNS_ONE;
      if ((slot.state & LOGGED) && isLogging()) placeReturned(level.logId, logPosition(blockOf(slot), indexOf(slot)), returns + 1);
    }
  }
  if (traits & BYTES) addBytes(queue, changetype<Message>(slot.message).bodySize);
  putBack(level, slot, REDELIVERED);
  grant(queue, 1);
  if (traits & LENGTH) checkLength(queue);
}

/** A delivery is rejected for good. */
export function reject(slot: Slot): void {
  const queue = queueOf(slot);
  if (queue.traits) die(ruling(queue), slot, REJECTED);
  else settle(slot);
}
