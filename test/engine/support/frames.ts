/** Frames as a client sends them, and as it reads them, for tests that drive an engine without a socket. */

export const FRAME_END = 0xce;

export function frame(type: number, channel: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(7);
  head[0] = type;
  head.writeUInt16BE(channel, 1);
  head.writeUInt32BE(payload.length, 3);
  return Buffer.concat([head, payload, Buffer.of(FRAME_END)]);
}

function shortString(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.of(bytes.length), bytes]);
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

/** Flags and properties of a content header: nothing but a delivery mode. */
const TRANSIENT = Buffer.of(0x10, 0, 1);

/** Properties that engines look at, and a table of headers as it is encoded. */
export interface Properties {
  readonly headers?: Uint8Array;
  readonly persistent?: boolean;
  readonly priority?: number;
  readonly replyTo?: string;
  readonly expiration?: string;
  /** In seconds. */
  readonly timestamp?: number;
  readonly userId?: string;
}

/** Flags and properties of a content header. */
export function properties(given: Properties): Buffer {
  const parts: [flag: number, bytes: Buffer][] = [];
  if (given.headers !== undefined) parts.push([0x2000, longString(given.headers)]);
  if (given.persistent !== undefined) parts.push([0x1000, Buffer.of(given.persistent ? 2 : 1)]);
  if (given.priority !== undefined) parts.push([0x0800, Buffer.of(given.priority)]);
  if (given.replyTo !== undefined) parts.push([0x0200, shortString(given.replyTo)]);
  if (given.expiration !== undefined) parts.push([0x0100, shortString(given.expiration)]);
  if (given.timestamp !== undefined) parts.push([0x0040, uint64(given.timestamp)]);
  if (given.userId !== undefined) parts.push([0x0010, shortString(given.userId)]);
  const flags = Buffer.alloc(2);
  flags.writeUInt16BE(parts.reduce((sum, [flag]) => sum | flag, 0));
  return Buffer.concat([flags, ...parts.map(([, bytes]) => bytes)]);
}

/** An entry of a table: its name, the type of its value and the value's octets. */
export function entry(name: string, type: string, value: Uint8Array): Buffer {
  return Buffer.concat([shortString(name), Buffer.from(type), value]);
}

export function longString(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/**
 * basic.publish with its content; the body in frames of `frameBody` octets, `properties` with the flags before them.
 */
export function publish(
  channel: number,
  key: string,
  body: Uint8Array,
  options: { mandatory?: boolean; frameBody?: number; properties?: Uint8Array } = {},
): Buffer {
  const bits = Buffer.of(options.mandatory ? 1 : 0);
  const method = Buffer.concat([Buffer.of(0, 60, 0, 40, 0, 0), shortString(''), shortString(key), bits]);
  const header = Buffer.concat([Buffer.of(0, 60, 0, 0), uint64(body.length), options.properties ?? TRANSIENT]);
  const frames = [frame(1, channel, method), frame(2, channel, header)];
  const part = options.frameBody ?? 131064;
  for (let at = 0; at < body.length; at += part) frames.push(frame(3, channel, body.subarray(at, at + part)));
  return Buffer.concat(frames);
}

export function ack(channel: number, tag: number, multiple = false): Buffer {
  return frame(1, channel, Buffer.concat([Buffer.of(0, 60, 0, 80), uint64(tag), Buffer.of(multiple ? 1 : 0)]));
}

export function nack(channel: number, tag: number, multiple: boolean, requeue: boolean): Buffer {
  const bits = (multiple ? 1 : 0) | (requeue ? 2 : 0);
  return frame(1, channel, Buffer.concat([Buffer.of(0, 60, 0, 120), uint64(tag), Buffer.of(bits)]));
}

export function reject(channel: number, tag: number, requeue: boolean): Buffer {
  return frame(1, channel, Buffer.concat([Buffer.of(0, 60, 0, 90), uint64(tag), Buffer.of(requeue ? 1 : 0)]));
}

/** What a client reads. */
export type Received =
  | { kind: 'delivery'; channel: number; tag: number; redelivered: boolean; body: Buffer }
  | { kind: 'got'; channel: number; tag: number; redelivered: boolean; remaining: number; body: Buffer }
  | { kind: 'returned'; channel: number; code: number; body: Buffer }
  | { kind: 'confirm' | 'refusal'; channel: number; tag: number; multiple: boolean };

/** Decodes a stream of whole frames; fails on anything that a client would not understand. */
export function received(stream: Buffer): Received[] {
  const all: Received[] = [];
  let content: { channel: number; left: number; parts: Buffer[]; done: (body: Buffer) => Received } | null = null;
  const finish = (): void => {
    if (content === null || content.left > 0) return;
    all.push(content.done(Buffer.concat(content.parts)));
    content = null;
  };
  for (let at = 0; at < stream.length; ) {
    const type = stream.readUInt8(at);
    const channel = stream.readUInt16BE(at + 1);
    const size = stream.readUInt32BE(at + 3);
    const payload = stream.subarray(at + 7, at + 7 + size);
    if (stream[at + 7 + size] !== FRAME_END) throw new Error(`the frame at ${at} has no end`);
    at += size + 8;
    if (type === 1) {
      if (content !== null) throw new Error('a method stands between the frames of a content');
      const method = payload.readUInt32BE(0);
      if (method === 0x003c0050 || method === 0x003c0078) {
        const kind = method === 0x003c0050 ? 'confirm' : 'refusal';
        all.push({ kind, channel, tag: Number(payload.readBigUInt64BE(4)), multiple: payload[12] === 1 });
        continue;
      }
      content = { channel, left: -1, parts: [], done: contentOf(method, channel, payload) };
      continue;
    }
    if (content === null || content.channel !== channel)
      throw new Error(`a content frame nobody announced on channel ${channel}`);
    if (type === 2) content.left = Number(payload.readBigUInt64BE(4));
    else {
      content.parts.push(payload);
      content.left -= size;
    }
    finish();
  }
  if (content !== null) throw new Error('a content ends in the middle');
  return all;
}

function contentOf(method: number, channel: number, payload: Buffer): (body: Buffer) => Received {
  switch (method) {
    case 0x003c003c: {
      const at = 5 + payload.readUInt8(4);
      const tag = Number(payload.readBigUInt64BE(at));
      return (body) => ({ kind: 'delivery', channel, tag, redelivered: payload[at + 8] === 1, body });
    }
    case 0x003c0047: {
      const tag = Number(payload.readBigUInt64BE(4));
      const remaining = payload.readUInt32BE(payload.length - 4);
      return (body) => ({ kind: 'got', channel, tag, redelivered: payload[12] === 1, remaining, body });
    }
    case 0x003c0032:
      return (body) => ({ kind: 'returned', channel, code: payload.readUInt16BE(4), body });
    default:
      throw new Error(`a method that no engine sends: 0x${method.toString(16)}`);
  }
}

/** The payload of a content header frame for a body of so many octets. */
export function headerOf(size: number, given: Uint8Array): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(60);
  head.writeBigUInt64BE(BigInt(size), 4);
  return Buffer.concat([head, given]);
}
