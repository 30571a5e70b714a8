/**
 * What the threads of a rung share: a queue of slots, a box for each consumer that a dispatcher pushes to, a table of
 * routes, two locks, and what each worker has delivered. Words that different threads write have lines of their own.
 */
export const SLOTS = 4096;
export const BOX_SLOTS = 256;
export const WORKERS = 2;
/** Octets of a slot: a message of 1 KB with its head. */
export const SLOT = 1152;

const LINE = 16;
export const QUEUE_LOCK = 0;
export const HEAD = LINE;
export const TAIL = 2 * LINE;
export const TOPOLOGY_LOCK = 3 * LINE;
export const EPOCH = 4 * LINE;
/** Two words a consumer, in lines of their own. */
export const BOX_HEAD = 5 * LINE;
export const BOX_TAIL = BOX_HEAD + WORKERS * LINE;
export const DELIVERED = BOX_TAIL + WORKERS * LINE;
/** Of each slot of the ring: whose turn it is there. */
const TURNS = DELIVERED + WORKERS * LINE;
const ROUTES = TURNS + SLOTS;
export const ROUTE_SLOTS = 64;
const WORDS = ROUTES + ROUTE_SLOTS;

/** @typedef {{ words: SharedArrayBuffer, slots: SharedArrayBuffer, boxes: SharedArrayBuffer }} Shared */

/** @returns {Shared} */
export function newShared() {
  const words = new SharedArrayBuffer(WORDS * 4);
  const view = new Int32Array(words);
  for (let slot = 0; slot < SLOTS; slot++) view[TURNS + slot] = slot;
  return {
    words,
    slots: new SharedArrayBuffer(SLOTS * SLOT),
    boxes: new SharedArrayBuffer(WORKERS * BOX_SLOTS * SLOT),
  };
}

/** @param {number} worker */
export function line(worker) {
  return worker * LINE;
}

/** @param {number} position */
export function turnAt(position) {
  return TURNS + (position & (SLOTS - 1));
}

/** @param {number} hash */
export function routeAt(hash) {
  return ROUTES + (hash & (ROUTE_SLOTS - 1));
}

/**
 * @param {Int32Array} words
 * @param {number} at
 */
export function lock(words, at) {
  if (Atomics.compareExchange(words, at, 0, 1) === 0) return;
  for (let look = 0; look < 200; look++)
    if (Atomics.load(words, at) === 0 && Atomics.compareExchange(words, at, 0, 1) === 0) return;
  while (Atomics.exchange(words, at, 2) !== 0) Atomics.wait(words, at, 2);
}

/**
 * @param {Int32Array} words
 * @param {number} at
 */
export function unlock(words, at) {
  if (Atomics.exchange(words, at, 0) === 2) Atomics.notify(words, at, 1);
}
