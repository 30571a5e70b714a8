/**
 * The order of what is sent: the core's chunks and the host's frames, in the order in which they were made.
 */
import { expect, test } from 'vitest';
import type { Transport } from '../../src/connection/transport/transport.js';
import { ConnectionWriter } from '../../src/connection/transport/writer.js';
import type { Engine } from '../../src/engine/engine.js';
import { EventLoop } from '../../src/event-loop/event-loop.js';

/** A transport that keeps what is written: the test says when it is taken. */
class Wire implements Pick<Transport, 'write' | 'writeFromMemory' | 'unsent' | 'end'> {
  readonly written: string[] = [];
  readonly #core: Core;
  unsent = 0;
  ended = false;
  /** Whether chunks are taken at once. */
  takes = false;

  constructor(core: Core) {
    this.#core = core;
  }

  write(bytes: Uint8Array): void {
    this.written.push(Buffer.from(bytes).toString());
  }

  writeFromMemory(offset: number, length: number): boolean {
    this.write(this.#core.bytes.subarray(offset, offset + length));
    return this.takes;
  }

  end(): void {
    this.ended = true;
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
  const wire = new Wire(core);
  // The few calls that a writer makes.
  const engine = core as unknown as Engine;
  const writer = new ConnectionWriter(
    engine,
    new EventLoop(engine, new Map(), () => 'done'),
    1,
    wire as unknown as Transport,
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

test('a client that frames have clogged is heard when its transport has taken them', async () => {
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
  // The transport keeps all of it.
  wire.unsent = 1024 * 1024;
  writer.writeOutput();
  await Promise.resolve();
  expect(isHeard).toBe(false);
  wire.unsent = 0;
  writer.drained();
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

test('boxes go back to the core when the transport has taken them, oldest first', () => {
  const { core, wire, writer } = scenario();
  core.chunks.push('a', 'b');
  writer.send(frame('x'));
  expect(core.returned).toEqual([]);
  writer.written();
  writer.written();
  expect(core.returned).toEqual([1, 2]);
  wire.takes = true;
  core.chunks.push('c');
  writer.send(frame('y'));
  expect(core.returned).toEqual([1, 2, 3]);
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
