/**
 * Who looks at a message while somebody claims it, settles it, requeues it, sends it away, purges or deletes its queue:
 * a copy is shown if the queue held the message all the time, and is thrown away otherwise.
 */
import { expect, test } from 'vitest';
import type { BrowsedPortion } from '../../src/engine/browsing.js';
import { nack, publish } from '../engine/support/frames.js';
import { text } from '../engine/support/scenario.js';
import { openStage, type Player } from './support/stage.js';

const BODY_MAX = 512 * 1024;
/** As a margin: right behind the first message; what leaves: whatever is there. */
const AT_HEAD = -1;

async function threeMessages(bodies = ['a', 'b', 'c']) {
  const { bench, workers, coordinator } = await openStage({ workers: 2 });
  const [looker, other] = workers as [Player, Player];
  const queue = bench.queue('q');
  bench.queue('other');
  const publisher = bench.client(1);
  publisher.open(1);
  for (const body of bodies) publisher.feed(publish(1, 'q', text(body)));
  const consumer = bench.client(1);
  const channel = consumer.open(1);
  return {
    bench,
    looker,
    other,
    coordinator,
    queue,
    publisher,
    consumer,
    channel,
    take: (noAck = true): void => {
      expect(other.engine.get(channel, queue, noAck)).toBe(true);
      bench.serve(1);
    },
    /** Fills the segments that come free. */
    overwrite: (): void => {
      for (let i = 0; i < 40; i++) publisher.feed(publish(1, 'other', Buffer.alloc(100_000, 'z')));
    },
  };
}

const bodiesOf = (portion: unknown): string[] =>
  (portion as BrowsedPortion).messages.map(({ body }) => Buffer.from(body).toString());

test('a message that is claimed and settled while it is copied is not shown', async () => {
  const { looker, queue, take, overwrite } = await threeMessages();
  looker.begin('browse', queue, null, 100, BODY_MAX).until('BROWSE_COPIED');
  take();
  overwrite();
  expect(bodiesOf(looker.finish())).toEqual(['b', 'c']);
});

test('a message that is claimed between the look at its slot and the look at itself is not shown', async () => {
  const { looker, queue, take, overwrite } = await threeMessages();
  looker.begin('browse', queue, null, 100, BODY_MAX).until('BROWSE_FOUND', 2);
  take();
  take();
  overwrite();
  expect(bodiesOf(looker.finish())).toEqual(['a', 'c']);
});

test('a message of many pieces that goes amid its copy is not shown, and no piece of it is followed', async () => {
  const { looker, queue, take, overwrite } = await threeMessages(['x'.repeat(400_000), 'b']);
  looker.begin('browse', queue, null, 100, BODY_MAX).until('BROWSE_FOUND');
  take();
  overwrite();
  expect(bodiesOf(looker.finish())).toEqual(['b']);
});

test('a message that is claimed and requeued while it is copied as a requeued one is shown', async () => {
  const { looker, queue, take, consumer } = await threeMessages();
  take(false);
  consumer.feed(nack(1, 1, false, true));
  looker.begin('browse', queue, null, 100, BODY_MAX).until('BROWSE_COPIED');
  take(false);
  consumer.feed(nack(1, 2, false, true));
  expect(bodiesOf(looker.finish())).toEqual(['a', 'b', 'c']);
});

test('a requeued message that is taken and settled while it is copied is not shown', async () => {
  const { looker, queue, take, consumer, overwrite } = await threeMessages();
  take(false);
  consumer.feed(nack(1, 1, false, true));
  looker.begin('browse', queue, null, 100, BODY_MAX).until('BROWSE_COPIED');
  take(true);
  overwrite();
  expect(bodiesOf(looker.finish())).toEqual(['b', 'c']);
});

test('a queue that is purged and freed while it is looked at shows what was not gone', async () => {
  const { looker, coordinator, queue, overwrite } = await threeMessages();
  looker.begin('browse', queue, null, 100, BODY_MAX).until('BROWSE_COPIED', 2);
  expect(coordinator.engine.purge(queue)).toBe(3);
  overwrite();
  expect(bodiesOf(looker.finish())).toEqual(['a']);
});

