/**
 * Sockets of TLS that read into one buffer, as the transports of a worker have them: nothing is lost or out of order,
 * however often the reader stops.
 */
import { once } from 'node:events';
import { type AddressInfo, Socket } from 'node:net';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { expect, onTestFinished, test, vi } from 'vitest';
import { readInto } from '../../src/connection/transport/read-into.js';
import { StreamTransport } from '../../src/connection/transport/stream-transport.js';
import { pem, useCertificates } from '../support/certificates.js';
import { randomNumbers } from '../support/fragments.js';
import { PATIENCE } from '../support/waiting.js';

const certificates = useCertificates((workshop) => {
  const authority = workshop.authority('authority');
  return { authority, broker: workshop.signed('broker', authority) };
});

/** Both ends of a connection by TLS. */
async function pair(): Promise<{ readonly served: TLSSocket; readonly client: TLSSocket }> {
  const server = createServer(pem(certificates().broker));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const client = connect({ port, host: '127.0.0.1', ca: pem(certificates().authority).cert });
  const [[served]] = (await Promise.all([once(server, 'secureConnection'), once(client, 'secureConnect')])) as [
    [TLSSocket],
    unknown,
  ];
  onTestFinished(() => {
    client.destroy();
    served.destroy();
    server.close();
  });
  return { served, client };
}

test('a socket of TLS that a server has accepted reads into a buffer', async () => {
  const { served, client } = await pair();
  const buffer = Buffer.alloc(1024);
  const read: string[] = [];
  const reads = readInto(served, buffer, (length) => {
    read.push(buffer.toString('latin1', 0, length));
    return true;
  });
  expect(reads).toBe(true);
  served.resume();
  client.write('hare');
  await vi.waitFor(() => expect(read.join('')).toBe('hare'), PATIENCE);
});

test('a socket that reads into a buffer already, or has no handle, is left as it is', async () => {
  const { served } = await pair();
  expect(readInto(served, Buffer.alloc(16), () => true)).toBe(true);
  expect(readInto(served, Buffer.alloc(16), () => true)).toBe(false);
  expect(readInto(new Socket(), Buffer.alloc(16), () => true)).toBe(false);
});

test('all that a client sends comes in order, whenever the reader stops and goes on', async () => {
  const seed = Number(process.env.LEVERET_SEED ?? Date.now() % 1_000_000) + 1;
  const random = randomNumbers(seed);
  const sent = Buffer.from(Uint8Array.from({ length: 600_000 }, (_, i) => (i * 31) % 251));
  const { served, client } = await pair();
  const readBuffer = new Uint8Array(new SharedArrayBuffer(1000));
  const received: Buffer[] = [];
  let isStopped = false;
  let fault: string | null = null;
  const events = {
    onRead: (length: number): boolean => {
      if (isStopped) fault = 'something came after a stop';
      received.push(Buffer.from(readBuffer.subarray(0, length)));
      if (random() < 0.8) return true;
      isStopped = true;
      setImmediate(() => {
        isStopped = false;
        transport.resume();
      });
      return false;
    },
    onWritten: () => {},
    onDrain: () => {},
    onEnd: () => {},
    onClosed: () => {},
  };
  const ends = { peer: null, local: null, isEncrypted: true };
  const transport = new StreamTransport(served, ends, { bytes: readBuffer, readBuffer }, events);
  for (let at = 0; at < sent.length; ) {
    const length = 1 + Math.floor(random() ** 3 * 50_000);
    client.write(sent.subarray(at, at + length));
    at += length;
    if (random() < 0.3) await new Promise((resolve) => setImmediate(resolve));
  }
  const all = (): Buffer => Buffer.concat(received);
  await vi.waitFor(() => expect(all().length, `LEVERET_SEED=${seed - 1}`).toBe(sent.length), PATIENCE);
  expect(all().equals(sent), `LEVERET_SEED=${seed - 1}`).toBe(true);
  expect(fault, `LEVERET_SEED=${seed - 1}`).toBeNull();
  expect(transport.bytesRead).toBe(sent.length);
});
