/**
 * The leader's way into the stream: the only one that appends. It begins with the fence, gathers what waits while
 * messages are in flight, appends a beat where nothing else was, and ends with the hand-over, if it ends in order. What
 * must hold:
 *
 * - Records become certain in the order in which they were appended; each is told of once, and a fenced one never
 *   before one that is certain.
 * - Behind the hand-over nothing is appended.
 */
import type { Clock } from '../../platform/clock.js';
import type { ChainPosition } from '../records/link.js';
import { fenceBody, handOverBody } from '../records/record-bodies.js';
import { RecordEncoder } from '../records/record-encoder.js';
import { GROUP_HEAD_OCTETS, type GroupedRecord, groupBody } from '../records/record-group.js';
import { HEAD_OCTETS, RecordKind } from '../records/record-layout.js';
import type { LogStream } from '../stream/log-stream.js';
import type { StreamError } from '../stream/stream-error.js';
import { type Judge, StreamWriter } from '../stream/stream-writer.js';
import type { Limits } from './timing.js';

/** certain: at this sequence. fenced: it is not, and will not be confirmed by this node; it may still not count. */
export type Outcome = { readonly kind: 'certain'; readonly sequence: number } | { readonly kind: 'fenced' };

/** In the order of the stream. */
export interface SequencerObserver {
  /** A message of this leader is certain; its records are told of when this has returned. */
  onOwn(sequence: number, octets: Uint8Array, sentAt: number): void;
  onStray(sequence: number, octets: Uint8Array): void;
  /** Another one leads (null: what it wrote there is purged already); `end` is yet to be called. */
  onDeposed(sequence: number, octets: Uint8Array | null): void;
  onTrouble(error: StreamError | null): void;
  /** All that was appended is certain, and so is the hand-over. */
  onHandedOver(): void;
  /** Less waits than did. */
  onLess(): void;
}

interface Waiting extends GroupedRecord {
  readonly octets: number;
  readonly done: (outcome: Outcome) => void;
}

/** A message that is encoded; its records are certain when it is. */
interface Message {
  readonly octets: Uint8Array;
  readonly records: readonly Waiting[];
  readonly isHandOver: boolean;
}

export interface SequencerOptions {
  readonly name: string;
  readonly stream: LogStream;
  readonly clock: Clock;
  /** What was read: the fence goes behind it. */
  readonly end: ChainPosition;
  readonly judge: Judge;
  readonly observer: SequencerObserver;
  readonly limits: Limits;
  /** A beat is due when nothing was sent for so long (ms). */
  readonly beat: number;
}

export class Sequencer {
  readonly #options: SequencerOptions;
  readonly #encoder: RecordEncoder;
  readonly #writer: StreamWriter;
  readonly #gatherMax: number;
  #waiting: Waiting[] = [];
  /** Encoded, and not yet in flight: parts of a long record. */
  #parts: Message[] = [];
  #inFlight: Message[] = [];
  #state: 'fences' | 'leads' | 'ends' | 'ended' = 'fences';
  #handTo: { readonly to: string | null } | null = null;
  #octets = 0;
  #lastSent = 0;
  #endBeat: () => void = () => {};

