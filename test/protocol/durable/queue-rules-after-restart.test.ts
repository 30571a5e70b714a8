/**
 * Rules, routes and vhosts after a restart, as clients come to feel them: everything was declared in a broker's first
 * life, and is asked of its second.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FieldTable, table } from '../../../src/amqp/table.js';
import type { Broker as Embedded } from '../../../src/index.js';
import { type Broker, isReferee } from '../../support/broker.js';
import { startEmbedded } from '../../support/embedded.js';
import { confirmed, drain, PERSISTENT } from '../../support/kept-data.js';
import { closing } from '../../support/methods.js';
import type { PublishOptions, RawChannel } from '../../support/raw-channel.js';
import { RawClient } from '../../support/raw-client.js';
import { useRawConnections } from '../../support/raw-connections.js';

const DEAD_LETTERS = { 'x-dead-letter-exchange': 'dead', 'x-dead-letter-routing-key': 'died' };
/** Queues by what they were declared with. */
const QUEUES: Readonly<Record<string, Record<string, string | number>>> = {
  shortest: { 'x-max-length': 2, ...DEAD_LETTERS },
  refusing: { 'x-max-length': 1, 'x-overflow': 'reject-publish' },
  passing: { 'x-message-ttl': 1, ...DEAD_LETTERS },
  ranked: { 'x-max-priority': 5 },
  'policed.both': {},
  'policed.user': {},
  'dead-letters': {},
  all: {},
  any: {},
  behind: {},
  unrouted: {},
};

