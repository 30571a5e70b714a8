/**
 * Messages on their way to spill files, a portion of a queue at a time. What must hold: a portion that could not be
 * written stays; the order of a queue's sources is that of its messages.
 */
import { Counter, type Engine, type Queue } from '../../engine/engine.js';
import { PAGE_OUT_LATER } from '../../engine/spill.js';
import { fatal } from '../../platform/fatal.js';
import type { Retries } from './retry.js';
import type { SpillFiles, SpillImage } from './spill-files.js';
import type { LiveQueue, SpilledQueues } from './spilled-queues.js';

/** Portions that are being written at once. */
const WRITES = 4;

const WRITTEN = Promise.resolve();

/** Where a queue's messages begin to leave, and how little may leave at a time (engine.ts: pageOut). */
export interface Stage {
  readonly margin: number;
  readonly least: number;
}

export class PageOut {
  readonly #engine: Engine;
  readonly #files: SpillFiles;
  readonly #queues: SpilledQueues;
  readonly #retries: Retries;
  readonly #writes = new Set<Promise<void>>();

  constructor(engine: Engine, files: SpillFiles, queues: SpilledQueues, retries: Retries) {
    this.#engine = engine;
    this.#files = files;
    this.#queues = queues;
    this.#retries = retries;
  }

  /** Resolves when all is written. */
  async written(): Promise<void> {
    await Promise.all(this.#writes);
  }

  /** Sends the next portion away. False: none may leave. */
  async send({ queue, life }: LiveQueue, { margin, least }: Stage): Promise<boolean> {
    const engine = this.#engine;
    // What is written has freed a segment already, and needs one until it is.
    while (this.#writes.size >= WRITES) await Promise.race(this.#writes);
    if (life.ended) return false;
    const staging = engine.takeStaging();
    if (staging === 0) return false;
    let octets = 0;
    let sent = false;
    try {
      octets = engine.pageOut(queue, margin, least, engine.stagingBytes);
      while (octets === PAGE_OUT_LATER) {
        await new Promise(setImmediate);
        // Who may be claiming them may have come to a stop in the midst of it.
        if (life.ended || this.#retries.stopped) return false;
        octets = engine.pageOut(queue, margin, least, engine.stagingBytes);
      }
      if (octets === 0) return false;
      const image = this.#files.place(octets);
      sent =
        octets <= engine.stagingBytes
          ? this.#sendShort(queue, image, staging)
          : await this.#sendLong(queue, image, staging);
      if (!sent) this.#files.free(image);
    } finally {
      if (!sent) engine.pageOutEnd(false);
      if (!sent || octets > engine.stagingBytes) engine.giveStaging(staging);
    }
    return sent;
  }

  /** An image that fits into staging is away when it is there; it is written while the next ones follow. */
  #sendShort(queue: Queue, image: SpillImage, staging: number): boolean {
    const engine = this.#engine;
    const messages = engine.pageOutCount;
    const length = engine.pageOutFill(staging, engine.stagingBytes);
    const part = engine.bytes.subarray(staging, staging + length);
    if (length !== image.octets || !engine.pageOutEnd(true)) return false;
    const written = this.#writeShort(image, part, staging).finally(() => this.#writes.delete(written));
    written.catch(fatal);
    this.#writes.add(written);
    engine.count(Counter.PAGED_OUT, messages);
    this.#queues.append(queue, { image, messages, written });
    return true;
  }

  async #writeShort(image: SpillImage, part: Uint8Array, staging: number): Promise<void> {
    await this.#retries.persist(() => this.#files.write(image, 0, part));
    this.#engine.giveStaging(staging);
  }

  /** One message that is longer than staging. */
  async #sendLong(queue: Queue, image: SpillImage, staging: number): Promise<boolean> {
    const engine = this.#engine;
    const messages = engine.pageOutCount;
    let at = 0;
    for (let length = -1; length !== 0; at += length) {
      length = engine.pageOutFill(staging, engine.stagingBytes);
      const part = engine.bytes.subarray(staging, staging + length);
      if (length > 0) await this.#files.write(image, at, part);
    }
    // Before it is said to be away: then its messages are nowhere but in the image.
    if (at !== image.octets || !engine.pageOutEnd(true)) return false;
    engine.count(Counter.PAGED_OUT, messages);
    this.#queues.append(queue, { image, messages, written: WRITTEN });
    return true;
  }
}
