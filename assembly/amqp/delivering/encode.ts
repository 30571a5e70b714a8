/**
 * Encoding of content for a client: method frame, header frame, body frames. A message is stored as frames that the
 * largest frame-max allows, so for most connections its content is one copy with two patched channel numbers; a smaller
 * frame-max re-frames it.
 */
import {
  FRAME_BODY,
  FRAME_END,
  FRAME_HEAD,
  FRAME_METHOD,
  FRAME_OVERHEAD,
  METHOD_ACK,
  METHOD_GET_OK,
  METHOD_NACK,
  METHOD_RETURN,
} from '../../format/frame';
import { copyBytes, write16, write32, write64 } from '../../memory/bytes';
import { bodyFrameOf, headerOf, keyOf, Message, Piece, pieceFrameOf } from '../../memory/message';
import { Channel, Consumer, prefixOf } from '../connection/connection';
import { encodeCountedHeader, DELIVERY_COUNT_ROOM } from './delivery-count';

/** Octets of basic.deliver besides the consumer's prefix and the key: delivery tag, redelivered, frame end. */
export const DELIVER_OVERHEAD: u32 = 10;
/** Octets of basic.get-ok and basic.return besides key and reply text, at most. */
export const METHOD_OVERHEAD: u32 = 32;

/** basic.deliver; returns the end. */
@inline export function encodeDeliver(
  to: usize,
  consumer: Consumer,
  message: Message,
  tag: u64,
  redelivered: bool,
): usize {
  const prefixLength = consumer.prefixLength;
  const keyLength = <u32>message.keyLength;
  copyBytes(to, prefixOf(consumer), prefixLength);
  write32(to + 3, prefixLength - FRAME_HEAD + 9 + keyLength);
  let at = to + prefixLength;
  write64(at, tag);
  store<u8>(at + 8, redelivered ? 1 : 0);
  at += 9;
  copyBytes(at, keyOf(message), keyLength);
  at += keyLength;
  store<u8>(at, FRAME_END);
  return at + 1;
}

/** basic.get-ok with the number of messages that remain; returns the end. */
export function encodeGetOk(
  to: usize,
  number: u32,
  message: Message,
  tag: u64,
  redelivered: bool,
  remaining: u32,
): usize {
  const keyLength = <u32>message.keyLength;
  startMethod(to, number, METHOD_GET_OK, 9 + keyLength + 4);
  write64(to + 11, tag);
  store<u8>(to + 19, redelivered ? 1 : 0);
  copyBytes(to + 20, keyOf(message), keyLength);
  write32(to + 20 + keyLength, remaining);
  store<u8>(to + 24 + keyLength, FRAME_END);
  return to + 25 + keyLength;
}

/** basic.return; returns the end. */
export function encodeReturn(to: usize, number: u32, message: Message, code: u32, text: usize, textLength: u32): usize {
  const keyLength = <u32>message.keyLength;
  startMethod(to, number, METHOD_RETURN, 3 + textLength + keyLength);
  write16(to + 11, code);
  store<u8>(to + 13, <u8>textLength);
  copyBytes(to + 14, text, textLength);
  copyBytes(to + 14 + textLength, keyOf(message), keyLength);
  store<u8>(to + 14 + textLength + keyLength, FRAME_END);
  return to + 15 + textLength + keyLength;
}

/** basic.ack of a publisher confirm; returns the end. */
export function encodeConfirm(to: usize, number: u32, tag: u64, multiple: bool): usize {
  startMethod(to, number, METHOD_ACK, 9);
  write64(to + 11, tag);
  store<u8>(to + 19, multiple ? 1 : 0);
  store<u8>(to + 20, FRAME_END);
  return to + 21;
}

/** basic.nack of a publish that was refused; returns the end. */
export function encodeRefusal(to: usize, number: u32, tag: u64): usize {
  startMethod(to, number, METHOD_NACK, 9);
  write64(to + 11, tag);
  store<u8>(to + 19, 0);
  store<u8>(to + 20, FRAME_END);
  return to + 21;
}

