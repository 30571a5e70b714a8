/**
 * A random life of durable queues on simulated files, which writes down what was promised at every moment, so that whatever a loss of power leaves
 * can be held against it. Lanes 1 and 2 are workers': what they tell comes to the main thread's part late, each in its own order.
 */

import { BatchBuilder } from '../../../dist/store/batch.js';
import { readCleanMark } from '../../../dist/store/clean-mark.js';
import type { Keeper } from '../../../dist/store/keeper.js';
import type { AbsentSource } from '../../../src/store/absent-source.js';
import type { LaneEvent } from '../../../src/store/log-files.js';
import type { RecoveryReport } from '../../../src/store/recovery.js';
import { ack, openKeeper, openLane, recover } from './logs.js';
import { readSource, type SeenEntry, storedMessage } from './messages.js';
import { type Call, type Random, type SimulatedDirectory, systemError } from './simulated.js';

interface Entry {
  readonly body: string;
  durable: boolean;
  /** It was given out and came back, and the log was told so when it was last ended. */
  delivered: boolean;
  done: 'no' | 'asked' | 'durable';
}

interface Queue {
  readonly entries: Map<number, Entry>;
  next: number;
  /** Not defined any more. */
  deleted: boolean;
  /** What it held when the log was opened, as far as nobody took it from there. */
  source: AbsentSource | null;
  /** Its next position then. */
  base: number;
}

/** What must hold of what a loss of power leaves. */
export type Promised = ReadonlyMap<number, Pick<Queue, 'entries' | 'deleted'>>;

/** A log that was read, and whether it was ended in order. */
export interface Found {
  readonly clean: boolean;
  readonly queues: ReadonlyMap<number, readonly SeenEntry[]>;
  readonly next: ReadonlyMap<number, number>;
  readonly report: RecoveryReport;
}

const WORKERS = 2;
const LEVELS = 256;

export async function find(directory: SimulatedDirectory, promised: Promised): Promise<Found> {
  const ends = await readCleanMark(directory);
  const clean = ends !== null;
  const recovered = await recover(directory, {
    clean,
    ...(ends && { ends }),
    exists: (id) => promised.get(id)?.deleted === false,
  });
  const queues = new Map<number, SeenEntry[]>();
  for (const { id, source } of recovered.queues) queues.set(id, await readSource(source));
  const next = new Map(recovered.queues.map((queue) => [queue.id, queue.next]));
  return { clean, queues, next, report: recovered.report };
}

export class Workload {
  readonly queues = new Map<number, Queue>();
  #keeper: Keeper | null = null;
  #lanes: ReturnType<typeof openLane>[] = [];
  /** What each lane has told and the main thread has not heard yet. */
  #told: LaneEvent[][] = [];
  #nextQueue = LEVELS;
  #nextBody = 0;
  #pending = new Set<Promise<void>>();

  constructor(
    readonly random: Random,
    /** How likely a write or sync fails. */
    readonly faults: number,
  ) {}

