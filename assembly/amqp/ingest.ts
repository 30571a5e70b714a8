/**
 * This folder is for the hot half of the protocol: frames in, messages to queues, deliveries out; only the exports
 * may import it.
 *
 * The scan of a read: frame after frame, the hot ones are handled here, any other stops the scan and goes to the host.
 * All lengths are checked against the octets at hand and the negotiated limits before they are used: nothing that comes
 * from a socket is believed.
 *
 * A frame that is not complete is kept by the connection (`partial`) until the next read; a body is not carried but
 * copied to its place as it comes. A payload as long as frame-max is let through: some clients forget the 8 octets
 * around it, and RabbitMQ forgives them. What a call has not consumed the host brings again.
 */
import {
  FRAME_BODY,
  FRAME_END,
  FRAME_HEAD,
  FRAME_HEADER,
  FRAME_METHOD,
  FRAME_OVERHEAD,
  METHOD_ACK,
  METHOD_CHANNEL_CLOSE,
  METHOD_CHANNEL_CLOSE_OK,
  METHOD_NACK,
  METHOD_PUBLISH,
  METHOD_REJECT,
} from '../format/frame';
import { read16, read32, read64 } from '../memory/bytes';
import { countInVhost, DROPPED, OCTETS_IN, RECEIVED } from '../memory/counters';
import { self } from '../memory/root';
import { giveBox, LACKS_BOX, LACKS_ROOM, markStarved, takeBox } from '../memory/units';
import { ALL, DONE, REJECT, REQUEUE, settleSome, SOME } from './delivering/ack';
import {
  BODY,
  PARTIAL,
  PARTIAL_SIZE,
  Channel,
  channelOf,
  CLOSING,
  Connection,
  HEADER,
  NOTHING,
  OPEN,
} from './connection/connection';
import { beginRead, complete, onHeader, onPublish, takeBody } from './receiving/receive';
import {
  STOP_AMID,
  STOP_END,
  STOP_FRAME,
  STOP_FRAME_END,
  STOP_MEMORY,
  STOP_OVERSIZE,
  STOP_ROUTE,
  STOP_WORK,
} from './connection/stop';
import { beginWork } from './connection/work';

/** Scans `length` octets at `from`, until so much work is done; sets `self.consumed`. */
export function scan(connection: Connection, from: usize, length: u32, work: u32): u32 {
  beginRead();
  beginWork(work);
  if (connection.partialDone) forgetPartial(connection);
  if (connection.completing) {
    self.consumed = 0;
    const stop = complete(connection, changetype<Channel>(connection.completing));
    if (stop != STOP_END) return stop;
  }
  const end = from + length;
  let at = from;
  let stop = STOP_END;
  while (true) {
    if (connection.bodyChannel) {
      if (at == end) break;
      stop = continueBody(connection, at, end);
      at += self.consumed;
      if (stop != STOP_END) break;
      continue;
    }
    if (connection.partialLength) {
      stop = carryOn(connection, at, end);
      at += self.consumed;
      // Still not whole: all octets are taken.
      if (stop != STOP_END || connection.partialLength) break;
      continue;
    }
    const available = <u32>(end - at);
    if (available < FRAME_HEAD) {
      if (available) {
        keep(connection, at, available);
        at = end;
      }
      break;
    }
    const size = read32(at + 3);
    if (size > connection.frameMax) {
      stop = oversize(at);
      break;
    }
    if (load<u8>(at) == FRAME_BODY && beginBody(connection, at, size)) {
      at += FRAME_HEAD;
      if (available < size + FRAME_OVERHEAD || load<u8>(at + size) != FRAME_END) continue;
      // The usual case, a whole frame: no need to remember where it stands.
      const channel = changetype<Channel>(connection.bodyChannel);
      if (size > channel.pieceLeft) continue;
      takeBody(channel, at, size);
      connection.bodyChannel = 0;
      at += size + 1;
      if (channel.bodyLeft) continue;
      stop = complete(connection, channel);
      if (stop != STOP_END) break;
      continue;
    }
    if (available < size + FRAME_OVERHEAD) {
      if (!keep(connection, at, available)) {
        stop = STOP_MEMORY;
        break;
      }
      at = end;
      break;
    }
    stop = onFrame(connection, at, size);
    if (stop == STOP_END) {
      at += size + FRAME_OVERHEAD;
      continue;
    }
    if (isConsumed(connection, stop)) at += size + FRAME_OVERHEAD;
    break;
  }
  self.consumed = <u32>(at - from);
  return stop == STOP_AMID ? STOP_WORK : stop;
}

