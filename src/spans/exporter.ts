/**
 * Sends spans to a receiver by OTLP/HTTP, some at a time, in the order in which they came. What must hold: each span is
 * counted once, as exported or as lost; a receiver that is slow or away is given up after a while for the spans that it
 * was to get, and costs nobody more than those; it is told of once when it fails and once when it takes spans again.
 */
import { setTimeout as later } from 'node:timers/promises';
import type { Level } from '../logging/levels.js';
import { fatal } from '../platform/fatal.js';
import { otlpRequest, type SpanResource } from './otlp.js';
import type { Span } from './span.js';
import type { SpanCounts } from './span-counts.js';

export interface Exporting {
  /** Where the receiver takes traces. */
  readonly url: string;
  readonly resource: SpanResource;
}

/** Spans of one request. */
const BATCH = 512;
/** Spans wait so long for others that go with them (ms). */
const GATHER_MS = 500;
/** How long a receiver may take to answer (ms). */
const ANSWER_MS = 10_000;
/** The first pause before a request is made again (ms); the others are longer, up to the last. */
const PAUSE_MS = 500;
const PAUSE_MAX_MS = 15_000;
/** What has been tried for so long is lost (ms). */
const TRY_MS = 60_000;
/** How long the last spans are tried when the broker ends (ms). */
const END_MS = 5_000;
/** Statuses by which a receiver asks for the same again later: all that OTLP names. */
const AGAIN: ReadonlySet<number> = new Set([429, 502, 503, 504]);
/** Of what a receiver says (characters): more is not told. */
const REASON_MAX = 200;

/** What came of a request. */
type Answer =
  | { readonly kind: 'taken'; readonly refused: number; readonly reason: string }
  /** `pause`: what the receiver asks for (ms); null: nothing. */
  | { readonly kind: 'again'; readonly reason: string; readonly pause: number | null }
  | { readonly kind: 'refused'; readonly reason: string };

export class Exporter {
  readonly #exporting: Exporting;
  readonly #counts: SpanCounts;
  readonly #report: (level: Level, line: string) => void;
  #waiting: Span[] = [];
  /** Going on until nothing waits; null: nothing does. */
  #sending: Promise<void> | null = null;
  /** Whether the operator knows that nothing goes out. */
  #isDown = false;
  readonly #ending = new AbortController();
  readonly #overdue = new AbortController();

  constructor(exporting: Exporting, counts: SpanCounts, report: (level: Level, line: string) => void) {
    this.#exporting = exporting;
    this.#counts = counts;
    this.#report = report;
  }

  add(spans: readonly Span[]): void {
    for (const span of spans) this.#waiting.push(span);
    if (this.#sending !== null) return;
    this.#sending = this.#send();
    this.#sending.catch(fatal);
  }

  /** Nothing more comes: what waits is sent now, and is lost when that takes long. */
  async end(): Promise<void> {
    this.#ending.abort();
    const timer = setTimeout(() => this.#overdue.abort(), END_MS);
    await this.#sending;
    clearTimeout(timer);
  }

  async #send(): Promise<void> {
    await this.#pause(GATHER_MS);
    while (this.#waiting.length > 0) await this.#deliver(this.#waiting.splice(0, BATCH));
    this.#sending = null;
  }

  async #deliver(spans: readonly Span[]): Promise<void> {
    const body = otlpRequest(spans, this.#exporting.resource);
    const until = Date.now() + TRY_MS;
    for (let pause = PAUSE_MS; ; pause = Math.min(2 * pause, PAUSE_MAX_MS)) {
      const answer = await this.#post(body);
      if (answer.kind === 'taken') return this.#taken(spans.length, answer.refused, answer.reason);
      this.#fails(answer.reason);
      const wait = (answer.kind === 'again' && answer.pause) || pause * (0.5 + Math.random());
      // Who ends has no time to come back to it later.
      if (answer.kind === 'refused' || this.#ending.signal.aborted || Date.now() + wait > until)
        return this.#counts.lose(spans.length);
      await this.#pause(wait);
    }
  }

  #taken(count: number, refused: number, reason: string): void {
    const lost = Math.min(Math.max(0, refused), count);
    this.#counts.export(count - lost);
    this.#counts.lose(lost);
    if (lost > 0) return this.#fails(`it takes ${count - lost} of ${count}: ${reason}`);
    if (this.#isDown) this.#report('info', `spans go to ${this.#exporting.url} again`);
    this.#isDown = false;
  }

  #fails(reason: string): void {
    if (!this.#isDown) this.#report('warning', `spans cannot be sent to ${this.#exporting.url}: ${reason}`);
    this.#isDown = true;
  }

  async #post(body: string): Promise<Answer> {
    try {
      const answer = await fetch(this.#exporting.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        redirect: 'error',
        signal: AbortSignal.any([AbortSignal.timeout(ANSWER_MS), this.#overdue.signal]),
      });
      const text = await answer.text();
      if (answer.ok) return { kind: 'taken', ...partOf(text) };
      const reason = `status ${answer.status} ${text.slice(0, REASON_MAX)}`.trim();
      if (!AGAIN.has(answer.status)) return { kind: 'refused', reason };
      return { kind: 'again', reason, pause: pauseOf(answer.headers.get('retry-after')) };
    } catch (error) {
      // `fetch` rejects with nothing else than what came of the network, or of the time that is up.
      return { kind: 'again', reason: reasonOf(error), pause: null };
    }
  }

  /** A pause that the end cuts short. */
  async #pause(milliseconds: number): Promise<void> {
    await later(milliseconds, undefined, { signal: this.#ending.signal }).catch(() => {});
  }
}

/** What a receiver that takes a request refuses of it. What cannot be read refuses nothing. */
function partOf(text: string): { refused: number; reason: string } {
  try {
    const { partialSuccess } = JSON.parse(text) as {
      partialSuccess?: { rejectedSpans?: unknown; errorMessage?: unknown };
    };
    const refused = Number(partialSuccess?.rejectedSpans ?? 0);
    const reason = String(partialSuccess?.errorMessage ?? '').slice(0, REASON_MAX);
    return { refused: Number.isSafeInteger(refused) ? refused : 0, reason };
  } catch {
    return { refused: 0, reason: '' };
  }
}

/** Seconds alone: a date would need a clock that both share. */
function pauseOf(retryAfter: string | null): number | null {
  return retryAfter !== null && /^\d{1,4}$/.test(retryAfter) ? Number(retryAfter) * 1000 : null;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof AggregateError) return reasonOf(cause.errors[0]);
  return cause instanceof Error ? cause.message : error.message;
}
