/**
 * The queues in the core, with what is spilled of each: the coordinator makes, purges and deletes them through this,
 * and the spill works on the same list. What must hold: the sources of a queue give its spilled messages in their
 * order, from the next on; a purged or deleted queue has none.
 */
import type { QueueCore } from '../../broker/coordinator/coordinator.js';
import type { Counter, CounterList, Engine, Queue, QueueFeatures } from '../../engine/engine.js';
import type { SpilledSource } from '../../log/spill-source.js';
import { fatal } from '../../platform/fatal.js';
import type { SpillFiles, SpillImage } from './spill-files.js';

/** Where the next messages of a queue are: a portion in a spill file, or whatever recovery gives. */
export type Source = ImageSource | RecoveredSource;
export interface ImageSource {
  readonly image: SpillImage;
  readonly messages: number;
  /** Until then it cannot be read. */
  readonly written: Promise<void>;
}
export interface RecoveredSource {
  readonly recovered: SpilledSource;
  /** What it gives stays in memory, whatever comes behind it. */
  readonly stay: boolean;
  /** What it gave last; nothing: none was read. */
  portion: { readonly octets: number; readonly messages: number };
}

/** A queue, or one priority of it, as long as it exists. */
export interface LiveQueue {
  readonly queue: Queue;
  readonly life: Life;
}
interface Life {
  highestPriority: number;
  ended: boolean;
}

export class SpilledQueues implements QueueCore {
  readonly #engine: Engine;
  readonly #files: SpillFiles;
  readonly #queues = new Map<Queue, Life>();
  readonly #sources = new Map<Queue, Source[]>();
  readonly #logged = new Map<Queue, number>();
  /** The source that is being read; it is let go of by who reads it. */
  #reading: Source | null = null;

  constructor(engine: Engine, files: SpillFiles) {
    this.#engine = engine;
    this.#files = files;
  }

  /** All queues, and of those with priorities each that is in use. */
  *all(): Generator<LiveQueue> {
    for (const [root, life] of this.#queues) for (const queue of this.#priorities(root, life)) yield { queue, life };
  }

  *#priorities(queue: Queue, life: Life): Generator<Queue> {
    for (let priority = 0; priority <= life.highestPriority; priority++) {
      const one = this.#engine.priorityOf(queue, priority, false);
      if (one !== 0) yield one;
    }
  }

  /** Queues in the log, with their numbers. */
  get logged(): ReadonlyMap<Queue, number> {
    return this.#logged;
  }

  has(queue: Queue): boolean {
    return this.#queues.has(queue);
  }

  // ── What is spilled ─────────────────────────────────────────────────────────────────────────────────────────────

  sources(queue: Queue): readonly Source[] {
    return this.#sources.get(queue) ?? [];
  }

  /** More of a queue's messages are spilled, behind those that are. */
  append(queue: Queue, source: Source): void {
    const sources = this.#sources.get(queue);
    if (sources === undefined) this.#sources.set(queue, [source]);
    else sources.push(source);
  }

  /** Keeps a source until `finish`, or until another or none is held, whatever becomes of its queue. */
  hold(source: Source | null): void {
    this.#reading = source;
  }

  /** Whether a source is the one that the next messages of its queue come from. */
  isNext(queue: Queue, source: Source): boolean {
    return this.#sources.get(queue)?.[0] === source;
  }

  /** A source is read to its end, or nobody wants it any more. */
  finish(queue: Queue, source: Source): void {
    this.#reading = null;
    const sources = this.#sources.get(queue);
    if (sources?.[0] === source) {
      sources.shift();
      if (sources.length === 0) this.#sources.delete(queue);
    }
    this.#letGo(source);
  }

  #forget(queue: Queue): void {
    const life = this.#queues.get(queue);
    if (life === undefined) return;
    for (const one of this.#priorities(queue, life)) this.#forgetSources(one);
  }

  #forgetSources(one: Queue): void {
    for (const source of this.sources(one)) if (source !== this.#reading) this.#letGo(source);
    this.#sources.delete(one);
  }

  /** What was spilled goes at once, when nothing stands before it. */
  #forgetDropped(queue: Queue): void {
    const life = this.#queues.get(queue);
    if (life === undefined) return;
    for (const one of this.#priorities(queue, life)) if (this.#engine.spilledCount(one) === 0) this.#forgetSources(one);
  }

  #end(queue: Queue): void {
    this.#forget(queue);
    const life = this.#queues.get(queue);
    if (life !== undefined) life.ended = true;
    this.#queues.delete(queue);
    this.#logged.delete(queue);
  }

  #letGo(source: Source): void {
    if ('image' in source) source.written.then(() => this.#files.free(source.image)).catch(fatal);
    else source.recovered.drop();
  }

  // ── The coordinator's calls ────────────────────────────────────────────────────────────────────────────────────

  createQueue(): Queue {
    const queue = this.#engine.createQueue();
    if (queue !== 0) this.#queues.set(queue, { highestPriority: 0, ended: false });
    return queue;
  }
  purge(queue: Queue, most: number): number {
    const count = this.#engine.purge(queue, most);
    this.#forgetDropped(queue);
    return count;
  }
  retireQueue(queue: Queue): number {
    const count = this.#engine.retireQueue(queue);
    this.#end(queue);
    return count;
  }
  freeQueue(queue: Queue): void {
    this.#end(queue);
    this.#engine.freeQueue(queue);
  }
  setPaused(queue: Queue, paused: boolean): void {
    this.#engine.setPaused(queue, paused);
  }

  setFeatures(queue: Queue, features: QueueFeatures): boolean {
    const done = this.#engine.setFeatures(queue, features);
    const life = this.#queues.get(queue);
    if (done && life !== undefined && features.maxPriority > 0) life.highestPriority = features.maxPriority;
    return done;
  }
  setLogId(queue: Queue, id: number, nextPosition: number): void {
    this.#logged.set(queue, id);
    this.#engine.setLogId(queue, id, nextPosition);
  }
  setAside(bytes: number): boolean {
    return this.#engine.setAside(bytes);
  }
  lastGet(queue: Queue): number {
    return this.#engine.lastGet(queue);
  }
  isDrained(queue: Queue): boolean {
    return this.#engine.isDrained(queue);
  }

  readyCount(queue: Queue): number {
    return this.#engine.readyCount(queue);
  }
  count(counter: Counter, more: number): void {
    this.#engine.count(counter, more);
  }
  openCounters(list: CounterList): boolean {
    return this.#engine.openCounters(list);
  }
  closeCounters(list: CounterList): void {
    this.#engine.closeCounters(list);
  }
}
