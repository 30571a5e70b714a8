/**
 * Clients behind proxies: who is believed, what of the client's address counts, and headers that are wrong. HAProxy is
 * the proxy that nobody here wrote; where a header may say anything, the test has a proxy of its own.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectAmqplib } from 'amqplib';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import type { NetworkKind } from '../../../src/node/listeners/address.js';
import { Broker } from '../../support/broker.js';
import { pem, useCertificates } from '../../support/certificates.js';
import { type EmbeddedBroker, startEmbedded, troubles } from '../../support/embedded.js';
import { details, header2, withChecksum } from '../../support/proxy-headers.js';
import { RawClient } from '../../support/raw-client.js';
import { deferred, eventually, Inbox, PATIENCE_MS, within } from '../../support/waiting.js';

const PROTOCOL_HEADER = Buffer.from('AMQP\0\0\x09\x01', 'latin1');
/** The proxy that is believed; it is on this machine. */
const PROXY = '127.0.0.2';

const certificates = useCertificates((workshop) => {
  const authority = workshop.authority('authority');
  return { authority, broker: workshop.signed('broker', authority) };
});

let started: EmbeddedBroker;
/** What the operator is told. */
let lines: Inbox<string>;

/** One worker, which tells the same of an address once, and not much at once. */
function useBroker(): void {
  beforeAll(async () => {
    const { certificate, key } = certificates().broker;
    const told = new Inbox<string>();
    lines = told;
    started = await startEmbedded(undefined, {
      host: undefined,
      port: undefined,
      workers: 1,
      listeners: (['tcp', 'tls', 'ws', 'wss'] as const).map((kind) => ({ kind, host: '127.0.0.1', port: 0 })),
      proxyProtocolFrom: [PROXY, '127.0.0.64/26', '::1'],
      tls: { certificate, key },
      log: troubles((line) => told.push(line)),
    });
  });
  afterAll(() => started.embedded.stop());
}

function portOf(kind: NetworkKind): number {
  const bound = started.embedded.listeners.find((one) => one.kind === kind);
  if (bound === undefined || bound.kind === 'unix') throw new Error(`nobody listens by ${kind}`);
  return bound.port;
}

