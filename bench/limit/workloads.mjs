/**
 * What is measured, and what is wanted of it. Data only.
 * Every workload caps the messages in flight, so that the queue's length is not what is measured.
 */

/**
 * @typedef {object} Workload
 * @property {string} name for `--only`
 * @property {string} title
 * @property {readonly string[]} load the generator's options
 * @property {number} verify how many messages are published, drained and checked one by one after the timed run
 * @property {number} rateMin wanted share of the relay's consumed rate
 * @property {number} cpuMax wanted share of the relay's CPU per message, at most
 */

const KILOBYTE = ['--size', '1024', '--prefetch', '100', '--max-inflight', '20000'];

/** @type {readonly Workload[]} */
export const RATE_WORKLOADS = [
  {
    name: '20x20',
    title: '20 x 20, 1 queue, 1 KB',
    load: ['-x', '20', '-y', '20', ...KILOBYTE],
    verify: 200_000,
    rateMin: 0.8,
    cpuMax: 1.4,
  },
  {
    name: '20x20x20',
    title: '20 x 20, 20 queues, 1 KB',
    load: ['-x', '20', '-y', '20', '--queues', '20', ...KILOBYTE],
    verify: 200_000,
    rateMin: 0.8,
    cpuMax: 1.4,
  },
  {
    name: '1x1',
    title: '1 x 1, 1 KB',
    load: ['-x', '1', '-y', '1', ...KILOBYTE],
    verify: 200_000,
    rateMin: 0.75,
    cpuMax: 1.6,
  },
  {
    name: '1x1-16',
    title: '1 x 1, 16 bytes, auto-ack',
    load: ['-x', '1', '-y', '1', '--size', '16', '--autoack', '--max-inflight', '20000'],
    verify: 500_000,
    rateMin: 0.8,
    cpuMax: 1.6,
  },
  {
    name: '1x1-64k',
    title: '1 x 1, 64 KB',
    load: ['-x', '1', '-y', '1', '--size', '65536', '--prefetch', '100', '--max-inflight', '500'],
    verify: 10_000,
    rateMin: 0.8,
    cpuMax: 1.6,
  },
];

/** Two workers beside one, on the same two workloads that many clients make. */
export const WORKERS = {
  name: 'workers',
  workloads: RATE_WORKLOADS.filter((workload) => workload.name === '20x20' || workload.name === '20x20x20'),
  ratioMin: 0.7,
};

/** Queues with rules beside plain ones, on the first workload. A queue's dead-letter exchange need not exist. */
export const RULES = {
  name: 'rules',
  ratioMin: 0.5,
  queues: [
    { title: 'x-message-ttl', load: ['--queue-arg', 'x-message-ttl=600000'] },
    { title: 'x-max-length, drop-head', load: ['--queue-arg', 'x-max-length=1000000'] },
    {
      title: 'x-max-length-bytes, drop-head',
      load: ['--queue-arg', 'x-max-length-bytes=2000000000'],
    },
    { title: 'x-dead-letter-exchange', load: ['--queue-arg', 'x-dead-letter-exchange=dead'] },
    {
      title: 'x-max-length, reject-publish',
      load: ['--queue-arg', 'x-max-length=1000000', '--queue-arg', 'x-overflow=reject-publish'],
    },
    { title: 'x-max-priority', load: ['--queue-arg', 'x-max-priority=10'] },
    { title: 'x-delivery-limit', load: ['--queue-arg', 'x-delivery-limit=20'] },
  ],
};

/** What a change may cost where it is not used: beside an older checkout. */
export const AGAINST = { ratioMin: 0.97 };

export const LATENCY = {
  name: 'latency',
  load: ['-x', '1', '-y', '1', '--size', '1024', '--rate', '2000'],
  p50MaxUs: 100,
  p99MaxUs: 500,
};

export const IDLE = { name: 'idle', settleMs: 1000, residentMaxMb: 90 };

export const WAITING = {
  name: 'waiting',
  count: 1_000_000,
  bytes: 100,
  growthMaxMb: 250,
  /** What a second filling may add to the first: memory is reused, a tenth for chance. */
  refillMax: 1.1,
};

export const START = { name: 'start', maxMs: 400 };

/** Everything that `--only` can name, in the order in which it runs. */
export const NAMES = [
  ...RATE_WORKLOADS.map((workload) => workload.name),
  ...[WORKERS, RULES, LATENCY, IDLE, WAITING, START].map((measure) => measure.name),
];
