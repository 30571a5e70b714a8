/**
 * A running process watched from outside: its resident memory, its open files, and what its data take on the disk.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { residentMb } from './processes.mjs';

/**
 * Files that other processes have open, too, count: what is asked is whether they become more.
 * @param {number} pid
 */
export function openFiles(pid) {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/**
 * What the files of a folder take on the disk, which may be less than their length.
 * @param {string} folder
 * @returns {number} megabytes
 */
export function diskMb(folder) {
  let blocks = 0;
  for (const name of readdirSync(folder, { recursive: true })) {
    // A file may go between the two looks.
    blocks += statSync(join(folder, String(name)), { throwIfNoEntry: false })?.blocks ?? 0;
  }
  return (blocks * 512) / 1024 ** 2;
}

/**
 * The most that a process and its data took while something ran.
 * @template T
 * @param {number} pid
 * @param {string} folder
 * @param {() => Promise<T>} run
 * @returns {Promise<{ result: T, residentMb: number, diskMb: number }>}
 */
export async function watched(pid, folder, run) {
  let [resident, disk] = [0, 0];
  const look = () => {
    resident = Math.max(resident, residentMb(pid));
    disk = Math.max(disk, diskMb(folder));
  };
  const timer = setInterval(look, 100);
  try {
    const result = await run();
    look();
    return { result, residentMb: resident, diskMb: disk };
  } finally {
    clearInterval(timer);
  }
}
