/**
 * Frames: `type channel length payload 0xCE`. Encodes methods and contents as whole frames and decodes the payload of
 * method frames by walking the description in protocol.ts. Messages on the hot path never come here: the core frames
 * them. What must hold: whatever bytes a peer sends, decoding returns a method or throws an `AmqpError`.
 */

import { FRAME_BODY, FRAME_END, FRAME_HEAD, FRAME_HEADER, FRAME_METHOD, FRAME_OVERHEAD } from '../numbers/core.js';
import { AmqpError, connectionError, replyCode } from './errors.js';
import { type ContentHeader, encodeHeader } from './properties.js';
import {
  isReserved,
  METHODS,
  type Method,
  type MethodName,
  type MethodSpec,
  methodId,
  methodName,
  unreserved,
  type WireType,
  type WireTypes,
} from './protocol.js';
import { EMPTY_TABLE, readTable, writeTable } from './table.js';
import { Reader, Writer } from './wire.js';

export const FrameType = { METHOD: FRAME_METHOD, HEADER: FRAME_HEADER, BODY: FRAME_BODY, HEARTBEAT: 8 } as const;
export type FrameType = (typeof FrameType)[keyof typeof FrameType];

/** The octet at the end; octets before the payload, and all that are not payload. */
export { FRAME_END, FRAME_HEAD, FRAME_OVERHEAD };

/** What a client opens with, and what the server answers to any other opening: AMQP 0-9-1. */
export const PROTOCOL_HEADER: Uint8Array = Uint8Array.of(0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1);

export const HEARTBEAT_FRAME: Uint8Array = encodeFrame(FrameType.HEARTBEAT, 0, new Uint8Array());

export function encodeFrame(type: FrameType, channel: number, payload: Uint8Array): Uint8Array {
  const writer = new Writer(FRAME_OVERHEAD + payload.length);
  writer.octet(type);
  writer.short(channel);
  writer.longBytes(payload);
  writer.octet(FRAME_END);
  return writer.finish();
}

/** A method as a whole frame. */
export function encodeMethod(channel: number, method: Method): Uint8Array {
  return encodeFrame(FrameType.METHOD, channel, encodePayload(method));
}

/** A content: its header frame and as many body frames as `frameMax` (whole frames, bytes) asks for. */
export function encodeContent(
  channel: number,
  properties: ContentHeader['properties'],
  body: Uint8Array,
  frameMax: number,
): Uint8Array {
  const frames = [encodeFrame(FrameType.HEADER, channel, encodeHeader({ bodySize: body.length, properties }))];
  const step = frameMax - FRAME_OVERHEAD;
  for (let start = 0; start < body.length; start += step) {
    frames.push(encodeFrame(FrameType.BODY, channel, body.subarray(start, start + step)));
  }
  return Buffer.concat(frames);
}

export interface Frame {
  readonly type: number;
  readonly channel: number;
  /** A view of the input. */
  readonly payload: Uint8Array;
  /** Octets of the whole frame. */
  readonly length: number;
}

/**
 * The frame at the start of `bytes`; undefined when it is not complete yet. Throws `AmqpError` at a wrong end octet.
 */
export function readFrame(bytes: Uint8Array): Frame | undefined {
  if (bytes.length < FRAME_HEAD) return undefined;
  const head = new DataView(bytes.buffer, bytes.byteOffset, FRAME_HEAD);
  const end = FRAME_HEAD + head.getUint32(3);
  if (bytes.length <= end) return undefined;
  const endOctet = bytes[end];
  if (endOctet !== FRAME_END) throw connectionError(replyCode.FRAME_ERROR, `frame end octet is ${endOctet}`);
  return {
    type: head.getUint8(0),
    channel: head.getUint16(1),
    payload: bytes.subarray(FRAME_HEAD, end),
    length: end + 1,
  };
}

function encodePayload(method: Method): Uint8Array {
  const spec: MethodSpec = METHODS[method.name];
  // Which fields there are depends on the name; the description has both, so it knows the type of each value.
  const values = method as unknown as Readonly<Record<string, WireTypes[WireType]>>;
  const writer = new Writer();
  writer.short(spec.id[0]);
  writer.short(spec.id[1]);
  for (const [field, type] of Object.entries(spec.fields)) {
    const codec = codecOf(unreserved(type));
    codec.write(writer, isReserved(type) ? codec.zero : values[field]);
  }
  return writer.finish();
}

/** Decodes the payload of a method frame. Throws `AmqpError`, which closes the connection and names the method. */
export function decodeMethod(payload: Uint8Array): Method {
  const ids = new Reader(payload.subarray(0, 4));
  const classId = ids.short();
  const method = ids.short();
  const name = methodName(classId, method);
  if (name === undefined) {
    throw connectionError(replyCode.NOT_IMPLEMENTED, `unknown method ${method} of class ${classId}`);
  }
  try {
    return decodeFields(name, new Reader(payload.subarray(4)));
  } catch (error) {
    throw error instanceof AmqpError ? error.during(methodId(name)) : error;
  }
}

function decodeFields(name: MethodName, reader: Reader): Method {
  const spec: MethodSpec = METHODS[name];
  const fields: Record<string, WireTypes[WireType] | undefined> = {};
  for (const [field, type] of Object.entries(spec.fields)) {
    const value = codecOf(unreserved(type)).read(reader);
    if (!isReserved(type)) fields[field] = value;
  }
  reader.finish();
  // The fields are those of the description that the type is inferred from.
  return { name, ...fields } as unknown as Method;
}

/** How a wire type is read and written, and what a reserved field of it is written as. */
interface FieldCodec<T> {
  readonly zero: T;
  readonly read: (reader: Reader) => T;
  readonly write: (writer: Writer, value: T) => void;
}

const FIELDS: { readonly [T in WireType]: FieldCodec<WireTypes[T]> } = {
  bit: { zero: false, read: (reader) => reader.bit(), write: (writer, value) => writer.bit(value) },
  octet: { zero: 0, read: (reader) => reader.octet(), write: (writer, value) => writer.octet(value) },
  short: { zero: 0, read: (reader) => reader.short(), write: (writer, value) => writer.short(value) },
  long: { zero: 0, read: (reader) => reader.long(), write: (writer, value) => writer.long(value) },
  longlong: { zero: 0n, read: (reader) => reader.longlong(), write: (writer, value) => writer.longlong(value) },
  shortstr: { zero: '', read: (reader) => reader.shortstr(), write: (writer, value) => writer.shortText(value) },
  longstr: { zero: '', read: (reader) => reader.longText(), write: (writer, value) => writer.longText(value) },
  bytes: {
    zero: new Uint8Array(),
    read: (reader) => reader.longBytes(),
    write: (writer, value) => writer.longBytes(value),
  },
  table: { zero: EMPTY_TABLE, read: readTable, write: writeTable },
};

/** The codec of a type, for a value that the compiler cannot see to be of that type: both come from one description. */
function codecOf(type: WireType): FieldCodec<WireTypes[WireType] | undefined> {
  return FIELDS[type] as FieldCodec<WireTypes[WireType] | undefined>;
}