/** Counts what a scan has taken. */
export function countRead(connection: Connection): void {
  const vhost = <usize>connection.vhostCounters;
  countInVhost(vhost, OCTETS_IN, self.consumed);
  if (!self.received) return;
  countInVhost(vhost, RECEIVED, self.received);
  self.received = 0;
  if (!self.dropped) return;
  countInVhost(vhost, DROPPED, self.dropped);
  self.dropped = 0;
}

/**
 * Whether the frame that led to a stop was taken: a publish that waits for a route, a header that waits for memory, or
 * what is not done with was not.
 */
@inline function isConsumed(connection: Connection, stop: u32): bool {
  return connection.completing != 0 || (stop != STOP_MEMORY && stop != STOP_ROUTE && stop != STOP_AMID);
}

function oversize(frame: usize): u32 {
  self.frameOffset = <u32>frame;
  self.frameLength = FRAME_HEAD;
  return STOP_OVERSIZE;
}

/** One whole frame. */
@inline function onFrame(connection: Connection, frame: usize, size: u32): u32 {
  const payload = frame + FRAME_HEAD;
  if (load<u8>(payload + size) != FRAME_END) return handOver(frame, size, STOP_FRAME_END);
  const channel = channelOf(connection, read16(frame + 1));
  if (!changetype<usize>(channel)) return handOver(frame, size, STOP_FRAME);
  const type = <u32>load<u8>(frame);
  if (channel.state == CLOSING) return onClosing(frame, type, size);
  let stop = STOP_FRAME;
  if (type == FRAME_METHOD) {
    if (channel.content == NOTHING && size >= 4) stop = onMethod(connection, channel, payload, size);
  } else if (type == FRAME_HEADER) {
    if (channel.content == HEADER) stop = onHeader(connection, channel, frame, size);
  } else if (type == FRAME_BODY) {
    if (channel.content == BODY && size == 0) stop = STOP_END;
  }
  return stop == STOP_FRAME ? handOver(frame, size, STOP_FRAME) : stop;
}

@inline function onMethod(connection: Connection, channel: Channel, payload: usize, length: u32): u32 {
  const method = read32(payload);
  if (method == METHOD_PUBLISH) return length >= 9 ? onPublish(connection, channel, payload, length) : STOP_FRAME;
  if (length != 13 || channel.transactional) return STOP_FRAME;
  const bits = load<u8>(payload + 12);
  let settled: u32 = 0;
  if (method == METHOD_ACK) settled = settleSome(channel, read64(payload + 4), (bits & 1) != 0, DONE);
  else if (method == METHOD_NACK)
    settled = settleSome(channel, read64(payload + 4), (bits & 1) != 0, bits & 2 ? REQUEUE : REJECT);
  else if (method == METHOD_REJECT)
    settled = settleSome(channel, read64(payload + 4), false, bits & 1 ? REQUEUE : REJECT);
  if (settled == ALL) return STOP_END;
  return settled == SOME ? STOP_AMID : STOP_FRAME;
}

/** A channel that the host closes sees only the end of the close. */
function onClosing(frame: usize, type: u32, size: u32): u32 {
  if (type != FRAME_METHOD || size < 4) return STOP_END;
  const method = read32(frame + FRAME_HEAD);
  return method == METHOD_CHANNEL_CLOSE || method == METHOD_CHANNEL_CLOSE_OK
    ? handOver(frame, size, STOP_FRAME)
    : STOP_END;
}

function handOver(frame: usize, size: u32, stop: u32): u32 {
  self.frameOffset = <u32>frame;
  self.frameLength = size + FRAME_OVERHEAD;
  return stop;
}

