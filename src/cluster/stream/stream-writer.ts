/**
 * Appends messages one behind the other, several in flight, and tells of each when it is certain that it stands in the
 * stream, in order. What must hold:
 *
 * - A message is told of only when all that stands before it in the stream is known: the writer's own, or strays.
 *   `accepted` alone does not say that, since an append expects a number: behind another writer's message an append
 *   that was in flight can be accepted, too. So an answer counts only behind those for all messages before.
 * - Where an answer is missing or is a refusal, the stream is read. What stands there is the writer's own (the same
 *   octets), a stray (of a writer that was deposed, or an own one that came out of order), or another writer's that
 *   counts: then this writer is deposed, and appends nothing any more.
 * - A stream that ended before what is known, and has as many messages again, is not believed before the last known
 *   one is found to be there.
 * - Octets are the same in each try, so a late try that still comes in is known again; and no two messages of a writer
 *   are the same (each record has in it the hash of the one before).
 */
import type { Clock } from '../../platform/clock.js';
import type { AppendAnswer, LogStream, ReadAnswer } from './log-stream.js';
import type { StreamError } from './stream-error.js';

/** Before a question that got no answer is asked again (ms): nobody may answer for seconds. */
const PAUSE = 50;

export interface WriterObserver {
  /** In order. `sentAt`: when it was sent at first, by `Clock.elapsed`: nobody else's message stood before it then. */
  onAppended(sequence: number, octets: Uint8Array, sentAt: number): void;
  /**
   * Another's message stands where this writer's was to be, or was; nothing is appended any more. Once. Null: what
   * stood there is purged, which another one has asked for, since this writer did not know it.
   */
  onDeposed(sequence: number, octets: Uint8Array | null): void;
  /** A message between its own was passed over. */
  onStray?(sequence: number, octets: Uint8Array): void;
  /** The stream gives no answer, or (null) it says that it ends before what this writer knows to be there. */
  onTrouble?(error: StreamError | null): void;
}

/** Whether a message that another has written counts, given all before it. */
export type Judge = (sequence: number, octets: Uint8Array) => 'counts' | 'stray';

interface Entry {
  readonly octets: Uint8Array;
  readonly sentAt: number;
  state: 'sent' | 'accepted' | 'unsure';
}

export class StreamWriter {
  readonly #stream: LogStream;
  readonly #clock: Clock;
  readonly #judge: Judge;
  readonly #observer: WriterObserver;
  /** Up to here the stream is known. */
  #known: number;
  /** What stands there; null: it was read before this writer began. */
  #last: Uint8Array | null = null;
  /** The stream was said to end before that: until it is found there, nothing is appended. */
  #isInDoubt = false;
  /** Not yet told of; the first was sent for the sequence behind `#known`, the others for those that follow. */
  #entries: Entry[] = [];
  /** Answers of earlier tries are not looked at: what became of them is read. */
  #try = 0;
  #state: 'appends' | 'reads' | 'ended' = 'appends';
  #endPause: () => void = () => {};

  /** `known`: the last sequence that has been read. */
  constructor(stream: LogStream, clock: Clock, known: number, judge: Judge, observer: WriterObserver) {
    this.#stream = stream;
    this.#clock = clock;
    this.#known = known;
    this.#judge = judge;
    this.#observer = observer;
  }

  /** Messages that were appended and not told of. */
  get inFlight(): number {
    return this.#entries.length;
  }

