/** A socket cuts the stream where it likes: every cut must lead to what the whole would have led to. */
import { describe, expect, test } from 'vitest';
import { Content, Stop } from '../../../src/engine/engine.js';
import { ENGINES } from '../support/bench.js';
import { ack, frame, nack, publish, reject } from '../support/frames.js';
import { publishTexts, scenario, text } from '../support/scenario.js';

/** A headers table of so many octets; nobody on the way looks into it. */
function largeProperties(octets: number): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(octets);
  return Buffer.concat([Buffer.of(0x20, 0), length, Buffer.from(Array.from({ length: octets }, (_, i) => i * 31))]);
}

/** Octets that differ from place to place. */
function pattern(length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, i) => (i * 7) ^ (i >> 8)));
}

describe.each(ENGINES)('%s', (kind) => {
  test('a publish that comes octet by octet', async () => {
    const { bench, publisher, consumer } = await scenario(kind);
    consumer.consume(1, 'q', { noAck: true });
    expect(publisher.feed(publish(1, 'q', text('in three frames'), { frameBody: 5 }), 1)).toBe(Stop.END);
    bench.serve();
    expect(consumer.bodies()).toEqual(['in three frames']);
  });

  test('two publishes and a settlement, cut twice, anywhere', async () => {
    const { bench, publisher, consumer } = await scenario(kind);
    consumer.consume(1, 'q', { noAck: true });
    const bytes = Buffer.concat([publish(1, 'q', text('one')), publish(1, 'q', text('')), ack(1, 0, true)]);
    let times = 0;
    for (let first = 1; first < bytes.length; first += 3) {
      for (let second = first + 1; second < bytes.length; second += 2) {
        publisher.feed(bytes.subarray(0, first));
        publisher.feed(bytes.subarray(first, second));
        publisher.feed(bytes.subarray(second));
        times += 1;
      }
    }
    bench.serve();
    expect(publisher.stops).toEqual([]);
    expect(consumer.bodies()).toEqual(Array.from({ length: times * 2 }, (_, i) => (i % 2 === 0 ? 'one' : '')));
  });

  test('a content header of thousands of octets, cut at every octet', async () => {
    const { bench, publisher, consumer } = await scenario(kind);
    consumer.consume(1, 'q', { noAck: true });
    const bytes = publish(1, 'q', text('body'), { properties: largeProperties(3_000) });
    const header = bytes.subarray(bytes.indexOf(Buffer.of(2, 0, 1)), bytes.length - 'body'.length - 8);
    for (let cut = 1; cut < bytes.length; cut++) {
      publisher.feed(bytes.subarray(0, cut));
      publisher.feed(bytes.subarray(cut));
      bench.serve();
      if (!consumer.stream().includes(header)) throw new Error(`the header cut at ${cut} came out changed`);
    }
  });

  test.each([
    ['an ack', (tag: number) => ack(1, tag), []],
    ['an ack of several', (tag: number) => ack(1, tag, true), []],
    ['a nack that drops', (tag: number) => nack(1, tag, false, false), []],
    ['a nack that requeues', (tag: number) => nack(1, tag, false, true), ['a']],
    ['a reject that requeues', (tag: number) => reject(1, tag, true), ['a']],
  ])('%s, cut at every octet', async (_name, settle, back) => {
    const { bench, publisher, consumer, channel, engine, queue } = await scenario(kind);
    for (let cut = 1; cut < ack(1, 1).length; cut++) {
      publishTexts(publisher, 'a');
      engine.get(channel, queue, false);
      bench.serve();
      const [got] = consumer.received();
      const bytes = settle(got !== undefined && 'tag' in got ? got.tag : 0);
      consumer.feed(bytes.subarray(0, cut));
      expect(engine.unackedCount(channel)).toBe(1);
      consumer.feed(bytes.subarray(cut));
      expect(engine.unackedCount(channel)).toBe(0);
      expect(engine.readyCount(queue)).toBe(back.length);
      engine.purge(queue);
    }
    expect(consumer.stops).toEqual([]);
  });

  test('a frame that is the host’s, cut at every octet, comes back whole', async () => {
    const { publisher, engine } = await scenario(kind);
    const bytes = frame(1, 1, Buffer.from([0, 50, 0, 10, 0, 0, 1, 0x71, 0, 0, 0, 0, 0]));
    for (let cut = 1; cut < bytes.length; cut++) {
      engine.bytes.set(bytes, engine.readOffset);
      expect(engine.ingest(publisher.core, engine.readOffset, cut)).toBe(Stop.END);
      expect(engine.ingest(publisher.core, engine.readOffset + cut, bytes.length - cut)).toBe(Stop.FRAME);
      const whole = engine.bytes.slice(engine.frameOffset, engine.frameOffset + engine.frameLength);
      expect(Buffer.from(whole)).toEqual(bytes);
    }
  });

  test.each([1_009, 8_191, 65_521, 200_003])('a body of half a MiB in small frames, in reads of %i', async (read) => {
    const { bench, publisher, consumer } = await scenario(kind);
    consumer.consume(1, 'q');
    const body = pattern(524_287);
    publisher.feed(publish(1, 'q', body, { frameBody: 4_088 }), read);
    bench.serve();
    const [delivery] = consumer.received();
    expect(delivery?.kind === 'delivery' && delivery.body.equals(body)).toBe(true);
  });

  test.each([131_063, 131_064, 131_065, 262_128, 262_129])('a body of %i octets, cut around its end', async (size) => {
    const { bench, publisher, consumer } = await scenario(kind);
    consumer.consume(1, 'q', { noAck: true });
    const body = pattern(size);
    const bytes = publish(1, 'q', body);
    for (let fromEnd = 1; fromEnd < 20; fromEnd++) {
      publisher.feed(bytes.subarray(0, bytes.length - fromEnd));
      publisher.feed(bytes.subarray(bytes.length - fromEnd));
      bench.serve();
      const [delivery] = consumer.received();
      expect(delivery?.kind === 'delivery' && delivery.body.equals(body)).toBe(true);
    }
  });

  test('a channel says what it expects next, whatever has come of a message', async () => {
    const { publisher, engine } = await scenario(kind);
    const channel = publisher.channels.get(1) ?? 0;
    const bytes = publish(1, 'q', text('ab'), { frameBody: 1 });
    const header = bytes.indexOf(Buffer.of(2, 0, 1));
    const body = bytes.indexOf(Buffer.of(3, 0, 1));
    for (let at = 1; at <= bytes.length; at++) {
      publisher.feed(bytes.subarray(at - 1, at));
      const expected = at < header ? Content.NONE : at < body ? Content.HEADER : Content.BODY;
      expect(engine.contentState(channel)).toBe(at === bytes.length ? Content.NONE : expected);
    }
  });
});
