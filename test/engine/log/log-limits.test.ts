/**
 * The log where it is hard: positions beyond 2^32, no memory, a log that falls behind, and messages that leave memory
 * and come back.
 */
import { describe, expect, test } from 'vitest';
import { type Engine, type EngineKind, type LogBatch, Stop } from '../../../src/engine/engine.js';
import { messageId, sequenceOf, writerOf } from '../../../src/log/record-format.js';
import { UnitFlag } from '../../../src/log/spill-source.js';
import { Bench, type Client, ENGINES } from '../support/bench.js';
import { ack, nack, properties, publish } from '../support/frames.js';
import { ImageShelf } from '../support/image-shelf.js';
import { placesOf, written } from '../support/log.js';
import { text } from '../support/scenario.js';

const QUEUE = 256;
const PERSISTENT = properties({ persistent: true });

function frames(key: string, bodies: readonly string[]): Buffer {
  return Buffer.concat(bodies.map((body) => publish(1, key, text(body), { properties: PERSISTENT })));
}

async function loggedScenario(kind: EngineKind, options: { mebibytes?: number; next?: number } = {}) {
  const bench = await Bench.open(kind, { mebibytes: options.mebibytes ?? 32 });
  bench.setTime(5_000);
  bench.startLog();
  const queue = bench.loggedQueue('q', QUEUE, options.next ?? 0);
  const engine = bench.engine();
  const publisher = bench.client();
  engine.setConfirm(publisher.open(1));
  const consumer = bench.client();
  const channel = consumer.open(1);
  return { bench, engine, queue, publisher, consumer, channel };
}

/** All that has gathered, read back, and reported as done. */
function flush(engine: Engine): { bodies: string[]; ids: number[]; taken: string[]; done: string[] } {
  const batch = engine.takeBatch();
  if (batch === null) return { bodies: [], ids: [], taken: [], done: [] };
  const { messages, facts } = written(engine, batch);
  engine.batchDone(batch);
  const bodies = messages.map((one) => one.body.toString());
  return {
    bodies,
    ids: messages.map((one) => one.id),
    taken: placesOf(facts.taken),
    done: placesOf(facts.done),
  };
}

const confirms = (client: Client): number[] =>
  client.received().flatMap((one) => (one.kind === 'confirm' ? [one.tag] : []));

const places = (from: number, count: number): string[] => Array.from({ length: count }, (_, i) => `256:${from + i}`);

