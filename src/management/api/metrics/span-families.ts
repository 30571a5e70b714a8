/** What is told of spans, where they are exported: metrics that RabbitMQ has not. */
import { brokerFamily, type Family } from './family.js';
import { OWN_PREFIX } from './own-families.js';

export const SPANS: Family = {
  ...brokerFamily('leveret_spans', [
    {
      name: 'spans_exported_total',
      type: 'counter',
      help: 'Total number of spans of messages that a receiver has taken',
      of: ({ broker: { spans } }) => spans?.exported ?? [],
    },
    {
      name: 'spans_lost_total',
      type: 'counter',
      help: 'Total number of spans of messages that no receiver has taken in time',
      of: ({ broker: { spans } }) => spans?.lost ?? [],
    },
    {
      name: 'spans_waiting',
      type: 'gauge',
      help: 'Spans of messages on their way to a receiver',
      of: ({ broker: { spans } }) => spans?.waiting ?? [],
    },
  ]),
  prefix: OWN_PREFIX,
};
