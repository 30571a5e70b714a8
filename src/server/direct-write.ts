/**
 * Writing to a socket's descriptor at once, past the stream in front of it: what the core has encoded leaves by one system call,
 * with no object made for it. What must hold: the descriptor is the stream's own and open, and nothing waits in the stream.
 */
import { writeSync } from 'node:fs';

/** Bytes of `bytes` from `offset` that the socket has taken, 0 … `length`. Why it takes none, if it is not full, its stream finds out by itself. */
export function writeDirectly(fd: number, bytes: Uint8Array, offset: number, length: number): number {
  try {
    return writeSync(fd, bytes, offset, length);
  } catch {
    return 0;
  }
}

const NOTHING = new Uint8Array();

/** Whether the other side has reset the connection: a socket that is neither read nor written learns of that only when it is asked. */
export function isReset(fd: number): boolean {
  try {
    writeSync(fd, NOTHING);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EAGAIN';
  }
}
