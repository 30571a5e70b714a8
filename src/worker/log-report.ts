/**
 * What a worker's log tells the broker thread, gathered: one message to another thread costs as much as a small write,
 * and wakes it. What must hold: events are told in their order; what others wait for is told at once; nothing waits
 * longer than a few milliseconds.
 */
import type { LogEvent } from '../log/commit-log.js';

/** How long and how many batches may wait to be told of. */
const WAIT_MS = 5;
const BATCHES_MAX = 64;

export class LogReport {
  readonly #send: (events: readonly LogEvent[]) => void;
  #events: LogEvent[] = [];
  #timer: NodeJS.Timeout | null = null;

  constructor(send: (events: readonly LogEvent[]) => void) {
    this.#send = send;
  }

  add(event: LogEvent): void {
    this.#events.push(event);
    if (event.type !== 'placed' || this.#events.length >= BATCHES_MAX) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), WAIT_MS);
  }

  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#events.length === 0) return;
    const events = this.#events;
    this.#events = [];
    this.#send(events);
  }
}
