/**
 * Who touches memory first has it near: the system takes a page from the node of the CPU that first writes there. So each
 * worker must be the first to write to its segments. A machine with one node can show that, too, by the faults of threads.
 */
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { createSharedCore, openEngine } from '../../../dist/engine/open.js';
import { ENGINES } from '../support/bench.js';

const PAGE = 4096;
const READS = 80;
/** Octets of a read: 200 messages of 1000 octets, and what belongs to them. */
const READ = 200 * 1000;

const HUGE = '/sys/kernel/mm/transparent_hugepage/enabled';
/** Where the system makes huge pages by itself, one fault brings more than a page. */
const isCountable =
  existsSync('/proc/thread-self/stat') && !(existsSync(HUGE) && readFileSync(HUGE, 'latin1').includes('[always]'));

test.runIf(isCountable).each(ENGINES)(
  '%s: who publishes touches its segments first, nobody does before',
  async (kind) => {
    const shared = await createSharedCore(kind, 64 << 20, 2);
    const coordinator = await openEngine(shared, 2);
    const queue = coordinator.createQueue();
    const touched = async (participant: number, reads: number): Promise<number> => {
      const file = new URL('../support/first-touch.mjs', import.meta.url);
      const thread = new Worker(file, { workerData: { shared, participant, queue, reads } });
      const [faults] = (await once(thread, 'message')) as [number];
      await thread.terminate();
      return faults;
    };
    const pages = (READS * READ) / PAGE;
    expect(await touched(0, READS)).toBeGreaterThanOrEqual(pages);
    expect(await touched(1, 0)).toBeLessThan(pages / 10);
  },
);
