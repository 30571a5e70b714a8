/**
 * TLS on accepted sockets, before there is a connection: how long a client may take, what the log says of those that do
 * not come in, and what the transport knows.
 */
import { once } from 'node:events';
import { type AddressInfo, connect as connectPlain, createServer, type Socket } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { expect, onTestFinished, test, vi } from 'vitest';
import { BoundedLines } from '../../src/connection/errors/bounded-lines.js';
import { TlsHandshakes, tlsEnds } from '../../src/connection/transport/opening/tls.js';
import type { TlsSetup } from '../../src/connection/transport/opening/tls-setup.js';
import { StreamTransport } from '../../src/connection/transport/stream-transport.js';
import type { Transport } from '../../src/connection/transport/transport.js';
import { DirectWrite } from '../../src/platform/direct-write.js';
import { pem, useCertificates } from '../support/certificates.js';
import { descriptorOf, dup } from '../support/descriptors.js';
import { Inbox, PATIENCE } from '../support/waiting.js';

const certificates = useCertificates((workshop) => {
  const authority = workshop.authority('authority');
  return { authority, broker: workshop.signed('broker', authority) };
});

/** A listener that hands its sockets over as the broker's does. Clients may take so long for TLS (ms). */
async function stage(handshakeMs: number) {
  const { cert: certificate, key } = pem(certificates().broker);
  const lines = new Inbox<string>();
  const answers = new Inbox<Transport | null>();
  const strangers = new BoundedLines('strangers', (line) => lines.push(line));
  const setup: TlsSetup = {
    identities: [{ certificate, key }],
    authority: null,
    revoked: [],
    verify: 'none',
    depth: 1,
    loginFrom: 'distinguished_name',
    loginSanType: 'dns',
    loginSanIndex: 0,
    ticketKeys: new Uint8Array(48),
  };
  const handshakes = new TlsHandshakes(setup, strangers, handshakeMs);
  const bytes = new Uint8Array(new SharedArrayBuffer(65_536));
  const host = { bytes, readBuffer: bytes, directWrite: () => new DirectWrite(bytes) };
  const events = {
    onRead: () => false,
    onWritten: () => {},
    onDrain: () => {},
    onEnd: () => {},
    onClosed: () => {},
  };
  const server = createServer({ pauseOnConnect: true }, (socket: Socket) => {
    const fd = descriptorOf(socket);
    socket.destroy();
    const accepted = { kind: 'tls', fd } as const;
    handshakes.begin(accepted, (secured) =>
      answers.push(secured && new StreamTransport(secured.stream, tlsEnds(secured, accepted, host), host, events)),
    );
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    handshakes.close();
    server.close();
  });
  return { handshakes, lines, answers, port: (server.address() as AddressInfo).port };
}

/** A client of TLS over a socket of its own. */
function comeByTls(socket: Socket): TLSSocket {
  const client = connect({ socket, host: '127.0.0.1', ca: pem(certificates().authority).cert });
  client.on('error', () => {});
  return client;
}

function comePlain(port: number, localAddress = '127.0.0.1'): Socket {
  const client = connectPlain({ port, host: '127.0.0.1', localAddress });
  client.on('error', () => {});
  onTestFinished(() => void client.destroy());
  return client;
}

/** However it ends: what comes of writing meanwhile may be an error first. */
function isClosed(client: Socket): Promise<void> {
  return new Promise((resolve) => client.once('close', () => resolve()));
}

const LATE = /^no TLS with the client at 127\.0\.0\.1:\d+: it took longer than 0\.2 s$/;

test.runIf(dup !== null)('a client that says nothing is sent away, with one line', async () => {
  const { port, lines, answers } = await stage(200);
  const client = comePlain(port).resume();
  await isClosed(client);
  expect(await lines.next('a line')).toMatch(LATE);
  expect(await answers.next('an answer')).toBe(null);
});

test.runIf(dup !== null)('a client that never comes to the end of its first message is sent away', async () => {
  const { port, lines, answers } = await stage(200);
  const client = comePlain(port).resume();
  client.write(Buffer.of(22, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3));
  const dribble = setInterval(() => client.write(Buffer.of(7)), 20);
  await isClosed(client);
  clearInterval(dribble);
  expect(await lines.next('a line')).toMatch(LATE);
  expect(await answers.next('an answer')).toBe(null);
});

test.runIf(dup !== null)('a new limit holds for those who come then', async () => {
  const { handshakes, port, lines, answers } = await stage(60_000);
  const before = comePlain(port).resume();
  await once(before, 'connect');
  // Who comes behind it has been taken behind it.
  const client = comeByTls(comePlain(port));
  await answers.next('an answer');
  handshakes.limit(200);
  await isClosed(comePlain(port).resume());
  expect(await lines.next('a line')).toMatch(LATE);
  expect([before.destroyed, client.destroyed]).toEqual([false, false]);
});

test.runIf(dup !== null)('a client that has come in is not sent away later', async () => {
  const { port, answers } = await stage(200);
  const client = comeByTls(comePlain(port));
  const silent = comePlain(port).resume();
  expect((await answers.next('an answer'))?.isEncrypted).toBe(true);
  await isClosed(silent);
  expect(client.destroyed).toBe(false);
});

test.runIf(dup !== null)('many that fail in the same way are one line for each address', async () => {
  const { port, lines, answers } = await stage(10_000);
  for (let i = 0; i < 30; i++) {
    comePlain(port, `127.0.0.${1 + (i % 2)}`).write('GET / HTTP/1.1\r\n\r\n');
    expect(await answers.next('an answer')).toBe(null);
  }
  expect(await lines.next('a line')).toMatch(/at 127\.0\.0\.1:\d+: it does not speak TLS$/);
  expect(await lines.next('a line')).toMatch(/at 127\.0\.0\.2:\d+: it does not speak TLS$/);
  expect(lines.waiting).toEqual([]);
});

test.runIf(dup !== null)('a client that is reset while nothing is read is found to be gone', async () => {
  const { port, answers } = await stage(10_000);
  const socket = comePlain(port);
  const client = comeByTls(socket);
  const transport = await answers.next('an answer');
  client.write('x');
  await vi.waitFor(() => expect(transport?.bytesRead).toBe(1), PATIENCE);
  expect(transport?.isReset).toBe(false);
  socket.resetAndDestroy();
  await vi.waitFor(() => expect(transport?.isReset).toBe(true), PATIENCE);
});
