/**
 * Listeners: which addresses there are, what becomes of a list of which one cannot be had, and whose socket file may be
 * removed.
 */

import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { AcceptedSocket } from '../../src/connection/transport/accepted-socket.js';
import { addressText, type ListenAddress, parseAddress } from '../../src/node/listeners/address.js';
import { closeListeners, ListenError, type Listener, openListeners } from '../../src/node/listeners/listeners.js';
import { parseNetwork, proxiesIn } from '../../src/node/listeners/proxies.js';
import { Inbox } from '../support/waiting.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'leveret-listeners-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const FREE: ListenAddress = { kind: 'tcp', host: '127.0.0.1', port: 0 };
const unix = (name = 'socket'): ListenAddress => ({ kind: 'unix', path: join(directory, name) });

/** Opens them for a test; what is accepted comes as it is. */
async function open(
  ...addresses: ListenAddress[]
): Promise<{ listeners: readonly Listener[]; accepted: Inbox<AcceptedSocket> }> {
  const accepted = new Inbox<AcceptedSocket>();
  const listeners = await openListeners(addresses, null, (socket) => accepted.push(socket));
  onTestFinished(() => closeListeners(listeners));
  return { listeners, accepted };
}

async function refusal(...addresses: ListenAddress[]): Promise<string> {
  const error: unknown = await open(...addresses).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ListenError);
  return (error as Error).message;
}

function portOf({ bound }: Listener): number {
  if (bound.kind !== 'tcp') throw new Error('not a TCP listener');
  return bound.port;
}

test.each<[string, ListenAddress]>([
  ['tcp://localhost:5672', { kind: 'tcp', host: 'localhost', port: 5672 }],
  ['tcp://0.0.0.0:1', { kind: 'tcp', host: '0.0.0.0', port: 1 }],
  ['tls://hare:1', { kind: 'tls', host: 'hare', port: 1 }],
  ['ws://[::]:80', { kind: 'ws', host: '::', port: 80 }],
  ['wss://hare:443', { kind: 'wss', host: 'hare', port: 443 }],
  ['tcp://[::1]:0', { kind: 'tcp', host: '::1', port: 0 }],
  ['unix:///run/leveret.sock', { kind: 'unix', path: '/run/leveret.sock' }],
])('%s is an address', (text, address) => {
  expect(parseAddress(text)).toEqual(address);
  expect(addressText(address)).toBe(text);
});

test.each([
  ['tcp://hare', { kind: 'tcp', host: 'hare', port: 5672 }],
  ['tls://hare', { kind: 'tls', host: 'hare', port: 5671 }],
  ['ws://hare', { kind: 'ws', host: 'hare', port: 15_678 }],
  ['wss://hare', { kind: 'wss', host: 'hare', port: 15_677 }],
  ['tcp://[fe80::1%eth0]:7', { kind: 'tcp', host: 'fe80::1%eth0', port: 7 }],
  ['unix:///run/../tmp/a b', { kind: 'unix', path: '/tmp/a b' }],
])('%s is an address in other words', (text, address) => {
  expect(parseAddress(text)).toEqual(address);
});

test.each([
  '',
  'hare:5672',
  'tcp://',
  'tcp://:5672',
  'tcp://::1:5672',
  'tcp://a:65536',
  'tcp://a:b',
  'tcp://a/b',
  'amqp://a',
  'http://a',
  'unix://run/a',
  'unix:///',
  'unix:///run/',
  'unix:/run/a',
])("'%s' is no address", (text) => {
  expect(parseAddress(text)).toBeNull();
});

test('proxies are known by their addresses and networks, however a listener sees them', () => {
  expect(proxiesIn([])).toBeNull();
  const isProxy = proxiesIn(['10.0.0.7', '192.168.64.1/18', 'fd00::/8', '::1']);
  for (const address of ['10.0.0.7', '::ffff:10.0.0.7', '192.168.127.255', 'fd12::3', '::1'])
    expect([address, isProxy?.(address)]).toEqual([address, true]);
  for (const address of ['10.0.0.8', '192.168.128.0', '192.168.63.255', 'fe80::1', '::2', '::ffff:10.0.0.8'])
    expect([address, isProxy?.(address)]).toEqual([address, false]);
});

test.each([
  '',
  'hare',
  '10.0.0',
  '10.0.0.0/33',
  '10.0.0.0/',
  '10.0.0.0/-1',
  '::/129',
  'fe80::1%eth0',
  '1.1.1.1/8/8',
])("'%s' is neither an address of a proxy nor a network", (text) => {
  expect(parseNetwork(text)).toBeNull();
});

