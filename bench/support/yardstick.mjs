/**
 * What the disk can do, as a C program finds it: writes with one fdatasync each (bench/disk/yardstick.c).
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const DISK = fileURLToPath(new URL('../disk/', import.meta.url));
const PROGRAM = join(DISK, 'build', 'yardstick');

export function buildYardstick() {
  mkdirSync(join(DISK, 'build'), { recursive: true });
  // Another bench may run the one before, or compile it too.
  const own = `${PROGRAM}.${process.pid}`;
  execFileSync('gcc', ['-O2', '-Wall', '-Wextra', '-o', own, join(DISK, 'yardstick.c')], { stdio: 'inherit' });
  renameSync(own, PROGRAM);
}

/**
 * @param {string} folder where it writes, and removes what it wrote
 * @param {number} octets of one write
 * @param {number} count
 * @param {'append' | 'again'} mode whether the file grows, or has its blocks already
 * @returns {{ rate: number, median: number }} MB/s, and the median of one write with its sync (ms)
 */
export function runYardstick(folder, octets, count, mode) {
  const text = execFileSync(PROGRAM, [join(folder, 'yardstick.bin'), `${octets}`, `${count}`, mode]);
  return JSON.parse(text.toString());
}