describe.each(ENGINES)('%s', (kind) => {
  test.each([63, 64, 127, 128, 199])('writer %i has numbers of its own', async (writer) => {
    const bench = await Bench.open(kind);
    bench.engine().startLog(writer, 1, () => undefined);
    bench.loggedQueue('q', 256);
    const publisher = bench.client();
    publisher.open(1);
    publisher.feed(frames('q', ['a', 'b']));
    const engine = bench.engine();
    const batch = engine.takeBatch();
    if (batch === null) throw new Error('nothing was recorded');
    const ids = written(engine, batch).messages.map((one) => one.id);
    expect(ids).toEqual([messageId(writer, 1), messageId(writer, 2)]);
    expect(ids.map((id) => [writerOf(id), sequenceOf(id)])).toEqual([
      [writer, 1],
      [writer, 2],
    ]);
  });

  test('positions and numbers beyond 32 bits are told exactly', async () => {
    const next = 2 ** 45 - 3;
    const bench = await Bench.open(kind);
    bench.startLog(2 ** 44);
    const queue = bench.loggedQueue('q', 256 * (2 ** 40 + 1), next);
    const publisher = bench.client();
    publisher.open(1);
    publisher.feed(frames('q', ['a', 'b', 'c', 'd', 'e']));
    const engine = bench.engine();
    const batch = engine.takeBatch();
    if (batch === null) throw new Error('nothing was recorded');
    const { messages, facts } = written(engine, batch);
    expect(messages.map((one) => one.id)).toEqual([0, 1, 2, 3, 4].map((i) => 2 ** 47 + 2 ** 44 + i));
    expect(facts.taken.map((one) => [one.queue, one.position])).toEqual(
      [0, 1, 2, 3, 4].map((i) => [256 * (2 ** 40 + 1), next + i]),
    );
    engine.batchDone(batch);
    expect(engine.purge(queue)).toBe(5);
    expect(flush(engine).done).toEqual([0, 1, 2, 3, 4].map((i) => `${256 * (2 ** 40 + 1)}:${next + i}`));
  });

  test('each priority of a queue with priorities begins at the position that was given', async () => {
    const { bench, engine, publisher } = await loggedScenario(kind, { next: 2 ** 33 });
    bench.setFeatures('q', { maxPriority: 3 });
    for (const priority of [2, 0, 2]) {
      publisher.feed(publish(1, 'q', text('x'), { properties: properties({ persistent: true, priority }) }));
    }
    expect(flush(engine).taken).toEqual([`256:${2 ** 33}`, `258:${2 ** 33}`, `258:${2 ** 33 + 1}`]);
  });

  test('of transient and persistent messages in one queue each keeps its own place', async () => {
    const { bench, engine, publisher, queue, channel } = await loggedScenario(kind);
    const bytes = Array.from({ length: 700 }, (_, i) =>
      publish(1, 'q', text(`${i}`), i % 3 === 0 ? {} : { properties: PERSISTENT }),
    );
    publisher.feed(Buffer.concat(bytes));
    const persistent = Array.from({ length: 700 }, (_, i) => i).filter((i) => i % 3 !== 0);
    const { bodies, taken } = flush(engine);
    expect(bodies).toEqual(persistent.map((i) => `${i}`));
    expect(taken).toEqual(persistent.map((i) => `256:${i}`));
    for (let i = 0; i < 700; i++) {
      engine.get(channel, queue, true);
      bench.serve();
    }
    expect(flush(engine).done).toEqual(taken);
  });

  test('acknowledgements out of order are all recorded', async () => {
    const { bench, engine, publisher, consumer } = await loggedScenario(kind);
    const count = 2_000;
    publisher.feed(
      frames(
        'q',
        Array.from({ length: count }, (_, i) => `${i}`),
      ),
    );
    consumer.consume(1, 'q');
    bench.serve();
    expect(flush(engine).taken).toEqual(places(0, count));
    const tags = Array.from({ length: count }, (_, i) => ((i * 7) % count) + 1);
    consumer.feed(Buffer.concat(tags.map((tag) => ack(1, tag))));
    const { done } = flush(engine);
    expect(new Set(done).size).toBe(count);
    expect(done).toEqual(places(0, count));
  });

  test('while the log falls behind, publishers wait for memory; its messages stay as they are; then all goes on', async () => {
    const { bench, engine, publisher, queue, channel } = await loggedScenario(kind, { mebibytes: 16 });
    const body = (i: number): string => `${i} `.padEnd(20_000, 'x');
    const taken: LogBatch[] = [];
    let published = 0;
    let rest: Uint8Array = new Uint8Array(0);
    while (rest.length === 0) {
      rest = publisher.offer(frames('q', [body(published++)]));
      const batch = engine.takeBatch();
      if (batch !== null) taken.push(batch);
      // Consumed at once: only the log holds it.
      engine.get(channel, queue, true);
      bench.serve();
      if (published > 5_000) throw new Error('nothing ever waits');
    }
    expect(publisher.stops).toEqual([Stop.MEMORY]);
    expect(confirms(publisher)).toEqual([]);
    const read = taken.flatMap((batch) => written(engine, batch).messages);
    expect(read.map((one) => one.body.toString())).toEqual(Array.from({ length: published - 1 }, (_, i) => body(i)));
    for (const batch of taken) engine.batchDone(batch);
    flush(engine);
    bench.serve();
    expect(confirms(publisher).at(-1)).toBe(published - 1);
    expect(publisher.offer(rest).length).toBe(0);
    expect(flush(engine).bodies).toEqual([body(published - 1)]);
    bench.serve();
    expect(confirms(publisher)).toEqual([published]);
  });

  test('without any memory a batch can be taken as long as none is under way', async () => {
    const bench = await Bench.open(kind, { mebibytes: 16 });
    bench.startLog();
    const engine = bench.engine();
    engine.recordDone(QUEUE, 0, 1);
    while (engine.createQueue() !== 0);
    for (let i = 0; i < 3; i++) {
      expect(flush(engine).done).toEqual([`${QUEUE}:${i}`]);
      engine.recordDone(QUEUE, i + 1, 1);
      expect(engine.gathers).toBe(true);
    }
  });

  test('what many clients publish and settle for long is what the log says, whatever memory is used anew', async () => {
    const { bench, engine, publisher, consumer } = await loggedScenario(kind, { mebibytes: 24 });
    consumer.consume(1, 'q', { prefetch: 50 });
    const waiting: LogBatch[] = [];
    const all = { bodies: [] as string[], taken: [] as string[], done: [] as string[] };
    let published = 0;
    let tag = 0;
    const confirmed: number[] = [];
    const readBack = (): void => {
      const batch = waiting.shift();
      if (batch === undefined) return;
      const { messages, facts } = written(engine, batch);
      all.bodies.push(...messages.map((one) => one.body.toString().trimEnd()));
      all.taken.push(...placesOf(facts.taken));
      all.done.push(...placesOf(facts.done));
      engine.batchDone(batch);
    };
    for (let round = 0; round < 300; round++) {
      const bodies = Array.from({ length: 20 }, () => `${published++}`.padEnd(round % 7 === 0 ? 4_000 : 100, ' '));
      let rest = publisher.offer(frames('q', bodies));
      for (let tries = 0; rest.length > 0; tries++) {
        if (tries > 20) throw new Error('no memory comes back');
        readBack();
        rest = publisher.offer(rest);
      }
      bench.serve();
      const delivered = consumer.received().flatMap((one) => (one.kind === 'delivery' ? [one.tag] : []));
      for (const one of delivered) {
        // Some come back once, and are settled at their next delivery.
        consumer.feed(one % 11 === 0 ? nack(1, one, false, true) : ack(1, one));
        tag = one;
      }
      const batch = engine.takeBatch();
      if (batch !== null) waiting.push(batch);
      if (waiting.length > 8) readBack();
      confirmed.push(...confirms(publisher));
    }
    for (;;) {
      bench.serve();
      const delivered = consumer.received().flatMap((one) => (one.kind === 'delivery' ? [one.tag] : []));
      if (delivered.length === 0) break;
      for (const one of delivered) consumer.feed(ack(1, one));
      tag = delivered.at(-1) ?? tag;
    }
    const last = engine.takeBatch();
    if (last !== null) waiting.push(last);
    while (waiting.length > 0) readBack();
    bench.serve();
    confirmed.push(...confirms(publisher));
    expect(all.bodies).toEqual(Array.from({ length: published }, (_, i) => `${i}`));
    expect(all.taken).toEqual(places(0, published));
    expect(all.done.length).toBe(published);
    expect(new Set(all.done).size).toBe(published);
    expect(confirmed.at(-1)).toBe(published);
    expect(tag).toBeGreaterThan(published);
  });
});

