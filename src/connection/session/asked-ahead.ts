/**
 * How much one connection is ahead: what the coordinator has granted and the store has not taken yet. What must hold:
 * while there is any, nothing else of the stream is taken but what may be asked ahead as well, and of that no more than
 * a limit. Who waits for a purge, which the log may have no room for, is also heard when it closes the connection, with
 * the heartbeats before that.
 */
import { FRAME_END, FRAME_OVERHEAD, FrameType, HEARTBEAT_FRAME } from '../../amqp/frames.js';
import { methodId } from '../../amqp/protocol.js';
import { ASKED_AHEAD, type RequestAhead } from '../../broker/requests/requests.js';
import { FRAME_MAX_LEAST } from '../handshake/tune.js';

/** Most requests of one connection that are granted and not durable: enough that a write is worth it. */
const MOST = 256;

/**
 * A frame: type, channel (2), payload size (4), payload, end. A method's payload starts with class (2) and method (2).
 */
const SIZE_OFFSET = 3;
const CLASS_OFFSET = 7;
const METHOD_OFFSET = 9;
const ARGUMENTS_OFFSET = 11;

const METHODS = new Set(
  ASKED_AHEAD.map((name) => {
    const { classId, methodId: id } = methodId(name);
    return idOf(classId, id);
  }),
);

const CLOSE = methodId('connection.close');

interface Wait {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

export class AskedAhead {
  #count = 0;
  /** How many of them are purges. */
  #purges = 0;
  #settled: Wait | null = null;

  /** A request has been granted. */
  add(op: RequestAhead['op']): void {
    this.#count += 1;
    if (op === 'queue.purge') this.#purges += 1;
  }

  /** A request has been answered. */
  settle(op: RequestAhead['op']): void {
    if (this.#count === 0) return;
    this.#count -= 1;
    if (op === 'queue.purge') this.#purges -= 1;
    if (this.#count === 0) this.#tell();
  }

  /** The connection ends: nobody waits for answers any more. */
  forget(): void {
    this.#count = 0;
    this.#purges = 0;
    this.#tell();
  }

  /** Null: all that was granted is answered; else resolves when it is. */
  settled(): Promise<void> | null {
    if (this.#count === 0) return null;
    this.#settled ??= newWait();
    return this.#settled.promise;
  }

  /** How many octets of what came may be taken now: all, one frame, or none. */
  allowed(bytes: Uint8Array, start: number, length: number): number {
    if (this.#count === 0) return length;
    if (this.#purges > 0 && isHeartbeat(bytes, start, length)) return FRAME_OVERHEAD;
    const { size, method } = frameAhead(bytes, start, length);
    if (this.#purges > 0 && method === idOf(CLOSE.classId, CLOSE.methodId)) return size;
    return this.#count < MOST && METHODS.has(method) ? size : 0;
  }

  #tell(): void {
    this.#settled?.resolve();
    this.#settled = null;
  }
}

function newWait(): Wait {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

function isHeartbeat(bytes: Uint8Array, start: number, length: number): boolean {
  return length >= FRAME_OVERHEAD && HEARTBEAT_FRAME.every((octet, i) => bytes[start + i] === octet);
}

interface FrameAhead {
  readonly size: number;
  readonly method: number;
}
const NO_METHOD: FrameAhead = { size: 0, method: 0 };

/** The size of the frame that comes first and its method, if it is whole, sound and a method. */
function frameAhead(bytes: Uint8Array, start: number, length: number): FrameAhead {
  if (length < ARGUMENTS_OFFSET || bytes[start] !== FrameType.METHOD) return NO_METHOD;
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, length);
  const size = view.getUint32(SIZE_OFFSET) + FRAME_OVERHEAD;
  // One that may be too long, or does not end as it should, closes the connection: in its turn, behind all answers.
  if (size > Math.min(length, FRAME_MAX_LEAST) || bytes[start + size - 1] !== FRAME_END) return NO_METHOD;
  return { size, method: idOf(view.getUint16(CLASS_OFFSET), view.getUint16(METHOD_OFFSET)) };
}

function idOf(classId: number, method: number): number {
  return (classId << 16) | method;
}
