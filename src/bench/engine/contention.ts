/**
 * Two workers, one queue: each publishes runs of so many messages and lets its own consumer take a batch, as quickly as
 * it can. Here: what one of the two does. What must hold: it lets its consumer take messages until both are done, since
 * the last ones may have been left to it.
 */
import type { Queue, SharedCore } from '../../engine/engine.js';
import { openEngine } from '../../engine/open.js';
import { publishes } from './frames.js';
import { Stage } from './stage.js';

export const CONTENDERS = 2;

export interface Contest {
  readonly shared: SharedCore;
  readonly participant: number;
  readonly queue: Queue;
  /** Counts those who are ready. */
  readonly gate: Int32Array;
  /** Octets of a body. */
  readonly size: number;
  /** Messages in a read. */
  readonly run: number;
  /** Reads that each takes in. */
  readonly rounds: number;
}

/** Milliseconds since the epoch. */
export interface Span {
  readonly begin: number;
  readonly end: number;
}

export async function contend({ shared, participant, queue, gate, size, run, rounds }: Contest): Promise<Span> {
  const engine = await openEngine(shared, participant);
  const stage = new Stage(engine, [queue]);
  stage.consume(true);
  stage.load(publishes(run, size));
  const play = (): Span => {
    const begin = now();
    for (let round = 0; round < rounds; round++) {
      stage.ingest(stage.publisher);
      stage.deliver();
    }
    // A message may still be on its way to either consumer.
    while (engine.readyCount(queue) > 0) stage.deliver();
    return { begin, end: now() };
  };
  let times = 0;
  /** Waits until both have come here; busily, so that they go on together. */
  const together = (): void => {
    times++;
    Atomics.add(gate, 0, 1);
    while (Atomics.load(gate, 0) < CONTENDERS * times) stage.deliver();
  };
  together();
  // What is compiled while it runs is compiled then.
  play();
  together();
  const span = play();
  together();
  return span;
}

function now(): number {
  return performance.timeOrigin + performance.now();
}