  /** Opens the log on what is in the directory; what came back, as `found` has it, is the truth from now on. */
  async start(directory: SimulatedDirectory, found: Found): Promise<void> {
    this.#keeper = await openKeeper(directory, {
      exists: (id) => this.queues.get(id)?.deleted === false,
      breaks: 3,
      askFence: (lane, fence) => (lane === 0 ? this.#open().lane : this.#lane(lane)).fence(fence),
    });
    for (const [id, queue] of this.queues) {
      if (queue.deleted) this.queues.delete(id);
      const seen = new Map((found.queues.get(id) ?? []).map((entry) => [entry.position, entry]));
      for (const [position, entry] of queue.entries) {
        const again = seen.get(position);
        if (again === undefined) queue.entries.delete(position);
        else Object.assign(entry, { durable: true, done: 'no', delivered: again.delivered });
      }
      const kept = this.#keeper.queues.find((one) => one.id === id);
      queue.next = kept?.next ?? 0;
      queue.source = kept?.source ?? null;
      queue.base = queue.next;
    }
    const starts = this.#keeper.lanesStart(WORKERS);
    this.#told = starts.map(() => []);
    this.#lanes = starts.map((start, worker) =>
      openLane(directory, {
        lane: worker + 1,
        start,
        fileOctets: 16 << 10,
        clock: () => 1000,
        calm: () => this.random() < 0.8,
        onEvent: (event) => this.#told[worker]?.push(event),
      }),
    );
  }

  /** May make a call of the directory fail. */
  disturb(call: Call): void {
    if ((call === 'write' || call === 'sync' || call === 'create') && this.random() < this.faults) {
      throw systemError(this.random() < 0.5 ? 'EIO' : 'ENOSPC');
    }
  }

  /** Does one thing, and waits for it or not. */
  async step(): Promise<void> {
    const chance = this.random();
    if (chance < 0.4) this.#publish();
    else if (chance < 0.7) this.#ack();
    else if (chance < 0.78) await this.#load();
    else if (chance < 0.8) this.#purge();
    else if (chance < 0.82) this.#delete();
    else if (chance < 0.9) this.#hear();
    else if (chance < 0.97) await this.#open().reclaim();
    else await this.idle();
    if (this.random() < 0.3) await this.idle();
  }

  /** Everything that was asked for is done. */
  async idle(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  /** Ends the log; what of the queues was given out before is told. */
  async close(): Promise<void> {
    await this.idle();
    for (const lane of this.#lanes) await lane.close().catch(() => undefined);
    this.#hearAll();
    const delivered = new Map<number, { from: number; count: number }[]>();
    for (const [id, { entries, deleted }] of this.queues) {
      const some = [...entries].filter(([, { done }]) => !deleted && done === 'no' && this.random() < 0.3);
      for (const [, entry] of some) entry.delivered = true;
      delivered.set(
        id,
        some.map(([from]) => ({ from, count: 1 })),
      );
    }
    const whole = this.#lanes.every(({ health }) => health.state === 'ok');
    await this.#open()
      .close(whole ? delivered : null)
      .catch(() => undefined);
  }

  /** Acknowledges all, then clears away whatever can be. */
  async drain(): Promise<void> {
    for (const [id, queue] of this.queues) {
      if (!queue.deleted && queue.source === null) this.#ackRun(id, queue, 0, queue.next);
    }
    await this.idle();
    this.#hearAll();
    // The first asks for fences that are heard before the second.
    for (let i = 0; i < 3; i++) {
      await this.#open().reclaim();
      this.#hearAll();
    }
  }

  /** What is promised now. */
  promised(): Promised {
    return new Map(
      [...this.queues].map(([id, { entries, deleted }]) => [
        id,
        { deleted, entries: new Map([...entries].map(([position, entry]) => [position, { ...entry }])) },
      ]),
    );
  }

  #publish(): void {
    const batch = new BatchBuilder();
    const lane = this.#anyLane();
    const count = 1 + Math.floor(this.random() * 4);
    const first = lane.takeMessageIds(count);
    const entries: Entry[] = [];
    for (let id = first; id < first + count; id++) {
      const body = `${this.#nextBody++}:${'x'.repeat(this.random() < 0.2 ? this.random() * 5000 : this.random() * 100)}`;
      batch.message(id, storedMessage(body));
      for (const queue of new Set(
        Array.from({ length: 1 + Math.floor(this.random() ** 3 * 3) }, () => this.#queue()),
      )) {
        const state = this.queues.get(queue) as Queue;
        // Some places are those of messages that are not logged.
        if (this.random() < 0.2) state.next += 1;
        const position = state.next++;
        const entry: Entry = { body, durable: false, delivered: false, done: 'no' };
        state.entries.set(position, entry);
        entries.push(entry);
        batch.enqueue(queue, position, 1000, [id]);
      }
    }
    this.#track(lane.append(batch), () => {
      for (const entry of entries) entry.durable = true;
    });
  }

  #ack(): void {
    const [id, queue, position] = this.#some();
    if (queue !== null) this.#ackRun(id, queue, position, 1 + Math.floor(this.random() ** 2 * 5));
  }

  /** Only of what is in memory. */
  #ackRun(id: number, queue: Queue, from: number, count: number): void {
    if (queue.source !== null) return;
    const batch = new BatchBuilder();
    const some: Entry[] = [];
    for (let position = from; position < Math.min(from + count, queue.next); position++) {
      const entry = queue.entries.get(position);
      if (entry === undefined || entry.done !== 'no') continue;
      some.push(entry);
      batch.ack(id, [{ from: position, count: 1 }]);
    }
    if (batch.octets > 0) this.#finish(some, this.#anyLane().append(batch));
  }

  #finish(entries: readonly Entry[], written: Promise<void>): void {
    for (const entry of entries) entry.done = 'asked';
    this.#track(written, () => {
      for (const entry of entries) entry.done = 'durable';
    });
  }

  /** Brings what is absent into memory: it must be what it was, wherever it was moved to meanwhile. */
  async #load(): Promise<void> {
    for (const [id, queue] of this.queues) {
      if (queue.source === null || queue.deleted || this.random() < 0.5) continue;
      const { source } = queue;
      const reading = readSource(source, 1 + Math.floor(this.random() * 5));
      if (this.random() < 0.5) await this.#open().reclaim();
      for (const { position, body } of await reading) {
        if (queue.entries.get(position)?.body !== body)
          throw new Error(`queue ${id} got another message at ${position}`);
      }
      queue.source = null;
    }
  }

  /** What is absent goes without having been in memory. */
  #purge(): void {
    const [id, queue] = this.#some();
    if (queue === null || queue.source === null) return;
    queue.source.drop();
    queue.source = null;
    const absent = [...queue.entries].filter(([position]) => position < queue.base).map(([, entry]) => entry);
    this.#finish(absent, ack(this.#open().lane, id, 0, queue.base));
  }

  #delete(): void {
    const [id, queue] = this.#some();
    if (queue === null) return;
    queue.deleted = true;
    queue.source?.drop();
    this.#open().deleted(id);
  }

  #hear(): void {
    for (const [worker, told] of this.#told.entries()) {
      for (const event of told.splice(0, Math.floor(this.random() * 20))) this.#open().heard(worker + 1, event);
    }
  }

  #hearAll(): void {
    for (const [worker, told] of this.#told.entries()) {
      for (const event of told.splice(0)) this.#open().heard(worker + 1, event);
    }
  }

  /** A queue that is defined, and a position that it once gave out. */
  #some(): [number, Queue, number] | [number, null, number] {
    const live = [...this.queues].filter(([, { deleted, next }]) => !deleted && next > 0);
    const [id, queue] = live[Math.floor(this.random() * live.length)] ?? [0, null];
    return queue === null ? [0, null, 0] : [id, queue, Math.floor(this.random() * queue.next)];
  }

  #queue(): number {
    const live = [...this.queues].filter(([, { deleted }]) => !deleted);
    if (live.length < 3) {
      const id = this.#nextQueue;
      this.#nextQueue += LEVELS;
      this.queues.set(id, { entries: new Map(), next: 0, deleted: false, source: null, base: 0 });
      return id;
    }
    return (live[Math.floor(this.random() * live.length)] as [number, Queue])[0];
  }

  #open(): Keeper {
    if (this.#keeper === null) throw new Error('the log is not open');
    return this.#keeper;
  }

  #lane(number: number): ReturnType<typeof openLane> {
    const lane = this.#lanes[number - 1];
    if (lane === undefined) throw new Error('there is no such lane');
    return lane;
  }

  #anyLane(): ReturnType<typeof openLane> {
    return this.#lane(1 + Math.floor(this.random() * WORKERS));
  }

  #track(promise: Promise<void>, done: () => void): void {
    const tracked = promise.then(done).finally(() => this.#pending.delete(tracked));
    this.#pending.add(tracked);
  }
}

