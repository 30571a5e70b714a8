/** What the thread of a run and the threads of its load tell each other. */
import type { Plan } from './plan.js';

export interface LoadAssignment {
  readonly plan: Plan;
  /** The boards of all threads, and which one this is. */
  readonly boards: SharedArrayBuffer;
  readonly index: number;
  /** Numbers of those that it has, counted over all threads. */
  readonly producers: readonly number[];
  readonly consumers: readonly number[];
}

export type ToLoad =
  /** The run's time begins; consumers begin. */
  | { readonly kind: 'consume' }
  | { readonly kind: 'publish' }
  | { readonly kind: 'stop-publishing' }
  /** All end, and leave the broker. */
  | { readonly kind: 'stop' };

export type FromLoad =
  | { readonly kind: 'ready' | 'consuming' | 'producers-done' | 'consumers-done' | 'ended' }
  | { readonly kind: 'failed'; readonly reason: string };
