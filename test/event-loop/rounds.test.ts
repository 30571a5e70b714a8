/**
 * How a worker's work is shared out among the connections that send to it.
 */
import { expect, test } from 'vitest';
import { PROTOCOL_HEADER } from '../../src/amqp/frames.js';
import { AskedAhead } from '../../src/connection/session/asked-ahead.js';
import type { Host } from '../../src/connection/session/session.js';
import { ConnectionReader, type Receiver } from '../../src/connection/transport/reader.js';
import type { Engine } from '../../src/engine/engine.js';
import { Stop } from '../../src/engine/engine.js';
import { EventLoop, type Peer } from '../../src/event-loop/event-loop.js';

/** Bytes of a frame in these tests. */
const FRAME = 16;
const READ = 256 * 1024;

/** A core that stops at each frame, and serves nobody. */
class Core {
  readonly bytes = new Uint8Array(READ);
  readonly readOffset = 0;
  readonly stopChannel = 1;
  readonly frameOffset = 0;
  readonly frameLength = FRAME;
  consumed = 0;

  work = 0;
  /** Work that each frame is worth; such a core stops when it has done what it may, and the host has nothing to do. */
  worth = 0;

  ingest(_connection: number, _offset: number, length: number, most: number): Stop {
    this.consumed = 0;
    if (this.worth === 0) {
      this.consumed = Math.min(length, FRAME);
      return length < FRAME ? Stop.END : Stop.FRAME;
    }
    for (let work = 0; this.consumed < length; work += this.worth) {
      if (work >= most) return Stop.WORK;
      this.consumed += FRAME;
      this.work += this.worth;
    }
    return Stop.END;
  }

  serve(): boolean {
    return false;
  }

  nextOutput(): number {
    return -1;
  }

  sleep(): boolean {
    return true;
  }

  wake(): void {}
  setTime(): void {}
}

const QUIET: Peer = { writeOutput: () => {} };

interface Client {
  /** Frames of it that were handled. */
  handled: number;
  /** How often its answers left. */
  written: number;
  /** A read brings it these frames. Whether the socket may be read on. */
  read(frames: number): boolean;
  isRead(): boolean;
}

/**
 * A worker and its clients. `handled` tells in which order their frames were handled: a number for each run of one's.
 */
function scenario(count: number): { core: Core; clients: Client[]; order: number[]; round(): Promise<void> } {
  const core = new Core();
  const peers = new Map(Array.from({ length: count }, (_, id) => [id, QUIET]));
  const eventLoop = new EventLoop(core as unknown as Engine, peers, () => 'done');
  const host = { engine: core, eventLoop } as unknown as Host;
  const order: number[] = [];
  const clients = Array.from({ length: count }, (_, number) => {
    const client: Client = {
      handled: 0,
      written: 0,
      read: (frames) => reader.read(frames * FRAME),
      isRead: () => reader.reading,
    };
    const receiver: Partial<Receiver> = {
      ahead: new AskedAhead(),
      onHeader: () => undefined,
      onFrame: () => {
        client.handled += 1;
        if (order.at(-1) !== number) order.push(number);
        return undefined;
      },
      beginAnswers: () => undefined,
      endAnswers: () => {
        client.written += 1;
      },
      congestion: () => null,
      readOn: () => undefined,
    };
    core.bytes.set(PROTOCOL_HEADER);
    const reader = new ConnectionReader(host, 1 as never, receiver as Receiver);
    reader.read(PROTOCOL_HEADER.length);
    return client;
  });
  const round = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return { core, clients, order, round };
}

test('a client that sends many frames at once has some of them handled, then others have their share', async () => {
  const { clients, order, round } = scenario(2);
  const [flood, other] = clients as [Client, Client];
  expect(flood.read(10_000)).toBe(false);
  expect(flood.handled).toBeLessThan(300);
  expect(other.read(1)).toBe(true);
  for (let i = 0; i < 3; i++) {
    await round();
    expect(other.read(1)).toBe(true);
  }
  expect(order).toEqual([0, 1, 0, 1, 0, 1, 0, 1]);
});

test('all that was read is handled in the end, and the socket is read on', async () => {
  const { clients, round } = scenario(1);
  const [flood] = clients as [Client];
  flood.read(10_000);
  while (!flood.isRead()) await round();
  expect(flood.handled).toBe(10_000);
  // Some fifty frames or more leave by one write.
  expect(flood.written).toBeLessThan(200);
});

test('those who wait for their share get it in the order in which they came, and again', async () => {
  const { clients, order, round } = scenario(8);
  for (const client of clients) client.read(2_000);
  while (!clients.every((client) => client.isRead())) await round();
  for (const client of clients) expect(client.handled).toBe(2_000);
  expect(order.slice(0, 24).join('')).toBe('012345670123456701234567');
});

test('a worker with much to do handles what a client asks that does not press, at once', () => {
  const { clients } = scenario(20);
  const calm = clients.at(-1) as Client;
  for (const client of clients.slice(0, -1)) client.read(1_000);
  expect(calm.read(3)).toBe(true);
  expect(calm.handled).toBe(3);
});

test('a read that is worth much work is done in parts, and the worker turns to others in between', async () => {
  const { core, clients, round } = scenario(2);
  const [heavy, other] = clients as [Client, Client];
  core.worth = 1_500;
  expect(heavy.read(1_000)).toBe(false);
  const first = core.work;
  expect(first).toBeLessThan(100_000);
  expect(other.read(1)).toBe(true);
  expect(core.work - first).toBe(1_500);
  let rounds = 0;
  while (!heavy.isRead()) {
    const before = core.work;
    await round();
    expect(core.work - before).toBeLessThan(100_000);
    rounds += 1;
  }
  expect(core.work).toBe(1_001 * 1_500);
  expect(rounds).toBeGreaterThan(10);
});

test('long bodies count by the byte: a socket that brings them all the time is left for the others', async () => {
  const { core, clients } = scenario(2);
  core.worth = 1;
  const [long, other] = clients as [Client, Client];
  let reads = 1;
  while (long.read(READ / FRAME)) reads += 1;
  expect(reads).toBeGreaterThan(1);
  expect(reads).toBeLessThan(100);
  expect(other.read(1)).toBe(true);
});
