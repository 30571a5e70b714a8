/**
 * The sending side of one connection: the core's chunks and the host's own frames go to the socket in the order in
 * which they were made. While the core is in the midst of a long content, the host's frames wait here for its end.
 */
import type { Socket } from 'node:net';
import type { Connection, Engine } from '../engine/engine.js';
import { isReset, writeDirectly } from './direct-write.js';
import type { Turn } from './turn.js';

/** Bytes waiting in the socket above which a client that does not read is not heard either. */
const BACKLOG_MAX = 1024 * 1024;

export class Outlet {
  readonly #engine: Engine;
  readonly #turn: Turn;
  readonly #core: Connection;
  readonly #socket: Socket;
  /** The socket's descriptor; null when it can be reached through the socket alone. */
  readonly #fd: number | null;
  /** Bytes that went past the socket's own count. */
  #sentDirectly = 0;
  /** Boxes that the socket has not yet taken, oldest first. */
  readonly #boxes: number[] = [];
  /** The host's frames that wait until the core's content is complete. */
  readonly #frames: Uint8Array[] = [];
  #whenIdle: (() => void) | null = null;
  #ending = false;
  readonly #onWritten = (error?: Error | null): void => this.#written(error);

  constructor(engine: Engine, turn: Turn, core: Connection, socket: Socket, fd: number | null) {
    this.#engine = engine;
    this.#turn = turn;
    this.#core = core;
    this.#socket = socket;
    this.#fd = fd;
  }

  /** Bytes that the system has taken. */
  get bytesSent(): number {
    return this.#sentDirectly + this.#socket.bytesWritten - this.#socket.writableLength;
  }

  /** Whether the client has gone without a word. For times in which the socket is not read: reading tells it by itself. */
  get isReset(): boolean {
    return this.#fd !== null && this.#socket.writable && isReset(this.#fd);
  }

  /** Writes the chunk that the core has just given out; its box is free again when the socket has taken it. */
  writeOutput(): void {
    const { bytes, outputOffset, outputLength, outputBox } = this.#engine;
    const sent = this.#sendDirectly(bytes, outputOffset, outputLength);
    if (sent === outputLength) this.#engine.written(this.#core, outputBox);
    else {
      this.#boxes.push(outputBox);
      this.#socket.write(Buffer.from(bytes.buffer, outputOffset + sent, outputLength - sent), this.#onWritten);
    }
    if (this.#frames.length > 0 || this.#whenIdle !== null) this.#goOn();
  }

  /** Bytes that the socket took at once; none while others wait before them, or when it is closed. */
  #sendDirectly(bytes: Uint8Array, offset: number, length: number): number {
    const socket = this.#socket;
    if (this.#fd === null || socket.writableLength > 0 || !socket.writable) return 0;
    const sent = writeDirectly(this.#fd, bytes, offset, length);
    this.#sentDirectly += sent;
    return sent;
  }

  /** Sends a frame of the host's behind everything that was sent or made before. */
  send(frame: Uint8Array): void {
    if (this.#frames.length > 0 || !this.#engine.outputIdle(this.#core)) this.#frames.push(frame);
    else this.#write(frame);
  }

  /** Null when the core may be asked for single messages (get, return); else resolves when it may. */
  idle(): Promise<void> | null {
    if (this.#frames.length === 0 && this.#engine.outputIdle(this.#core)) return null;
    return new Promise((resolve) => {
      this.#whenIdle = resolve;
    });
  }

  /** Null unless the client lets far too much pile up; else resolves when it has read that. */
  clogged(): Promise<void> | null {
    if (this.#socket.writableLength < BACKLOG_MAX) return null;
    return new Promise((resolve) => this.#socket.once('drain', resolve));
  }

  /** Nobody waits to write any more: promises of `idle` stay unkept. */
  forgetWaiting(): void {
    this.#whenIdle = null;
  }

  /** Ends the stream, once everything that was sent is written. */
  end(): void {
    this.#ending = true;
    if (this.#frames.length === 0) this.#socket.end();
  }

  #write(frame: Uint8Array): void {
    while (this.#engine.takeOutput(this.#core)) this.writeOutput();
    this.#socket.write(frame);
  }

  #written(error?: Error | null): void {
    const box = this.#boxes.shift();
    // A socket that failed is closed next, and everything of the connection is freed with it.
    if (box === undefined || error || this.#socket.destroyed) return;
    this.#turn.begin();
    this.#engine.written(this.#core, box);
    if (this.#frames.length > 0 || this.#whenIdle !== null) this.#goOn();
  }

  /** Sends what waited, once the core's content is complete. */
  #goOn(): void {
    if (!this.#engine.outputIdle(this.#core)) return;
    for (const frame of this.#frames.splice(0)) this.#write(frame);
    const resume = this.#whenIdle;
    this.#whenIdle = null;
    resume?.();
    if (this.#ending) this.#socket.end();
  }
}
