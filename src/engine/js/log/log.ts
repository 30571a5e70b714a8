/**
 * This folder is the twin of `assembly/log`, what goes to the log; queues and what stands above them may import it.
 *
 * A participant's part of the log: which messages it has recorded under which number, the places that they took, those
 * that are done, in batches that the host takes, writes and reports. What must hold: a message and all its places are
 * in one batch; what has a place in the log is recorded as done once; batches are done in the order in which they were
 * taken.
 */
import { messageId } from '../../../log/record-format.js';
import type { HeldBack, LogBatch } from '../../engine.js';
import type { Memory } from '../memory/memory.js';
import type { Clock, Messages } from '../memory/messages.js';
import { recordId, setRecordId } from '../memory/record-heads.js';
import { Batch } from './batch.js';
import type { Confirming } from './held-confirms.js';

/** Positions of one queue in a row. */
class Run {
  queue = 0;
  from = 0;
  count = 0;

  /** Whether the position continues it. */
  takes(queue: number, position: number): boolean {
    return this.count > 0 && this.queue === queue && position === this.from + this.count;
  }

  begin(queue: number, position: number): void {
    this.queue = queue;
    this.from = position;
    this.count = 1;
  }
}

export class Log<C extends Confirming = Confirming> {
  readonly #memory: Memory;
  readonly #messages: Messages;
  readonly #clock: Clock;
  #writer = 0;
  /** Number in the log of the next message. */
  #next = 0;
  /** Number of the first message that the gathering batch could hold. */
  #batchBegins = 0;
  #batch: Batch<C>;
  readonly #taken = new Run();
  /** Number of the first message of `#taken`; the others follow. */
  #firstId = 0;
  readonly #done = new Run();
  #started = false;
  /** Takes what the gathering batch has no room for. */
  #heldBack: HeldBack = () => undefined;
  /** Batches that were taken and are not done, in order. */
  readonly #underWay: Batch<C>[] = [];

  constructor(memory: Memory, messages: Messages, clock: Clock) {
    this.#memory = memory;
    this.#messages = messages;
    this.#clock = clock;
    this.#batch = new Batch(1, memory, messages);
  }

  start(writer: number, firstMessage: number, heldBack: HeldBack): void {
    this.#started = true;
    this.#heldBack = heldBack;
    this.#writer = writer;
    this.#next = firstMessage;
    this.#batchBegins = firstMessage;
    this.#messages.recording = true;
  }

  get gathering(): number {
    this.#endDone();
    return this.#batch.number;
  }

  /** A loggable message took a position of a queue. Follows the run of the one before it until `endRun`. */
  enqueued(message: number, queue: number, position: number): void {
    const id = this.#add(message);
    if (this.#taken.takes(queue, position) && id === this.#firstId + this.#taken.count) {
      this.#taken.count++;
      return;
    }
    this.endRun();
    this.#taken.begin(queue, position);
    this.#firstId = id;
  }

  endRun(): void {
    const { queue, from, count } = this.#taken;
    if (count === 0) return;
    this.#taken.count = 0;
    this.#batch.enqueued(queue, from, this.#clock.now, this.#firstId, count);
  }

  /** Adds the message to the batch unless it is there; returns its number. */
  #add(message: number): number {
    let id = recordId(this.#memory, message);
    if (id >= messageId(this.#writer, this.#batchBegins) && id < messageId(this.#writer, this.#next)) return id;
    // One that was kept may be in a batch before: it is written once more.
    if (id === 0) {
      id = messageId(this.#writer, this.#next++);
      this.#messages.eachUnit(message, (unit) => setRecordId(this.#memory, unit, id));
    }
    this.#batch.add(message);
    return id;
  }

  /** A position is done. */
  settled(queue: number, position: number): void {
    if (!this.#started) return;
    if (this.#done.takes(queue, position)) {
      this.#done.count++;
      return;
    }
    this.#endDone();
    this.#done.begin(queue, position);
  }

  /** Positions in a row are done. */
  settledRun(queue: number, from: number, count: number): void {
    if (!this.#started) return;
    this.#endDone();
    this.#record(queue, from, count);
  }

  #endDone(): void {
    const { queue, from, count } = this.#done;
    if (count === 0) return;
    this.#done.count = 0;
    this.#record(queue, from, count);
  }

  /** While the log cannot be written the gathering batch fills up. */
  #record(queue: number, from: number, count: number): void {
    if (this.#batch.isFull) this.#heldBack(queue, from, count);
    else this.#batch.done(queue, from, count);
  }

  /**
   * The message at a position was requeued so many times. Without room that is not recorded: after a restart it
   * counts from what is.
   */
  requeued(queue: number, position: number, count: number): void {
    if (this.#started && !this.#batch.isFull) this.#batch.requeued(queue, position, count);
  }

  /** Whether something is recorded that no batch has taken. */
  get gathers(): boolean {
    return this.#done.count > 0 || !this.#batch.isEmpty;
  }

  /** Whether places that are done from now on are held back. */
  get isFull(): boolean {
    return this.#batch.isFull;
  }

  /** The channel's last publish is confirmed by the batch that gathers. */
  hold(channel: C): void {
    channel.held.add(channel.handled, this.#batch.number);
    this.#batch.waiting.add(channel);
  }

  /** Nothing is confirmed to the channel any more. */
  forget(channel: C): void {
    this.#batch.waiting.delete(channel);
  }

  take(): LogBatch | null {
    this.#endDone();
    const batch = this.#batch;
    if (batch.isEmpty) return null;
    this.#underWay.push(batch);
    this.#batch = new Batch(batch.number + 1, this.#memory, this.#messages);
    this.#batchBegins = this.#next;
    return batch;
  }

  /** A batch is done: lets go of what it holds and returns the channels that waited for it. */
  finish(batch: LogBatch): Iterable<C> {
    const oldest = this.#underWay[0];
    if (oldest !== batch) throw new Error(`batch ${batch.number} is done before ${oldest?.number ?? 'it was taken'}`);
    this.#underWay.shift();
    oldest.release();
    return oldest.waiting;
  }
}

/** The batch behind what the host holds. */
export function ownBatch(batch: LogBatch): Batch {
  if (!(batch instanceof Batch)) throw new Error('a batch of another engine');
  return batch;
}
