/**
 * The frames of AMQP 0-9-1 that a host of the core meets: a client's basic.publish on its way in, and what the core has
 * encoded for clients on its way out. All numbers of the protocol are big-endian, all of the core little-endian.
 */
import { layout } from 'leveret/core';

const { FRAME_HEAD, FRAME_OVERHEAD, FRAME_END, FRAME_METHOD, FRAME_HEADER, FRAME_BODY, FRAME_BODY_MAX } = layout;
const { HEADER_CLASS, HEADER_FLAGS_AT, METHOD_PUBLISH, METHOD_DELIVER, METHOD_GET_OK } = layout;
/** Where the size of the body stands in a content header. */
const HEADER_SIZE_AT = 4;

/** basic.publish to the default exchange: a method frame, a header frame without properties, frames of the body. */
export function publish(channel, key, body) {
  const frames = [frame(FRAME_METHOD, channel, methodPublish(key)), frame(FRAME_HEADER, channel, header(body.length))];
  for (let at = 0; at < body.length; at += FRAME_BODY_MAX) {
    frames.push(frame(FRAME_BODY, channel, body.subarray(at, at + FRAME_BODY_MAX)));
  }
  return joined(frames);
}

function methodPublish(key) {
  // Method, two octets that are not used, no name of an exchange, the routing key, no flags.
  const payload = new Uint8Array(9 + key.length);
  new DataView(payload.buffer).setUint32(0, METHOD_PUBLISH);
  payload[7] = key.length;
  new TextEncoder().encodeInto(key, payload.subarray(8));
  return payload;
}

function header(size) {
  const payload = new Uint8Array(HEADER_FLAGS_AT + 2);
  const view = new DataView(payload.buffer);
  view.setUint32(0, HEADER_CLASS);
  view.setBigUint64(HEADER_SIZE_AT, BigInt(size));
  return payload;
}

function frame(type, channel, payload) {
  const bytes = new Uint8Array(payload.length + FRAME_OVERHEAD);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, type);
  view.setUint16(1, channel);
  view.setUint32(3, payload.length);
  bytes.set(payload, FRAME_HEAD);
  bytes[bytes.length - 1] = FRAME_END;
  return bytes;
}

export function joined(parts) {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** The messages in what a client reads: basic.deliver and basic.get-ok, each with channel, tag, redelivered and body. */
export function messages(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const found = [];
  let message = null;
  for (let at = 0; at < bytes.length; ) {
    const type = view.getUint8(at);
    const length = view.getUint32(at + 3);
    const payload = at + FRAME_HEAD;
    if (view.getUint8(payload + length) !== FRAME_END) throw new Error(`the frame at ${at} has no end`);
    if (type === FRAME_METHOD) message = { channel: view.getUint16(at + 1), ...delivered(view, payload) };
    else if (type === FRAME_HEADER) message.left = Number(view.getBigUint64(payload + HEADER_SIZE_AT));
    else {
      message.parts.push(bytes.slice(payload, payload + length));
      message.left -= length;
    }
    if (message.left === 0) {
      const { channel, tag, redelivered, parts } = message;
      found.push({ channel, tag, redelivered, body: joined(parts) });
    }
    at += length + FRAME_OVERHEAD;
  }
  return found;
}

function delivered(view, payload) {
  const method = view.getUint32(payload);
  if (method !== METHOD_DELIVER && method !== METHOD_GET_OK) throw new Error(`method ${method} was not expected`);
  // A delivery names its consumer first.
  const tagAt = payload + (method === METHOD_DELIVER ? 5 + view.getUint8(payload + 4) : 4);
  return {
    tag: Number(view.getBigUint64(tagAt)),
    redelivered: view.getUint8(tagAt + 8) === 1,
    parts: [],
    left: -1,
  };
}
