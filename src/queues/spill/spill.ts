/**
 * This folder is for spill: messages that leave memory for the disk and come back. What composes the broker
 * imports it, and nothing else.
 *
 * When memory is scarce, messages of the deepest queues go to spill files, from near the head on; when consumers come
 * near them, or to them, they come back. At last each queue keeps but its first message. Publishers are slowed by what
 * they take: they stop when no segment is free, and go on with each that a portion has left. What must hold: a queue
 * whose first messages have just come back keeps them for a while, so that whoever asked for them finds them.
 */
import type { Engine, Queue } from '../../engine/engine.js';
import { PAGE_OUT_AT_HEAD } from '../../engine/spill.js';
import type { SpilledSource } from '../../log/spill-source.js';
import { fatal, isOfSystem } from '../../platform/fatal.js';
import { PageIn } from './page-in.js';
import { PageOut, type Stage } from './page-out.js';
import { FAILED_MS, Retries } from './retry.js';
import type { SpillFiles } from './spill-files.js';
import type { LiveQueue, SpilledQueues } from './spilled-queues.js';

/** Share of the memory below which messages leave, and up to which they do. The core rings at a third. */
const SCARCE = 1 / 3;
const ENOUGH = 0.4;
/**
 * Blocks behind the head that stay, if enough others can leave. What does not reach the end of a block leaves only if
 * it is worth it.
 */
const STAGES: readonly Stage[] = [
  { margin: 16, least: 256 << 10 },
  { margin: 4, least: 256 << 10 },
  { margin: 1, least: 256 << 10 },
  { margin: PAGE_OUT_AT_HEAD, least: 4 << 10 },
];
/** Portions that one queue gets before the next has its turn. */
const BATCH_PORTIONS = 8;
/** So long messages stay that were brought back to the head of a queue. */
const RECENT_MS = 1_000;
/** When memory is looked for again (ms), if that takes no more than a quarter of the time. */
const NOTHING_LEFT_MS = 10;
const LOOK_SHARE = 4;

/** A queue's messages, when they were counted. */
interface Depth {
  readonly live: LiveQueue;
  readonly ready: number;
  readonly spilled: number;
  /** At the head, before those that are spilled. */
  readonly present: number;
}

export class Spill {
  readonly #engine: Engine;
  readonly #files: SpillFiles;
  readonly #queues: SpilledQueues;
  readonly #retries: Retries;
  readonly #sending: PageOut;
  readonly #bringing: PageIn;
  readonly #wanted = new Set<Queue>();
  /** When messages were brought back, by queue. */
  readonly #brought = new Map<Queue, number>();
  /** Recovered queues of which nothing has been brought back yet. */
  readonly #unseen: Queue[] = [];
  #out: Promise<void> | null = null;
  #in: Promise<void> | null = null;
  #retry: NodeJS.Timeout | null = null;

  /** `onTrouble` is told of files that cannot be written or read. */
  constructor(engine: Engine, files: SpillFiles, queues: SpilledQueues, onTrouble: (error: Error) => void) {
    this.#engine = engine;
    this.#files = files;
    this.#queues = queues;
    this.#retries = new Retries(onTrouble);
    this.#sending = new PageOut(engine, files, queues, this.#retries);
    this.#bringing = new PageIn(engine, files, queues, this.#retries, () => this.#look());
  }

  /**
   * The first messages of a queue that was just made are in the log, with bodies of `bytes` in all: `source` has them.
   * `stay`: what comes back stays in memory until its time has come. False: no memory.
   */
  recovered(queue: Queue, source: SpilledSource, bytes: number, stay: boolean): boolean {
    if (!this.#engine.setSpilled(queue, source.remaining, bytes)) return false;
    if (source.remaining > 0) {
      this.#queues.append(queue, { recovered: source, stay, portion: { octets: 0, messages: 0 } });
      this.#unseen.push(queue);
    }
    return true;
  }

  /** Works until `stop`. */
  async run(): Promise<void> {
    const engine = this.#engine;
    this.#showHeads().catch(fatal);
    while (!this.#retries.stopped) {
      engine.wake();
      this.#look();
      if (engine.sleep()) await engine.doorbell();
    }
  }

  /** Nothing is under way any more when it resolves. */
  async stop(): Promise<void> {
    this.#retries.stop();
    if (this.#retry !== null) clearTimeout(this.#retry);
    await Promise.all([this.#out, this.#in]);
    this.#files.close();
  }

  /**
   * Brings the first messages of each recovered queue back, as long as there is plenty of memory: one may stand at its
   * head that expires by itself, which nobody would see in a queue that nobody asks.
   */
  async #showHeads(): Promise<void> {
    for (let queue = this.#unseen.shift(); queue !== undefined; queue = this.#unseen.shift()) {
      while (this.#in !== null) await this.#in;
      if (this.#retries.stopped || this.#isBelow(ENOUGH)) return;
      this.#in = this.#bringing.next(queue, 1).then(() => {
        this.#in = null;
        if (!this.#retries.stopped) this.#look();
      });
      await this.#in;
    }
  }

  /** Sees what there is to do, and begins it. */
  #look(): void {
    const engine = this.#engine;
    for (let queue = engine.nextPageInRequest(); queue !== 0; queue = engine.nextPageInRequest())
      this.#wanted.add(queue);
    if (this.#wanted.size > 0 && this.#in === null) {
      this.#in = this.#bringBack().then(() => {
        this.#in = null;
        if (!this.#retries.stopped) this.#look();
      });
      this.#in.catch(fatal);
    }
    if (this.#isBelow(SCARCE) && this.#out === null && this.#retry === null) {
      this.#out = this.#sendAway().then(() => {
        this.#out = null;
      });
      this.#out.catch(fatal);
    }
  }

