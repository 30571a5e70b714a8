/**
 * A worker's durable messages, whole: what happens to queues goes in by name, and comes to rest in a log whose dead files are cleared away. For a
 * broker whose core counts what still counts, `Lane` and `Reclaimer` are enough; this is what they are together with a ledger of the host's.
 */
import { BatchBuilder, gaps, type Run, type StoredMessage } from './batch.js';
import { Lane, type LaneOptions } from './lane.js';
import { Ledger } from './ledger.js';
import type { LogDirectory } from './log-directory.js';
import { type Reclaimed, Reclaimer } from './reclaim.js';
import type { Recovered } from './recovery.js';
import type { Scanner } from './scan.js';

export interface Place {
  readonly queue: number;
  readonly position: number;
}

export interface Publication {
  readonly message: StoredMessage;
  readonly places: readonly Place[];
}

export interface MessageLogOptions extends Omit<LaneOptions, 'directory' | 'lane' | 'start' | 'files'> {
  readonly lane?: number;
  readonly scanner?: Scanner;
  /** Of the lanes that one thread writes together; else one is made from what was recovered. */
  readonly ledger?: Ledger;
  /** The lanes whose files this one clears away; all, if nothing is said. */
  readonly isOwn?: (lane: number) => boolean;
}

export class MessageLog {
  readonly lane: Lane;
  readonly ledger: Ledger;
  readonly reclaimer: Reclaimer;

  constructor(directory: LogDirectory, recovered: Recovered, options: MessageLogOptions = {}) {
    const { scanner, ledger, isOwn, lane = 0, ...rest } = options;
    const { files } = recovered;
    this.ledger = ledger ?? Ledger.from(recovered);
    this.lane = new Lane({ ...rest, directory, lane, start: recovered.start(lane), files });
    this.reclaimer = new Reclaimer({
      directory,
      lane: this.lane,
      files,
      liveness: this.ledger,
      ...(isOwn && { isOwn }),
      ...(scanner && { scanner }),
    });
  }

  /** Resolves when the messages are as durable as was asked for, all of them. `time`: ms since 1970. */
  publish(publications: readonly Publication[], time: number): Promise<void> {
    const batch = new BatchBuilder();
    const first = this.lane.takeMessageIds(publications.length);
    publications.forEach(({ message, places }, i) => {
      const before = batch.messageOctets;
      batch.message(first + i, message);
      this.ledger.add(first + i, batch.messageOctets - before, places);
    });
    for (const { queue, position, ids } of runsOf(publications, first)) batch.enqueue(queue, position, time, ids);
    return this.lane.append(batch, (file) => {
      for (let i = 0; i < publications.length; i++) this.ledger.placed(first + i, file);
    });
  }

  ack(queue: number, runs: readonly Run[]): Promise<void> {
    this.ledger.done(queue, runs);
    return this.#append((batch) => batch.ack(queue, runs));
  }

  delivered(queue: number, runs: readonly Run[]): Promise<void> {
    this.ledger.delivered(queue, runs);
    return this.#append((batch) => batch.delivered(queue, runs));
  }

  /** Everything below `below` is done, but `kept`, which consumers hold. */
  purged(queue: number, below: number, kept: readonly Run[]): Promise<void> {
    this.ledger.done(queue, gaps(below, kept));
    return this.#append((batch) => batch.purged(queue, below, kept));
  }

  deleted(queue: number): Promise<void> {
    this.ledger.deleted(queue);
    return this.#append((batch) => batch.deleted(queue));
  }

  /** Clears one dead or sparse file away; null: none is worth it. */
  reclaim(): Promise<Reclaimed> {
    return this.reclaimer.step();
  }

  close(): Promise<void> {
    return this.lane.close();
  }

  #append(fill: (batch: BatchBuilder) => void): Promise<void> {
    const batch = new BatchBuilder();
    fill(batch);
    return this.lane.append(batch);
  }
}

/** The places of some publications, those of a queue that follow one another together. */
function runsOf(
  publications: readonly Publication[],
  first: number,
): { queue: number; position: number; ids: number[] }[] {
  const runs: { queue: number; position: number; ids: number[] }[] = [];
  const open = new Map<number, { queue: number; position: number; ids: number[] }>();
  publications.forEach(({ places }, i) => {
    for (const { queue, position } of places) {
      const run = open.get(queue);
      if (run !== undefined && run.position + run.ids.length === position) {
        run.ids.push(first + i);
      } else {
        const fresh = { queue, position, ids: [first + i] };
        open.set(queue, fresh);
        runs.push(fresh);
      }
    }
  });
  return runs;
}
