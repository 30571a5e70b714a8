/**
 * This folder is for how a worker spends its time: passes of its event loop, rounds of input, what it is doing.
 * Workers, connections and what queues do beyond the core import it.
 *
 * A pass: after events (reads, writes that completed, answers, doorbells) the core serves its consumers, what they are
 * to get is written to their sockets, chores are done, and the worker goes to sleep if nothing is left to do. This is
 * the hot path: nothing here runs per message, and nothing allocates per pass. What must hold: whoever calls into the
 * core has called `begin` before, in the same callback; a pass then follows.
 */

import type { SharedHold } from '../cluster/replicator/shared-hold.js';
import type { Engine } from '../engine/engine.js';
import { micros } from '../engine/latency.js';
import { type Clock, systemClock } from '../platform/clock.js';
import { Doing, Progress } from './progress.js';
import { Rounds } from './rounds.js';

/** A connection as far as a pass writes to it. */
export interface Peer {
  /** Writes the chunk that `Engine.nextOutput` has just given out. */
  writeOutput(): void;
}

/** What was held back for want of memory. */
export interface Held {
  retry(): void;
}

/** What is left of a worker's chores: nothing, more for the next pass, or more as soon as there is memory. */
export type Chores = 'done' | 'more' | 'short';

/**
 * Up to this many connections each read is all that is waited for: it is served, and what it brought is written, at
 * once.
 */
const FEW_CONNECTIONS = 2;

/**
 * After a poll with so many reads, those of the next one are taken first and then served together: a worker that is
 * never idle spares passes, and cold code. After fewer, each is served before the next one is taken: whose clients wait
 * for it work on what they get meanwhile.
 */
const CROWD = 4;

/**
 * What is written in one pass, in boxes and in bytes: readers who keep up with long messages must not keep the others
 * from their reads.
 */
const BOXES_PER_PASS = 64;
const BYTES_PER_PASS = 8 * 1024 * 1024;

/** When chores that find no memory are tried again (ms), unless something happens before. */
const SHORT_RETRY_MS = 5;
/** How often a worker that may not deliver looks whether it may again (ms). */
const PAUSED_MS = 20;

/** Share of the memory that must be free for work that takes pages without asking, and to call the shortage over. */
const ROOM = 1 / 32;
const RELIEF = 1 / 8;

