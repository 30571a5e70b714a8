/**
 * This folder is for what outlasts the broker; it knows neither the protocol nor a core, and every layer above it may
 * import it.
 *
 * Here: the broker thread's part of the log: what recovery gave, what of it counts, its own log and the clearing
 * away of what is dead. Workers write logs of their own and tell what happens there (`heard`), in order. What must
 * hold: the clean-shutdown marker goes before anything is written, and comes after all else.
 */
import { randomUUID } from 'node:crypto';
import type { CommitLog, Health, LogEvent, PositionRange } from '../log/commit-log.js';
import { fatal, isMistake } from '../platform/fatal.js';
import { BatchBuilder } from './log/batch.js';
import type { KeptQueue, LogBackend, RecoveredLog, RecoverOptions, RecoverySummary } from './log-backend.js';
import type { FilesSetup } from './log-setup.js';
import { PRIORITIES } from './recovery/ledger.js';

/** `exists` and `isUnknown` are asked for queues alone: a queue's number is a multiple of PRIORITIES. */
export interface LogManagerOptions extends RecoverOptions {
  readonly backend: LogBackend;
  /** Of the broker thread's log. */
  readonly onHealth?: (health: Health) => void;
  /**
   * Asks a participant to call `CommitLog.barrier`, after it has appended all that it gathered. Without it, queues in
   * which messages are that are not logged cost memory for each of them.
   */
  readonly askBarrier?: (writerNumber: number, barrier: number) => void;
  /** Of these queues every place below these positions was heard of. */
  readonly onKnown?: (reach: ReadonlyMap<number, number>) => void;
  /** Clearing away fails (it is tried again), or does not any more (null). */
  readonly onClearing?: (error: Error | null) => void;
  /** Between two looks for what can go (ms); 0: only `reclaim` looks. */
  readonly reclaimMs?: number;
}

/** The log's files while nothing is cleared away. */
export interface HeldFiles {
  /** By name: where each ends, as far as was heard. */
  readonly ends: ReadonlyMap<string, number>;
  release(): void;
}

/** A barrier that not all logs have passed. */
interface Barrier {
  readonly behind: Set<number>;
  readonly passed: () => void;
}

const RECLAIM_MS = 1000;

export class LogManager {
  /** The broker thread's log. */
  readonly writer: CommitLog;
  /** Another one each time that a log is opened: until then files only grow, and no name is given again. */
  readonly run = randomUUID();
  readonly #options: LogManagerOptions;
  readonly #recovered: RecoveredLog;
  /** What had been given out before this start, by queue. */
  readonly #delivered: Map<number, readonly PositionRange[]>;
  /** Resolves when the broker thread's log gets into trouble while the log is being ended. */
  #trouble = trouble();
  /**
   * read: the marker stands as it was found; begun: it is gone; written: and something was written since, or cleared
   * away.
   */
  #state: 'read' | 'begun' | 'written' = 'read';
  #timer: NodeJS.Timeout | null = null;
  #clearing: Promise<void> | null = null;
  #workers = 0;
  #barrier = 0;
  readonly #barriers = new Map<number, Barrier>();
  /** Whether it is being asked what was heard of. */
  #isAsking = false;
  /** How many have files held. */
  #holds = 0;
  /** The log is being ended: what could still be cleared away can wait. */
  #isClosing = false;
  /** Whether the last try to clear something away failed. */
  #isFailing = false;

  /**
   * Reads the log. Where that fails, all is as it was for the next try; nothing is written to a log before `begin`.
   */
  static async open(options: LogManagerOptions): Promise<LogManager> {
    const { backend, exists, isUnknown, dropUnknown, nextMessages, follows, skipUnreadable, onProgress } = options;
    const recovered = await backend.recover({
      exists: (queue) => exists(queue - (queue % PRIORITIES)),
      ...(isUnknown && { isUnknown: (queue) => isUnknown(queue - (queue % PRIORITIES)) }),
      ...(dropUnknown && { dropUnknown }),
      ...(nextMessages && { nextMessages }),
      ...(follows && { follows }),
      ...(skipUnreadable && { skipUnreadable }),
      ...(onProgress && { onProgress }),
    });
    return new LogManager(options, recovered);
  }

