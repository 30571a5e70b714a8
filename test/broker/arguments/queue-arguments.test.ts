/** The arguments of queue.declare: what is checked, and how a fault is told. */
import { beforeEach, describe, expect, test } from 'vitest';
import { type Plain, table } from '../../../src/amqp/table.js';
import { outcome, Stage } from '../support/stage.js';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});

function declare(args: Record<string, Plain>, fields = {}): string {
  return outcome(stage.queue('q', { durable: true, ...fields, arguments: table(args) }));
}

const NOT_INTEGER = '"expected integer, got longstr"';
const TEN_YEARS = 315_360_000_000;

test.each<[string, Plain, string]>([
  ['x-message-ttl', 'a', NOT_INTEGER],
  ['x-message-ttl', 1.5, '"expected integer, got double"'],
  ['x-message-ttl', null, '"expected integer, got void"'],
  ['x-message-ttl', -1, '{value_negative,-1}'],
  ['x-message-ttl', TEN_YEARS + 1, `{value_too_large,${TEN_YEARS + 1}}`],
  ['x-expires', 'a', NOT_INTEGER],
  ['x-expires', 0, '{value_zero,0}'],
  ['x-expires', -1, '{value_negative,-1}'],
  ['x-max-length', true, '"expected integer, got bool"'],
  ['x-max-length', -1, '{value_negative,-1}'],
  ['x-max-length-bytes', -1, '{value_negative,-1}'],
  ['x-max-priority', -1, '{value_negative,-1}'],
  ['x-max-priority', 256, '{max_value_exceeded,256}'],
  ['x-overflow', 'foo', 'invalid_overflow'],
  ['x-overflow', 1, '{unacceptable_type,signedint}'],
  ['x-dead-letter-routing-key', 1, '{unacceptable_type,signedint}'],
  ['x-dead-letter-routing-key', 'k', 'routing_key_but_no_dlx_defined'],
  ['x-single-active-consumer', 'yes', '{unacceptable_type,longstr}'],
  ['x-queue-mode', 'foo', `"unsupported queue mode 'foo'"`],
  ['x-queue-version', 0, `"unsupported queue version '0'"`],
  ['x-queue-version', -1, '{value_negative,-1}'],
  ['x-queue-type', 'foo', `"unsupported queue type 'foo'"`],
  ['x-queue-type', 'stream', `"unsupported queue type 'stream'"`],
  ['x-queue-type', true, '{unacceptable_type,bool}'],
])('%s: %s is refused', (name, value, reason) => {
  expect(declare({ [name]: value })).toBe(`406 invalid arg '${name}' for queue 'q' in vhost '/': ${reason}`);
  expect(stage.hasQueue('q')).toBe(false);
});

test.each<[string, Plain]>([
  ['x-message-ttl', 0],
  ['x-message-ttl', TEN_YEARS],
  ['x-expires', 1],
  ['x-max-length', 0],
  ['x-max-priority', 255],
  ['x-overflow', 'reject-publish-dlx'],
  ['x-single-active-consumer', false],
  ['x-dead-letter-exchange', ''],
  ['x-queue-mode', 'lazy'],
  ['x-queue-version', 2],
  ['x-queue-type', 'classic'],
  ['x-queue-type', 'quorum'],
  ['x-queue-leader-locator', 'client-local'],
  ['x-delivery-limit', 5],
  ['x-consumer-timeout', 'a'],
  ['x-whatever', 1],
])('%s: %s is accepted', (name, value) => {
  expect(declare({ [name]: value })).toBe('ok');
});

test('of several faults the first in RabbitMQ’s order is told', () => {
  expect(declare({ 'x-max-length': 'a', 'x-message-ttl': 'b', 'x-expires': 'c' })).toContain("'x-expires'");
  expect(declare({ 'x-expires': 'c', 'x-queue-type': 'foo' })).toContain("'x-queue-type'");
});

test('a dead letter exchange must be a name, and makes a dead letter key possible', () => {
  const type = "406 invalid type 'signedint' for arg 'x-dead-letter-exchange' in queue 'q' in vhost '/'";
  expect(declare({ 'x-dead-letter-exchange': 5 })).toBe(type);
  expect(declare({ 'x-dead-letter-exchange': 'x', 'x-dead-letter-routing-key': 'k' })).toBe('ok');
});

describe('a quorum queue', () => {
  const quorum = { 'x-queue-type': 'quorum' };

  test.each([
    ['auto-delete', { autoDelete: true }],
    ['exclusive-owner', { exclusive: true }],
    ['non-durable', { durable: false }],
  ])('is never %s', (property, fields) => {
    expect(declare(quorum, fields)).toBe(`406 invalid property '${property}' for queue 'q' in vhost '/'`);
  });

  test('has a name of its own', () => {
    const answer = stage.queue('', { durable: true, arguments: table(quorum) });
    expect(outcome(answer)).toBe('406 Cannot declare a server-named queue for type rabbit_quorum_queue');
  });

  test('takes the arguments of its type, and a classic queue takes those of its own', () => {
    const not = (name: string, type: string) =>
      `406 invalid arg '${name}' for queue 'q' in vhost '/' of queue type rabbit_${type}_queue`;
    expect(declare({ ...quorum, 'x-max-priority': 5 })).toBe(not('x-max-priority', 'quorum'));
    expect(declare({ ...quorum, 'x-queue-mode': 'lazy' })).toBe(not('x-queue-mode', 'quorum'));
    expect(declare({ 'x-max-in-memory-length': 5 })).toBe(not('x-max-in-memory-length', 'classic'));
    expect(declare({ 'x-dead-letter-strategy': 'at-least-once' })).toBe(not('x-dead-letter-strategy', 'classic'));
    expect(declare({ ...quorum, 'x-delivery-limit': -1, 'x-dead-letter-strategy': 'at-least-once' })).toBe('ok');
  });
});
