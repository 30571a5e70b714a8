/**
 * A WebSocket as a duplex stream of octets: binary messages carry the stream in whatever pieces, text messages close
 * it. What must hold: a client that is not read sends no more (its socket is paused), and of what is written only one
 * chunk at a time is handed to the socket, so that the rest waits where the transport counts it.
 */
import { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';

/** RFC 6455, section 7.4.1. */
const NORMAL_CLOSURE = 1000;
const UNSUPPORTED_DATA = 1003;

type Done = (error?: Error | null) => void;

export class WebSocketStream extends Duplex {
  readonly #socket: WebSocket;

  /** `onFault` hears, once, of what the client has done against the protocol; the WebSocket is closed then. */
  constructor(socket: WebSocket, onFault: (reason: string) => void) {
    super();
    this.#socket = socket;
    socket.binaryType = 'nodebuffer';
    socket.on('message', (data: RawData, isBinary: boolean) => {
      if (isBinary) this.#take(data as Buffer);
      else if (this.#isOpen) {
        onFault('it sends a text message, and AMQP goes in binary ones');
        socket.close(UNSUPPORTED_DATA, 'AMQP goes in binary messages');
      }
    });
    // The library sends the code that fits what was wrong, and closes.
    socket.on('error', (error) => onFault(faultText(error)));
    // What has come before is still read.
    socket.on('close', () => this.push(null));
  }

  get #isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  #take(octets: Buffer): void {
    if (octets.length > 0 && !this.push(octets)) this.#socket.pause();
  }

  override _read(): void {
    if (this.#socket.isPaused) this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    if (this.#isOpen) this.#socket.send(chunk, { binary: true }, done);
    else done(new Error('the WebSocket is closed'));
  }

  override _final(done: Done): void {
    if (this.#socket.readyState === this.#socket.CLOSED) return done();
    this.#socket.once('close', () => done());
    this.#socket.close(NORMAL_CLOSURE);
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#socket.terminate();
    done(error);
  }
}

/** What the library says of a client's frames, in its words; of the socket below nothing is said. */
function faultText(error: Error & { readonly code?: string }): string {
  return error.message.replace(/^Invalid WebSocket frame: /, '');
}
