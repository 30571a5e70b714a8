/**
 * A disk that takes nothing for a while, as seen by one broker: a limit to the length of files that Linux keeps for a
 * process (`RLIMIT_FSIZE`). Other than a stand-in for Node's calls, it is met by what native code writes, too. What
 * must hold: a write that would go beyond it fails (EFBIG), whatever the file.
 */
import { loadKoffi } from '../../src/platform/foreign-calls.js';

const RLIMIT_FSIZE = 1;
const UNLIMITED = 2n ** 64n - 1n;

/** Sets how long a process's files may become, in octets; null: as long as they like. */
export function limitFiles(pid: number, octets: number | null): void {
  const prlimit = loadKoffi().load(null).func('int prlimit64(int, int, const void *, void *)');
  const limit = BigUint64Array.of(octets === null ? UNLIMITED : BigInt(octets), UNLIMITED);
  if (prlimit(pid, RLIMIT_FSIZE, new Uint8Array(limit.buffer), null) !== 0) throw new Error('the limit cannot be set');
}

/** The same for a process that is yet to be started: it has it from the beginning. */
export async function whileFilesAreLimited<T>(octets: number, start: () => Promise<T>): Promise<T> {
  // A process has the limits of who starts it. That is done before anything is waited for.
  limitFiles(process.pid, octets);
  const started = start();
  limitFiles(process.pid, null);
  return await started;
}
