/** docs/perf.md, as it follows from the table of flags. `npm run config-docs` writes it. */

import { flagText } from '../config/flag-table.js';
import { wrapped } from '../config/help.js';
import { keysOf } from './help.js';
import { PERF_KEYS, type PerfKey, perfFlag, SUBJECTS } from './table.js';

const WIDTH = 120;

const INTRODUCTION = [
  'This page is made from the table of flags (`npm run config-docs`).',
  "`leveret perf` puts a load on a broker of AMQP 0-9-1 and measures it, in the manner of RabbitMQ's PerfTest. The broker " +
    'may be this one, RabbitMQ or any other.',
];

const EXAMPLE = `\`\`\`sh
leveret perf                                          # 1 producer, 1 consumer, until Ctrl-C
leveret perf -x 20 -y 20 -s 1K -q 100 -z 30           # 20 x 20, bodies of 1 KB, prefetch 100, half a minute
leveret perf -r 1000 -c 100 --persistent --chart run.svg -z 60
leveret perf --url amqps://user:secret@broker/vhost --tls-ca ca.pem -y 0 -C 100000 -u orders
leveret perf --variable-rate 100:30 --variable-rate 5000:10 --json > run.json
\`\`\``;

const MEANING = [
  '**What is declared.** Without `--queue`, queues get names of their own and go with the run, unless it is told to ' +
    '`--keep` them. Queues and exchanges that you name are declared durable, and stay. With `--predeclared` nothing is ' +
    'declared. Without `--exchange` messages go to the default exchange; with it each queue is bound by its name, or by ' +
    'the routing key. The default queue type of the vhost holds; `--queue-arg x-queue-type=quorum` asks for another.',
  '**When it ends.** After `--duration`; after Ctrl-C, which is an orderly end; or when all was done that a number was ' +
    'given for: `--pmessages` of each producer, confirms included, and `--cmessages` of each consumer. Where only ' +
    'producers have a number, consumers go on until all has come (through an exchange: until none has come for a ' +
    'second).',
  '**Rates.** A producer with a rate never publishes more than that rate times the time, and one message. What it has ' +
    'missed it makes up for, but no more than a second of it. Without a rate it publishes as fast as the broker reads; ' +
    '`--max-in-flight` keeps a queue from growing without end while throughput is measured.',
  "**Latency.** A body begins as PerfTest's does: the number of the message (4 octets) and the time (8 octets, " +
    "nanoseconds of the machine's clock), so that one may publish and the other consume. It is measured from the write " +
    'that brings a message to the broker to the read that brings it back, in microseconds; and with `--confirm`, to the ' +
    'read that brings its confirm. Latencies are counted in buckets less than one per cent wide (as HdrHistogram does), ' +
    'in memory that does not grow, and added up over the threads. On two machines, use `--clock wall` on both, and ' +
    'have their clocks agree. A stamp that is not of the last hour counts as none.',
  '**Not the bottleneck.** Messages are encoded once; a publish is twelve octets in memory that is sent with many others ' +
    'by one call of the system. The load runs in threads beside the one that reports. `npm run bench:perf` compares it ' +
    'with the load generator in C.',
  '**What comes out.** A line for each interval, and the result. `--json` prints the result as JSON to standard output ' +
    '([perf.schema.json](perf.schema.json) is its schema), progress goes to standard error. `--chart FILE` draws rates ' +
    'and latencies over time as SVG.',
  '**When the broker goes away**, one line says so, what was counted until then is printed, and the exit code is 69. It ' +
    'does not connect again.',
];

const CODES = `| exit code | meaning |
|---|---|
| 0 | done |
| 1 | the command line is wrong |
| 2 | no message was consumed (without consumers: published) |
| 69 | the broker cannot be reached, refuses, or has gone away |`;

/** What PerfTest has and we have not, with what does instead. */
const MISSING: readonly (readonly [string, string])[] = [
  ['--flag', '`--persistent`, `--mandatory`'],
  ['--producer-channel-count, --consumer-channel-count', 'a connection has one channel; more connections'],
  ['--body, --json-body, --body-count', 'bodies are zeros behind the stamp'],
  ['--random-routing-key, --routing-key-cache-size', '–'],
  ['--ptxsize, --ctxsize', '–'],
  ['--nack, --requeue', '–'],
  ['--consumer-latency, --variable-latency', '`--consumer-rate`'],
  ['--polling, --polling-interval', '–'],
  ['--quorum-queue, --stream-queue', '`--queue-arg x-queue-type=quorum`'],
  ['--exclusive', '–'],
  ['--global-qos', '–'],
  ['--publishing-interval', '`--rate` (less than 1 is a rate, too)'],
  ['--slow-start, --producer-random-start-delay', '`--variable-rate`'],
  ['--output-file', '`--json`, `--chart`'],
  ['--metrics-…, --prometheus', "the broker's own metrics"],
];

export function perfPage(): string {
  const paragraph = (text: string): string => wrapped(text, WIDTH).join('\n');
  const parts = [
    '# leveret perf',
    ...INTRODUCTION.map(paragraph),
    EXAMPLE,
    '## How it works',
    ...MEANING.map(paragraph),
    CODES,
    '## Flags',
    ...SUBJECTS.flatMap((subject) => [`### ${subject}`, keysOf(subject).map(bullet).join('\n')]),
    '## From PerfTest',
    paragraph(
      "One letters are PerfTest's (`-x`, `-y`, `-s`, `-q`, `-r`, `-c`, `-z` …), but for `-h`, which is help. Other " +
        'flags are the same, but for these:',
    ),
    perfTestTable(),
  ];
  return `${parts.join('\n\n')}\n`;
}

function bullet(key: PerfKey): string {
  const { kind, help } = perfFlag(key);
  const value = kind.argument === null ? '' : ` Value: ${kind.expected}.`;
  return wrapped(`\`${flagText(key, perfFlag(key))}\`: ${help}.${value}`, WIDTH - 2)
    .map((line, index) => `${index === 0 ? '- ' : '  '}${line}`)
    .join('\n');
}

function perfTestTable(): string {
  const ours = PERF_KEYS.flatMap((key): [string, string][] => {
    const { perfTest } = perfFlag(key);
    return perfTest === undefined ? [] : [[perfTest, `\`--${key}\``]];
  });
  const own = PERF_KEYS.filter((key) => perfFlag(key).isOwn === true).map((key) => `\`--${key}\``);
  const rows = [...ours, ...MISSING, ...own.map((name): [string, string] => ['', name])];
  const code = (text: string): string => (text.startsWith('--') ? `\`${text}\`` : text);
  return ['| PerfTest | here |', '|---|---|', ...rows.map(([theirs, here]) => `| ${code(theirs)} | ${here} |`)].join(
    '\n',
  );
}
