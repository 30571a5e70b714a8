/**
 * AMQP over WebSocket: clients that come in by it, the pieces in which the stream may come, what closes it, and those
 * that do not speak what the listener does.
 */
import { once } from 'node:events';
import { connect as connectPlain, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { AMQPWebSocketClient } from '@cloudamqp/amqp-client';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import type { NetworkKind } from '../../../src/node/listeners/address.js';
import { pem, useCertificates } from '../../support/certificates.js';
import { type EmbeddedBroker, startEmbedded, troubles } from '../../support/embedded.js';
import { Inbox, PATIENCE } from '../../support/waiting.js';

const PROTOCOL_HEADER = Buffer.from('AMQP\0\0\x09\x01', 'latin1');

const certificates = useCertificates((workshop) => {
  const authority = workshop.authority('authority');
  return { authority, broker: workshop.signed('broker', authority) };
});

let started: EmbeddedBroker;
/** What the operator is told. */
let lines: Inbox<string>;

/** A broker for a group of tests. It has one worker, which tells the same of an address once, and not much at once. */
function useBroker(): void {
  beforeAll(async () => {
    const { certificate, key } = certificates().broker;
    const told = new Inbox<string>();
    lines = told;
    started = await startEmbedded(undefined, {
      host: undefined,
      port: undefined,
      workers: 1,
      listeners: (['tcp', 'ws', 'wss'] as const).map((kind) => ({ kind, host: '127.0.0.1', port: 0 })),
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

function url(path = '/'): string {
  return `ws://127.0.0.1:${portOf('ws')}${path}`;
}

/** An open WebSocket, whose messages come to its inbox. */
class Client {
  readonly messages = new Inbox<Buffer>();
  /** The code with which it was closed. */
  readonly closed: Promise<number>;

  private constructor(readonly socket: WebSocket) {
    socket.on('error', () => {});
    socket.on('message', (data: Buffer) => this.messages.push(data));
    this.closed = once(socket, 'close').then(([code]) => code as number);
    onTestFinished(() => socket.terminate());
  }

  static async open(protocols: readonly string[] = ['amqp'], options: ClientOptions = {}): Promise<Client> {
    const client = new Client(new WebSocket(url(), [...protocols], options));
    await once(client.socket, 'open');
    return client;
  }

  /** The socket below. */
  get below(): Socket {
    return (this.socket as unknown as { readonly _socket: Socket })._socket;
  }

  async expectStart(): Promise<void> {
    const frame = await this.messages.next('connection.start');
    expect(frame.subarray(0, 3)).toEqual(Buffer.of(1, 0, 0));
    expect(frame.subarray(7, 11)).toEqual(Buffer.of(0, 10, 0, 10));
  }
}

/** What the broker answers to octets on a listener, until it closes the socket. */
async function answerTo(kind: NetworkKind, octets: string | Uint8Array): Promise<{ text: string; port: number }> {
  const client = connectPlain(portOf(kind), '127.0.0.1');
  client.on('error', () => {});
  await once(client, 'connect');
  const port = client.localPort ?? 0;
  const parts: Buffer[] = [];
  client.on('data', (part: Buffer) => parts.push(part));
  client.write(octets);
  await once(client, 'close');
  return { text: Buffer.concat(parts).toString('latin1'), port };
}

/** An honest client of the package's own, by WebSocket; Node 20 has none that a program need not ask for. */
async function amqpClient(kind: 'ws' | 'wss' = 'ws'): Promise<AMQPWebSocketClient> {
  const { ca } = { ca: pem(certificates().authority).cert };
  class Trusting extends WebSocket {
    constructor(address: string) {
      super(address, { ca });
    }
  }
  vi.stubGlobal('WebSocket', Trusting);
  onTestFinished(() => void vi.unstubAllGlobals());
  const client = new AMQPWebSocketClient({ url: `${kind}://127.0.0.1:${portOf(kind)}/any/path`, logger: null });
  client.onerror = () => {};
  await client.connect();
  return client;
}

async function roundTrip(kind: 'ws' | 'wss', size: number): Promise<void> {
  const client = await amqpClient(kind);
  const channel = await client.channel();
  await channel.confirmSelect();
  const { name } = await channel.queueDeclare('', { exclusive: true });
  await channel.basicPublish('', name, Buffer.alloc(size, 7));
  const message = await channel.basicGet(name, { noAck: true });
  expect(Buffer.from(message?.body ?? []).equals(Buffer.alloc(size, 7))).toBe(true);
  await client.close();
}

describe.each(['ws', 'wss'] as const)('a client of %s', (kind) => {
  useBroker();

  test('publishes and gets messages of all sizes', async () => {
    for (const size of [1, 1000, 200_000, 3_000_000]) await roundTrip(kind, size);
  });

  test('consumes, in order, what it has published with confirms', async () => {
    const client = await amqpClient(kind);
    const channel = await client.channel();
    await channel.confirmSelect();
    const { name } = await channel.queueDeclare('', { exclusive: true });
    await channel.prefetch(50);
    const received = new Inbox<string>();
    await channel.basicConsume(name, { noAck: false }, async (message) => {
      await message.ack();
      received.push(message.bodyString() ?? '');
    });
    await Promise.all(Array.from({ length: 1000 }, (_, number) => channel.basicPublish('', name, String(number))));
    for (let number = 0; number < 1000; number++) expect(await received.next('a message')).toBe(String(number));
    await client.close();
  });
});

describe('the subprotocol', () => {
  useBroker();

  test('amqp is chosen among those that are asked for', async () => {
    const client = await Client.open(['mqtt', 'amqp']);
    expect(client.socket.protocol).toBe('amqp');
  });

  test('need not be asked for', async () => {
    const client = await Client.open([]);
    expect(client.socket.protocol).toBe('');
    client.socket.send(PROTOCOL_HEADER);
    await client.expectStart();
  });

  test('of another kind alone is refused, with a reason that the log has too', async () => {
    const socket = new WebSocket(url(), ['mqtt', 'stomp']);
    const [error] = (await once(socket, 'error')) as [Error];
    expect(error.message).toContain('400');
    expect(await lines.next('a line')).toMatch(
      /^no WebSocket with the client at 127\.0\.0\.1:\d+: it asks for other subprotocols than amqp$/,
    );
  });
});

describe('the stream', () => {
  useBroker();

  test('may come in messages of one octet, with empty ones between', async () => {
    const client = await Client.open();
    for (const octet of PROTOCOL_HEADER) {
      client.socket.send(Buffer.of(octet));
      client.socket.send(Buffer.alloc(0));
    }
    await client.expectStart();
  });

  test('may come in one message of many fragments, with pings between them, which are answered', async () => {
    const client = await Client.open();
    const pong = once(client.socket, 'pong');
    for (const [index, octet] of PROTOCOL_HEADER.entries()) {
      client.socket.send(Buffer.of(octet), { fin: index === PROTOCOL_HEADER.length - 1 });
      if (index === 3) client.socket.ping('are you there');
    }
    expect(String((await pong)[0])).toBe('are you there');
    await client.expectStart();
  });

  test('is read on behind the request, when both come together', async () => {
    const key = Buffer.alloc(16, 1).toString('base64');
    const request = `GET /ws HTTP/1.1\r\nHost: hare\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`;
    // A masked binary frame, whose mask changes nothing.
    const frame = Buffer.concat([Buffer.of(0x82, 0x88, 0, 0, 0, 0), PROTOCOL_HEADER]);
    const client = connectPlain(portOf('ws'), '127.0.0.1');
    onTestFinished(() => void client.destroy());
    client.write(Buffer.concat([Buffer.from(request), frame]));
    let text = '';
    client.setEncoding('latin1').on('data', (part: string) => {
      text += part;
    });
    await vi.waitFor(() => expect(text).toContain('PLAIN'), PATIENCE);
    expect(text).toMatch(/^HTTP\/1\.1 101 /);
  });

  test('of another protocol is answered by the right header, and ended in good order', async () => {
    const client = await Client.open();
    client.socket.send(Buffer.from('AMQP\0\x01\0\0', 'latin1'));
    expect(await client.messages.next('a header')).toEqual(PROTOCOL_HEADER);
    expect(await client.closed).toBe(1000);
  });
});

describe('the WebSocket is closed', () => {
  useBroker();

  test('in good order when the AMQP connection is', async () => {
    const client = await amqpClient();
    const { socket } = client as unknown as { readonly socket: WebSocket };
    const closed = once(socket, 'close');
    await client.close();
    expect((await closed)[0]).toBe(1000);
  });

  test('in good order when the broker has told the client what it did wrong', async () => {
    const client = await amqpClient();
    const { socket } = client as unknown as { readonly socket: WebSocket };
    const closed = once(socket, 'close');
    const channel = await client.channel();
    // A frame of a type that there is not; the client answers the broker's close.
    socket.send(Buffer.of(9, 0, channel.id, 0, 0, 0, 0, 0xce));
    expect((await closed)[0]).toBe(1000);
  });

  test('with 1003 when text comes', async () => {
    const client = await Client.open();
    client.socket.send('AMQP');
    expect(await client.closed).toBe(1003);
    expect(await lines.next('a line')).toMatch(
      /^the WebSocket of the client at 127\.0\.0\.1:\d+ is closed: it sends a text message, and AMQP goes in binary ones$/,
    );
  });

  test('with 1002 when a frame is not masked', async () => {
    const client = await Client.open();
    client.below.write(Buffer.of(0x82, 1, 65));
    expect(await client.closed).toBe(1002);
    expect(await lines.next('a line')).toMatch(/is closed: MASK must be set$/);
  });

  test('with 1009 when a message is too large, by what its head says', async () => {
    const client = await Client.open();
    client.below.write(Buffer.of(0x82, 0xff, 0, 0, 0, 0, 0, 64, 0, 1, 0, 0, 0, 0));
    expect(await client.closed).toBe(1009);
    expect(await lines.next('a line')).toMatch(/is closed: Max payload size exceeded$/);
  });

  test('when the client goes without a word, and others come in', async () => {
    const client = await Client.open();
    client.socket.send(PROTOCOL_HEADER);
    await client.expectStart();
    client.below.resetAndDestroy();
    await roundTrip('ws', 10);
  });
});

describe('who speaks something else', () => {
  useBroker();

  test('by HTTP is told what is here, and gets one line in the log', async () => {
    const { text, port } = await answerTo('ws', 'GET / HTTP/1.1\r\nHost: hare\r\n\r\n');
    expect(text).toMatch(/^HTTP\/1\.1 426 Upgrade Required\r\n/);
    expect(text).toMatch(/\r\nUpgrade: websocket\r\n/);
    expect(text).toContain('AMQP over WebSocket');
    expect(await lines.next('a line')).toBe(
      `no WebSocket with the client at 127.0.0.1:${port}: it asks for something else by HTTP`,
    );
  });

  test.each([
    ['AMQP', PROTOCOL_HEADER, 'it speaks AMQP without WebSocket'],
    ['TLS', Buffer.of(22, 3, 1, 2, 0, 1), 'it speaks TLS, and this listener does not (wss does)'],
    ['octets of no meaning', Buffer.alloc(4096, 0xa5), 'it does not speak HTTP'],
    [
      'a request of no end',
      `GET /${'x'.repeat(20_000)} HTTP/1.1\r\n\r\n`,
      "its request's head is longer than 16384 octets",
    ],
    [
      'another version of WebSocket',
      'GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 12\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
      'missing or invalid Sec-WebSocket-Version header',
    ],
  ])('as %s gets one line in the log', async (_, octets, reason) => {
    const { port } = await answerTo('ws', octets);
    expect(await lines.next('a line')).toBe(`no WebSocket with the client at 127.0.0.1:${port}: ${reason}`);
    await roundTrip('ws', 10);
  });

  test('as plain WebSocket to the listener for TLS gets one line in the log', async () => {
    const { port } = await answerTo('wss', 'GET / HTTP/1.1\r\nHost: hare\r\n\r\n');
    expect(await lines.next('a line')).toBe(`no TLS with the client at 127.0.0.1:${port}: it does not speak TLS`);
  });

  test('by HTTP over TLS is told what is here', async () => {
    const client = connectTls({
      port: portOf('wss'),
      host: '127.0.0.1',
      ca: pem(certificates().authority).cert,
      localAddress: '127.0.0.2',
    } as ConnectionOptions);
    client.write('GET / HTTP/1.1\r\nHost: hare\r\n\r\n');
    const [text] = (await once(client.setEncoding('latin1'), 'data')) as [string];
    expect(text).toMatch(/^HTTP\/1\.1 426 /);
    client.destroy();
    expect(await lines.next('a line')).toMatch(/it asks for something else by HTTP$/);
  });
});

test('who is closed in the midst of a request does not keep the broker from ending', async () => {
  const { embedded } = await startEmbedded(undefined, {
    host: undefined,
    port: undefined,
    listeners: [{ kind: 'ws', host: '127.0.0.1', port: 0 }],
  });
  const [bound] = embedded.listeners;
  if (bound?.kind !== 'ws') throw new Error('nobody listens by WebSocket');
  const silent = connectPlain(bound.port, '127.0.0.1');
  silent.on('error', () => {});
  await once(silent, 'connect');
  const gone = new Promise((resolve) => silent.once('close', resolve));
  silent.resume().write('GET / HTTP/1.1\r\n');
  await embedded.stop();
  await gone;
});
