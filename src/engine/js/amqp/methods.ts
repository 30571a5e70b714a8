/** The methods that the core itself reads and writes: their numbers and their frames. */
import {
  FRAME_BODY,
  FRAME_END,
  FRAME_HEAD,
  FRAME_HEADER,
  FRAME_METHOD,
  METHOD_ACK,
  METHOD_CHANNEL_CLOSE,
  METHOD_CHANNEL_CLOSE_OK,
  METHOD_DELIVER,
  METHOD_GET_OK,
  METHOD_NACK,
  METHOD_PUBLISH,
  METHOD_REJECT,
  METHOD_RETURN,
} from '../../../numbers/core.js';
import { put, write16, write32, write64 } from '../memory/views.js';

/** Class and method number as one word, as they stand on the wire. */
export const MethodId = {
  CHANNEL_CLOSE: METHOD_CHANNEL_CLOSE,
  CHANNEL_CLOSE_OK: METHOD_CHANNEL_CLOSE_OK,
  PUBLISH: METHOD_PUBLISH,
  RETURN: METHOD_RETURN,
  DELIVER: METHOD_DELIVER,
  GET_OK: METHOD_GET_OK,
  ACK: METHOD_ACK,
  REJECT: METHOD_REJECT,
  NACK: METHOD_NACK,
} as const;
export const BASIC_CLASS = 60;

export const FrameType = { METHOD: FRAME_METHOD, HEADER: FRAME_HEADER, BODY: FRAME_BODY } as const;

const METHOD_ID = 4;
const TAG = 8;
/** Frame header, class and method, end octet. */
const AROUND = FRAME_HEAD + METHOD_ID + 1;

export const ACK_SIZE = AROUND + TAG + 1;

export function deliverSize(consumerTag: number, key: number): number {
  return AROUND + 1 + consumerTag + TAG + 1 + key;
}

export function getOkSize(key: number): number {
  return AROUND + TAG + 1 + key + 4;
}

export function returnSize(text: number, key: number): number {
  return AROUND + 2 + 1 + text + key;
}

/** Where a message's exchange and routing key lie. */
export interface Key {
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly length: number;
}

// Each writer returns the address behind the frame.

export function writeDeliver(
  to: Uint8Array,
  at: number,
  channel: number,
  consumerTag: Uint8Array,
  tag: number,
  redelivered: boolean,
  key: Key,
): number {
  let end = begin(to, at, channel, MethodId.DELIVER, deliverSize(consumerTag.length, key.length));
  to[end] = consumerTag.length;
  end = put(to, end + 1, consumerTag, 0, consumerTag.length);
  end = write64(to, end, tag);
  to[end] = redelivered ? 1 : 0;
  end = put(to, end + 1, key.bytes, key.at, key.length);
  return finish(to, end);
}

export function writeGetOk(
  to: Uint8Array,
  at: number,
  channel: number,
  tag: number,
  redelivered: boolean,
  key: Key,
  count: number,
): number {
  let end = begin(to, at, channel, MethodId.GET_OK, getOkSize(key.length));
  end = write64(to, end, tag);
  to[end] = redelivered ? 1 : 0;
  end = put(to, end + 1, key.bytes, key.at, key.length);
  end = write32(to, end, count);
  return finish(to, end);
}

export function writeReturn(
  to: Uint8Array,
  at: number,
  channel: number,
  code: number,
  text: Uint8Array,
  key: Key,
): number {
  let end = begin(to, at, channel, MethodId.RETURN, returnSize(text.length, key.length));
  end = write16(to, end, code);
  to[end] = text.length;
  end = put(to, end + 1, text, 0, text.length);
  end = put(to, end, key.bytes, key.at, key.length);
  return finish(to, end);
}

export function writeAck(to: Uint8Array, at: number, channel: number, tag: number, multiple: boolean): number {
  return writeConfirm(to, at, channel, MethodId.ACK, tag, multiple ? 1 : 0);
}

/** A publish was refused; a nack has the size of an ack. */
export function writeNack(to: Uint8Array, at: number, channel: number, tag: number): number {
  return writeConfirm(to, at, channel, MethodId.NACK, tag, 0);
}

function writeConfirm(to: Uint8Array, at: number, channel: number, method: number, tag: number, bits: number): number {
  let end = begin(to, at, channel, method, ACK_SIZE);
  end = write64(to, end, tag);
  to[end] = bits;
  return finish(to, end + 1);
}

function begin(to: Uint8Array, at: number, channel: number, method: number, size: number): number {
  to[at] = FrameType.METHOD;
  write16(to, at + 1, channel);
  write32(to, at + 3, size - FRAME_HEAD - 1);
  return write32(to, at + FRAME_HEAD, method);
}

function finish(to: Uint8Array, end: number): number {
  to[end] = FRAME_END;
  return end + 1;
}
