/**
 * The sending side of one connection: the core's chunks and the host's own frames go to the socket in the order in
 * which they were made. While the core is in the midst of a long content, the host's frames wait here for its end.
 * What the host answers to one read leaves by one write. What must hold: a client for whom much waits, here or in the
 * socket, is told so (`clogged`) before it may ask for more.
 */
import type { Socket } from 'node:net';
import type { Connection, Engine } from '../../engine/engine.js';
import type { EventLoop } from '../../event-loop/event-loop.js';
import type { DirectWrite } from '../../platform/direct-write.js';

/** Bytes waiting for a client, here or in its socket, above which it is not heard either until it has read. */
const BACKLOG_MAX = 1024 * 1024;

/** A socket that can be reached past its stream. */
export interface Direct {
  readonly fd: number;
  readonly calls: DirectWrite;
}

export class ConnectionWriter {
  readonly #engine: Engine;
  readonly #eventLoop: EventLoop;
  readonly #core: Connection;
  readonly #socket: Socket;
  /** Null when the socket can be reached through its stream alone. */
  readonly #direct: Direct | null;
  /** Bytes that went past the socket's own count. */
  #sentDirectly = 0;
  /** Boxes that the socket has not yet taken, oldest first. */
  readonly #boxes: number[] = [];
  /** The host's frames that wait until the core's content is complete, and their bytes. */
  readonly #frames: Uint8Array[] = [];
  #frameBytes = 0;
  /** Frames that leave by one write, while they are gathered. */
  #gathered: Uint8Array[] = [];
  #gathering = false;
  #whenIdle: (() => void) | null = null;
  #whenRead: (() => void) | null = null;
  #awaitsDrain = false;
  #ending = false;
  readonly #onWritten = (error?: Error | null): void => this.#written(error);

  constructor(engine: Engine, eventLoop: EventLoop, core: Connection, socket: Socket, direct: Direct | null) {
    this.#engine = engine;
    this.#eventLoop = eventLoop;
    this.#core = core;
    this.#socket = socket;
    this.#direct = direct;
  }

  /** Bytes that the system has taken. */
  get bytesSent(): number {
    return this.#sentDirectly + this.#socket.bytesWritten - this.#socket.writableLength;
  }

  /**
   * Whether the client has gone without a word. For times in which the socket is not read: reading tells it by itself.
   */
  get isReset(): boolean {
    return this.#direct !== null && this.#socket.writable && this.#direct.calls.isReset(this.#direct.fd);
  }

  /** Writes the chunk that the core has just given out; its box is free again when the socket has taken it. */
  writeOutput(): void {
    this.#writeGathered();
    const { bytes, outputOffset, outputLength, outputBox } = this.#engine;
    const direct = this.#isClear ? this.#direct : null;
    const sent = direct === null ? 0 : this.#count(direct.calls.fromMemory(direct.fd, outputOffset, outputLength));
    if (sent === outputLength) this.#engine.written(this.#core, outputBox);
    else {
      this.#boxes.push(outputBox);
      this.#socket.write(Buffer.from(bytes.buffer, outputOffset + sent, outputLength - sent), this.#onWritten);
    }
    if (this.#frames.length > 0 || this.#whenIdle !== null) this.#goOn();
  }

  /** Whether nothing waits in the stream, so that what is written past it keeps its order. */
  get #isClear(): boolean {
    const { writableLength, writableCorked, writable } = this.#socket;
    return writableLength === 0 && writableCorked === 0 && writable;
  }

  #count(sent: number): number {
    this.#sentDirectly += sent;
    return sent;
  }

  /** Sends a frame of the host's behind everything that was sent or made before. */
  send(frame: Uint8Array): void {
    if (this.#frames.length > 0 || !this.#engine.outputIdle(this.#core)) {
      this.#frames.push(frame);
      this.#frameBytes += frame.length;
    } else {
      this.#write(frame);
      if (!this.#gathering) this.#writeGathered();
    }
  }

  /** Frames that are sent from now on leave together, at `flush`. */
  gather(): void {
    this.#gathering = true;
  }

  flush(): void {
    this.#gathering = false;
    this.#writeGathered();
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
    if (this.#backlog < BACKLOG_MAX) return null;
    return new Promise((resolve) => {
      this.#whenRead = resolve;
      this.#awaitDrain();
    });
  }

  get #backlog(): number {
    return this.#socket.writableLength + this.#frameBytes;
  }

  /**
   * The stream tells when it has sent everything; frames that wait for a content join it then (`#goOn`), and may fill
   * it again.
   */
  #awaitDrain(): void {
    if (this.#awaitsDrain || this.#socket.writableLength === 0) return;
    this.#awaitsDrain = true;
    this.#socket.once('drain', () => {
      this.#awaitsDrain = false;
      this.#tellRead();
    });
  }

  #tellRead(): void {
    if (this.#whenRead === null) return;
    if (this.#backlog >= BACKLOG_MAX) return this.#awaitDrain();
    const resume = this.#whenRead;
    this.#whenRead = null;
    resume();
  }

  /** Nobody waits to write any more: promises of `idle` and `clogged` stay unkept. */
  forgetWaiting(): void {
    this.#whenIdle = null;
    this.#whenRead = null;
  }

  /** Ends the stream, once everything that was sent is written. */
  end(): void {
    this.#ending = true;
    this.#writeGathered();
    if (this.#frames.length === 0) this.#socket.end();
  }

  #write(frame: Uint8Array): void {
    while (this.#engine.takeOutput(this.#core)) this.writeOutput();
    this.#gathered.push(frame);
  }

  #writeGathered(): void {
    if (this.#gathered.length === 0) return;
    const frames = this.#gathered;
    this.#gathered = [];
    const bytes = Buffer.concat(frames);
    const direct = this.#isClear ? this.#direct : null;
    const sent = direct === null ? 0 : this.#count(direct.calls.from(direct.fd, bytes));
    if (sent < bytes.length) this.#socket.write(bytes.subarray(sent));
  }

  #written(error?: Error | null): void {
    const box = this.#boxes.shift();
    // A socket that failed is closed next, and everything of the connection is freed with it.
    if (box === undefined || error || this.#socket.destroyed) return;
    this.#eventLoop.begin();
    this.#engine.written(this.#core, box);
    if (this.#frames.length > 0 || this.#whenIdle !== null) this.#goOn();
  }

  /** Sends what waited, once the core's content is complete. */
  #goOn(): void {
    if (!this.#engine.outputIdle(this.#core)) return;
    this.#frameBytes = 0;
    for (const frame of this.#frames.splice(0)) this.#write(frame);
    this.#writeGathered();
    this.#tellRead();
    const resume = this.#whenIdle;
    this.#whenIdle = null;
    resume?.();
    if (this.#ending) this.#socket.end();
  }
}
