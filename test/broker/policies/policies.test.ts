/** Policies: which one counts, what it does, and that it does so at once. */
import { beforeEach, describe, expect, test } from 'vitest';
import { type PlainObject, table } from '../../../src/amqp/table.js';
import type { PolicyKind, PolicyProposal } from '../../../src/broker/policies/policies.js';
import { Overflow } from '../../../src/engine/engine.js';
import { OTHER_VHOST, Stage, VHOST } from '../support/stage.js';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});

const set = (
  definition: PolicyProposal['definition'],
  more: Partial<PolicyProposal> = {},
  kind: PolicyKind = 'policy',
) => stage.administration.setPolicy(kind, { vhost: VHOST, name: 'p', pattern: '', definition, ...more });
const clear = (name = 'p', kind: PolicyKind = 'policy') => stage.administration.clearPolicy(kind, VHOST, name);
const declare = (name: string, args: PlainObject = {}) => stage.queue(name, { durable: true, arguments: table(args) });
const features = (name: string) => stage.core.features.get(stage.ref(name));

describe('a policy', () => {
  test('applies to queues that are there and to those that come, until it is taken back', () => {
    declare('q');
    expect(set({ 'message-ttl': 5, 'dead-letter-exchange': 'x', 'dead-letter-routing-key': 'k' })).toBeNull();
    declare('later');
    for (const name of ['q', 'later']) {
      expect(features(name)).toMatchObject({ ttl: 5, deadLetters: true });
      for (const view of stage.views) {
        expect(view.queue(VHOST, name)).toMatchObject({ deadLetterExchange: 'x', deadLetterRoutingKey: 'k' });
      }
    }
    expect(clear()).toBe(true);
    for (const name of ['q', 'later']) {
      expect(features(name)).toMatchObject({ ttl: null, deadLetters: false });
      for (const view of stage.views) expect(view.queue(VHOST, name)).toMatchObject({ deadLetterExchange: null });
    }
    expect(clear()).toBe(false);
  });

  test('makes workers resolve their routes anew when it changes a queue, and not when it does not', () => {
    declare('q');
    const { epoch } = stage;
    set({ 'max-length': 5, overflow: 'reject-publish' });
    expect(features('q')).toMatchObject({ maxLength: 5, overflow: Overflow.REJECT_PUBLISH });
    expect(stage.epoch).toBe(epoch + 1);
    set({ 'max-length': 5, overflow: 'reject-publish' });
    set({ 'max-length': 9 }, { name: 'other', pattern: '^nobody$' });
    expect(stage.epoch).toBe(epoch + 1);
  });

  test('is for what its pattern matches in, in its vhost', () => {
    stage.queue('orders.eu', { vhost: OTHER_VHOST });
    for (const name of ['orders.eu', 'my orders.us', 'other']) declare(name);
    set({ 'max-length': 5 }, { pattern: 'orders\\.' });
    expect(['orders.eu', 'my orders.us', 'other'].map((name) => features(name)?.maxLength)).toEqual([5, 5, null]);
    const elsewhere = stage.view.queue(OTHER_VHOST, 'orders.eu')?.ref ?? 0;
    expect(stage.core.features.get(elsewhere)?.maxLength).toBeNull();
  });

  test.each([
    ['all', 5, 5, 'x'],
    ['queues', 5, 5, null],
    ['classic_queues', 5, null, null],
    ['quorum_queues', null, 5, null],
    ['streams', null, null, null],
    ['exchanges', null, null, 'x'],
  ])('for %s is for these', (applyTo, classic, quorum, exchange) => {
    declare('classic');
    declare('quorum', { 'x-queue-type': 'quorum' });
    stage.exchange('e', 'fanout');
    expect(set({ 'max-length': 5, 'alternate-exchange': 'x' }, { applyTo })).toBeNull();
    expect(features('classic')?.maxLength).toBe(classic);
    expect(features('quorum')?.maxLength).toBe(quorum);
    expect(stage.view.exchange(VHOST, 'e')?.alternate).toBe(exchange);
  });

  test('of the highest priority counts, alone', () => {
    declare('q');
    set({ 'max-length': 5, 'message-ttl': 5 }, { name: 'low', priority: 1 });
    set({ 'max-length': 9 }, { name: 'high', priority: 2 });
    expect(features('q')).toMatchObject({ maxLength: 9, ttl: null });
    expect(
      stage.administration.policyOf('policy', { kind: 'queue', vhost: VHOST, name: 'q', type: 'classic' }),
    ).toEqual({
      vhost: VHOST,
      name: 'high',
      pattern: '',
      definition: { 'max-length': 9 },
      priority: 2,
      applyTo: 'all',
    });
    clear('high');
    expect(features('q')).toMatchObject({ maxLength: 5, ttl: 5 });
  });

  test('restricts what arguments allow, but does not take the place of their names', () => {
    declare('q', { 'x-max-length': 3, 'x-message-ttl': 100, 'x-dead-letter-exchange': 'mine' });
    set({ 'max-length': 5, 'message-ttl': 5, 'dead-letter-exchange': 'yours' });
    expect(features('q')).toMatchObject({ maxLength: 3, ttl: 5 });
    expect(stage.view.queue(VHOST, 'q')?.deadLetterExchange).toBe('mine');
  });

  test('lets queues expire, from when it is set', () => {
    declare('q');
    stage.clock.pass(5000);
    set({ expires: 1000 });
    stage.clock.pass(999);
    expect(stage.hasQueue('q')).toBe(true);
    clear();
    stage.clock.pass(5000);
    set({ expires: 1000 });
    stage.clock.pass(1000);
    expect(stage.hasQueue('q')).toBe(false);
  });

  test('gives exchanges an alternate, unless they have one by argument', () => {
    stage.exchange('x', 'direct');
    stage.exchange('y', 'direct', { arguments: table({ 'alternate-exchange': 'own' }) });
    stage.exchange('rest', 'fanout');
    declare('q');
    stage.bind('q', 'rest');
    set({ 'alternate-exchange': 'rest' }, { applyTo: 'exchanges', pattern: '^(x|y|later)$' });
    stage.exchange('later', 'direct');
    expect(['x', 'y', 'later'].map((name) => stage.routed(name, 'k'))).toEqual([['q'], [], ['q']]);
    clear();
    expect(stage.routed('x', 'k')).toEqual([]);
    expect(stage.routed('', 'nope')).toEqual([]);
  });
});

