/** The types of exchanges: how each routes, in a sentence, and the arguments that it has of its own. */

interface TypeArgument {
  readonly name: string;
  readonly kind: 'text' | 'whole number';
  readonly label: string;
  readonly help: string;
  readonly isRequired?: boolean;
  readonly choices?: readonly string[];
}

interface ExchangeTypeText {
  readonly name: string;
  readonly routing: string;
  /** What a binding's routing key is to it; null: it does not look at it. */
  readonly key: string | null;
  readonly arguments: readonly TypeArgument[];
}

const INNER: readonly string[] = ['direct', 'fanout', 'topic', 'headers'];

export const EXCHANGE_TYPES: readonly ExchangeTypeText[] = [
  {
    name: 'direct',
    routing: 'To all queues whose binding has the very routing key of the message.',
    key: 'The routing key that messages must have.',
    arguments: [],
  },
  { name: 'fanout', routing: 'To all queues that are bound to it.', key: null, arguments: [] },
  {
    name: 'topic',
    routing: 'To all queues whose pattern fits the words of the routing key.',
    key: 'A pattern of words with dots between: * stands for one word, # for any number. “orders.*.paid” fits “orders.eu.paid”.',
    arguments: [],
  },
  {
    name: 'headers',
    routing: 'To all queues whose binding asks for headers that the message has.',
    key: null,
    arguments: [],
  },
  {
    name: 'x-consistent-hash',
    routing: 'To one of its queues: messages alike always to the same one, so that their order is kept.',
    key: 'How many shares of the messages it gets: a whole number from 1 on.',
    arguments: [
      {
        name: 'hash-header',
        kind: 'text',
        label: 'Header to share by',
        help: 'Messages with the same value of this header go to the same queue. Empty: the routing key decides.',
      },
      {
        name: 'hash-property',
        kind: 'text',
        label: 'Property to share by',
        help: 'The same by a property. A header and a property exclude each other.',
        choices: ['message_id', 'correlation_id', 'timestamp'],
      },
    ],
  },
  { name: 'x-modulus-hash', routing: 'To one of its queues, by the routing key.', key: null, arguments: [] },
  { name: 'x-random', routing: 'To one of its queues, at random.', key: null, arguments: [] },
  {
    name: 'x-local-random',
    routing: 'To one of its queues, at random, of those on the same node.',
    key: null,
    arguments: [],
  },
  {
    name: 'x-recent-history',
    routing: 'To all its queues; a queue that is bound later gets the last messages as well.',
    key: null,
    arguments: [
      {
        name: 'x-recent-history-length',
        kind: 'whole number',
        label: 'How many messages it remembers',
        help: '20, if nothing is said.',
      },
    ],
  },
  {
    name: 'x-delayed-message',
    routing: 'As another type does, but only when the time in the header x-delay (ms) of the message has passed.',
    key: 'As the type has it that it routes by.',
    arguments: [
      {
        name: 'x-delayed-type',
        kind: 'text',
        label: 'Routes as',
        help: 'The type that decides when the time has come.',
        isRequired: true,
        choices: INNER,
      },
    ],
  },
];

export function typeText(name: string): ExchangeTypeText | undefined {
  return EXCHANGE_TYPES.find((type) => type.name === name);
}
