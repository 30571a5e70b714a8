/**
 * Families of metrics, as RabbitMQ calls what `/metrics/detailed?family=` chooses from. A family has each metric as one
 * number for the whole broker, or one for each queue, connection or channel. What must hold: what goes through many of
 * these goes in portions, so that others are answered meanwhile; a family that cannot be told now is left out.
 */
import type { QueueEntry } from '../../../broker/topology/topology-entries.js';
import { inChunks } from '../../http/streaming.js';
import { Turns } from '../../http/turns.js';
import { headText, type Labels, type Metric, NO_LABELS, type Sample, sampleText } from './exposition.js';
import type { Reading } from './reading.js';

/** Which vhosts' queues are wanted; null: all. */
export type Vhosts = ReadonlySet<string> | null;

export interface Family {
  readonly name: string;
  readonly metrics: readonly Metric[];
  /** Behind the prefix of the endpoint, instead of the usual one. */
  readonly prefix?: string;
  /** One number each. */
  totals(reading: Reading, prefix: string): AsyncIterable<string>;
  /** One number for each of what it is about. */
  each(reading: Reading, prefix: string, vhosts: Vhosts): AsyncIterable<string>;
}

/** Metrics of the broker as a whole. */
export interface BrokerMetric extends Metric {
  of(reading: Reading): number | readonly Sample[] | Promise<number | readonly Sample[]>;
}

export function brokerFamily(name: string, metrics: readonly BrokerMetric[]): Family {
  async function* told(reading: Reading, prefix: string): AsyncIterable<string> {
    for (const metric of metrics) {
      const value = await metric.of(reading);
      const samples = typeof value === 'number' ? [{ labels: NO_LABELS, value }] : value;
      const whole = prefix + metric.name;
      yield headText(whole, metric) +
        samples.map(({ suffix = '', labels, value: one }) => sampleText(whole + suffix, labels, one)).join('');
    }
  }
  return { name, metrics, totals: told, each: told };
}

/** Metrics of each queue. */
export interface QueueMetric extends Metric {
  of(queue: QueueEntry, reading: Reading): number;
  /** Of the whole broker, where that is not the sum of the queues that there are. */
  total?(reading: Reading): number | Promise<number>;
}

export interface QueueFamilyOptions {
  readonly labelsOf?: (queue: QueueEntry) => Labels;
  /** What must be known before queues are told of one by one; rejects where it cannot be. */
  readonly prepare?: (reading: Reading) => Promise<unknown>;
}

export function queueFamily(
  name: string,
  metrics: readonly QueueMetric[],
  { labelsOf = queueLabels, prepare = async () => {} }: QueueFamilyOptions = {},
): Family {
  return {
    name,
    metrics,
    async *totals(reading, prefix) {
      const summed = metrics.filter(({ total }) => total === undefined);
      const sums = new Map(summed.map((metric) => [metric, 0]));
      if (summed.length > 0) {
        await inTurns(queuesIn(reading, null), (queue) => {
          for (const metric of summed) sums.set(metric, (sums.get(metric) ?? 0) + metric.of(queue, reading));
        });
      }
      for (const metric of metrics) {
        const whole = prefix + metric.name;
        yield headText(whole, metric) +
          sampleText(whole, NO_LABELS, (await metric.total?.(reading)) ?? sums.get(metric) ?? 0);
      }
    },
    async *each(reading, prefix, vhosts) {
      await prepare(reading);
      for (const metric of metrics) {
        const whole = prefix + metric.name;
        yield headText(whole, metric);
        yield* inPortions(queuesIn(reading, vhosts), (queue) =>
          sampleText(whole, labelsOf(queue), metric.of(queue, reading)),
        );
      }
    },
  };
}

export function queueLabels({ vhost, name }: QueueEntry): Labels {
  return { vhost, queue: name };
}

/** Metrics of each of some objects that are gathered at once. */
export interface ObjectMetric<T> extends Metric {
  of(object: T, reading: Reading): number;
  total?(reading: Reading): number;
}

/** `objectsOf` rejects where it cannot tell. Those of vhosts that are not wanted are left out, where they are of one. */
export function objectFamily<T>(
  name: string,
  objectsOf: (reading: Reading, vhosts: Vhosts) => Promise<Iterable<T>>,
  labelsOf: (object: T) => Labels,
  metrics: readonly ObjectMetric<T>[],
): Family {
  return {
    name,
    metrics,
    async *totals(reading, prefix) {
      const objects = await objectsOf(reading, null);
      for (const metric of metrics) {
        const whole = prefix + metric.name;
        let sum = 0;
        if (metric.total === undefined) {
          await inTurns(objects, (object) => {
            sum += metric.of(object, reading);
          });
        }
        yield headText(whole, metric) + sampleText(whole, NO_LABELS, metric.total?.(reading) ?? sum);
      }
    },
    async *each(reading, prefix, vhosts) {
      for (const metric of metrics) {
        const objects = await objectsOf(reading, vhosts);
        const whole = prefix + metric.name;
        yield headText(whole, metric);
        yield* inPortions(objects, (object) => sampleText(whole, labelsOf(object), metric.of(object, reading)));
      }
    },
  };
}

/** Those that there are when their turn comes. */
function* queuesIn({ broker: { view } }: Reading, vhosts: Vhosts): Iterable<QueueEntry> {
  for (const vhost of view.vhosts()) {
    if (vhosts === null || vhosts.has(vhost)) yield* view.queuesIn(vhost);
  }
}

async function inTurns<T>(items: Iterable<T>, take: (item: T) => void): Promise<void> {
  const turns = new Turns();
  for (const item of items) {
    take(item);
    if (turns.isOver) await turns.next();
  }
}

function inPortions<T>(items: Iterable<T>, textOf: (item: T) => string): AsyncIterable<string> {
  return inChunks(textsOf(items, textOf), new Turns());
}

function* textsOf<T>(items: Iterable<T>, textOf: (item: T) => string): Iterable<string> {
  for (const item of items) yield textOf(item);
}
