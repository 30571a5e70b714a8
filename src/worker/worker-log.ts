/**
 * The log of one worker: opened when the broker thread says where, written by passes of the event loop, ended last.
 * What happens there is told to the broker thread. What must hold: all of that is told before the worker says that it
 * has ended.
 */
import { Counter, type Engine } from '../engine/engine.js';
import type { EventLoop } from '../event-loop/event-loop.js';
import { Doing } from '../event-loop/progress.js';
import { CpuLatency } from '../platform/cpus/cpu-latency.js';
import type { OpenCommitLog } from '../store/open-log.js';
import { BusyPoll } from './busy-poll.js';
import { LogReport } from './log-report.js';
import { ParticipantLog } from './participant-log.js';
import type { FromWorker, LogToOpen } from './thread-messages.js';

export class WorkerLog {
  readonly #engine: Engine;
  readonly #eventLoop: EventLoop;
  readonly #openLog: OpenCommitLog;
  readonly #post: (message: FromWorker) => void;
  readonly #report: LogReport;
  #opened: ParticipantLog | null = null;
  /** Reads that had come when the log was last written. */
  #readsSeen = 0;

  constructor(engine: Engine, eventLoop: EventLoop, openLog: OpenCommitLog, post: (message: FromWorker) => void) {
    this.#engine = engine;
    this.#eventLoop = eventLoop;
    this.#openLog = openLog;
    this.#post = post;
    this.#report = new LogReport((events) => post({ kind: 'logged', events }));
  }

  /** Null: nothing is written to disk, or not yet. */
  get opened(): ParticipantLog | null {
    return this.#opened;
  }

  start({ setup, busyPoll }: LogToOpen): void {
    const { progress } = this.#eventLoop;
    const log = this.#openLog(setup, {
      onEvent: (event) => this.#report.add(event),
      onWait: (waits) => progress.turnTo(waits ? Doing.DISK : Doing.LOG),
      onWritten: (octets, took) => this.#countWrite(octets, took),
      calm: () => this.#isCalm(),
      onHealth: (health) => {
        this.#opened?.healthChanged();
        this.#post({ kind: 'health', health });
      },
    });
    const poll = busyPoll === null ? null : new BusyPoll(busyPoll, log.writerNumber, { idle: new CpuLatency() });
    this.#opened = new ParticipantLog(this.#engine, log, () => this.#eventLoop.begin(), poll);
  }

  /** To be called once a pass. What several publishers have sent is written together. */
  write(amidPoll: boolean): void {
    this.#eventLoop.progress.turnTo(Doing.LOG);
    if (this.#opened === null) return;
    if (amidPoll) this.#eventLoop.afterPoll();
    else this.#opened.write();
  }

  barrier(barrier: number): void {
    this.#eventLoop.begin();
    this.#opened?.barrier(barrier);
  }

  /** Resolves with whether all that was recorded is written. */
  async end(): Promise<boolean> {
    const written = (await this.#opened?.close()) ?? true;
    this.#report.flush();
    return written;
  }

  #countWrite(octets: number, took: number): void {
    this.#engine.count(Counter.LOG_WRITES, 1);
    this.#engine.count(Counter.LOG_OCTETS, octets);
    this.#engine.count(Counter.LOG_MICROS, Math.round(took * 1e3));
  }

  /** Whether at most one read has come since this was last asked. */
  #isCalm(): boolean {
    const { reads } = this.#eventLoop;
    const isCalm = reads - this.#readsSeen <= 1;
    this.#readsSeen = reads;
    return isCalm;
  }
}