  constructor(options: SequencerOptions) {
    const { stream, clock, end, judge, observer, limits, name } = options;
    this.#options = options;
    this.#encoder = new RecordEncoder(end, stream.messageOctetsMax);
    this.#gatherMax = Math.min(limits.message, stream.messageOctetsMax - HEAD_OCTETS);
    this.#writer = new StreamWriter(stream, clock, end.sequence, judge, {
      onAppended: (sequence, octets, sentAt) => this.#onAppended(sequence, octets, sentAt),
      onDeposed: (sequence, octets) => observer.onDeposed(sequence, octets),
      onStray: (sequence, octets) => observer.onStray(sequence, octets),
      onTrouble: (error) => observer.onTrouble(error),
    });
    this.#encode(RecordKind.FENCE, fenceBody(name), []);
    this.#pump();
  }

  get epoch(): number {
    return this.#encoder.epoch;
  }

  /** Octets of bodies that are not certain. */
  get octets(): number {
    return this.#octets;
  }

  append(kind: RecordKind, body: readonly Uint8Array[], done: (outcome: Outcome) => void): void {
    const octets = octetsOf(body);
    this.#waiting.push({ kind, body, octets, done });
    this.#octets += octets;
    if (this.#state === 'leads') this.#pump();
  }

  /** Behind all that waits. What is appended later is fenced. */
  handOver(to: string | null): void {
    if (this.#state !== 'leads') return;
    this.#handTo = { to };
    this.#pump();
  }

  /** All that is not certain is fenced. */
  end(): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#writer.end();
    this.#endBeat();
    const lost = [...this.#inFlight, ...this.#parts].flatMap(({ records }) => records).concat(this.#waiting);
    this.#inFlight = [];
    this.#parts = [];
    this.#waiting = [];
    this.#octets = 0;
    for (const { done } of lost) done({ kind: 'fenced' });
  }

  #onAppended(sequence: number, octets: Uint8Array, sentAt: number): void {
    const message = this.#inFlight.shift();
    if (this.#state === 'fences') {
      this.#state = 'leads';
      this.#beatLater(this.#options.beat);
    }
    this.#options.observer.onOwn(sequence, octets, sentAt);
    for (const { octets: length, done } of message?.records ?? []) {
      this.#octets -= length;
      done({ kind: 'certain', sequence });
    }
    // Whoever was told may have ended it.
    if (this.#isEnded) return;
    if (message?.isHandOver) {
      this.#options.observer.onHandedOver();
      return;
    }
    if (message !== undefined && message.records.length > 0) this.#options.observer.onLess();
    this.#pump();
  }

  get #isEnded(): boolean {
    return this.#state === 'ended';
  }

  /** Sends as much as may be in flight. */
  #pump(): void {
    while (this.#inFlight.length < this.#options.limits.inFlight && !this.#isEnded) {
      if (this.#parts.length === 0 && !this.#gather()) return;
      const message = this.#parts.shift();
      if (message === undefined) return;
      this.#inFlight.push(message);
      this.#lastSent = this.#options.clock.elapsed();
      this.#writer.append(message.octets);
    }
  }

  /** Encodes what waits, as one record as long as a message has room. False: nothing waits. */
  #gather(): boolean {
    if (this.#state !== 'leads') return false;
    let octets = 0;
    let count = 0;
    for (const waiting of this.#waiting) {
      octets += waiting.octets + GROUP_HEAD_OCTETS;
      if (count > 0 && octets > this.#gatherMax) break;
      count += 1;
    }
    const records = this.#waiting.splice(0, count);
    const [first] = records;
    if (first === undefined) return this.#encodeHandOver();
    if (count === 1) this.#encode(first.kind, first.body, records);
    else this.#encode(RecordKind.GROUP, groupBody(records), records);
    return true;
  }

  #encodeHandOver(): boolean {
    if (this.#handTo === null) return false;
    this.#state = 'ends';
    this.#encode(RecordKind.HANDOVER, handOverBody(this.#handTo.to), []);
    return true;
  }

  #encode(kind: RecordKind, body: readonly Uint8Array[], records: readonly Waiting[]): void {
    const messages = this.#encoder.encode(kind, body);
    for (const [index, octets] of messages.entries()) {
      const isLast = index === messages.length - 1;
      this.#parts.push({
        octets,
        records: isLast ? records : [],
        isHandOver: isLast && kind === RecordKind.HANDOVER,
      });
    }
  }

  #beatLater(delay: number): void {
    const { clock, beat, limits } = this.#options;
    this.#endBeat = clock.after(delay, () => {
      if (this.#state !== 'leads') return;
      const idle = clock.elapsed() - this.#lastSent;
      if (idle >= beat && this.#inFlight.length < limits.inFlight) {
        this.#encode(RecordKind.BEAT, [], []);
        this.#pump();
        this.#beatLater(beat);
      } else this.#beatLater(Math.max(beat - idle, 1));
    });
  }
}

function octetsOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}
