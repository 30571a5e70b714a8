/**
 * koffi, a foreign function interface whose binaries come with its package, as every thread that needs it loads it.
 * What must hold: only small stacks for calls are asked for, since koffi never gives back a thread's when the thread
 * ends, and 3 MiB for each of a program's brokers and their workers add up. A program that has used koffi by itself
 * before keeps its sizes: they cannot be changed any more.
 */
import { createRequire } from 'node:module';
import type * as Koffi from 'koffi';

/** What koffi needs at the least; the calls here pass a handful of numbers. */
const STACK_OCTETS = 64 * 1024;

/** Throws where there is none for this platform. */
export function loadKoffi(): typeof Koffi {
  const koffi = createRequire(import.meta.url)('koffi') as typeof Koffi;
  if (koffi.config().sync_stack_size !== STACK_OCTETS) trySizes(koffi);
  return koffi;
}

function trySizes(koffi: typeof Koffi): void {
  try {
    koffi.config({ sync_stack_size: STACK_OCTETS, sync_heap_size: STACK_OCTETS });
  } catch {
    // Somebody else in this process has loaded a library: with the sizes of then all works as well.
  }
}
