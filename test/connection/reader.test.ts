/**
 * When a publisher that waits for memory is told so: not for each moment, and not late.
 */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PROTOCOL_HEADER } from '../../src/amqp/frames.js';
import { AskedAhead } from '../../src/connection/session/asked-ahead.js';
import type { Host } from '../../src/connection/session/session.js';
import { ConnectionReader, type Receiver } from '../../src/connection/transport/reader.js';
import { Stop } from '../../src/engine/engine.js';
import { Rounds } from '../../src/event-loop/rounds.js';

const READ = 1000;

/** Octets that the core has room for. */
let room: number;
let isLowOnDisk: boolean;
let isRelieved: boolean;
let told: string[];
let reader: ConnectionReader;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  room = 0;
  isLowOnDisk = false;
  isRelieved = true;
  told = [];
  const engine = {
    bytes: new Uint8Array(PROTOCOL_HEADER),
    readOffset: 0,
    consumed: 0,
    stopChannel: 1,
    ingest: (_: number, __: number, length: number) => {
      engine.consumed = Math.min(length, room);
      room -= engine.consumed;
      return engine.consumed < length ? Stop.MEMORY : Stop.END;
    },
  };
  const eventLoop = {
    beginRead: () => undefined,
    endRead: () => undefined,
    hold: () => undefined,
    release: () => undefined,
    rounds: new Rounds(() => undefined),
    get isRelieved() {
      return isRelieved;
    },
  };
  const host = { engine, eventLoop, countShort: () => undefined, isLowOnDisk: () => isLowOnDisk };
  const receiver: Partial<Receiver> = {
    ahead: new AskedAhead(),
    onHeader: () => undefined,
    onMemory: (state) => void told.push(state),
    beginAnswers: () => undefined,
    endAnswers: () => undefined,
    readOn: () => undefined,
  };
  reader = new ConnectionReader(host as unknown as Host, 1 as never, receiver as Receiver);
  reader.read(PROTOCOL_HEADER.length);
  engine.bytes = new Uint8Array(READ);
});
afterEach(() => {
  vi.useRealTimers();
});

/** Time passes, and with it there is room for some octets. */
function after(milliseconds: number, octets: number): void {
  vi.advanceTimersByTime(milliseconds);
  room += octets;
  reader.retry();
}

test('a publisher that goes on slowly is not told that memory is short', () => {
  reader.read(READ);
  for (let i = 0; i < 9; i++) after(150, 100);
  expect(reader.reading).toBe(false);
  after(150, 100);
  expect(reader.reading).toBe(true);
  expect(told).toEqual([]);
});

test('a publisher of whom nothing is taken for a while is told, and told again when there is real room', () => {
  reader.read(READ);
  after(150, 10);
  after(150, 0);
  expect(told).toEqual([]);
  after(100, 0);
  expect(told).toEqual(['short']);
  isRelieved = false;
  after(2000, READ);
  expect(reader.reading).toBe(true);
  expect(told).toEqual(['short']);
  isRelieved = true;
  after(1, 0);
  expect(told).toEqual(['short', 'enough']);
});

test('a shortage that was told lasts a second, however soon it is over', () => {
  reader.read(READ);
  after(250, 0);
  after(10, READ);
  expect(reader.reading).toBe(true);
  expect(told).toEqual(['short']);
  after(1000, 0);
  expect(told).toEqual(['short', 'enough']);
});

test('a wait that follows another one begins anew', () => {
  reader.read(READ);
  after(150, READ);
  vi.advanceTimersByTime(10_000);
  reader.read(READ);
  after(150, 0);
  expect(told).toEqual([]);
});

test('a publisher is told at once when it is held back because of the disk', () => {
  isLowOnDisk = true;
  reader.read(READ);
  expect(told).toEqual(['short']);
});
