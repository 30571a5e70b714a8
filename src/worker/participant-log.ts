/**
 * Between a core and its commit log: appends what the core has recorded, and tells the core when that is durable. While
 * a batch is under way the core gathers the next one, so a batch is as large as the log is slow. What must hold:
 * batches are appended and done in order, and nothing is confirmed, nor a commit or a purge answered, before its batch
 * is durable, nor ever behind one that was rejected; what finds no room in a batch goes into a later one.
 */
import type { Engine, LogBatch } from '../engine/engine.js';
import type { Batch, CommitLog } from '../log/commit-log.js';
import { giveMemory, takeMemory } from '../log/log-memories.js';
import type { LogMemory, Seed } from '../log/log-memory.js';
import { sequenceOf } from '../log/record-format.js';
import { fatal } from '../platform/fatal.js';
import type { BusyPoll } from './busy-poll.js';
import { HeldPlaces } from './held-acks.js';

/** Octets that may wait to be written where nobody waits for that. */
const UNWRITTEN_MAX = 16 << 20;

/** A batch that is written from where it lies in the core. */
class CoreBatch implements Batch {
  constructor(
    protected readonly engine: Engine,
    readonly batch: LogBatch,
  ) {}
  get octets(): number {
    return this.batch.octets;
  }
  get messages(): number {
    return this.batch.messages;
  }
  get messageOctets(): number {
    return this.batch.messageOctets;
  }
  facts(): Uint8Array {
    return this.engine.batchFacts(this.batch);
  }
  stamp(seed: Seed): readonly Uint8Array[] {
    return this.engine.stampBatch(this.batch, seed);
  }
  /** Its octets are the core's until it is done. */
  release(): void {}
}

/** A copy of a batch, so that the core need not wait for the disk. */
class CopiedBatch extends CoreBatch {
  readonly #memory: LogMemory;
  readonly #facts: Uint8Array;
  readonly #onReleased: (octets: number) => void;

