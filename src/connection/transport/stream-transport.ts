/**
 * A transport over any duplex stream: what the stream brings is copied into core memory (Node's own sockets, those of TLS
 * too, put it there themselves: `read-into.ts`), and what is written goes through the stream, which says by its
 * callbacks when a chunk is taken. What must hold: the stream does not look at a chunk any more once it has called back
 * for it, since the memory behind it is used again.
 */
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { CertifiedName } from '../certificates/certificate-login.js';
import type { Endpoint, Ends } from './endpoint.js';
import { PacedWork } from './paced-work.js';
import { readInto } from './read-into.js';
import type { TlsFacts } from './tls-facts.js';
import type { Transport, TransportEvents, TransportMemory } from './transport.js';

/** What a stream does not say of itself. */
export interface StreamEnds extends Ends {
  readonly isEncrypted: boolean;
  /** What TLS has come to, where the broker does it. */
  readonly tls?: () => TlsFacts;
  /** Of a client that has shown a certificate. */
  readonly certified?: CertifiedName | null;
  /** Asks what lies below the stream whether the client has gone; a stream alone cannot tell. */
  readonly isReset?: () => boolean;
}

/**
 * Many clients may go at once, and it takes a while to close a stream. A thread has one event loop, so that all of its
 * transports share this.
 */
const ENDS_A_TURN = 4;
const ENDS = new PacedWork<() => void>(ENDS_A_TURN, (end) => end());

export class StreamTransport implements Transport {
  readonly peer: Endpoint | null;
  readonly local: Endpoint | null;
  readonly isEncrypted: boolean;
  readonly isPatient = false;
  readonly #tls: (() => TlsFacts) | null;
  readonly certified: CertifiedName | null;
  readonly #isReset: () => boolean;
  readonly #stream: Duplex;
  readonly #memory: TransportMemory;
  readonly #events: TransportEvents;
  #bytesRead = 0;
  #bytesWritten = 0;
  readonly #onWritten = (error?: Error | null): void => {
    // A stream that failed is closed next.
    if (!error && !this.#stream.destroyed) this.#events.onWritten();
  };

  constructor(
    stream: Duplex,
    { peer, local, isEncrypted, tls, certified = null, isReset = () => false }: StreamEnds,
    memory: TransportMemory,
    events: TransportEvents,
  ) {
    this.peer = peer;
    this.local = local;
    this.isEncrypted = isEncrypted;
    this.#tls = tls ?? null;
    this.certified = certified;
    this.#isReset = isReset;
    this.#stream = stream;
    this.#memory = memory;
    this.#events = events;
    // What is done about the end waits for its turn.
    stream.allowHalfOpen = true;
    stream.on('data', (chunk: Uint8Array) => this.#onData(chunk));
    if (stream instanceof Socket) readInto(stream, memory.readBuffer, (length) => this.#onRead(length));
    stream.on('error', () => stream.destroy());
    stream.on('drain', () => events.onDrain());
    stream.on('end', () => {
      if (stream.writableEnded) events.onEnd();
      else ENDS.add(() => this.#onEnd());
    });
    stream.on('close', () => events.onClosed());
  }

  /** What has come into the read buffer, past the stream; behind a stop it goes into the stream. */
  #onRead(length: number): boolean {
    const stream = this.#stream;
    if (stream.isPaused() || stream.readableLength > 0) {
      stream.push(Buffer.from(this.#memory.readBuffer.subarray(0, length)));
      return false;
    }
    this.#bytesRead += length;
    if (this.#events.onRead(length)) return true;
    stream.pause();
    return false;
  }

  /** The read buffer takes as much as it holds, in pieces; what comes behind a stop goes back into the stream. */
  #onData(chunk: Uint8Array): void {
    const { readBuffer } = this.#memory;
    for (let offset = 0; offset < chunk.length && !this.#stream.destroyed; ) {
      const piece = chunk.subarray(offset, offset + readBuffer.length);
      readBuffer.set(piece);
      offset += piece.length;
      this.#bytesRead += piece.length;
      if (this.#events.onRead(piece.length)) continue;
      this.#stream.pause();
      if (offset < chunk.length) this.#stream.unshift(chunk.subarray(offset));
      return;
    }
  }

  /** A client that sends nothing more is not answered any more either, as with sockets. */
  #onEnd(): void {
    if (this.#stream.destroyed) return;
    this.#events.onEnd();
    this.#stream.end();
  }

  get bytesRead(): number {
    return this.#bytesRead;
  }

  get bytesSent(): number {
    return this.#bytesWritten - this.#stream.writableLength;
  }

  get unsent(): number {
    return this.#stream.writableLength;
  }

  get tls(): TlsFacts | null {
    return this.#tls?.() ?? null;
  }

  get isReset(): boolean {
    return this.#stream.writable && this.#isReset();
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  write(bytes: Uint8Array): void {
    this.#bytesWritten += bytes.length;
    this.#stream.write(bytes);
  }

  writeFromMemory(offset: number, length: number): boolean {
    this.#bytesWritten += length;
    this.#stream.write(Buffer.from(this.#memory.bytes.buffer, offset, length), this.#onWritten);
    return false;
  }

  cork(): void {
    this.#stream.cork();
  }

  uncork(): void {
    this.#stream.uncork();
  }

  end(): void {
    this.#stream.end();
  }

  destroy(): void {
    this.#stream.destroy();
  }
}
