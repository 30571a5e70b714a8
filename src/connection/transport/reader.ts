/**
 * The receiving side of one connection: hands what the transport read to the core, and what the core does not take to
 * the connection, in the order in which it came. What must hold: while something must wait, for the coordinator, for
 * memory, for a client that does not read, or for the others' turn, the transport is not read and the rest of the last
 * read is kept.
 */
import { FRAME_HEAD, PROTOCOL_HEADER } from '../../amqp/frames.js';
import { type Connection as CoreConnection, Stop } from '../../engine/engine.js';
import { fatal } from '../../platform/fatal.js';
import type { AskedAhead } from '../session/asked-ahead.js';
import type { Host } from '../session/session.js';

/** Nothing, or a promise when the stream must wait. */
export type Outcome = Promise<void> | undefined;

/** What a connection does with what comes in. */
export interface Receiver {
  onHeader(kind: Exclude<HeaderKind, 'incomplete'>): void;
  onFrame(type: number, channel: number, payload: Uint8Array): Outcome;
  /** The core does not know a route; the key lies where it says. */
  onRoute(): Outcome;
  /** A message is complete whose way the host decides. */
  onMessage(channel: number): Outcome;
  /** Work for a frame of this channel threw, or its promise was rejected. */
  onError(channel: number, error: unknown): Outcome;
  /** A frame is too long, by its payload's size; the stream cannot be followed any more. */
  onOversize(payloadSize: number): void;
  /** A frame does not end as it should; the stream cannot be followed any more. */
  onBadEnd(): void;
  /** Messages wait for memory, or do not any more. */
  onMemory(state: 'short' | 'enough'): void;
  /** What is sent until `endAnswers` leaves together. */
  beginAnswers(): void;
  endAnswers(): void;
  /** What was granted and is not answered: until it is, nothing is taken but more of its kind. */
  readonly ahead: Pick<AskedAhead, 'allowed' | 'settled'>;
  /** Null unless the client must read before it is heard again. */
  congestion(): Promise<void> | null;
  /** Lets the transport read on. */
  readOn(): void;
}

/** What is expected from the transport; when deaf, everything is dropped. */
type Mode = 'header' | 'frames' | 'deaf';

type Hold = 'none' | 'work' | 'memory' | 'others';

/**
 * So long nothing of a publisher's is taken before it is told that memory is short (ms): while messages leave for the
 * disk it waits many times a second for a moment, and not being read slows it down enough.
 */
const STILL_MS = 200;
/**
 * How long a shortage lasts at least, to the client (ms): who is told so stops, and must not be called back and forth.
 */
const SHORTAGE_MS = 1_000;

/** Work of a frame that the host handles, and of bytes that are read (as the core counts: in enqueues). */
const STOP_WORK = 128;
const BYTES_PER_WORK = 256;

/**
 * So much more may be done at once than is left of a share: what one read brings of the smallest messages, to a queue
 * each. It is over within a millisecond, and what would be left of the read would have to be copied out of the way.
 */
const READ_WORK = 8_192;

export class ConnectionReader {
  readonly #host: Host;
  readonly #core: CoreConnection;
  readonly #receiver: Receiver;
  readonly #header: number[] = [];
  #mode: Mode = 'header';
  #hold: Hold = 'none';
  /** What the last read brought and could not be taken yet. */
  #rest: Uint8Array | null = null;
  /** The last round in which something was taken, and the work that this was. */
  #round = 0;
  #spent = 0;
  /** Whether the receiver was told that memory is short. */
  #short = false;
  #shortSince = 0;
  /** Since when nothing was taken for want of memory. */
  #stillSince: number | null = null;

  constructor(host: Host, core: CoreConnection, receiver: Receiver) {
    this.#host = host;
    this.#core = core;
    this.#receiver = receiver;
  }

  /** False while the transport is not read, for reasons of ours. */
  get reading(): boolean {
    return this.#hold === 'none';
  }

  /** Whether the client waits for memory or disk, and has been told so. */
  get isShort(): boolean {
    return this.#short;
  }

  /** Whether it waits for memory, perhaps for a moment only. */
  get isHeld(): boolean {
    return this.#hold === 'memory';
  }

