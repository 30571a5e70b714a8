/**
 * Spans of one worker on their way to the thread that exports them. What must hold: a worker waits for nobody; what finds
 * no place is lost, and counted.
 */
import type { MessagePort } from 'node:worker_threads';
import type { Span } from './span.js';
import { SpanCounts } from './span-counts.js';

/** Spans that go together. */
const TOGETHER = 64;

/** What a worker needs to tell of spans. */
export interface SpanSetup {
  /** Takes arrays of `Span`; it is closed after the last one. */
  readonly port: MessagePort;
  readonly counts: SharedArrayBuffer;
}

export class SpanSender {
  readonly #port: MessagePort;
  readonly counts: SpanCounts;
  #spans: Span[] = [];

  constructor({ port, counts }: SpanSetup) {
    this.#port = port;
    this.counts = new SpanCounts(counts);
  }

  /** `make` is called where there is a place for it. */
  send(make: () => Span): void {
    if (!this.counts.enter()) return;
    if (this.#spans.length === 0) setImmediate(() => this.#flush());
    this.#spans.push(make());
    if (this.#spans.length === TOGETHER) this.#flush();
  }

  /** The last one was sent. */
  close(): void {
    this.#flush();
    this.#port.close();
  }

  #flush(): void {
    if (this.#spans.length === 0) return;
    this.#port.postMessage(this.#spans);
    this.#spans = [];
  }
}