describe('an operator’s policy', () => {
  test('restricts what policies and arguments say', () => {
    declare('q', { 'x-max-length': 50 });
    set({ 'message-ttl': 100, expires: 5, overflow: 'drop-head' });
    const operator = { 'max-length': 20, 'message-ttl': 900, overflow: 'reject-publish' };
    expect(set(operator, { name: 'o' }, 'operator policy')).toBeNull();
    expect(features('q')).toMatchObject({ maxLength: 20, ttl: 100, overflow: Overflow.REJECT_PUBLISH });
    expect(stage.administration.policies('operator policy', VHOST).map(({ name }) => name)).toEqual(['o']);
    expect(stage.administration.policies('policy', VHOST).map(({ name }) => name)).toEqual(['p']);
    clear('o', 'operator policy');
    expect(features('q')).toMatchObject({ maxLength: 50, overflow: Overflow.DROP_HEAD });
  });

  test('has limits only', () => {
    expect(set({ 'dead-letter-exchange': 'x' }, {}, 'operator policy')).toBe(
      '[{<<"dead-letter-exchange">>,<<"x">>}] are not recognised policy settings',
    );
  });
});

test.each<[PolicyProposal['definition'], string]>([
  [{}, 'no policy provided'],
  [{ 'message-ttl': -1 }, '-1 is not a valid message TTL'],
  [{ 'message-ttl': 'x' }, '<<"x">> is not a valid message TTL'],
  [{ 'message-ttl': 1.5 }, '1.5 is not a valid message TTL'],
  [{ expires: 0 }, '0 is not a valid queue expiry'],
  [{ 'max-length': -1 }, '-1 is not a valid maximum length'],
  [{ 'max-length-bytes': 'x' }, '<<"x">> is not a valid maximum length in bytes'],
  [{ overflow: 'x' }, '<<"x">> is not a valid overflow value'],
  [{ 'dead-letter-exchange': 1 }, '1 is not a valid dead letter exchange name'],
  [{ 'dead-letter-routing-key': 1 }, '1 is not a valid dead letter routing key'],
  [{ 'dead-letter-strategy': 'sometimes' }, '<<"sometimes">> is not a valid dead letter strategy'],
  [{ 'alternate-exchange': 1 }, '1 is not a valid alternate exchange name'],
  [{ 'delivery-limit': -1 }, '-1 is not a valid delivery limit'],
  [{ 'consumer-timeout': true }, 'true is not a valid consumer timeout'],
  [{ bar: 2, toString: 1 }, '[{<<"bar">>,2},{<<"toString">>,1}] are not recognised policy settings'],
])('definition %j is refused: %s', (definition, reason) => {
  expect(set(definition)).toBe(reason);
  expect(stage.administration.policies('policy', VHOST)).toEqual([]);
});

test('patterns, priorities, targets and vhosts must be such', () => {
  const definition = { 'max-length': 1 };
  const invalid = 'pattern should be regular expression but is invalid: ';
  expect(set(definition, { pattern: '(' })).toBe(`${invalid}missing closing ): \`(\``);
  expect(set(definition, { pattern: '^(?!amq)' })).toBe(`${invalid}look-ahead ((?!) is not supported`);
  expect(set(definition, { priority: 0.5 })).toBe('priority should be number, actually was 0.5');
  const target = "apply-to 'foo' unrecognised; should be 'queues', 'exchanges' or 'all'";
  expect(set(definition, { applyTo: 'foo' })).toBe(target);
  expect(set(definition, { vhost: 'nowhere' })).toBe('vhost nowhere not found');
});
