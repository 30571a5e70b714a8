/**
 * Who looks at a queue sees what is ready, in the order in which it will be given out, and changes nothing; who takes
 * messages out leaves the others where they stood.
 */
import { describe, expect, test } from 'vitest';
import type { BrowsedMessage } from '../../../src/engine/browsing.js';
import type { Engine, EngineKind, Queue } from '../../../src/engine/engine.js';
import { type Client, ENGINES } from '../support/bench.js';
import { headerOf, nack, properties, publish } from '../support/frames.js';
import { ImageShelf } from '../support/image-shelf.js';
import { featuredScenario, publishTexts, scenario, text } from '../support/scenario.js';

const SLOTS = 64;
const BODY_MAX = 512 * 1024;

/** All that is ready, but what is spilled; `onSpilled` brings that back. */
function browseAll(engine: Engine, queue: Queue, highest = 0, slots = SLOTS, onSpilled?: (one: Queue) => void) {
  const found: BrowsedMessage[] = [];
  for (let priority = highest; priority >= 0; priority--) {
    const one = engine.priorityOf(queue, priority, false);
    if (one === 0) continue;
    for (let from: number | null = null; ; ) {
      const portion = engine.browse(one, from, slots, BODY_MAX);
      found.push(...portion.messages);
      from = portion.next;
      if (portion.stop === 'end') break;
      if (portion.stop === 'spilled') onSpilled?.(one);
      else if (portion.stop !== 'more') throw new Error(portion.stop);
    }
  }
  return found;
}

const bodiesOf = (messages: readonly BrowsedMessage[]): string[] =>
  messages.map(({ body }) => Buffer.from(body).toString());

/** Takes out all that `wants` wants, and puts the rest back. */
function takeAll(engine: Engine, queue: Queue, wants: (body: string) => boolean, end = 0xffff): string[] {
  const taken: string[] = [];
  for (let from: number | null = null; ; ) {
    const one = engine.take(queue, from, end);
    if (one === 'end') return taken;
    if (one === 'again') continue;
    if (typeof one === 'string') throw new Error(one);
    const body = Buffer.from(engine.messageBody(one.message)).toString();
    if (wants(body)) {
      taken.push(body);
      engine.settleTaken(one);
    } else engine.putTakenBack(one);
    from = one.position + 1;
  }
}

/** Gets all that is left, with whether each was delivered before. */
function drain(client: Client, channel: number, queue: Queue, serve: () => void): { body: string; again: boolean }[] {
  while (client.engine.get(channel, queue, true)) serve();
  serve();
  return client
    .received()
    .flatMap((one) => (one.kind === 'got' ? [{ body: one.body.toString(), again: one.redelivered }] : []));
}

