import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AmqpError, replyCode } from '../../src/amqp/errors.js';
import { decodeMethod, encodeMethod, FRAME_HEAD, FRAME_OVERHEAD } from '../../src/amqp/frames.js';
import { fromClient, METHOD_NAMES, type Method, methodId, methodName } from '../../src/amqp/protocol.js';
import { methodOf } from './arbitraries.js';
import { RABBITMQ_BYTES, sample } from './samples.js';

const anyMethod = fc.constantFrom(...METHOD_NAMES).chain(methodOf);

function payloadOf(method: Method): Uint8Array {
  return encodeMethod(1, method).slice(FRAME_HEAD, -1);
}

/** What decoding throws; a test that gets a method instead fails. */
function refusal(payload: Uint8Array): AmqpError {
  try {
    const method = decodeMethod(payload);
    throw new Error(`decoded as ${method.name}`);
  } catch (error) {
    if (error instanceof AmqpError) return error;
    throw error;
  }
}

function withIds(name: Method['name'], ...fields: number[]): Uint8Array {
  const { classId, methodId: id } = methodId(name);
  return Uint8Array.of(0, classId, 0, id, ...fields);
}

describe.each(METHOD_NAMES)('%s', (name) => {
  test('is written as RabbitMQ writes it', () => {
    expect(Buffer.from(payloadOf(sample(name))).toString('hex')).toBe(RABBITMQ_BYTES[name]);
  });

  test('is read as RabbitMQ writes it', () => {
    expect(decodeMethod(Buffer.from(RABBITMQ_BYTES[name], 'hex'))).toEqual(sample(name));
  });

  test('comes back the same with any values', () => {
    const roundTrip = fc.property(methodOf(name), (method) => {
      expect(decodeMethod(payloadOf(method))).toEqual(method);
    });
    fc.assert(roundTrip, { numRuns: 50 });
  });

  test('is refused wherever it is cut off', () => {
    const payload = payloadOf(sample(name));
    for (let length = 0; length < payload.length; length++) {
      const error = refusal(payload.subarray(0, length));
      expect(error).toMatchObject({ scope: 'connection', code: replyCode.FRAME_ERROR });
      if (length >= 4) expect(error).toMatchObject(methodId(name));
    }
  });

  test('is refused with anything behind it', () => {
    const error = refusal(Uint8Array.of(...payloadOf(sample(name)), 0));
    expect(error).toMatchObject({ scope: 'connection', code: replyCode.FRAME_ERROR, ...methodId(name) });
  });

  test('is found by its ids', () => {
    const { classId, methodId: id } = methodId(name);
    expect(methodName(classId, id)).toBe(name);
  });
});

test('any method with any values is refused wherever it is cut off', () => {
  const cut = fc.property(anyMethod, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (method, part) => {
    const payload = payloadOf(method);
    const error = refusal(payload.subarray(0, Math.floor(payload.length * part)));
    expect(error.code).toBe(replyCode.FRAME_ERROR);
  });
  fc.assert(cut, { numRuns: 500 });
});

test('any bytes are a method or a connection error', () => {
  const name = fc.constantFrom(...METHOD_NAMES);
  const fuzz = fc.property(name, fc.uint8Array({ maxLength: 60 }), (name, fields) => {
    try {
      expect(decodeMethod(withIds(name, ...fields)).name).toBe(name);
    } catch (error) {
      expect(error).toBeInstanceOf(AmqpError);
      expect(error).toMatchObject({ scope: 'connection', code: replyCode.FRAME_ERROR, ...methodId(name) });
    }
  });
  fc.assert(fuzz, { numRuns: 5000 });
});

test('a method in shared memory is decoded into values of its own', () => {
  const method = { name: 'connection.secure-ok', response: Uint8Array.of(1, 2, 3) } as const;
  const payload = payloadOf(method);
  const shared = new Uint8Array(new SharedArrayBuffer(payload.length));
  shared.set(payload);

  const decoded = decodeMethod(shared);
  shared.fill(0xff);

  expect(decoded).toEqual(method);
});

test('bytes are kept when the input is overwritten, be it a Buffer', () => {
  const payload = Buffer.from(payloadOf({ name: 'connection.secure-ok', response: Uint8Array.of(1, 2, 3) }));
  const decoded = decodeMethod(payload);
  payload.fill(0xff);
  expect(decoded).toEqual({ name: 'connection.secure-ok', response: Uint8Array.of(1, 2, 3) });
});

test('what stands in reserved fields does not matter', () => {
  const ticketAndKey = withIds('queue.purge', 0x12, 0x34, 1, 0x71, 1);
  expect(decodeMethod(ticketAndKey)).toEqual({ name: 'queue.purge', queue: 'q', nowait: true });
});

test('bits that no field uses do not matter', () => {
  expect(decodeMethod(withIds('channel.flow', 0xff))).toEqual({ name: 'channel.flow', active: true });
});

test('an unknown method is not implemented', () => {
  expect(refusal(Uint8Array.of(0, 60, 0, 77))).toMatchObject({
    scope: 'connection',
    code: 540,
    text: 'NOT_IMPLEMENTED - unknown method 77 of class 60',
  });
});

test('an unknown class is not implemented', () => {
  expect(refusal(Uint8Array.of(1, 10, 0, 10))).toMatchObject({ scope: 'connection', code: 540 });
});

test('fields that do not decode are shown as RabbitMQ shows them', () => {
  const error = refusal(withIds('queue.declare', 0, 0, 1, 0x71, 0, 0, 0, 0, 9));
  expect(error.text).toBe('FRAME_ERROR - cannot decode <<0,0,1,113,0,0,0,0,9>>');
});

test('a name that is not UTF-8 is refused in the words of RabbitMQ', () => {
  const error = refusal(withIds('queue.delete', 0, 0, 2, 0xff, 0xff, 0));
  expect(error).toMatchObject({
    code: 501,
    text: 'FRAME_ERROR - Malformed UTF-8 in shortstr',
    classId: 50,
    methodId: 40,
  });
});

test('a value that its field cannot carry is our own mistake, not a peer’s', () => {
  const tooLong = { name: 'basic.cancel-ok', consumerTag: 'x'.repeat(256) } as const;
  expect(() => encodeMethod(1, tooLong)).toThrow(RangeError);
  expect(() => encodeMethod(1, { name: 'queue.purge-ok', messageCount: -1 })).toThrow(RangeError);
  expect(() => encodeMethod(1, { name: 'queue.purge-ok', messageCount: 2 ** 32 })).toThrow(RangeError);
});

test('a method frame has its type, channel, length and end', () => {
  const frame = encodeMethod(0x0102, { name: 'tx.select' });
  expect(frame).toEqual(Uint8Array.of(1, 1, 2, 0, 0, 0, 4, 0, 90, 0, 10, 0xce));
  expect(frame.length).toBe(4 + FRAME_OVERHEAD);
});

const SERVER_SPEAKS_FIRST = new Set([
  'connection.start',
  'connection.secure',
  'connection.tune',
  'connection.blocked',
  'connection.unblocked',
  'basic.return',
  'basic.deliver',
  'basic.get-empty',
]);

test('only what clients send is taken from clients', () => {
  const refused = METHOD_NAMES.filter((name) => !fromClient(name));
  expect(refused).toContain('basic.deliver');
  expect(refused).toContain('connection.start');
  expect(refused).not.toContain('basic.publish');
  expect(refused).not.toContain('channel.close-ok');
  expect(refused.every((name) => name.endsWith('-ok') || SERVER_SPEAKS_FIRST.has(name))).toBe(true);
});
