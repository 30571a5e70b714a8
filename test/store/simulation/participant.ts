/**
 * A worker's part of the simulation: gathers what clients do while its writer writes, and writes all of it as one batch
 * then. Its journal has an end: while the disk is full, clients have to wait when it is reached.
 */
import type { CommitLog } from '../../../dist/log/commit-log.js';
import { BatchBuilder } from '../../../dist/store/log/batch.js';
import { storedMessage } from '../support/messages.js';
import type { Change, Model } from './model.js';

/** Facts that may be gathered. */
const JOURNAL_MAX = 24;

export class Participant {
  readonly #pending = new Set<Promise<void>>();
  #gathered = new BatchBuilder();
  #change: Change;
  #facts = 0;
  #onDurable: (() => void)[] = [];
  #writing = 0;

  constructor(
    readonly writer: CommitLog,
    readonly model: Model,
  ) {
    this.#change = model.newChange();
  }

  /** The change that is gathered. */
  get change(): Change {
    return this.#change;
  }

  /** Whether clients can go on. */
  hasRoom(): boolean {
    return this.#facts < JOURNAL_MAX;
  }

  /** A message takes positions. */
  publish(body: string, places: readonly (readonly [id: number, position: number])[]): void {
    const id = this.writer.takeMessageIds(1);
    this.#gathered.message(id, storedMessage(body));
    for (const [queue, position] of places) this.#gathered.enqueue(queue, position, 1000, [id]);
    this.#facts += places.length;
  }

  done(queue: number, from: number, count = 1): void {
    this.#gathered.ack(queue, [{ from, count }]);
    this.#facts += 1;
  }

  /** Calls back when what was gathered up to now is durable. */
  whenDurable(use: () => void): void {
    this.#onDurable.push(use);
  }

  /** Writes what was gathered, unless the writer writes already and nobody insists. */
  write(insists = false): void {
    if (this.#facts === 0 || (this.#writing > 0 && !insists)) return;
    const change = this.#change;
    const callbacks = this.#onDurable;
    const batch = this.#gathered;
    this.#gathered = new BatchBuilder();
    this.#change = this.model.newChange();
    this.#facts = 0;
    this.#onDurable = [];
    this.#writing += 1;
    const written = this.writer.append(batch) ?? Promise.resolve();
    const tracked: Promise<void> = written
      .then(
        () => {
          this.model.becameDurable(change);
          for (const use of callbacks) use();
        },
        // The writer is closed and could not write.
        () => undefined,
      )
      .finally(() => {
        this.#writing -= 1;
        this.#pending.delete(tracked);
        if (this.#writing === 0) this.write();
      });
    this.#pending.add(tracked);
  }

  /** Everything that was gathered is durable. */
  async idle(): Promise<void> {
    this.write();
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }
}
