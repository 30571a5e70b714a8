/**
 * The socket of `leveret ctl`: the same HTTP API by a Unix-domain socket. Whoever opens it may do everything, without a
 * password. What must hold: at no time can another user than the broker's open it.
 */
import { once } from 'node:events';
import { chmodSync, lstatSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { dirname, join, resolve } from 'node:path';
import { inWords, refuseLong, removeStale } from '../../node/listeners/unix.js';
import { markOperator } from './operator.js';

/** The broker's user may connect. */
const MODE = 0o600;

export class ControlSocket {
  readonly path: string;
  /** The number of its file: what another broker has put there is not removed. */
  readonly #inode: number;

  private constructor(path: string) {
    this.path = path;
    this.#inode = lstatSync(path).ino;
  }

  /** Rejects with the reason, in words, when the path cannot be had. */
  static async open(given: string, server: Server): Promise<ControlSocket> {
    const path = resolve(given);
    if (process.platform === 'win32') throw new Error('this platform has no Unix-domain sockets for Node');
    try {
      await removeStale(path);
      server.on('connection', markOperator);
      await listenPrivately(path, server);
      return new ControlSocket(path);
    } catch (error) {
      throw inWords(error as NodeJS.ErrnoException, path);
    }
  }

  /** Gives the path up; nobody finds the server any more. */
  leave(): void {
    if (lstatSync(this.path, { throwIfNoEntry: false })?.ino === this.#inode) rmSync(this.path, { force: true });
  }
}

/** The socket is made where nobody else can look, gets its mode, and only then its name. */
async function listenPrivately(path: string, server: Server): Promise<void> {
  refuseLong(path);
  const directory = mkdtempSync(join(dirname(path), '.c'));
  try {
    const unnamed = join(directory, 's');
    refuseLong(unnamed);
    server.listen(unnamed);
    await once(server, 'listening');
    chmodSync(unnamed, MODE);
    renameSync(unnamed, path);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
