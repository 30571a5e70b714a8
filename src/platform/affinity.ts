/**
 * This folder is for what Node lacks of the operating system; everybody may import it, and it imports none of ours.
 *
 * Here: which CPUs this process may use, pinning the calling thread to some of them, a second descriptor for a socket,
 * so that two threads can own one each, and ending a socket that another thread owns. What must hold: a machine where
 * koffi cannot load still runs the broker, and is told why.
 */
import type * as Koffi from 'koffi';
import { loadKoffi } from './foreign-calls.js';

/** Calls of the operating system, as far as this platform has them. */
export interface Affinity {
  /** CPUs that this process may run on, in ascending order. */
  allowedCpus(): number[];
  /** Binds the calling thread to some CPUs, and tells on which of them the system lets it run. */
  pin(cpus: readonly number[]): Outcome;
  /** A second descriptor for the same socket; null where descriptors cannot be duplicated. */
  readonly dup: ((fd: number) => number) | null;
  /**
   * Ends a socket for both sides; its descriptor stays open, and its owner finds the end. Null where there is no `dup`.
   */
  readonly endSocket: ((fd: number) => void) | null;
}

/** `cpus`: where the thread runs now, ascending. */
export type Outcome = { ok: true; cpus: readonly number[] } | { ok: false; why: string };
export type Loaded = { ok: true; affinity: Affinity } | { ok: false; why: string };

/** CPUs in the mask that is passed to Linux: glibc's `cpu_set_t` has 1024. */
const LINUX_CPUS_MAX = 1024;

/** Loads the calls for this platform. Takes some 20 ms, so only those who need them ask. */
export function loadAffinity(): Loaded {
  try {
    const koffi = loadKoffi();
    if (process.platform === 'linux') return { ok: true, affinity: linux(koffi) };
    if (process.platform === 'win32') return { ok: true, affinity: windows(koffi) };
    return { ok: true, affinity: posix(koffi) };
  } catch (error) {
    const why = error instanceof Error ? (error.message.split('\n')[0] ?? error.name) : String(error);
    return { ok: false, why: `the native calls cannot be loaded: ${why}` };
  }
}

function linux(koffi: typeof Koffi): Affinity {
  const libc = koffi.load(null);
  const getAffinity = libc.func('int sched_getaffinity(int, size_t, void *)');
  const setAffinity = libc.func('int sched_setaffinity(int, size_t, void *)');
  const set = new Uint8Array(LINUX_CPUS_MAX / 8);
  const allowedCpus = (): number[] => (getAffinity(0, set.length, set) < 0 ? [] : cpusIn(set));
  return {
    allowedCpus,
    pin: (cpus) => {
      set.fill(0);
      for (const cpu of cpus) set[cpu >> 3] = (set[cpu >> 3] ?? 0) | (1 << (cpu & 7));
      if (setAffinity(0, set.length, set) !== 0) return { ok: false, why: errnoText(koffi, 'sched_setaffinity') };
      return confirmed(cpus, allowedCpus());
    },
    dup: dupOf(koffi),
    endSocket: endSocketOf(koffi),
  };
}

/** A control group may have taken some of the CPUs away meanwhile, but gives no others. */
function confirmed(asked: readonly number[], actual: readonly number[]): Outcome {
  if (actual.length > 0 && actual.every((cpu) => asked.includes(cpu))) return { ok: true, cpus: actual };
  return { ok: false, why: `the system lets a thread that asked for CPUs ${asked} run on ${actual}` };
}

function windows(koffi: typeof Koffi): Affinity {
  const kernel = koffi.load('kernel32.dll');
  const currentProcess = kernel.func('intptr_t GetCurrentProcess()');
  const currentThread = kernel.func('intptr_t GetCurrentThread()');
  const getMask = kernel.func('int GetProcessAffinityMask(intptr_t, void *, void *)');
  const setMask = kernel.func('size_t SetThreadAffinityMask(intptr_t, size_t)');
  return {
    allowedCpus: () => {
      const own = new Uint8Array(8);
      return getMask(currentProcess(), own, new Uint8Array(8)) === 0 ? [] : cpusIn(own);
    },
    pin: (cpus) =>
      BigInt(
        setMask(
          currentThread(),
          cpus.reduce((mask, cpu) => mask | (1n << BigInt(cpu)), 0n),
        ),
      ) === 0n
        ? { ok: false, why: 'SetThreadAffinityMask refused' }
        : { ok: true, cpus },
    // A Windows socket is a handle, which `dup` does not know.
    dup: null,
    endSocket: null,
  };
}

/** macOS and the BSDs as far as Node runs there: descriptors, but no way to pin. */
function posix(koffi: typeof Koffi): Affinity {
  return {
    allowedCpus: () => [],
    pin: () => ({ ok: false, why: `${process.platform} cannot bind a thread to a CPU` }),
    dup: dupOf(koffi),
    endSocket: endSocketOf(koffi),
  };
}

function dupOf(koffi: typeof Koffi): (fd: number) => number {
  const dup = koffi.load(null).func('int dup(int)');
  return (fd) => {
    const copy: number = dup(fd);
    if (copy < 0) throw new Error(errnoText(koffi, 'dup'));
    return copy;
  };
}

const SHUT_RDWR = 2;

function endSocketOf(koffi: typeof Koffi): (fd: number) => void {
  const shutdown = koffi.load(null).func('int shutdown(int, int)');
  // It may be at its end already: then there is nothing to do.
  return (fd) => void shutdown(fd, SHUT_RDWR);
}

function errnoText(koffi: typeof Koffi, call: string): string {
  return `${call} failed with errno ${koffi.errno()}`;
}

/** The numbers of the bits that are set; byte 0 holds CPUs 0 to 7. */
export function cpusIn(mask: Uint8Array): number[] {
  const cpus: number[] = [];
  mask.forEach((byte, index) => {
    for (let bit = 0; bit < 8; bit++) if (byte & (1 << bit)) cpus.push(index * 8 + bit);
  });
  return cpus;
}
