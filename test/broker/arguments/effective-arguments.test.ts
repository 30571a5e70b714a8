/** From a queue's arguments and the policy on it to what it does. */
import { describe, expect, test } from 'vitest';
import { type PlainObject, table } from '../../../src/amqp/table.js';
import { effectiveArguments } from '../../../src/broker/arguments/effective-arguments.js';
import { NO_FEATURES, Overflow } from '../../../src/engine/engine.js';
import { outcome, Stage } from '../support/stage.js';

const effective = (args: PlainObject, policy = {}) => effectiveArguments(table(args), [policy]);

test('a queue of which nothing is said does nothing', () => {
  expect(effective({})).toEqual({
    features: NO_FEATURES,
    settings: { deadLetterExchange: null, deadLetterRoutingKey: null, keepsDeadLetters: false, consumerTimeout: null },
    expires: null,
  });
});

test('each argument has its effect', () => {
  const { features, settings, expires } = effective({
    'x-message-ttl': 0,
    'x-expires': 1000,
    'x-max-length': 0,
    'x-max-length-bytes': 5_000_000_000,
    'x-max-priority': 9,
    'x-overflow': 'reject-publish-dlx',
    'x-dead-letter-exchange': '',
    'x-dead-letter-routing-key': 'k',
    'x-consumer-timeout': 7,
    'x-delivery-limit': 3,
  });
  expect(features).toEqual({
    ttl: 0,
    maxLength: 0,
    maxBytes: null,
    overflow: Overflow.REJECT_PUBLISH_DLX,
    deadLetters: true,
    maxPriority: 9,
    deliveryLimit: 3,
    deliveryCount: true,
  });
  expect(settings).toEqual({
    deadLetterExchange: '',
    deadLetterRoutingKey: 'k',
    keepsDeadLetters: false,
    consumerTimeout: 7,
  });
  expect(expires).toBe(1000);
});

test('dead letters are kept of quorum queues alone, and where publishes are refused', () => {
  const keeps = (args: PlainObject, policy?: Parameters<typeof effective>[1]): boolean =>
    effective({ 'x-dead-letter-exchange': '', ...args }, policy).settings.keepsDeadLetters;
  const quorum = { 'x-queue-type': 'quorum' };
  const asked = { ...quorum, 'x-dead-letter-strategy': 'at-least-once' };
  expect(keeps({ ...asked, 'x-overflow': 'reject-publish' })).toBe(true);
  expect(keeps(asked)).toBe(false);
  expect(keeps({ ...quorum, 'x-overflow': 'reject-publish' })).toBe(false);
  const policy = { 'dead-letter-strategy': 'at-least-once', overflow: 'reject-publish' } as const;
  expect(keeps(quorum, policy)).toBe(true);
  expect(keeps({ ...quorum, 'x-dead-letter-strategy': 'at-most-once' }, policy)).toBe(false);
  expect(keeps({}, policy)).toBe(false);
});

describe('beside a policy', () => {
  test('the smaller number counts', () => {
    const policy = { 'message-ttl': 5, expires: 5, 'max-length': 5, 'max-length-bytes': 5, 'consumer-timeout': 5 };
    expect(effective({ 'x-message-ttl': 3, 'x-max-length': 8, 'x-expires': 9 }, policy)).toMatchObject({
      features: { ttl: 3, maxLength: 5, maxBytes: 5 },
      settings: { consumerTimeout: 5 },
      expires: 5,
    });
  });

  test('the argument’s names count', () => {
    const policy = {
      'dead-letter-exchange': 'p',
      'dead-letter-routing-key': 'pk',
      overflow: 'reject-publish' as const,
    };
    const { features, settings } = effective({ 'x-dead-letter-exchange': 'a', 'x-overflow': 'drop-head' }, policy);
    expect(settings).toMatchObject({ deadLetterExchange: 'a', deadLetterRoutingKey: 'pk' });
    expect(features.overflow).toBe(Overflow.DROP_HEAD);
    expect(effective({}, policy).features).toMatchObject({ deadLetters: true, overflow: Overflow.REJECT_PUBLISH });
  });
});

test('of what the argument, an operator and a policy say, the smallest number counts and the first name', () => {
  const said = (text: string, number: number) => ({ overflow: text, 'max-length': number, 'message-ttl': number });
  const policies = [said('reject-publish', 7), said('reject-publish-dlx', 5)];
  const nothing = effectiveArguments(table({}), policies).features;
  expect(nothing).toMatchObject({ overflow: Overflow.REJECT_PUBLISH, maxLength: 5, ttl: 5 });
  const declared = table({ 'x-overflow': 'drop-head', 'x-max-length': 6, 'x-message-ttl': 3 });
  const both = effectiveArguments(declared, policies).features;
  expect(both).toMatchObject({ overflow: Overflow.DROP_HEAD, maxLength: 5, ttl: 3 });
});

describe('a quorum queue', () => {
  const quorum = { 'x-queue-type': 'quorum' };

  test.each([
    [undefined, undefined, 20],
    [-1, undefined, null],
    [undefined, 5, 5],
    [-1, 5, 5],
    [3, 5, 3],
  ])('with delivery limit %s, and %s by policy, has %s', (declared, policy, limit) => {
    const args = declared === undefined ? quorum : { ...quorum, 'x-delivery-limit': declared };
    const { features } = effective(args, policy === undefined ? {} : { 'delivery-limit': policy });
    expect(features).toMatchObject({ deliveryLimit: limit, deliveryCount: true });
  });

  test('cannot dead-letter what it refuses', () => {
    expect(effective({ ...quorum, 'x-overflow': 'reject-publish-dlx' }).features.overflow).toBe(Overflow.DROP_HEAD);
  });
});

describe('declaring', () => {
  test('gives the core the features, and the workers the settings', () => {
    const stage = new Stage();
    stage.queue('q', { arguments: table({ 'x-message-ttl': 5, 'x-dead-letter-exchange': 'x' }) });
    expect(stage.core.features.get(stage.ref('q'))).toMatchObject({ ttl: 5, deadLetters: true });
    for (const view of stage.views) {
      expect(view.queueByRef(stage.ref('q'))).toMatchObject({ name: 'q', deadLetterExchange: 'x' });
    }
    const ref = stage.ref('q');
    stage.deleteQueue('q');
    expect(stage.view.queueByRef(ref)).toBeUndefined();
  });

  test('a queue for whose features there is no memory is none', () => {
    const stage = new Stage();
    stage.core.featuresFull = true;
    expect(outcome(stage.queue('q'))).toBe("506 no memory for queue 'q' in vhost '/'");
    expect(stage.core.freed).toEqual(stage.core.retired);
    expect(stage.core.freed).toHaveLength(1);
  });
});
