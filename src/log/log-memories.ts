/** Memories of batches that were written, for the next ones: making one costs more than a small write. */
import { LogMemory } from './log-memory.js';

const idle: LogMemory[] = [];
const IDLE_MAX = 8;
const IDLE_OCTETS = 1 << 20;

/** One with room for so many octets, whatever is in it. */
export function takeMemory(octets: number): LogMemory {
  if (octets > IDLE_OCTETS) return new LogMemory(octets);
  return idle.pop() ?? new LogMemory(IDLE_OCTETS);
}

/** Nobody uses it any more. */
export function giveMemory(memory: LogMemory): void {
  if (memory.bytes.length === IDLE_OCTETS && idle.length < IDLE_MAX) idle.push(memory);
}