describe.each(ENGINES)('%s', (kind: EngineKind) => {
  test('who looks sees what is ready, and what is given out later is the same, not marked as redelivered', async () => {
    const { bench, publisher, consumer, channel, engine, queue } = await scenario(kind);
    const bodies = Array.from({ length: 3 * engine.slotsPerBlock }, (_, i) => `${i}`);
    publishTexts(publisher, ...bodies);
    for (let i = 0; i < 3; i++) {
      const found = browseAll(engine, queue);
      expect(bodiesOf(found)).toEqual(bodies);
      expect(found.map(({ position }) => position)).toEqual(bodies.map(Number));
      expect(found.some(({ redelivered }) => redelivered)).toBe(false);
    }
    expect(drain(consumer, channel, queue, () => bench.serve())).toEqual(
      bodies.map((body) => ({ body, again: false })),
    );
    expect(browseAll(engine, queue)).toEqual([]);
  });

  test('key, properties, size, age and the beginning of a long body are those of the message', async () => {
    const { bench, publisher, engine, queue } = await scenario(kind);
    bench.setTime(1_234);
    const long = Buffer.alloc(400_000, 'x').fill('y', 300_000);
    publisher.feed(publish(1, 'q', long, { properties: properties({ priority: 3 }) }));
    const [whole] = engine.browse(queue, null, SLOTS, BODY_MAX).messages;
    expect(Buffer.from(whole?.body ?? []).equals(long)).toBe(true);
    const [part] = engine.browse(queue, null, SLOTS, 300_001).messages;
    expect(Buffer.from(part?.body ?? []).equals(long.subarray(0, 300_001))).toBe(true);
    expect(part?.bodySize).toBe(long.length);
    expect(part?.arrival).toBe(1_234);
    expect(Buffer.from(part?.key ?? []).toString()).toBe('\0\u0001q');
    expect(Buffer.from(part?.header ?? []).equals(headerOf(long.length, properties({ priority: 3 })))).toBe(true);
  });

  test('what was requeued stands where it was, marked, before what nobody has seen', async () => {
    const { bench, publisher, consumer, engine, queue } = await scenario(kind);
    publishTexts(publisher, 'a', 'b', 'c', 'd', 'e');
    consumer.consume(1, 'q', { prefetch: 3 });
    bench.serve();
    expect(consumer.bodies()).toEqual(['a', 'b', 'c']);
    expect(bodiesOf(browseAll(engine, queue))).toEqual(['d', 'e']);
    consumer.close();
    const found = browseAll(engine, queue);
    expect(bodiesOf(found)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(found.map(({ redelivered }) => redelivered)).toEqual([true, true, true, false, false]);
  });

  test('the highest priority comes first', async () => {
    const { publisher, engine, queue } = await featuredScenario(kind, { maxPriority: 5 });
    for (const priority of [1, 5, 3, 5, 0])
      publisher.feed(publish(1, 'q', text(`${priority}`), { properties: properties({ priority }) }));
    expect(bodiesOf(browseAll(engine, queue, 5))).toEqual(['5', '5', '3', '1', '0']);
  });

  test('what is taken out is gone, and what is put back stands where it was, as if nobody had seen it', async () => {
    const { bench, publisher, consumer, channel, engine, queue } = await scenario(kind);
    const bodies = Array.from({ length: 2 * engine.slotsPerBlock + 10 }, (_, i) => `${i}`);
    publishTexts(publisher, ...bodies);
    const isWanted = (body: string): boolean => Number(body) % 3 === 0;
    expect(takeAll(engine, queue, isWanted)).toEqual(bodies.filter(isWanted));
    const rest = bodies.filter((body) => !isWanted(body));
    expect(engine.readyCount(queue)).toBe(rest.length);
    expect(bodiesOf(browseAll(engine, queue))).toEqual(rest);
    const also = (body: string): boolean => Number(body) % 3 === 1;
    expect(takeAll(engine, queue, also)).toEqual(rest.filter(also));
    publishTexts(publisher, 'new');
    expect(drain(consumer, channel, queue, () => bench.serve())).toEqual(
      [...rest.filter((body) => !also(body)), 'new'].map((body) => ({ body, again: false })),
    );
  });

  test('nothing is taken out that stands behind the given end', async () => {
    const { publisher, engine, queue } = await scenario(kind);
    publishTexts(publisher, 'a', 'b', 'c');
    expect(takeAll(engine, queue, () => true, 2)).toEqual(['a', 'b']);
    expect(bodiesOf(browseAll(engine, queue))).toEqual(['c']);
  });

  test('what is too old dies instead of being taken out', async () => {
    const { bench, publisher, engine, queue } = await featuredScenario(kind, { ttl: 100, deadLetters: true });
    publishTexts(publisher, 'a', 'b');
    bench.setTime(1_000_050);
    publishTexts(publisher, 'c');
    bench.setTime(1_000_110);
    expect(takeAll(engine, queue, () => true)).toEqual(['c']);
    expect(bench.dead().map(({ body }) => body)).toEqual(['a', 'b']);
  });

  test('what is about to leave memory, or has left, stops who looks; it is seen when it is back', async () => {
    const { bench, publisher, engine, queue } = await scenario(kind, 64);
    const shelf = new ImageShelf(bench.coordinator);
    const slots = engine.slotsPerBlock;
    const bodies = Array.from({ length: 6 * slots + 7 }, (_, i) => `${i}`);
    publishTexts(publisher, ...bodies);
    const seenMeanwhile: string[] = [];
    shelf.out(queue, 0, () => seenMeanwhile.push(engine.browse(queue, slots, SLOTS, BODY_MAX).stop));
    expect(new Set(seenMeanwhile)).toEqual(new Set(['spilled']));
    while (shelf.out(queue, 0));
    const portion = engine.browse(queue, null, 10_000, BODY_MAX);
    expect(portion.stop).toBe('spilled');
    expect(portion.next).toBe(slots);
    expect(bodiesOf(portion.messages)).toEqual(bodies.slice(0, slots));
    // Behind what is spilled.
    expect(bodiesOf(engine.browse(queue, 6 * slots, SLOTS, BODY_MAX).messages)).toEqual(bodies.slice(6 * slots));
    expect(engine.browse(queue, 4 * slots + 5, SLOTS, BODY_MAX)).toMatchObject({
      stop: 'spilled',
      next: 4 * slots + 5,
    });
    const found = browseAll(engine, queue, 0, SLOTS, () => shelf.in(queue));
    expect(bodiesOf(found)).toEqual(bodies);
  });

  test('whatever happens to a queue, who looks sees what is then given out', async () => {
    const seed = Number(process.env.LEVERET_SEED ?? Math.floor(Math.random() * 2 ** 31));
    console.info(`browsing: repeat with LEVERET_SEED=${seed}`);
    let state = seed;
    const random = (below: number): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    for (let life = 0; life < 4; life++) {
      const highest = life % 2 === 0 ? 3 : 0;
      const { bench, publisher, consumer, channel, engine, queue } = await scenario(kind, 64, { maxPriority: highest });
      const shelf = new ImageShelf(bench.coordinator);
      let published = 0;
      const held: number[] = [];
      for (let step = 0; step < 100; step++) {
        switch (random(7)) {
          case 0:
          case 1: {
            const frames = Array.from({ length: 1 + random(300) }, () => {
              published += 1;
              return publish(1, 'q', text(`${published}`), {
                properties: properties({ priority: random(highest + 1) }),
              });
            });
            publisher.feed(Buffer.concat(frames));
            break;
          }
          case 2:
            for (let i = random(200); i > 0 && engine.get(channel, queue, false); i--)
              held.push(engine.lastTag(channel));
            bench.serve();
            consumer.received();
            break;
          case 3:
            for (let i = random(150); i > 0 && held.length > 0; i--) {
              const [tag] = held.splice(random(held.length), 1);
              consumer.feed(nack(1, tag as number, false, random(2) === 0));
            }
            break;
          case 4: {
            const one = engine.priorityOf(queue, random(highest + 1), false);
            if (one !== 0) shelf.out(one, -1, undefined, { least: 0, most: 1 + random(100_000) });
            break;
          }
          case 5: {
            const one = engine.priorityOf(queue, random(highest + 1), false);
            if (one !== 0) shelf.in(one);
            break;
          }
          default: {
            const spilled = bench.coordinator;
            let isAway = false;
            for (let priority = 0; priority <= highest; priority++) {
              const one = engine.priorityOf(queue, priority, false);
              if (one === 0) continue;
              isAway ||= spilled.spilledCount(one) > 0;
              if (isAway) continue;
              const modulus = 2 + random(5);
              const before = bodiesOf(browseAll(engine, one, 0, 1 + random(500)));
              const taken = takeAll(engine, one, (body) => Number(body) % modulus === 0, 0x7fff);
              expect(taken).toEqual(before.filter((body) => Number(body) % modulus === 0));
              const gone = new Set(taken);
              expect(bodiesOf(browseAll(engine, one))).toEqual(before.filter((body) => !gone.has(body)));
            }
          }
        }
        if (random(10) > 0) continue;
        const found = browseAll(engine, queue, highest, 1 + random(400), (one) => expect(shelf.in(one)).toBe(true));
        expect(found.length).toBe(engine.readyCount(queue));
        expect(new Set(bodiesOf(found)).size).toBe(found.length);
      }
      const found = browseAll(engine, queue, highest, SLOTS, (one) => expect(shelf.in(one)).toBe(true));
      expect(drain(consumer, channel, queue, () => bench.serve())).toEqual(
        found.map(({ body, redelivered }) => ({ body: Buffer.from(body).toString(), again: redelivered })),
      );
      expect(browseAll(engine, queue, highest)).toEqual([]);
    }
  });
});