interface Unit {
  readonly flags: number;
  readonly position: number;
  readonly id: number;
}

function unitsOf(image: Buffer): Unit[] {
  const units: Unit[] = [];
  for (let at = 0; at < image.length; at += image.readUInt32LE(at)) {
    units.push({
      flags: image.readUInt32LE(at + 4),
      position: Number(image.readBigUInt64LE(at + 8)),
      id: Number(image.readBigUInt64LE(at + 16)),
    });
  }
  return units;
}

describe.each(ENGINES)('%s', (kind) => {
  test('messages that leave and come back keep their numbers and places in the log', async () => {
    const { bench, engine, publisher, consumer, queue } = await loggedScenario(kind, {
      mebibytes: 64,
      next: 2 ** 40,
    });
    const { coordinator } = bench;
    const slots = coordinator.slotsPerBlock;
    const shelf = new ImageShelf(coordinator);
    const long = 'y'.repeat(300_000);
    // Every fifth is transient, one is long: positions go on, numbers do not.
    const bodies = Array.from({ length: 4 * slots }, (_, i) => (i === slots + 1 ? `${i} ${long}` : `${i}`));
    const sent = bodies.map((body, i) => publish(1, 'q', text(body), i % 5 === 0 ? {} : { properties: PERSISTENT }));
    publisher.feed(Buffer.concat(sent));
    const persistent = bodies.map((_, i) => i).filter((i) => i % 5 !== 0);
    const { taken, ids } = flush(engine);
    expect(taken).toEqual(persistent.map((i) => `256:${2 ** 40 + i}`));
    while (shelf.out(queue, 0));
    const units = shelf
      .images(queue)
      .flatMap(unitsOf)
      .filter((unit) => (unit.flags & UnitFlag.LOGGED) !== 0);
    const away = persistent.filter((i) => i >= slots);
    expect(units.map((unit) => unit.position)).toEqual(away.map((i) => 2 ** 40 + i));
    expect(units.map((unit) => unit.id)).toEqual(away.map((i) => ids[persistent.indexOf(i)]));
    while (shelf.in(queue));
    consumer.consume(1, 'q');
    bench.serve();
    expect(consumer.bodies()).toEqual(bodies);
    consumer.feed(ack(1, 4 * slots, true));
    expect(flush(engine).done).toEqual(taken);
  });

  test('messages recovered with gaps between their positions are recorded as done where they stood', async () => {
    const { bench, engine, publisher, consumer, queue } = await loggedScenario(kind, { mebibytes: 64 });
    const { coordinator } = bench;
    const slots = coordinator.slotsPerBlock;
    const shelf = new ImageShelf(coordinator);
    publisher.feed(
      frames(
        'q',
        Array.from({ length: 4 * slots }, (_, i) => `${i}`),
      ),
    );
    flush(engine);
    shelf.out(queue, 0);
    const [image] = shelf.images(queue);
    if (image === undefined) throw new Error('nothing left');
    const recovered = bench.queue('recovered');
    coordinator.setSpilled(recovered, slots, 0);
    coordinator.setLogId(recovered, 1024, 50_000);
    const positions: number[] = [];
    for (let at = 0; at < image.length; at += image.readUInt32LE(at)) {
      positions.push(10_000 + positions.length * 3);
      image.writeBigUInt64LE(BigInt(positions.at(-1) ?? 0), at + 8);
      image.writeUInt32LE(image.readUInt32LE(at + 4) | UnitFlag.REDELIVERED, at + 4);
    }
    expect(coordinator.pageIn(recovered)).toBe(slots);
    const staging = coordinator.takeStaging();
    coordinator.bytes.set(image, staging);
    expect(coordinator.pageInTake(staging, image.length)).toBe(image.length);
    expect(coordinator.pageInEnd(true)).toBe(true);
    coordinator.giveStaging(staging);
    publisher.feed(frames('recovered', ['new']));
    expect(flush(engine).taken).toEqual(['1024:50000']);
    expect(coordinator.redeliveredRanges(recovered)).toMatchObject(
      positions.map((from) => ({ priority: 0, from, count: 1 })),
    );
    consumer.consume(1, 'recovered', { noAck: true });
    bench.serve();
    expect(flush(engine).done).toEqual([...positions, 50_000].map((position) => `1024:${position}`));
  });
});
