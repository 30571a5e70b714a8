/**
 * Two workers, one queue: each publishes runs of so many messages and lets its own consumer take a batch, as quickly as
 * it can. Here: what one of the two does.
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
  together(gate, 1);
  // What is compiled while it runs is compiled then.
  play();
  together(gate, 2);
  return play();
}

/** Waits until all have come here, for the `times`th time; busily, so that they begin together. */
function together(gate: Int32Array, times: number): void {
  Atomics.add(gate, 0, 1);
  while (Atomics.load(gate, 0) < CONTENDERS * times);
}

function now(): number {
  return performance.timeOrigin + performance.now();
}
