/**
 * What is due as time passes, on a clock that the test sets.
 */
import { expect, test } from 'vitest';
import { type Due, Heartbeat, type Traffic } from '../../src/connection/transport/heartbeat.js';

const IDLE: Traffic = { bytesRead: 0, bytesSent: 0, sending: false, reading: true };

/** Ticks each quarter of a second through `seconds`, and tells at which seconds something was due. */
function due(
  heartbeat: Heartbeat,
  seconds: number,
  traffic: (now: number) => Partial<Traffic> = () => ({}),
): [number, Due][] {
  const seen: [number, Due][] = [];
  for (let now = 250; now <= seconds * 1000; now += 250) {
    const what = heartbeat.tick(now, { ...IDLE, ...traffic(now) });
    if (what !== 'nothing') seen.push([now / 1000, what]);
    if (what === 'drop') break;
  }
  return seen;
}

function running(interval: number): Heartbeat {
  const heartbeat = new Heartbeat(0, 10_000);
  heartbeat.run(0, interval);
  return heartbeat;
}

test.each([10, 2])('a handshake that does not end in %i seconds is dropped, where it has so many', (seconds) => {
  expect(due(new Heartbeat(0, seconds * 1000), 60)).toEqual([[seconds, 'drop']]);
});

test('a heartbeat is sent every half interval, and two silent intervals end the connection', () => {
  expect(due(running(4), 60)).toEqual([
    [2, 'heartbeat'],
    [4, 'heartbeat'],
    [6, 'heartbeat'],
    [8, 'drop'],
  ]);
});

test('whoever sends anything needs no heartbeat', () => {
  expect(due(running(4), 20, (now) => ({ bytesRead: now, bytesSent: now }))).toEqual([]);
});

test('without heartbeats silence is no reason to end', () => {
  expect(due(running(0), 3600)).toEqual([]);
});

test('silence does not count while the broker itself does not read', () => {
  const seen = due(running(1), 12, (now) => ({ reading: now > 10_000, bytesSent: now }));
  expect(seen).toEqual([[12, 'drop']]);
});

test('a write that makes no progress for thirty seconds ends the connection', () => {
  const stuck = due(running(0), 60, (now) => ({ sending: now > 5000 }));
  expect(stuck).toEqual([[35, 'drop']]);
});

test('a slow reader that makes progress lives on', () => {
  const slow = due(running(0), 300, (now) => ({ sending: true, bytesSent: Math.floor(now / 20_000) }));
  expect(slow).toEqual([]);
});

test('a close that is not answered is dropped after three seconds', () => {
  const heartbeat = running(60);
  heartbeat.close(0);
  expect(due(heartbeat, 60)).toEqual([[3, 'drop']]);
});
