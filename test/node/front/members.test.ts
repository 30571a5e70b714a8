/**
 * The listener for clients that other nodes pass on: nodes alone get in, and what they say of their clients' listeners
 * is held against what this node can serve.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { BoundedLines } from '../../../src/connection/errors/bounded-lines.js';
import type { AcceptedSocket, TransportHost } from '../../../src/connection/transport/accepted-socket.js';
import type { Ends } from '../../../src/connection/transport/endpoint.js';
import { TransportOpener } from '../../../src/connection/transport/opening/opening.js';
import { ProxiedSockets } from '../../../src/connection/transport/opening/proxied-sockets.js';
import { proxyHeader } from '../../../src/connection/transport/opening/proxy-header-writer.js';
import { listenForMembers } from '../../../src/node/listeners/members.js';
import { dup } from '../../support/descriptors.js';
import { header2 } from '../../support/proxy-headers.js';
import { Inbox, PATIENCE_MS, within } from '../../support/waiting.js';

const HOST = '127.0.0.1';
const ENDS: Ends = {
  peer: { kind: 'tcp', address: '192.0.2.1', port: 1 },
  local: { kind: 'tcp', address: '198.51.100.7', port: 2 },
};

describe.skipIf(dup === null)("the listener for the cluster's nodes", () => {
  async function open() {
    if (dup === null) throw new Error('descriptors cannot be duplicated here');
    const lines = new Inbox<string>();
    const strangers = new BoundedLines('strangers', (line) => lines.push(line));
    const accepted = new Inbox<AcceptedSocket>();
    const turnedAway = new Inbox<string>();
    const listener = await listenForMembers(
      { host: HOST, port: 0 },
      dup,
      (address) => address === '127.0.0.2',
      (socket) => accepted.push(socket),
      (address) => turnedAway.push(address),
    );
    onTestFinished(() => listener.close());
    if (listener.bound.kind === 'unix') throw new Error('it listens by TCP');
    const { port } = listener.bound;
    const come = async (from: string): Promise<Socket> => {
      const socket = connect({ port, host: HOST, localAddress: from });
      onTestFinished(() => void socket.destroy());
      socket.on('error', () => {}).resume();
      await once(socket, 'connect');
      return socket;
    };
    return { lines, strangers, accepted, turnedAway, come, dup };
  }

  function closed(socket: Socket): Promise<unknown> {
    return within(PATIENCE_MS, 'the socket to be closed', new Promise((resolve) => socket.once('close', resolve)));
  }

  test('closes whoever is none of them, and tells of it', async () => {
    const { come, turnedAway, accepted } = await open();
    await closed(await come('127.0.0.3'));
    expect(await turnedAway.next('the stranger')).toBe('127.0.0.3');
    expect(accepted.waiting).toEqual([]);
  });

  test.each(['tcp', 'tls', 'ws', 'wss', 'unix'] as const)('takes a client who has come by %s there', async (kind) => {
    const { come, strangers, accepted, dup } = await open();
    const proxied = new ProxiedSockets(dup, strangers);
    const answers = new Inbox<AcceptedSocket | null>();
    const node = await come('127.0.0.2');
    node.write(proxyHeader(ENDS, kind));
    proxied.begin(await accepted.next('a client'), (answer) => answers.push(answer));
    expect(await answers.next('the client')).toMatchObject({
      kind: kind === 'unix' ? 'tcp' : kind,
      isProxied: false,
      ends: { peer: { address: '192.0.2.1', port: 1 } },
    });
  });

  test.each([
    ['says nothing of a listener', header2(0x21, 0x11, [192, 0, 2, 1, 198, 51, 100, 7, 0, 1, 0, 2])],
    ['comes for itself', header2(0x20, 0, [])],
    ['names a listener that there is not', header2(0x21, 0, [0xe0, 0, 1, 120])],
  ])('closes a node that %s, and tells of it', async (_, header) => {
    const { come, strangers, accepted, lines, dup } = await open();
    const proxied = new ProxiedSockets(dup, strangers);
    const answers = new Inbox<AcceptedSocket | null>();
    const node = await come('127.0.0.2');
    node.write(header);
    proxied.begin(await accepted.next('a client'), (answer) => answers.push(answer));
    expect(await answers.next('the answer')).toBeNull();
    expect(await lines.next('a line')).toContain('its PROXY header does not say by which kind of listener');
    await closed(node);
  });

  test.each([
    'tls',
    'wss',
  ] as const)('closes a client by %s where there is no certificate, and says so', async (kind) => {
    const { come, strangers, accepted, lines } = await open();
    // Nobody is let in: nothing is asked of the worker.
    const opener = new TransportOpener(null, {} as TransportHost, strangers, 1000);
    onTestFinished(() => opener.close());
    const node = await come('127.0.0.2');
    node.write(proxyHeader(ENDS, kind));
    const answers = new Inbox<unknown>();
    opener.open(
      await accepted.next('a client'),
      (_, answer) => answer(true),
      (opening) => answers.push(opening),
    );
    expect(await answers.next('the answer')).toBeNull();
    expect(await lines.next('a line')).toBe(
      `the client at 192.0.2.1:1 does not come in: another node passes it on by ${kind}, and this one has no certificate`,
    );
    await closed(node);
  });
});
