/**
 * The duplication of descriptors, for tests of who accepts connections and hands them to others. What must hold: only
 * where there is none, on Windows, may such a test be left out; anywhere else nobody would see that it is.
 */
import type { Socket } from 'node:net';
import { loadAffinity } from '../../src/platform/affinity.js';

const loaded = loadAffinity();

/** Null: on Windows. */
export const dup = loaded.ok ? loaded.affinity.dup : null;
if (dup === null && process.platform !== 'win32') throw new Error('descriptors cannot be duplicated on this machine');

/** A descriptor of the socket's own connection: what becomes of the socket is nothing to it. */
export function descriptorOf(socket: Socket): number {
  if (dup === null) throw new Error('descriptors cannot be duplicated here');
  return dup((socket as unknown as { _handle: { fd: number } })._handle.fd);
}
