/** The stories of a message in an engine, told by both. */
import { describe, expect, test } from 'vitest';
import { Stop } from '../../../src/engine/engine.js';
import { Bench, ENGINES } from '../support/bench.js';
import { ack, frame, nack, publish } from '../support/frames.js';
import { scenario, text } from '../support/scenario.js';

describe.each(ENGINES)('%s', (kind) => {
  test('messages come in the order in which they were published', async () => {
    const { bench, publisher, consumer } = await scenario(kind);
    publisher.feed(Buffer.concat(['a', 'b', 'c'].map((body) => publish(1, 'q', text(body)))));
    consumer.consume(1, 'q');
    bench.serve();
    expect(consumer.bodies()).toEqual(['a', 'b', 'c']);
  });

  test('a message that was requeued goes to its place, before those published later, and says so', async () => {
    const { bench, publisher, consumer } = await scenario(kind);
    consumer.consume(1, 'q', { prefetch: 2 });
    publisher.feed(Buffer.concat(['a', 'b', 'c'].map((body) => publish(1, 'q', text(body)))));
    bench.serve();
    consumer.received();
    consumer.feed(Buffer.concat([nack(1, 2, true, true)]));
    bench.serve();
    expect(consumer.received()).toMatchObject([
      { tag: 3, redelivered: true, body: text('a') },
      { tag: 4, redelivered: true, body: text('b') },
    ]);
  });

  test('a tag that is not outstanding is left to the host, and nothing happens', async () => {
    const { bench, publisher, consumer, engine } = await scenario(kind);
    const channel = consumer.channels.get(1) ?? 0;
    consumer.consume(1, 'q');
    publisher.feed(publish(1, 'q', text('a')));
    bench.serve();
    consumer.feed(Buffer.concat([ack(1, 7), ack(1, 1), ack(1, 1), ack(1, 1, true), ack(1, 0), ack(1, 0, true)]));
    expect(consumer.stops).toEqual([Stop.FRAME, Stop.FRAME, Stop.FRAME, Stop.FRAME]);
    expect(engine.unackedCount(channel)).toBe(0);
  });

  test('a prefetch is never exceeded, per consumer or per channel', async () => {
    const { bench, publisher, consumer, engine } = await scenario(kind);
    engine.setChannelPrefetch(consumer.channels.get(1) ?? 0, 3);
    consumer.consume(1, 'q', { prefetch: 2 });
    consumer.consume(1, 'q', { prefetch: 2 });
    for (let i = 0; i < 10; i++) publisher.feed(publish(1, 'q', text(`${i}`)));
    bench.serve();
    expect(consumer.bodies()).toHaveLength(3);
    consumer.feed(ack(1, 3, true));
    bench.serve();
    expect(consumer.bodies()).toHaveLength(3);
  });

  test('a read of publishes is confirmed by one acknowledgement', async () => {
    const { bench, publisher, engine } = await scenario(kind);
    engine.setConfirm(publisher.channels.get(1) ?? 0);
    publisher.feed(Buffer.concat(['a', 'b', 'c'].map((body) => publish(1, 'q', text(body)))));
    bench.serve();
    publisher.feed(publish(1, 'nowhere', text('d')));
    bench.serve();
    expect(publisher.received()).toEqual([
      { kind: 'confirm', channel: 1, tag: 3, multiple: true },
      { kind: 'confirm', channel: 1, tag: 4, multiple: false },
    ]);
  });

  test('a mandatory message without a queue goes to the host', async () => {
    const { publisher, engine } = await scenario(kind);
    const bytes = publish(1, 'nowhere', text('a'), { mandatory: true });
    engine.bytes.set(bytes, engine.readOffset);
    expect(engine.ingest(publisher.core, engine.readOffset, bytes.length)).toBe(Stop.ROUTE);
    engine.installRoute(publisher.core, [], 0, 0);
    expect(engine.ingest(publisher.core, engine.readOffset, bytes.length)).toBe(Stop.MESSAGE);
    const message = engine.stopMessage;
    expect(engine.messageMandatory(message)).toBe(true);
    expect(Buffer.from(engine.messageBody(message)).toString()).toBe('a');
    engine.returnMessage(publisher.channels.get(1) ?? 0, message, 312, text('NO_ROUTE'));
    engine.publish(publisher.channels.get(1) ?? 0, message, []);
    expect(engine.takeOutput(publisher.core)).toBe(true);
    publisher.take();
    expect(publisher.received()).toEqual([{ kind: 'returned', channel: 1, code: 312, body: text('a') }]);
  });

  test('a message cut at every octet arrives whole', async () => {
    const { bench, publisher, consumer } = await scenario(kind);
    consumer.consume(1, 'q', { noAck: true });
    const bytes = publish(1, 'q', text('a body in two frames'), { frameBody: 11 });
    for (let cut = 1; cut < bytes.length; cut++) {
      publisher.feed(bytes.subarray(0, cut));
      publisher.feed(bytes.subarray(cut));
    }
    bench.serve();
    expect(consumer.bodies()).toEqual(Array.from({ length: bytes.length - 1 }, () => 'a body in two frames'));
  });

  test.each([4096, 8192, 131072])('a long body goes out in full frames of a frame-max of %i', async (frameMax) => {
    const { bench, publisher } = await scenario(kind);
    const consumer = bench.client(0, frameMax);
    consumer.consume(1, 'q');
    const body = Buffer.from(Array.from({ length: 700_001 }, (_, i) => (i * 7) ^ (i >> 8)));
    publisher.feed(publish(1, 'q', body), 10_007);
    bench.serve();
    const [delivery] = consumer.received();
    expect(delivery?.kind === 'delivery' && delivery.body.equals(body)).toBe(true);
  });

  test('a payload longer than frame-max, and a frame without its end, are told apart', async () => {
    const { bench } = await scenario(kind);
    const one = bench.client(0, 4096);
    one.open(1);
    expect(one.feed(frame(1, 1, Buffer.alloc(4097)))).toBe(Stop.OVERSIZE);
    const two = bench.client();
    two.open(1);
    const bytes = ack(1, 1);
    bytes[bytes.length - 1] = 0;
    expect(two.feed(bytes)).toBe(Stop.FRAME_END);
  });

  test('when memory is full publishers wait, and nothing is lost', async () => {
    const bench = await Bench.open(kind, { mebibytes: 24 });
    const { publisher, consumer } = { publisher: bench.client(), consumer: bench.client() };
    bench.queue('q');
    publisher.open(1);
    const body = Buffer.alloc(50_000, 'x');
    let published = 0;
    while (publisher.feed(publish(1, 'q', body)) === Stop.END) published += 1;
    expect(publisher.stops).toEqual([Stop.MEMORY]);
    expect(bench.engine().readyCount(bench.queue('q'))).toBe(published);
    consumer.consume(1, 'q', { noAck: true });
    bench.serve();
    expect(consumer.received()).toHaveLength(published);
    const late = bench.client();
    late.open(1);
    expect(late.feed(publish(1, 'q', body))).toBe(Stop.END);
  });

  test('a hundred thousand messages later no more memory is in use', async () => {
    const { bench, publisher, consumer, engine } = await scenario(kind);
    consumer.consume(1, 'q', { prefetch: 100 });
    const read = Buffer.concat(Array.from({ length: 100 }, () => publish(1, 'q', Buffer.alloc(100))));
    let tag = 0;
    const round = (): void => {
      publisher.feed(read);
      bench.serve();
      tag += consumer.received().length;
      consumer.feed(ack(1, tag, true));
    };
    for (let i = 0; i < 200; i++) round();
    const used = engine.memoryUsed();
    for (let i = 0; i < 800; i++) round();
    expect(tag).toBe(100_000);
    expect(engine.memoryUsed()).toBeLessThanOrEqual(used + (1 << 20));
  });

  test('a retired queue takes nothing more, and is free once its last message is settled', async () => {
    const { bench, publisher, consumer, engine, queue } = await scenario(kind);
    const before = engine.memoryUsed();
    consumer.consume(1, 'q', { prefetch: 1 });
    publisher.feed(Buffer.concat(['a', 'b', 'c'].map((body) => publish(1, 'q', text(body)))));
    bench.serve();
    expect(engine.retireQueue(queue)).toBe(2);
    publisher.feed(publish(1, 'q', text('d')));
    expect(engine.readyCount(queue)).toBe(0);
    engine.closeChannel(consumer.channels.get(1) ?? 0);
    engine.freeQueue(queue);
    expect(engine.memoryUsed()).toBeLessThanOrEqual(before + (1 << 20));
  });
});

