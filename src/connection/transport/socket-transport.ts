/**
 * The transport of plain sockets, TCP and Unix-domain: the system reads straight into core memory, and writes straight
 * from there. What is written goes past the socket's stream while nothing waits in it; what the system does not take
 * goes through the stream, and all that follows behind it.
 */
import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';
import type { DirectWrite } from '../../platform/direct-write.js';
import type { AcceptedSocket } from './accepted-socket.js';
import type { Endpoint, Ends } from './endpoint.js';
import type { Transport, TransportEvents, TransportMemory } from './transport.js';

/** A socket that can be reached past its stream. */
export interface Direct {
  readonly fd: number;
  readonly calls: DirectWrite;
}

export class SocketTransport implements Transport {
  readonly isEncrypted = false;
  readonly isPatient = false;
  readonly tls = null;
  readonly certified = null;
  readonly #socket: Socket;
  /** Null when the socket can be reached through its stream alone. */
  readonly #direct: Direct | null;
  readonly #memory: ArrayBufferLike;
  readonly #events: TransportEvents;
  /** Those behind a proxy; null: the socket's own. */
  readonly #ends: Ends | null;
  /** The path of a Unix-domain socket. */
  readonly #path: string | null;
  /** Bytes that went past the socket's own count. */
  #sentDirectly = 0;
  readonly #onWritten = (error?: Error | null): void => {
    // A socket that failed is closed next.
    if (!error && !this.#socket.destroyed) this.#events.onWritten();
  };

  constructor(accepted: AcceptedSocket, memory: TransportMemory, direct: Direct | null, events: TransportEvents) {
    this.#memory = memory.bytes.buffer;
    this.#direct = direct;
    this.#events = events;
    this.#ends = accepted.ends ?? null;
    this.#path = accepted.kind === 'unix' ? accepted.path : null;
    const onread: OnReadOpts = { buffer: memory.readBuffer, callback: (length) => events.onRead(length) };
    const source = 'fd' in accepted ? { fd: accepted.fd } : { handle: accepted.handle };
    // Node's types know `onread` for outgoing connections only.
    const options = { ...source, readable: true, writable: true, onread } as unknown as SocketConstructorOpts;
    this.#socket = new Socket(options);
    this.#socket.setNoDelay(true);
    this.#socket.on('error', () => this.#socket.destroy());
    this.#socket.on('drain', () => events.onDrain());
    this.#socket.on('end', () => events.onEnd());
    this.#socket.on('close', () => events.onClosed());
    this.#socket.resume();
  }

  get peer(): Endpoint | null {
    if (this.#ends !== null) return this.#ends.peer;
    return this.#endpoint(this.#socket.remoteAddress, this.#socket.remotePort);
  }

  get local(): Endpoint | null {
    if (this.#ends !== null) return this.#ends.local;
    return this.#endpoint(this.#socket.localAddress, this.#socket.localPort);
  }

  #endpoint(address: string | undefined, port: number | undefined): Endpoint | null {
    if (this.#path !== null) return { kind: 'unix', path: this.#path };
    return address === undefined || port === undefined ? null : { kind: 'tcp', address, port };
  }

  get bytesRead(): number {
    return this.#socket.bytesRead;
  }

  get bytesSent(): number {
    return this.#sentDirectly + this.#socket.bytesWritten - this.#socket.writableLength;
  }

  get unsent(): number {
    return this.#socket.writableLength;
  }

  get isReset(): boolean {
    return this.#direct !== null && this.#socket.writable && this.#direct.calls.isReset(this.#direct.fd);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  write(bytes: Uint8Array): void {
    const direct = this.#isClear ? this.#direct : null;
    const sent = direct === null ? 0 : this.#count(direct.calls.from(direct.fd, bytes));
    if (sent < bytes.length) this.#socket.write(bytes.subarray(sent));
  }

  writeFromMemory(offset: number, length: number): boolean {
    const direct = this.#isClear ? this.#direct : null;
    const sent = direct === null ? 0 : this.#count(direct.calls.fromMemory(direct.fd, offset, length));
    if (sent === length) return true;
    this.#socket.write(Buffer.from(this.#memory, offset + sent, length - sent), this.#onWritten);
    return false;
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

  cork(): void {
    this.#socket.cork();
  }

  uncork(): void {
    this.#socket.uncork();
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
