/** What is told of queues, under RabbitMQ's names. Sums of what is counted are of all queues that ever were. */
import { Counter, type QueueCounter } from '../../../engine/engine.js';
import { type Family, type QueueMetric, queueFamily } from './family.js';
import type { Reading } from './reading.js';
import { differenceOf, TAKEN } from './taken.js';

type Of = QueueMetric['of'];

const lengthOf =
  (name: 'messages' | 'messages_ready' | 'messages_unacknowledged'): Of =>
  (queue, { broker }) =>
    broker.statistics.lengths(queue)[name];

const octetsOf =
  (name: 'message_bytes' | 'message_bytes_ready' | 'message_bytes_unacknowledged'): Of =>
  (queue, { broker }) =>
    broker.statistics.octets(queue)[name];

const consumersOf: QueueMetric = {
  name: 'queue_consumers',
  type: 'gauge',
  help: 'Consumers on a queue',
  of: (queue, reading) => reading.consumersOf(queue),
  total: (reading) => reading.consumers(),
};

const countConsumers = (reading: Reading): Promise<void> => reading.countConsumers();

/** A counter, less others, which are parts of it. */
function counted(name: string, help: string, plus: QueueCounter, less: readonly QueueCounter[] = []): QueueMetric {
  return {
    name,
    type: 'counter',
    help,
    of: ({ ref }, { broker: { engine } }) => differenceOf((one) => engine.countedAt(ref, one), plus, less),
    total: ({ broker: { engine } }) => differenceOf((one) => engine.counted(one), plus, less),
  };
}

export const QUEUE_FAMILIES: readonly Family[] = [
  queueFamily('queue_coarse_metrics', [
    {
      name: 'queue_messages_ready',
      type: 'gauge',
      help: 'Messages ready to be delivered to consumers',
      of: lengthOf('messages_ready'),
    },
    {
      name: 'queue_messages_unacked',
      type: 'gauge',
      help: 'Messages delivered to consumers but not yet acknowledged',
      of: lengthOf('messages_unacknowledged'),
    },
    {
      name: 'queue_messages',
      type: 'gauge',
      help: 'Sum of ready and unacknowledged messages - total queue depth',
      of: lengthOf('messages'),
    },
  ]),
  queueFamily(
    'queue_metrics',
    [
      consumersOf,
      {
        name: 'queue_messages_bytes',
        type: 'gauge',
        help: 'Size in bytes of ready and unacknowledged messages',
        of: octetsOf('message_bytes'),
      },
      {
        name: 'queue_messages_ready_bytes',
        type: 'gauge',
        help: 'Size in bytes of ready messages',
        of: octetsOf('message_bytes_ready'),
      },
      {
        name: 'queue_messages_unacked_bytes',
        type: 'gauge',
        help: 'Size in bytes of all unacknowledged messages',
        of: octetsOf('message_bytes_unacknowledged'),
      },
    ],
    { prepare: countConsumers },
  ),
  queueFamily(
    'queue_delivery_metrics',
    TAKEN.map(({ name, help, counter, less = [] }) =>
      counted(
        `queue_${name}`,
        help,
        Counter[counter],
        less.map((one) => Counter[one]),
      ),
    ),
  ),
  queueFamily(
    'channel_queue_exchange_metrics',
    [counted('queue_messages_published_total', 'Total number of messages published to queues', Counter.ENQUEUED)],
    { labelsOf: ({ vhost, name }) => ({ queue_vhost: vhost, queue: name }) },
  ),
];

/** A part of `queue_metrics`, for who wants no more than that. */
export const QUEUE_CONSUMERS: Family = queueFamily('queue_consumer_count', [consumersOf], { prepare: countConsumers });
