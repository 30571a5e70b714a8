/**
 * A standby's clients: passed on to the leader as who they are, held while nobody leads, cut when the leader changes,
 * and closed where nothing else is left.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectAmqplib } from 'amqplib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { streamSocket } from '../../../src/connection/transport/accepted-socket.js';
import { type ProxyHeader, ProxyHeaderReader } from '../../../src/connection/transport/opening/proxy-header.js';
import { pem, useCertificates } from '../../support/certificates.js';
import { dup } from '../../support/descriptors.js';
import { startEmbedded, troubles } from '../../support/embedded.js';
import { Inbox, PATIENCE_MS, within } from '../../support/waiting.js';
import { openLeader, openStandby } from './support.js';

const certificates = useCertificates((workshop) => {
  const authority = workshop.authority('authority');
  return { authority, broker: workshop.signed('broker', authority) };
});

/** `allowHalfOpen`: it stays when the other side has ended. */
async function come(port: number, from = '127.0.0.1', allowHalfOpen = false): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', localAddress: from, allowHalfOpen });
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {});
  await within(PATIENCE_MS, 'a connection', once(socket, 'connect'));
  return socket;
}

/** Reads the header of a socket that was passed on, and all that comes behind it until it ends. */
async function readPassed(socket: Socket): Promise<{ header: ProxyHeader; rest: string }> {
  let octets = Buffer.alloc(0);
  for await (const part of socket) octets = Buffer.concat([octets, part as Buffer]);
  const reader = new ProxyHeaderReader();
  const head = octets.subarray(0, reader.wanted + 16);
  for (let at = 0; ; ) {
    const part = octets.subarray(at, at + reader.wanted);
    at += part.length;
    const header = reader.take(part);
    if (header !== null) return { header, rest: octets.toString('latin1', at) };
    if (part.length === 0) throw new Error(`no header in ${head.toString('hex')}`);
  }
}

function closed(socket: Socket): Promise<unknown> {
  return within(PATIENCE_MS, 'the socket to be closed', new Promise((resolve) => socket.once('close', resolve)));
}

/** Echoes what comes behind the header; it has 16 octets, two addresses, two ports, and the kind. */
function echo(kind = 'tcp'): (socket: Socket) => void {
  const length = 16 + 12 + 3 + kind.length;
  return (socket) => {
    let seen = 0;
    socket.on('data', (part) => {
      const skipped = Math.min(part.length, Math.max(0, length - seen));
      seen += part.length;
      if (skipped < part.length) socket.write(part.subarray(skipped));
    });
    socket.on('end', () => socket.end());
  };
}

async function answers(socket: Socket, text: string): Promise<void> {
  socket.write(text);
  const [part] = (await within(PATIENCE_MS, 'an answer', once(socket, 'data'))) as [Buffer];
  expect(part.toString()).toBe(text);
}

