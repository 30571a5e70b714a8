/**
 * A disk that fails when it is told to. Loaded into a broker's process and all its threads by `node --import`, it
 * stands between the log and the system: while the directory that `?control=` names holds a file `write`, writes fail
 * with EIO after half of their octets; while it holds a file `sync`, syncs fail with EIO, and so do writes that are
 * synced; those that meet a file `stall` never return; while it holds a file `read`, reads from the log and from page
 * files fail with EIO. What must hold: what a failed sync covered is gone, and a later sync of the same file that
 * succeeds does not bring it back, as systems do that report an error once and then forget.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';

const control = /** @type {string} */ (new URL(import.meta.url).searchParams.get('control'));
const { read, writev, writevSync, fdatasync, fdatasyncSync } = fs;

/** What was written and not synced yet, by descriptor. @type {Map<number, { at: number, octets: number }[]>} */
const unsynced = new Map();

/** @param {'write' | 'sync' | 'stall' | 'read'} trouble */
function is(trouble) {
  return fs.existsSync(join(control, trouble));
}

/** @param {string} call */
function inputOutputError(call) {
  return Object.assign(new Error(`EIO: i/o error, ${call}`), { code: 'EIO', errno: -5, syscall: call });
}

/** Whether what is written to a descriptor is synced by the write itself. @param {number} fd */
function isSynced(fd) {
  const [, flags = '0'] = /^flags:\s*(\d+)/m.exec(fs.readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')) ?? [];
  return (Number.parseInt(flags, 8) & fs.constants.O_DSYNC) !== 0;
}

/**
 * What comes before each write: null, or its failure.
 * @param {number} fd @param {readonly Uint8Array[]} views @param {number} at
 */
function writing(fd, views, at) {
  const all = Buffer.concat(views);
  if (is('write')) {
    fs.writeSync(fd, all, 0, all.length >> 1, at);
    return inputOutputError('write');
  }
  unsynced.set(fd, [...(unsynced.get(fd) ?? []), { at, octets: all.length }]);
  return isSynced(fd) ? syncing(fd) : null;
}

/** What comes before each sync: null, or its failure. @param {number} fd */
function syncing(fd) {
  const covered = unsynced.get(fd) ?? [];
  unsynced.delete(fd);
  if (!is('sync')) return null;
  for (const { at, octets } of covered) fs.writeSync(fd, new Uint8Array(octets), 0, octets, at);
  return inputOutputError('fdatasync');
}

function standStill() {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

Object.assign(fs, {
  /** @param {number} fd @param {unknown[]} more @param {(error: Error | null, octets: number) => void} more.done */
  read(fd, ...more) {
    if (is('read'))
      setImmediate(/** @type {(error: Error, octets: number) => void} */ (more.at(-1)), inputOutputError('read'), 0);
    else Reflect.apply(read, fs, [fd, ...more]);
  },
  /**
   * @param {number} fd @param {readonly Uint8Array[]} views @param {number} at
   * @param {(error: Error | null, written: number) => void} done
   */
  writev(fd, views, at, done) {
    const error = writing(fd, views, at);
    if (isSynced(fd) && is('stall')) return;
    if (error === null) writev(fd, views, at, done);
    else setImmediate(done, error, 0);
  },
  /** @param {number} fd @param {readonly Uint8Array[]} views @param {number} at */
  writevSync(fd, views, at) {
    const error = writing(fd, views, at);
    if (isSynced(fd) && is('stall')) standStill();
    if (error !== null) throw error;
    return writevSync(fd, views, at);
  },
  /** @param {number} fd @param {(error: Error | null) => void} done */
  fdatasync(fd, done) {
    const error = syncing(fd);
    if (is('stall')) return;
    if (error === null) fdatasync(fd, done);
    else setImmediate(done, error);
  },
  /** @param {number} fd */
  fdatasyncSync(fd) {
    const error = syncing(fd);
    if (is('stall')) standStill();
    if (error !== null) throw error;
    fdatasyncSync(fd);
  },
});
syncBuiltinESMExports();
