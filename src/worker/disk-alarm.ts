/**
 * The word in shared memory by which workers know that publishers are held back because of the disk. Written by the
 * broker thread before it has them held back, read by the workers when a publisher asks why it waits: nothing else is
 * ordered by it.
 */

export const LOW_ON_DISK = 1;

/** Whether publishers are blocked because of the disk, by the words of the shared alarms. */
export function isLowOnDisk(shared: SharedArrayBuffer): boolean {
  return Atomics.load(new Int32Array(shared), 0) === LOW_ON_DISK;
}
