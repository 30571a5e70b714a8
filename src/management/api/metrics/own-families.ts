/** What RabbitMQ does not tell: latency, where participants meet, what threads cost, the log, memory. */

import { Counter } from '../../../engine/engine.js';
import { LATENCY_BUCKETS, latencyBound } from '../../../engine/latency.js';
import { UNIT_KINDS } from '../../../engine/participant.js';
import { threadName } from '../node/threads.js';
import type { Metric, Sample } from './exposition.js';
import { type BrokerMetric, brokerFamily, type Family } from './family.js';
import type { Reading } from './reading.js';

/** The prefix of what is ours. */
export const OWN_PREFIX = 'leveret_';
const MICROS = 1e6;
/** Of the buckets that the core keeps, so many become one of Prometheus': two an octave. */
const BUCKETS_TOGETHER = 8;

function counter(name: string, help: string, of: BrokerMetric['of']): BrokerMetric {
  return { name, type: 'counter', help, of };
}

const whole =
  (...counters: readonly Counter[]) =>
  ({ broker: { engine } }: Reading): number =>
    counters.map((one) => engine.counted(one)).reduce((sum, one) => sum + one, 0);

/** By a label, each value with its counter. */
const by =
  (label: string, counters: Readonly<Record<string, Counter>>) =>
  ({ broker: { engine } }: Reading): readonly Sample[] =>
    Object.entries(counters).map(([name, one]) => ({ labels: { [label]: name }, value: engine.counted(one) }));

/** By worker: those that serve clients, and the management, whose clients are its own requests. */
const byServer = (which: Counter): BrokerMetric['of'] => byThread(which, 1, 1);

/** And the broker thread. `scale`: units of the counter in one. */
const byWorker = (which: Counter, scale = 1): BrokerMetric['of'] => byThread(which, 2, scale);

const byThread =
  (which: Counter, others: number, scale: number) =>
  ({ broker: { engine, facts } }: Reading): readonly Sample[] =>
    Array.from({ length: facts.workers + others }, (_, index) => ({
      labels: { worker: threadName(index, facts.workers) },
      value: engine.countedBy(index, which) / scale,
    }));

const LATENCY: Metric = {
  name: 'delivery_latency_seconds',
  type: 'histogram',
  help: 'From when a message went to its queues to when it was written to its socket, by samples',
};

function latencySamples({ broker: { engine } }: Reading): readonly Sample[] {
  const samples: Sample[] = [];
  let count = 0;
  for (let bucket = 0; bucket < LATENCY_BUCKETS; bucket++) {
    count += engine.latencyCount(bucket);
    if (bucket % BUCKETS_TOGETHER !== BUCKETS_TOGETHER - 1) continue;
    const bound = latencyBound(bucket);
    const le = Number.isFinite(bound) ? String(bound / MICROS) : '+Inf';
    samples.push({ suffix: '_bucket', labels: { le }, value: count });
  }
  return [
    ...samples,
    { suffix: '_sum', labels: {}, value: engine.latencySum() / MICROS },
    { suffix: '_count', labels: {}, value: count },
  ];
}

export const OWN_FAMILIES: readonly Family[] = [
  brokerFamily('leveret_messages', [
    counter(
      'messages_consumed_total',
      'Messages that clients are done with: acknowledged, or delivered without acknowledgement',
      whole(Counter.ACKNOWLEDGED, Counter.DELIVERED_NO_ACK, Counter.GOT_NO_ACK),
    ),
    counter(
      'messages_delivered_total',
      'Messages delivered, by the worker that serves the client',
      byServer(Counter.DELIVERED),
    ),
    counter(
      'messages_received_total',
      'Messages published, by the worker that serves the client',
      byServer(Counter.RECEIVED),
    ),
    counter(
      'messages_died_total',
      'Messages that died, whether they became dead letters or not',
      by('reason', {
        rejected: Counter.DIED_REJECTED,
        expired: Counter.DIED_EXPIRED,
        maxlen: Counter.DIED_MAXLEN,
        delivery_limit: Counter.DIED_DELIVERY_LIMIT,
      }),
    ),
    counter('messages_requeued_total', 'Deliveries that went back to their places', whole(Counter.REQUEUED)),
    { ...LATENCY, of: latencySamples },
  ]),
  brokerFamily('leveret_contention', [
    counter(
      'compare_and_swap_failures_total',
      'Compare-and-swaps that were tried again, since another thread was quicker: at the head of a queue, at free ' +
        'memory, at lists of work for others',
      by('at', { queue: Counter.CLAIMS_LOST, memory: Counter.UNITS_LOST, list: Counter.LISTS_LOST }),
    ),
    counter('lock_waits_total', 'Times that a lock was held when it was wanted', whole(Counter.LOCK_WAITS)),
    counter('lock_sleeps_total', 'Times that a thread slept until a lock was free', whole(Counter.LOCK_SLEEPS)),
  ]),
  brokerFamily('leveret_threads', [
    counter('cpu_seconds_total', 'Time that threads had a CPU for (Linux alone)', byWorker(Counter.CPU_MICROS, MICROS)),
    counter(
      'event_loop_busy_seconds_total',
      'Time that event loops did not wait for events',
      byWorker(Counter.BUSY_MICROS, MICROS),
    ),
    counter('event_loop_ticks_total', 'Ticks of a timer on event loops', byWorker(Counter.TICKS)),
    counter(
      'event_loop_late_seconds_total',
      'By how much these ticks came too late, all together',
      byWorker(Counter.LATE_MICROS, MICROS),
    ),
    counter('gc_pauses_total', 'Pauses of the garbage collector', byWorker(Counter.GC_PAUSES)),
    counter('gc_pause_seconds_total', 'How long these were, all together', byWorker(Counter.GC_MICROS, MICROS)),
    counter(
      'javascript_allocated_bytes_total',
      'What JavaScript has allocated, as far as its heap tells',
      byWorker(Counter.JS_OCTETS),
    ),
  ]),
  brokerFamily('leveret_disk', [
    counter(
      'log_writes_total',
      'Writes to the log, each made as durable as was asked for',
      byWorker(Counter.LOG_WRITES),
    ),
    counter('log_written_bytes_total', 'What these wrote', byWorker(Counter.LOG_OCTETS)),
    counter('log_write_seconds_total', 'How long these took with their syncs', byWorker(Counter.LOG_MICROS, MICROS)),
    counter('spilled_messages_total', 'Messages that went to disk since memory was short', whole(Counter.PAGED_OUT)),
    counter('unspilled_messages_total', 'Messages that came back', whole(Counter.PAGED_IN)),
  ]),
  brokerFamily('leveret_memory', [
    {
      name: 'memory_used_bytes',
      type: 'gauge',
      help: 'Memory for messages and queues that is in use',
      of: ({ broker: { engine } }) => engine.memoryUsed(),
    },
    {
      name: 'memory_free_bytes',
      type: 'gauge',
      help: 'Memory that messages and queues may still take',
      of: ({ broker: { engine } }) => engine.memoryFree(),
    },
    {
      name: 'memory_units',
      type: 'gauge',
      help: 'Units of memory in use: segments for messages; boxes, pages and cells that are cut from others',
      of: ({ broker: { engine } }) => UNIT_KINDS.map((kind) => ({ labels: { kind }, value: engine.unitsUsed(kind) })),
    },
  ]),
].map((family) => ({ ...family, prefix: OWN_PREFIX }));
