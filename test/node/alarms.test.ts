/**
 * What the operator is told of shortages, and when publishers are blocked.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Alarms } from '../../src/node/alarms.js';
import { SharedAlarms } from '../../src/worker/shared-alarms.js';

let lines: string[];
let blocked: boolean[];
let alarms: Alarms;

beforeEach(() => {
  vi.useFakeTimers();
  lines = [];
  blocked = [];
  const engine = { blockPublishers: (is: boolean) => void blocked.push(is) };
  alarms = new Alarms(new SharedAlarms(), engine, (line) => void lines.push(line));
});
afterEach(() => {
  alarms.stop();
  vi.useRealTimers();
});

test('a shortage of memory that passes at once is not worth a line', () => {
  for (let i = 0; i < 100; i++) {
    alarms.memory(0, true);
    vi.advanceTimersByTime(100);
    alarms.memory(0, false);
  }
  vi.advanceTimersByTime(60_000);
  expect(lines).toEqual([]);
});

test('a shortage of memory that lasts is told, and its end, however many workers have it', () => {
  alarms.memory(0, true);
  alarms.memory(1, true);
  vi.advanceTimersByTime(10_000);
  alarms.memory(0, false);
  expect(lines).toEqual(['memory resource limit alarm set on this node: publishers wait until messages have left']);
  alarms.memory(1, false);
  expect(lines).toHaveLength(2);
  expect(lines[1]).toBe('memory resource limit alarm cleared on this node');
});

test('publishers are blocked from the first log writer that cannot write to the last that can again', () => {
  const full = { state: 'full', error: new Error('no space') } as const;
  alarms.log(1, full);
  alarms.log(2, full);
  expect(alarms.shared.isLowOnDisk).toBe(true);
  alarms.log(1, { state: 'ok' });
  expect(blocked).toEqual([true]);
  alarms.log(2, { state: 'ok' });
  expect(blocked).toEqual([true, false]);
  expect(alarms.shared.isLowOnDisk).toBe(false);
  expect(lines.at(-1)).toBe('disk resource limit alarm cleared on this node: publishers go on');
});

test('publishers are blocked when the operator reads so, and go on when he reads that', () => {
  const seen: (boolean | undefined)[] = [];
  const engine = { blockPublishers: (is: boolean) => void blocked.push(is) };
  const told = new Alarms(new SharedAlarms(), engine, () => void seen.push(blocked.at(-1)));
  told.log(1, { state: 'failing', error: new Error('EIO') });
  told.log(1, { state: 'ok' });
  expect(seen).toEqual([true, false]);
});

test('space that cannot be asked for is told once, blocks nobody, and is told again after it could be', async () => {
  vi.useRealTimers();
  const directory = mkdtempSync(join(tmpdir(), 'alarms-'));
  const gone = join(directory, 'gone');
  await alarms.watchDisk(gone, 0);
  await alarms.watchDisk(gone, 0);
  const line = expect.stringMatching(
    /^the free space on the disk cannot be asked for \(ENOENT.*\): publishers go on until/,
  );
  expect(lines).toEqual([line]);
  expect(blocked).toEqual([]);
  await alarms.watchDisk(directory, 0);
  await alarms.watchDisk(gone, 0);
  expect(lines).toEqual([line, line]);
  rmSync(directory, { recursive: true });
});
