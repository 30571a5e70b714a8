/**
 * What every transport promises a connection, each over real sockets: what the other side sends comes into core memory
 * in pieces, nothing comes after a stop until it is asked for, and what is written leaves in order and is told when it
 * is taken.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type ListenOptions, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import {
  type AcceptedSocket,
  type ListenerPlace,
  openTransport,
} from '../../src/connection/transport/accepted-socket.js';
import { isOnThisMachine } from '../../src/connection/transport/endpoint.js';
import { StreamTransport } from '../../src/connection/transport/stream-transport.js';
import type { Transport, TransportEvents } from '../../src/connection/transport/transport.js';
import { DirectWrite } from '../../src/platform/direct-write.js';
import { descriptorOf, dup } from '../support/descriptors.js';
import { PATIENCE } from '../support/waiting.js';

const MIB = 1024 ** 2;
/** Where the read buffer stands, and how long it is. */
const READ = { offset: 512, length: 512 };

/** A connection that keeps all that its transport brings. */
class Listener implements TransportEvents {
  readonly bytes: Uint8Array;
  readonly events: string[] = [];
  received = Buffer.alloc(0);
  /** Octets after which nothing more is to come. */
  stopsAfter = Number.POSITIVE_INFINITY;

  constructor(size: number) {
    this.bytes = new Uint8Array(new SharedArrayBuffer(size));
  }

  get readBuffer(): Uint8Array {
    return this.bytes.subarray(READ.offset, READ.offset + READ.length);
  }

  onRead(length: number): boolean {
    this.received = Buffer.concat([this.received, this.readBuffer.slice(0, length)]);
    return this.received.length < this.stopsAfter;
  }

  onWritten(): void {
    this.events.push('written');
  }

  onDrain(): void {
    this.events.push('drain');
  }

  onEnd(): void {
    this.events.push('end');
  }

  onClosed(): void {
    this.events.push('closed');
  }
}

interface Stage {
  readonly transport: Transport;
  readonly listener: Listener;
  readonly client: Socket;
}

type Open = (accepted: AcceptedSocket, listener: Listener) => Transport;

const direct: Open = (accepted, listener) =>
  openTransport(
    accepted,
    { bytes: listener.bytes, readBuffer: listener.readBuffer, directWrite: () => new DirectWrite(listener.bytes) },
    listener,
  );

const streamed: Open = (accepted, listener) => {
  if (!('fd' in accepted)) throw new Error('the listener of these tests gives descriptors');
  const ends = { peer: null, local: null, isEncrypted: false };
  return new StreamTransport(new Socket({ fd: accepted.fd }), ends, listener, listener);
};

/** Where a client connects to. */
const addresses: readonly (readonly [string, (directory: string) => ListenOptions])[] = [
  ['TCP', () => ({ port: 0, host: '127.0.0.1' })],
  ['a Unix-domain socket', (directory) => ({ path: join(directory, 'socket') })],
];

async function stage(open: Open, address: (directory: string) => ListenOptions, size = 64 * 1024): Promise<Stage> {
  const directory = mkdtempSync(join(tmpdir(), 'leveret-transport-'));
  const server = createServer({ pauseOnConnect: true });
  const listening = address(directory);
  await once(server.listen(listening), 'listening');
  const bound = server.address();
  if (bound === null) throw new Error('the server does not listen');
  const client = typeof bound === 'string' ? connect(bound) : connect(bound.port, '127.0.0.1');
  // What the broker does to it is what these tests are about.
  client.on('error', () => {});
  const [[socket]] = (await Promise.all([once(server, 'connection'), once(client, 'connect')])) as [[Socket], unknown];
  const fd = descriptorOf(socket);
  socket.destroy();
  const place: ListenerPlace = typeof bound === 'string' ? { kind: 'unix', path: bound } : { kind: 'tcp' };
  const listener = new Listener(size);
  const transport = open({ ...place, fd }, listener);
  onTestFinished(() => {
    client.destroy();
    transport.destroy();
    server.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return { transport, listener, client };
}

/** Octets none of which is like its neighbours. */
function octets(length: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, i) => (i * 31) % 251));
}

async function readOf(client: Socket, length: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let read = 0;
  for await (const part of client.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    parts.push(part);
    read += part.length;
    if (read >= length) break;
  }
  return Buffer.concat(parts);
}

