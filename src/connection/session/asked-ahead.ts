/**
 * How much one connection is ahead: what has been granted and is not answered, since that waits for the disk. What must
 * hold: while there is any, nothing else of the stream is taken but what may be asked ahead as well, and of that no
 * more than a limit. What may wait until there is room on the disk must not make the client unheard: its heartbeats are
 * taken, and, when it has waited for long, its closes.
 */
import { FRAME_END, FRAME_OVERHEAD, FrameType, HEARTBEAT_FRAME } from '../../amqp/frames.js';
import { methodId } from '../../amqp/protocol.js';
import { FRAME_MAX_LEAST } from '../../broker/requests/node-limits.js';
import { ASKED_AHEAD, type RequestAhead } from '../../broker/requests/requests.js';

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

const CLOSES = new Set(
  (['connection.close', 'channel.close'] as const).map((name) => {
    const { classId, methodId: id } = methodId(name);
    return idOf(classId, id);
  }),
);

/**
 * So long whoever closes is served what it has asked for before (ms): a disk that works is faster, and a client need
 * not wait for one answer before it says the next.
 */
const PATIENCE_MS = 1_000;

/** What may wait for the disk: what was asked ahead, and two methods behind which nothing else is. */
export type WaitingMethod = RequestAhead['op'] | 'tx.commit' | 'basic.get';

/** A method of a channel that is granted and not answered. */
export interface Pending {
  readonly channel: number;
  readonly method: WaitingMethod;
}

interface Wait {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

export class AskedAhead {
  readonly #pending = new Set<Pending>();
  /** How many may wait until the disk works, and how many of these nothing is asked behind. */
  #patient = 0;
  #alone = 0;
  /** Since when the first of them has waited. */
  #since = 0;
  #settled: Wait | null = null;
  #timer: NodeJS.Timeout | null = null;
  readonly #patience: number;

  constructor(patience = PATIENCE_MS) {
    this.#patience = patience;
  }

  /** A request has been granted, or a method waits. */
  add(channel: number, method: WaitingMethod): Pending {
    const pending = { channel, method };
    this.#pending.add(pending);
    if (!waitsForRoom(method)) return pending;
    if (this.#patient === 0) this.#since = performance.now();
    this.#patient += 1;
    if (method !== 'queue.purge') this.#alone += 1;
    return pending;
  }

  /** It has been answered, or need not be. */
  settle(pending: Pending): void {
    if (!this.#pending.delete(pending)) return;
    if (waitsForRoom(pending.method)) {
      this.#patient -= 1;
      if (pending.method !== 'queue.purge') this.#alone -= 1;
    }
    if (this.#pending.size === 0) this.#tell();
  }

  /** A channel ends, and gives up what it waits for. Whether the coordinator still owes it the answer to a purge. */
  leave(channel: number): boolean {
    const left = [...this.#pending].filter((one) => one.channel === channel);
    for (const one of left) this.settle(one);
    return left.some(({ method }) => method === 'queue.purge');
  }

  /** The connection ends: nobody waits for answers any more. */
  forget(): void {
    for (const pending of [...this.#pending]) this.settle(pending);
    this.#tell();
  }

  /** Whether a purge waits, behind which the coordinator answers nothing else. */
  get holdsAnswers(): boolean {
    return this.#patient > this.#alone;
  }

  /** Null: all that was granted is answered; else resolves when it is, or more may be taken. */
  settled(): Promise<void> | null {
    if (this.#pending.size === 0) return null;
    this.#settled ??= newWait();
    return this.#settled.promise;
  }

  /** How many octets of what came may be taken now: all, one frame, or none. */
  allowed(bytes: Uint8Array, start: number, length: number): number {
    if (this.#pending.size === 0) return length;
    if (this.#patient > 0 && isHeartbeat(bytes, start, length)) return FRAME_OVERHEAD;
    const { size, method } = frameAhead(bytes, start, length);
    if (this.#patient > 0 && CLOSES.has(method)) return this.#isLate() ? size : 0;
    return this.#alone === 0 && this.#pending.size < MOST && METHODS.has(method) ? size : 0;
  }

  /** Whether the disk has had its time; if not, who waits is told when it has. */
  #isLate(): boolean {
    const left = this.#since + this.#patience - performance.now();
    if (left <= 0) return true;
    this.#timer ??= setTimeout(() => this.#tell(), left);
    return false;
  }

  #tell(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#settled?.resolve();
    this.#settled = null;
  }
}

/** Definitions that cannot be written are refused. */
function waitsForRoom(method: WaitingMethod): boolean {
  return method === 'queue.purge' || method === 'tx.commit' || method === 'basic.get';
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
