/**
 * What is wrong with a frame that does not fit where it came, and what the client is told. Pure.
 * The core hands over whole frames that it will not take; those that are methods in their place are not seen here.
 */
import { type AmqpError, channelError, connectionError, replyCode } from '../../amqp/errors.js';
import { FrameType } from '../../amqp/frames.js';
import { methodId } from '../../amqp/protocol.js';
import { Content } from '../../engine/engine.js';

/** Messages above this are an error of the frame itself, as in RabbitMQ; below it, and above ours, of the message. */
const BODY_CEILING = 512 * 1024 * 1024;

/** A content frame, or a frame of no type that we know. `state` is what the channel expects. */
export function misplacedFrame(
  type: number,
  channel: number,
  payload: Uint8Array,
  state: Content,
  bodyMax: number,
): AmqpError {
  switch (type) {
    case FrameType.METHOD:
      return outOfPlace(state);
    case FrameType.HEADER:
      return state === Content.HEADER ? badHeader(payload, bodyMax) : outOfPlace(state);
    case FrameType.BODY:
      return state === Content.BODY ? frameError('the body is longer than its content header says') : outOfPlace(state);
    case FrameType.HEARTBEAT:
      return connectionError(replyCode.UNEXPECTED_FRAME, `heartbeat frame on channel ${channel}`);
    default:
      return frameError(`unknown frame type ${type}`);
  }
}

/** A frame that is longer than was negotiated. */
export function oversizeFrame(payloadSize: number, frameMax: number): AmqpError {
  return frameError(
    `frame payload of ${payloadSize} octets is more than the negotiated frame_max of ${frameMax} allows`,
  );
}

/** A frame that does not end as frames do. */
export function badFrameEnd(): AmqpError {
  return frameError('the frame does not end in octet 206');
}

const EXPECTED: Readonly<Record<Content, string>> = {
  [Content.NONE]: 'expected method frame, got non method frame instead',
  [Content.HEADER]: 'expected content header for class 60, got non content header frame instead',
  [Content.BODY]: 'expected content body, got non content body frame instead',
};

/** Another kind of frame than the one that is due. */
function outOfPlace(state: Content): AmqpError {
  return unexpectedFrame(EXPECTED[state], state);
}

/** A content header in its place that the core would not take. */
function badHeader(payload: Uint8Array, bodyMax: number): AmqpError {
  if (payload.length < 14) return frameError('the content header is too short');
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const classId = view.getUint16(0);
  if (classId !== 60) {
    return unexpectedFrame(
      `expected content header for class 60, got one for class ${classId} instead`,
      Content.HEADER,
    );
  }
  if (view.getUint16(2) !== 0) return unexpectedFrame('expected content header of weight 0', Content.HEADER);
  const size = view.getBigUint64(4);
  if (size > BODY_CEILING) return frameError(`a body of ${size} octets is more than any message may have`);
  if (size > bodyMax) return tooLarge(size, bodyMax);
  return frameError('the properties of the content header cannot be decoded');
}

/** The channel goes, the connection stays. */
function tooLarge(size: bigint, bodyMax: number): AmqpError {
  const explanation = `message size ${size} is larger than configured max size ${bodyMax}`;
  return channelError(replyCode.PRECONDITION_FAILED, explanation, methodId('basic.publish'));
}

function unexpectedFrame(explanation: string, state: Content): AmqpError {
  const method = state === Content.NONE ? undefined : methodId('basic.publish');
  return connectionError(replyCode.UNEXPECTED_FRAME, explanation, method);
}

function frameError(explanation: string): AmqpError {
  return connectionError(replyCode.FRAME_ERROR, explanation);
}
