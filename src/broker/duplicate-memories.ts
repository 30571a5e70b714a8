/**
 * The memories of all that drops duplicates: they stand beside the core's memory and count towards the same bound, so as much of that is set aside as they take.
 * What must hold: what has a memory has counted for it before, and gives it back when it is deleted.
 */
import type { FieldTable } from '../amqp/table.js';
import type { Engine } from '../engine/engine.js';
import { cacheSizeOf } from './deduplication.js';
import { duplicateMemoryBytes, newDuplicateMemory } from './duplicate-memory.js';

export class DuplicateMemories {
  readonly #core: Pick<Engine, 'setAside'>;
  /** Octets of all that there are. */
  #bytes = 0;

  constructor(core: Pick<Engine, 'setAside'>) {
    this.#core = core;
  }

  /** A new memory for what has these arguments; null when it needs none, undefined when there is no room for it. */
  open(args: FieldTable): SharedArrayBuffer | null | undefined {
    const capacity = cacheSizeOf(args);
    if (capacity === null) return null;
    const bytes = duplicateMemoryBytes(capacity);
    if (!this.#core.setAside(this.#bytes + bytes)) return undefined;
    const memory = allocated(capacity);
    if (memory === undefined) this.#core.setAside(this.#bytes);
    else this.#bytes += bytes;
    return memory;
  }

  /** What had it is deleted, or came to nothing. */
  close(memory: SharedArrayBuffer | null | undefined): void {
    if (!memory) return;
    this.#bytes -= memory.byteLength;
    this.#core.setAside(this.#bytes);
  }
}

/** Undefined when the system has none. */
function allocated(capacity: number): SharedArrayBuffer | undefined {
  try {
    return newDuplicateMemory(capacity);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