export class EventLoop {
  readonly #engine: Engine;
  readonly #peers: ReadonlyMap<number, Peer>;
  readonly #chores: (amidPoll: boolean) => Chores;
  readonly #clock: Clock;
  readonly #hold: SharedHold | null;
  /** When this turn began (µs of the machine's clock). */
  #turnBegan = 0;
  /** Connections that wait for memory. */
  readonly #held = new Set<Held>();
  readonly #endPoll = (): void => {
    this.#scheduled = false;
    this.#readsInPoll = this.reads - this.#readsBefore;
    this.#readsBefore = this.reads;
    this.#nextRound();
    if (!this.#due) return;
    this.#due = false;
    this.#pass(false);
  };
  /** Shares the worker's time among the connections whose input it handles. */
  readonly rounds = new Rounds(() => this.#awaitEndOfPoll());
  /** Tells the broker thread what the worker does. */
  readonly progress: Progress;
  /** Reads that have come. */
  reads = 0;
  /** Those that had come at the end of the last poll; and how many it brought. */
  #readsBefore = 0;
  #readsInPoll = 0;
  #heldAtUse = 0;
  /** `#endPoll` is going to be called; and a pass is due then. */
  #scheduled = false;
  #due = false;
  /** Something has been begun since this was last cleared. */
  #begun = false;
  /** Set while chores wait for memory. */
  #retry: NodeJS.Timeout | null = null;
  #stopped = false;

  /**
   * `peers` are the worker's connections by the number that they were opened with; `chores` is called once a pass, and
   * told whether more reads may follow first. `hold`: of a broker that leads a cluster.
   */
  constructor(
    engine: Engine,
    peers: ReadonlyMap<number, Peer>,
    chores: (amidPoll: boolean) => Chores,
    progress = Progress.unwatched(),
    clock: Clock = systemClock,
    hold: SharedHold | null = null,
  ) {
    this.#hold = hold;
    this.#clock = clock;
    this.progress = progress;
    this.#engine = engine;
    this.#peers = peers;
    this.#chores = chores;
  }

  /** An event has come: the core may be called now, and a pass follows. */
  begin(): void {
    this.#begun = true;
    this.#wake();
    this.#schedule();
  }

  /** A read has come: the core may be called now; `endRead` follows. */
  beginRead(): void {
    this.reads += 1;
    this.#wake();
  }

  /** The read is taken: serves it, or has it served with the others of its poll. */
  endRead(): void {
    if (this.#peers.size <= FEW_CONNECTIONS) return this.#pass(false);
    if (this.#readsInPoll >= CROWD) return this.#schedule();
    this.#awaitEndOfPoll();
    this.#pass(true);
  }

  /** Has a pass follow all reads of this poll. */
  afterPoll(): void {
    this.#schedule();
  }

  /** Resolves in a pass to come, for work that is done in portions; or after `pause` ms. */
  next(pause = 0): Promise<void> {
    return new Promise((resolve) => {
      const go = (): void => {
        this.begin();
        resolve();
      };
      if (pause === 0) setImmediate(go);
      else setTimeout(go, pause);
    });
  }

  /** Keeps what found no memory, and calls its `retry` when there may be some. */
  hold(held: Held): void {
    this.#held.add(held);
    this.#heldAtUse = this.#engine.memoryUsed();
  }

  /** Resolves when what finds no memory, or is not in memory, is worth another try. */
  relief(): Promise<void> {
    return new Promise((resolve) => {
      const retry = (): void => {
        this.#schedule();
        resolve();
      };
      this.hold({ retry });
    });
  }

  release(held: Held): void {
    this.#held.delete(held);
  }

  /** Whether there is memory for some work that does not ask for it. */
  get hasRoom(): boolean {
    return this.#free >= ROOM;
  }

  /** Whether so much memory is free that a shortage is over, and not just interrupted. */
  get isRelieved(): boolean {
    return this.#free >= RELIEF;
  }

  get #free(): number {
    const size = this.#engine.bytes.length;
    return (size - this.#engine.memoryUsed()) / size;
  }

  /** Time has passed: what is held back may have missed that there is memory again, or waits for no more than time. */
  tick(): void {
    if (this.#held.size === 0) return;
    this.#heldAtUse = -1;
    this.begin();
  }

  /** Answers other workers' doorbells until `stop`. */
  async answerDoorbell(): Promise<void> {
    while (!this.#stopped) {
      await this.#engine.doorbell();
      this.begin();
    }
  }

  stop(): void {
    this.#stopped = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
  }

  /** Whether clients may be given messages in this turn: another node of the cluster may serve otherwise. */
  get mayDeliver(): boolean {
    return this.#hold === null || this.#hold.at(this.#turnBegan / 1e3) === 'serve';
  }

  /** Lets consumers pull, and writes what they are to get. True: there is more to do. */
  serveNow(): boolean {
    const engine = this.#engine;
    this.progress.turnTo(Doing.SERVING);
    const more = this.mayDeliver && engine.serve();
    for (let boxes = 0, bytes = 0; boxes < BOXES_PER_PASS && bytes < BYTES_PER_PASS; boxes++) {
      const id = engine.nextOutput();
      if (id < 0) {
        if (engine.hasUntimed) engine.timeDeliveries(this.#clock.now(), micros());
        return more;
      }
      bytes += engine.outputLength;
      this.progress.turnTo(Doing.WRITING, id);
      this.#peers.get(id)?.writeOutput();
    }
    return true;
  }

  #wake(): void {
    this.#engine.wake();
    this.#turnBegan = micros();
    this.#engine.setTime(this.#clock.now(), this.#turnBegan);
  }

  #schedule(): void {
    this.#due = true;
    this.#awaitEndOfPoll();
  }

  #awaitEndOfPoll(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#endPoll);
  }

  /** All sockets had the chance to be read: who waits for that goes on. */
  #nextRound(): void {
    if (!this.rounds.next()) return;
    this.progress.turnTo(Doing.GOING_ON);
    this.#wake();
    this.rounds.goOn();
    this.#due = true;
  }

  #pass(amidPoll: boolean): void {
    const engine = this.#engine;
    this.#wake();
    if (this.#held.size > 0 && engine.memoryUsed() !== this.#heldAtUse) this.#retryHeld();
    let more = this.serveNow();
    this.#begun = false;
    const chores = this.#chores(amidPoll);
    // What they have made ready goes out now: a confirm whose message is on disk already, say.
    if (this.#begun) more = this.serveNow();
    this.progress.turnTo(Doing.NOTHING);
    // What consumers wait for would have it awake.
    const isPaused = !this.mayDeliver;
    if (!more && chores !== 'more' && !isPaused && engine.sleep()) return;
    if (!more) this.#heldAtUse = -1;
    if (more || chores === 'more' || (chores === 'done' && !isPaused)) this.#schedule();
    else this.#retry ??= setTimeout(() => this.#retryChores(), isPaused ? PAUSED_MS : SHORT_RETRY_MS);
  }

  #retryChores(): void {
    this.#retry = null;
    this.#pass(false);
  }

  #retryHeld(): void {
    this.progress.turnTo(Doing.GOING_ON);
    const held = [...this.#held];
    this.#held.clear();
    for (const waiting of held) waiting.retry();
  }
}
