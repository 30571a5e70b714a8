/** What is told of queues, under RabbitMQ's names. Sums of what is counted are of all queues that ever were. */
import { Counter, type QueueCounter } from '../../../engine/engine.js';
import { type Family, type QueueMetric, queueFamily } from './family.js';
import type { Reading } from './reading.js';

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

/** The sum of some counters, less others; those that are taken off are parts of the first, and read before it. */
function counted(name: string, help: string, plus: QueueCounter, less: readonly QueueCounter[] = []): QueueMetric {
  const sum = (read: (counter: QueueCounter) => number): number => {
    let parts = 0;
    for (const counter of less) parts += read(counter);
    return Math.max(0, read(plus) - parts);
  };
  return {
    name,
    type: 'counter',
    help,
    of: ({ ref }, { broker: { engine } }) => sum((counter) => engine.countedAt(ref, counter)),
    total: ({ broker: { engine } }) => sum((counter) => engine.counted(counter)),
  };
}

/** What is taken from queues. `scope` stands in the names: RabbitMQ tells the same of channels and of queues. */
function taken(scope: 'channel' | 'queue'): readonly QueueMetric[] {
  return [
    counted(
      `${scope}_get_ack_total`,
      'Total number of messages fetched with basic.get in manual acknowledgement mode',
      Counter.GOT,
    ),
    counted(
      `${scope}_get_total`,
      'Total number of messages fetched with basic.get in automatic acknowledgement mode',
      Counter.GOT_NO_ACK,
    ),
    counted(
      `${scope}_messages_delivered_ack_total`,
      'Total number of messages delivered to consumers in manual acknowledgement mode',
      Counter.DELIVERED,
      [Counter.DELIVERED_NO_ACK, Counter.GOT, Counter.GOT_NO_ACK],
    ),
    counted(
      `${scope}_messages_delivered_total`,
      'Total number of messages delivered to consumers in automatic acknowledgement mode',
      Counter.DELIVERED_NO_ACK,
    ),
    counted(
      `${scope}_messages_redelivered_total`,
      'Total number of messages redelivered to consumers',
      Counter.REDELIVERED,
    ),
    counted(
      `${scope}_messages_acked_total`,
      'Total number of messages acknowledged by consumers',
      Counter.ACKNOWLEDGED,
    ),
    counted(
      `${scope}_get_empty_total`,
      'Total number of times basic.get operations fetched no message',
      Counter.GOT_EMPTY,
    ),
  ];
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
  queueFamily('queue_delivery_metrics', taken('queue')),
  queueFamily('channel_queue_metrics', taken('channel')),
  queueFamily(
    'channel_queue_exchange_metrics',
    [counted('queue_messages_published_total', 'Total number of messages published to queues', Counter.ENQUEUED)],
    { labelsOf: ({ vhost, name }) => ({ queue_vhost: vhost, queue: name }) },
  ),
];

/** A part of `queue_metrics`, for who wants no more than that. */
export const QUEUE_CONSUMERS: Family = queueFamily('queue_consumer_count', [consumersOf], { prepare: countConsumers });
