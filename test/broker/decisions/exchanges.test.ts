/** Declaring and deleting exchanges, with RabbitMQ's codes and texts. */
import { beforeEach, describe, expect, test } from 'vitest';
import { table } from '../../../src/amqp/table.js';
import { OTHER_VHOST, outcome, Stage, VHOST } from '../support/stage.js';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});

describe('every vhost starts with its own predeclared exchanges', () => {
  test.each([
    ['', 'direct', false],
    ['amq.direct', 'direct', false],
    ['amq.fanout', 'fanout', false],
    ['amq.topic', 'topic', false],
    ['amq.headers', 'headers', false],
    ['amq.match', 'headers', false],
    ['amq.rabbitmq.trace', 'topic', true],
  ])("'%s' of type %s", (name, type, internal) => {
    for (const vhost of [VHOST, OTHER_VHOST]) {
      expect(stage.view.exchange(vhost, name)).toMatchObject({ type, internal, durable: true, autoDelete: false });
    }
  });
});

describe('declaring', () => {
  test('a new exchange is seen by every worker once the answer is there', () => {
    expect(stage.exchange('x', 'topic', { durable: true })).toEqual({ ok: true });
    for (const view of stage.views) expect(view.exchange(VHOST, 'x')).toMatchObject({ type: 'topic', durable: true });
  });

  test('the same name in another vhost is another exchange', () => {
    stage.exchange('x', 'topic');
    expect(outcome(stage.exchange('x', 'fanout', { vhost: OTHER_VHOST }))).toBe('ok');
    expect(stage.view.exchange(VHOST, 'x')?.type).toBe('topic');
  });

  test('line ends in a name are dropped', () => {
    stage.exchange('x\r\ny', 'topic');
    expect(stage.hasExchange('xy')).toBe(true);
  });

  test('declaring it again as it is changes nothing', () => {
    stage.exchange('x', 'topic', { arguments: table({ 'alternate-exchange': 'a', other: 1 }) });
    const posts = stage.posted.length;
    expect(outcome(stage.exchange('x', 'topic', { arguments: table({ 'alternate-exchange': 'a', other: 2 }) }))).toBe(
      'ok',
    );
    expect(stage.posted).toHaveLength(posts);
  });

  test.each([
    ['type', 'fanout', {}, "'type' for exchange 'x' in vhost '/': received 'fanout' but current is 'topic'"],
    [
      'durability',
      'topic',
      { durable: true },
      "'durable' for exchange 'x' in vhost '/': received 'true' but current is 'false'",
    ],
    [
      'auto-delete',
      'topic',
      { autoDelete: true },
      "'auto_delete' for exchange 'x' in vhost '/': received 'true' but current is 'false'",
    ],
    [
      'internal',
      'topic',
      { internal: true },
      "'internal' for exchange 'x' in vhost '/': received 'true' but current is 'false'",
    ],
    [
      'alternate exchange',
      'topic',
      { arguments: table({ 'alternate-exchange': 'a' }) },
      "'alternate-exchange' for exchange 'x' in vhost '/': received the value 'a' of type 'longstr' but current is none",
    ],
  ])('another %s is told', (_, type, fields, text) => {
    stage.exchange('x', 'topic');
    expect(outcome(stage.exchange('x', type, fields))).toBe(`406 inequivalent arg ${text}`);
  });

  test('an alternate exchange left out, or another one, is told', () => {
    stage.exchange('x', 'topic', { arguments: table({ 'alternate-exchange': 'a' }) });
    const start = "406 inequivalent arg 'alternate-exchange' for exchange 'x' in vhost '/': ";
    const left = `${start}received none but current is the value 'a' of type 'longstr'`;
    expect(outcome(stage.exchange('x', 'topic'))).toBe(left);
    const other = stage.exchange('x', 'topic', { arguments: table({ 'alternate-exchange': 'b' }) });
    expect(outcome(other)).toBe(`${start}received 'b' but current is 'a'`);
  });

  test('an alternate exchange must be a name', () => {
    const answer = stage.exchange('x', 'topic', { arguments: table({ 'alternate-exchange': 5 }) });
    expect(outcome(answer)).toBe(
      "406 invalid type 'signedint' for arg 'alternate-exchange' in exchange 'x' in vhost '/'",
    );
  });

  test('there are no other types', () => {
    expect(outcome(stage.exchange('x', 'x-nope'))).toBe("406 unknown exchange type 'x-nope'");
  });

  test('reserved names are the broker’s own, but may be declared as they are', () => {
    const reserved = "403 exchange name 'amq.x' contains reserved prefix 'amq.*'";
    expect(outcome(stage.exchange('amq.x', 'direct'))).toBe(reserved);
    expect(outcome(stage.exchange('amq.direct', 'direct', { durable: true }))).toBe('ok');
  });

  test('the default exchange is left alone', () => {
    const refusal = '403 operation not permitted on the default exchange';
    expect(outcome(stage.exchange('', 'direct'))).toBe(refusal);
    expect(outcome(stage.exchange('', '', { passive: true }))).toBe(refusal);
    expect(outcome(stage.deleteExchange(''))).toBe(refusal);
  });

  test('passively, only existence counts', () => {
    stage.exchange('x', 'topic', { durable: true });
    expect(outcome(stage.exchange('x', 'nonsense', { passive: true }))).toBe('ok');
    expect(outcome(stage.exchange('y', 'topic', { passive: true }))).toBe("404 no exchange 'y' in vhost '/'");
  });
});

