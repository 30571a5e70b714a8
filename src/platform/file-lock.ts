/**
 * One broker to a data directory. The lock is the system's own (flock), so it ends with the process however that ends;
 * where the native call cannot be loaded, the number of the process in the file and whether that process lives must do.
 */
import { closeSync, ftruncateSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { loadKoffi } from './foreign-calls.js';

const LOCK_EXCLUSIVE = 2;
const LOCK_NONBLOCKING = 4;

type Flock = (fd: number, operation: number) => number;

/** Takes the lock in a file; the returned function gives it back. Null: somebody else has it. */
export function takeLock(path: string): (() => void) | null {
  const fd = openSync(path, 'a+', 0o600);
  const flock = loadFlock();
  const taken = flock === null ? !isAlive(holderOf(path)) : flock(fd, LOCK_EXCLUSIVE | LOCK_NONBLOCKING) === 0;
  if (!taken) {
    closeSync(fd);
    return null;
  }
  try {
    nameHolder(fd);
  } catch (error) {
    if (flock === null) {
      closeSync(fd);
      throw error;
    }
    // The system's lock holds without it: on a full disk nothing can be written.
  }
  return () => {
    ftruncateSync(fd);
    closeSync(fd);
  };
}

/** Writes who has the lock, whole or not at all. */
function nameHolder(fd: number): void {
  ftruncateSync(fd);
  const text = `${process.pid}\n`;
  if (writeSync(fd, text) === text.length) return;
  ftruncateSync(fd);
  throw new Error('the number of the process could not be written');
}

/**
 * A thread of this process has ended that held the lock and could not give it back. The system's own lock is free then;
 * where there is none, the number of this process must go.
 */
export function forgetHolder(path: string): void {
  if (holderOf(path) !== process.pid) return;
  try {
    writeFileSync(path, '');
  } catch {
    // Whoever comes next reads who has it, and is told so.
  }
}

/** The process that took the lock last; 0: nobody has it, or it could not write its number. */
export function holderOf(path: string): number {
  try {
    return Number.parseInt(readFileSync(path, 'latin1'), 10) || 0;
  } catch {
    return 0;
  }
}

function isAlive(pid: number): boolean {
  if (pid === 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function loadFlock(): Flock | null {
  if (process.platform === 'win32') return null;
  try {
    return loadKoffi().load(null).func('int flock(int, int)') as Flock;
  } catch {
    return null;
  }
}
