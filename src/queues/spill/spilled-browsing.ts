/**
 * Looking at messages that are not in memory, where they are: in spill files, or in the log after a restart. Nothing is
 * brought back. What must hold: a call reads a bounded portion; what it reads is held meanwhile, whatever becomes of the
 * queue; it says so when the messages have moved, and then nothing of what it read is shown.
 */
import type { BrowsedMessage } from '../../engine/browsing.js';
import type { Engine, Queue } from '../../engine/engine.js';
import { messagesIn } from './image-messages.js';
import type { SpillFiles } from './spill-files.js';
import type { ImageSource, Source, SpilledQueues } from './spilled-queues.js';

/** Octets of an image that are read, at most; so much of a longer message is seen. */
const OCTETS_MAX = 1 << 20;

/** Which messages somebody wants to see, from a position on. */
export interface SpilledWish {
  readonly queue: Queue;
  readonly priority: number;
  readonly from: number;
  readonly most: number;
  readonly bodyMost: number;
}

/** here: they are in memory, or gone. moving: they are on their way in or out; ask again soon. */
export type SpilledPortion =
  | { readonly kind: 'here' | 'moving' }
  | { readonly kind: 'spilled'; readonly messages: readonly BrowsedMessage[]; readonly next: number };

export class SpilledBrowsing {
  readonly #engine: Engine;
  readonly #files: SpillFiles;
  readonly #queues: SpilledQueues;

  constructor(engine: Engine, files: SpillFiles, queues: SpilledQueues) {
    this.#engine = engine;
    this.#files = files;
    this.#queues = queues;
  }

  /** Rejects when they cannot be read. */
  async browse({ queue, priority, from, most, bodyMost }: SpilledWish): Promise<SpilledPortion> {
    // The queue may have gone while the question was on its way.
    const one = this.#queues.has(queue) ? this.#engine.priorityOf(queue, priority, false) : 0;
    if (one === 0) return { kind: 'here' };
    const count = this.#engine.spilledCount(one);
    const first = this.#engine.firstSpilled(one);
    const index = (from - first) >>> 0;
    if (index >= count) return { kind: this.#queues.sources(one).length > 0 ? 'moving' : 'here' };
    const found = this.#sourceOf(one, count - index);
    if (found === null) return { kind: 'moving' };
    const { source, skip } = found;
    const begin = (from - skip) >>> 0;
    const messages =
      'image' in source
        ? messagesIn(await this.#read(source), begin, skip, most, bodyMost)
        : messagesIn(await source.recovered.look(skip, most, OCTETS_MAX), from, 0, most, bodyMost);
    const last = messages.at(-1);
    return last === undefined ? { kind: 'moving' } : { kind: 'spilled', messages, next: (last.position + 1) >>> 0 };
  }

  /** The source of the message that has so many behind it and itself, and how many of the source stand before it. */
  #sourceOf(one: Queue, left: number): { readonly source: Source; readonly skip: number } | null {
    let behind = 0;
    for (const source of this.#queues.sources(one).toReversed()) {
      const messages = 'image' in source ? source.messages : source.recovered.remaining;
      behind += messages;
      if (left <= behind) return { source, skip: behind - left };
    }
    return null;
  }

  async #read({ image, written }: ImageSource): Promise<Uint8Array> {
    this.#files.hold(image);
    try {
      await written;
      const target = new Uint8Array(Math.min(image.octets, OCTETS_MAX));
      await this.#files.read(image, 0, target);
      return target;
    } finally {
      this.#files.free(image);
    }
  }
}
