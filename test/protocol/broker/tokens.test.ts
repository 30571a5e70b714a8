/**
 * Clients that come in by tokens (OAuth 2), as libraries do it: what the scopes give they may do, as long as the token
 * counts, and another token changes that at once.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ChannelModel, connect } from 'amqplib';
import { Connection as RabbitClient } from 'rabbitmq-client';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { runToExit, startBroker } from '../../support/broker.js';
import { type EmbeddedBroker, startEmbedded, troubles } from '../../support/embedded.js';
import { ALL_SCOPES, Issuer, RESOURCE } from '../../support/issuer.js';
import { useNames } from '../../support/names.js';
import { Inbox } from '../../support/waiting.js';

const lines = new Inbox<string>();
let issuer: Issuer;
let started: EmbeddedBroker;
beforeAll(async () => {
  issuer = await Issuer.start('ES256');
  started = await startEmbedded(undefined, {
    log: troubles((line) => lines.push(line)),
    oauth: { resourceServerId: RESOURCE, jwksUrl: issuer.url, issuer: 'issuer' },
  });
});
afterAll(async () => {
  await started.embedded.stop();
  await issuer.close();
});

const opened: ChannelModel[] = [];
afterEach(async () => {
  for (const client of opened.splice(0)) await client.close().catch(() => {});
});

const name = useNames(() => started.broker);

async function open(token: string, vhost = '/'): Promise<ChannelModel & { readonly failed: Promise<Error> }> {
  const { hostname, port } = new URL(started.broker.url);
  const client = await connect({ hostname, port: Number(port), username: 'whoever', password: token, vhost });
  opened.push(client);
  const failed = new Promise<Error>((resolve) => client.on('error', () => {}).on('close', resolve));
  return Object.assign(client, { failed });
}

const scoped = (...scopes: string[]) => issuer.token({ scope: scopes.map((scope) => `${RESOURCE}.${scope}`) });

/** Publishes and waits for the broker's word; rejects when the channel is closed instead. */
async function publish(client: ChannelModel, exchange: string, key: string, options = {}): Promise<void> {
  const channel = await client.createConfirmChannel();
  const closed = new Promise<never>((_, reject) => channel.on('error', reject));
  channel.publish(exchange, key, Buffer.from('x'), options);
  await Promise.race([channel.waitForConfirms(), closed]);
  await channel.close();
}

test('clients come in by a token, beside those with a password', async () => {
  const queue = name();
  const client = await open(await issuer.token());
  const channel = await client.createChannel();
  await channel.assertQueue(queue);
  const { hostname, port } = new URL(started.broker.url);
  const other = new RabbitClient({ hostname, port: Number(port), username: '', password: await issuer.token() });
  const publisher = other.createPublisher({ confirm: true });
  await publisher.send(queue, 'by a token');
  await publisher.close();
  await other.close();
  const guest = await connect(started.broker.url);
  opened.push(guest);
  expect((await (await guest.createChannel()).get(queue)) || null).toMatchObject({ fields: { routingKey: queue } });
  const users = (await started.embedded.administration.connections()).map(({ user }) => user);
  expect(new Set(users)).toEqual(new Set(['ann', 'guest']));
});

test('scopes say what a client may do, and where', async () => {
  const [mine, theirs] = [`${name()}-mine`, `${name()}-theirs`];
  const encoded = encodeURIComponent(mine);
  const client = await open(await scoped(`configure:%2F/${encoded}`, `read:%2F/${encoded}`, 'write:%2F/amq.default'));
  const channel = await client.createChannel();
  await channel.assertQueue(mine);
  await publish(client, '', mine);
  expect(await channel.get(mine)).not.toBe(false);
  const refused = async (work: (one: typeof channel) => Promise<unknown>) => {
    const one = await client.createChannel();
    one.on('error', () => {});
    return work(one).then(String, (error: Error) => error.message);
  };
  expect(await refused((one) => one.assertQueue(theirs))).toContain(
    `403 (ACCESS-REFUSED) with message "ACCESS_REFUSED - access to queue '${theirs}' in vhost '/' refused for user 'ann'"`,
  );
  expect(await refused((one) => one.get(theirs))).toContain('403 (ACCESS-REFUSED)');
  await expect(publish(client, 'amq.fanout', '')).rejects.toThrow('403 (ACCESS-REFUSED)');
});