/** What is wrong with what came back, if anything. */
export function broken(promised: Promised, found: Found, faults = 0): string | null {
  for (const [id, queue] of promised) {
    const entries = found.queues.get(id);
    if (queue.deleted && entries !== undefined) return `queue ${id} was deleted and is back`;
    if (queue.deleted) continue;
    let before = -1;
    for (const { position, body, delivered } of entries ?? []) {
      const entry = queue.entries.get(position);
      if (position <= before) return `queue ${id} has position ${position} after ${before}`;
      before = position;
      if (entry === undefined)
        return `queue ${id} has position ${position}, which nobody published or which was done long ago`;
      if (entry.body !== body) return `queue ${id} has another message at position ${position}`;
      if (entry.done === 'durable') return `queue ${id}: what was done at ${position} is back`;
      if (delivered !== (entry.delivered || !found.clean))
        return `queue ${id} says of ${position} that delivered is ${delivered}`;
    }
    const positions = new Set(entries?.map(({ position }) => position));
    for (const [position, entry] of queue.entries) {
      if (entry.durable && entry.done === 'no' && !positions.has(position))
        return `queue ${id} lost position ${position}`;
    }
    const next = found.next.get(id) ?? 0;
    if (next <= before) return `queue ${id} would give out position ${next} again`;
  }
  const { damaged, missing } = found.report;
  // What a failing device leaves of a file that was given up can look like anything, until the log is ended in order.
  if ((faults === 0 || found.clean) && damaged.some(({ kind }) => kind === 'corrupt'))
    return `an unfinished write was taken for damage: ${JSON.stringify(damaged)}`;
  if (missing.length > 0) return `batches were missed: ${JSON.stringify(missing)}`;
  return null;
}
