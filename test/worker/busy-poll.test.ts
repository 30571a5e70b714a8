/**
 * When a worker stays awake after a confirm, and for how long.
 */
import { beforeEach, expect, test } from 'vitest';
import { BusyPoll, createBusyPoll } from '../../src/worker/busy-poll.js';

/** Microseconds, as one look takes ten. */
let time: number;
let looks: number;
let pending: (() => void) | null;
let timer: { then: () => void; at: number } | null;
/** How often idle CPUs were asked to stay awake, and whether they are now. */
let holds: number;
let areHeld: boolean;
let shared: SharedArrayBuffer;

beforeEach(() => {
  time = 0;
  looks = 0;
  pending = null;
  timer = null;
  holds = 0;
  areHeld = false;
  shared = createBusyPoll();
});

function makeBusyPoll(writer = 1, cpus = 2): BusyPoll {
  const look = (then: () => void): void => {
    expect(pending).toBeNull();
    pending = then;
  };
  const later = (then: () => void, milliseconds: number): void => {
    expect(timer).toBeNull();
    timer = { then, at: time + milliseconds * 1000 };
  };
  const hold = (): void => {
    expect(areHeld).toBe(false);
    holds += 1;
    areHeld = true;
  };
  const release = (): void => {
    areHeld = false;
  };
  return new BusyPoll(shared, writer, { cpus, clock: () => time / 1000, look, later, idle: { hold, release } });
}

/** Time goes by, while the thread looks as often as it wants to. */
function pass(microseconds: number): void {
  const end = time + microseconds;
  while (pending !== null && time + 10 <= end) {
    time += 10;
    looks += 1;
    const then = pending;
    pending = null;
    then();
  }
  time = end;
  while (timer !== null && timer.at <= time) {
    const { then } = timer;
    timer = null;
    then();
  }
}

/** Something comes after a while, and is confirmed when the disk has it. */
function confirmAfter(busyPoll: BusyPoll, microseconds: number): void {
  pass(microseconds);
  const came = busyPoll.now();
  time += 150;
  busyPoll.confirm(came);
}

test('a worker stays awake for a client that comes back at once, until it does not', () => {
  const busyPoll = makeBusyPoll();
  confirmAfter(busyPoll, 0);
  expect(pending).toBeNull();
  for (let i = 0; i < 5; i++) {
    confirmAfter(busyPoll, 80);
    expect(pending).not.toBeNull();
  }
  looks = 0;
  pass(10_000);
  expect(pending).toBeNull();
  expect(looks).toBeGreaterThan(5);
  expect(looks).toBeLessThan(30);
});

test('a worker sleeps when its client takes its time', () => {
  const busyPoll = makeBusyPoll();
  for (let i = 0; i < 100; i++) confirmAfter(busyPoll, 400);
  expect(looks).toBe(0);
  confirmAfter(busyPoll, 80);
  expect(pending).not.toBeNull();
});

test('a worker sleeps while another one has clients that wait, too', () => {
  const one = makeBusyPoll(1);
  const two = makeBusyPoll(2);
  for (let i = 0; i < 100; i++) {
    confirmAfter(one, 20);
    confirmAfter(two, 20);
  }
  expect(pending).toBeNull();
  for (let i = 0; i < 3; i++) confirmAfter(one, 80);
  expect(pending).not.toBeNull();
  looks = 0;
  confirmAfter(two, 0);
  pass(1000);
  expect(pending).toBeNull();
  expect(looks).toBeLessThan(2);
});

test('a worker sleeps where its client needs the only CPU', () => {
  const busyPoll = makeBusyPoll(1, 1);
  for (let i = 0; i < 100; i++) confirmAfter(busyPoll, 80);
  expect(pending).toBeNull();
});

test('idle CPUs are kept awake while a client comes back at once, and not for long after that', () => {
  const busyPoll = makeBusyPoll();
  for (let i = 0; i < 10_000; i++) confirmAfter(busyPoll, 80);
  expect(areHeld).toBe(true);
  expect(holds).toBe(1);
  pass(900_000);
  expect(areHeld).toBe(true);
  pass(200_000);
  expect(areHeld).toBe(false);
  expect(timer).toBeNull();
});

test('idle CPUs sleep while clients take their time, and where their CPU is the only one', () => {
  const slow = makeBusyPoll();
  for (let i = 0; i < 100; i++) confirmAfter(slow, 400);
  const single = makeBusyPoll(1, 1);
  for (let i = 0; i < 100; i++) confirmAfter(single, 80);
  expect(holds).toBe(0);
});