  constructor(engine: Engine, batch: LogBatch, onReleased: (octets: number) => void) {
    super(engine, batch);
    this.#memory = takeMemory(batch.octets);
    this.#facts = engine.batchFacts(batch);
    this.#onReleased = onReleased;
    let at = 0;
    for (const part of engine.stampBatch(batch, { low: 0, high: 0 })) {
      this.#memory.bytes.set(part, at);
      at += part.length;
    }
  }
  override facts(): Uint8Array {
    return this.#facts;
  }
  override stamp(seed: Seed): readonly Uint8Array[] {
    this.#memory.setSeed(seed);
    this.#memory.stamp(0, this.octets);
    return [this.#memory.bytes.subarray(0, this.octets)];
  }
  override release(): void {
    giveMemory(this.#memory);
    this.#onReleased(this.octets);
  }
}

/** The batch of a waiter while some of what it waits for is in none. */
const NONE = Number.POSITIVE_INFINITY;

interface Waiter {
  batch: number;
  readonly resolve: () => void;
}

export class ParticipantLog {
  readonly #engine: Engine;
  readonly #commitLog: CommitLog;
  readonly #begin: () => void;
  readonly #busyPoll: BusyPoll | null;
  /** Batches that the commit log has and that are not done. */
  #writing = 0;
  /** Octets of copies that are not written. */
  #unwritten = 0;
  #waiters: Waiter[] = [];
  readonly #held = new HeldPlaces();
  /** A barrier that the commit log is told of when all is taken; the last one counts. */
  #barrier: number | null = null;
  /** Why a batch will never be durable: what waits for it, or comes behind it, waits in vain. */
  #lost: Error | null = null;
  #onTrouble: (() => void) | null = null;

  /**
   * From now on the core records, and numbers its messages by itself. `begin` is called before the core is told that a
   * batch is done; what it has to send then must be sent. `busyPoll`: waits for the client's next message then.
   */
  constructor(engine: Engine, commitLog: CommitLog, begin: () => void, busyPoll: BusyPoll | null = null) {
    engine.startLog(commitLog.writerNumber, sequenceOf(commitLog.takeMessageIds(0)), this.#held.take);
    this.#engine = engine;
    this.#commitLog = commitLog;
    this.#begin = begin;
    this.#busyPoll = busyPoll;
  }

  /** To be called whenever something may have been recorded: appends it, unless something is under way. */
  write(): void {
    while (this.#lost === null && this.#writing === 0 && this.#unwritten < UNWRITTEN_MAX) {
      const batch = this.#nextBatch();
      if (batch === null) {
        if (!this.#gathers) this.#resolve(NONE);
        return;
      }
      this.#take(batch);
    }
  }

  /** Whether something is recorded, or to be recorded, that no batch has. */
  get #gathers(): boolean {
    return !this.#held.isEmpty || this.#engine.gathers;
  }

  #nextBatch(): LogBatch | null {
    if (!this.#held.isEmpty) this.#recordHeld();
    return this.#engine.takeBatch();
  }

  /** What was held back goes into the batch that gathers. */
  #recordHeld(): void {
    this.#held.requeue((queue, from, count) => this.#engine.recordDone(queue, from, count));
    if (!this.#held.isEmpty) return;
    const { gatheringBatch } = this.#engine;
    for (const waiter of this.#waiters) if (waiter.batch === NONE) waiter.batch = gatheringBatch;
  }

  /** Resolves when everything that was recorded up to now is durable; null: it is. */
  durable(): Promise<void> | null {
    const { gatheringBatch } = this.#engine;
    this.write();
    if (this.#commitLog.durability === 'none' || (this.#writing === 0 && !this.#gathers)) return null;
    const batch = this.#held.isEmpty ? gatheringBatch : NONE;
    return new Promise((resolve) => this.#waiters.push({ batch, resolve }));
  }

  /** Lets the commit log tell when all that was recorded up to now has been told. */
  barrier(barrier: number): void {
    this.#barrier = barrier;
    this.#tryBarrier();
  }

  #tryBarrier(): void {
    if (this.#barrier === null) return;
    this.#takeAll();
    if (this.#gathers) return;
    this.#commitLog.barrier(this.#barrier);
    this.#barrier = null;
  }

  /** Writes what is left. Resolves with whether all is written, as soon as that is known. The commit log stays. */
  async settle(): Promise<boolean> {
    this.#takeAll();
    if (this.#isInTrouble) return false;
    const troubled = new Promise<void>((resolve) => {
      this.#onTrouble = resolve;
    });
    await Promise.race([this.durable(), troubled]);
    return !this.#isInTrouble && !this.#gathers;
  }

  /** The commit log has told how appending goes. */
  healthChanged(): void {
    if (this.#commitLog.health.state !== 'ok') this.#onTrouble?.();
  }

  /**
   * Writes what is left and ends the commit log; nobody works with the core any more. Resolves with whether all of it
   * is written.
   */
  async close(): Promise<boolean> {
    this.#takeAll();
    if (this.#gathers && !(await this.settle())) this.#lost ??= new Error('there was no memory to record all in');
    try {
      await this.#commitLog.close();
    } catch (error) {
      this.#lost ??= error as Error;
    }
    return !this.#isInTrouble;
  }

  get #isInTrouble(): boolean {
    return this.#lost !== null || this.#commitLog.health.state !== 'ok';
  }

  #takeAll(): void {
    for (let batch = this.#nextBatch(); batch !== null; batch = this.#nextBatch()) this.#take(batch);
  }

  #take(batch: LogBatch): void {
    if (this.#commitLog.durability === 'none') this.#copy(batch);
    else if (batch.octets === 0 && this.#writing === 0) this.#done(batch);
    else this.#append(batch);
  }

  #append(batch: LogBatch): void {
    const came = this.#busyPoll?.now() ?? 0;
    const written = this.#commitLog.append(new CoreBatch(this.#engine, batch));
    if (written === null) {
      this.#done(batch);
      this.#busyPoll?.confirm(came);
      return;
    }
    this.#writing += 1;
    written
      .then(
        () => {
          if (this.#lost !== null) return;
          this.#writing -= 1;
          this.#done(batch);
          this.write();
          this.#tryBarrier();
        },
        (error: Error) => this.#lose(error),
      )
      .catch(fatal);
  }

  /** Nobody waits for the disk. */
  #copy(batch: LogBatch): void {
    if (batch.octets > 0) {
      this.#unwritten += batch.octets;
      const copy = new CopiedBatch(this.#engine, batch, (octets) => {
        this.#unwritten -= octets;
        // What was held back goes on.
        if (this.#unwritten < UNWRITTEN_MAX && this.#unwritten + octets >= UNWRITTEN_MAX) this.#begin();
      });
      this.#commitLog.append(copy)?.catch((error: Error) => this.#lose(error));
    }
    this.#done(batch);
  }

  #lose(error: Error): void {
    this.#lost ??= error;
    this.#onTrouble?.();
  }

  #done(batch: LogBatch): void {
    this.#begin();
    this.#engine.batchDone(batch);
    this.#resolve(batch.number);
  }

  #resolve(upTo: number): void {
    if (this.#waiters.length === 0) return;
    const waiting = this.#waiters;
    this.#waiters = waiting.filter(({ batch }) => batch > upTo);
    for (const { batch, resolve } of waiting) if (batch <= upTo) resolve();
  }
}
