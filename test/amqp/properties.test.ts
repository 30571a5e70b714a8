import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AmqpError } from '../../src/amqp/errors.js';
import { type ContentHeader, decodeHeader, encodeHeader, type Properties } from '../../src/amqp/properties.js';
import { table } from '../../src/amqp/table.js';
import { properties } from './arbitraries.js';

const anyHeader: fc.Arbitrary<ContentHeader> = fc.record(
  { bodySize: fc.maxSafeNat(), properties },
  { noNullPrototype: true },
);

function refusal(payload: Uint8Array): AmqpError {
  try {
    decodeHeader(payload);
  } catch (error) {
    if (error instanceof AmqpError) return error;
    throw error;
  }
  throw new Error('the header was decoded');
}

/** A header's payload: class, weight, body size 3, then these bytes. */
function header(classId: number, weight: number, ...rest: number[]): Uint8Array {
  return Uint8Array.of(0, classId, 0, weight, 0, 0, 0, 0, 0, 0, 0, 3, ...rest);
}

/** Every property, as RabbitMQ 3.10.8 (`rabbit_framing_amqp_0_9_1`) encodes them. */
const EVERY_PROPERTY: Properties = {
  contentType: 'text/plain',
  contentEncoding: 'gzip',
  headers: table({ h: 'v' }),
  deliveryMode: 2,
  priority: 5,
  correlationId: 'c',
  replyTo: 'r',
  expiration: '60000',
  messageId: 'm',
  timestamp: 1700000000n,
  type: 't',
  userId: 'u',
  appId: 'a',
  clusterId: 'k',
};
const RABBITMQ_BYTES =
  'fffc0a746578742f706c61696e04677a6970000000080168530000000176020501630172053630303030016d000000006553f100017401750161016b';

test('all properties are written and read as RabbitMQ does', () => {
  const payload = Buffer.concat([header(60, 0), Buffer.from(RABBITMQ_BYTES, 'hex')]);
  expect(Buffer.from(encodeHeader({ bodySize: 3, properties: EVERY_PROPERTY })).toString('hex')).toBe(
    payload.toString('hex'),
  );
  expect(decodeHeader(payload)).toEqual({ bodySize: 3, properties: EVERY_PROPERTY });
});

test('a message without properties has none', () => {
  expect(decodeHeader(header(60, 0, 0, 0))).toEqual({ bodySize: 3, properties: {} });
  expect(encodeHeader({ bodySize: 3, properties: {} })).toEqual(header(60, 0, 0, 0));
});

test('any header comes back the same', () => {
  fc.assert(
    fc.property(anyHeader, (header) => {
      expect(decodeHeader(encodeHeader(header))).toEqual(header);
    }),
  );
});

test('any header is refused wherever it is cut off', () => {
  const cut = fc.property(anyHeader, (header) => {
    const payload = encodeHeader(header);
    for (let length = 0; length < payload.length; length++) {
      expect(refusal(payload.subarray(0, length))).toMatchObject({ scope: 'connection', code: 501 });
    }
  });
  // Each run tries every length, so shrinking would take longer than reading the example.
  fc.assert(cut, { numRuns: 20, endOnFailure: true });
});

test('anything behind the properties is refused', () => {
  expect(refusal(header(60, 0, 0x80, 0, 1, 0x41, 7))).toMatchObject({ scope: 'connection', code: 501 });
});

test('a correlation id of any octets comes back octet by octet', () => {
  const ids = fc.property(fc.uint8Array({ maxLength: 255 }), (id) => {
    const payload = header(60, 0, 0x04, 0, id.length, ...id);
    expect(encodeHeader(decodeHeader(payload))).toEqual(payload);
  });
  fc.assert(ids);
});

test('the two lowest flags do not matter', () => {
  expect(decodeHeader(header(60, 0, 0x80, 3, 1, 0x41)).properties).toEqual({ contentType: 'A' });
});

test('a header of another class is unexpected', () => {
  expect(refusal(header(50, 0, 0, 0))).toMatchObject({
    scope: 'connection',
    code: 505,
    text: 'UNEXPECTED_FRAME - expected content header for class 60, got one for class 50 instead',
  });
});

test('a header with a weight is unexpected', () => {
  expect(refusal(header(60, 1, 0, 0))).toMatchObject({
    code: 505,
    text: 'UNEXPECTED_FRAME - expected content header for class 60, got non content header frame instead',
  });
});

test('a body size beyond all numbers is refused', () => {
  const payload = header(60, 0, 0, 0);
  payload.fill(0xff, 4, 12);
  expect(refusal(payload)).toMatchObject({ scope: 'connection', code: 501 });
});
