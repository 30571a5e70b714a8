/** Binding and unbinding, with RabbitMQ's codes and texts. */
import { beforeEach, describe, expect, test } from 'vitest';
import { table } from '../../../src/amqp/table.js';
import { outcome, Stage } from '../support/stage.js';

const DEFAULT_EXCHANGE = '403 operation not permitted on the default exchange';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
  stage.queue('q');
  stage.exchange('x', 'direct');
  stage.exchange('y', 'direct');
});

describe('a binding', () => {
  test('is one, however often it is made, and gone once it is unbound', () => {
    stage.bind('q', 'x', 'k');
    const posts = stage.posted.length;
    expect(outcome(stage.bind('q', 'x', 'k'))).toBe('ok');
    expect(stage.posted).toHaveLength(posts);
    expect(stage.routed('x', 'k')).toEqual(['q']);
    stage.unbind('q', 'x', 'k');
    expect(stage.routed('x', 'k')).toEqual([]);
  });

  test('is another with another key or other arguments, and the queue still gets one message', () => {
    stage.exchange('f', 'fanout');
    stage.bind('q', 'f', 'k');
    stage.bind('q', 'f', 'k', table({ a: 1 }));
    expect(stage.routed('f', 'k')).toEqual(['q']);
    stage.unbind('q', 'f', 'k');
    expect(stage.routed('f', 'k')).toEqual(['q']);
    stage.unbind('q', 'f', 'k', table({ a: 1 }));
    expect(stage.routed('f', 'k')).toEqual([]);
  });

  test('does not depend on the order of its arguments', () => {
    stage.bind('q', 'x', 'k', table({ a: 1, b: 2 }));
    stage.unbind('q', 'x', 'k', table({ b: 2, a: 1 }));
    expect(stage.routed('x', 'k')).toEqual([]);
  });

  test('of a queue is not one of an exchange of the same name', () => {
    stage.exchange('q', 'fanout');
    stage.queue('behind');
    stage.bind('behind', 'q');
    stage.bind('q', 'x', 'k');
    stage.bindExchange('q', 'x', 'k');
    expect(stage.routed('x', 'k')).toEqual(['q', 'behind']);
    stage.unbindExchange('q', 'x', 'k');
    expect(stage.routed('x', 'k')).toEqual(['q']);
  });
});

describe('both ends must exist', () => {
  test('for a queue: the exchange is missed first', () => {
    expect(outcome(stage.bind('q', 'nope'))).toBe("404 no exchange 'nope' in vhost '/'");
    expect(outcome(stage.bind('nope', 'x'))).toBe("404 no queue 'nope' in vhost '/'");
    expect(outcome(stage.bind('no queue', 'no exchange'))).toBe("404 no exchange 'no exchange' in vhost '/'");
  });

  test('for an exchange: the source is missed first', () => {
    expect(outcome(stage.bindExchange('nope', 'x'))).toBe("404 no exchange 'nope' in vhost '/'");
    expect(outcome(stage.bindExchange('no target', 'no source'))).toBe("404 no exchange 'no source' in vhost '/'");
  });

  test('but not for unbinding', () => {
    expect(outcome(stage.unbind('q', 'nope'))).toBe('ok');
    expect(outcome(stage.unbind('nope', 'x'))).toBe('ok');
    expect(outcome(stage.unbind('q', 'x', 'not bound'))).toBe('ok');
    expect(outcome(stage.unbindExchange('nope', 'nope'))).toBe('ok');
  });
});

test('the default exchange is left alone, at either end', () => {
  expect(outcome(stage.bind('q', ''))).toBe(DEFAULT_EXCHANGE);
  expect(outcome(stage.bind('nope', ''))).toBe(DEFAULT_EXCHANGE);
  expect(outcome(stage.unbind('q', ''))).toBe(DEFAULT_EXCHANGE);
  expect(outcome(stage.bindExchange('', 'x'))).toBe(DEFAULT_EXCHANGE);
  expect(outcome(stage.bindExchange('x', ''))).toBe(DEFAULT_EXCHANGE);
});

describe('arguments of a headers binding', () => {
  test('x-match must be one of four words', () => {
    const expected = 'expected all, any, all-with-x, or any-with-x';
    const word = stage.bind('q', 'amq.headers', '', table({ 'x-match': 'most' }));
    expect(outcome(word)).toBe(`406 Invalid x-match field value <<"most">>; ${expected}`);
    const type = stage.bind('q', 'amq.headers', '', table({ 'x-match': 5 }));
    expect(outcome(type)).toBe('406 Invalid x-match field type signedint (value 5); expected longstr');
    for (const mode of ['all', 'any', 'all-with-x', 'any-with-x']) {
      expect(outcome(stage.bind('q', 'amq.headers', '', table({ 'x-match': mode })))).toBe('ok');
    }
  });

  test('do not matter to other exchanges, nor to unbinding', () => {
    expect(outcome(stage.bind('q', 'x', '', table({ 'x-match': 'most' })))).toBe('ok');
    expect(outcome(stage.unbind('q', 'amq.headers', '', table({ 'x-match': 'most' })))).toBe('ok');
  });

  test('are looked at before the lock of the queue', () => {
    stage.queue('mine', { exclusive: true }, 1);
    const answer = stage.bind('mine', 'amq.headers', '', table({ 'x-match': 'most' }), 2);
    expect(answer).toMatchObject({ refusal: { code: 406 } });
  });
});
