/**
 * When a node that follows tries to lead: it has heard nothing that counts for a lease, by its own clock since it read
 * the last of that, and it has read everything, as the stream's leader says. What must hold: `onReady` is told when
 * both are so, and never sooner; what is heard begins the lease anew, and so does a stream that gave no answer and gives
 * one again: while it was silent, no leader could be heard, and the one that serves should stay.
 */
import type { Clock } from '../../platform/clock.js';
import type { ChainPosition } from '../records/link.js';
import type { LogStream } from '../stream/log-stream.js';
import { type Survey, survey } from './survey.js';
import type { Timing } from './timing.js';

export interface CandidacyObserver {
  /** The lease has ended. */
  onBegin(): void;
  onSurvey(survey: Survey): void;
  /** It may append its fence. */
  onReady(): void;
}

export interface CandidacyOptions {
  readonly stream: LogStream;
  readonly clock: Clock;
  readonly random: () => number;
  readonly timing: Timing;
  readonly end: () => ChainPosition;
  readonly observer: CandidacyObserver;
}

export class Candidacy {
  readonly #options: CandidacyOptions;
  #heardAt: number;
  #isSilent = false;
  #state: 'waits' | 'tries' | 'over' = 'waits';
  /** Questions of an earlier try are not looked at. */
  #try = 0;
  #endTimer: () => void = () => {};

  constructor(options: CandidacyOptions) {
    this.#options = options;
    this.#heardAt = options.clock.elapsed();
    this.#wait();
  }

  /** Something that counts was read. */
  hear(): void {
    if (this.#state === 'over') return;
    this.#heardAt = this.#options.clock.elapsed();
    if (this.#state === 'tries') this.#wait();
  }

  /** The leader has handed over: its lease has ended. `isNamed`: to this node. */
  takeOver(isNamed: boolean): void {
    if (this.#state === 'waits') this.#begin(isNamed ? 0 : this.#options.random() * this.#options.timing.spread);
  }

  /** Another one was first. */
  again(): void {
    if (this.#state !== 'over') return;
    this.#heardAt = this.#options.clock.elapsed();
    this.#wait();
  }

  stop(): void {
    this.#state = 'over';
    this.#try += 1;
    this.#endTimer();
  }

  #wait(): void {
    const { clock, timing } = this.#options;
    this.#state = 'waits';
    this.#try += 1;
    this.#endTimer();
    const left = this.#heardAt + timing.lease - clock.elapsed();
    this.#endTimer = clock.after(Math.max(left, 0), () => {
      // It was heard meanwhile; or the timer came early.
      if (clock.elapsed() < this.#heardAt + timing.lease) this.#wait();
      else this.#begin(this.#options.random() * timing.spread);
    });
  }

  #begin(delay: number): void {
    this.#state = 'tries';
    this.#try += 1;
    this.#endTimer();
    this.#later(delay);
    this.#options.observer.onBegin();
  }

  #later(delay: number): void {
    this.#endTimer = this.#options.clock.after(delay, () => this.#ask());
  }

  #ask(): void {
    const { stream, timing, end, observer } = this.#options;
    const attempt = this.#try;
    const asked = end().sequence;
    survey(stream, end(), (answer) => {
      if (attempt !== this.#try) return;
      observer.onSurvey(answer);
      if (attempt !== this.#try) return;
      const wasSilent = this.#isSilent;
      this.#isSilent = answer.kind === 'unknown';
      if (wasSilent && !this.#isSilent) this.hear();
      else if (answer.kind === 'same' && end().sequence === asked) {
        this.stop();
        observer.onReady();
      } else this.#later(timing.ask);
    });
  }
}
