/**
 * The scan of a read, frame after frame: publishes, bodies and acknowledgements are taken here, any other frame stops
 * the scan and goes to the host. What must hold: every length is checked against the bytes at hand and the negotiated
 * limits before it is used; a frame that is not whole waits in the connection's partial frame, a body goes to its
 * message as it comes.
 */

import {
  COLD_DEPTH,
  FRAME_END,
  FRAME_HEAD,
  FRAME_OVERHEAD,
  HEADER_PAYLOAD_MIN,
  REFUSED_MAX,
} from '../../../numbers/core.js';
import { ChannelCounter, Content, Counter, Stop } from '../../engine.js';
import type { Log } from '../log/log.js';
import type { Counters } from '../memory/counters.js';
import { MessageFlag } from '../memory/layout.js';
import type { Memory } from '../memory/memory.js';
import type { Clock, Messages } from '../memory/messages.js';
import { inspect } from '../memory/properties.js';
import { byteAt, read32, read64 } from '../memory/views.js';
import type { Queues } from '../queues/queues.js';
import type { Channel, Connection } from './connection.js';
import { BASIC_CLASS, FrameType, MethodId } from './methods.js';
import type { Output } from './output.js';
import type { Publishes } from './publishes.js';
import type { Route, Routes } from './routes.js';
import type { Outcome, Settlements } from './settlements.js';
import type { Work } from './work.js';

/** Class, method, tag and bits: the payload of basic.ack, nack and reject. */
const SETTLEMENT_LENGTH = 13;

export class ConnectionReader {
  consumed = 0;
  frameOffset = 0;
  frameLength = 0;
  stopChannel = 0;
  stopMessage = 0;

  readonly #memory: Memory;
  readonly #messages: Messages;
  readonly #queues: Queues;
  readonly #routes: Routes;
  readonly #publishes: Publishes;
  readonly #settlements: Settlements;
  readonly #output: Output;
  readonly #log: Log<Channel>;
  readonly #work: Work;
  readonly #counters: Counters;
  readonly #clock: Clock;
  /** Whole messages of this read, but those that the host has. */
  #received = 0;
  /** Those of them that led nowhere. */
  #dropped = 0;
  /** The frame that led to a stop is not done with. */
  #amid = false;
  /** Where a frame that came in parts is put together. */
  readonly #staging: number;

  constructor(
    memory: Memory,
    messages: Messages,
    queues: Queues,
    routes: Routes,
    publishes: Publishes,
    settlements: Settlements,
    output: Output,
    log: Log<Channel>,
    work: Work,
    counters: Counters,
    clock: Clock,
    staging: number,
  ) {
    this.#memory = memory;
    this.#messages = messages;
    this.#queues = queues;
    this.#routes = routes;
    this.#publishes = publishes;
    this.#settlements = settlements;
    this.#output = output;
    this.#log = log;
    this.#work = work;
    this.#counters = counters;
    this.#clock = clock;
    this.#staging = staging;
  }

