/**
 * The memories of what remembers messages, to drop duplicates or to send them again: they stand beside the core's
 * memory and count towards the same bound, so as much of that is set aside as they take. What must hold: what has a
 * memory has counted for it before, and gives it back when it is deleted.
 */
import type { FieldTable } from '../../amqp/table.js';
import type { Engine } from '../../engine/engine.js';
import { cacheSizeOf } from '../arguments/deduplication-arguments.js';
import { deduplicationCacheBytes, newDeduplicationCache } from '../history/deduplication-cache.js';
import { historyBytes } from '../history/history.js';

export class MemoryReservations {
  readonly #core: Pick<Engine, 'setAside'>;
  /** Octets of all that there are. */
  #bytes = 0;

  constructor(core: Pick<Engine, 'setAside'>) {
    this.#core = core;
  }

  /**
   * A new cache of keys for what has these arguments; null when it needs none, undefined when there is no room
   * for it.
   */
  openCache(args: FieldTable): SharedArrayBuffer | null | undefined {
    const capacity = cacheSizeOf(args);
    if (capacity === null) return null;
    return this.#open(deduplicationCacheBytes(capacity), () => newDeduplicationCache(capacity));
  }

  /** A new history of so many messages; null when it has none, undefined when there is no room for it. */
  openHistory(length: number): SharedArrayBuffer | null | undefined {
    if (length === 0) return null;
    const bytes = historyBytes(length);
    return bytes === null ? undefined : this.#open(bytes, () => new SharedArrayBuffer(bytes));
  }

  /** What had it is deleted, or came to nothing. */
  close(memory: SharedArrayBuffer | null | undefined): void {
    if (!memory) return;
    this.#bytes -= memory.byteLength;
    this.#core.setAside(this.#bytes);
  }

  #open(bytes: number, make: () => SharedArrayBuffer): SharedArrayBuffer | undefined {
    if (!this.#core.setAside(this.#bytes + bytes)) return undefined;
    const memory = allocated(make);
    if (memory === undefined) this.#core.setAside(this.#bytes);
    else this.#bytes += bytes;
    return memory;
  }
}

/** Undefined when the system has none. */
function allocated(make: () => SharedArrayBuffer): SharedArrayBuffer | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
