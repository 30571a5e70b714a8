/**
 * A replicated log whose stream is a test's: what was appended is certain when the test says so. The same for tests as
 * a log in memory (memory-log.ts).
 */
import type { CommitLogObserver, Durability, Health } from '../../dist/log/commit-log.js';
import { ReplicatedLog } from '../../dist/store/replicated/replicated-log.js';
import type { Batch, CommitLog } from '../../src/log/commit-log.js';
import type { FromLane, SentBatch, ToLane } from '../../src/store/replicated/lane-messages.js';
import { FENCED, MemoryLog } from './memory-log.js';

export class StreamedLog implements CommitLog {
  readonly local: MemoryLog;
  /** Sent, and not yet certain. */
  readonly underWay: SentBatch[] = [];
  /** How many batches were said to be in the files. */
  written = 0;
  readonly #log: ReplicatedLog;
  #tell: (message: ToLane) => void = () => undefined;

  constructor(
    observer: CommitLogObserver,
    options: { writerNumber?: number; durability?: Durability; nextMessage?: number; endMs?: number } = {},
  ) {
    const { writerNumber = 1, durability = 'fsync', nextMessage = 1, endMs = 0 } = options;
    let local: MemoryLog | null = null;
    this.#log = new ReplicatedLog({
      ...observer,
      durability,
      endMs,
      local: (told) => {
        local = new MemoryLog(told, { writerNumber, nextMessage });
        return local;
      },
      port: {
        postMessage: (message: FromLane) => this.#hear(message),
        on: (_, listener) => {
          this.#tell = listener;
        },
        close: () => undefined,
      },
    });
    if (local === null) throw new Error('no files');
    this.local = local;
  }

  get writerNumber(): number {
    return this.#log.writerNumber;
  }
  get durability(): Durability {
    return this.#log.durability;
  }
  get health(): Health {
    return this.#log.health;
  }
  /** Batches that are in the files. */
  get durable(): readonly Buffer[] {
    return this.local.durable;
  }
  takeMessageIds(count: number): number {
    return this.#log.takeMessageIds(count);
  }
  append(batch: Batch): Promise<void> | null {
    return this.#log.append(batch);
  }
  barrier(barrier: number): void {
    this.#log.barrier(barrier);
  }
  retry(): void {
    this.#log.retry();
  }
  close(): Promise<void> {
    return this.#log.close();
  }

  #hear(message: FromLane): void {
    if (message.kind === 'append') this.underWay.push(message.batch);
    else this.written += message.batches;
  }

  /** The oldest of what is under way is certain, or all of it; without files it is not yet in these. */
  async acknowledge(count = this.underWay.length, files = true): Promise<void> {
    for (const { records } of this.underWay.splice(0, count)) this.#tell({ kind: 'certain', records });
    if (files) await this.local.acknowledge();
    await new Promise<void>((resolve) => setImmediate(resolve));
  }

  refuse(text: string): void {
    this.#tell({ kind: 'trouble', text });
  }

  async answer(): Promise<void> {
    this.#tell({ kind: 'trouble', text: null });
    await this.acknowledge();
  }

  async fence(): Promise<void> {
    this.underWay.length = 0;
    this.#tell({ kind: 'fenced', text: FENCED.message });
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
