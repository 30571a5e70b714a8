/** docs/metrics.md, as it follows from what a scrape tells. */
import type { Metric } from '../../management/api/metrics/exposition.js';
import type { Family } from '../../management/api/metrics/family.js';
import { OWN_PREFIX } from '../../management/api/metrics/own-families.js';
import { DETAILED_FAMILIES, DETAILED_PREFIX, OTHER_FAMILIES, PREFIX } from '../../management/api/metrics/scrape.js';
import { wrapped } from './help.js';

const WIDTH = 120;

const ENDPOINTS = [
  "Prometheus scrapes a broker at the port of the HTTP API, with a user of the tag `monitoring`, or at a port of the metrics' " +
    'own (`--metrics-port N`; RabbitMQ: 15692), where nobody is asked for a password. That one is off unless it is asked ' +
    'for, and listens on this machine unless told otherwise (`--metrics-host`): what is told there names queues, ' +
    "vhosts and clients' addresses. A program that embeds the broker gives `host` and `port` as `management.metrics`.",
];

const PATHS = [
  '`/metrics`: all of the broker, each metric as one number. Takes as long for few queues as for many, but for a ' +
    'look at the length of each queue.',
  '`/metrics/per-object`: the same for each queue, connection and channel. With many of these it is long: ' +
    '100,000 queues are some hundred megabytes.',
  '`/metrics/detailed?family=NAME`: chosen families of that, under names that begin with `rabbitmq_detailed_`, so that ' +
    'they are not summed up twice. `family` may be given several times, and so may `vhost`, for the queues of these ' +
    'vhosts alone.',
];

const MANNER = [
  'A scrape is made while it is sent, in portions, from counters as they are: it holds up neither clients nor other ' +
    'requests. At most eight go on at once, each for at most a minute. All that is counted begins anew with the broker.',
];

const DIFFERENCES = [
  'Sums of what is counted are of all queues, connections and channels that there ever were, and never fall. ' +
    "RabbitMQ's are of those that are open.",
  'A connection is named by its name, a channel as the HTTP API names it; RabbitMQ has Erlang processes there.',
  '`channel_queue_metrics` and `channel_exchange_metrics` are by channel, `channel_queue_exchange_metrics` is by queue, ' +
    "`exchange_metrics` by exchange: what a channel does is not counted apart for each queue and exchange. RabbitMQ's " +
    'are by both.',
  '`global_publishers` are the open channels on which something was published.',
  '`queue_type` is `rabbit_classic_queue` for all queues: they are of one kind here. What only quorum queues have in ' +
    'RabbitMQ, delivery limits and dead letters at least once, is told as `rabbit_quorum_queue`.',
  '`resident_memory_limit_bytes` is what the process takes and what messages and queues may still take: where it ' +
    'meets what is resident, publishers wait.',
  '`connection_pending_packets` are octets.',
  'What is about Erlang, Mnesia, Raft and streams is not told, but for `erlang_uptime_seconds`, which dashboards ask for.',
];

const OWN = [
  'These have the same names at all endpoints. `worker` is the number of a worker that serves clients, `management` for ' +
    'the thread of the HTTP API, or `broker` for the one that the others belong to. What threads cost is looked at once ' +
    'a second while they have clients.',
  'Latency is sampled: of the deliveries of one pass of an event loop at most sixteen are timed, evenly, each standing ' +
    'for those up to the next. A delivery that a slow client does not take at once counts as written when it was given ' +
    'to the system. The core keeps times to a sixteenth of themselves, of up to 71 minutes; here are two buckets ' +
    'an octave. `histogram_quantile(0.99, rate(leveret_delivery_latency_seconds_bucket[1m]))` is what 99 of 100 ' +
    'deliveries took at most.',
  '`GET /api/leveret/latency` of the HTTP API tells the same as quantiles in seconds (p50, p95, p99), since the start ' +
    'and of the last minute, for users with the tag `monitoring`.',
  'CPU time of a consumer is `sum(rate(leveret_cpu_seconds_total{worker=~"[0-9]+"}[5m])) / sum(rabbitmq_consumers)`: ' +
    'that of the workers that serve clients, by their consumers.',
  'What JavaScript allocates for a message is `rate(leveret_javascript_allocated_bytes_total[5m])`, summed up, by ' +
    '`rate(leveret_messages_consumed_total[5m])`: near 0. [leveret.json](../examples/grafana/leveret.json) is a ' +
    'dashboard of these for Grafana, [prometheus.yml](../examples/prometheus/prometheus.yml) has Prometheus scrape.',
  'What is of a cluster (`leveret_cluster`) is told by a node of one alone, as that node sees it.',
];

export function metricsPage(): string {
  return `${[
    '# Metrics',
    'This page is made from the table of metrics (`npm run config-docs`).',
    ...ENDPOINTS.map(paragraph),
    PATHS.map(item).join('\n'),
    ...MANNER.map(paragraph),
    "## RabbitMQ's metrics",
    paragraph(
      "They have RabbitMQ's names, types and labels where the meaning is the same, so that its Grafana dashboards fill, " +
        'RabbitMQ-Overview (10991) among them. These differ:',
    ),
    DIFFERENCES.map(item).join('\n'),
    ...DETAILED_FAMILIES.filter(({ prefix }) => prefix !== OWN_PREFIX).map(family),
    '### Without a name',
    paragraph('`/metrics` and `/metrics/per-object` have these besides.'),
    ...OTHER_FAMILIES.map(({ metrics }) => table(PREFIX, metrics)),
    '## Our own',
    ...OWN.map(paragraph),
    ...DETAILED_FAMILIES.filter(({ prefix }) => prefix === OWN_PREFIX).map(family),
  ].join('\n\n')}\n`;
}

function family({ name, metrics, prefix = DETAILED_PREFIX }: Family): string {
  return `### \`${name}\`\n\n${table(prefix, metrics)}`;
}

function table(prefix: string, metrics: readonly Metric[]): string {
  return metrics.map(({ name, type, help }) => item(`\`${prefix}${name}\` (${type}): ${help}.`)).join('\n');
}

function paragraph(text: string): string {
  return wrapped(text, WIDTH).join('\n');
}

function item(text: string): string {
  return wrapped(text, WIDTH - 2)
    .map((line, index) => `${index === 0 ? '- ' : '  '}${line}`)
    .join('\n');
}
