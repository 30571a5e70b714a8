import { describe, expect, test } from 'vitest';
import { AmqpError, channelError, connectionError, replyCode, replyName } from '../../src/amqp/errors.js';
import { methodId } from '../../src/amqp/protocol.js';

test('the text is the name of the code and the explanation', () => {
  const error = channelError(replyCode.NOT_FOUND, "no queue 'q' in vhost '/'");
  expect(error).toMatchObject({ scope: 'channel', code: 404, text: "NOT_FOUND - no queue 'q' in vhost '/'" });
  expect(error.message).toBe(error.text);
});

test('every code has its name', () => {
  for (const [name, code] of Object.entries(replyCode)) expect(replyName(code)).toBe(name);
  expect(() => replyName(999)).toThrow(RangeError);
});

test.each([311, 312, 313, 403, 404, 405, 406])('%d closes the channel', (code) => {
  expect(new AmqpError('channel', code, 'x').scope).toBe('channel');
});

test.each([320, 402, 501, 502, 503, 504, 505, 506, 530, 540, 541])('%d closes the connection in any case', (code) => {
  expect(new AmqpError('channel', code, 'x').scope).toBe('connection');
});

test('a soft code may close the connection', () => {
  const refused = connectionError(replyCode.ACCESS_REFUSED, 'Login was refused');
  expect(refused).toMatchObject({ scope: 'connection', code: 403 });
});

test('an error names the method that failed', () => {
  const error = connectionError(replyCode.NOT_ALLOWED, 'x', methodId('connection.open'));
  expect(error).toMatchObject({ classId: 10, methodId: 40 });
});

test('an error that names no method takes the one it came up in, once', () => {
  const error = channelError(replyCode.NOT_FOUND, 'x').during(methodId('queue.bind'));
  expect(error).toMatchObject({ scope: 'channel', code: 404, text: 'NOT_FOUND - x', classId: 50, methodId: 20 });
  expect(error.during(methodId('basic.get'))).toMatchObject({ classId: 50, methodId: 20 });
});

describe('a long text', () => {
  test('is cut to what a short string carries, as RabbitMQ cuts it', () => {
    const { text } = channelError(replyCode.NOT_FOUND, 'x'.repeat(300));
    expect(text).toBe(`NOT_FOUND - ${'x'.repeat(240)}...`);
  });

  test('is whole when it just fits', () => {
    const { text } = channelError(replyCode.NOT_FOUND, 'x'.repeat(243));
    expect(text).toBe(`NOT_FOUND - ${'x'.repeat(243)}`);
  });

  test.each(['é', '語', '🐇'])('is cut between characters (%s)', (character) => {
    for (let shift = 0; shift < 4; shift++) {
      const { text } = channelError(replyCode.NOT_FOUND, 'x'.repeat(shift) + character.repeat(200));
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(255);
      expect(Buffer.byteLength(text)).toBeGreaterThan(255 - 4);
      expect(text).toMatch(new RegExp(`^NOT_FOUND - x*${character}+\\.\\.\\.$`, 'u'));
    }
  });
});
