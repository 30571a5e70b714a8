/** What samples cost, whom they are taken of, and what they add up to. */
import { describe, expect, it } from 'vitest';
import type { ExchangeEntry, QueueEntry } from '../../../src/broker/topology/topology-entries.js';
import { type Counter, QueueCounter } from '../../../src/engine/engine.js';
import { QUEUE_SERIES } from '../../../src/management/statistics/message-stats.js';
import { Sampler, VHOST_READY } from '../../../src/management/statistics/sampler.js';

const PUBLISHED = QUEUE_SERIES.indexOf(QueueCounter.ENQUEUED);

/** A broker of one vhost whose queues have been published to so often. */
function stage() {
  const published = new Map<QueueEntry, number>();
  const exchanges = new Set<ExchangeEntry>();
  /** By the numbers of their lists. */
  const publishedTo = new Map<number, number>();
  let lastRef = 0;
  const queue = (name: string): QueueEntry => {
    lastRef += 1;
    const entry = { kind: 'queue', name, ref: lastRef } as QueueEntry;
    published.set(entry, 0);
    return entry;
  };
  const countOf = (ref: number): number => [...published].find(([entry]) => entry.ref === ref)?.[1] ?? 0;
  const engine = {
    readyCount: countOf,
    countedAt: (ref: number, counter: Counter) => (counter === QueueCounter.ENQUEUED ? countOf(ref) : 0),
    counted: () => 0,
    countedIn: (list: number) => publishedTo.get(list) ?? 0,
  };
  const exchange = (list: number): ExchangeEntry => {
    const entry = { kind: 'exchange', counters: list } as ExchangeEntry;
    exchanges.add(entry);
    return entry;
  };
  const view = {
    vhosts: () => ['/'],
    queuesIn: () => published.keys(),
    exchangesIn: () => exchanges,
    countersOf: () => 0,
  };
  return { published, queue, exchanges, exchange, publishedTo, sampler: new Sampler(view, engine) };
}

describe('samples', () => {
  it('take at most 2 KiB of a queue, and nothing of one that nobody has used', async () => {
    const { sampler, queue, published } = stage();
    const [used, unused] = [queue('used'), queue('unused')];
    published.set(used, 1);
    await sampler.sample();
    expect(sampler.ofQueues.octets).toBeLessThan(2048 - 100);
    expect(sampler.queue(used)).toBeDefined();
    expect(sampler.queue(unused)).toBeUndefined();
    published.set(unused, 1);
    await sampler.sample();
    expect(sampler.queue(unused)).toBeDefined();
  });

  it('of a vhost do not fall when a queue goes, whose place another takes', async () => {
    const { sampler, queue, published } = stage();
    const [first, second] = [queue('first'), queue('second')];
    published.set(first, 10).set(second, 5);
    const ofVhost = (series: number): number => sampler.ofVhosts.lastOf(sampler.vhost('/')?.place ?? -1, series);
    await sampler.sample();
    expect([ofVhost(PUBLISHED), ofVhost(VHOST_READY)]).toEqual([15, 15]);
    published.delete(first);
    published.set(second, 7);
    await sampler.sample();
    expect([ofVhost(PUBLISHED), ofVhost(VHOST_READY)]).toEqual([17, 7]);
    expect(sampler.queue(first)).toBeUndefined();
    const third = queue('third');
    published.set(third, 1);
    await sampler.sample();
    expect(sampler.ofQueues.grownBy(sampler.queue(third)?.place ?? -1, PUBLISHED, 3)).toBe(1);
    expect([ofVhost(PUBLISHED), ofVhost(VHOST_READY)]).toEqual([18, 8]);
  });

  it('take no memory for queues that are gone', async () => {
    const { sampler, queue, published } = stage();
    const stays = queue('stays');
    published.set(stays, 1);
    await sampler.sample();
    const before = sampler.octets;
    for (let round = 0; round < 3; round++) {
      const some = Array.from({ length: 200 }, (_, index) => queue(`${round}/${index}`));
      for (const one of some) published.set(one, 1);
      await sampler.sample();
      expect(sampler.octets).toBeGreaterThan(before);
      for (const one of some) published.delete(one);
      await sampler.sample();
      // Room for a few others is kept.
      expect(sampler.octets).toBeLessThanOrEqual(before + 64 * sampler.ofQueues.octets);
    }
    expect(sampler.ofQueues.lastOf(sampler.queue(stays)?.place ?? -1, PUBLISHED)).toBe(1);
  });

  it('of many queues leave others their turn', async () => {
    const { sampler, queue } = stage();
    for (let i = 0; i < 5000; i++) queue(`queue ${i}`);
    let turns = 0;
    let isOver = false;
    const turn = (): void => {
      turns += 1;
      if (!isOver) setImmediate(turn);
    };
    setImmediate(turn);
    await sampler.sample();
    isOver = true;
    expect(turns).toBeGreaterThan(1);
  });
});