describe.skipIf(dup === null)('a client of a standby', () => {
  test.each(['tcp', 'tls'] as const)('is served by the leader by %s', async (kind) => {
    const { certificate, key } = certificates().broker;
    const { embedded } = await startEmbedded(undefined, {
      host: undefined,
      port: undefined,
      listeners: [{ kind, host: '127.0.0.1', port: 0 }],
      ...(kind === 'tls' && { tls: { certificate, key } }),
      proxyProtocolFrom: ['127.0.0.1'],
    });
    onTestFinished(() => embedded.stop());
    const { front, portOf } = await openStandby({}, { kinds: [kind] });
    const [bound] = embedded.listeners;
    if (bound === undefined || bound.kind === 'unix') throw new Error('nobody listens');
    front.follow({ epoch: 1, host: '127.0.0.1', port: bound.port });
    const scheme = kind === 'tls' ? 'amqps' : 'amqp';
    const trust = { ca: pem(certificates().authority).cert };
    const connection = await connectAmqplib(`${scheme}://guest:guest@127.0.0.1:${portOf(kind)}`, trust);
    const channel = await connection.createConfirmChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    const body = Buffer.alloc(3_000_000, 'leveret');
    channel.sendToQueue(queue, body);
    await channel.waitForConfirms();
    const message = await channel.get(queue, { noAck: true });
    expect(message === false ? null : message.content.equals(body)).toBe(true);
    expect(front.counts).toEqual({ passed: 1, held: 0 });
    await connection.close();
    await expect.poll(() => front.counts, { timeout: PATIENCE_MS }).toEqual({ passed: 0, held: 0 });
  });

  test('keeps its address: the leader tells of the client, not of the standby', async () => {
    const lines = new Inbox<string>();
    const { embedded } = await startEmbedded(undefined, {
      proxyProtocolFrom: ['127.0.0.1'],
      log: troubles((line) => lines.push(line)),
    });
    onTestFinished(() => embedded.stop());
    const { front, port } = await openStandby();
    front.follow({ epoch: 1, host: '127.0.0.1', port: embedded.port });
    const client = await come(port, '127.0.0.9');
    const { localPort } = client;
    const gone = closed(client);
    client.resume().write(Buffer.of(22, 3, 1));
    expect(await lines.next('a line')).toBe(
      `the client at 127.0.0.9:${localPort} speaks TLS where plain AMQP is expected`,
    );
    await gone;
  });

  test('is named by the header with both ends and the kind of listener, and what it sends follows', async () => {
    const passed = new Inbox<Promise<{ header: ProxyHeader; rest: string }>>();
    const leader = await openLeader((socket) => {
      passed.push(readPassed(socket));
      socket.on('end', () => socket.end());
    });
    const { front, portOf } = await openStandby({}, { kinds: ['wss'] });
    front.follow({ epoch: 1, host: '127.0.0.1', port: leader.port });
    const client = await come(portOf('wss'), '127.0.0.7');
    const { localPort } = client;
    const gone = closed(client);
    client.resume().end('octets');
    const { header, rest } = await passed.next('a client');
    expect(header).toEqual({
      kind: 'client',
      peer: { address: '127.0.0.7', port: localPort },
      local: { address: '127.0.0.1', port: portOf('wss') },
      listener: 'wss',
    });
    expect(rest).toBe('octets');
    await gone;
  });

  test('that comes by a proxy in front of the standby is named, and not the proxy', async () => {
    const passed = new Inbox<Promise<{ header: ProxyHeader; rest: string }>>();
    const leader = await openLeader((socket) => {
      passed.push(readPassed(socket));
      socket.on('end', () => socket.end());
    });
    const { front, port } = await openStandby({}, { isProxy: (address) => address === '127.0.0.2' });
    front.follow({ epoch: 1, host: '127.0.0.1', port: leader.port });
    const proxy = await come(port, '127.0.0.2');
    proxy.resume().end('PROXY TCP4 192.0.2.1 198.51.100.7 56324 5672\r\noctets');
    const { header, rest } = await passed.next('a client');
    expect(header).toMatchObject({ peer: { address: '192.0.2.1', port: 56_324 }, listener: 'tcp' });
    expect(rest).toBe('octets');
  });

  test('can end its side and still hear the leader out', async () => {
    const leader = await openLeader((socket) => {
      socket.resume().on('end', () => socket.end('the last word'));
    });
    const { front, port } = await openStandby();
    front.follow({ epoch: 1, host: '127.0.0.1', port: leader.port });
    const client = await come(port);
    client.end('hello');
    let heard = '';
    for await (const part of client) heard += String(part);
    expect(heard).toBe('the last word');
  });

  test.each([
    ['the leader', true],
    ['the client', false],
  ])('is let go in the end although the other side stays, when %s has ended', async (_, byLeader) => {
    const sockets = new Inbox<Socket>();
    const leader = await openLeader((socket) => sockets.push(socket.resume()));
    const { front, port } = await openStandby({ lingerMs: 300 });
    const client = await come(port, '127.0.0.1', true);
    front.follow({ epoch: 1, host: '127.0.0.1', port: leader.port });
    const atLeader = await sockets.next('the client at the leader');
    client.resume();
    const [first, other] = byLeader ? [atLeader, client] : [client, atLeader];
    first.end();
    await within(PATIENCE_MS, 'the end to arrive', once(other, 'end'));
    await expect.poll(() => front.counts, { timeout: PATIENCE_MS }).toEqual({ passed: 0, held: 0 });
  });

  test('hears the last words of a leader that resets the connection', async () => {
    const leader = await openLeader((socket) => {
      socket.once('data', () => socket.write('320 the broker ends', () => socket.resetAndDestroy()));
    });
    const { front, port } = await openStandby();
    front.follow({ epoch: 1, host: '127.0.0.1', port: leader.port });
    const client = await come(port);
    const gone = closed(client);
    client.resume().write('hello');
    await gone;
    await expect.poll(() => front.counts, { timeout: PATIENCE_MS }).toEqual({ passed: 0, held: 0 });
  });
});

