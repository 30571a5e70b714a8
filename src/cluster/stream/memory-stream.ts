/**
 * A stream in memory that several nodes hold handles of, for simulations in one thread: time and chance are injected,
 * nothing reads the machine's. What must hold: it promises what log-stream.ts does, whatever faults it is told to have
 * (memory-faults.ts), but for a regression. No promise and no timer of the system is made for an event: a question
 * takes two calls of the clock, and what is behind a tail's reader one for all that has come.
 *
 *   handle ──request (delay, lost, cut off)──> leader (stalled, none, refuses) ──answer (delay, lost, cut off)──>
 *   handle
 */
import type { Clock } from '../../platform/clock.js';
import type {
  AppendAnswer,
  DoneAnswer,
  InfoAnswer,
  LogStream,
  RangeAnswer,
  ReadAnswer,
  StreamInfo,
  StreamMessage,
  StreamState,
  Tail,
  TailReader,
  Unknown,
} from './log-stream.js';
import { between, CALM, type CutOff, type Faulty, type MemoryChances, type MemoryTiming } from './memory-faults.js';
import { purged, StreamError, type StreamErrorCode, tooLong } from './stream-error.js';

const OCTETS_MAX = 1 << 20;
const SERVERS = ['s1', 's2', 's3'] as const;

