/**
 * This folder is for a log that other machines acknowledge: what a leader's participants write, and how they tell the
 * thread that has the stream.
 *
 * Here: one participant's log. A batch goes into the stream first, and then to files of this machine; so these are a
 * prefix of the stream, and a leader that is deposed has nothing to undo. What must hold, beside what every commit log
 * promises:
 *
 * - An append resolves when it is certain that the batch stands in the stream: for `fsync` and `os` alike, that is what
 *   durable means here. It does not wait for the file, unless so much is not yet written there (UNWRITTEN_MAX) that
 *   memory would grow with a disk that is slower than the stream. `none`: nobody waits; batches are released when they
 *   are certain.
 * - What is certain and not yet in the file is lost with the process, here alone: the stream has it, and this node's
 *   position, which knows what is written, is before it.
 * - Files are written in the order of the stream, and synced whatever a confirm means. Events are theirs.
 * - `fenced` is for ever: all that waits is rejected, and all that comes.
 */
import type { Batch, CommitLog, CommitLogObserver, Durability, Health } from '../../log/commit-log.js';
import { NO_SEED } from '../../log/log-memory.js';
import {
  EnqueueField,
  EnqueueFlag,
  get64,
  RECORD_HEAD,
  RecordType,
  sequenceOf,
  spanOf,
  writerOf,
} from '../../log/record-format.js';
import { fatal } from '../../platform/fatal.js';
import { ReceivedBatch } from '../log/received-batch.js';
import type { FromLane, LanePort, ToLane } from './lane-messages.js';

/** Octets that are certain and not in the file, behind which appends wait for the file as well. */
export const UNWRITTEN_MAX = 16 << 20;
/** How long a log that ends waits for the stream (ms). */
const END_MS = 10_000;

export interface ReplicatedLogOptions extends CommitLogObserver {
  readonly durability: Durability;
  readonly port: LanePort<FromLane, ToLane>;
  /** The files of this machine. It tells events; `local` is opened with `fsync`. */
  readonly local: (observer: CommitLogObserver) => CommitLog;
  readonly endMs?: number;
}

