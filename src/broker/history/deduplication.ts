/**
 * Message deduplication, as LavinMQ has it: an exchange or a queue that remembers the messages it took by one of their
 * headers, and drops those that come again. Messages without that header are never duplicates.
 */
import type { Properties } from '../../amqp/properties.js';
import type { FieldTable } from '../../amqp/table.js';
import { declaredValue } from '../arguments/argument.js';
import { cacheTtl, deduplicationHeader } from '../arguments/deduplication-arguments.js';
import { canonical } from '../arguments/field-values.js';
import { DeduplicationCache } from './deduplication-cache.js';

export class Deduplication {
  readonly #cache: DeduplicationCache;
  readonly #header: string;
  readonly #ttl: number | undefined;

  constructor(memory: SharedArrayBuffer, args: FieldTable) {
    this.#cache = new DeduplicationCache(memory);
    this.#header = declaredValue(deduplicationHeader, args) ?? deduplicationHeader.name;
    this.#ttl = declaredValue(cacheTtl, args);
  }

  /**
   * Whether the message was here before; if not, it has been, at `now`. A message may say itself how long it is
   * remembered.
   */
  isDuplicate({ headers }: Properties, now: number): boolean {
    const field = headers?.get(this.#header);
    if (headers === undefined || field === undefined) return false;
    const ttl = declaredValue(cacheTtl, headers) ?? this.#ttl;
    return !this.#cache.remember(canonical(field), now, ttl === undefined ? Number.POSITIVE_INFINITY : now + ttl);
  }

  /** A message that was new here was not taken after all: it may come again. */
  forget({ headers }: Properties): void {
    const field = headers?.get(this.#header);
    if (field !== undefined) this.#cache.forget(canonical(field));
  }
}
