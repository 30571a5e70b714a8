/**
 * What `leveret perf` is to do, from its flags. Nothing is started here. What cannot be understood, and what does not go
 * together, is one line that says what would.
 */
import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { type Endpoint, parseEndpoint } from '../../client/endpoint.js';
import { steady } from '../../perf/load/pacer.js';
import type { Step } from '../../perf/measure/steps.js';
import type { Plan, Queue } from '../../perf/plan.js';
import { fileOf, readTable } from '../config/flag-table.js';
import { ConfigurationError } from '../config/flags.js';
import { tableOf } from './kinds.js';
import { FLAGS, type PerfGiven, type PerfKey } from './table.js';

export interface PerfCommand {
  readonly plan: Plan;
  readonly isJson: boolean;
  readonly isQuiet: boolean;
  /** A file for the chart. */
  readonly chart: string | null;
}

const STANDARD_URL = 'amqp://localhost';
/** As PerfTest's: room for a number and the time. */
const SIZE = 12;
const HEARTBEAT = 60;

/** Reads what follows `perf`; null: help is wanted. Throws a `ConfigurationError`. */
export function perfCommand(args: readonly string[]): PerfCommand | null {
  // Each value is read by its flag's own kind.
  const given = readTable(args, FLAGS) as PerfGiven | null;
  if (given === null) return null;
  check(given);
  return {
    plan: planOf(given),
    isJson: given.json ?? false,
    isQuiet: given.quiet ?? false,
    chart: given.chart ?? null,
  };
}

/** Of flags that do not go together, the first is said to mean nothing with the second. */
const EXCLUDED: readonly (readonly [PerfKey, PerfKey])[] = [
  ['rate', 'variable-rate'],
  ['size', 'variable-size'],
  ['multi-ack', 'auto-ack'],
  ['prefetch', 'auto-ack'],
  ['tls-ca', 'tls-insecure'],
  ['queue-arg', 'predeclared'],
  ['auto-delete', 'predeclared'],
  ['type', 'predeclared'],
];

/** The first means nothing without the second. */
const NEEDED: readonly (readonly [PerfKey, PerfKey])[] = [
  ['type', 'exchange'],
  ['predeclared', 'queue'],
  ['tls-cert', 'tls-key'],
  ['tls-key', 'tls-cert'],
];

function check(given: PerfGiven): void {
  const { producers = 1, consumers = 1, queue = [], queues } = given;
  for (const [one, other] of EXCLUDED) {
    if (given[one] !== undefined && given[other] !== undefined) refuse(`--${one} means nothing with --${other}`);
  }
  for (const [one, other] of NEEDED) {
    if (given[one] !== undefined && given[other] === undefined) refuse(`--${one} means nothing without --${other}`);
  }
  if (producers + consumers === 0) refuse('--producers and --consumers must not both be 0');
  const { 'multi-ack': ackEvery = 1, prefetch = 0 } = given;
  if (prefetch > 0 && ackEvery > prefetch) refuse(`--multi-ack must not be above --prefetch, which is ${prefetch}`);
  if (queues !== undefined && queue.length > 1) refuse('--queues means nothing with several --queue');
  if (queue.includes('')) refuse('--queue must be a name with something in it');
  const rates = given['variable-rate'] ?? [];
  if (rates.length > 0 && rates.every(({ value }) => value === 0)) refuse('--variable-rate must not be 0 throughout');
  const priority = given.property?.find(([name]) => name === 'priority')?.[1];
  if (priority !== undefined && !(/^\d{1,3}$/.test(priority) && Number(priority) <= 255))
    refuse(`--property priority must be a whole number from 0 to 255, not '${priority}'`);
}

function planOf(given: PerfGiven): Plan {
  const { producers = 1, consumers = 1, exchange = '' } = given;
  const name = given.id ?? `perf-${randomBytes(4).toString('hex')}`;
  const connections = producers + consumers;
  return {
    endpoints: given.url ?? [standardEndpoint()],
    tls: {
      authority: fileOf('tls-ca', given['tls-ca']),
      certificate: fileOf('tls-cert', given['tls-cert']),
      key: fileOf('tls-key', given['tls-key']),
      isVerified: given['tls-insecure'] !== true,
    },
    heartbeat: given.heartbeat ?? HEARTBEAT,
    threads: Math.min(connections, given.threads ?? Math.max(1, Math.floor(availableParallelism() / 2))),
    name,
    exchange: { name: exchange, type: given.type ?? 'direct' },
    queues: queuesOf(given, name),
    isQueueOwn: given.queue === undefined,
    queueArguments: tableOf(given['queue-arg'] ?? []),
    isQueueAutoDelete: given['auto-delete'] ?? false,
    isPredeclared: given.predeclared ?? false,
    isKept: given.keep ?? false,
    producers,
    routingKey: given['routing-key'] ?? null,
    messages: {
      sizes: given['variable-size'] ?? steady(given.size ?? SIZE),
      isPersistent: given.persistent ?? false,
      isMandatory: given.mandatory ?? false,
      properties: Object.fromEntries(given.property ?? []),
    },
    producerRates: ratesOf(given.rate) ?? given['variable-rate'] ?? null,
    producerMessages: given.pmessages ?? null,
    confirms: given.confirm ?? null,
    consumers,
    consumerRate: ratesOf(given['consumer-rate']),
    consumerMessages: given.cmessages ?? null,
    prefetch: given.prefetch ?? 0,
    isAutoAck: given['auto-ack'] ?? false,
    ackEvery: given['multi-ack'] ?? 1,
    consumerArguments: tableOf(given['consumer-arg'] ?? []),
    inFlightMax: given['max-in-flight'] ?? null,
    clock: given.clock ?? 'monotonic',
    duration: given.duration ?? null,
    warmup: given.warmup ?? 0,
    interval: given.interval ?? 1,
  };
}

function ratesOf(rate: number | undefined): readonly Step[] | null {
  return rate === undefined ? null : steady(rate);
}

function queuesOf({ queue: names, queues: count = 1, 'routing-key': key }: PerfGiven, run: string): Queue[] {
  const all = names !== undefined && names.length > 1 ? names : numbered(names?.[0] ?? run, count);
  return all.map((name) => ({ name, bindingKey: key ?? name }));
}

function numbered(name: string, count: number): string[] {
  if (count === 1 && !name.includes('%d')) return [name];
  const pattern = name.includes('%d') ? name : `${name}-%d`;
  return Array.from({ length: count }, (_, index) => pattern.replaceAll('%d', String(index + 1)));
}

function standardEndpoint(): Endpoint {
  // It is one.
  return parseEndpoint(STANDARD_URL) as Endpoint;
}

function refuse(reason: string): never {
  throw new ConfigurationError(reason);
}
