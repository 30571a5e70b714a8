/**
 * What a client is told about frames that are out of place.
 */
import { expect, test } from 'vitest';
import { FrameType } from '../../src/amqp/frames.js';
import { misplacedFrame, oversizeFrame } from '../../src/connection/errors/frame-fault.js';
import { Content, Limit } from '../../src/engine/engine.js';

function header(fields: { classId?: number; weight?: number; size?: bigint }): Uint8Array {
  const payload = Buffer.alloc(14);
  payload.writeUInt16BE(fields.classId ?? 60, 0);
  payload.writeUInt16BE(fields.weight ?? 0, 2);
  payload.writeBigUInt64BE(fields.size ?? 0n, 4);
  return payload;
}

const NOTHING = new Uint8Array();

test.each([
  [FrameType.METHOD, NOTHING, Content.HEADER, '505', 'expected content header for class 60, got non content header'],
  [FrameType.METHOD, NOTHING, Content.BODY, '505', 'expected content body, got non content body frame instead'],
  [FrameType.HEADER, header({}), Content.NONE, '505', 'expected method frame, got non method frame instead'],
  [FrameType.BODY, NOTHING, Content.NONE, '505', 'expected method frame, got non method frame instead'],
  [FrameType.BODY, NOTHING, Content.HEADER, '505', 'expected content header for class 60, got non content header'],
  [FrameType.BODY, NOTHING, Content.BODY, '501', 'the body is longer'],
  [FrameType.HEADER, header({ classId: 10 }), Content.HEADER, '505', 'got one for class 10 instead'],
  [FrameType.HEADER, header({ weight: 1 }), Content.HEADER, '505', 'weight 0'],
  [FrameType.HEADER, NOTHING, Content.HEADER, '501', 'too short'],
  [FrameType.HEADER, header({ size: 2n ** 40n }), Content.HEADER, '501', 'more than any message may have'],
  [FrameType.HEARTBEAT, NOTHING, Content.NONE, '505', 'heartbeat frame on channel 5'],
  [9, NOTHING, Content.NONE, '501', 'unknown frame type 9'],
])('a frame of type %i (%j) where %i is due ends the connection with %s', (type, payload, state, code, text) => {
  const error = misplacedFrame(type, 5, payload, state, Limit.BODY_MAX);
  expect(error.scope).toBe('connection');
  expect(String(error.code)).toBe(code);
  expect(error.text).toContain(text);
});

test('a message that is merely too large ends its channel only', () => {
  const error = misplacedFrame(FrameType.HEADER, 5, header({ size: 101n }), Content.HEADER, 100);
  expect(error).toMatchObject({ scope: 'channel', code: 406, classId: 60, methodId: 40 });
  expect(error.text).toContain(`message size 101 is larger than configured max size 100`);
});

test('a frame that is too long says by how much', () => {
  expect(oversizeFrame(5000, 4096).text).toBe(
    'FRAME_ERROR - frame payload of 5000 octets is more than the negotiated frame_max of 4096 allows',
  );
});