  /** Counts what the scan has taken. */
  countRead({ vhostCounters }: Connection): void {
    this.#counters.countInVhost(vhostCounters, Counter.OCTETS_IN, this.consumed);
    if (this.#received > 0) this.#counters.countInVhost(vhostCounters, Counter.RECEIVED, this.#received);
    this.#received = 0;
    if (this.#dropped > 0) this.#counters.countInVhost(vhostCounters, Counter.DROPPED, this.#dropped);
    this.#dropped = 0;
  }

  scan(connection: Connection, offset: number, length: number): Stop {
    const { bytes, data } = this.#memory;
    const end = offset + length;
    let at = offset;
    this.#amid = false;
    let stop: Stop = connection.completing === null ? Stop.END : this.#complete(connection, connection.completing);
    while (stop === Stop.END) {
      this.consumed = 0;
      if (connection.streaming !== null) {
        if (at === end) break;
        stop = this.#stream(connection, connection.streaming, at, end);
        at += this.consumed;
        continue;
      }
      if (connection.partial.length > 0) {
        stop = this.#partialFrameOn(connection, at, end);
        at += this.consumed;
        if (connection.partial.length > 0) break;
        continue;
      }
      const available = end - at;
      if (available < FRAME_HEAD) {
        if (available > 0) connection.partial.append(bytes, at, available);
        at = end;
        break;
      }
      const size = data.getUint32(at + 3);
      if (size > connection.inputMax) {
        stop = this.#stopAt(at, FRAME_HEAD, Stop.OVERSIZE);
        break;
      }
      if (this.#beginsBody(connection, at, size)) {
        at += FRAME_HEAD;
        continue;
      }
      if (available < size + FRAME_OVERHEAD) {
        connection.partial.append(bytes, at, available);
        at = end;
        break;
      }
      stop = this.#onFrame(connection, at, size);
      if (this.#isTaken(connection, stop)) at += size + FRAME_OVERHEAD;
    }
    this.consumed = at - offset;
    return stop;
  }

  /** A publish that waits for its route, a header that waits for memory and what is not done with are brought again. */
  #isTaken(connection: Connection, stop: Stop): boolean {
    return connection.completing !== null || (stop !== Stop.ROUTE && stop !== Stop.MEMORY && !this.#amid);
  }

  #stopAt(offset: number, length: number, stop: Stop): Stop {
    this.frameOffset = offset;
    this.frameLength = length;
    return stop;
  }

  /** Puts a carried frame together and takes it. */
  #partialFrameOn(connection: Connection, offset: number, end: number): Stop {
    const { bytes } = this.#memory;
    const { partial } = connection;
    const head = Math.min(Math.max(0, FRAME_HEAD - partial.length), end - offset);
    if (head > 0) partial.append(bytes, offset, head);
    this.consumed = head;
    if (partial.length < FRAME_HEAD) return Stop.END;
    const size = read32(partial.bytes, 3);
    const staging = this.#staging;
    bytes.set(partial.bytes.subarray(0, FRAME_HEAD), staging);
    if (size > connection.inputMax) {
      partial.clear();
      return this.#stopAt(staging, FRAME_HEAD, Stop.OVERSIZE);
    }
    if (partial.length === FRAME_HEAD && this.#beginsBody(connection, staging, size)) {
      partial.clear();
      return Stop.END;
    }
    const rest = Math.min(size + FRAME_OVERHEAD - partial.length, end - offset - head);
    if (rest > 0) partial.append(bytes, offset + head, rest);
    this.consumed = head + rest;
    if (partial.length < size + FRAME_OVERHEAD) return Stop.END;
    bytes.set(partial.bytes.subarray(0, partial.length), staging);
    const stop = this.#onFrame(connection, staging, size);
    if (this.#isTaken(connection, stop)) partial.clear();
    return stop;
  }

  /** One whole frame. */
  #onFrame(connection: Connection, at: number, size: number): Stop {
    const { bytes, data } = this.#memory;
    const whole = size + FRAME_OVERHEAD;
    if (bytes[at + FRAME_HEAD + size] !== FRAME_END) return this.#stopAt(at, whole, Stop.FRAME_END);
    const type = byteAt(bytes, at);
    const channel = connection.channelOf(data.getUint16(at + 1));
    if (channel === undefined) return this.#stopAt(at, whole, Stop.FRAME);
    const stop =
      channel.state === 'closing'
        ? this.#onClosing(type, at, size)
        : this.#onContent(connection, channel, type, at, size);
    return stop === Stop.FRAME ? this.#stopAt(at, whole, stop) : stop;
  }

  /** A closing channel sees only the end of its close. */
  #onClosing(type: number, at: number, size: number): Stop {
    if (type !== FrameType.METHOD || size < 4) return Stop.END;
    const method = this.#memory.data.getUint32(at + FRAME_HEAD);
    return method === MethodId.CHANNEL_CLOSE || method === MethodId.CHANNEL_CLOSE_OK ? Stop.FRAME : Stop.END;
  }

