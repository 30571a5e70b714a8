/** What was counted of all messages, by protocol and type of queue, as RabbitMQ's `rabbitmq_global_` metrics tell it. */
import { Counter, DeadLetterReason, deathCounter, Fate } from '../../../engine/engine.js';
import type { Labels, Sample } from './exposition.js';
import { type BrokerMetric, brokerFamily, type Family } from './family.js';
import type { Reading } from './reading.js';

const PROTOCOL: Labels = { protocol: 'amqp091' };
/** Queues of all types are of one kind here, and what they do is not counted apart. */
const CLASSIC: Labels = { queue_type: 'rabbit_classic_queue' };
/** What only these have in RabbitMQ is told as theirs. */
const QUORUM: Labels = { queue_type: 'rabbit_quorum_queue' };
const PROTOCOL_AND_TYPE: Labels = { ...PROTOCOL, ...CLASSIC };

const DISABLED: Labels = { dead_letter_strategy: 'disabled' };
const AT_MOST_ONCE: Labels = { dead_letter_strategy: 'at_most_once' };
const AT_LEAST_ONCE: Labels = { dead_letter_strategy: 'at_least_once' };

function counted(
  name: string,
  help: string,
  labels: Labels,
  plus: Counter,
  less: readonly Counter[] = [],
): BrokerMetric {
  return {
    name: `global_messages_${name}_total`,
    type: 'counter',
    help: `Total number of ${help}`,
    of: ({ broker: { engine } }): readonly Sample[] => {
      // What is taken off is read before what it is a part of.
      const parts = less.map((one) => engine.counted(one)).reduce((sum, one) => sum + one, 0);
      return [{ labels, value: Math.max(0, engine.counted(plus) - parts) }];
    },
  };
}

/** Those that died for a reason, by what their queue does with dead letters. */
function deadLettered(name: string, why: string, reason: DeadLetterReason, type: Labels = CLASSIC): BrokerMetric {
  return {
    name: `global_messages_dead_lettered_${name}_total`,
    type: 'counter',
    help: `Total number of messages dead-lettered due to ${why}`,
    of: ({ broker: { engine } }): readonly Sample[] =>
      [
        { labels: { ...type, ...DISABLED }, fate: Fate.DROPPED },
        { labels: { ...type, ...AT_MOST_ONCE }, fate: Fate.SENT },
        // A queue that keeps its dead letters refuses what is too long: none dies of that.
        ...(reason === DeadLetterReason.MAXLEN ? [] : [{ labels: { ...QUORUM, ...AT_LEAST_ONCE }, fate: Fate.KEPT }]),
      ].map(({ labels, fate }) => ({ labels, value: engine.counted(deathCounter(fate, reason)) })),
  };
}

export const GLOBAL: Family = brokerFamily('global', [
  counted('received', 'messages received from publishers', PROTOCOL, Counter.RECEIVED),
  counted(
    'received_confirm',
    'messages received from publishers expecting confirmations',
    PROTOCOL,
    Counter.RECEIVED_CONFIRMING,
  ),
  counted('confirmed', 'messages confirmed to publishers', PROTOCOL, Counter.CONFIRMED),
  counted('routed', 'messages routed to queues or streams', PROTOCOL, Counter.ENQUEUED),
  counted(
    'unroutable_dropped',
    'messages published as non-mandatory into an exchange and dropped as unroutable',
    PROTOCOL,
    Counter.DROPPED,
  ),
  counted(
    'unroutable_returned',
    'messages published as mandatory into an exchange and returned to the publisher as unroutable',
    PROTOCOL,
    Counter.RETURNED,
  ),
  counted('acknowledged', 'messages acknowledged by consumers', PROTOCOL_AND_TYPE, Counter.ACKNOWLEDGED),
  counted('delivered', 'messages delivered to consumers', PROTOCOL_AND_TYPE, Counter.DELIVERED),
  counted(
    'delivered_consume_auto_ack',
    'messages delivered to consumers using basic.consume with automatic acknowledgment',
    PROTOCOL_AND_TYPE,
    Counter.DELIVERED_NO_ACK,
  ),
  counted(
    'delivered_consume_manual_ack',
    'messages delivered to consumers using basic.consume with manual acknowledgment',
    PROTOCOL_AND_TYPE,
    Counter.DELIVERED,
    [Counter.DELIVERED_NO_ACK, Counter.GOT, Counter.GOT_NO_ACK],
  ),
  counted(
    'delivered_get_auto_ack',
    'messages delivered to consumers using basic.get with automatic acknowledgment',
    PROTOCOL_AND_TYPE,
    Counter.GOT_NO_ACK,
  ),
  counted(
    'delivered_get_manual_ack',
    'messages delivered to consumers using basic.get with manual acknowledgment',
    PROTOCOL_AND_TYPE,
    Counter.GOT,
  ),
  counted('get_empty', 'times basic.get operations fetched no message', PROTOCOL_AND_TYPE, Counter.GOT_EMPTY),
  deadLettered('maxlen', 'overflow drop-head or reject-publish-dlx', DeadLetterReason.MAXLEN),
  deadLettered('expired', 'message TTL exceeded', DeadLetterReason.EXPIRED),
  deadLettered('rejected', 'basic.reject or basic.nack', DeadLetterReason.REJECTED),
  deadLettered('delivery_limit', 'delivery-limit exceeded', DeadLetterReason.DELIVERY_LIMIT, QUORUM),
  counted(
    'dead_lettered_confirmed',
    'messages dead-lettered and confirmed by target queues',
    { ...QUORUM, ...AT_LEAST_ONCE },
    Counter.DEAD_ARRIVED,
  ),
  counted('redelivered', 'messages redelivered to consumers', PROTOCOL_AND_TYPE, Counter.REDELIVERED),
  {
    name: 'global_consumers',
    type: 'gauge',
    help: 'Current number of consumers',
    of: async (reading: Reading) => [{ labels: PROTOCOL, value: await reading.consumers() }],
  },
  {
    name: 'global_publishers',
    type: 'gauge',
    help: 'Current number of publishers',
    of: async (reading: Reading) => [{ labels: PROTOCOL, value: await reading.publishers() }],
  },
]);