  private constructor(options: LogManagerOptions, recovered: RecoveredLog) {
    this.#options = options;
    this.#recovered = recovered;
    this.#delivered = new Map(recovered.queues.map(({ id, delivered }) => [id, delivered]));
    this.writer = recovered.open({
      onEvent: (event) => this.heard(0, event),
      onHealth: (health) => {
        if (health.state !== 'ok') this.#trouble.resolve();
        options.onHealth?.(health);
      },
    });
  }

  /** The last stop was an orderly one. */
  get clean(): boolean {
    return this.#recovered.clean;
  }

  get report(): RecoverySummary {
    return this.#recovered.report;
  }

  get queues(): readonly KeptQueue[] {
    return this.#recovered.queues;
  }

  /** The highest number of a queue that the log speaks of; −1: of none. */
  get highestQueue(): number {
    return this.#recovered.highestQueue;
  }

  /** From now on the log is written: the clean-shutdown marker goes. */
  async begin(): Promise<void> {
    await this.#recovered.removeCleanShutdownMarker();
    this.#state = 'begun';
  }

  /** From now on what is dead is cleared away, too: the start has not failed. */
  startClearing(): void {
    const every = this.#options.reclaimMs ?? RECLAIM_MS;
    if (every === 0) return;
    this.#timer = setInterval(() => this.#tick().catch(fatal), every);
    this.#timer.unref();
  }

  /** What the workers' threads are to open: that of worker 0 first. */
  setups(workers: number): FilesSetup[] {
    this.#workers = workers;
    return this.#recovered.setups(workers);
  }

  /** Takes what a log tells. */
  heard(writerNumber: number, event: LogEvent): void {
    if (event.type === 'passed') return this.#passed(writerNumber, event.barrier);
    if (event.type === 'placed') this.#state = 'written';
    this.#recovered.heard(writerNumber, event);
  }

  /** A queue is not defined any more, durably; its priorities with it. */
  deleted(queue: number): void {
    this.#recovered.ledger.deleted(queue);
    for (let priority = queue; priority < queue + PRIORITIES; priority++) this.#delivered.delete(priority);
  }

  /** Who leads has heard of every place of a queue below this one; what of it was written there is heard of here. */
  known(queue: number, below: number): void {
    this.#recovered.ledger.known(queue, below);
  }

