/** The arguments that a queue can be declared with, for the form: what each does, and what fits. */

export interface ArgumentField {
  /** As the protocol has it. */
  readonly name: string;
  readonly label: string;
  readonly help: string;
  readonly kind: 'number' | 'text' | 'flag' | readonly string[];
  /** The least number. */
  readonly least?: number;
  readonly most?: number;
  readonly onlyFor?: 'classic' | 'quorum';
}

export interface ArgumentGroup {
  readonly title: string;
  readonly fields: readonly ArgumentField[];
}

const TIME_MOST = 10 * 365 * 86_400_000;

export const ARGUMENT_GROUPS: readonly ArgumentGroup[] = [
  {
    title: 'Limits',
    fields: [
      { name: 'x-max-length', label: 'Most messages', help: 'Ready ones.', kind: 'number', least: 0 },
      {
        name: 'x-max-length-bytes',
        label: 'Most octets',
        help: 'Of the bodies of ready messages.',
        kind: 'number',
        least: 0,
      },
      {
        name: 'x-overflow',
        label: 'When it is full',
        help: 'The oldest goes, or the new one is refused (and goes to the dead letter exchange).',
        kind: ['drop-head', 'reject-publish', 'reject-publish-dlx'],
      },
      {
        name: 'x-message-ttl',
        label: 'Messages live for (ms)',
        help: 'Those that have waited longer are thrown away, or become dead letters.',
        kind: 'number',
        least: 0,
        most: TIME_MOST,
      },
      {
        name: 'x-expires',
        label: 'The queue goes after (ms)',
        help: 'Unused for so long: no consumer, no get.',
        kind: 'number',
        least: 1,
        most: TIME_MOST,
      },
    ],
  },
  {
    title: 'Dead letters',
    fields: [
      {
        name: 'x-dead-letter-exchange',
        label: 'Exchange',
        help: 'Where rejected and expired messages go.',
        kind: 'text',
      },
      { name: 'x-dead-letter-routing-key', label: 'Routing key', help: 'In place of the own one.', kind: 'text' },
      {
        name: 'x-dead-letter-strategy',
        label: 'Strategy',
        help: 'At least once needs “reject-publish” above.',
        kind: ['at-most-once', 'at-least-once'],
        onlyFor: 'quorum',
      },
      {
        name: 'x-delivery-limit',
        label: 'Most deliveries',
        help: 'A message that came back more often becomes a dead letter; -1: no limit.',
        kind: 'number',
        least: -1,
        onlyFor: 'quorum',
      },
    ],
  },
  {
    title: 'Consumers and order',
    fields: [
      {
        name: 'x-single-active-consumer',
        label: 'One consumer at a time',
        help: 'The next one waits until it goes.',
        kind: 'flag',
      },
      {
        name: 'x-max-priority',
        label: 'Priorities',
        help: 'The highest one; few, up to 10, are enough.',
        kind: 'number',
        least: 0,
        most: 255,
        onlyFor: 'classic',
      },
      {
        name: 'x-consumer-timeout',
        label: 'A consumer may keep a message for (ms)',
        help: 'Then its channel is closed.',
        kind: 'number',
        least: 0,
      },
    ],
  },
  {
    title: 'Deduplication',
    fields: [
      {
        name: 'x-message-deduplication',
        label: 'Drop what came before',
        help: 'By a header of the messages.',
        kind: 'flag',
      },
      { name: 'x-cache-size', label: 'How many are remembered', help: '', kind: 'number', least: 1 },
      { name: 'x-cache-ttl', label: 'For how long (ms)', help: '', kind: 'number', least: 0, most: TIME_MOST },
      { name: 'x-deduplication-header', label: 'Header', help: 'That says which messages are the same.', kind: 'text' },
    ],
  },
];

/** What is wrong with what was entered; undefined: nothing. */
export function wrongIn(
  { kind, least = Number.MIN_SAFE_INTEGER, most = Number.MAX_SAFE_INTEGER }: ArgumentField,
  text: string,
): string | undefined {
  if (kind !== 'number' || text === '') return undefined;
  const number = Number(text);
  if (!Number.isSafeInteger(number)) return 'This must be a whole number.';
  if (number < least) return `This must be ${least} or more.`;
  return number > most ? `This must be ${most} or less.` : undefined;
}

/** What a declaration says. Undefined: nothing was entered. */
export function argumentValue({ kind }: ArgumentField, text: string): string | number | boolean | undefined {
  if (text === '') return undefined;
  if (kind === 'flag') return text === 'true';
  return kind === 'number' ? Number(text) : text;
}
