/**
 * What must come before AMQP is given up where it does not come in time: a proxy's header, and the HTTP request of a
 * WebSocket. The operator reads why, once, and whoever was in time is not concerned.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { BoundedLines } from '../../src/connection/errors/bounded-lines.js';
import { type AcceptedSocket, refuse } from '../../src/connection/transport/accepted-socket.js';
import { endsOf } from '../../src/connection/transport/endpoint.js';
import { ProxiedSockets } from '../../src/connection/transport/opening/proxied-sockets.js';
import { WebSocketUpgrades } from '../../src/connection/transport/opening/websocket.js';
import type { WebSocketStream } from '../../src/connection/transport/opening/websocket-stream.js';
import { descriptorOf, dup } from '../support/descriptors.js';
import { Inbox } from '../support/waiting.js';

/** How long clients may take here (ms). */
const DEADLINE_MS = 500;

/** Lines of strangers come to its inbox. */
function stage(): { readonly lines: Inbox<string>; readonly strangers: BoundedLines } {
  const lines = new Inbox<string>();
  return { lines, strangers: new BoundedLines('strangers', (line) => lines.push(line)) };
}

async function listening(take: (socket: Socket) => void): Promise<number> {
  const server = createServer(take);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** A client that sends these octets, and then one more again and again, if it is told to; resolves when it is closed. */
async function closed(port: number, octets: string, drop?: string): Promise<void> {
  const client = connect(port, '127.0.0.1');
  client.on('error', () => {});
  client.resume().write(octets);
  const drops = drop === undefined ? undefined : setInterval(() => client.write(drop), 20);
  await new Promise((resolve) => client.once('close', resolve));
  clearInterval(drops);
}

describe('the request of a WebSocket', () => {
  async function broker() {
    const { lines, strangers } = stage();
    const answers = new Inbox<WebSocketStream | null>();
    const upgrades = new WebSocketUpgrades(strangers, DEADLINE_MS);
    const port = await listening((socket) =>
      upgrades.begin(socket, endsOf(socket).peer, (stream) => answers.push(stream)),
    );
    onTestFinished(() => upgrades.close());
    return { lines, answers, port };
  }

  test.each([
    ['does not come', '', undefined],
    ['does not end', 'GET / HTTP/1.1\r\nHost: hare\r\n', undefined],
    ['comes an octet at a time', 'GET /', 'p'],
  ])('that %s is given up, and told in one line', async (_, octets, drop) => {
    const { lines, answers, port } = await broker();
    await closed(port, octets, drop);
    expect(await answers.next('the answer')).toBeNull();
    const reason = 'its request took longer than 0.5 s';
    expect(await lines.next('a line')).toMatch(
      new RegExp(`^no WebSocket with the client at 127\\.0\\.0\\.1:\\d+: ${reason}$`),
    );
    expect([...lines.waiting, ...answers.waiting]).toEqual([]);
  });

  test('that came in time is not concerned by the deadline', async () => {
    const { answers, port } = await broker();
    const client = new WebSocket(`ws://127.0.0.1:${port}/`, ['amqp']);
    onTestFinished(() => client.terminate());
    await once(client, 'open');
    const stream = await answers.next('the stream');
    // The deadline of whoever comes later is later.
    await closed(port, '');
    client.send('AMQP');
    expect(client.readyState).toBe(WebSocket.OPEN);
    expect(stream?.destroyed).toBe(false);
  });
});

describe.skipIf(dup === null)("a proxy's header", () => {
  async function broker() {
    if (dup === null) throw new Error('descriptors cannot be duplicated here');
    const { lines, strangers } = stage();
    const answers = new Inbox<AcceptedSocket | null>();
    const proxied = new ProxiedSockets(dup, strangers, DEADLINE_MS);
    const port = await listening((socket) => {
      const fd = descriptorOf(socket);
      socket.destroy();
      proxied.begin({ kind: 'tcp', fd, isProxied: true }, (accepted) => answers.push(accepted));
    });
    onTestFinished(() => proxied.close());
    return { lines, answers, port };
  }

  test.each([
    ['does not come', '', undefined],
    ['does not end', 'PROXY TCP4 127.0.0.1', undefined],
    ['comes an octet at a time', 'PROXY UNKNOWN ', '1'],
  ])('that %s is given up, and told in one line', async (_, octets, drop) => {
    const { lines, answers, port } = await broker();
    await closed(port, octets, drop);
    expect(await answers.next('the answer')).toBeNull();
    const reason = 'its PROXY header took longer than 0.5 s';
    expect(await lines.next('a line')).toMatch(
      new RegExp(`^nobody comes in by the proxy at 127\\.0\\.0\\.1:\\d+: ${reason}$`),
    );
    expect([...lines.waiting, ...answers.waiting]).toEqual([]);
  });

  test('that came in time is not concerned by the deadline', async () => {
    const { answers, port } = await broker();
    const client = connect(port, '127.0.0.1');
    let isClosed = false;
    client.resume().on('close', () => {
      isClosed = true;
    });
    onTestFinished(() => void client.destroy());
    client.write('PROXY UNKNOWN\r\n');
    const accepted = await answers.next('the socket');
    await closed(port, '');
    expect(isClosed).toBe(false);
    if (accepted === null) throw new Error('the socket was not handed on');
    refuse(accepted);
    await once(client, 'close');
  });
});
