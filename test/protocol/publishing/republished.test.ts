/** Messages that another broker had, published once more by whoever moves them: queues get them as they were there. */
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { encodeProperties, type Properties } from '../../../src/amqp/properties.js';
import { type FieldTable, type PlainObject, table } from '../../../src/amqp/table.js';
import { properties } from '../../amqp/arbitraries.js';
import { isReferee } from '../../support/broker.js';
import { useEmbedded } from '../../support/embedded.js';
import type { RawChannel } from '../../support/raw-channel.js';
import { useRawConnections } from '../../support/raw-connections.js';

const embedded = useEmbedded();
const { connect, openChannel } = useRawConnections(() => embedded().broker);

const EXCHANGE = 'republishing';
const DEDUPLICATING = { 'x-republish': true, 'x-message-deduplication': true, 'x-deduplication-header': 'id' };

async function scenario(args: PlainObject = DEDUPLICATING, queueArguments: PlainObject = {}) {
  const channel = await openChannel();
  await channel.call('exchange.delete', { exchange: EXCHANGE });
  await channel.call('exchange.declare', { exchange: EXCHANGE, type: 'direct', arguments: table(args) });
  const declared = await channel.call('queue.declare', { exclusive: true, arguments: table(queueArguments) });
  const { queue } = declared;
  await channel.call('queue.bind', { queue, exchange: EXCHANGE, routingKey: queue });
  await channel.call('confirm.select');
  return { channel, queue };
}

function publishedAs(exchange: string, routingKey: string, original: Properties): FieldTable {
  return table({
    'x-published-as': { exchange, 'routing-key': routingKey, properties: encodeProperties(original) },
  });
}

function republish(channel: RawChannel, queue: string, original: Properties, more: PlainObject = {}, body = 'x'): void {
  const headers = new Map([...publishedAs('orders', 'eu.new', original), ...table(more)]);
  const { deliveryMode } = original;
  const outer = { headers, ...(deliveryMode === undefined ? {} : { deliveryMode }) };
  channel.publish(EXCHANGE, queue, body, { mandatory: true, properties: outer });
}

describe.skipIf(isReferee)('a message that is republished', () => {
  test('is routed by its key, and read under exchange, key and properties that it had', async () => {
    const { channel, queue } = await scenario();
    const headers = table({ CC: ['nobody'], BCC: ['hidden'], 'x-death': [{ count: 2 }] });
    const original = {
      headers,
      deliveryMode: 2,
      userId: 'somebody',
      replyTo: 'amq.rabbitmq.reply-to',
      expiration: '90000',
    };
    republish(channel, queue, original);
    expect(await channel.confirms.next('the confirm')).toMatchObject({ name: 'basic.ack' });
    expect(await channel.get(queue, true)).toMatchObject({
      exchange: 'orders',
      routingKey: 'eu.new',
      body: Buffer.from('x'),
      properties: original,
    });
  });

  test('has the octets of whatever properties it had', async () => {
    const { channel, queue } = await scenario();
    await fc.assert(
      fc.asyncProperty(properties, async (any) => {
        const { expiration: _, ...original } = any;
        republish(channel, queue, original);
        await channel.confirms.next('the confirm');
        const got = await channel.get(queue, true);
        expect(encodeProperties(got?.properties ?? {})).toEqual(encodeProperties(original));
      }),
      { numRuns: 60 },
    );
  });

  test('lives as long as it says itself', async () => {
    const { channel, queue } = await scenario();
    republish(channel, queue, { expiration: '0' });
    await channel.confirms.next('the confirm');
    expect(await channel.get(queue, true)).toBeNull();
  });

  test('is taken once, and confirmed each time, although it is mandatory', async () => {
    const { channel, queue } = await scenario();
    for (let round = 0; round < 2; round++) {
      republish(channel, queue, {}, { id: 'one' });
      expect(await channel.confirms.next('the confirm')).toMatchObject({ name: 'basic.ack' });
    }
    expect(await channel.counts(queue)).toMatchObject({ ready: 1 });
    expect(channel.log).not.toContain('basic.return');
  });

  test('is returned where there is no queue for it', async () => {
    const { channel } = await scenario();
    republish(channel, 'nowhere', {});
    expect(await channel.returns.next('the return')).toMatchObject({ replyCode: 312 });
  });

  test('is taken when there is a queue for it by the time that it comes again', async () => {
    const { channel, queue } = await scenario();
    const route = { queue, exchange: EXCHANGE, routingKey: 'late' };
    republish(channel, 'late', {}, { id: 'late' });
    await channel.returns.next('the return');
    await channel.call('queue.bind', route);
    republish(channel, 'late', {}, { id: 'late' });
    await channel.confirms.take(2, 'confirms');
    expect(await channel.counts(queue)).toMatchObject({ ready: 1 });
  });
});