describe.skipIf(isReferee)('after a restart', () => {
  const data = mkdtempSync(join(tmpdir(), 'leveret-restart-'));
  let embedded: Embedded;
  let broker: Broker;
  const { openChannel } = useRawConnections(() => broker);

  beforeAll(async () => {
    ({ embedded, broker } = await startEmbedded(data));
    await declare(await (await RawClient.open(broker)).openChannel());
    await administrate();
    await embedded.stop();
    ({ embedded, broker } = await startEmbedded(data));
  });
  afterAll(async () => {
    await embedded.stop();
    rmSync(data, { recursive: true });
  });

  async function declare(channel: RawChannel): Promise<void> {
    for (const [queue, rules] of Object.entries(QUEUES)) {
      await channel.call('queue.declare', { queue, durable: true, arguments: table(rules) });
    }
    const exchange = (name: string, type: string, args: FieldTable = table({})) =>
      channel.call('exchange.declare', { exchange: name, type, durable: true, arguments: args });
    await exchange('dead', 'direct');
    await channel.call('queue.bind', { queue: 'dead-letters', exchange: 'dead', routingKey: 'died' });
    await exchange('by headers', 'headers');
    for (const match of ['all', 'any']) {
      const wanted = table({ 'x-match': match, kind: 'hare', age: 3 });
      await channel.call('queue.bind', { queue: match, exchange: 'by headers', routingKey: '', arguments: wanted });
    }
    await exchange('front', 'topic');
    await exchange('back', 'fanout');
    await channel.call('exchange.bind', { source: 'front', destination: 'back', routingKey: 'to.#' });
    await channel.call('queue.bind', { queue: 'behind', exchange: 'back', routingKey: '' });
    await exchange('strays', 'fanout');
    await channel.call('queue.bind', { queue: 'unrouted', exchange: 'strays', routingKey: '' });
    await exchange('narrow', 'direct', table({ 'alternate-exchange': 'strays' }));
    // Its messages wait in their order through the restart.
    await channel.call('confirm.select');
    for (const priority of [1, 5, 3]) {
      channel.publish('', 'ranked', `old ${priority}`, { properties: { ...PERSISTENT, priority } });
    }
    await confirmed(channel, 3);
  }

  async function administrate(): Promise<void> {
    const { administration } = embedded;
    const both = { vhost: '/', pattern: '^policed\\.' };
    await administration.setPolicy('policy', { ...both, name: 'user', definition: { 'max-length': 4 } });
    await administration.setPolicy('operator policy', {
      vhost: '/',
      name: 'operator',
      pattern: '^policed\\.both$',
      definition: { 'max-length': 2 },
    });
    for (const vhost of ['kept', 'deleted']) await administration.createVhost(vhost);
    const rights = { configure: '.*', write: '.*', read: '.*' };
    await administration.users.setPermissions({ user: 'guest', vhost: 'kept', ...rights });
    await administration.setLimits('vhost', 'kept', { 'max-queues': 1 });
    const channel = await (await RawClient.open(broker, { virtualHost: 'kept' })).openChannel();
    await channel.call('queue.declare', { queue: 'dead-letters', durable: true });
    await channel.call('confirm.select');
    channel.publish('', 'dead-letters', 'in its vhost', { properties: PERSISTENT });
    await confirmed(channel, 1);
    await administration.deleteVhost('deleted');
    await administration.saved();
  }

  /** Publishes some messages; the names of what each was answered with. */
  async function publish(
    channel: RawChannel,
    exchange: string,
    routingKey: string,
    bodies: readonly string[],
    options: PublishOptions = {},
  ): Promise<string[]> {
    await channel.call('confirm.select');
    const answers: string[] = [];
    for (const body of bodies) {
      channel.publish(exchange, routingKey, body, options);
      answers.push((await channel.confirms.next(`the answer to ${body}`)).name);
    }
    return answers;
  }

  const bodiesIn = async (channel: RawChannel, queue: string): Promise<string[]> =>
    (await drain(channel, queue)).map(([body]) => body);

  test('a queue keeps to its length, and what is too much becomes a dead letter', async () => {
    const channel = await openChannel();
    await channel.consume('dead-letters', { noAck: true });
    await publish(channel, '', 'shortest', ['a', 'b', 'c']);
    expect((await channel.deliveries.next('the dead letter')).body.toString()).toBe('a');
    expect(await bodiesIn(channel, 'shortest')).toEqual(['b', 'c']);
  });

  test('a full queue refuses publishers', async () => {
    const channel = await openChannel();
    expect(await publish(channel, '', 'refusing', ['a', 'b'])).toEqual(['basic.ack', 'basic.nack']);
  });

  test('messages get as old as their queue lets them, and then are dead letters', async () => {
    const channel = await openChannel();
    await channel.consume('dead-letters', { noAck: true });
    await publish(channel, '', 'passing', ['old']);
    const letter = await channel.deliveries.next('the dead letter');
    expect(letter).toMatchObject({ exchange: 'dead', routingKey: 'died' });
    expect(letter.body.toString()).toBe('old');
  });

  test('messages come by their priorities, those of before among those of now', async () => {
    const channel = await openChannel();
    await publish(channel, '', 'ranked', ['new 4'], { properties: { priority: 4 } });
    expect(await bodiesIn(channel, 'ranked')).toEqual(['old 5', 'new 4', 'old 3', 'old 1']);
  });

  test('policies apply, and those of operators restrict them', async () => {
    const channel = await openChannel();
    const bodies = ['a', 'b', 'c', 'd', 'e'];
    for (const queue of ['policed.user', 'policed.both']) await publish(channel, '', queue, bodies);
    expect(await bodiesIn(channel, 'policed.user')).toEqual(['b', 'c', 'd', 'e']);
    expect(await bodiesIn(channel, 'policed.both')).toEqual(['d', 'e']);
  });

  test('a headers exchange routes by what its bindings want', async () => {
    const channel = await openChannel();
    const headers = (of: Record<string, string | number>) => ({ properties: { headers: table(of) } });
    await publish(channel, 'by headers', '', ['both'], headers({ kind: 'hare', age: 3 }));
    await publish(channel, 'by headers', '', ['one'], headers({ kind: 'hare', age: 4 }));
    await publish(channel, 'by headers', '', ['none'], headers({ kind: 'fox' }));
    expect(await bodiesIn(channel, 'all')).toEqual(['both']);
    expect(await bodiesIn(channel, 'any')).toEqual(['both', 'one']);
  });

  test('exchanges that are bound to one another pass on what fits', async () => {
    const channel = await openChannel();
    for (const key of ['to.here', 'elsewhere', 'to']) await publish(channel, 'front', key, [key]);
    expect(await bodiesIn(channel, 'behind')).toEqual(['to.here', 'to']);
  });

  test('an alternate exchange takes what finds no queue', async () => {
    const channel = await openChannel();
    await publish(channel, 'narrow', 'nowhere', ['stray'], { mandatory: true });
    expect(channel.returns.waiting).toEqual([]);
    expect(await bodiesIn(channel, 'unrouted')).toEqual(['stray']);
  });

  test('vhosts have their queues and limits, and those that were deleted are not there', async () => {
    const channel = await openChannel({ virtualHost: 'kept' });
    expect(await bodiesIn(channel, 'dead-letters')).toEqual(['in its vhost']);
    channel.send('queue.declare', { queue: 'another' });
    const full = "cannot declare queue 'another': queue limit in vhost 'kept' (1) is reached";
    expect(await channel.failure()).toEqual(closing(406, full, 'queue.declare'));
    const client = await RawClient.dial(broker);
    client.tune({ ...(await client.startUp()), heartbeat: 0 });
    client.send('connection.open', { virtualHost: 'deleted' });
    expect(await client.failure()).toEqual(closing(530, 'vhost deleted not found', 'connection.open'));
  });
});
