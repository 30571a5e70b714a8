/** A queue's lock, for those who do more than one thing under it. */
import { QueueCell } from '../memory/layout.js';
import { lock, unlock } from '../memory/lock.js';
import type { Memory } from '../memory/memory.js';
import { word } from '../memory/views.js';

export function withQueue<T>(memory: Memory, queue: number, body: () => T): T {
  lock(memory.i32, word(queue, QueueCell.LOCK));
  try {
    return body();
  } finally {
    unlock(memory.i32, word(queue, QueueCell.LOCK));
  }
}
