import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AmqpError } from '../../src/amqp/errors.js';
import {
  encodeContent,
  encodeFrame,
  FrameType,
  HEARTBEAT_FRAME,
  PROTOCOL_HEADER,
  readFrame,
} from '../../src/amqp/frames.js';
import { decodeHeader } from '../../src/amqp/properties.js';

/** All frames in `bytes`, which must end with one. */
function frames(bytes: Uint8Array): { type: number; channel: number; payload: Uint8Array; length: number }[] {
  const found = [];
  for (let rest = bytes; rest.length > 0; ) {
    const frame = readFrame(rest);
    if (frame === undefined) throw new Error(`${rest.length} octets are no frame`);
    found.push(frame);
    rest = rest.subarray(frame.length);
  }
  return found;
}

test('a heartbeat is an empty frame on channel 0', () => {
  expect(HEARTBEAT_FRAME).toEqual(Uint8Array.of(8, 0, 0, 0, 0, 0, 0, 0xce));
});

test('the protocol header says AMQP 0-9-1', () => {
  expect(PROTOCOL_HEADER).toEqual(Uint8Array.of(0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1));
});

test('a frame is read back once its last octet is there', () => {
  const frame = encodeFrame(FrameType.BODY, 513, Uint8Array.of(1, 2, 3));
  for (let length = 0; length < frame.length; length++) expect(readFrame(frame.subarray(0, length))).toBeUndefined();
  expect(readFrame(Uint8Array.of(...frame, 99))).toEqual({
    type: FrameType.BODY,
    channel: 513,
    payload: Uint8Array.of(1, 2, 3),
    length: frame.length,
  });
});

test('a frame that ends in another octet is refused', () => {
  const frame = encodeFrame(FrameType.BODY, 1, Uint8Array.of(1));
  frame[frame.length - 1] = 0xcd;
  expect(() => readFrame(frame)).toThrow(AmqpError);
});

test('a body is cut into frames that fit, and comes together again', () => {
  const body = fc.uint8Array({ maxLength: 200 });
  const cut = fc.property(body, fc.integer({ min: 9, max: 64 }), (body, frameMax) => {
    const [header, ...parts] = frames(encodeContent(7, { contentType: 'x' }, body, frameMax));
    expect(header).toMatchObject({ type: FrameType.HEADER, channel: 7 });
    expect(header && decodeHeader(header.payload)).toEqual({
      bodySize: body.length,
      properties: { contentType: 'x' },
    });
    expect(parts.every((part) => part.type === FrameType.BODY && part.length <= frameMax)).toBe(true);
    expect([...Buffer.concat(parts.map((part) => part.payload))]).toEqual([...body]);
  });
  fc.assert(cut);
});

test('an empty body has no body frame', () => {
  expect(frames(encodeContent(1, {}, new Uint8Array(), 4096))).toHaveLength(1);
});