// ── Bodies ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** Whether the body frame at `frame` is one that its channel expects; then its payload follows. */
@inline function beginBody(connection: Connection, frame: usize, size: u32): bool {
  const channel = channelOf(connection, read16(frame + 1));
  if (!changetype<usize>(channel) || channel.state != OPEN || channel.content != BODY) return false;
  if (size == 0 || size > channel.bodyLeft) return false;
  connection.bodyChannel = <u32>changetype<usize>(channel);
  connection.frameLeft = size;
  return true;
}

/** Takes what is there of a body frame's payload, and its end octet. */
@inline function continueBody(connection: Connection, at: usize, end: usize): u32 {
  const channel = changetype<Channel>(connection.bodyChannel);
  let part = min<u32>(connection.frameLeft, <u32>(end - at));
  let stop = STOP_END;
  if (channel.state == OPEN) {
    const taken = takeBody(channel, at, part);
    if (taken < part) {
      markStarved(LACKS_ROOM);
      stop = STOP_MEMORY;
      part = taken;
    }
  }
  connection.frameLeft -= part;
  self.consumed = part;
  if (connection.frameLeft || at + part == end) return stop;
  const octet = load<u8>(at + part);
  connection.bodyChannel = 0;
  self.consumed = part + 1;
  if (octet != FRAME_END) {
    self.frameOffset = <u32>at;
    self.frameLength = 0;
    return STOP_FRAME_END;
  }
  if (channel.state != OPEN || channel.bodyLeft) return STOP_END;
  const before = self.consumed;
  stop = complete(connection, channel);
  self.consumed = before;
  return stop;
}

// ── Frames that come in pieces ─────────────────────────────────────────────────────────────────────────────────

@inline function partialAddress(connection: Connection): usize {
  return connection.partialBox ? <usize>connection.partialBox : changetype<usize>(connection) + PARTIAL;
}

/** Keeps the start of a frame; false when there is no box for a long one. */
function keep(connection: Connection, from: usize, length: u32): bool {
  if (connection.partialLength + length > PARTIAL_SIZE && !connection.partialBox) {
    const box = takeBox();
    if (!box) {
      markStarved(LACKS_BOX);
      return false;
    }
    memory.copy(box, changetype<usize>(connection) + PARTIAL, connection.partialLength);
    connection.partialBox = <u32>box;
  }
  memory.copy(partialAddress(connection) + connection.partialLength, from, length);
  connection.partialLength += length;
  return true;
}

export function forgetPartial(connection: Connection): void {
  if (connection.partialBox) giveBox(connection.partialBox);
  connection.partialBox = 0;
  connection.partialLength = 0;
  connection.partialDone = 0;
}

/** Completes the carried frame from the new octets and handles it; `self.consumed` says how many of them it took. */
function carryOn(connection: Connection, at: usize, end: usize): u32 {
  const available = <u32>(end - at);
  let taken: u32 = 0;
  self.consumed = 0;
  if (connection.partialLength < FRAME_HEAD) {
    taken = min(FRAME_HEAD - connection.partialLength, available);
    keep(connection, at, taken);
    self.consumed = taken;
    if (connection.partialLength < FRAME_HEAD) return STOP_END;
  }
  const frame = partialAddress(connection);
  const size = read32(frame + 3);
  if (size > connection.frameMax) return oversize(frame);
  if (load<u8>(frame) == FRAME_BODY && connection.partialLength == FRAME_HEAD && beginBody(connection, frame, size)) {
    forgetPartial(connection);
    return STOP_END;
  }
  const whole = size + FRAME_OVERHEAD;
  if (connection.partialLength < whole) {
    const part = min(whole - connection.partialLength, available - taken);
    if (!keep(connection, at + taken, part)) return STOP_MEMORY;
    taken += part;
    self.consumed = taken;
    if (connection.partialLength < whole) return STOP_END;
  }
  const stop = onFrame(connection, partialAddress(connection), size);
  self.consumed = taken;
  if (stop == STOP_END) forgetPartial(connection);
  else if (isConsumed(connection, stop)) connection.partialDone = 1;
  return stop;
}