describe('deleting', () => {
  test('takes its bindings along, from it and to it', () => {
    stage.exchange('x', 'fanout');
    stage.exchange('up', 'fanout');
    stage.queue('q');
    stage.bind('q', 'x');
    stage.bindExchange('x', 'up');
    expect(outcome(stage.deleteExchange('x'))).toBe('ok');
    expect(stage.routed('x')).toEqual([]);
    stage.exchange('x', 'fanout');
    expect(stage.routed('x')).toEqual([]);
    expect(stage.routed('up')).toEqual([]);
  });

  test('what is not there is no error', () => {
    expect(stage.deleteExchange('nope')).toEqual({ ok: true });
    expect(stage.posted).toEqual([]);
  });

  test('if-unused minds bindings from it, not those to it', () => {
    stage.exchange('x', 'fanout');
    stage.exchange('y', 'fanout');
    stage.bindExchange('y', 'x');
    expect(outcome(stage.deleteExchange('x', true))).toBe("406 exchange 'x' in vhost '/' in use");
    expect(outcome(stage.deleteExchange('y', true))).toBe('ok');
    expect(outcome(stage.deleteExchange('x', true))).toBe('ok');
  });

  test.each(['amq.direct', 'amq.nope'])('%s is the system’s', (name) => {
    const text = `403 deletion of system exchange '${name}' in vhost '/' not allowed`;
    expect(outcome(stage.deleteExchange(name))).toBe(text);
  });
});

describe('auto-delete', () => {
  test('an exchange goes with the last binding from it', () => {
    stage.exchange('x', 'fanout', { autoDelete: true });
    stage.queue('q');
    stage.queue('r');
    stage.bind('q', 'x');
    stage.bind('r', 'x');
    stage.unbind('q', 'x');
    expect(stage.hasExchange('x')).toBe(true);
    stage.deleteQueue('r');
    expect(stage.hasExchange('x')).toBe(false);
  });

  test('an exchange that was only ever a destination stays', () => {
    stage.exchange('x', 'fanout');
    stage.exchange('y', 'fanout', { autoDelete: true });
    stage.bindExchange('y', 'x');
    stage.unbindExchange('y', 'x');
    expect(stage.hasExchange('y')).toBe(true);
  });

  test('a chain of ten thousand goes as a whole', () => {
    const length = 10_000;
    stage.queue('q');
    for (let i = 0; i < length; i++) stage.exchange(`x${i}`, 'fanout', { autoDelete: true });
    for (let i = 1; i < length; i++) stage.bindExchange(`x${i}`, `x${i - 1}`);
    stage.bind('q', `x${length - 1}`);
    stage.deleteQueue('q');
    expect(stage.hasExchange('x0')).toBe(false);
    expect(stage.hasExchange(`x${length - 1}`)).toBe(false);
  });

  test('a ring of exchanges can be deleted', () => {
    for (const name of ['a', 'b', 'c']) stage.exchange(name, 'fanout', { autoDelete: true });
    stage.bindExchange('b', 'a');
    stage.bindExchange('c', 'b');
    stage.bindExchange('a', 'c');
    stage.deleteExchange('b');
    expect(['a', 'b', 'c'].filter((name) => stage.hasExchange(name))).toEqual([]);
  });
});
