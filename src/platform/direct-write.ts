/**
 * Writing to a socket's descriptor at once, past the stream in front of it: what the core has encoded leaves by one
 * system call, with no object made for it. What must hold: the descriptor is the stream's own and open, and nothing
 * waits in the stream. The call is the C library's own, reached through koffi: Node's `writeSync` throws when a socket
 * is full, which costs as much as many writes.
 */
import { constants } from 'node:os';
import type * as Koffi from 'koffi';
import { loadKoffi } from './foreign-calls.js';

/**
 * Writes to descriptors. Only where descriptors can be duplicated is there any to write to, and there koffi has been
 * loaded.
 */
export class DirectWrite {
  readonly #koffi: typeof Koffi;
  readonly #write: (fd: number, address: number, length: number) => number;
  readonly #writeBytes: (fd: number, bytes: Uint8Array, length: number) => number;
  readonly #memory: Uint8Array;
  /** Where `#memory` stands in the process. It is shared memory, which never moves. */
  readonly #base: number;

  constructor(memory: Uint8Array) {
    this.#koffi = loadKoffi();
    const libc = this.#koffi.load(null);
    this.#write = libc.func('intptr_t write(int, uintptr_t, size_t)');
    this.#writeBytes = libc.func('intptr_t write(int, const void *, size_t)');
    this.#memory = memory;
    this.#base = Number(this.#koffi.address(memory));
  }

  /**
   * Bytes of the memory from `offset` that the socket has taken, 0 … `length`. Why it takes none, if it is not full,
   * its stream finds out by itself.
   */
  fromMemory(fd: number, offset: number, length: number): number {
    if (offset + length > this.#memory.length) throw new Error(`${length} bytes at ${offset} are not in the memory`);
    return Math.max(0, this.#write(fd, this.#base + offset, length));
  }

  /** The same from elsewhere. */
  from(fd: number, bytes: Uint8Array): number {
    return Math.max(0, this.#writeBytes(fd, bytes, bytes.length));
  }

  /**
   * Whether the other side has reset the connection: a socket that is neither read nor written learns of that only when
   * it is asked.
   */
  isReset(fd: number): boolean {
    return this.#write(fd, this.#base, 0) < 0 && this.#koffi.errno() !== constants.errno.EAGAIN;
  }
}
