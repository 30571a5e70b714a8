/**
 * Publishers that all have their positions in one queue and have linked no block yet: whoever goes on first links for
 * the others, too.
 */
import { expect, test } from 'vitest';
import { Stop } from '../../src/engine/engine.js';
import type { Client } from '../engine/support/bench.js';
import { publish } from '../engine/support/frames.js';
import { text } from '../engine/support/scenario.js';
import { openStage, type Player, type Stage } from './support/stage.js';

const WORKERS = 5;
/** Messages of a longest run. */
const RUN = 256;
/** More pages than a run asks for, and the one that waits behind it. */
const PAGES_ENOUGH = 20;

/** A run of messages of one publisher, in one read. */
function runOf(name: string): Buffer {
  return Buffer.concat(bodiesOf(name).map((body) => publish(1, 'q', text(body))));
}

function bodiesOf(name: string): string[] {
  return Array.from({ length: RUN }, (_, i) => `${name}${i}`);
}

/** Takes all segments; what they were for is given back by the function that it returns. */
function takeSegments({ engine }: Player): () => void {
  const taken: number[] = [];
  for (let segment = engine.takeStaging(); segment !== 0; segment = engine.takeStaging()) taken.push(segment);
  return () => {
    for (const segment of taken) engine.giveStaging(segment);
  };
}

/** Takes all pages that a worker has left; gives one back each time that the function which it returns is called. */
function takePages({ engine }: Player): () => void {
  const pages: number[] = [];
  for (let page = engine.openConnection(1_000, 0); page !== 0; page = engine.openConnection(1_000, 0)) pages.push(page);
  const last = pages.pop() ?? 0;
  // Cells that are left of the last page.
  for (let number = 1; engine.openChannel(last, number) !== 0; number++);
  return () => engine.closeConnection(pages.pop() ?? 0);
}

/** A queue of which the next message fills the first block, and a publisher of each worker that knows the way to it. */
function almostFull({ bench, workers, coordinator }: Stage): { queue: number; publishers: Client[] } {
  const publishers = workers.map((_, worker) => {
    const publisher = bench.client(worker);
    publisher.open(1);
    return publisher;
  });
  const queue = bench.queue('q');
  const missing = coordinator.engine.slotsPerBlock - 1;
  // In turn, so that each has room for messages, for those to a long queue too.
  for (let i = 0; i < missing; i++) publishers[i % WORKERS]?.feed(publish(1, 'q', text('known')));
  return { queue, publishers };
}

test('a publisher takes no positions before it has pages for all that others may have left to it', async () => {
  const stage = await openStage({ workers: WORKERS });
  const { bench, workers, coordinator } = stage;
  const { queue, publishers } = almostFull(stage);
  const before = coordinator.engine.readyCount(queue);
  const giveSegments = takeSegments(coordinator);
  const [last, lastPublisher] = [workers.at(-1), publishers.at(-1)] as [Player, Client];
  const givePage = takePages(last);
  const names = ['a', 'b', 'c', 'd'];
  for (const [i, name] of names.entries()) {
    workers[i]?.beginRead(publishers[i] as Client, runOf(name)).until('POSITIONS_RESERVED');
  }

  // With one page more each time, until it dares to.
  let rest: Uint8Array = runOf('e');
  for (let pages = 0; coordinator.engine.readyCount(queue) < before + WORKERS * RUN; pages++) {
    expect(pages).toBeLessThan(PAGES_ENOUGH);
    rest = lastPublisher.offer(rest);
    givePage();
  }
  for (const [i] of names.entries()) expect(workers[i]?.finish()).toBe(Stop.END);

  giveSegments();
  const consumer = bench.client(0);
  consumer.consume(1, 'q', { noAck: true });
  bench.serve();
  expect(consumer.bodies().slice(before)).toEqual([...names, 'e'].flatMap(bodiesOf));
});
