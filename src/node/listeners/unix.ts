/**
 * Listening on a Unix-domain stream socket: for clients on this machine whose user may write to its file. What must
 * hold: a file that a listener has left behind is removed only if it is a socket on which nobody answers, and nothing
 * else is ever removed.
 */
import { chmodSync, existsSync, lstatSync, type Stats, unlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, resolve } from 'node:path';
import type { Listener } from './listeners.js';
import { type Accept, closeServer, type Dup, serve } from './server.js';

/** The broker's user and group may connect. */
const MODE = 0o660;

/** What the system has room for in an address, in octets. */
const PATH_MAX = process.platform === 'linux' ? 107 : 103;

/** Rejects with the reason, in words, when the path cannot be had. */
export async function listenOnUnix(given: string, dup: Dup | null, accept: Accept): Promise<Listener> {
  const path = resolve(given);
  if (process.platform === 'win32') throw new Error('this platform has no Unix-domain sockets for Node');
  refuseLong(path);
  const listen = (): ReturnType<typeof serve> =>
    serve({ path }, { kind: 'unix', path }, dup, accept, { onBound: () => chmodSync(path, MODE) });
  try {
    const server = await listen().catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') throw error;
      await removeStale(path);
      return listen();
    });
    // Node removes the file when it closes the server.
    return { bound: { kind: 'unix', path }, close: () => closeServer(server) };
  } catch (error) {
    throw inWords(error as NodeJS.ErrnoException, path);
  }
}

/** Throws the reason when a socket's address has no room for the path. */
export function refuseLong(path: string): void {
  const length = Buffer.byteLength(path);
  if (length > PATH_MAX) throw new Error(`the path has ${length} octets, and a socket's may have ${PATH_MAX}`);
}

/** Removes what a listener that is gone has left there; rejects when it is anything else. */
export async function removeStale(path: string): Promise<void> {
  const found = lookAt(path);
  if (found === null) return;
  if (!found.isSocket()) throw new Error('there is something else by this name, and it stays');
  switch (await answerAt(path)) {
    case null:
      throw new Error('another program listens there');
    case 'ECONNREFUSED':
      // Somebody else may have put a new one there meanwhile.
      if (lookAt(path)?.ino === found.ino) unlinkSync(path);
      return;
    case 'ENOENT':
      return;
    default:
      throw new Error('there is a socket by this name, and whether somebody listens there cannot be told');
  }
}

function lookAt(path: string): Stats | null {
  return lstatSync(path, { throwIfNoEntry: false }) ?? null;
}

/** Null: somebody answers there; else why nobody does. */
function answerAt(path: string): Promise<string | null> {
  return new Promise((tell) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      tell(null);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => tell(error.code ?? ''));
  });
}

export function inWords(error: NodeJS.ErrnoException, path: string): Error {
  // Node says this of a directory that is not there, too.
  if (error.code !== 'EACCES') return error;
  return new Error(existsSync(dirname(path)) ? 'this user may not make a file there' : 'its directory is not there');
}
