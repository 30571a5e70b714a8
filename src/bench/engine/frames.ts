/** Frames as clients send them, encoded once, before anything is timed. */

function frame(type: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(7);
  head[0] = type;
  head.writeUInt16BE(1, 1);
  head.writeUInt32BE(payload.length, 3);
  return Buffer.concat([head, payload, Buffer.of(0xce)]);
}

/** `count` publishes to the routing key `q`, with bodies of `size` octets (one frame each). */
export function publishes(count: number, size: number): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(BigInt(size));
  const one = Buffer.concat([
    frame(1, Buffer.of(0, 60, 0, 40, 0, 0, 0, 1, 0x71, 0)),
    frame(2, Buffer.concat([Buffer.of(0, 60, 0, 0), length, Buffer.of(0x10, 0, 1)])),
    frame(3, Buffer.alloc(size, 'x')),
  ]);
  return Buffer.concat(new Array<Buffer>(count).fill(one));
}

/** Acknowledgements of the tags from `first` on, one frame each. */
export function acks(first: number, count: number): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, i) => ack(first + i, 0)));
}

export function ackUpTo(tag: number): Buffer {
  return ack(tag, 1);
}

function ack(tag: number, multiple: number): Buffer {
  const payload = Buffer.alloc(13);
  payload.writeUInt32BE(0x003c0050);
  payload.writeBigUInt64BE(BigInt(tag), 4);
  payload[12] = multiple;
  return frame(1, payload);
}