  #isBelow(share: number): boolean {
    return this.#engine.memoryFree() < this.#engine.bytes.length * share;
  }

  #lookLater(delay: number): void {
    if (this.#retries.stopped) return;
    this.#retry ??= setTimeout(() => {
      this.#retry = null;
      this.#look();
    }, delay).unref();
  }

  // ── Out ────────────────────────────────────────────────────────────────────────────────────────────────────────

  async #sendAway(): Promise<void> {
    const begun = performance.now();
    try {
      for (const stage of STAGES) {
        if (!this.#isBelow(ENOUGH)) break;
        for (const live of this.#deepest(stage)) {
          while (this.#isBelow(ENOUGH) && !this.#retries.stopped) if (!(await this.#sending.send(live, stage))) break;
        }
      }
      // Those who wait for memory are served when a consumer has made room, or when there is more that can leave.
      if (this.#isBelow(SCARCE)) {
        this.#lookLater(Math.max(NOTHING_LEFT_MS, LOOK_SHARE * (performance.now() - begun)));
      }
    } catch (error) {
      // A page file cannot be made or written.
      if (!isOfSystem(error)) throw error;
      this.#retries.trouble(error);
      this.#lookLater(FAILED_MS);
    }
    await this.#sending.written();
  }

  /** Queues that may have messages to send away, those with most first. */
  #deepest({ margin }: Stage): LiveQueue[] {
    const { slotsPerBlock } = this.#engine;
    const now = Date.now();
    const depths: { live: LiveQueue; depth: number }[] = [];
    for (const { live, ready, spilled, present } of this.#depths()) {
      let staying = margin === PAGE_OUT_AT_HEAD ? 0 : margin * slotsPerBlock;
      if (spilled > 0) staying = spilled + present;
      else if (margin === PAGE_OUT_AT_HEAD && this.#isRecent(live.queue, now)) continue;
      if (ready > staying) depths.push({ live, depth: ready - staying });
    }
    return depths.sort((a, b) => b.depth - a.depth).map(({ live }) => live);
  }

  *#depths(): Generator<Depth> {
    const engine = this.#engine;
    for (const live of this.#queues.all()) {
      const { queue } = live;
      const ready = engine.readyCount(queue);
      if (ready === 0) continue;
      const spilled = engine.spilledCount(queue);
      yield { live, ready, spilled, present: spilled > 0 ? engine.presentCount(queue) : 0 };
    }
  }

  /** Whether messages were brought back to a queue that whoever wanted them may not have taken yet. */
  #isRecent(queue: Queue, now: number): boolean {
    if (this.#wanted.has(queue)) return true;
    const brought = this.#brought.get(queue);
    if (brought === undefined) return false;
    if (now - brought < RECENT_MS) return true;
    this.#brought.delete(queue);
    return false;
  }

  // ── In ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Gives each queue that is wanted a number of portions, in turn. */
  async #bringBack(): Promise<void> {
    for (const queue of this.#wanted) {
      this.#bringing.wanting = this.#wanted.size;
      this.#wanted.delete(queue);
      let portions = 0;
      while (portions < BATCH_PORTIONS && this.#bringing.lacks(queue, 0) && !this.#retries.stopped) {
        const count = await this.#bringing.next(queue, BATCH_PORTIONS - portions);
        if (count === 0) break;
        portions += count;
        this.#brought.set(queue, Date.now());
      }
      if (this.#retries.stopped) return;
      // It comes behind the others.
      if (this.#bringing.lacks(queue, 0)) this.#wanted.add(queue);
    }
  }
}