describe.skipIf(isReferee)('a message that was not taken may come again', () => {
  test('when its queue has refused it', async () => {
    const { channel, queue } = await scenario(DEDUPLICATING, { 'x-max-length': 1, 'x-overflow': 'reject-publish' });
    republish(channel, queue, {}, { id: 1 });
    republish(channel, queue, {}, { id: 2 });
    const outcomes = [await channel.confirms.next('a confirm'), await channel.confirms.next('a confirm')];
    expect(outcomes.map(({ name }) => name)).toEqual(['basic.ack', 'basic.nack']);
    await channel.get(queue, true);
    republish(channel, queue, {}, { id: 2 });
    expect(await channel.confirms.next('the confirm')).toMatchObject({ name: 'basic.ack' });
    expect(await channel.counts(queue)).toMatchObject({ ready: 1 });
  });

  test('when its transaction was rolled back', async () => {
    const { channel, queue } = await scenario();
    const other = await channel.client.openChannel();
    await other.call('tx.select');
    republish(other, queue, {}, { id: 3 });
    await other.call('tx.rollback');
    republish(other, queue, {}, { id: 3 });
    await other.call('tx.commit');
    expect(await channel.counts(queue)).toMatchObject({ ready: 1 });
  });
});

describe.skipIf(isReferee)('republishing is refused', () => {
  beforeEach(async () => {
    const { users } = embedded().embedded.administration;
    await users.delete('ann');
    await users.add('ann', 'secret');
    await users.setPermissions({ user: 'ann', vhost: '/', configure: '.*', write: '.*', read: '.*' });
  });

  test('to who may not act for others, until it may', async () => {
    await scenario();
    const login = { response: Buffer.from('\0ann\0secret') };
    const client = await connect(login);
    const channel = await client.openChannel();
    republish(channel, 'q', {});
    expect(await channel.failure()).toMatchObject({
      replyCode: 403,
      replyText: "ACCESS_REFUSED - header 'x-published-as' is for users with the tag administrator or impersonator",
    });
    await embedded().embedded.administration.users.setTags('ann', ['impersonator']);
    const allowed = await (await connect(login)).openChannel();
    await allowed.call('confirm.select');
    republish(allowed, 'q', {});
    expect(await allowed.confirms.next('the confirm')).toMatchObject({ name: 'basic.ack' });
  });

  test.each<[string, PlainObject | string]>([
    ['must be a table', 'text'],
    ['needs exchange and routing-key as texts, and properties as octets', { exchange: 'e' }],
    ['has properties that cannot be read', { exchange: '', 'routing-key': '', properties: Uint8Array.of(0xff) }],
    [
      'has a name of more than 255 octets',
      { exchange: 'e'.repeat(256), 'routing-key': '', properties: Uint8Array.of(0, 0) },
    ],
    [
      'has another delivery mode than the message',
      { exchange: '', 'routing-key': '', properties: encodeProperties({ deliveryMode: 2 }) },
    ],
  ])('where the header %s', async (reason, value) => {
    const { channel, queue } = await scenario();
    channel.publish(EXCHANGE, queue, 'x', { properties: { headers: table({ 'x-published-as': value }) } });
    expect(await channel.failure()).toMatchObject({
      replyCode: 406,
      replyText: `PRECONDITION_FAILED - header 'x-published-as' ${reason}`,
    });
  });

  test('by other exchanges, for which the header is one as any', async () => {
    const { channel, queue } = await scenario({});
    republish(channel, queue, {});
    await channel.confirms.next('the confirm');
    const got = await channel.get(queue, true);
    expect(got).toMatchObject({ exchange: EXCHANGE, routingKey: queue });
    expect([...(got?.properties.headers?.keys() ?? [])]).toEqual(['x-published-as']);
  });
});
