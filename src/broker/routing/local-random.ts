/**
 * Local random: as random, among queues of this node, which all are here. As in RabbitMQ 4 it leads to classic queues
 * alone: a replicated one may have its leader elsewhere.
 */
import { queueTypeOf } from '../arguments/queue-arguments.js';
import type { End } from './router.js';

/** Why RabbitMQ would not bind this; null when it would. */
export function localRandomError({ kind, arguments: args }: End): string | null {
  if (kind === 'exchange') return 'Destination not found';
  const type = queueTypeOf(args);
  return type === 'classic' ? null : `Queue type rabbit_${type}_queue not valid for local random exchange`;
}