describe.runIf(dup !== null).each([
  ['direct', direct],
  ['streamed', streamed],
] as const)('a %s transport', (_, open) => {
  describe.each(addresses)('over %s', (_, address) => {
    test('brings what the client sends, in pieces that its buffer holds', async () => {
      const { transport, listener, client } = await stage(open, address);
      const sent = octets(READ.length * 20 + 7);
      client.write(sent);
      await vi.waitFor(() => expect(listener.received.length).toBe(sent.length), PATIENCE);
      expect(listener.received.equals(sent)).toBe(true);
      expect(transport.bytesRead).toBe(sent.length);
    });

    test('brings nothing after a stop until it is asked for, and loses nothing', async () => {
      const { transport, listener, client } = await stage(open, address);
      const sent = octets(READ.length * 20 + 7);
      listener.stopsAfter = 0;
      client.write(sent);
      while (listener.received.length < sent.length) {
        const before = listener.received.length;
        await vi.waitFor(() => expect(listener.received.length).toBeGreaterThan(before), PATIENCE);
        expect(listener.received.length).toBeLessThanOrEqual(before + READ.length);
        // What may have come without being asked for would be here now.
        await new Promise((resolve) => setImmediate(resolve));
        expect(listener.received.length).toBeLessThanOrEqual(before + READ.length);
        transport.resume();
      }
      expect(listener.received.equals(sent)).toBe(true);
    });

    test('takes chunks of core memory and bytes of the host in the order in which they were written', async () => {
      const size = 8 * MIB;
      const { transport, listener, client } = await stage(open, address, size + 1024);
      const chunk = octets(size);
      listener.bytes.set(chunk, 1024);
      // The client does not read yet: this is more than the system takes.
      const isTaken = transport.writeFromMemory(1024, size);
      expect(isTaken).toBe(false);
      transport.write(Buffer.from('and this behind it'));
      expect(transport.unsent).toBeGreaterThan(0);
      expect(transport.bytesSent).toBeLessThan(size);
      const read = await readOf(client, size + 18);
      expect(read.subarray(0, size).equals(chunk)).toBe(true);
      expect(read.subarray(size).toString()).toBe('and this behind it');
      await vi.waitFor(() => expect(listener.events).toContain('drain'), PATIENCE);
      expect(listener.events.filter((event) => event === 'written')).toHaveLength(1);
      expect(transport.bytesSent).toBe(size + 18);
      expect(transport.unsent).toBe(0);
    });

    test('sends what is written between cork and uncork together', async () => {
      const { transport, client } = await stage(open, address);
      transport.cork();
      transport.write(Buffer.from('one '));
      transport.write(Buffer.from('two'));
      expect(transport.bytesSent).toBe(0);
      transport.uncork();
      expect((await readOf(client, 7)).toString()).toBe('one two');
    });

    test('ends behind what was written, and is closed when the client has ended too', async () => {
      const { transport, listener, client } = await stage(open, address);
      transport.write(Buffer.from('the last words'));
      transport.end();
      const read = await readOf(client, 14);
      expect(read.toString()).toBe('the last words');
      client.end();
      await vi.waitFor(() => expect(listener.events).toEqual(['end', 'closed']), PATIENCE);
    });

    test('tells that the client has ended, when all that it sent is read', async () => {
      const { transport, listener, client } = await stage(open, address);
      listener.stopsAfter = 0;
      client.end(octets(READ.length * 2));
      while (!listener.events.includes('end')) {
        await new Promise((resolve) => setImmediate(resolve));
        transport.resume();
      }
      expect(listener.received.length).toBe(READ.length * 2);
      await vi.waitFor(() => expect(listener.events.at(-1)).toBe('closed'), PATIENCE);
    });

    test('brings nothing any more once it is destroyed, and tells only that it is closed', async () => {
      const { transport, listener, client } = await stage(open, address);
      client.write(octets(READ.length * 4));
      const { onRead } = listener;
      listener.onRead = (length) => {
        transport.destroy();
        return onRead.call(listener, length);
      };
      await vi.waitFor(() => expect(listener.events).toEqual(['closed']), PATIENCE);
      expect(listener.received.length).toBeLessThanOrEqual(READ.length);
    });
  });
});

test.runIf(dup !== null)('a chunk that the system takes whole is taken at once', async () => {
  const { transport, listener, client } = await stage(direct, () => ({ port: 0, host: '127.0.0.1' }));
  listener.bytes.set(Buffer.from('deliver'), 1024);
  expect(transport.writeFromMemory(1024, 7)).toBe(true);
  expect(transport.bytesSent).toBe(7);
  expect((await readOf(client, 7)).toString()).toBe('deliver');
});

test.runIf(dup !== null)('a plain socket knows both its ends, and that the client is on this machine', async () => {
  const { transport, client } = await stage(direct, () => ({ port: 0, host: '127.0.0.1' }));
  expect(transport.peer).toEqual({ kind: 'tcp', address: '127.0.0.1', port: client.localPort });
  expect(transport.local).toEqual({ kind: 'tcp', address: '127.0.0.1', port: client.remotePort });
  expect(isOnThisMachine(transport.peer)).toBe(true);
  expect(isOnThisMachine({ kind: 'tcp', address: '10.0.0.1', port: 1 })).toBe(false);
  expect(isOnThisMachine(null)).toBe(false);
  expect(transport.isEncrypted).toBe(false);
});

test.runIf(dup !== null)('both ends of a Unix-domain socket go by its path, and are on this machine', async () => {
  const { transport } = await stage(direct, (directory) => ({ path: join(directory, 'socket') }));
  expect(transport.peer).toMatchObject({ kind: 'unix', path: expect.stringMatching(/\/socket$/) });
  expect(transport.local).toEqual(transport.peer);
  expect(isOnThisMachine(transport.peer)).toBe(true);
});

test.runIf(dup !== null)('a client that is reset while nothing is read is found to be gone', async () => {
  const { transport, listener, client } = await stage(direct, () => ({ port: 0, host: '127.0.0.1' }));
  listener.stopsAfter = 0;
  client.write('x');
  await vi.waitFor(() => expect(listener.received.length).toBe(1), PATIENCE);
  expect(transport.isReset).toBe(false);
  client.resetAndDestroy();
  await vi.waitFor(() => expect(transport.isReset).toBe(true), PATIENCE);
});
