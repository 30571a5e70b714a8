/**
 * A broker's way from a publish to a delivery without sockets, as one rung has it. A message is its key and its body; it
 * is delivered when its frame has been written. What must hold: each message is delivered once.
 */
import { writeSync } from 'node:fs';
import {
  BOX_HEAD,
  BOX_SLOTS,
  BOX_TAIL,
  DELIVERED,
  EPOCH,
  HEAD,
  line,
  lock,
  QUEUE_LOCK,
  routeAt,
  SLOT,
  SLOTS,
  TAIL,
  TOPOLOGY_LOCK,
  turnAt,
  unlock,
  WORKERS,
} from './memory.mjs';

const BODY = 1024;
/** Before the body: a frame's head, as basic.deliver and the content header have it. */
const FRAME_HEAD = 64;
const FRAME = FRAME_HEAD + BODY;
const OUTPUT = 128 * FRAME;
const KEY = Buffer.from('amq.direct\0orders.created');

export class Worker {
  /**
   * @param {import('./memory.mjs').Shared} shared
   * @param {import('./rungs.mjs').Way} way
   * @param {number} index
   * @param {number} fd where frames are written
   */
  constructor(shared, way, index, fd) {
    this.words = new Int32Array(shared.words);
    this.slots = new Uint8Array(shared.slots);
    this.boxes = new Uint8Array(shared.boxes);
    this.way = way;
    this.index = index;
    this.fd = fd;
    this.read = new Uint8Array(FRAME).fill(0x78);
    this.layers = [new Uint8Array(FRAME), new Uint8Array(FRAME)];
    this.output = new Uint8Array(OUTPUT);
    this.filled = 0;
    this.knownEpoch = -1;
    this.route = 0;
  }

  /** Publishes a message; false: the queue is full. */
  publish() {
    this.#findRoute();
    const { words, way } = this;
    const message = way.copies === 'one' ? this.read : this.#throughLayers(this.read);
    if (way.queue === 'ring') {
      const position = this.#reserve();
      if (position < 0) return false;
      this.slots.set(message, (position & (SLOTS - 1)) * SLOT);
      Atomics.store(words, turnAt(position), (position + 1) | 0);
      return true;
    }
    lock(words, QUEUE_LOCK);
    const tail = Atomics.load(words, TAIL);
    const hasRoom = tail - Atomics.load(words, HEAD) < SLOTS;
    if (hasRoom) {
      this.slots.set(message, (tail & (SLOTS - 1)) * SLOT);
      Atomics.store(words, TAIL, tail + 1);
    }
    unlock(words, QUEUE_LOCK);
    return hasRoom;
  }

  /** Delivers a message; false: there is none. */
  deliver() {
    if (this.way.takes === 'dispatcher') return this.#fromBox();
    if (this.way.queue === 'ring') return this.#fromRing();
    const { words } = this;
    lock(words, QUEUE_LOCK);
    const head = Atomics.load(words, HEAD);
    const isReady = head !== Atomics.load(words, TAIL);
    if (isReady) {
      this.#encode(this.slots, (head & (SLOTS - 1)) * SLOT);
      Atomics.store(words, HEAD, head + 1);
    }
    unlock(words, QUEUE_LOCK);
    if (isReady) this.#delivered();
    return isReady;
  }

  /** What is gathered goes out. */
  flush() {
    if (this.filled === 0) return;
    writeSync(this.fd, this.output, 0, this.filled);
    this.filled = 0;
  }

