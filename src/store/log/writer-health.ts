/**
 * How writing goes, and when it is tried again after a failure. What must hold: a change is told once; who waits for
 * another try goes on at once when there may be space again.
 */
import type { CommitLogObserver, Health } from '../../log/commit-log.js';
import { fatal, isMistake } from '../../platform/fatal.js';

const PAUSE_MS = 250;
const PAUSE_MS_MAX = 10_000;

export interface WriterHealthOptions extends Pick<CommitLogObserver, 'onHealth'> {
  /** Waits before another try (ms). */
  readonly pause?: (milliseconds: number) => Promise<void>;
}

export class WriterHealth {
  #health: Health = { state: 'ok' };
  readonly #options: WriterHealthOptions;
  #wake: (() => void) | null = null;

  constructor(options: WriterHealthOptions) {
    this.#options = options;
  }

  get health(): Health {
    return this.#health;
  }

  get isOk(): boolean {
    return this.#health.state === 'ok';
  }

  succeeded(): void {
    this.#say({ state: 'ok' });
  }

  failed(error: unknown): void {
    if (isMistake(error)) fatal(error);
    this.#say({ state: isFull(error) ? 'full' : 'failing', error: error as Error });
  }

  #say(health: Health): void {
    const changed = health.state !== this.#health.state;
    this.#health = health;
    if (changed) this.#options.onHealth?.(health);
  }

  /** Waits before another try, the `attempt`th; resolves early when `retry` is called. */
  async pause(attempt: number): Promise<void> {
    const milliseconds = Math.min(PAUSE_MS * 2 ** attempt, PAUSE_MS_MAX);
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    if (this.#options.pause !== undefined) await Promise.race([this.#options.pause(milliseconds), woken]);
    else await until(milliseconds, woken);
    this.#wake = null;
  }

  /** Ends a pause. */
  retry(): void {
    this.#wake?.();
  }
}

export function isFull(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

/** A timer that an event can cut short. */
async function until(milliseconds: number, event: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([timeout, event]);
  clearTimeout(timer);
}
