/**
 * All that `leveret perf` takes, each flag once: the parser, the help, the completion and docs/perf.md come from this
 * table. PerfTest's one letters are ours where they do not mean something else to all our commands (`-h`, `-v`).
 */
import { listOf, seconds, shortName } from '../config/client-kinds.js';
import type { TableFlag } from '../config/flag-table.js';
import { type Kind, oneOf, text, wholeNumber, yesOrNo } from '../config/kinds.js';
import { octets, pairs, positive, rateSteps, sizeSteps, urls } from './kinds.js';

export const SUBJECTS = [
  'Broker',
  'Queues',
  'Messages',
  'Producers',
  'Consumers',
  'The run',
  'What comes out',
] as const;

export interface PerfFlag<T> extends TableFlag<T> {
  readonly subject: (typeof SUBJECTS)[number];
  /** What PerfTest calls it, if not the same. */
  readonly perfTest?: string;
  /** What PerfTest does not have. */
  readonly isOwn?: boolean;
}

function flag<T>(subject: PerfFlag<T>['subject'], kind: Kind<T>, help: string, more: Partial<PerfFlag<T>> = {}) {
  return { ...more, kind, subject, help } satisfies PerfFlag<T>;
}

const COUNT_MAX = 100_000;
const MESSAGES_MAX = 2 ** 40;
const PREFETCH_MAX = 65_535;
const THREADS_MAX = 64;
const WINDOW_MAX = 1_000_000;
const PRINTABLE = 'a name with something in it';