  #findRoute() {
    const { words } = this;
    if (this.way.topology === 'cache') {
      const epoch = Atomics.load(words, EPOCH);
      if (epoch === this.knownEpoch) return;
      this.knownEpoch = epoch;
    }
    let hash = 0;
    for (const octet of KEY) hash = (Math.imul(hash, 31) + octet) | 0;
    lock(words, TOPOLOGY_LOCK);
    this.route = Atomics.load(words, routeAt(hash));
    unlock(words, TOPOLOGY_LOCK);
  }

  /** @param {Uint8Array} octets */
  #throughLayers(octets) {
    let from = octets;
    for (const layer of this.layers) {
      layer.set(from);
      from = layer;
    }
    return from;
  }

  /** A position of the ring that is this worker's to fill; -1: it is full. */
  #reserve() {
    const { words } = this;
    for (;;) {
      const tail = Atomics.load(words, TAIL);
      const turn = Atomics.load(words, turnAt(tail)) - tail;
      if (turn < 0) return -1;
      if (turn === 0 && Atomics.compareExchange(words, TAIL, tail, tail + 1) === tail) return tail;
    }
  }

  #fromRing() {
    const { words } = this;
    for (;;) {
      const head = Atomics.load(words, HEAD);
      const turn = Atomics.load(words, turnAt(head)) - (head + 1);
      if (turn < 0) return false;
      if (turn > 0 || Atomics.compareExchange(words, HEAD, head, head + 1) !== head) continue;
      this.#encode(this.slots, (head & (SLOTS - 1)) * SLOT);
      Atomics.store(words, turnAt(head), (head + SLOTS) | 0);
      this.#delivered();
      return true;
    }
  }

  #fromBox() {
    const { words, index } = this;
    const head = Atomics.load(words, BOX_HEAD + line(index));
    if (head === Atomics.load(words, BOX_TAIL + line(index))) return false;
    this.#encode(this.boxes, (index * BOX_SLOTS + (head & (BOX_SLOTS - 1))) * SLOT);
    Atomics.store(words, BOX_HEAD + line(index), head + 1);
    this.#delivered();
    return true;
  }

  /**
   * @param {Uint8Array} from
   * @param {number} at
   */
  #encode(from, at) {
    if (this.filled + FRAME > OUTPUT) this.flush();
    const stored = from.subarray(at, at + FRAME);
    this.output.set(this.way.copies === 'one' ? stored : this.#throughLayers(stored), this.filled);
    this.output[this.filled + 2] = this.index + 1;
    this.filled += FRAME;
  }

  #delivered() {
    if (this.way.writes === 'each') this.flush();
    Atomics.add(this.words, DELIVERED + line(this.index), 1);
  }
}

export class Dispatcher {
  /** @param {import('./memory.mjs').Shared} shared */
  constructor(shared) {
    this.words = new Int32Array(shared.words);
    this.slots = new Uint8Array(shared.slots);
    this.boxes = new Uint8Array(shared.boxes);
    this.next = 0;
  }

  /** Pushes a message to the next consumer that has room; false: there is none, or nobody has. */
  push() {
    const { words } = this;
    for (let tried = 0; tried < WORKERS; tried++) {
      const consumer = (this.next + tried) % WORKERS;
      const tail = Atomics.load(words, BOX_TAIL + line(consumer));
      if (tail - Atomics.load(words, BOX_HEAD + line(consumer)) === BOX_SLOTS) continue;
      return this.#pushTo(consumer, tail);
    }
    return false;
  }

  /**
   * @param {number} consumer
   * @param {number} tail
   */
  #pushTo(consumer, tail) {
    const { words } = this;
    lock(words, QUEUE_LOCK);
    const head = Atomics.load(words, HEAD);
    const isReady = head !== Atomics.load(words, TAIL);
    if (isReady) {
      const from = (head & (SLOTS - 1)) * SLOT;
      this.boxes.set(this.slots.subarray(from, from + FRAME), (consumer * BOX_SLOTS + (tail & (BOX_SLOTS - 1))) * SLOT);
      Atomics.store(words, HEAD, head + 1);
      Atomics.store(words, BOX_TAIL + line(consumer), tail + 1);
      this.next = (consumer + 1) % WORKERS;
    }
    unlock(words, QUEUE_LOCK);
    return isReady;
  }
}
