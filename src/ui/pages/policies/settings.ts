/**
 * What policies can set, each explained. What must hold: these are the settings that the broker takes, and of operators
 * those that it takes from them.
 */

interface Common {
  readonly key: string;
  readonly of: 'queues' | 'exchanges';
  /** Whether operators may set it, over everybody's head. */
  readonly isForOperators: boolean;
  readonly help: string;
}

export type Setting = Common &
  (
    | { readonly kind: 'number'; readonly unit: 'ms' | 'octets' | 'count'; readonly least: number }
    | { readonly kind: 'text' }
    | { readonly kind: 'choice'; readonly choices: readonly (readonly [string, string])[] }
  );

export const SETTINGS: readonly Setting[] = [
  {
    key: 'message-ttl',
    of: 'queues',
    isForOperators: true,
    kind: 'number',
    unit: 'ms',
    least: 0,
    help: 'How long a message may wait. Then it is thrown away, or goes to the dead letter exchange.',
  },
  {
    key: 'max-length',
    of: 'queues',
    isForOperators: true,
    kind: 'number',
    unit: 'count',
    least: 0,
    help: 'How many messages may wait. What happens with one more says overflow.',
  },
  {
    key: 'max-length-bytes',
    of: 'queues',
    isForOperators: true,
    kind: 'number',
    unit: 'octets',
    least: 0,
    help: 'How many octets all bodies that wait may have together.',
  },
  {
    key: 'overflow',
    of: 'queues',
    isForOperators: true,
    kind: 'choice',
    choices: [
      ['drop-head', 'drop-head: the oldest message goes'],
      ['reject-publish', 'reject-publish: the new one is refused'],
      ['reject-publish-dlx', 'reject-publish-dlx: the new one goes to the dead letter exchange'],
    ],
    help: 'What happens where a queue is full.',
  },
  {
    key: 'expires',
    of: 'queues',
    isForOperators: true,
    kind: 'number',
    unit: 'ms',
    least: 1,
    help: 'How long a queue may go unused (no consumer, no get, no declaration). Then it is deleted with its messages.',
  },
  {
    key: 'dead-letter-exchange',
    of: 'queues',
    isForOperators: false,
    kind: 'text',
    help: 'Where messages go that are rejected, expire or find the queue full. Left empty: the exchange without a name.',
  },
  {
    key: 'dead-letter-routing-key',
    of: 'queues',
    isForOperators: false,
    kind: 'text',
    help: 'The routing key of dead letters. Where it is not set they keep their own.',
  },
  {
    key: 'dead-letter-strategy',
    of: 'queues',
    isForOperators: false,
    kind: 'choice',
    choices: [
      ['at-most-once', 'at-most-once: fast, may lose some in a crash'],
      ['at-least-once', 'at-least-once: none is lost, with overflow reject-publish'],
    ],
    help: 'How sure it is that dead letters arrive. Of quorum queues alone.',
  },
  {
    key: 'delivery-limit',
    of: 'queues',
    isForOperators: true,
    kind: 'number',
    unit: 'count',
    least: 0,
    help: 'How often a message may come back to the queue. Then it is a dead letter: it may be one that nobody can use.',
  },
  {
    key: 'consumer-timeout',
    of: 'queues',
    isForOperators: false,
    kind: 'number',
    unit: 'ms',
    least: 0,
    help: 'How long a consumer may keep a message without an acknowledgement. Then its channel is closed.',
  },
  {
    key: 'alternate-exchange',
    of: 'exchanges',
    isForOperators: false,
    kind: 'text',
    help: 'Where an exchange sends a message that none of its bindings takes.',
  },
];

export type Target = 'all' | 'queues' | 'classic_queues' | 'quorum_queues' | 'exchanges';

export const TARGETS: readonly (readonly [Target, string])[] = [
  ['queues', 'queues'],
  ['classic_queues', 'classic queues'],
  ['quorum_queues', 'quorum queues'],
  ['exchanges', 'exchanges'],
  ['all', 'queues and exchanges'],
];

/** Those that mean something for what a policy is for. */
export function settingsFor(target: Target, isOperator: boolean): readonly Setting[] {
  return SETTINGS.filter(({ of, isForOperators }) => {
    if (isOperator && !isForOperators) return false;
    return target === 'all' || (of === 'exchanges') === (target === 'exchanges');
  });
}