export const FLAGS = {
  url: flag(
    'Broker',
    urls,
    'where the broker is, amqp://localhost by default; given several times, connections go round',
    {
      perfTest: '--uri, --uris',
    },
  ),
  'tls-ca': flag(
    'Broker',
    text('FILE', 'the name of a file'),
    'whose signature a broker must have (PEM), else those the system trusts',
    {
      isOwn: true,
    },
  ),
  'tls-cert': flag(
    'Broker',
    text('FILE', 'the name of a file'),
    'a certificate to show the broker (PEM); with EXTERNAL it logs in by it',
    {
      perfTest: '--sasl-external',
    },
  ),
  'tls-key': flag('Broker', text('FILE', 'the name of a file'), "the certificate's key (PEM)", { isOwn: true }),
  'tls-insecure': flag('Broker', yesOrNo, 'take any certificate of a broker', { perfTest: 'always so' }),
  heartbeat: flag('Broker', wholeNumber(0, 65_535), 'seconds between heartbeats, 60 by default; 0: none', {
    short: 'b',
  }),
  id: flag('Broker', shortName('a name'), 'what the run and its connections are called', { short: 'd' }),

  queues: flag('Queues', wholeNumber(1, COUNT_MAX), 'how many queues, 1 by default; producers and consumers go round', {
    perfTest: '--queue-pattern-from, --queue-pattern-to',
  }),
  queue: flag(
    'Queues',
    listOf(shortName('a name')),
    'a queue by name; with --queues, %d in it is the number, or -1 … is added. It stays after the run',
    {
      short: 'u',
      perfTest: '--queue, --queue-pattern',
    },
  ),
  'queue-arg': flag('Queues', pairs, 'an argument of the queues', { perfTest: '--queue-args' }),
  'auto-delete': flag('Queues', yesOrNo, 'have the broker delete the queues with their last consumer'),
  exchange: flag(
    'Queues',
    shortName('a name'),
    'publish to this exchange, which is declared; by default to the default one',
    {
      short: 'e',
    },
  ),
  type: flag('Queues', text('TYPE', PRINTABLE), "the exchange's type, direct by default", { short: 't' }),
  'routing-key': flag('Queues', shortName('a key'), "with which is published and bound; by default each queue's name", {
    short: 'k',
  }),
  predeclared: flag('Queues', yesOrNo, 'declare and bind nothing: all is there', { short: 'p' }),
  keep: flag('Queues', yesOrNo, 'leave queues whose names were made up', { isOwn: true }),

  size: flag('Messages', octets, 'octets of a body, 12 by default; below 12 there is no place for the time', {
    short: 's',
  }),
  'variable-size': flag('Messages', sizeSteps, 'a size, and for how long; several follow each other, round and round'),
  persistent: flag('Messages', yesOrNo, 'messages are to outlast the broker', { perfTest: '--flag persistent' }),
  mandatory: flag('Messages', yesOrNo, 'have what goes to no queue returned, and count it', {
    perfTest: '--flag mandatory',
  }),
  property: flag('Messages', pairs, 'a property (priority, contentType, expiration, …); any other name is a header', {
    perfTest: '--message-properties',
  }),

  producers: flag('Producers', wholeNumber(0, COUNT_MAX), 'connections that publish, 1 by default', { short: 'x' }),
  rate: flag('Producers', positive('messages a second'), 'how much each producer publishes a second at most', {
    short: 'r',
    aliases: ['producer-rate'],
  }),
  'variable-rate': flag('Producers', rateSteps, 'a rate, and for how long; several follow each other, round and round'),
  confirm: flag(
    'Producers',
    wholeNumber(1, WINDOW_MAX),
    'use confirms; so many messages of a producer may wait for theirs',
    {
      short: 'c',
    },
  ),
  pmessages: flag('Producers', wholeNumber(1, MESSAGES_MAX), 'each producer ends after so many', { short: 'C' }),

  consumers: flag('Consumers', wholeNumber(0, COUNT_MAX), 'connections that consume, 1 by default', { short: 'y' }),
  prefetch: flag(
    'Consumers',
    wholeNumber(0, PREFETCH_MAX),
    'how many messages a consumer may have without an ack; 0, the default: any number',
    {
      short: 'q',
      aliases: ['qos'],
      perfTest: '--qos',
    },
  ),
  'multi-ack': flag('Consumers', wholeNumber(1, PREFETCH_MAX), 'one ack for so many messages', {
    short: 'A',
    aliases: ['multi-ack-every'],
    perfTest: '--multi-ack-every',
  }),
  'auto-ack': flag('Consumers', yesOrNo, 'consume without acks', {
    short: 'a',
    aliases: ['autoack'],
    perfTest: '--autoack',
  }),
  'consumer-rate': flag('Consumers', positive('messages a second'), 'how much each consumer takes a second at most', {
    short: 'R',
  }),
  cmessages: flag('Consumers', wholeNumber(1, MESSAGES_MAX), 'each consumer ends after so many', { short: 'D' }),
  'consumer-arg': flag('Consumers', pairs, 'an argument of the consumers', { perfTest: '--consumer-args' }),

  duration: flag('The run', seconds, 'how long the run is; by default until Ctrl-C, or until all messages came', {
    short: 'z',
    aliases: ['time'],
    perfTest: '--time',
  }),
  warmup: flag('The run', seconds, 'seconds before those that count', { isOwn: true }),
  'max-in-flight': flag(
    'The run',
    wholeNumber(1, 2 ** 30),
    'do not publish while about so many are published and not consumed',
    {
      isOwn: true,
    },
  ),
  threads: flag('The run', wholeNumber(1, THREADS_MAX), 'threads that make the load; by default one for two CPUs', {
    perfTest: '--nio-threads, --consumers-thread-pools',
  }),
  clock: flag(
    'The run',
    oneOf(['monotonic', 'wall'] as const),
    "by what messages are stamped: the machine's clock, or, for two machines, the time of day in milliseconds",
    {
      perfTest: '--use-millis (wall)',
    },
  ),

  interval: flag('What comes out', seconds, 'seconds between two lines of progress, 1 by default', { short: 'i' }),
  json: flag('What comes out', yesOrNo, 'print the result as JSON; progress goes to standard error', { isOwn: true }),
  chart: flag('What comes out', text('FILE', 'the name of a file'), 'draw rates and latencies over time as SVG', {
    isOwn: true,
  }),
  quiet: flag('What comes out', yesOrNo, 'no progress', { isOwn: true }),
} as const;

export type PerfKey = keyof typeof FLAGS;
export type PerfValue<K extends PerfKey> = (typeof FLAGS)[K]['kind'] extends Kind<infer T> ? T : never;
export type PerfGiven = { readonly [K in PerfKey]?: PerfValue<K> };
export const PERF_KEYS = Object.keys(FLAGS) as readonly PerfKey[];

export function perfFlag(key: PerfKey): PerfFlag<unknown> {
  return FLAGS[key] as PerfFlag<unknown>;
}
