/** What `leveret perf` measures with: histograms, rates that change, the reading of what a broker sends. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeMethod, encodeContent, encodeMethod, HEARTBEAT_FRAME } from '../../src/amqp/frames.js';
import { Confirms } from '../../src/perf/load/confirms.js';
import { Inbox } from '../../src/perf/load/inbox.js';
import { Pacer, steady } from '../../src/perf/load/pacer.js';
import { BUCKETS, count, LATENCY_MAX_US, Tally } from '../../src/perf/measure/histogram.js';
import { type Step, sumUntil, timeOfSum, valueAt } from '../../src/perf/measure/steps.js';

describe('a histogram', () => {
  test('knows each quantile to within one per cent, of any values', () => {
    const value = fc.oneof(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 0, max: LATENCY_MAX_US }));
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 300 }), (values) => {
        const counts = new Uint32Array(BUCKETS);
        for (const each of values) count(counts, 0, each);
        const tally = new Tally();
        tally.addSince(counts, new Uint32Array(BUCKETS));
        const sorted = [...values].sort((one, other) => one - other);
        for (const share of [0, 0.5, 0.75, 0.95, 0.99, 0.999, 1]) {
          const exact = sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1] ?? 0;
          const found = tally.quantile(share);
          expect(found).toBeGreaterThanOrEqual(exact);
          expect(found).toBeLessThanOrEqual(exact * 1.01);
        }
        expect(tally.latencies?.count).toBe(values.length);
      }),
    );
  });

  test('of two threads is that of all their values', () => {
    const [one, other, both] = [new Uint32Array(BUCKETS), new Uint32Array(BUCKETS), new Uint32Array(BUCKETS)];
    for (let value = 1; value < 10_000_000; value = value * 2 + 1) {
      count(value % 3 === 0 ? one : other, 0, value);
      count(both, 0, value);
    }
    const [merged, whole] = [new Tally(), new Tally()];
    for (const part of [one, other]) merged.addSince(part, new Uint32Array(BUCKETS));
    whole.addSince(both, new Uint32Array(BUCKETS));
    expect(merged.latencies).toEqual(whole.latencies);
  });

  test('goes on where a count has wrapped', () => {
    const [now, before] = [new Uint32Array(BUCKETS), new Uint32Array(BUCKETS)];
    [now[7], before[7]] = [2, 2 ** 32 - 3];
    const tally = new Tally();
    tally.addSince(now, before);
    expect(tally.latencies).toMatchObject({ count: 5, min: 7, max: 7 });
  });
});

const STEPS: readonly Step[] = [
  { value: 100, seconds: 10 },
  { value: 0, seconds: 5 },
  { value: 1000, seconds: 1 },
];

describe('a rate that changes', () => {
  test('goes round and round', () => {
    expect([0, 9.9, 10, 14.9, 15, 15.9, 16, 26].map((time) => valueAt(STEPS, time))).toEqual([
      100, 100, 0, 0, 1000, 1000, 100, 0,
    ]);
    expect([5, 10, 15, 16, 32].map((time) => sumUntil(STEPS, time))).toEqual([500, 1000, 1000, 2000, 4000]);
    expect([500, 1500, 2100].map((sum) => timeOfSum(STEPS, sum))).toEqual([5, 15.5, 17]);
  });

  test('never allows more than it adds up to, and one; and all of that to who asks often', () => {
    const step = fc.record({ value: fc.integer({ min: 1, max: 5000 }), seconds: fc.integer({ min: 1, max: 5 }) });
    const waits = fc.array(fc.double({ min: 0.0001, max: 0.5, noNaN: true }), { minLength: 1, maxLength: 100 });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 4 }), waits, (steps, pauses) => {
        const pacer = new Pacer(steps);
        let [time, sent] = [0, 0];
        for (const pause of [0, ...pauses]) {
          time += pause;
          const allowed = pacer.allowed(time);
          pacer.take(allowed);
          sent += allowed;
          expect(sent).toBeLessThanOrEqual(sumUntil(steps, time) + 1);
          expect(pacer.allowed(time)).toBe(0);
        }
        const fewest = Math.min(...steps.map(({ value }) => value));
        const most = Math.max(...steps.map(({ value }) => value));
        // A pause of half a second is made up for unless the rate has changed to a much slower one.
        if (most * 0.5 < fewest) expect(sent).toBeGreaterThanOrEqual(Math.floor(sumUntil(steps, time)));
      }),
    );
  });

  test('meets the broker with no flood after a pause', () => {
    const pacer = new Pacer(steady(100));
    expect(pacer.allowed(60)).toBe(100);
    pacer.take(100);
    expect(pacer.allowed(60)).toBe(0);
    expect(pacer.allowed(61)).toBe(100);
  });
});

describe('confirms', () => {
  test('in any order, single or of many, count each message once, and make room in the end', () => {
    const window = 16;
    fc.assert(
      fc.property(fc.array(fc.record({ pick: fc.nat(), isMultiple: fc.boolean() }), { maxLength: 200 }), (steps) => {
        const confirms = new Confirms(window);
        const open = new Set<number>();
        let [sent, counted] = [0, 0];
        for (const { pick, isMultiple } of steps) {
          const room = confirms.room;
          confirms.send(room, 1);
          for (let message = 0; message < room; message++) open.add(++sent);
          expect(open.size).toBeLessThanOrEqual(window);
          const tag = [...open][pick % open.size] ?? 0;
          const confirmed = isMultiple ? [...open].filter((number) => number <= tag) : [tag];
          for (const number of confirmed) open.delete(number);
          let count = 0;
          confirms.confirm(tag, isMultiple, () => count++);
          expect(count).toBe(confirmed.length);
          counted += count;
          // A second confirm of the same is none.
          confirms.confirm(tag, isMultiple, () => counted++);
        }
        expect(confirms.open).toBe(sent - counted);
        confirms.confirm(0, true, () => {});
        expect([confirms.open, confirms.room]).toEqual([0, window]);
      }),
    );
  });
});

describe('what a broker sends', () => {
  /** What the inbox tells of octets that come in pieces. */
  function told(bytes: Uint8Array, cuts: readonly number[]): unknown[] {
    const seen: unknown[] = [];
    const inbox = new Inbox({
      onMessage: ({ tag, isRedelivered, stamp }) => {
        seen.push(['message', tag, isRedelivered, stamp]);
        return true;
      },
      onConfirm: (tag, multiple, isNack) => seen.push(['confirm', tag, multiple, isNack]),
      onMethod: (payload) => seen.push(decodeMethod(payload)),
    });
    let kept = new Uint8Array(0);
    let from = 0;
    for (const cut of [...new Set([...cuts.map((each) => each % bytes.length), bytes.length])].sort((a, b) => a - b)) {
      const input = Buffer.concat([kept, bytes.subarray(from, cut)]);
      from = cut;
      const used = inbox.scan(new DataView(input.buffer, input.byteOffset, input.length), 0, input.length);
      kept = new Uint8Array(input.subarray(used));
    }
    expect(kept).toHaveLength(0);
    return seen;
  }

  function delivery(tag: bigint, body: Uint8Array, frameMax: number): Uint8Array {
    const fields = { consumerTag: 'c', deliveryTag: tag, redelivered: tag % 2n === 0n, exchange: 'e', routingKey: 'k' };
    return Buffer.concat([
      encodeMethod(1, { name: 'basic.deliver', ...fields }),
      encodeContent(1, { deliveryMode: 1 }, body, frameMax),
    ]);
  }

  test('is read the same, whatever it is cut into', () => {
    const stamped = Buffer.alloc(10_000);
    stamped.writeBigUInt64BE(123_456_789_012_345n, 4);
    const bytes = Buffer.concat([
      delivery(1n, stamped, 4096),
      HEARTBEAT_FRAME,
      delivery(2n, new Uint8Array(0), 4096),
      encodeMethod(1, { name: 'basic.ack', deliveryTag: 2n ** 33n, multiple: true }),
      encodeMethod(1, { name: 'basic.return', replyCode: 312, replyText: 'NO_ROUTE', exchange: 'e', routingKey: 'k' }),
      encodeContent(1, {}, new Uint8Array(20), 4096),
      encodeMethod(1, { name: 'basic.nack', deliveryTag: 7n, multiple: false, requeue: false }),
      delivery(3n, stamped.subarray(0, 12), 4096),
      delivery(4n, stamped.subarray(0, 11), 4096),
    ]);
    const all = [
      ['message', 1, false, 123_456_789_012_345],
      ['message', 2, true, -1],
      ['confirm', 2 ** 33, true, false],
      { name: 'basic.return', replyCode: 312, replyText: 'NO_ROUTE', exchange: 'e', routingKey: 'k' },
      ['confirm', 7, false, true],
      ['message', 3, false, 123_456_789_012_345],
      ['message', 4, true, -1],
    ];
    expect(told(bytes, [])).toEqual(all);
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 50 }), (cuts) => {
        expect(told(bytes, cuts)).toEqual(all);
      }),
    );
    const everywhere = Array.from({ length: 400 }, (_, index) => index);
    expect(told(bytes, everywhere)).toEqual(all);
  });

  test('is refused where a frame has no end', () => {
    const bytes = Buffer.from(delivery(1n, new Uint8Array(5), 4096));
    bytes[bytes.length - 1] = 0;
    expect(() => told(bytes, [])).toThrow(/no frame of AMQP/);
  });
});