/** Frame head and method id; `length` is that of the arguments. */
function startMethod(to: usize, number: u32, method: u32, length: u32): void {
  store<u8>(to, FRAME_METHOD);
  write16(to + 1, number);
  write32(to + 3, length + 4);
  write32(to + 7, method);
}

/** Header and body frames of a message for one channel; there is room. Returns the end. */
@inline export function encodeContent(to: usize, channel: Channel, message: Message, frameMax: u32): usize {
  const body = message.bodySize;
  if (body <= message.firstLength && body + FRAME_OVERHEAD <= frameMax) {
    const headerLength = message.headerLength;
    const length = headerLength + (body ? body + FRAME_OVERHEAD : 0);
    copyBytes(to, headerOf(message), length);
    write16(to + 1, channel.number);
    if (body) write16(to + headerLength + 1, channel.number);
    return to + length;
  }
  return reframe(to, channel.number, message, frameMax, 0);
}

/** The same with a header frame that says how often the message was requeued, if that is not 0. */
export function encodeReframed(to: usize, channel: Channel, message: Message, frameMax: u32, requeues: u32): usize {
  return reframe(to, channel.number, message, frameMax, requeues);
}

function reframe(to: usize, number: u32, message: Message, frameMax: u32, requeues: u32): usize {
  let at = encodeHeader(to, number, message, requeues, frameMax);
  seekBody(message, 0, 0);
  for (let left = message.bodySize; left;) {
    const part = min(left, frameMax - FRAME_OVERHEAD);
    at = encodeBodyFrame(at, number, part);
    left -= part;
  }
  return at;
}

/** The header frame; returns the end. It says how often the message was requeued, if that is not 0. */
export function encodeHeader(to: usize, number: u32, message: Message, requeues: u32, frameMax: u32): usize {
  if (requeues && message.headerLength + DELIVERY_COUNT_ROOM <= frameMax) {
    const end = encodeCountedHeader(to, number, message, requeues);
    if (end) return end;
  }
  copyBytes(to, headerOf(message), message.headerLength);
  write16(to + 1, number);
  return to + message.headerLength;
}

// ── Bodies, read across their pieces ───────────────────────────────────────────────────────────────────────────
// Frames are filled to frame-max whatever the pieces are: there are clients that count frames instead of octets.

let bodyMessage: Message = changetype<Message>(0);
/** Where the next octet comes from: the piece (0 = the first) and the offset in it. */
export let bodyPiece: u32 = 0;
export let bodyOffset: u32 = 0;

export function seekBody(message: Message, piece: u32, offset: u32): void {
  bodyMessage = message;
  bodyPiece = piece;
  bodyOffset = offset;
}

/** One body frame of `length` octets from where the body stands. */
export function encodeBodyFrame(to: usize, number: u32, length: u32): usize {
  store<u8>(to, FRAME_BODY);
  write16(to + 1, number);
  write32(to + 3, length);
  let at = to + FRAME_HEAD;
  for (let left = length; left;) {
    const pieceLength = bodyPiece ? changetype<Piece>(bodyPiece).length : bodyMessage.firstLength;
    if (bodyOffset == pieceLength) {
      bodyPiece = bodyPiece ? changetype<Piece>(bodyPiece).next : bodyMessage.next;
      bodyOffset = 0;
      continue;
    }
    const part = min(left, pieceLength - bodyOffset);
    const frame = bodyPiece ? pieceFrameOf(changetype<Piece>(bodyPiece)) : bodyFrameOf(bodyMessage);
    copyBytes(at, frame + FRAME_HEAD + bodyOffset, part);
    bodyOffset += part;
    at += part;
    left -= part;
  }
  store<u8>(at, FRAME_END);
  return at + 1;
}
