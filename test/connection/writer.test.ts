/**
 * The order of what is sent: the core's chunks and the host's frames, in the order in which they were made.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, test, vi } from 'vitest';
import { ConnectionWriter } from '../../src/connection/transport/writer.js';
import type { Engine } from '../../src/engine/engine.js';
import { EventLoop } from '../../src/event-loop/event-loop.js';
import { DirectWrite } from '../../src/platform/direct-write.js';

type Sent = (error?: Error) => void;

/** A socket that keeps what is written, and says that it is sent when the test says so. */
class Wire {
  readonly written: string[] = [];
  readonly #callbacks: (Sent | undefined)[] = [];
  readonly #drained: (() => void)[] = [];
  readonly destroyed = false;
  writableLength = 0;
  ended = false;

  write(bytes: Uint8Array, sent?: Sent): void {
    this.written.push(Buffer.from(bytes).toString());
    this.#callbacks.push(sent);
  }

  end(): void {
    this.ended = true;
  }

  once(event: string, drained: () => void): void {
    if (event === 'drain') this.#drained.push(drained);
  }

  flush(): void {
    for (const sent of this.#callbacks.splice(0)) sent?.();
  }

  /** All that was written is sent. */
  drain(): void {
    this.writableLength = 0;
    for (const drained of this.#drained.splice(0)) drained();
  }
}

/** A core with one connection: chunks to give out, and whether a content is half written. */
class Core {
  readonly bytes: Uint8Array;
  readonly chunks: string[] = [];
  readonly returned: number[] = [];
  outputOffset = 0;
  outputLength = 0;
  outputBox = 0;
  idle = true;

  constructor(size = 1024) {
    this.bytes = new Uint8Array(new SharedArrayBuffer(size));
  }

  outputIdle(): boolean {
    return this.idle;
  }

  takeOutput(): boolean {
    const chunk = this.chunks.shift();
    if (chunk === undefined) return false;
    this.outputBox += 1;
    this.outputOffset = this.outputBox * 16;
    this.outputLength = chunk.length;
    this.bytes.set(Buffer.from(chunk), this.outputOffset);
    return true;
  }

  written(_connection: number, box: number): void {
    this.returned.push(box);
  }

  wake(): void {}
  setTime(): void {}
  serve(): boolean {
    return false;
  }
  nextOutput(): number {
    return -1;
  }
  sleep(): boolean {
    return true;
  }
}

function scenario(): { core: Core; wire: Wire; writer: ConnectionWriter } {
  const core = new Core();
  const wire = new Wire();
  // The few calls that an outlet makes.
  const engine = core as unknown as Engine;
  const writer = new ConnectionWriter(
    engine,
    new EventLoop(engine, new Map(), () => 'done'),
    1,
    wire as unknown as Socket,
    null,
  );
  return { core, wire, writer };
}

const frame = (text: string): Uint8Array => Buffer.from(text);

test('a frame of the host goes behind what the core made before it', () => {
  const { core, wire, writer } = scenario();
  core.chunks.push('deliver', 'confirm');
  writer.send(frame('cancel-ok'));
  expect(wire.written).toEqual(['deliver', 'confirm', 'cancel-ok']);
});

test('frames wait for the end of a content that is half written, and then leave together', () => {
  const { core, wire, writer } = scenario();
  core.idle = false;
  writer.send(frame('one'));
  writer.send(frame('two'));
  expect(wire.written).toEqual([]);

  core.chunks.push('end of content');
  core.takeOutput();
  core.idle = true;
  writer.writeOutput();
  expect(wire.written).toEqual(['end of content', 'onetwo']);
});

test('frames that are gathered leave together, behind what the core made before them', () => {
  const { core, wire, writer } = scenario();
  core.chunks.push('deliver');
  writer.gather();
  writer.send(frame('one '));
  writer.send(frame('two '));
  expect(wire.written).toEqual(['deliver']);
  core.chunks.push('confirm');
  writer.send(frame('three '));
  writer.send(frame('four'));
  writer.flush();
  expect(wire.written).toEqual(['deliver', 'one two ', 'confirm', 'three four']);
});

test('a stream ends behind the frames that were gathered', () => {
  const { wire, writer } = scenario();
  writer.gather();
  writer.send(frame('close-ok'));
  writer.end();
  expect(wire.written).toEqual(['close-ok']);
  expect(wire.ended).toBe(true);
});

test('a client is not heard while much waits for the end of a content, until that has left', async () => {
  const { core, writer } = scenario();
  core.idle = false;
  const kilobyte = frame('a'.repeat(1024));
  for (let i = 0; i < 1023; i++) writer.send(kilobyte);
  expect(writer.clogged()).toBeNull();
  writer.send(kilobyte);
  const heard = writer.clogged();
  expect(heard).not.toBeNull();

  core.chunks.push('end of content');
  core.takeOutput();
  core.idle = true;
  writer.writeOutput();
  await heard;
  expect(writer.clogged()).toBeNull();
});

test('a client that frames have clogged is heard when its socket has taken them', async () => {
  const { core, wire, writer } = scenario();
  core.idle = false;
  for (let i = 0; i < 1024; i++) writer.send(frame('a'.repeat(1024)));
  let isHeard = false;
  const heard = writer.clogged()?.then(() => {
    isHeard = true;
  });
  core.chunks.push('end of content');
  core.takeOutput();
  core.idle = true;
  // The socket keeps all of it.
  wire.writableLength = 1024 * 1024;
  writer.writeOutput();
  await Promise.resolve();
  expect(isHeard).toBe(false);
  wire.drain();
  await heard;
});

test('a stream ends behind the frames that still wait', () => {
  const { core, wire, writer } = scenario();
  core.idle = false;
  writer.send(frame('close-ok'));
  writer.end();
  expect(wire.ended).toBe(false);

  core.chunks.push('end of content');
  core.takeOutput();
  core.idle = true;
  writer.writeOutput();
  expect(wire.written.at(-1)).toBe('close-ok');
  expect(wire.ended).toBe(true);
});

test('boxes go back to the core when the socket has sent them, oldest first', () => {
  const { core, wire, writer } = scenario();
  core.chunks.push('a', 'b');
  writer.send(frame('x'));
  expect(core.returned).toEqual([]);
  wire.flush();
  expect(core.returned).toEqual([1, 2]);
});

test('single messages are asked for only when no content is half written', async () => {
  const { core, writer } = scenario();
  expect(writer.idle()).toBeNull();
  core.idle = false;
  const idle = writer.idle();
  expect(idle).not.toBeNull();

  core.chunks.push('end of content');
  core.takeOutput();
  core.idle = true;
  writer.writeOutput();
  await idle;
});

/** A real connection, its descriptor, and an outlet that may write to it past its stream. */
async function connected(core: Core): Promise<{ writer: ConnectionWriter; client: Socket; close(): void }> {
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const client = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
  const [socket] = await accepted;
  const { fd } = (socket as unknown as { _handle: { fd: number } })._handle;
  const engine = core as unknown as Engine;
  const direct = { fd, calls: new DirectWrite(core.bytes) };
  const close = (): void => {
    client.destroy();
    socket.destroy();
    server.close();
  };
  return {
    writer: new ConnectionWriter(engine, new EventLoop(engine, new Map(), () => 'done'), 1, socket, direct),
    client,
    close,
  };
}

test('a chunk that the system takes whole is gone, and its box is back, at once', async () => {
  const core = new Core();
  const { writer, client, close } = await connected(core);
  core.chunks.push('deliver');
  core.takeOutput();
  writer.writeOutput();
  expect(core.returned).toEqual([1]);
  expect(writer.bytesSent).toBe('deliver'.length);

  const [read] = (await once(client, 'data')) as [Buffer];
  expect(read.toString()).toBe('deliver');
  close();
});

test('what a slow reader leaves of a chunk follows it in order, and its box is back when all is sent', async () => {
  const long = 'a'.repeat(32 * 1024 * 1024);
  const core = new Core(long.length + 1024);
  const { writer, client, close } = await connected(core);
  core.chunks.push(long, 'b');
  core.takeOutput();
  writer.writeOutput();
  core.takeOutput();
  writer.writeOutput();
  writer.send(frame('c'));
  expect(core.returned).toEqual([]);
  expect(writer.bytesSent).toBeGreaterThan(0);
  expect(writer.bytesSent).toBeLessThan(long.length);

  let read = 0;
  let last = '';
  for await (const part of client as AsyncIterable<Buffer>) {
    read += part.length;
    last = (last + part.subarray(-2).toString()).slice(-2);
    if (read >= long.length + 2) break;
  }
  expect(read).toBe(long.length + 2);
  expect(last).toBe('bc');
  await vi.waitFor(() => expect(core.returned).toEqual([1, 2]));
  expect(writer.bytesSent).toBe(long.length + 2);
  close();
});
