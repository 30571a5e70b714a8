/**
 * The rungs: each is a broker's way from a publish to a delivery, and differs from the one before by one switch. All but
 * the last are made here, in JavaScript on shared memory (way.mjs); the last is the core as it is shipped.
 */

/**
 * @typedef {object} Way
 * @property {'dispatcher' | 'consumer'} takes who takes messages out of the queue: one thread that pushes them to the
 *   consumers, or each consumer for itself
 * @property {'lock' | 'ring'} queue a queue under a lock, or a ring whose slots are claimed by compare-and-swap
 * @property {'lock' | 'cache'} topology routes are looked up under a lock, or known until an epoch changes
 * @property {'several' | 'one'} copies octets go through buffers of their own for each layer, or once in and once out
 * @property {'each' | 'batch'} writes a system call for each message, or for all of a turn
 * @property {boolean} pinned whether each worker is bound to CPUs of one cache, as the broker does it
 */

/** @typedef {{ title: string, way: Way | 'core' }} Rung */

/** @type {Way} */
const first = {
  takes: 'dispatcher',
  queue: 'lock',
  topology: 'lock',
  copies: 'several',
  writes: 'each',
  pinned: false,
};
/** @type {readonly { title: string, change: Partial<Way> }[]} */
const CHANGES = [
  { title: 'push from one dispatcher, under a lock', change: {} },
  { title: 'pull by each consumer', change: { takes: 'consumer' } },
  { title: 'a ring instead of the lock', change: { queue: 'ring' } },
  { title: 'topology without a lock', change: { topology: 'cache' } },
  { title: 'one copy in, one copy out', change: { copies: 'one' } },
  { title: 'batched writes', change: { writes: 'batch' } },
  { title: 'workers pinned', change: { pinned: true } },
];

/** @returns {Rung[]} */
export function rungs() {
  let way = first;
  const built = CHANGES.map(({ title, change }) => {
    way = { ...way, ...change };
    return { title, way };
  });
  return [...built, { title: 'the core as it is shipped', way: 'core' }];
}
