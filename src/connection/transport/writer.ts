/**
 * The sending side of one connection: the core's chunks and the host's own frames go to the transport in the order in
 * which they were made. While the core is in the midst of a long content, the host's frames wait here for its end.
 * What the host answers to one read leaves by one write. What must hold: a client for whom much waits, here or in the
 * transport, is told so (`clogged`) before it may ask for more.
 */
import type { Connection, Engine } from '../../engine/engine.js';
import type { EventLoop } from '../../event-loop/event-loop.js';
import type { Transport } from './transport.js';

/** Bytes waiting for a client, here or in its transport, above which it is not heard either until it has read. */
const BACKLOG_MAX = 1024 * 1024;

export class ConnectionWriter {
  /** How often something was written. */
  writes = 0;
  readonly #engine: Engine;
  readonly #eventLoop: EventLoop;
  readonly #core: Connection;
  readonly #transport: Transport;
  /** Boxes that the transport has not yet taken, oldest first. */
  readonly #boxes: number[] = [];
  /** The host's frames that wait until the core's content is complete, and their bytes. */
  readonly #frames: Uint8Array[] = [];
  #frameBytes = 0;
  /** Frames that leave by one write, while they are gathered. */
  #gathered: Uint8Array[] = [];
  #gathering = false;
  #whenIdle: (() => void) | null = null;
  #whenRead: (() => void) | null = null;
  #ending = false;
  /** Takes what the core sends, and gives back what is to go now; null: all goes as it is. */
  #filter: ((frames: Uint8Array) => Uint8Array) | null = null;
  /** Looks at what the core sends; null: nobody does. */
  #tap: ((frames: Uint8Array) => void) | null = null;

  constructor(engine: Engine, eventLoop: EventLoop, core: Connection, transport: Transport) {
    this.#engine = engine;
    this.#eventLoop = eventLoop;
    this.#core = core;
    this.#transport = transport;
  }

  /** Writes the chunk that the core has just given out; its box is free again when the transport has taken it. */
  writeOutput(): void {
    this.#writeGathered();
    this.writes += 1;
    const { outputOffset, outputLength, outputBox } = this.#engine;
    this.#tap?.(this.#engine.bytes.subarray(outputOffset, outputOffset + outputLength));
    if (this.#filter !== null) {
      const left = this.#filter(this.#engine.bytes.subarray(outputOffset, outputOffset + outputLength));
      if (left.length > 0) this.#transport.write(left);
      this.#engine.written(this.#core, outputBox);
    } else if (this.#transport.writeFromMemory(outputOffset, outputLength)) this.#engine.written(this.#core, outputBox);
    else this.#boxes.push(outputBox);
    if (this.#frames.length > 0 || this.#whenIdle !== null) this.#goOn();
  }

  /** From now on `tap` looks at what the core sends; null: nobody does. */
  tap(tap: ((frames: Uint8Array) => void) | null): void {
    this.writeAll();
    this.#tap = tap;
  }

  /** From now on `filter` says what of the core's frames goes at once; null: all goes as it is. */
  filter(filter: ((frames: Uint8Array) => Uint8Array) | null): void {
    this.writeAll();
    this.#filter = filter;
  }

  /** Writes all that the core has to send. */
  writeAll(): void {
    while (this.#engine.takeOutput(this.#core)) this.writeOutput();
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
    });
  }

  /** Whether the client is not heard before it has read. */
  get isClogged(): boolean {
    return this.#whenRead !== null;
  }

  get #backlog(): number {
    return this.#transport.unsent + this.#frameBytes;
  }

  /**
   * The transport has taken all that waited; frames that wait for a content join it when that is complete (`#goOn`),
   * and may fill it again.
   */
  drained(): void {
    if (this.#whenRead === null || this.#backlog >= BACKLOG_MAX) return;
    const resume = this.#whenRead;
    this.#whenRead = null;
    resume();
  }

  /** Nobody waits to write any more: promises of `idle` and `clogged` stay unkept. */
  forgetWaiting(): void {
    this.#whenIdle = null;
    this.#whenRead = null;
  }

  /** Ends the transport, once everything that was sent is written. */
  end(): void {
    this.#ending = true;
    this.#writeGathered();
    if (this.#frames.length === 0) this.#transport.end();
  }

  #write(frame: Uint8Array): void {
    this.writeAll();
    this.#gathered.push(frame);
  }

  #writeGathered(): void {
    if (this.#gathered.length === 0) return;
    const frames = this.#gathered;
    this.#gathered = [];
    this.writes += 1;
    this.#transport.write(Buffer.concat(frames));
  }

  /** The transport has taken the oldest chunk that it had not taken at once. */
  written(): void {
    const box = this.#boxes.shift();
    if (box === undefined) return;
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
    this.drained();
    const resume = this.#whenIdle;
    this.#whenIdle = null;
    resume?.();
    if (this.#ending) this.#transport.end();
  }
}
