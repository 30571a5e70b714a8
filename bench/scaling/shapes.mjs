/** What of a core several workers share, in each way in which it is measured; and how many queues and cores that takes. */

/** @typedef {'memories' | 'queues' | 'queue'} Sharing */

/**
 * @typedef {object} Shape
 * @property {string} title
 * @property {(workers: number) => number} memories how many cores there are
 * @property {(worker: number) => number} memoryOf in which one a worker is
 * @property {(worker: number) => number} queueOf which queue of that core it publishes to and consumes from
 */

/** @type {Readonly<Record<Sharing, Shape>>} */
export const SHAPES = {
  // Nothing is shared but the machine: what is less than twice as much with two workers is the machine's.
  memories: {
    title: 'a memory each',
    memories: (workers) => workers,
    memoryOf: (worker) => worker,
    queueOf: () => 0,
  },
  queues: {
    title: 'a queue each',
    memories: () => 1,
    memoryOf: () => 0,
    queueOf: (worker) => worker,
  },
  queue: {
    title: 'one queue',
    memories: () => 1,
    memoryOf: () => 0,
    queueOf: () => 0,
  },
};

/** @type {readonly Sharing[]} */
export const SHARINGS = ['memories', 'queues', 'queue'];

/**
 * The core of each worker, and its number there.
 * @param {Shape} shape
 * @param {number} workers
 */
export function seats(shape, workers) {
  /** @type {number[]} */
  const taken = [];
  return Array.from({ length: workers }, (_, worker) => {
    const memory = shape.memoryOf(worker);
    const participant = taken[memory] ?? 0;
    taken[memory] = participant + 1;
    return { memory, participant, queue: shape.queueOf(worker) };
  });
}