/** Messages from `first` on. */
class Kept {
  readonly #messages: Uint8Array[];
  octets: number;
  constructor(
    public first = 1,
    messages: Uint8Array[] = [],
  ) {
    this.#messages = messages;
    this.octets = octetsOf(messages);
  }
  get last(): number {
    return this.first + this.#messages.length - 1;
  }
  at(sequence: number): Uint8Array | undefined {
    return this.#messages[sequence - this.first];
  }
  add(octets: Uint8Array): number {
    this.#messages.push(octets);
    this.octets += octets.length;
    return this.last;
  }
  purge(upTo: number): void {
    const count = Math.min(upTo, this.last) - this.first + 1;
    if (count <= 0) return;
    this.octets -= octetsOf(this.#messages.splice(0, count));
    this.first += count;
  }
  /** What is purged stays so: it never loses more than it keeps. */
  lose(count: number): void {
    this.octets -= octetsOf(this.#messages.splice(Math.max(0, this.#messages.length - count)));
  }
  copy(): Kept {
    return new Kept(this.first, this.#messages.slice());
  }
}

function octetsOf(messages: readonly Uint8Array[]): number {
  return messages.reduce((sum, { length }) => sum + length, 0);
}

export interface MemoryStreamOptions {
  readonly clock: Clock;
  /** From 0 to below 1. */
  readonly random: () => number;
  readonly timing?: MemoryTiming;
  readonly messageOctetsMax?: number;
}

export class MemoryStream implements Faulty {
  readonly clock: Clock;
  readonly random: () => number;
  readonly timing: MemoryTiming;
  readonly messageOctetsMax: number;
  /** May be changed at any time. */
  readonly chances: MemoryChances = { lostRequest: 0, lostAnswer: 0, refused: 0 };
  readonly #kept = new Kept();
  readonly #handles = new Set<MemoryHandle>();
  /** What a node that is cut off is served from. */
  readonly #cutOff = new Map<string, { readonly servedBy: CutOff; readonly kept: Kept }>();
  /** Requests that wait for the end of a stall, in order. */
  #stalled: (() => void)[] | null = null;
  #endStall: () => void = () => {};
  #endElection: (() => void) | null = null;
  #leader: string = SERVERS[0];

  constructor({ clock, random, timing, messageOctetsMax }: MemoryStreamOptions) {
    this.clock = clock;
    this.random = random;
    this.timing = timing ?? CALM;
    this.messageOctetsMax = messageOctetsMax ?? OCTETS_MAX;
  }

  get first(): number {
    return this.#kept.first;
  }
  get last(): number {
    return this.#kept.last;
  }
  get octets(): number {
    return this.#kept.octets;
  }
  get leader(): string | null {
    return this.#endElection === null ? this.#leader : null;
  }
  get nodes(): string[] {
    return [...new Set([...this.#handles].map(({ node }) => node))];
  }

  /** The message itself, past all faults: for tests. */
  at(sequence: number): Uint8Array | undefined {
    return this.#kept.at(sequence);
  }

  /** A handle of this node; several of one node are cut off together. */
  connect(node: string): MemoryHandle {
    const handle = new MemoryHandle(this, node);
    this.#handles.add(handle);
    return handle;
  }

  forget(handle: MemoryHandle): void {
    this.#handles.delete(handle);
  }

  cutOff(node: string, servedBy: CutOff): void {
    this.#cutOff.set(node, { servedBy, kept: this.#kept.copy() });
    this.#changed();
  }

  heal(node: string): void {
    this.#cutOff.delete(node);
    this.#changed();
  }

  /** Nothing is answered for so long; then all that waits is done, in order, unless a new leader is elected before. */
  stall(ms: number): void {
    this.#stalled ??= [];
    this.#endStall();
    this.#endStall = this.clock.after(ms, () => this.#goOn());
  }

  /** Ends a stall. */
  #goOn(): void {
    this.#endStall();
    this.#endStall = () => {};
    const waiting = this.#stalled ?? [];
    this.#stalled = null;
    for (const serve of waiting) serve();
  }

  /** The leader is gone, and a new one comes. Some of what waited for the old one it still did, the rest is lost. */
  elect(to: string | null = null): void {
    if (this.#stalled !== null) {
      this.#stalled.length = Math.floor(this.random() * (this.#stalled.length + 1));
      this.#goOn();
    }
    this.#endElection?.();
    const others = SERVERS.filter((server) => server !== this.#leader);
    const next = to ?? others[Math.floor(this.random() * others.length)] ?? this.#leader;
    this.#endElection = this.clock.after(between(this.random, this.timing.election), () => {
      this.#endElection = null;
      this.#leader = next;
      this.#changed();
    });
    this.#changed();
  }

  /** The stream has gone back: its last messages are lost, those that were accepted too. */
  regress(count: number): void {
    this.#kept.lose(count);
  }

  /** What the node sees of the stream; null: nothing. `leads`: by what it takes for the leader. */
  viewOf(node: string, leads: boolean): Kept | null {
    const cut = this.#cutOff.get(node);
    if (cut === undefined) return this.#kept;
    if (cut.servedBy === 'nobody' || (leads && cut.servedBy === 'replica')) return null;
    return cut.kept;
  }

  isCutOff(node: string): boolean {
    return this.#cutOff.has(node);
  }

  stateOf(node: string): StreamState {
    if (this.#cutOff.get(node)?.servedBy === 'nobody') return 'disconnected';
    return this.leader === null && !this.isCutOff(node) ? 'leaderless' : 'connected';
  }

  /** A request has come to the leader. Whether it is done is known when `serve` is called, if it ever is. */
  arrive(serve: () => void): 'leaderless' | 'taken' {
    if (this.#endElection !== null) return 'leaderless';
    if (this.#stalled !== null) this.#stalled.push(serve);
    else serve();
    return 'taken';
  }

  append(octets: Uint8Array, expected: number): AppendAnswer {
    const { last } = this.#kept;
    if (expected !== last) return { kind: 'refused', last };
    if (this.random() < this.chances.refused) return { kind: 'refused', last: last + 1 };
    const sequence = this.#kept.add(octets);
    for (const handle of this.#handles) handle.wake();
    return { kind: 'accepted', sequence };
  }

  purge(upTo: number): void {
    this.#kept.purge(upTo);
    for (const handle of this.#handles) handle.wake();
  }

  #changed(): void {
    for (const handle of [...this.#handles]) {
      handle.changed();
      handle.wake();
    }
  }
}

export class MemoryHandle implements LogStream {
  readonly #stream: MemoryStream;
  readonly #tails = new Set<MemoryTail>();
  #isClosed = false;
  #told: StreamState = 'connected';
  #onState: (state: StreamState) => void = () => {};
  /** When the last request arrives, and the last answer: none overtakes another. */
  #arrival = 0;
  #answer = 0;

  constructor(
    stream: MemoryStream,
    readonly node: string,
  ) {
    this.#stream = stream;
  }

  get state(): StreamState {
    return this.#isClosed ? 'closed' : this.#stream.stateOf(this.node);
  }
  get server(): string | null {
    return this.state === 'disconnected' || this.#isClosed ? null : SERVERS[0];
  }
  get messageOctetsMax(): number {
    return this.#stream.messageOctetsMax;
  }

  append(octets: Uint8Array, expected: number, answer: (answer: AppendAnswer) => void): void {
    if (octets.length > this.messageOctetsMax) throw tooLong(octets.length, this.messageOctetsMax);
    this.#ask<AppendAnswer>(() => this.#stream.append(octets, expected), answer, false);
  }

  read(sequence: number, answer: (answer: ReadAnswer) => void): void {
    this.#ask<ReadAnswer>(() => {
      const octets = this.#stream.viewOf(this.node, true)?.at(sequence);
      return octets === undefined ? { kind: 'missing' } : { kind: 'found', octets };
    }, answer);
  }

  readRange(from: number, to: number, octetsMax: number, answer: (answer: RangeAnswer) => void): void {
    this.#ask<RangeAnswer>(
      () => {
        const view = this.#stream.viewOf(this.node, false);
        const messages: StreamMessage[] = [];
        let octetsSum = 0;
        for (let sequence = from; sequence <= to && octetsSum < octetsMax; sequence++) {
          const octets = view?.at(sequence);
          if (octets === undefined) break;
          messages.push({ sequence, octets });
          octetsSum += octets.length;
        }
        return { kind: 'read', messages };
      },
      answer,
      'replica',
    );
  }

  info(answer: (answer: InfoAnswer) => void): void {
    this.#ask<InfoAnswer>(() => ({ kind: 'info', info: this.#info() }), answer);
  }

  #info(): StreamInfo {
    const view = this.#stream.viewOf(this.node, true);
    const { leader } = this.#stream;
    const replicas = SERVERS.map((server) => ({ server, isCurrent: true }));
    return { first: view?.first ?? 1, last: view?.last ?? 0, octets: view?.octets ?? 0, leader, replicas };
  }

  purge(upTo: number, answer: (answer: DoneAnswer) => void): void {
    this.#ask<DoneAnswer>(
      () => {
        this.#stream.purge(upTo);
        return { kind: 'done' };
      },
      answer,
      false,
    );
  }

  moveLeader(to: string | null, answer: (answer: DoneAnswer) => void): void {
    this.#ask<DoneAnswer>(
      () => {
        if (to !== this.#stream.leader) this.#stream.elect(to);
        return { kind: 'done' };
      },
      answer,
      false,
    );
  }

  tail(from: number, reader: TailReader): Tail {
    const tail = new MemoryTail(this.#stream, this.node, from, reader, () => this.#tails.delete(tail));
    this.#tails.add(tail);
    tail.wake();
    return tail;
  }

  onState(listener: (state: StreamState) => void): void {
    this.#onState = listener;
  }

  close(): Promise<void> {
    this.#isClosed = true;
    for (const tail of [...this.#tails]) tail.close();
    this.#stream.forget(this);
    return CLOSED;
  }

  /** Something may have come that a tail waits for. */
  wake(): void {
    for (const tail of this.#tails) tail.wake();
  }

  /** The node's way to the stream has changed. */
  changed(): void {
    const { state } = this;
    if (state === this.#told) return;
    this.#told = state;
    this.#onState(state);
  }

  /** `stale`: who may answer where this node is cut off: nobody (false), what calls itself the leader, any replica. */
  #ask<A>(serve: () => A, answer: (answer: A | Unknown) => void, stale: false | 'leader' | 'replica' = 'leader'): void {
    if (this.#isClosed) return;
    const stream = this.#stream;
    const { clock, random, timing, chances } = stream;
    const deadline = clock.elapsed() + timing.timeout;
    let isTold = false;
    const tell = (given: A | Unknown) => {
      if (isTold || this.#isClosed) return;
      isTold = true;
      answer(given);
    };
    const giveUp = () => {
      const left = deadline - clock.elapsed();
      clock.after(left, () => tell(unknown('timeout', `no answer within ${timing.timeout} ms`)));
    };
    const reply = (given: A | Unknown) => {
      this.#answer = Math.max(this.#answer, clock.elapsed() + between(random, timing.delay));
      if (random() < chances.lostAnswer || this.#answer > deadline) giveUp();
      else {
        clock.after(this.#answer - clock.elapsed(), () => {
          if (stream.stateOf(this.node) === 'disconnected') giveUp();
          else tell(given);
        });
      }
    };
    if (random() < chances.lostRequest) return giveUp();
    this.#arrival = Math.max(this.#arrival, clock.elapsed() + between(random, timing.delay));
    clock.after(this.#arrival - clock.elapsed(), () => {
      if (stream.isCutOff(this.node)) {
        const isServed = stale !== false && stream.viewOf(this.node, stale === 'leader') !== null;
        if (isServed) reply(serve());
        else giveUp();
        return;
      }
      let isServed = false;
      const arrived = stream.arrive(() => {
        isServed = true;
        reply(serve());
      });
      if (arrived === 'leaderless') reply(unknown('leaderless', 'the stream has no leader'));
      else if (!isServed) giveUp();
    });
  }
}

class MemoryTail implements Tail {
  #isPaused = false;
  #isClosed = false;
  /** A call of the clock is under way. */
  #isAwake = false;

  constructor(
    private readonly stream: MemoryStream,
    private readonly node: string,
    private next: number,
    private readonly reader: TailReader,
    private readonly onClosed: () => void,
  ) {}

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.wake();
  }

  close(): void {
    this.#isClosed = true;
    this.onClosed();
  }

  wake(): void {
    if (this.#isAwake || this.#isPaused || this.#isClosed || !this.#hasMore) return;
    this.#isAwake = true;
    this.stream.clock.after(between(this.stream.random, this.stream.timing.delay), () => {
      this.#isAwake = false;
      this.#deliver();
    });
  }

  get #hasMore(): boolean {
    const view = this.stream.viewOf(this.node, false);
    return view !== null && (this.next < view.first || this.next <= view.last);
  }

  #deliver(): void {
    const view = this.stream.viewOf(this.node, false);
    if (view === null) return;
    while (!this.#isPaused && !this.#isClosed) {
      if (this.next < view.first) {
        this.close();
        this.reader.onEnd(purged(this.next, view.first));
        return;
      }
      const octets = view.at(this.next);
      if (octets === undefined) return;
      this.reader.onMessage(this.next++, octets);
    }
  }
}

const CLOSED = Promise.resolve();

function unknown(code: StreamErrorCode, message: string): Unknown {
  return { kind: 'unknown', error: new StreamError(code, message) };
}
