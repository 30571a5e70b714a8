/** What was counted of all messages, by protocol and type of queue, as RabbitMQ's `rabbitmq_global_` metrics tell it. */
import { Counter } from '../../../engine/engine.js';
import type { Labels, Sample } from './exposition.js';
import { type BrokerMetric, brokerFamily, type Family } from './family.js';
import type { Reading } from './reading.js';

const PROTOCOL: Labels = { protocol: 'amqp091' };
/** Queues of all types are of one kind here, and what they do is not counted apart. */
const PROTOCOL_AND_TYPE: Labels = { ...PROTOCOL, queue_type: 'rabbit_classic_queue' };

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