  /** The transport has read `length` bytes into the read buffer. Returns whether it may read on. */
  read(length: number): boolean {
    const { engine, eventLoop } = this.#host;
    eventLoop.beginRead();
    this.#spend(Math.floor(length / BYTES_PER_WORK));
    if (this.#mode === 'frames') this.#scan(engine.readOffset, length);
    else if (this.#mode === 'header') this.#takeHeader(engine.readOffset, length);
    eventLoop.endRead();
    return this.#hold === 'none';
  }

  /** There may be memory again. */
  retry(): void {
    const { eventLoop } = this.#host;
    if (this.#hold === 'memory') this.#goOn();
    if (!this.#short || this.#isHeldForMemory()) return;
    // A little room, or one that is full again at once, is no news for the client.
    if (!eventLoop.isRelieved || performance.now() - this.#shortSince < SHORTAGE_MS) {
      eventLoop.hold(this);
      return;
    }
    this.#endShortage();
    this.#receiver.onMemory('enough');
  }

  /** The others have had their turn. */
  goOn(): void {
    if (this.#hold === 'others') this.#goOn();
  }

  /** From now on everything is read and dropped. */
  deafen(): void {
    this.#mode = 'deaf';
    this.forget();
  }

  /** Whatever is waited for does not matter any more; the stream goes on behind it. */
  forget(): void {
    if (this.#hold === 'none') return;
    this.#host.eventLoop.release(this);
    this.#host.eventLoop.rounds.leave(this);
    this.#goOn();
  }

  /** The transport is closed. */
  close(): void {
    this.#host.eventLoop.release(this);
    this.#host.eventLoop.rounds.leave(this);
    this.#mode = 'deaf';
    this.#rest = null;
    if (this.#short) this.#endShortage();
  }

  #endShortage(): void {
    this.#short = false;
    this.#host.countShort(-1);
  }

  #takeHeader(offset: number, length: number): void {
    const size = Math.min(length, PROTOCOL_HEADER.length - this.#header.length);
    this.#header.push(...this.#host.engine.bytes.slice(offset, offset + size));
    const kind = headerKind(this.#header);
    if (kind === 'incomplete') return;
    this.#mode = kind === 'amqp' ? 'frames' : 'deaf';
    this.#receiver.onHeader(kind);
    if (kind === 'amqp' && length > size) this.#scan(offset + size, length - size);
  }

  /** Lets the core take the bytes, and handles what it stops at. */
  #scan(start: number, size: number): void {
    const { engine } = this.#host;
    let offset = start;
    let length = size;
    let stop: Stop | null = null;
    this.#spend(0);
    while (this.#hold === 'none' && this.#mode === 'frames') {
      const allowed = this.#allowed(offset, length);
      if (allowed === null) break;
      const isFirst = stop === null;
      const before = engine.work;
      stop = engine.ingest(this.#core, offset, allowed, this.#left + READ_WORK);
      offset += engine.consumed;
      length -= engine.consumed;
      if (stop !== Stop.END) {
        if (isFirst) this.#receiver.beginAnswers();
        this.#onStop(stop, offset > start);
      }
      this.#spend(((engine.work - before) >>> 0) + (stop === Stop.END || stop === Stop.WORK ? 0 : STOP_WORK));
      if (stop === Stop.END && length === 0) break;
      if (this.#left <= 0) this.#waitForOthers();
    }
    this.#receiver.endAnswers();
    if (this.#left <= 0) this.#waitForOthers();
    // What waits inside the core may have taken all bytes: it goes on when it is called with none.
    if (this.#hold !== 'none' && (stop !== Stop.END || length > 0))
      this.#rest = engine.bytes.slice(offset, offset + length);
  }

  /** How much of what came may be taken now; null: nothing is before what was granted is answered. */
  #allowed(offset: number, length: number): number | null {
    const { ahead } = this.#receiver;
    const settled = ahead.settled();
    if (settled === null) return length;
    const allowed = ahead.allowed(this.#host.engine.bytes, offset, length);
    if (allowed > 0) return allowed;
    // With nothing left the transport is read on: what comes may be more of its kind.
    if (length > 0) this.#wait(settled);
    return null;
  }

  #spend(work: number): void {
    const { rounds } = this.#host.eventLoop;
    if (this.#round !== rounds.number) this.#spent = 0;
    this.#round = rounds.number;
    this.#spent += work;
    rounds.spend(work);
  }

  /** Work that this connection may still do in this round. */
  get #left(): number {
    return this.#host.eventLoop.rounds.left(this.#spent);
  }

  #waitForOthers(): void {
    if (this.#hold !== 'none' || this.#mode === 'deaf') return;
    this.#hold = 'others';
    this.#host.eventLoop.rounds.join(this);
  }

  /** `moved`: something was taken before. */
  #onStop(stop: Exclude<Stop, typeof Stop.END>, moved: boolean): void {
    const { engine } = this.#host;
    const receiver = this.#receiver;
    const channel = engine.stopChannel;
    switch (stop) {
      case Stop.FRAME:
        this.#takeFrame(engine.bytes.slice(engine.frameOffset, engine.frameOffset + engine.frameLength));
        break;
      case Stop.ROUTE:
        this.#work(channel, () => receiver.onRoute());
        break;
      case Stop.MESSAGE:
        this.#work(channel, () => receiver.onMessage(channel));
        break;
      case Stop.MEMORY:
        this.#waitForMemory(moved);
        break;
      case Stop.TOPOLOGY:
        this.#host.syncTopology();
        break;
      case Stop.WORK:
        break;
      case Stop.OVERSIZE: {
        const head = engine.bytes.slice(engine.frameOffset, engine.frameOffset + FRAME_HEAD);
        receiver.onOversize(new DataView(head.buffer).getUint32(3));
        break;
      }
      case Stop.FRAME_END:
        receiver.onBadEnd();
        break;
      default:
        stop satisfies never;
    }
  }

  #takeFrame(frame: Uint8Array): void {
    const [type = 0, high = 0, low = 0] = frame;
    const channel = (high << 8) | low;
    this.#work(channel, () => this.#receiver.onFrame(type, channel, frame.subarray(FRAME_HEAD, -1)));
  }

  /** Does what the stream asks for. If that must wait, so does the rest of the stream. */
  #work(channel: number, work: () => Outcome): void {
    let outcome: Outcome;
    try {
      outcome = work()?.catch((error: unknown) => this.#receiver.onError(channel, error));
    } catch (error) {
      outcome = this.#receiver.onError(channel, error);
    }
    const pending = outcome ?? this.#receiver.congestion();
    if (pending !== null && this.#mode !== 'deaf') this.#wait(pending);
  }

  #wait(pending: Promise<void>): void {
    this.#hold = 'work';
    pending.then(() => this.#proceed()).catch(fatal);
  }

  /** What was waited for is there; the client may have to read the answers first. */
  #proceed(): void {
    if (this.#hold !== 'work') return;
    this.#host.eventLoop.begin();
    const clogged = this.#receiver.congestion();
    if (clogged === null) this.#goOn();
    else this.#wait(clogged);
  }

  #waitForMemory(moved: boolean): void {
    const now = performance.now();
    this.#hold = 'memory';
    this.#host.eventLoop.hold(this);
    if (moved) this.#stillSince = now;
    this.#stillSince ??= now;
    if (this.#short || (now - this.#stillSince < STILL_MS && !this.#host.isLowOnDisk())) return;
    this.#short = true;
    this.#shortSince = now;
    this.#host.countShort(1);
    this.#receiver.onMemory('short');
  }

  /** Asks anew: what was called meanwhile may have changed it. */
  #isHeldForMemory(): boolean {
    return this.#hold === 'memory';
  }

  /** Takes what is left of the last read, then reads on. */
  #goOn(): void {
    this.#hold = 'none';
    const rest = this.#rest;
    this.#rest = null;
    if (rest !== null) {
      const { engine } = this.#host;
      engine.bytes.set(rest, engine.readOffset);
      this.#scan(engine.readOffset, rest.length);
    }
    if (!this.#isHeldForMemory()) this.#stillSince = null;
    if (this.#hold === 'none') this.#receiver.readOn();
  }
}

/** 0-9-1, and 0-9 as RabbitMQ takes it. */
const ACCEPTED_HEADERS = [PROTOCOL_HEADER, Uint8Array.of(0x41, 0x4d, 0x51, 0x50, 1, 1, 0, 9)];

/** Each record of a TLS handshake begins so. */
const TLS_HANDSHAKE = 22;

type HeaderKind = 'incomplete' | 'amqp' | 'tls' | 'wrong';

/** What starts otherwise is refused at its first wrong octet. */
export function headerKind(bytes: readonly number[]): HeaderKind {
  if (bytes[0] === TLS_HANDSHAKE) return 'tls';
  const fits = ACCEPTED_HEADERS.some((header) => bytes.every((byte, index) => byte === header[index]));
  if (!fits) return 'wrong';
  return bytes.length < PROTOCOL_HEADER.length ? 'incomplete' : 'amqp';
}
