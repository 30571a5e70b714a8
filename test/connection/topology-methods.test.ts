/**
 * Methods as requests: what an empty name stands for, and what is answered.
 */
import { expect, test } from 'vitest';
import { AmqpError } from '../../src/amqp/errors.js';
import { EMPTY_TABLE } from '../../src/amqp/table.js';
import { isNowait, replyTo, requestOf, type TopologyMethod } from '../../src/connection/topology-methods.js';

const bind: Extract<TopologyMethod, { name: 'queue.bind' }> = {
  name: 'queue.bind',
  queue: '',
  exchange: 'x',
  routingKey: '',
  nowait: false,
  arguments: EMPTY_TABLE,
};

test('an empty queue name is the queue declared last, and its key too when that is empty as well', () => {
  expect(requestOf(bind, '/', 'last')).toMatchObject({ queue: 'last', routingKey: 'last' });
  expect(requestOf({ ...bind, routingKey: 'k' }, '/', 'last')).toMatchObject({ queue: 'last', routingKey: 'k' });
  expect(requestOf({ ...bind, queue: 'q' }, '/', 'last')).toMatchObject({ queue: 'q', routingKey: '' });
});

test('an empty queue name before any declaration is an error of the channel', () => {
  expect(() => requestOf(bind, '/', null)).toThrow(AmqpError);
  expect(() => requestOf(bind, '/', null)).toThrow('NOT_FOUND - no previously declared queue');
});

test('a declaration is answered with the name that the coordinator gave', () => {
  const declare: TopologyMethod = {
    name: 'queue.declare',
    queue: '',
    passive: false,
    durable: false,
    exclusive: true,
    autoDelete: false,
    nowait: false,
    arguments: EMPTY_TABLE,
  };
  expect(requestOf(declare, '/', null)).not.toHaveProperty('nowait');
  expect(replyTo(declare, { ok: true, queue: 'amq.gen-1', messageCount: 2, consumerCount: 1 })).toEqual({
    name: 'queue.declare-ok',
    queue: 'amq.gen-1',
    messageCount: 2,
    consumerCount: 1,
  });
});

test('an unbind is always answered, others unless the client waits for nothing', () => {
  const { nowait, ...rest } = bind;
  expect(isNowait({ ...rest, name: 'queue.unbind' })).toBe(false);
  expect(isNowait({ ...bind, nowait: true })).toBe(true);
  expect(replyTo(bind, { ok: true })).toEqual({ name: 'queue.bind-ok' });
});
