/**
 * A commit log that is no file: it keeps batches in memory, and acknowledges them when a test says so, as a log on
 * other machines would. It can be refused, and it can lose the right to write.
 */
import type { Batch, CommitLog, CommitLogObserver, Durability, Health, Location } from '../../dist/log/commit-log.js';
import { messageId } from '../../dist/log/record-format.js';
import { NO_SEED } from '../../src/log/log-memory.js';
import { deferred } from './waiting.js';

interface Appended {
  readonly octets: Buffer;
  readonly facts: Uint8Array;
  readonly messageOctets: number;
  readonly settled: ReturnType<typeof deferred<void>>;
}

/** Another writer has taken over. */
export const FENCED = new Error('a later epoch has begun');

export class MemoryLog implements CommitLog {
  readonly writerNumber: number;
  readonly durability: Durability;
  health: Health = { state: 'ok' };
  /** What is acknowledged, in order. */
  readonly durable: Buffer[] = [];
  /** Appended and not yet acknowledged. */
  readonly underWay: Appended[] = [];
  readonly #observer: CommitLogObserver;
  readonly #barriers: { readonly barrier: number; behind: number }[] = [];
  #told = 0;
  #nextMessage: number;
  #onAppend: (() => void) | null = null;
  #closed: ReturnType<typeof deferred<void>> | null = null;

  constructor(
    observer: CommitLogObserver,
    options: { writerNumber?: number; durability?: Durability; nextMessage?: number } = {},
  ) {
    this.#observer = observer;
    this.writerNumber = options.writerNumber ?? 1;
    this.durability = options.durability ?? 'fsync';
    this.#nextMessage = options.nextMessage ?? 1;
  }

  takeMessageIds(count: number): number {
    const first = this.#nextMessage;
    this.#nextMessage += count;
    return messageId(this.writerNumber, first);
  }

  append(batch: Batch): Promise<void> | null {
    const { messageOctets } = batch;
    const appended: Appended = {
      octets: Buffer.concat(batch.stamp(NO_SEED)),
      facts: batch.facts(),
      messageOctets,
      settled: deferred(),
    };
    batch.release();
    if (this.health.state === 'fenced') appended.settled.reject(this.health.error);
    else this.underWay.push(appended);
    this.#onAppend?.();
    return this.durability === 'none' && this.health.state !== 'fenced' ? null : appended.settled.promise;
  }

  /** Resolves when something is appended; at once where something is under way. */
  appended(): Promise<void> {
    if (this.underWay.length > 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onAppend = resolve;
    });
  }

  /** The oldest of what is under way is durable, or all of it. */
  async acknowledge(count = this.underWay.length): Promise<void> {
    for (const one of this.underWay.splice(0, count)) {
      this.durable.push(one.octets);
      this.#told += 1;
      const location = this.#told as unknown as Location;
      this.#observer.onEvent({
        type: 'placed',
        location,
        messageOctets: one.messageOctets,
        facts: one.facts,
      });
      one.settled.resolve();
      this.#passBarriers(1);
    }
    if (this.underWay.length === 0) this.#closed?.resolve();
    await passed();
  }

  /** What is appended waits: too few machines answer. */
  refuse(reason: string): void {
    this.#say({ state: 'failing', error: new Error(reason) });
  }

  /** They answer again; what waited is acknowledged. */
  async answer(): Promise<void> {
    this.#say({ state: 'ok' });
    await this.acknowledge();
  }

  /** Another writer has taken over. What is under way is rejected: `count` of it, where a log breaks its word. */
  async fence(count = this.underWay.length): Promise<void> {
    this.#say({ state: 'fenced', error: FENCED });
    for (const one of this.underWay.splice(0, count)) one.settled.reject(FENCED);
    this.#closed?.reject(FENCED);
    await passed();
  }

  barrier(barrier: number): void {
    this.#barriers.push({ barrier, behind: this.underWay.length });
    this.#passBarriers(0);
  }

  #passBarriers(written: number): void {
    for (const one of this.#barriers) one.behind -= written;
    while (this.health.state !== 'fenced' && (this.#barriers[0]?.behind ?? 1) <= 0) {
      const { barrier } = this.#barriers.shift() as { barrier: number };
      this.#observer.onEvent({ type: 'passed', barrier });
    }
  }

  retry(): void {}

  async close(): Promise<void> {
    if (this.health.state === 'fenced') throw FENCED;
    this.#closed = deferred();
    if (this.underWay.length === 0) this.#closed.resolve();
    await this.#closed.promise;
  }

  #say(health: Health): void {
    this.health = health;
    this.#observer.onHealth?.(health);
  }
}

/** Who waits for what was settled has gone on. */
function passed(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
