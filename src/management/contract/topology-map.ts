/** Contract: the map of a vhost. */
import type { Contracts } from './operation-contract.js';
import { BOOLEAN, INTEGER, listOf, NUMBER, oneOf, type Schema, STRING, STRINGS, thing } from './schema.js';

/** Exchanges and queues of one map. */
export const NODES_DEFAULT = 200;
export const NODES_MAX = 500;

const KIND = oneOf('exchange', 'queue');

const NODE: Schema = {
  ...thing(
    {
      kind: KIND,
      name: STRING,
      type: { ...STRING, description: 'Of an exchange.' },
      messages: { ...INTEGER, description: 'Of a queue.' },
      messages_ready: INTEGER,
      messages_unacknowledged: INTEGER,
      is_paused: BOOLEAN,
      rate_in: { ...NUMBER, description: 'Messages a second: published to the exchange, or come into the queue.' },
      rate_out: { ...NUMBER, description: 'Given to queues by the exchange, or delivered from the queue.' },
    },
    ['kind', 'name', 'rate_in', 'rate_out'],
  ),
  title: 'MapNode',
};

const EDGE: Schema = {
  ...thing(
    {
      kind: oneOf('binding', 'dead letters', 'alternate'),
      source: STRING,
      source_kind: KIND,
      destination: STRING,
      destination_kind: KIND,
      bindings: { ...INTEGER, description: 'How many there are between the two.' },
      routing_keys: { ...STRINGS, description: 'Those of the first ten.' },
      rate: {
        type: ['number', 'null'],
        description: 'Messages a second; null: it does not follow from what is counted.',
      },
      rate_min: { ...NUMBER, description: 'It is no less.' },
      rate_max: { type: ['number', 'null'], description: 'It can be no more; null: there is no bound.' },
    },
    [
      'kind',
      'source',
      'source_kind',
      'destination',
      'destination_kind',
      'bindings',
      'routing_keys',
      'rate',
      'rate_min',
      'rate_max',
    ],
  ),
  title: 'MapEdge',
};

export const TOPOLOGY_MAP: Contracts = {
  'GET /api/leveret/topology/:vhost': {
    summary: 'A map of a vhost: exchanges, queues, and how fast messages go from one to the other',
    query: {
      name: { ...STRING, description: 'Shows those whose name has this in it, and their neighbours.' },
      limit: {
        ...STRING,
        pattern: '^[0-9]{1,4}$',
        description: `How many exchanges and queues, the busiest first: ${NODES_DEFAULT}, or up to ${NODES_MAX}.`,
        'x-refusal': `limit must be from 1 to ${NODES_MAX}`,
      },
    },
    answers: {
      200: thing(
        {
          vhost: STRING,
          nodes: listOf(NODE),
          edges: listOf(EDGE),
          found: { ...INTEGER, description: 'How many there are, with those that are left out.' },
        },
        ['vhost', 'nodes', 'edges', 'found'],
      ),
    },
  },
};
