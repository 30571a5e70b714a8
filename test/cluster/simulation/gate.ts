/**
 * A process as far as time passes for it: while it is stopped nothing is called in it, and all that would have been is
 * called when it goes on; behind its death nothing is. Its clock has an offset and a rate of its own.
 */
import type { LogStream, Tail, TailReader } from '../../../src/cluster/stream/log-stream.js';
import type { Clock } from '../../../src/platform/clock.js';

export class Gate {
  #state: 'open' | 'stopped' | 'dead' = 'open';
  #waiting: (() => void)[] = [];

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  run(work: () => void): void {
    if (this.#state === 'open') work();
    else if (this.#state === 'stopped') this.#waiting.push(work);
  }

  stop(): void {
    if (this.#state === 'open') this.#state = 'stopped';
  }

  goOn(): void {
    if (this.#state !== 'stopped') return;
    this.#state = 'open';
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const work of waiting) this.run(work);
  }

  die(): void {
    this.#state = 'dead';
    this.#waiting = [];
  }
}

export class ProcessClock implements Clock {
  constructor(
    private readonly base: Clock,
    private readonly gate: Gate,
    private readonly offset: number,
    private readonly rate: number,
  ) {}

  now(): number {
    return this.elapsed();
  }

  elapsed(): number {
    return this.offset + this.base.elapsed() * this.rate;
  }

  after(delay: number, work: () => void): () => void {
    let isOff = false;
    const run = () => {
      if (!isOff) work();
    };
    const end = this.base.after(delay / this.rate, () => this.gate.run(run));
    return () => {
      isOff = true;
      end();
    };
  }
}

/** A handle in that process. `onPurge`: called before a purge is asked for. */
export function gated(stream: LogStream, gate: Gate, onPurge: (upTo: number) => void): LogStream {
  const through =
    <A>(answer: (answer: A) => void) =>
    (given: A) =>
      gate.run(() => answer(given));
  return {
    get state() {
      return stream.state;
    },
    get server() {
      return stream.server;
    },
    messageOctetsMax: stream.messageOctetsMax,
    append: (octets, expected, answer) => stream.append(octets, expected, through(answer)),
    read: (sequence, answer) => stream.read(sequence, through(answer)),
    readRange: (from, to, octetsMax, answer) => stream.readRange(from, to, octetsMax, through(answer)),
    info: (answer) => stream.info(through(answer)),
    purge: (upTo, answer) => {
      onPurge(upTo);
      stream.purge(upTo, through(answer));
    },
    moveLeader: (to, answer) => stream.moveLeader(to, through(answer)),
    tail: (from, reader) => gatedTail(stream, gate, from, reader),
    onState: (listener) => stream.onState(through(listener)),
    close: () => stream.close(),
  };
}

function gatedTail(stream: LogStream, gate: Gate, from: number, reader: TailReader): Tail {
  let isClosed = false;
  let isPaused = false;
  const tail = stream.tail(from, {
    onMessage: (sequence, octets) => {
      if (!gate.isOpen) tail.pause();
      gate.run(() => {
        if (isClosed) return;
        reader.onMessage(sequence, octets);
        if (!isPaused) tail.resume();
      });
    },
    onEnd: (error) =>
      gate.run(() => {
        if (!isClosed) reader.onEnd(error);
      }),
  });
  return {
    pause: () => {
      isPaused = true;
      tail.pause();
    },
    resume: () => {
      isPaused = false;
      tail.resume();
    },
    close: () => {
      isClosed = true;
      tail.close();
    },
  };
}