  append(octets: Uint8Array): void {
    if (this.#state === 'ended') return;
    const entry: Entry = { octets, sentAt: this.#clock.elapsed(), state: 'sent' };
    this.#entries.push(entry);
    if (this.#state === 'appends') this.#send(entry, this.#entries.length - 1);
  }

  /** Tells nothing any more. What is in flight may still come in. */
  end(): void {
    this.#state = 'ended';
    this.#try += 1;
    this.#entries = [];
    this.#endPause();
  }

  #send(entry: Entry, index: number): void {
    const attempt = this.#try;
    entry.state = 'sent';
    this.#stream.append(entry.octets, this.#known + index, (answer) => {
      if (attempt === this.#try) this.#onAnswer(entry, answer);
    });
  }

  #onAnswer(entry: Entry, answer: AppendAnswer): void {
    entry.state = answer.kind === 'accepted' ? 'accepted' : 'unsure';
    if (answer.kind === 'unknown') this.#observer.onTrouble?.(answer.error);
    for (let [first] = this.#entries; first?.state === 'accepted'; [first] = this.#entries) this.#tell(first);
    if (this.#entries[0]?.state === 'unsure') this.#find();
  }

  /** It stands behind all that is known. */
  #tell(entry: Entry): void {
    this.#entries.shift();
    this.#known += 1;
    this.#last = entry.octets;
    this.#observer.onAppended(this.#known, entry.octets, entry.sentAt);
  }

  /** Reads what stands where the first one was to be. */
  #find(): void {
    if (this.#state === 'ended') return;
    this.#state = 'reads';
    this.#try += 1;
    const attempt = this.#try;
    const inDoubt = this.#isInDoubt ? this.#last : null;
    this.#stream.read(inDoubt === null ? this.#known + 1 : this.#known, (answer) => {
      if (attempt !== this.#try) return;
      if (inDoubt === null) this.#onFound(answer);
      else this.#onDoubt(inDoubt, answer);
    });
  }

  /** The last known message is looked for. */
  #onDoubt(last: Uint8Array, answer: ReadAnswer): void {
    if (answer.kind === 'unknown') {
      this.#observer.onTrouble?.(answer.error);
      this.#later(() => this.#find());
    } else if (answer.kind === 'missing') this.#sendAgain();
    else if (isSame(last, answer.octets)) {
      this.#isInDoubt = false;
      this.#find();
    } else {
      this.end();
      this.#observer.onDeposed(this.#known, answer.octets);
    }
  }

  #onFound(answer: ReadAnswer): void {
    if (answer.kind === 'found') this.#look(answer.octets);
    else if (answer.kind === 'missing') this.#sendAgain();
    else {
      this.#observer.onTrouble?.(answer.error);
      this.#later(() => this.#find());
    }
  }

  #look(octets: Uint8Array): void {
    const [first] = this.#entries;
    if (first !== undefined && isSame(first.octets, octets)) {
      this.#tell(first);
      if (this.#entries.length > 0) this.#find();
      else if (this.#state === 'reads') this.#state = 'appends';
      return;
    }
    if (this.#judge(this.#known + 1, octets) === 'counts') {
      this.end();
      this.#observer.onDeposed(this.#known + 1, octets);
      return;
    }
    this.#known += 1;
    this.#last = octets;
    this.#observer.onStray?.(this.#known, octets);
    this.#find();
  }

  /** Nothing stands behind what is known, says who answered. All that is not told of is appended, if that is so. */
  #sendAgain(): void {
    const attempt = this.#try;
    this.#stream.info((answer) => {
      if (attempt !== this.#try) return;
      if (answer.kind === 'unknown') {
        this.#observer.onTrouble?.(answer.error);
        this.#later(() => this.#find());
      } else if (answer.info.first > this.#known + 1) {
        this.end();
        this.#observer.onDeposed(this.#known + 1, null);
      } else if (answer.info.last !== this.#known || this.#isInDoubt) {
        // Purged: it was there.
        if (answer.info.first > this.#known) this.#isInDoubt = false;
        // More has come meanwhile; or less is there: it has gone back, or who answered has not yet heard of all.
        if (answer.info.last < this.#known) {
          this.#isInDoubt = true;
          this.#observer.onTrouble?.(null);
        }
        this.#later(() => this.#find());
      } else {
        this.#state = 'appends';
        this.#entries.forEach((entry, index) => {
          this.#send(entry, index);
        });
      }
    });
  }

  #later(work: () => void): void {
    this.#endPause = this.#clock.after(PAUSE, work);
  }
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