/** A socket to the broker, from the proxy unless another address is named. */
async function come(kind: NetworkKind = 'tcp', from = PROXY): Promise<Socket> {
  const socket = connect({ port: portOf(kind), host: '127.0.0.1', localAddress: from });
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** A proxy that says this header for each of its clients; resolves with its port. */
async function proxy(header: Uint8Array | string, kind: NetworkKind = 'tcp'): Promise<number> {
  const server = createServer(async (client) => {
    const broker = await come(kind);
    client.on('error', () => broker.destroy());
    client.on('close', () => broker.destroy());
    broker.on('close', () => client.destroy());
    broker.write(header);
    client.pipe(broker).pipe(client);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

function brokerAt(port: number): Broker {
  return new Broker(`amqp://guest:guest@127.0.0.1:${port}`, null, deferred<never>().promise);
}

/** What the broker answers until it closes the socket. */
async function untilClosed(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('latin1').on('data', (part: string) => {
    text += part;
  });
  await within(
    15_000,
    'the socket to be closed',
    new Promise<void>((resolve) => socket.once('close', () => resolve())),
  );
  return text;
}

/** A message there and back, through a port. */
async function roundTrip(port: number, scheme: 'amqp' | 'amqps' = 'amqp'): Promise<void> {
  const trust = { ca: pem(certificates().authority).cert };
  const connection = await connectAmqplib(`${scheme}://guest:guest@127.0.0.1:${port}`, trust);
  const channel = await connection.createConfirmChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  channel.sendToQueue(queue, Buffer.alloc(100_000, 7));
  await channel.waitForConfirms();
  const message = await channel.get(queue, { noAck: true });
  expect(message === false ? 0 : message.content.length).toBe(100_000);
  await connection.close();
}

/** A client that the broker answers by AMQP over WebSocket. */
async function startsOver(url: string): Promise<void> {
  const socket = new WebSocket(url, ['amqp'], { ca: pem(certificates().authority).cert });
  await once(socket, 'open');
  socket.send(PROTOCOL_HEADER);
  const [frame] = (await once(socket, 'message')) as [Buffer];
  expect(frame.subarray(7, 11)).toEqual(Buffer.of(0, 10, 0, 10));
  socket.terminate();
}

const LOCAL_4 = [127, 0, 0, 1, 127, 0, 0, 1, 0xdc, 4, 0x16, 0x28];
const REMOTE_4 = [192, 0, 2, 1, 198, 51, 100, 7, 0xdc, 4, 0x16, 0x28];
/** That a local client is behind the proxy, so that `guest` comes in. */
const LOCAL_1 = 'PROXY TCP4 127.0.0.1 127.0.0.1 56324 5672\r\n';

describe('a proxy that is trusted', () => {
  useBroker();

  test.each(['tcp', 'tls', 'ws', 'wss'] as const)('brings its clients in by %s', async (kind) => {
    for (const header of [LOCAL_1, withChecksum(0x21, 0x11, LOCAL_4)]) {
      const port = await proxy(header, kind);
      if (kind === 'tcp') await roundTrip(port);
      else if (kind === 'tls') await roundTrip(port, 'amqps');
      else await startsOver(`${kind}://127.0.0.1:${port}/`);
    }
  });

  test('may send its header octet by octet, or with all that follows', async () => {
    for (const header of [Buffer.from(LOCAL_1), header2(0x21, 0x11, [...LOCAL_4, ...details([4, [1, 2, 3]])])]) {
      const whole = Buffer.concat([header, PROTOCOL_HEADER]);
      for (const pieces of [[whole], [...whole].map((octet) => Buffer.of(octet))]) {
        const socket = await come();
        socket.setNoDelay(true);
        for (const piece of pieces) {
          socket.write(piece);
          await new Promise((resolve) => setImmediate(resolve));
        }
        const [frame] = (await within(PATIENCE_MS, 'connection.start', once(socket, 'data'))) as [Buffer];
        expect(frame.subarray(7, 11)).toEqual(Buffer.of(0, 10, 0, 10));
        socket.destroy();
      }
    }
  });

  test.each([
    ['version 1', 'PROXY TCP4 192.0.2.1 198.51.100.7 56324 5672\r\n', '192.0.2.1:56324'],
    ['version 2', header2(0x21, 0x11, [...REMOTE_4.slice(0, 3), 2, ...REMOTE_4.slice(4)]), '192.0.2.2:56324'],
  ])('says by a header of %s where its client is, and the log names the client', async (_, header, client) => {
    const socket = await come();
    socket.write(header);
    socket.write(Buffer.of(22, 3, 1));
    await untilClosed(socket);
    expect(await lines.next('a line')).toBe(`the client at ${client} speaks TLS where plain AMQP is expected`);
  });

  test.each([
    ['says that it is on this machine', LOCAL_1, true],
    ['connects for itself', header2(0x20, 0, []), true],
    ['says that it is elsewhere', header2(0x21, 0x11, REMOTE_4), false],
    ['does not know where it is', 'PROXY UNKNOWN\r\n', false],
    ['does not say where it is', header2(0x21, 0, []), false],
    ['has it on a Unix-domain socket', header2(0x21, 0x31, new Array(216).fill(47)), false],
  ])('lets the guest in as a local client, or not: it %s', async (_, header, isLocal) => {
    const opening = RawClient.open(brokerAt(await proxy(header)));
    if (isLocal) await (await opening).close();
    else await expect(opening).rejects.toThrow();
  });

  test('that only looks whether somebody listens is nothing to tell', async () => {
    const socket = await come();
    socket.end();
    await untilClosed(socket);
    // Lines come in order.
    const other = await come('tcp', '127.0.0.66');
    other.write(PROTOCOL_HEADER);
    await untilClosed(other);
    let line = await lines.next('a line');
    while (!line.includes('PROXY')) line = await lines.next('a line on a proxy');
    expect(line).toContain('127.0.0.66');
  });
});

describe('a header that is wrong', () => {
  useBroker();

  test.each([
    ['that is missing', PROTOCOL_HEADER, 'it does not begin with a PROXY header'],
    ['of no client', 'PROXY TCP4 1.1.1.1 1.1.1.1 1\r\n', 'does not have two TCP4 addresses and two ports'],
    ['of too many octets', `PROXY TCP4 ${'1'.repeat(200)}`, 'its PROXY header is longer than 107 octets'],
    ['that is too short', header2(0x21, 0x21, REMOTE_4), 'its PROXY header is too short for its addresses'],
  ])('%s is told in one line, and closes the socket', async (_, octets, reason) => {
    const socket = await come();
    socket.write(octets);
    expect(await untilClosed(socket)).toBe('');
    const line = await lines.next('a line');
    expect(line).toMatch(/^nobody comes in by the proxy at 127\.0\.0\.2:\d+: /);
    expect(line).toContain(reason);
    await roundTrip(portOf('tcp'));
  });

  test('that comes again and again from one proxy is told once', async () => {
    const proxy = '127.0.0.65';
    const closed = Array.from({ length: 30 }, async () => {
      const socket = await come('tcp', proxy);
      socket.write(PROTOCOL_HEADER);
      await untilClosed(socket);
    });
    await Promise.all(closed);
    // Lines come in order: none of the same is before this one.
    const other = await come('tcp', proxy);
    other.write('PROXY TCP4 1.1.1.1 1.1.1.1 1\r\n');
    await untilClosed(other);
    const told = [await lines.next('a line'), await lines.next('another line')];
    expect(told).toEqual([
      expect.stringMatching(/the proxy at 127\.0\.0\.65:\d+: it does not begin with a PROXY header$/),
      expect.stringContaining('does not have two TCP4 addresses and two ports'),
    ]);
  });

  test('that ends too early is told too', async () => {
    const socket = await come();
    socket.end('PROXY TCP4');
    await untilClosed(socket);
    expect(await lines.next('a line')).toMatch(/: it ends in the midst of its PROXY header$/);
  });
});

describe('who is not trusted', () => {
  useBroker();

  test('forges no address: the header is octets of no meaning', async () => {
    const socket = await come('tcp', '127.0.0.3');
    socket.write(LOCAL_1);
    // The header that is right, as for any other protocol.
    expect(await untilClosed(socket)).toBe(PROTOCOL_HEADER.toString('latin1'));
  });

  test('comes in without a header, as he always did', async () => {
    await roundTrip(portOf('tcp'));
  });

  test('is who is outside of the networks that are, to the bit', async () => {
    const inside = await come('tcp', '127.0.0.127');
    inside.write(`${LOCAL_1}${PROTOCOL_HEADER.toString('latin1')}`, 'latin1');
    const [frame] = (await once(inside, 'data')) as [Buffer];
    expect(frame[0]).toBe(1);
    inside.destroy();
    const outside = await come('tcp', '127.0.0.128');
    outside.write(LOCAL_1);
    expect(await untilClosed(outside)).toBe(PROTOCOL_HEADER.toString('latin1'));
  });
});

test('who is closed in the midst of a header does not keep the broker from ending', async () => {
  const { embedded } = await startEmbedded(undefined, { proxyProtocolFrom: ['127.0.0.1'] });
  const silent = connect(embedded.port, '127.0.0.1');
  silent.on('error', () => {});
  await once(silent, 'connect');
  const gone = new Promise((resolve) => silent.once('close', resolve));
  silent.resume().write('PROXY TCP4');
  await embedded.stop();
  await gone;
});

test('the limit of connections from an address counts those behind the proxy, not the proxy', async () => {
  const { embedded } = await startEmbedded(undefined, {
    proxyProtocolFrom: ['127.0.0.1'],
    limits: { connectionMaxPerAddress: 2 },
  });
  onTestFinished(() => embedded.stop());
  const from = async (address: string): Promise<string> => {
    const socket = connect(embedded.port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    socket.on('error', () => {});
    socket.write(`PROXY TCP4 ${address} 127.0.0.1 1 1\r\nAMQP\0\0\x09\x01`, 'latin1');
    return new Promise((resolve) => {
      socket.once('data', () => resolve('taken'));
      socket.once('close', () => resolve('closed'));
    });
  };
  expect(await from('192.0.2.1')).toBe('taken');
  expect(await from('192.0.2.1')).toBe('taken');
  expect(await from('192.0.2.1')).toBe('closed');
  expect(await from('192.0.2.2')).toBe('taken');
});

describe('HAProxy', () => {
  useBroker();

  test.each([
    ['send-proxy', 'tcp'],
    ['send-proxy-v2', 'tcp'],
    ['send-proxy-v2 proxy-v2-options crc32c,unique-id', 'tls'],
    ['send-proxy-v2', 'ws'],
  ] as const)('by %s brings its clients in by %s, and says where they are', async (option, kind) => {
    const port = await haproxy(option, portOf(kind));
    if (kind === 'ws') await startsOver(`ws://127.0.0.1:${port}/`);
    else await roundTrip(port, kind === 'tls' ? 'amqps' : 'amqp');
    // Who does something wrong is named by his own address.
    const stranger = connect({ port, host: '127.0.0.1', localAddress: `127.0.0.${addresses++}` });
    stranger.on('error', () => {});
    await once(stranger, 'connect');
    const { localAddress, localPort } = stranger;
    stranger.write(kind === 'tcp' ? Buffer.of(22, 3, 1) : Buffer.alloc(4096, 0xa5));
    await untilClosed(stranger);
    // HAProxy was asked whether it listens before: that, too, may have come through, and be told.
    let line = await lines.next('a line');
    while (!line.includes(`the client at ${localAddress}:${localPort}`)) line = await lines.next('a line on him');
  });
});

let addresses = 10;

/** Runs HAProxy in front of a port; resolves with its own. */
async function haproxy(option: string, broker: number): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'leveret-haproxy-'));
  const free = createServer();
  await once(free.listen(0, '127.0.0.1'), 'listening');
  const { port } = free.address() as AddressInfo;
  await new Promise((resolve) => free.close(resolve));
  const file = join(directory, 'haproxy.cfg');
  writeFileSync(
    file,
    `defaults
  mode tcp
  timeout connect 5s
  timeout client 30s
  timeout server 30s
listen amqp
  bind 127.0.0.1:${port}
  unique-id-format %rt
  server broker 127.0.0.1:${broker} source ${PROXY} ${option}
`,
  );
  const child = spawn('haproxy', ['-db', '-f', file], { stdio: 'ignore' });
  onTestFinished(() => {
    child.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  });
  await eventually(
    'HAProxy to listen',
    () =>
      new Promise<boolean>((resolve) => {
        const socket = connect(port, '127.0.0.1');
        socket.once('error', () => resolve(false));
        socket.once('connect', () => {
          socket.destroy();
          resolve(true);
        });
      }),
    (listens) => listens,
  );
  return port;
}