test('every listener of a list accepts clients, who come with its kind', async () => {
  const { listeners, accepted } = await open(FREE, unix(), FREE);
  expect(listeners.map(({ bound }) => bound.kind)).toEqual(['tcp', 'unix', 'tcp']);
  const [first, second, third] = listeners as [Listener, Listener, Listener];
  const { path } = second.bound as { path: string };
  expect(portOf(first)).not.toBe(portOf(third));
  for (const [target, place] of [
    [{ port: portOf(first), host: '127.0.0.1' }, { kind: 'tcp' }],
    [{ path }, { kind: 'unix', path }],
    [{ port: portOf(third), host: '127.0.0.1' }, { kind: 'tcp' }],
  ] as const) {
    const client = connect(target);
    onTestFinished(() => void client.destroy());
    expect(await accepted.next('a client')).toMatchObject(place);
  }
});

test('both addresses of localhost are one listener with one port', async () => {
  const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));
  const { listeners } = await open({ kind: 'tcp', host: 'localhost', port: 0 });
  expect(listeners.map(({ bound }) => bound)).toMatchObject([{ hosts: ['127.0.0.1', ...(hasIpv6 ? ['::1'] : [])] }]);
});

test('listeners close while connections that they gave away live on', async () => {
  const { listeners, accepted } = await open(FREE, unix());
  const [tcp] = listeners as [Listener];
  const client = connect(portOf(tcp), '127.0.0.1');
  onTestFinished(() => void client.destroy());
  await accepted.next('a client');
  await closeListeners(listeners);
  expect(client.destroyed).toBe(false);
  expect(existsSync(join(directory, 'socket'))).toBe(false);
});

describe('of a list of which one cannot be had', () => {
  test('none is open, and the one is named with its reason', async () => {
    const { listeners } = await open(FREE);
    const taken: ListenAddress = { ...FREE, port: portOf((listeners as [Listener])[0]) };
    expect(await refusal(unix(), taken)).toBe(
      `cannot listen on tcp://127.0.0.1:${taken.port}: port ${taken.port} on 127.0.0.1 is taken by another program`,
    );
    expect(existsSync(join(directory, 'socket'))).toBe(false);
    // It is free again.
    await open(unix());
  });

  test.each<[string, () => ListenAddress, string]>([
    [
      'an address of another machine',
      () => ({ kind: 'tcp', host: '192.0.2.1', port: 0 }),
      '192.0.2.1 is not an address of this machine',
    ],
    ['a path that is too long', () => unix('a'.repeat(120)), "and a socket's may have"],
    ['a path in a directory that is not there', () => unix('none/socket'), 'its directory is not there'],
  ])('%s is named', async (_, address, reason) => {
    const message = await refusal(FREE, address());
    expect(message).toContain(`cannot listen on ${addressText(address())}: `);
    expect(message).toContain(reason);
  });

  test('an address that is there twice is named', async () => {
    expect(await refusal(unix(), FREE, unix())).toBe(`cannot listen on ${addressText(unix())}: it is named twice`);
  });
});

describe('a socket file', () => {
  const path = (): string => join(directory, 'socket');

  test('may be written to by the user and the group, whatever the mask of new files is', async () => {
    await open(unix());
    expect(statSync(path()).mode & 0o777).toBe(0o660);
  });

  test('that nobody answers on is replaced', async () => {
    // The file stays: Node has not made it by this name.
    const left = createServer();
    await once(left.listen(`${path()}.old`), 'listening');
    const { linkSync } = await import('node:fs');
    linkSync(`${path()}.old`, path());
    await new Promise((resolve) => left.close(resolve));
    expect(statSync(path()).isSocket()).toBe(true);
    const { accepted } = await open(unix());
    const client = connect(path());
    onTestFinished(() => void client.destroy());
    await accepted.next('a client');
  });

  test('on which somebody answers stays', async () => {
    await open(unix());
    expect(await refusal(unix())).toMatch(/: another program listens there$/);
    await once(connect(path()), 'connect');
  });

  test('that is no socket stays, and so does what a link leads to', async () => {
    writeFileSync(path(), 'precious');
    symlinkSync(path(), join(directory, 'link'));
    for (const name of ['socket', 'link']) {
      expect(await refusal(unix(name))).toMatch(/: there is something else by this name, and it stays$/);
      expect(readFileSync(join(directory, name), 'utf8')).toBe('precious');
    }
  });
});