test('a topic exchange takes the keys that a scope names, and none where none does', async () => {
  const keyed = await open(await scoped('write:*/*/news.*', 'configure:*/*', 'read:*/*/news.%2A'));
  await publish(keyed, 'amq.topic', 'news.today');
  await expect(publish(keyed, 'amq.topic', 'weather')).rejects.toThrow(
    "ACCESS_REFUSED - access to topic 'weather' in exchange 'amq.topic' in vhost '/' refused for user 'ann'",
  );
  const channel = await keyed.createChannel();
  const queue = name();
  await channel.assertQueue(queue);
  await channel.bindQueue(queue, 'amq.topic', 'news.*');
  channel.on('error', () => {});
  await expect(channel.bindQueue(queue, 'amq.topic', 'news.#')).rejects.toThrow('403 (ACCESS-REFUSED)');
  const unkeyed = await open(await scoped('write:*/*'));
  await publish(unkeyed, 'amq.fanout', 'anything');
  await expect(publish(unkeyed, 'amq.topic', 'anything')).rejects.toThrow('403 (ACCESS-REFUSED)');
  await unkeyed.updateSecret(Buffer.from(await scoped('write:*/*/anything')), 'with a key');
  await publish(unkeyed, 'amq.topic', 'anything');
});

test('the command takes keys from a file, and does not start with one that holds none', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'leveret-tokens-'));
  const file = join(directory, 'keys.json');
  const flags = ['--oauth-resource-server-id', RESOURCE, '--oauth-keys', file];
  try {
    writeFileSync(file, JSON.stringify(issuer.jwks));
    const broker = await startBroker({ flags });
    const { hostname, port } = new URL(broker.url);
    const client = await connect({ hostname, port: Number(port), username: '', password: await issuer.token() });
    await client.close();
    await broker.stop();
    writeFileSync(file, '{"keys":[]}');
    const exit = await runToExit([...flags, '--transient', '--port', '0']);
    expect(exit.stderr).toContain(`the file of keys for tokens, ${file}, holds no key that signs by one of RS256`);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('no scope for a vhost, no way into it', async () => {
  const vhost = name();
  await started.embedded.administration.createVhost(vhost);
  await expect(open(await scoped('read:other/*'))).rejects.toThrow('Expected ConnectionOpenOk');
  await open(await scoped(`read:${encodeURIComponent(vhost)}/*`), vhost);
});

test('what is no token that counts is refused, and told with its reason, without the token', async () => {
  const stranger = { ...(await issuer.newKey('ES256')), id: issuer.keys[0]?.id ?? '' };
  const cases: [string, RegExp][] = [
    [await issuer.token({}, { expiresIn: -5 }), /the token has expired \d+ s ago$/],
    [await issuer.token({ aud: 'other' }), /the token is not for 'leveret': its audience \(aud\) is "other"$/],
    [await issuer.token({}, { key: stranger }), /the signature of the token is wrong$/],
  ];
  const { hostname, port } = new URL(started.broker.url);
  for (const [index, [token, reason]] of cases.entries()) {
    const username = `client-${index}`;
    await expect(connect({ hostname, port: Number(port), username, password: token })).rejects.toThrow(
      'ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN',
    );
    const line = await lines.next('a line');
    expect(line).toMatch(`login from 127.0.0.1 as user "${username}" refused: `);
    expect(line).toMatch(reason);
  }
});

test('bearers with the same name have what their own token gives, on every worker', async () => {
  const writing = await issuer.token();
  const reading = await scoped('read:*/*');
  const pairs = await Promise.all(
    Array.from({ length: 4 }, async () => [await open(writing), await open(reading)] as const),
  );
  for (let round = 0; round < 3; round++) {
    for (const [writer, reader] of pairs) {
      await publish(writer, 'amq.fanout', 'same');
      await expect(publish(reader, 'amq.fanout', 'same')).rejects.toThrow('403 (ACCESS-REFUSED)');
    }
  }
});

test('another token with fewer scopes takes rights away at once, and with more gives them', async () => {
  const client = await open(await issuer.token());
  const other = await open(await issuer.token());
  const channel = await client.createConfirmChannel();
  channel.publish('amq.fanout', 'key', Buffer.from('x'));
  await channel.waitForConfirms();
  await client.updateSecret(Buffer.from(await scoped('read:*/*')), 'fewer');
  const failed = new Promise<Error>((resolve) => channel.on('error', resolve));
  channel.publish('amq.fanout', 'key', Buffer.from('x'));
  expect((await failed).message).toContain(
    "ACCESS_REFUSED - access to exchange 'amq.fanout' in vhost '/' refused for user 'ann'",
  );
  await publish(other, 'amq.fanout', 'key');
  await client.updateSecret(Buffer.from(await issuer.token()), 'more');
  await publish(client, 'amq.fanout', 'key');
});

test('consumers that may no longer read their queue are cancelled, and no others', async () => {
  const [kept, lost] = [`${name()}-kept`, `${name()}-lost`];
  const client = await open(await issuer.token());
  const channel = await client.createChannel();
  for (const queue of [kept, lost]) await channel.assertQueue(queue);
  const cancelled = new Promise<void>((resolve) => {
    void channel.consume(lost, (message) => message === null && resolve(), { consumerTag: 'lost' });
  });
  let take = (_body: string): void => {};
  const got = new Promise<string>((resolve) => {
    take = resolve;
  });
  await channel.consume(kept, (message) => take(String(message?.content)), { noAck: true });
  const scopes = [...ALL_SCOPES.slice(0, 2), `${RESOURCE}.read:*/${encodeURIComponent(kept)}`];
  await client.updateSecret(Buffer.from(await issuer.token({ scope: scopes })), 'less to read');
  await cancelled;
  await publish(client, '', kept);
  expect(await got).toBe('x');
  await publish(client, '', lost);
  const guest = await connect(started.broker.url);
  opened.push(guest);
  expect(await (await guest.createChannel()).checkQueue(lost)).toMatchObject({ consumerCount: 0, messageCount: 1 });
});

test('a token that ends takes its connection along, in the midst of publishing and consuming; a new one in time does not', async () => {
  const queue = name();
  const token = await issuer.token({}, { expiresIn: 2 });
  const expiring = await open(token);
  const renewed = await open(token);
  const channel = await expiring.createChannel();
  channel.on('error', () => {});
  await channel.assertQueue(queue);
  await channel.consume(queue, () => {}, { noAck: true });
  const flood = setInterval(() => {
    try {
      channel.sendToQueue(queue, Buffer.from('x'));
    } catch {
      clearInterval(flood);
    }
  }, 1);
  await renewed.updateSecret(Buffer.from(await issuer.token()), 'in time');
  const error = await expiring.failed;
  clearInterval(flood);
  expect(error.message).toContain('320 (CONNECTION-FORCED) with message "CONNECTION_FORCED - credential expired"');
  await publish(renewed, '', queue);
});

test.each([
  ['has expired', 'eve', () => issuer.token({ sub: 'eve' }, { expiresIn: -1 }), /the token has expired \d+ s ago$/],
  ['is of somebody else', 'dan', () => issuer.token({ sub: 'bob' }), /it is of user "bob"$/],
  ['is none', 'cleo', async () => 'secret', /the token cannot be read$/],
])('a new token that %s ends the connection', async (_, sub, token, reason) => {
  const client = await open(await issuer.token({ sub }));
  client.updateSecret(Buffer.from(await token()), 'renewal').catch(() => {});
  expect((await client.failed).message).toContain(
    '530 (NOT-ALLOWED) with message "NOT_ALLOWED - New secret was refused by one of the backends"',
  );
  const line = await lines.next('a line');
  expect(line).toMatch(`login from 127.0.0.1 as user "${sub}" refused: its new token is refused: `);
  expect(line).toMatch(reason);
});

test('a new token without the vhost ends the connection', async () => {
  const client = await open(await issuer.token());
  client.updateSecret(Buffer.from(await scoped('read:other/*')), 'elsewhere').catch(() => {});
  expect((await client.failed).message).toContain("NOT_ALLOWED - access to vhost '/' refused for user 'ann'");
});

test('a user-id is that of the token, unless its tag is impersonator', async () => {
  const plain = await open(await issuer.token());
  await publish(plain, 'amq.fanout', '', { userId: 'ann' });
  await expect(publish(plain, 'amq.fanout', '', { userId: 'bob' })).rejects.toThrow('406 (PRECONDITION-FAILED)');
  const impersonator = await open(await scoped('write:*/*', 'tag:impersonator'));
  await publish(impersonator, 'amq.fanout', '', { userId: 'bob' });
});
