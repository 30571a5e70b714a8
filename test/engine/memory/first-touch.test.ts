/**
 * Who touches memory first has it near: the system takes a page from the node of the CPU that first writes there. So each
 * worker must be the first to write to its segments. A machine with one node can show that, too, by the faults of threads.
 */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
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
    const program = fileURLToPath(new URL('../support/first-touch.mjs', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [program, kind, String(READS)]);
    const [publisher, onlooker] = JSON.parse(stdout) as [number, number];
    const pages = (READS * READ) / PAGE;
    expect(publisher).toBeGreaterThanOrEqual(pages);
    expect(onlooker).toBeLessThan(pages / 10);
  },
);