test('a block that is done while somebody looks at it is not used again before he has left', async () => {
  const { bench, looker, other, coordinator, queue, publisher, channel } = await threeMessages([]);
  const slots = coordinator.engine.slotsPerBlock;
  for (let i = 0; i < slots + 1; i++) publisher.feed(publish(1, 'q', text(`${i}`)));
  looker.begin('browse', queue, null, 2 * slots, BODY_MAX).until('BROWSE_FOUND', 10);
  for (let i = 0; i < slots; i++) expect(other.engine.get(channel, queue, true)).toBe(true);
  bench.serve(1);
  // As many blocks as there are pages that came free.
  for (let i = 0; i < 20; i++) other.engine.createQueue();
  expect(bodiesOf(looker.finish())).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', `${slots}`]);
});

test('a message that leaves memory while it is copied is not shown as it is there: who looks is told that it is spilled', async () => {
  const { looker, coordinator, queue, publisher } = await threeMessages([]);
  const { engine } = coordinator;
  const slots = engine.slotsPerBlock;
  for (let i = 0; i < 4 * slots; i++) publisher.feed(publish(1, 'q', text(`${i}`)));
  looker.begin('browse', queue, 2 * slots, 10, BODY_MAX).until('BROWSE_COPIED');
  expect(engine.pageOut(queue, 1, 0, 1e6)).toBeGreaterThan(0);
  const staging = engine.takeStaging();
  while (engine.pageOutFill(staging, engine.stagingBytes) > 0);
  expect(engine.pageOutEnd(true)).toBe(true);
  expect(looker.finish()).toMatchObject({ messages: [], stop: 'spilled', next: 2 * slots });
});

test('a message that has left memory and is back in its slot by then is looked at anew', async () => {
  const { looker, coordinator, queue, publisher, overwrite } = await threeMessages([]);
  const { engine } = coordinator;
  const slots = engine.slotsPerBlock;
  for (let i = 0; i < 4 * slots; i++) publisher.feed(publish(1, 'q', text(`${i}`)));
  looker.begin('browse', queue, 2 * slots, 2, BODY_MAX).until('BROWSE_COPIED');
  const octets = engine.pageOut(queue, 1, 0, 1e6);
  const staging = engine.takeStaging();
  expect(engine.pageOutFill(staging, engine.stagingBytes)).toBe(octets);
  expect(engine.pageOutEnd(true)).toBe(true);
  overwrite();
  expect(engine.pageIn(queue)).toBe(slots);
  expect(engine.pageInTake(staging, octets)).toBe(octets);
  expect(engine.pageInEnd(true)).toBe(true);
  expect(bodiesOf(looker.finish())).toEqual([`${2 * slots}`]);
});

test('the first message of a queue, which is copied elsewhere while others leave, is looked at anew', async () => {
  const { looker, coordinator, queue, overwrite } = await threeMessages(['a', 'b', 'c', 'd']);
  const { engine } = coordinator;
  looker.begin('browse', queue, null, 2, BODY_MAX).until('BROWSE_FOUND');
  let octets = engine.pageOut(queue, AT_HEAD, 0, 1e6);
  expect(octets).toBe(-1);
  // Who looks is inside: nothing of the head's block leaves before he is out.
  expect(bodiesOf(looker.finish())).toEqual([]);
  octets = engine.pageOut(queue, AT_HEAD, 0, 1e6);
  expect(octets).toBeGreaterThan(0);
  overwrite();
  expect(engine.pageOutEnd(false)).toBe(false);
  expect(bodiesOf(looker.engine.browse(queue, null, 100, BODY_MAX))).toEqual(['a', 'b', 'c', 'd']);
});

test('a message that is taken out while a cursor has seen it is the one’s or the other’s', async () => {
  const { bench, looker, other, queue, channel, consumer } = await threeMessages();
  other.begin('get', channel, queue, true).until('CLAIM_SCANNED');
  const taken = looker.engine.take(queue, null, 3);
  expect(taken).toMatchObject({ position: 0 });
  expect(other.finish()).toBe(true);
  bench.serve(1);
  expect(consumer.bodies()).toEqual(['b']);
  if (typeof taken !== 'string') looker.engine.putTakenBack(taken);
  expect(other.engine.get(channel, queue, true)).toBe(true);
  bench.serve(1);
  expect(consumer.received()).toMatchObject([{ redelivered: false }]);
});

test('of what others have claimed while one is taken out nothing is taken behind the end', async () => {
  const { looker, queue, take } = await threeMessages();
  looker.begin('take', queue, null, 1).until('CLAIM_SCANNED');
  take();
  expect(looker.finish()).toBe('end');
  expect(bodiesOf(looker.engine.browse(queue, null, 100, BODY_MAX))).toEqual(['b', 'c']);
});