/** In the stream's hands; what has no octets is certain with what is before it. */
interface Sent {
  readonly batch: Batch;
  readonly octets: number;
  readonly messages: number;
  readonly messageOctets: number;
  readonly sentAt: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class ReplicatedLog implements CommitLog {
  readonly durability: Durability;
  readonly #options: ReplicatedLogOptions;
  readonly #port: LanePort<FromLane, ToLane>;
  readonly #local: CommitLog;
  #sent: Sent[] = [];
  /** Certain, and waiting for the files: there is too much of it. */
  #held: (() => void)[] = [];
  #unwritten = 0;
  /** Barriers, and how many batches must be certain before the files are told of each. */
  #barriers: { readonly barrier: number; behind: number }[] = [];
  #nextMessage: number;
  #lost: Error | null = null;
  #isClosing = false;
  #stream: Health = { state: 'ok' };
  /** What was told of last. */
  #told: Health = { state: 'ok' };
  #onSettled: () => void = () => undefined;

  constructor(options: ReplicatedLogOptions) {
    this.#options = options;
    this.durability = options.durability;
    this.#port = options.port;
    this.#local = options.local({
      onEvent: (event) => options.onEvent(event),
      onHealth: () => this.#healthChanged(),
    });
    this.#nextMessage = sequenceOf(this.#local.takeMessageIds(0));
    this.#port.on('message', (message) => this.#hear(message));
  }

  get writerNumber(): number {
    return this.#local.writerNumber;
  }

  get health(): Health {
    return this.#stream.state === 'ok' ? this.#local.health : this.#stream;
  }

  takeMessageIds(count: number): number {
    return this.#local.takeMessageIds(count);
  }

  append(batch: Batch): Promise<void> | null {
    const error = this.#lost ?? (this.#isClosing ? new Error('the log is closed') : null);
    if (error !== null) return this.#refused(batch, error);
    const { messages, messageOctets, octets } = batch;
    if (octets === 0 && this.#sent.length === 0) {
      batch.release();
      return null;
    }
    const facts = batch.facts();
    this.#nextMessage = Math.max(this.#nextMessage, nextIn(facts, this.writerNumber));
    const records = copyOf(batch);
    const sent = new Promise<void>((resolve, reject) => {
      this.#sent.push({ batch, octets, messages, messageOctets, sentAt: performance.now(), resolve, reject });
    });
    const { buffer } = records;
    const nextMessage = this.#nextMessage;
    if (octets > 0) {
      this.#port.postMessage({ kind: 'append', batch: { messages, messageOctets, nextMessage, records } }, [buffer]);
    }
    if (this.durability !== 'none') return sent;
    // Told by `onHealth`; nobody waits for this one.
    sent.catch(() => undefined);
    return null;
  }

  barrier(barrier: number): void {
    if (this.#lost !== null) return;
    const behind = this.#sent.filter(({ octets }) => octets > 0).length;
    if (behind === 0) this.#local.barrier(barrier);
    else this.#barriers.push({ barrier, behind });
  }

  retry(): void {
    this.#local.retry();
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    if (this.#sent.length > 0) {
      const { endMs = END_MS } = this.#options;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, endMs);
        this.#onSettled = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    if (this.#sent.length > 0) this.#lose(new Error('the stream did not say that all is certain before the log ended'));
    const lost = this.#lost;
    await this.#local.close();
    // All that was told of being written is on its way.
    await Promise.resolve();
    this.#port.close();
    // Nobody may vouch for it.
    if (lost !== null) throw lost;
  }

  #refused(batch: Batch, error: Error): Promise<void> | null {
    batch.release();
    return this.durability === 'none' ? null : Promise.reject(error);
  }

  #hear(message: ToLane): void {
    switch (message.kind) {
      case 'certain':
        return this.#certain(message.records);
      case 'trouble': {
        const { text } = message;
        if (this.#stream.state === 'fenced') return;
        this.#stream = text === null ? { state: 'ok' } : { state: 'failing', error: new Error(text) };
        return this.#healthChanged();
      }
      case 'fenced': {
        const error = new Error(message.text);
        this.#stream = { state: 'fenced', error };
        this.#lose(error);
        return this.#healthChanged();
      }
      default:
        return message satisfies never;
    }
  }

  #certain(records: Uint8Array<ArrayBuffer>): void {
    const sent = this.#sent.shift();
    // It had given up waiting.
    if (sent === undefined) return;
    const { batch, messages, messageOctets, sentAt, resolve } = sent;
    batch.release();
    this.#options.onWritten?.(records.length, performance.now() - sentAt);
    this.#write(ReceivedBatch.own(records, { messages, messageOctets }));
    this.#passBarriers();
    if (this.#unwritten > UNWRITTEN_MAX || this.#held.length > 0) this.#held.push(resolve);
    else resolve();
    this.#settleEmpty();
    if (this.#sent.length === 0) this.#onSettled();
  }

  #settleEmpty(): void {
    while (this.#sent[0]?.octets === 0) {
      const { batch, resolve } = this.#sent.shift() as Sent;
      batch.release();
      if (this.#held.length > 0) this.#held.push(resolve);
      else resolve();
    }
  }

  #write(batch: ReceivedBatch): void {
    const { octets } = batch;
    this.#unwritten += octets;
    const done = (): void => {
      this.#unwritten -= octets;
      this.#port.postMessage({ kind: 'written', batches: 1 }, []);
      while (this.#held.length > 0 && this.#unwritten <= UNWRITTEN_MAX) this.#held.shift()?.();
    };
    const written = this.#local.append(batch);
    // It is rejected only where the log was closed and could not write: `close` tells that.
    if (written === null) done();
    else written.then(done, () => undefined).catch(fatal);
  }

  #passBarriers(): void {
    for (const one of this.#barriers) one.behind -= 1;
    while (this.#barriers[0] !== undefined && this.#barriers[0].behind <= 0) {
      const { barrier } = this.#barriers.shift() as { barrier: number };
      this.#local.barrier(barrier);
    }
  }

  #lose(error: Error): void {
    this.#lost ??= error;
    this.#barriers = [];
    const lost = this.#sent;
    this.#sent = [];
    for (const { batch, reject } of lost) {
      batch.release();
      reject(this.#lost);
    }
    // These are certain.
    for (const resolve of this.#held.splice(0)) resolve();
    this.#onSettled();
  }

  #healthChanged(): void {
    const { health } = this;
    if (health.state === this.#told.state) return;
    this.#told = health;
    this.#options.onHealth?.(health);
  }
}

/** The records for no seed, in memory that can be given away. */
function copyOf(batch: Batch): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(batch.octets);
  let at = 0;
  for (const part of batch.stamp(NO_SEED)) {
    copy.set(part, at);
    at += part.length;
  }
  return copy;
}

/** Where a writer's numbering goes on behind the ids that some places name; 0: they name none of its own. */
function nextIn(facts: Uint8Array, writer: number): number {
  const view = new DataView(facts.buffer, facts.byteOffset, facts.length);
  let next = 0;
  for (let at = 0; at < facts.length; at += spanOf(view.getUint32(at, true))) {
    if (view.getUint8(at + 4) !== RecordType.ENQUEUE) continue;
    const payload = at + RECORD_HEAD;
    const count = view.getUint32(payload + EnqueueField.COUNT, true);
    const isInOrder = (view.getUint32(payload + EnqueueField.FLAGS, true) & EnqueueFlag.IN_ORDER) !== 0;
    const ids = payload + EnqueueField.IDS;
    if (isInOrder) {
      const last = get64(view, ids) + count - 1;
      if (writerOf(last) === writer) next = Math.max(next, sequenceOf(last) + 1);
      continue;
    }
    for (let i = 0; i < count; i++) {
      const id = get64(view, ids + i * 8);
      if (writerOf(id) === writer) next = Math.max(next, sequenceOf(id) + 1);
    }
  }
  return next;
}