describe.each(ENGINES)('%s, two workers', (kind) => {
  test('messages go round among idle consumers in the order in which they became idle, whosever they are', async () => {
    const bench = await Bench.open(kind, { workers: 2 });
    bench.queue('q');
    const publisher = bench.client(0);
    publisher.open(1);
    const here = bench.client(0);
    const there = bench.client(1);
    here.consume(1, 'q', { noAck: true });
    bench.serve(0);
    there.consume(1, 'q', { noAck: true });
    bench.serve(1);
    for (const body of ['1', '2', '3', '4']) {
      publisher.feed(publish(1, 'q', text(body)));
      bench.serve(0);
      bench.serve(1);
    }
    expect(here.bodies()).toEqual(['1', '3']);
    expect(there.bodies()).toEqual(['2', '4']);
  });

  test('under load equal consumers on different workers get equal shares, when the workers get equal turns', async () => {
    const bench = await Bench.open(kind, { workers: 2 });
    bench.queue('q');
    const publisher = bench.client(0);
    publisher.open(1);
    const consumers = [bench.client(0), bench.client(0), bench.client(1), bench.client(1)];
    for (let i = 0; i < 10_000; i++) publisher.feed(publish(1, 'q', text(`${i}`)));
    for (const consumer of consumers) consumer.consume(1, 'q', { prefetch: 20 });
    const shares = consumers.map(() => 0);
    while (shares.reduce((sum, share) => sum + share, 0) < 10_000) {
      bench.serve(0);
      bench.serve(1);
      consumers.forEach((consumer, i) => {
        const got = consumer.received();
        const last = got.at(-1);
        shares[i] = (shares[i] ?? 0) + got.length;
        if (last !== undefined && 'tag' in last) consumer.feed(ack(1, last.tag, true));
      });
    }
    for (const share of shares) expect(Math.abs(share - 2_500)).toBeLessThanOrEqual(500);
  });

  test('a sleeping worker is rung when its consumer is granted a turn', async () => {
    const bench = await Bench.open(kind, { workers: 2 });
    bench.queue('q');
    const publisher = bench.client(0);
    publisher.open(1);
    const there = bench.client(1);
    there.consume(1, 'q');
    bench.serve(1);
    const rung = bench.engine(1).doorbell();
    expect(bench.engine(1).sleep()).toBe(true);
    publisher.feed(publish(1, 'q', text('wake up')));
    await rung;
    bench.serve(1);
    expect(there.bodies()).toEqual(['wake up']);
  });
});