  #onContent(connection: Connection, channel: Channel, type: number, at: number, size: number): Stop {
    switch (channel.content) {
      case Content.NONE:
        return type === FrameType.METHOD && size >= 4
          ? this.#onMethod(connection, channel, at + FRAME_HEAD, size)
          : Stop.FRAME;
      case Content.HEADER:
        return type === FrameType.HEADER ? this.#onHeader(connection, channel, at, size) : Stop.FRAME;
      case Content.BODY:
        return type === FrameType.BODY && size === 0 ? Stop.END : Stop.FRAME;
    }
  }

  #onMethod(connection: Connection, channel: Channel, payload: number, length: number): Stop {
    const { bytes, data } = this.#memory;
    const method = data.getUint32(payload);
    if (method === MethodId.PUBLISH) return this.#onPublish(connection, channel, payload, length);
    if (length !== SETTLEMENT_LENGTH || channel.transactional) return Stop.FRAME;
    const tag = read64(bytes, payload + 4);
    const bits = byteAt(bytes, payload + 12);
    switch (method) {
      case MethodId.ACK:
        return this.#settle(channel, tag, (bits & 1) !== 0, 'settle');
      case MethodId.NACK:
        return this.#settle(channel, tag, (bits & 1) !== 0, (bits & 2) !== 0 ? 'requeue' : 'reject');
      case MethodId.REJECT:
        return this.#settle(channel, tag, false, (bits & 1) !== 0 ? 'requeue' : 'reject');
      default:
        return Stop.FRAME;
    }
  }

  #settle(channel: Channel, tag: number, multiple: boolean, outcome: Outcome): Stop {
    const settled = this.#settlements.settleSome(channel, tag, multiple, outcome);
    if (settled === 'none') return Stop.FRAME;
    if (settled === 'all') return Stop.END;
    this.#amid = true;
    return Stop.WORK;
  }

  // ── Messages ─────────────────────────────────────────────────────────────────────────────────────────────────

  #onPublish(connection: Connection, channel: Channel, payload: number, length: number): Stop {
    const { bytes } = this.#memory;
    if (length < 9) return Stop.FRAME;
    const exchange = byteAt(bytes, payload + 6);
    if (length < 9 + exchange) return Stop.FRAME;
    const key = 2 + exchange + byteAt(bytes, payload + 7 + exchange);
    if (length !== 7 + key) return Stop.FRAME;
    const bits = byteAt(bytes, payload + 6 + key);
    if ((bits & 2) !== 0) return Stop.FRAME;
    const route = this.#routes.find(connection.vhost, bytes, payload + 6, key);
    if (route === undefined) return this.#stopForRoute(channel, payload + 6, key);
    channel.route = route;
    channel.routeVersion = this.#routes.version;
    channel.mandatory = (bits & 1) !== 0;
    channel.content = Content.HEADER;
    return Stop.END;
  }

  #stopForRoute(channel: Channel, key: number, length: number): Stop {
    this.stopChannel = channel.number;
    return this.#stopAt(key, length, Stop.ROUTE);
  }

  #onHeader(connection: Connection, channel: Channel, at: number, size: number): Stop {
    const { bytes, data } = this.#memory;
    const { route, builder } = channel;
    const payload = at + FRAME_HEAD;
    if (route === null || size < HEADER_PAYLOAD_MIN || data.getUint32(payload) !== BASIC_CLASS << 16) return Stop.FRAME;
    const bodySize = read64(bytes, payload + 4);
    if (bodySize > connection.bodyMax || !this.#flagsEnd(payload, size)) return Stop.FRAME;
    if (this.#memory.arePublishersBlocked()) return Stop.MEMORY;
    const first = route.queues[0];
    const lifetime = first !== undefined && this.#queues.ready(first) > COLD_DEPTH ? 'cold' : 'hot';
    const length = size + FRAME_OVERHEAD;
    const flags = inspect(bytes, payload, size) | (channel.mandatory ? MessageFlag.MANDATORY : 0);
    if (!this.#messages.begin(builder, route.key, at, length, bodySize, flags, lifetime)) return Stop.MEMORY;
    channel.flags = flags;
    channel.content = Content.BODY;
    return bodySize === 0 ? this.#complete(connection, channel) : Stop.END;
  }

  /** The flag words go on while their lowest bit is set; they must end within the payload. */
  #flagsEnd(payload: number, size: number): boolean {
    let at = HEADER_PAYLOAD_MIN;
    while ((byteAt(this.#memory.bytes, payload + at - 1) & 1) !== 0) {
      at += 2;
      if (at > size) return false;
    }
    return true;
  }

  /** Whether this is a body frame that its channel expects; then its payload is streamed. */
  #beginsBody(connection: Connection, at: number, size: number): boolean {
    const { bytes, data } = this.#memory;
    if (byteAt(bytes, at) !== FrameType.BODY || size === 0) return false;
    const channel = connection.channelOf(data.getUint16(at + 1));
    if (channel === undefined || channel.state !== 'open' || channel.content !== Content.BODY) return false;
    if (size > channel.builder.left) return false;
    connection.streaming = channel;
    connection.streamLeft = size;
    return true;
  }

  /** Takes what is there of a body frame's payload, and its end octet. */
  #stream(connection: Connection, channel: Channel, at: number, end: number): Stop {
    const there = Math.min(connection.streamLeft, end - at);
    const taken = channel.state === 'open' ? this.#messages.append(channel.builder, at, there) : there;
    connection.streamLeft -= taken;
    this.consumed = taken;
    if (taken < there) return Stop.MEMORY;
    if (connection.streamLeft > 0 || at + taken === end) return Stop.END;
    connection.streaming = null;
    this.consumed = taken + 1;
    if (this.#memory.bytes[at + taken] !== FRAME_END) return this.#stopAt(at, 0, Stop.FRAME_END);
    if (channel.state !== 'open' || channel.builder.left > 0) return Stop.END;
    return this.#complete(connection, channel);
  }

  /**
   * The message is whole: it joins the run of its route, or goes to the host. If it must wait, the connection remembers
   * it.
   */
  #complete(connection: Connection, channel: Channel): Stop {
    const { message } = channel.builder;
    connection.completing = channel;
    this.#messages.beginLife(message);
    if (channel.routeVersion !== this.#routes.version) {
      const key = this.#messages.keyAt(message);
      const length = this.#messages.keyLength(message);
      const fresh = this.#routes.find(connection.vhost, this.#memory.bytes, key, length);
      if (fresh === undefined) return this.#stopForRoute(channel, key, length);
      channel.route = fresh;
      channel.routeVersion = this.#routes.version;
    }
    const { route } = channel;
    if (route === null) throw new Error('a message is whole that has no route');
    const isHeld = channel.confirming && route.logged && this.#messages.isLoggable(message);
    const asks = asksHost(channel, route);
    // There is no end to what a client can have refused that reads nothing.
    if ((asks || route.guarded) && channel.refused.length >= REFUSED_MAX) return Stop.MEMORY;
    if (asks) return this.#stopForHost(connection, channel);
    if (route.queues.length > 0 && !this.#publishes.prepare(route)) return Stop.MEMORY;
    if (route.guarded) return this.#offer(connection, channel, route, isHeld);
    if (route.queues.length === 0) this.#dropMessage(channel, route, message);
    else this.#publishes.add(route, message, (channel.flags & MessageFlag.EXPIRES) !== 0);
    this.#endTaken(connection, channel);
    if (channel.confirming) this.#output.owe(channel);
    if (isHeld) this.#log.hold(channel);
    return this.#endOfMessage;
  }

  /** It leads nowhere, and nobody asked to have it back. */
  #dropMessage(channel: Channel, route: Route, message: number): void {
    this.#dropped++;
    channel.count(ChannelCounter.DROPPED, 1);
    this.#publishes.countRouted(route, 1);
    this.#messages.release(message);
  }

  /** One message by itself, to queues that may refuse it. */
  #offer(connection: Connection, channel: Channel, route: Route, isHeld: boolean): Stop {
    this.#publishes.countRouted(route, 1);
    const refused = this.#publishes.publishOne(channel.builder.message, route.queues);
    this.#endTaken(connection, channel);
    if (channel.confirming) this.answer(channel, refused.length === 0, isHeld);
    return this.#endOfMessage;
  }

  get #endOfMessage(): Stop {
    return this.#work.isDone ? Stop.WORK : Stop.END;
  }

  /**
   * A publish of a confirming channel was handled by itself; `isHeld`: it is recorded in the log if it was accepted.
   */
  answer(channel: Channel, accepted: boolean, isHeld: boolean): void {
    this.#output.answer(channel, accepted);
    if (accepted && isHeld) this.#log.hold(channel);
  }

  #stopForHost(connection: Connection, channel: Channel): Stop {
    this.#publishes.flush();
    this.stopChannel = channel.number;
    this.stopMessage = channel.builder.message;
    this.#endMessage(connection, channel);
    return Stop.MESSAGE;
  }

  /** A message has come whole, and has gone to its queues or the host. */
  #endMessage(connection: Connection, channel: Channel): void {
    channel.activeAt = this.#clock.now;
    this.#finish(connection, channel);
  }

  /** The same of one that is on its way by now. One that the host has is counted when that has sent it. */
  #endTaken(connection: Connection, channel: Channel): void {
    this.#received++;
    channel.count(ChannelCounter.PUBLISHED, 1);
    this.#endMessage(connection, channel);
  }

  #finish(connection: Connection, channel: Channel): void {
    connection.completing = null;
    channel.builder.message = 0;
    channel.route = null;
    channel.content = Content.NONE;
  }

  /** Drops what a channel has received of a message. */
  drop(connection: Connection, channel: Channel): void {
    if (channel.builder.message !== 0) this.#messages.release(channel.builder.message);
    if (connection.streaming !== channel) this.#finish(connection, channel);
    if (connection.completing === channel) connection.completing = null;
    channel.builder.message = 0;
    channel.content = Content.NONE;
  }
}

/** Whether a whole message goes to the host. */
function asksHost(channel: Channel, route: Route): boolean {
  return (
    route.askHost ||
    channel.transactional ||
    (channel.flags & MessageFlag.ASK) !== 0 ||
    (channel.mandatory && route.queues.length === 0)
  );
}
