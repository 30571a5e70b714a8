/** Octets through a pair of rings: all of them come, in order, whatever both sides do and in whatever pieces. */
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { createRingPair, RingEnd, renewRingPair, Want } from '../../src/platform/ring-pair.js';
import { RingTurns } from '../../src/platform/ring-turns.js';
import { deferred, PATIENCE_MS, within } from '../support/waiting.js';

/** More than a ring holds. */
const MUCH = 1024 * 1024;

function ends(): readonly [RingEnd, RingEnd] {
  const rings = createRingPair();
  return [new RingEnd(rings, 0), new RingEnd(rings, 1)];
}

function octets(length: number, from = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (from + index) % 251);
}

describe('a pair of rings', () => {
  test('brings octets both ways, each as it was written', () => {
    const [one, other] = ends();
    expect([one.write(octets(5)), other.write(octets(3, 7))]).toEqual([5, 3]);
    const [there, back] = [new Uint8Array(10), new Uint8Array(10)];
    expect([other.readInto(there), one.readInto(back)]).toEqual([5, 3]);
    expect([there.subarray(0, 5), back.subarray(0, 3)]).toEqual([octets(5), octets(3, 7)]);
    expect([other.readable, one.readable]).toEqual([0, 0]);
  });

  test('takes as much as it has room for, and more when that is read', () => {
    const [one, other] = ends();
    const size = one.write(octets(MUCH));
    expect([size < MUCH, one.room, other.readable]).toEqual([true, 0, size]);
    expect(one.write(octets(1))).toBe(0);
    const piece = new Uint8Array(1000);
    expect(other.readInto(piece)).toBe(1000);
    // Around the end of the ring.
    expect(one.write(octets(MUCH, size))).toBe(1000);
    const rest = new Uint8Array(MUCH);
    expect(other.readInto(rest)).toBe(size);
    expect(rest.subarray(0, size)).toEqual(octets(size, 1000));
  });

  test('lets what was written be read when its writer has left', () => {
    const [one, other] = ends();
    one.write(octets(3));
    one.close();
    expect([other.isOtherClosed, other.readable]).toEqual([true, 3]);
    expect(other.want(Want.OCTETS)).toBe(false);
  });

  test('can be used again when both sides have left', async () => {
    const rings = createRingPair();
    const [one, other] = [new RingEnd(rings, 0), new RingEnd(rings, 1)];
    one.write(octets(7));
    expect(other.want(Want.ROOM | Want.OCTETS)).toBe(false);
    one.close();
    other.leave();
    expect(renewRingPair(rings)).toBe(false);
    one.leave();
    expect(renewRingPair(rings)).toBe(true);
    // What was still to be written is dropped.
    expect([one.write(octets(7)), other.readInto(new Uint8Array(7))]).toEqual([7, 0]);
    const [next, far] = [new RingEnd(rings, 0), new RingEnd(rings, 1)];
    expect([far.readable, far.isOtherClosed, next.isOtherClosed]).toEqual([0, false, false]);
    expect(far.want(Want.OCTETS)).toBe(true);
    const woken = far.woken();
    next.write(octets(7));
    await within(PATIENCE_MS, 'the bell', woken);
    expect(far.readable).toBe(7);
  });

  test.each(['octets come', 'there is room', 'the other side leaves'])('wakes a side that waits: %s', async (what) => {
    const [one, other] = ends();
    if (what === 'there is room') one.write(octets(MUCH));
    expect(one.want(what === 'there is room' ? Want.ROOM : Want.OCTETS)).toBe(true);
    const woken = one.woken();
    if (what === 'octets come') other.write(octets(1));
    else if (what === 'there is room') other.readInto(new Uint8Array(1));
    else other.close();
    await within(PATIENCE_MS, 'the bell', woken);
  });

  test('brings a million octets and more from another thread, in pieces at random', async () => {
    const rings = createRingPair();
    const end = new RingEnd(rings, 0);
    const total = 8 * MUCH;
    const writer = new Worker(
      `const { workerData } = require('node:worker_threads');
       // A wait for the other side alone does not hold a thread: it would end amid its octets.
       const held = setInterval(() => {}, 60_000);
       import(workerData.pair).then(async ({ RingEnd, Want }) => {
         const end = new RingEnd(workerData.rings, 1);
         for (let sent = 0; sent < workerData.total; ) {
           const length = Math.min(1 + Math.floor(Math.random() * 100_000), workerData.total - sent);
           sent += end.write(Uint8Array.from({ length }, (_, index) => (sent + index) % 251));
           if (end.room === 0 && end.want(Want.ROOM)) await end.woken();
         }
         end.close();
         clearInterval(held);
       });`,
      {
        eval: true,
        workerData: { rings, total, pair: new URL('../../dist/platform/ring-pair.js', import.meta.url).href },
      },
    );
    const ended = deferred<number>();
    let came = 0;
    let wrong = 0;
    const turns = new RingTurns(
      end,
      () => {
        const isOver = end.isOtherClosed;
        const piece = new Uint8Array(1 + Math.floor(Math.random() * 100_000));
        const length = end.readInto(piece);
        for (let index = 0; index < length; index++) if (piece[index] !== (came + index) % 251) wrong += 1;
        came += length;
        if (length === 0 && isOver) {
          turns.stop();
          ended.resolve(came);
        }
        return Want.OCTETS;
      },
      (error) => ended.reject(error as Error),
    );
    turns.schedule();
    writer.on('error', ended.reject);
    expect(await within(PATIENCE_MS, 'all octets', ended.promise)).toBe(total);
    expect(wrong).toBe(0);
    end.close();
    await writer.terminate();
  });
});
