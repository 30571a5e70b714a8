/**
 * The transport of the program that embeds the broker: two rings in memory that its thread and the worker's share, in
 * place of a socket. What comes is copied into core memory and what goes out of it, once each, with no system call.
 * What must hold: a program that does not read, or whose thread stands still, holds up this connection alone, for as
 * long as it likes: it cannot be gone, since the broker's threads end with its own.
 */
import { fatal } from '../../platform/fatal.js';
import { RingEnd, Want } from '../../platform/ring-pair.js';
import { RingTurns } from '../../platform/ring-turns.js';
import type { CertifiedName } from '../certificates/certificate-login.js';
import type { Endpoint } from './endpoint.js';
import type { Transport, TransportEvents, TransportMemory } from './transport.js';

/** The program that comes in by a pair of rings, and as whom. */
export interface ProgramClient {
  readonly rings: SharedArrayBuffer;
  readonly user: string;
}

const PROGRAM: Endpoint = { kind: 'program' };

/** The worker's end of a pair of rings. */
export function workerEnd({ rings }: ProgramClient): RingEnd {
  return new RingEnd(rings, 1);
}

/** What the ring has not taken yet. */
interface Unsent {
  readonly bytes: Uint8Array;
  /** Of core memory: it is told when this is taken. */
  readonly isChunk: boolean;
}

export class RingTransport implements Transport {
  readonly peer = PROGRAM;
  readonly local = PROGRAM;
  readonly isEncrypted = false;
  readonly isPatient = true;
  readonly tls = null;
  /** The program says as whom it comes, and needs no password. */
  readonly certified: CertifiedName;
  readonly #end: RingEnd;
  readonly #memory: TransportMemory;
  readonly #events: TransportEvents;
  readonly #turns: RingTurns;
  /** Oldest first; of the first one so many octets are taken. */
  readonly #waiting: Unsent[] = [];
  #taken = 0;
  #unsent = 0;
  #bytesRead = 0;
  #bytesSent = 0;
  #isReading = true;
  #isEnding = false;
  #isClosed = false;

  constructor(client: ProgramClient, memory: TransportMemory, events: TransportEvents) {
    this.certified = { ok: true, name: client.user };
    this.#end = workerEnd(client);
    this.#memory = memory;
    this.#events = events;
    this.#turns = new RingTurns(this.#end, () => this.#turn(), fatal);
    this.#turns.schedule();
  }

  get bytesRead(): number {
    return this.#bytesRead;
  }

  get bytesSent(): number {
    return this.#bytesSent;
  }

  get unsent(): number {
    return this.#unsent;
  }

  get isReset(): boolean {
    return !this.#isClosed && this.#end.isOtherClosed;
  }

  pause(): void {
    this.#isReading = false;
  }

  resume(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    this.#turns.schedule();
  }

  write(bytes: Uint8Array): void {
    this.#send(bytes, false);
  }

  writeFromMemory(offset: number, length: number): boolean {
    return this.#send(this.#memory.bytes.subarray(offset, offset + length), true);
  }

  /** What is written is in the program's reach at once: there is nothing to gather. */
  cork(): void {}

  uncork(): void {}

  end(): void {
    this.#isEnding = true;
    if (this.#waiting.length === 0) this.#end.close();
  }

  destroy(): void {
    if (this.#isClosed) return;
    this.#close();
    setImmediate(() => this.#events.onClosed());
  }

  /** Whether the ring has taken all of it; else the rest waits. */
  #send(bytes: Uint8Array, isChunk: boolean): boolean {
    if (this.#isClosed) return true;
    if (this.#waiting.length === 0) {
      this.#taken = this.#count(this.#end.write(bytes));
      if (this.#taken === bytes.length) return true;
    }
    this.#unsent += bytes.length - (this.#waiting.length === 0 ? this.#taken : 0);
    this.#waiting.push({ bytes, isChunk });
    this.#turns.schedule();
    return false;
  }

  #count(sent: number): number {
    this.#bytesSent += sent;
    return sent;
  }

  #turn(): number | null {
    this.#sendWaiting();
    if (this.#isReading && !this.#isClosed) this.#readPiece();
    const wants = this.#isReading ? Want.OCTETS : Want.NOTHING;
    return this.#waiting.length > 0 ? wants | Want.ROOM : wants;
  }

  #sendWaiting(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const sent = this.#count(this.#end.write(next.bytes.subarray(this.#taken)));
      this.#unsent -= sent;
      this.#taken += sent;
      if (this.#taken < next.bytes.length) return;
      this.#taken = 0;
      this.#waiting.shift();
      if (next.isChunk) this.#events.onWritten();
      if (this.#waiting.length > 0) continue;
      if (this.#isEnding) this.#end.close();
      this.#events.onDrain();
    }
  }

  #readPiece(): void {
    // Looked at first: what the program wrote before it left is read before its end.
    const isOver = this.#end.isOtherClosed;
    const length = this.#end.readInto(this.#memory.readBuffer);
    if (length === 0) {
      if (isOver) this.#onEnd();
      return;
    }
    this.#bytesRead += length;
    if (!this.#events.onRead(length)) this.#isReading = false;
  }

  /** The program has left: it reads nothing more, either. */
  #onEnd(): void {
    this.#events.onEnd();
    this.#close();
    this.#events.onClosed();
  }

  #close(): void {
    this.#isClosed = true;
    this.#turns.stop();
    this.#end.leave();
    this.#waiting.length = 0;
    this.#unsent = 0;
  }
}
