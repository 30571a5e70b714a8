/**
 * When a worker serves what it has read: at once, or all reads of a poll together.
 */
import { expect, test } from 'vitest';
import type { Engine } from '../../src/engine/engine.js';
import { EventLoop, type Peer } from '../../src/event-loop/event-loop.js';

/** A core that notes each time it serves. */
class Core {
  readonly bytes = new Uint8Array(1024);
  served = 0;
  /** Boxes that are left to be written, and the bytes of each. */
  boxes = 0;
  outputLength = 0;

  serve(): boolean {
    this.served += 1;
    return false;
  }

  nextOutput(): number {
    this.boxes -= 1;
    return this.boxes < 0 ? -1 : 0;
  }

  sleep(): boolean {
    return true;
  }

  wake(): void {}
  setTime(): void {}
}

const QUIET: Peer = { writeOutput: () => {} };

function worker(connections: number) {
  const core = new Core();
  const peers = new Map(Array.from({ length: connections }, (_, id) => [id, QUIET]));
  let written = 0;
  /** What chores do with a log: what several reads of a poll have brought is written together. */
  const eventLoop = new EventLoop(core as unknown as Engine, peers, (amidPoll) => {
    if (amidPoll) eventLoop.afterPoll();
    else written += 1;
    return 'done';
  });
  /**
   * A poll with so many reads; resolves to how often the core has served after each of them, and when the poll is over.
   */
  const poll = async (reads: number): Promise<number[]> => {
    core.served = 0;
    written = 0;
    const served: number[] = [];
    for (let read = 0; read < reads; read++) {
      eventLoop.beginRead();
      eventLoop.endRead();
      served.push(core.served);
    }
    await new Promise((resolve) => setImmediate(resolve));
    return [...served, core.served];
  };
  return { poll, written: () => written };
}

test('each read is served before the next one while few come at a time', async () => {
  const { poll } = worker(20);
  expect(await poll(2)).toEqual([1, 2, 3]);
  expect(await poll(3)).toEqual([1, 2, 3, 4]);
  expect(await poll(1)).toEqual([1, 2]);
});

test('after a poll with many reads those of the next one are served together', async () => {
  const { poll } = worker(20);
  expect(await poll(4)).toEqual([1, 2, 3, 4, 5]);
  expect(await poll(4)).toEqual([0, 0, 0, 0, 1]);
  expect(await poll(2)).toEqual([0, 0, 1]);
  expect(await poll(2)).toEqual([1, 2, 3]);
});

test('two connections are served at each read, however many come', async () => {
  const { poll } = worker(2);
  expect(await poll(5)).toEqual([1, 2, 3, 4, 5, 5]);
  expect(await poll(2)).toEqual([1, 2, 2]);
});

test('what the reads of a poll have brought is written to the log once, however they are served', async () => {
  const { poll, written } = worker(20);
  for (const reads of [3, 5, 5, 1]) {
    await poll(reads);
    expect(written()).toBe(1);
  }
});

test('a pass writes so many bytes of long messages, and leaves the rest for the passes that follow', () => {
  const core = new Core();
  const eventLoop = new EventLoop(core as unknown as Engine, new Map([[0, QUIET]]), () => 'done');
  core.boxes = 100;
  core.outputLength = 512 * 1024;
  expect(eventLoop.serveNow()).toBe(true);
  expect(core.boxes).toBe(84);
  while (eventLoop.serveNow());
  expect(core.boxes).toBeLessThanOrEqual(0);
});

test('a pass writes short boxes of many connections', () => {
  const core = new Core();
  const eventLoop = new EventLoop(core as unknown as Engine, new Map([[0, QUIET]]), () => 'done');
  core.boxes = 50;
  core.outputLength = 1024;
  expect(eventLoop.serveNow()).toBe(false);
});

test('what a read of one of two connections has brought is written at once', async () => {
  const { poll, written } = worker(2);
  await poll(3);
  expect(written()).toBe(3);
});
