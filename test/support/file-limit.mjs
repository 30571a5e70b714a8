/**
 * A disk that takes nothing for a while, as seen by one broker: a limit to the length of files that Linux keeps for a process (`RLIMIT_FSIZE`). Other than
 * a stand-in for Node's calls, it is met by what native code writes, too. What must hold: a write that would go beyond it fails (EFBIG), whatever the file.
 * Loaded into a broker's process by `node --import`, with `?octets=`, it is there from the beginning.
 */
import { createRequire } from 'node:module';

const RLIMIT_FSIZE = 1;
const UNLIMITED = 2n ** 64n - 1n;

/**
 * Sets how long a process's files may become, in octets; null: as long as they like.
 * @param {number} pid @param {number | null} octets
 */
export function limitFiles(pid, octets) {
  const koffi = /** @type {typeof import('koffi')} */ (createRequire(import.meta.url)('koffi'));
  const prlimit = koffi.load(null).func('int prlimit64(int, int, const void *, void *)');
  const limit = BigUint64Array.of(octets === null ? UNLIMITED : BigInt(octets), UNLIMITED);
  if (prlimit(pid, RLIMIT_FSIZE, new Uint8Array(limit.buffer), null) !== 0) throw new Error('the limit cannot be set');
}

/** Flags of Node with which a process begins with that limit. @param {number} octets */
export function limitedFromTheStart(octets) {
  const module = new URL(import.meta.url);
  module.searchParams.set('octets', String(octets));
  return ['--import', module.href];
}

const own = new URL(import.meta.url).searchParams.get('octets');
if (own !== null) limitFiles(process.pid, Number(own));