  /** Clears away what can go; resolves when there is nothing left that is worth it. */
  async reclaim(): Promise<void> {
    this.#askBarriers();
    this.#clearing ??= this.#clear().finally(() => {
      this.#clearing = null;
    });
    await this.#clearing;
  }

  async #clear(): Promise<void> {
    while (!this.#isClosing && this.#holds === 0 && (await this.#recovered.reclaim())) this.#state = 'written';
  }

  /**
   * The files as they are now: all that was written before this call is in them, and nothing is cleared away until they
   * are released.
   */
  async hold(): Promise<HeldFiles> {
    const { askBarrier } = this.#options;
    if (askBarrier !== undefined) await new Promise<void>((resolve) => this.#askBarrier(askBarrier, resolve));
    this.#holds += 1;
    let isHeld = true;
    const release = (): void => {
      if (isHeld) this.#holds -= 1;
      isHeld = false;
    };
    try {
      await this.#clearedAway();
      return { ends: await this.#recovered.ends(), release };
    } catch (error) {
      release();
      throw error;
    }
  }

  async #tick(): Promise<void> {
    const { onClearing } = this.#options;
    try {
      await this.reclaim();
      if (this.#isFailing) onClearing?.(null);
      this.#isFailing = false;
    } catch (error) {
      if (isMistake(error)) throw error;
      if (!this.#isFailing) onClearing?.(error as Error);
      this.#isFailing = true;
    }
  }

  /**
   * Places of messages that are not logged are never heard of; when all logs have passed a barrier, what was not
   * heard by then is such a place.
   */
  #askBarriers(): void {
    const { askBarrier } = this.#options;
    if (askBarrier === undefined || this.#isAsking) return;
    const reach = this.#recovered.ledger.reach();
    if (reach.size === 0) return;
    this.#isAsking = true;
    this.#askBarrier(askBarrier, () => {
      this.#isAsking = false;
      for (const [queue, below] of reach) this.#recovered.ledger.known(queue, below);
      this.#options.onKnown?.(reach);
    });
  }

  /** `passed`: all that was appended to any log before now has been heard of. */
  #askBarrier(ask: (writerNumber: number, barrier: number) => void, passed: () => void): void {
    this.#barrier += 1;
    const barrier = this.#barrier;
    const writers = Array.from({ length: this.#workers + 1 }, (_, writer) => writer);
    this.#barriers.set(barrier, { behind: new Set(writers), passed });
    for (const writer of writers) ask(writer, barrier);
  }

  /** Who passes one has passed those before it, of which it need not tell. */
  #passed(writerNumber: number, barrier: number): void {
    for (const [earlier, { behind, passed }] of this.#barriers) {
      if (earlier > barrier || !behind.delete(writerNumber) || behind.size > 0) continue;
      this.#barriers.delete(earlier);
      passed();
    }
  }

  /**
   * Ends the log; the workers' logs are closed, and `heard` has all of it. `delivered`: by queue the positions of
   * messages that were given out and came back; null: not all that was asked for could be written, so that nothing can
   * be vouched for. Resolves with why there is no clean-shutdown marker.
   */
  async close(delivered: ReadonlyMap<number, readonly PositionRange[]> | null): Promise<Error | null> {
    this.#isClosing = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#trouble = trouble();
    // A log that is closed gives up what it cannot write, also for who waits for it here.
    const checkpoints = this.#clearedAway().then(() =>
      delivered === null ? undefined : this.#writeCheckpoints(delivered),
    );
    checkpoints.catch(() => undefined);
    try {
      if (this.writer.health.state === 'ok') await Promise.race([checkpoints, this.#trouble.promise]);
      await this.writer.close();
      if (delivered === null) return null;
      await checkpoints;
      if (this.writer.health.state !== 'ok') return this.writer.health.error;
      await this.#recovered.writeCleanShutdownMarker();
      return null;
    } catch (error) {
      return error as Error;
    }
  }

  /** Nothing is cleared away any more; all else is left as it is. */
  drop(): void {
    this.#isClosing = true;
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  /**
   * Ends a start that failed. `written`: all that workers had to write is. What was not written to is as it was found,
   * with its marker.
   */
  async abandon(written: boolean): Promise<void> {
    if (this.#state === 'written') return void (await this.close(written && this.clean ? new Map() : null));
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#clearedAway();
    await this.writer.close();
    if (this.#state === 'begun' && this.clean && written) await this.#recovered.writeCleanShutdownMarker();
  }

  async #clearedAway(): Promise<void> {
    await this.#clearing?.catch(() => undefined);
  }

  async #writeCheckpoints(delivered: ReadonlyMap<number, readonly PositionRange[]>): Promise<void> {
    const batch = new BatchBuilder();
    for (const queue of this.#recovered.ledger.queues()) {
      if (this.#recovered.ledger.isUnchanged(queue) && !delivered.has(queue)) continue;
      const ranges = [...(this.#delivered.get(queue) ?? []), ...(delivered.get(queue) ?? [])];
      const checkpoint = this.#recovered.ledger.lastCheckpoint(queue, ranges);
      if (checkpoint !== null) batch.checkpoint(checkpoint);
    }
    if (batch.octets > 0) await this.writer.append(batch);
  }
}

function trouble(): { readonly promise: Promise<void>; resolve(): void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