describe('while nobody leads, a client', () => {
  test('is held, and passed on to whoever leads next', async () => {
    const leader = await openLeader(echo());
    const { front, port } = await openStandby();
    const client = await come(port);
    client.write('he');
    await expect.poll(() => front.counts, { timeout: PATIENCE_MS }).toEqual({ passed: 0, held: 1 });
    front.follow({ epoch: 1, host: '127.0.0.1', port: leader.port });
    const [part] = (await within(PATIENCE_MS, 'an answer', once(client, 'data'))) as [Buffer];
    expect(part.toString()).toBe('he');
    expect(front.counts).toEqual({ passed: 1, held: 0 });
  });

  test('is held, and taken by this node where it leads next', async () => {
    const { front, port } = await openStandby();
    const client = await come(port, '127.0.0.8');
    await expect.poll(() => front.counts, { timeout: PATIENCE_MS }).toEqual({ passed: 0, held: 1 });
    const taken = new Inbox<string | null>();
    front.lead((socket, address) => {
      taken.push(address);
      streamSocket(socket).end('served here');
    });
    expect(await taken.next('the client')).toBe('127.0.0.8');
    const [part] = (await within(PATIENCE_MS, 'an answer', once(client, 'data'))) as [Buffer];
    expect(part.toString()).toBe('served here');
    expect(front.counts).toEqual({ passed: 0, held: 0 });
  });

  test('is closed when it has waited too long, and the operator is told', async () => {
    const { port, lines, front } = await openStandby({ holdMs: 200 });
    const clients = await Promise.all([come(port), come(port)]);
    await Promise.all(clients.map((client) => closed(client.resume())));
    expect(await lines.next('a line')).toBe('a client is closed: no node has taken it within 0.2 s');
    expect(front.counts).toEqual({ passed: 0, held: 0 });
  });

  test('is closed at once where too many wait, and the others stay', async () => {
    const { port, lines, front } = await openStandby({ heldMax: 2 });
    const clients = [await come(port), await come(port)];
    await expect.poll(() => front.counts.held, { timeout: PATIENCE_MS }).toBe(2);
    await closed((await come(port)).resume());
    expect(await lines.next('a line')).toBe('a client is closed: 2 wait for a leader already');
    const leader = await openLeader(echo());
    front.follow({ epoch: 1, host: '127.0.0.1', port: leader.port });
    for (const client of clients) await answers(client, 'hello');
  });
});

describe('a leader', () => {
  test('that is not there yet is tried again, and its clients wait for it', async () => {
    const place = await openLeader(() => {});
    place.close();
    const { front, port, lines } = await openStandby({ retryMs: 20 });
    front.follow({ epoch: 1, host: '127.0.0.1', port: place.port });
    const clients = [await come(port), await come(port), await come(port)];
    expect(await lines.next('a line')).toContain(`the leader at 127.0.0.1:${place.port} cannot be reached: `);
    await openLeader(echo(), place.port);
    for (const client of clients) await answers(client, 'hello');
    expect(front.counts).toEqual({ passed: 3, held: 0 });
  });

  test('that leads no more loses what was passed on to it, at once', async () => {
    const [first, second] = [await openLeader(echo()), await openLeader(echo())];
    const { front, port } = await openStandby();
    front.follow({ epoch: 1, host: '127.0.0.1', port: first.port });
    const client = await come(port);
    await answers(client, 'hello');
    front.follow({ epoch: 1, host: '127.0.0.1', port: first.port });
    await answers(client, 'still there');
    const gone = closed(client.resume());
    front.follow({ epoch: 2, host: '127.0.0.1', port: second.port });
    await gone;
    await answers(await come(port), 'hello again');
    const other = await come(port);
    await answers(other, 'hello');
    front.wait();
    await closed(other.resume());
    await expect.poll(() => front.counts, { timeout: PATIENCE_MS }).toEqual({ passed: 0, held: 0 });
  });

  test('is passed on only so many', async () => {
    const leader = await openLeader(echo());
    const { front, port, lines } = await openStandby({ passedMax: 1 });
    front.follow({ epoch: 1, host: '127.0.0.1', port: leader.port });
    const client = await come(port);
    await answers(client, 'hello');
    await closed((await come(port)).resume());
    expect(await lines.next('a line')).toBe('a client is closed: 1 are passed on already');
    await answers(client, 'still there');
  });
});

test('a front that is closed closes whoever it has, and whoever comes', async () => {
  const leader = await openLeader(echo());
  const { front, port } = await openStandby();
  const held = await come(port);
  await expect.poll(() => front.counts.held, { timeout: PATIENCE_MS }).toBe(1);
  front.follow({ epoch: 1, host: '127.0.0.1', port: leader.port });
  await answers(held, 'hello');
  const gone = closed(held.resume());
  front.close();
  await gone;
  await closed((await come(port)).resume());
  await expect.poll(() => front.counts, { timeout: PATIENCE_MS }).toEqual({ passed: 0, held: 0 });
});
